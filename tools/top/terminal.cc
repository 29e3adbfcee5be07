#include "tools/top/terminal.h"

#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"

// Its macros have names like `clear` and `erase`.
#define NCURSES_NOMACROS 1
#include <curses.h>
#include <term.h>
// What term.h defines beside functions.
#undef columns
#undef lines

namespace thalweg {
namespace {

// A key, a new size or a signal that comes just before one waits is seen after so long at most.
constexpr std::chrono::milliseconds kWaitStep{100};
// A terminal that says so often that there is input, and has none, was closed.
constexpr int kSilentInputsMax = 16;
constexpr int kEscapeDelayMs = 25;

// The signals that end a program.
constexpr std::array kEnding{SIGINT, SIGTERM, SIGHUP,  SIGQUIT, SIGABRT, SIGSEGV, SIGBUS,
                             SIGFPE, SIGILL,  SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGSYS};

// What the handlers need. They run at any moment: everything is ready before they are installed,
// and `taken` says whether there is anything to give back.
struct GivingBack {
  volatile std::sig_atomic_t taken = 0;
  volatile std::sig_atomic_t suspend = 0;
  volatile std::sig_atomic_t redraw = 0;
  termios settings = {};          // As they were found.
  std::array<char, 256> leave{};  // Leaves the alternate screen, shows the cursor.
  std::size_t leave_bytes = 0;
  std::array<struct sigaction, kEnding.size()> ending_before{};
  struct sigaction suspend_before = {};
  struct sigaction continue_before = {};
};
GivingBack giving_back;

// What ncurses has left already gets its settings back.
void GiveBackSettings() {
  if (giving_back.taken == 0) return;
  giving_back.taken = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &giving_back.settings);
}

// Async-signal-safe.
void GiveBackNow() {
  if (giving_back.taken == 0) return;
  // Nothing can be done about a terminal that takes no more.
  [[maybe_unused]] const ssize_t written =
      ::write(STDOUT_FILENO, giving_back.leave.data(), giving_back.leave_bytes);
  GiveBackSettings();
}

void OnEnding(int signal) {
  GiveBackNow();
  const auto* const place = std::find(kEnding.begin(), kEnding.end(), signal);
  ::sigaction(signal, &giving_back.ending_before[static_cast<std::size_t>(place - kEnding.begin())],
              nullptr);
  ::raise(signal);
}

void OnSuspend(int /*signal*/) { giving_back.suspend = 1; }
void OnContinue(int /*signal*/) { giving_back.redraw = 1; }

int Collect(int byte) {
  if (giving_back.leave_bytes < giving_back.leave.size()) {
    giving_back.leave[giving_back.leave_bytes++] = static_cast<char>(byte);
  }
  return byte;
}

const char* Capability(const char* name) {
  const char* const text = tigetstr(name);
  return text == reinterpret_cast<const char*>(-1) ? nullptr : text;  // NOLINT: ncurses says so.
}

// Makes ready the bytes that undo what ncurses will send to take the terminal. False when it is not
// known, or cannot place its cursor.
bool PrepareLeaving() {
  int found = 0;
  if (setupterm(nullptr, STDOUT_FILENO, &found) != OK) return false;
  giving_back.leave_bytes = 0;
  for (const char* name : {"sgr0", "op", "rmkx", "cnorm", "rmcup"}) {
    if (const char* const text = Capability(name)) tputs(text, 1, Collect);
  }
  const bool places_cursor = Capability("cup") != nullptr;
  del_curterm(cur_term);  // newterm() reads it again.
  return places_cursor;
}

// A signal that is ignored, by nohup or in a script's background, stays so.
void Catch(int signal, void (*handler)(int), int flags, struct sigaction* before) {
  ::sigaction(signal, nullptr, before);
  if (before->sa_handler == SIG_IGN) return;
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

void CatchSignals() {
  for (std::size_t i = 0; i < kEnding.size(); ++i) {
    // Not deferred: OnEnding() raises it again.
    Catch(kEnding[i], OnEnding, SA_NODEFER, &giving_back.ending_before[i]);
  }
  Catch(SIGTSTP, OnSuspend, 0, &giving_back.suspend_before);
  Catch(SIGCONT, OnContinue, 0, &giving_back.continue_before);
}

void LeaveSignals() {
  for (std::size_t i = 0; i < kEnding.size(); ++i) {
    ::sigaction(kEnding[i], &giving_back.ending_before[i], nullptr);
  }
  ::sigaction(SIGTSTP, &giving_back.suspend_before, nullptr);
  ::sigaction(SIGCONT, &giving_back.continue_before, nullptr);
}

// Output that is stopped by Ctrl-S would also stop the last bytes: here it is a key like any other.
void WithoutFlowControl() {
  termios settings = {};
  if (::tcgetattr(STDIN_FILENO, &settings) != 0) return;
  settings.c_iflag &= ~static_cast<tcflag_t>(IXON);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &settings);
  def_prog_mode();
}

// Attributes and pair of colours of each style.
struct Look {
  attr_t attributes;
  short pair;
};
constexpr short kGreen = 1;
constexpr short kRed = 2;
constexpr short kYellow = 3;

Look LookOf(Style style, bool coloured) {
  switch (style) {
    case Style::kPlain:
      break;
    case Style::kStrong:
      return {A_BOLD, 0};
    case Style::kQuiet:
      return {A_DIM, 0};
    case Style::kBid:
      return {A_NORMAL, coloured ? kGreen : short{0}};
    case Style::kAsk:
      return {A_NORMAL, coloured ? kRed : short{0}};
    case Style::kWarning:
      return {A_BOLD, coloured ? kYellow : short{0}};
    case Style::kAlarm:
      return {A_BOLD | A_REVERSE, coloured ? kRed : short{0}};
  }
  return {A_NORMAL, 0};
}

// https://no-color.org: set, and not empty.
bool ColoursForbidden() {
  const char* const value = std::getenv("NO_COLOR");
  return value != nullptr && value[0] != '\0';
}

TopKey KeyOf(int code) {
  switch (code) {
    case KEY_UP:
      return TopKey::kUp;
    case KEY_DOWN:
      return TopKey::kDown;
    case KEY_PPAGE:
      return TopKey::kPageUp;
    case KEY_NPAGE:
      return TopKey::kPageDown;
    case KEY_HOME:
      return TopKey::kHome;
    case KEY_END:
      return TopKey::kEnd;
    case KEY_ENTER:
      return TopKey::kEnter;
    case KEY_BACKSPACE:
      return TopKey::kBack;
    default:
      return KeyOfCharacter(code);
  }
}

}  // namespace

