// The terminal as a place for pictures: taken over whole, given back as it was.
//
// It is given back however the program ends: by the destructor; and by SIGINT, SIGTERM, SIGHUP,
// SIGQUIT, abort() and the faults of a program, whose handler writes what was made ready before and
// then lets the signal do what it did before. SIGTSTP gives it back until SIGCONT. Only SIGKILL
// leaves it (`reset` mends it).
// Threads: one. One at a time in a process.
#pragma once

#include <chrono>
#include <memory>

#include "absl/status/statusor.h"
#include "tools/top/picture.h"
#include "tools/top/top_view.h"

namespace thalweg {

// Blocks where the locale has them (LC_ALL, LC_CTYPE, LANG), else ASCII.
[[nodiscard]] Glyphs GlyphsOfLocale();

class Terminal {
 public:
  // Of standard input and output. FailedPrecondition: they are no terminal, or one that cannot
  // place its cursor.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Terminal>> Open();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  [[nodiscard]] int width() const;
  [[nodiscard]] int height() const;

  // Sends what has changed.
  void Show(const Picture& picture);
  // The next key; kNone when there is none in time, or when the terminal has another size now, or
  // was away: then it wants its picture.
  [[nodiscard]] TopKey Wait(std::chrono::nanoseconds timeout);
  // Nobody is there any more: the terminal was closed.
  [[nodiscard]] bool gone() const noexcept { return gone_; }

 private:
  struct Screen;  // That of ncurses.

  Terminal();
  void Suspend();
  // True when the terminal had another size.
  [[nodiscard]] bool FollowSize() const;
  [[nodiscard]] int ReadKey();

  std::unique_ptr<Screen> screen_;
  int silent_inputs_ = 0;  // Times that there was input, and nothing in it.
  bool gone_ = false;
};

}  // namespace thalweg
