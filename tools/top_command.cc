#include "tools/top_command.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/ring_name.h"
#include "core/string_view.h"
#include "thalweg/ring_listing.h"
#include "tools/exit_status.h"
#include "tools/top/figure_text.h"
#include "tools/top/ring_watch.h"
#include "tools/top/terminal.h"
#include "tools/top/top_picture.h"

namespace thalweg {
namespace {

using std::chrono::nanoseconds;

constexpr double kIntervalOnTerminal = 0.1;  // Seconds.
constexpr double kIntervalElsewhere = 1;
constexpr double kIntervalMin = 0.02;
constexpr double kIntervalMax = 3'600;
constexpr int kWidthDefault = 100;
constexpr int kWidthMax = 1'000;
// A rate takes two looks: so long is waited for the second before the first picture of a ring that
// is being written.
constexpr std::chrono::milliseconds kFirstRates{500};
// Without a terminal nobody is there to see that a writer died.
constexpr Nanos kSilentMax = 10 * kSecond;

struct TopFlags {
  std::string ring;
  std::string folder = std::string(kRingFolder);
  std::string symbol;
  std::string page = "symbols";
  bool once = false;
  std::uint64_t count = 0;  // 0: as long as there is something to see.
  double interval = 0;      // 0: the default.
  int width = kWidthDefault;
  bool clean = false;
};

std::int64_t Now() { return std::chrono::steady_clock::now().time_since_epoch() / nanoseconds(1); }

nanoseconds IntervalOf(const TopFlags& flags, double otherwise) {
  return std::chrono::duration_cast<nanoseconds>(
      std::chrono::duration<double>(flags.interval > 0 ? flags.interval : otherwise));
}

// The names of all rings of features in a folder.
std::vector<std::string> RingNames(const std::string& folder) {
  std::vector<std::string> names;
  for (const RingListing& ring : ListRings(folder)) {
    if (ring.kind == RingKind::kFeatures) names.push_back(ring.name);
  }
  return names;
}

std::string NamesText(const std::vector<std::string>& names, const std::string& folder) {
  return names.empty() ? absl::StrCat("there is no ring in ", folder)
                       : absl::StrCat("in ", folder, " there is ", absl::StrJoin(names, ", "));
}

int Clean(const TopFlags& flags) {
  const absl::StatusOr<std::vector<std::string>> removed = RemoveRings(flags.ring, flags.folder);
  if (absl::IsInvalidArgument(removed.status())) return FailUsage(removed.status());
  if (!removed.ok()) return FailIo(removed.status());
  for (const std::string& path : *removed) std::printf("removed %s\n", path.c_str());
  if (removed->empty()) {
    std::fprintf(stderr, "thalweg: nothing to remove: no ring in %s is without a writer\n",
                 flags.folder.c_str());
  }
  return kExitGood;
}

// Text that comes from a ring, for a message on a terminal.
std::string Printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

TopPage PageOf(const std::string& word) {
  if (word == "levels") return TopPage::kLevels;
  if (word == "stages") return TopPage::kStages;
  return word == "buckets" ? TopPage::kBuckets : TopPage::kSymbols;
}

// The symbol that is asked for must be there.
int SelectSymbol(const TopFlags& flags, const RingScene& scene, TopView* view) {
  view->page = PageOf(flags.page);
  if (flags.symbol.empty()) return kExitGood;
  std::vector<std::string> names;
  for (const SymbolScene& symbol : scene.symbols) {
    if (symbol.name == flags.symbol) {
      view->selected_name = flags.symbol;
      if (view->page == TopPage::kSymbols) view->page = TopPage::kLevels;
      return kExitGood;
    }
    names.push_back(Printable(symbol.name));
  }
  std::fprintf(stderr, "thalweg: --symbol %s is not on the ring; its symbols: %s\n",
               flags.symbol.c_str(), names.empty() ? "none" : absl::StrJoin(names, ", ").c_str());
  return kExitBadData;
}

// What is on the terminal: the scene of the last look, or the one that is held.
class Watcher {
 public:
  Watcher(RingWatch* watch, Terminal* terminal, TopView view)
      : watch_(*watch), terminal_(*terminal), glyphs_(GlyphsOfLocale()), view_(std::move(view)) {}