struct Terminal::Screen {
  SCREEN* screen = nullptr;
  bool coloured = false;
};

Glyphs GlyphsOfLocale() {
  std::setlocale(LC_CTYPE, "");
  return std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? Glyphs::kUnicode : Glyphs::kAscii;
}

Terminal::Terminal() : screen_(std::make_unique<Screen>()) {}

absl::StatusOr<std::unique_ptr<Terminal>> Terminal::Open() {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1 ||
      ::tcgetattr(STDIN_FILENO, &giving_back.settings) != 0) {
    return absl::FailedPreconditionError("standard input and output are no terminal");
  }
  if (!PrepareLeaving()) {
    const char* const type = std::getenv("TERM");
    return absl::FailedPreconditionError(
        absl::StrCat("TERM=", type == nullptr ? "" : type,
                     " is no terminal that can place its cursor, or is not known here"));
  }
  std::unique_ptr<Terminal> terminal(new Terminal);
  // Before ncurses, which leaves alone what is caught already. From here on there is something to
  // give back.
  CatchSignals();
  giving_back.taken = 1;
  terminal->screen_->screen = newterm(nullptr, stdout, stdin);
  if (terminal->screen_->screen == nullptr) {
    return absl::FailedPreconditionError("this terminal cannot show a picture");
  }
  cbreak();
  noecho();
  WithoutFlowControl();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  set_escdelay(kEscapeDelayMs);
  curs_set(0);
  if (!ColoursForbidden() && has_colors()) {
    start_color();
    // The terminal's own ground, where it can be kept.
    const short ground = use_default_colors() == OK ? short{-1} : short{COLOR_BLACK};
    init_pair(kGreen, COLOR_GREEN, ground);
    init_pair(kRed, COLOR_RED, ground);
    init_pair(kYellow, COLOR_YELLOW, ground);
    terminal->screen_->coloured = true;
  }
  return terminal;
}

