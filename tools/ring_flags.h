// The command-line options of rings, common to every subcommand that publishes.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "pipeline/ring_publisher.h"
#include "tools/command_line.h"

namespace thalweg {

class RingFlags {
 public:
  // With a name nobody has to ask: that is the name of the rings unless --ring says another one.
  explicit RingFlags(std::string default_name = "") : name_(std::move(default_name)) {}
  void AddTo(Command command);

  // Whether a ring was asked for.
  [[nodiscard]] bool asked() const noexcept { return !name_.empty(); }
  // InvalidArgument (exit 2) names key, value and allowed range. REQUIRES: asked().
  [[nodiscard]] absl::StatusOr<RingPublisherOptions> ToOptions() const;

 private:
  std::string name_;
  std::string records_ = "features,ladders,tops";
  std::string capacity_;
  std::string mode_ = "0600";
  bool wake_ = false;
  std::string tops_ = std::to_string(kTopsLevelsDefault);
};

// The value of `--<key>`: features, ladders or tops.
[[nodiscard]] absl::StatusOr<RingKind> ParseRingKind(std::string_view key, std::string_view text);
// The value of `--tops`.
[[nodiscard]] absl::StatusOr<std::size_t> ParseTopsLevels(const std::string& text);

}  // namespace thalweg