  void Run(nanoseconds interval) {
    for (;;) {
      watch_.Look(Now());
      Draw();
      const TopKey key = terminal_.Wait(interval);
      if (key == TopKey::kQuit || terminal_.gone()) return;
      const bool was_paused = view_.paused;
      Press(key, scene(), ListRows(scene(), paper()), &view_);
      if (view_.paused && !was_paused) held_ = watch_.scene();
    }
  }

 private:
  [[nodiscard]] const RingScene& scene() const { return view_.paused ? held_ : watch_.scene(); }
  [[nodiscard]] TopPaper paper() const {
    return {terminal_.width(), terminal_.height(), glyphs_, true};
  }

  void Draw() {
    Settle(scene(), &view_);
    const bool wants_book = ShowsBook(view_.page) && view_.selected && !view_.paused;
    if (wants_book) book_ = watch_.Book(*view_.selected);
    terminal_.Show(DrawTop(scene(), &book_, view_, paper()));
  }

  RingWatch& watch_;
  Terminal& terminal_;
  Glyphs glyphs_;
  TopView view_;
  RingScene held_;
  BookScene book_;
};

// Whether no record can be hoped for.
bool HasEnded(const RingScene& scene) {
  switch (scene.writer) {
    case RingWriterLife::kWriting:
      return false;
    case RingWriterLife::kSilent:
      return scene.silent >= kSilentMax;
    case RingWriterLife::kClosed:
      return true;
    case RingWriterLife::kSuperseded:
      return !scene.trouble.empty();  // And its follower cannot be read.
  }
  return true;
}

int PrintPictures(const TopFlags& flags, RingWatch& watch, TopView view) {
  const Glyphs glyphs = GlyphsOfLocale();
  const nanoseconds interval = IntervalOf(flags, kIntervalElsewhere);
  if (watch.scene().writer == RingWriterLife::kWriting) std::this_thread::sleep_for(kFirstRates);
  const std::uint64_t count = flags.once ? 1 : flags.count;
  for (std::uint64_t printed = 0;;) {
    const RingScene& scene = watch.Look(Now());
    Settle(scene, &view);
    BookScene book;
    if (ShowsBook(view.page) && view.selected) book = watch.Book(*view.selected);
    const TopPaper paper{flags.width, WholeHeight(scene, &book, view, false), glyphs, false};
    const std::string text = DrawTop(scene, &book, view, paper).ToText();
    std::printf("%s%s", printed == 0 ? "" : "\n", text.c_str());
    // Whoever reads this may have gone.
    if (std::fflush(stdout) != 0) return kExitGood;
    if (++printed == count) return kExitGood;
    if (HasEnded(scene)) {
      if (scene.writer == RingWriterLife::kClosed) return kExitGood;
      std::fprintf(stderr, "thalweg: the writer of %s is %s: nothing more to see\n",
                   scene.name.c_str(), std::string(RingWriterLifeName(scene.writer)).c_str());
      return kExitBadData;
    }
    std::this_thread::sleep_for(interval);
  }
}

int ShowOnTerminal(const TopFlags& flags, RingWatch& watch, const TopView& view) {
  const absl::StatusOr<std::unique_ptr<Terminal>> terminal = Terminal::Open();
  if (!terminal.ok()) {
    std::fprintf(stderr, "thalweg: %s: pictures follow one another\n",
                 std::string(terminal.status().message()).c_str());
    return PrintPictures(flags, watch, view);
  }
  Watcher(&watch, terminal->get(), view).Run(IntervalOf(flags, kIntervalOnTerminal));
  return kExitGood;
}

int RunTop(TopFlags flags) {
  if (flags.clean) return Clean(flags);
  const std::vector<std::string> names = RingNames(flags.folder);
  if (flags.ring.empty()) {
    if (names.size() > 1) {
      return FailUsage(absl::InvalidArgumentError(
          absl::StrCat("RING: which one? ", NamesText(names, flags.folder))));
    }
    if (names.empty()) {
      return FailIo(absl::NotFoundError(absl::StrCat(
          NamesText(names, flags.folder), ": write one with `thalweg replay --ring NAME`")));
    }
    flags.ring = names.front();
  }
  const bool is_path = flags.ring.find('/') != std::string::npos;
  if (const absl::Status status = CheckRingName(flags.ring); !is_path && !status.ok()) {
    return FailUsage(status);
  }
  absl::StatusOr<RingWatch> watch = RingWatch::Open(flags.ring, flags.folder);
  if (absl::IsNotFound(watch.status())) {
    return FailIo(absl::NotFoundError(
        absl::StrCat(watch.status().message(), "; ", NamesText(names, flags.folder))));
  }
  if (!watch.ok()) return FailIo(watch.status());

  TopView view;
  const int selected = SelectSymbol(flags, watch->Look(Now()), &view);
  if (selected != kExitGood) return selected;
  const bool on_terminal = !flags.once && flags.count == 0 && ::isatty(STDIN_FILENO) == 1 &&
                           ::isatty(STDOUT_FILENO) == 1;
  return on_terminal ? ShowOnTerminal(flags, *watch, view) : PrintPictures(flags, *watch, view);
}

}  // namespace

void AddTopCommand(CommandLine& line, int* exit_status) {
  auto flags = std::make_shared<TopFlags>();
  const Command command = line.AddSubcommand(
      "top",
      "Watch a ring in the terminal: prices, imbalances, flow, rates, flags and latencies of\n"
      "each symbol, the book of one. Elsewhere than on a terminal: pictures as text");
  command.Footer(
      "  thalweg top live\n  thalweg top live --once --symbol BTCUSDT\n\n"
      "Keys: ? shows them. Exit status: 0 seen; 1 no such symbol, or the writer of a ring that "
      "was\n"
      "printed died; 2 wrong usage, or several rings and no name; 3 no such ring, or it cannot be "
      "read.");
  command.AddOption("RING", flags->ring,
                    "Its name, or the path of its file; default: the only ring there is");
  const Option once = command.AddFlag("--once", flags->once, "Print one picture and end");
  const Option count =
      command
          .AddOption("--count", flags->count,
                     "Print so many pictures and end; default: until the writer ends")
          .Range(std::uint64_t{1}, std::uint64_t{1'000'000'000})
          .Excludes(once);
  const Option interval =
      command
          .AddOption("--interval", flags->interval,
                     "Seconds between two pictures, 0.02 to 3600; default 0.1, printed 1")
          .Range(kIntervalMin, kIntervalMax);
  const Option width =
      command.AddOption("--width", flags->width, "Columns of printed pictures; default 100")
          .Range(kTopWidthMin, kWidthMax);
  const Option symbol =
      command.AddOption("--symbol", flags->symbol, "Begin with the page of this symbol");
  const Option page =
      command.AddOption("--page", flags->page, "Begin with this page; default: symbols")
          .OneOf({"symbols", "levels", "buckets", "stages"});
  command.AddOption("--folder", flags->folder, "Where the rings lie; default /dev/shm");
  command
      .AddFlag("--clean", flags->clean,
               "Remove the files of RING, which nobody may write; without a name those of all\n"
               "rings that nobody writes")
      .Excludes(once)
      .Excludes(count)
      .Excludes(interval)
      .Excludes(width)
      .Excludes(symbol)
      .Excludes(page);
  command.OnRun([flags, exit_status] { *exit_status = RunTop(*flags); });
}

}  // namespace thalweg