Terminal::~Terminal() {
  if (screen_->screen != nullptr) {
    endwin();
    delscreen(screen_->screen);
  }
  GiveBackSettings();
  LeaveSignals();
}

int Terminal::width() const { return getmaxx(stdscr); }
int Terminal::height() const { return getmaxy(stdscr); }

void Terminal::Show(const Picture& picture) {
  werase(stdscr);
  for (int y = 0; y < std::min(picture.height(), height()); ++y) {
    for (int x = 0; x < std::min(picture.width(), width()); ++x) {
      const Cell& cell = picture.at(x, y);
      if (cell == Cell{}) continue;
      const Look look = LookOf(cell.style, screen_->coloured);
      const std::array<wchar_t, 2> glyph{static_cast<wchar_t>(cell.glyph), L'\0'};
      cchar_t character;
      const attr_t inverse = cell.inverse ? A_REVERSE : A_NORMAL;
      setcchar(&character, glyph.data(), look.attributes | inverse, look.pair, nullptr);
      mvwadd_wch(stdscr, y, x, &character);
    }
  }
  wrefresh(stdscr);
}

// As long as we are away the terminal is the shell's.
void Terminal::Suspend() {
  giving_back.suspend = 0;
  endwin();
  GiveBackSettings();
  struct sigaction ours = {};
  struct sigaction stop = {};
  stop.sa_handler = SIG_DFL;
  ::sigaction(SIGTSTP, &stop, &ours);
  ::raise(SIGTSTP);  // Goes on here after SIGCONT.
  ::sigaction(SIGTSTP, &ours, nullptr);
  giving_back.taken = 1;
  giving_back.redraw = 1;
}

// Its size is asked for, not told: SIGWINCH only wakes, and one that gets lost between two checks
// of a flag, or while the program is stopped, costs nothing.
bool Terminal::FollowSize() const {
  winsize size = {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
    return false;  // A terminal without a size has that of its description.
  }
  if (size.ws_row == height() && size.ws_col == width()) return false;
  return resizeterm(size.ws_row, size.ws_col) == OK;
}

int Terminal::ReadKey() {
  const int code = wgetch(stdscr);
  silent_inputs_ = code == ERR ? silent_inputs_ : 0;
  return code;
}

TopKey Terminal::Wait(std::chrono::nanoseconds timeout) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + timeout;
  for (;;) {
    if (giving_back.suspend != 0) Suspend();
    if (giving_back.redraw != 0) {
      giving_back.redraw = 0;
      reset_prog_mode();
      clearok(curscr, TRUE);
      return TopKey::kNone;
    }
    if (FollowSize()) return TopKey::kNone;
    const int code = ReadKey();
    if (code == KEY_RESIZE) return TopKey::kNone;
    if (code != ERR) return KeyOf(code);

    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return TopKey::kNone;
    pollfd input = {STDIN_FILENO, POLLIN, 0};
    const int ready = ::poll(&input, 1, static_cast<int>(std::min(left, kWaitStep).count()));
    if (ready <= 0) continue;
    if ((input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0 ||
        ++silent_inputs_ > kSilentInputsMax) {
      gone_ = true;
      return TopKey::kNone;
    }
  }
}

}  // namespace thalweg
