#include "tools/ring_flags.h"

#include <algorithm>
#include <bit>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/string_view.h"
#include "tools/option_kind.h"
#include "tools/option_value.h"

namespace thalweg {
namespace {

absl::StatusOr<std::vector<RingKind>> ParseKinds(const std::string& text) {
  std::vector<RingKind> kinds;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const absl::StatusOr<RingKind> kind = ParseRingKind("ring-records", Standard(part));
    if (!kind.ok()) return kind.status();
    if (std::count(kinds.begin(), kinds.end(), *kind) > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--ring-records: '", text, "' names ", part, " twice"));
    }
    kinds.push_back(*kind);
  }
  return kinds;
}

}  // namespace

absl::StatusOr<RingKind> ParseRingKind(std::string_view key, std::string_view text) {
  for (const RingKind kind : kRingKinds) {
    if (RingKindName(kind) == text) return kind;
  }
  return NotAllowed(Abseil(key), Abseil(text), "features, ladders or tops");
}

absl::StatusOr<std::size_t> ParseTopsLevels(const std::string& text) {
  std::uint64_t levels = 0;
  if (absl::SimpleAtoi(text, &levels) && levels >= 1 && levels <= kTopsLevelsMax) return levels;
  return NotAllowed("tops", text, absl::StrCat("a number in [1, ", kTopsLevelsMax, "]"));
}

void RingFlags::AddTo(Command command) {
  const char* const group = "Rings in shared memory";
  const Option ring = command
                          .AddOption("--ring", name_,
                                     "Publish records on rings of this name, to be read by other\n"
                                     "processes: letters, digits, '-' and '_'")
                          .Group(group);
  const bool is_asked = !name_.empty();
  if (is_asked) ring.ShowDefault();
  // What is said of rings that are not asked for is a mistake.
  const auto needs_ring = [&](Option option) {
    if (!is_asked) option.Needs(ring);
  };
  needs_ring(command.AddOption("--ring-records", records_, "Which kinds of record, comma separated")
                 .TypeName(kNamesWord)
                 .ShowDefault()
                 .Group(group));
  needs_ring(command
                 .AddOption("--ring-capacity", capacity_,
                            "Records that each ring holds, a power of two\n"
                            "(default 16384 features, 4096 ladders and tops)")
                 .TypeName(kWholeNumberWord)
                 .Group(group));
  needs_ring(
      command
          .AddOption("--ring-mode", mode_, "Who may read them: 0600 this user, 0640 the group too")
          .ShowDefault()
          .Group(group));
  needs_ring(
      command.AddFlag("--ring-wake", wake_, "Wake readers that sleep: a system call a record")
          .Group(group));
  needs_ring(command.AddOption("--tops", tops_, "Levels a side in a tops record, 1 to 100")
                 .TypeName(kWholeNumberWord)
                 .ShowDefault()
                 .Group(group));
}

absl::StatusOr<RingPublisherOptions> RingFlags::ToOptions() const {
  RingPublisherOptions options;
  const absl::Status name = CheckRingName(name_);
  if (!name.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--ring: ", name.message()));
  }
  options.name = name_;
  absl::StatusOr<std::vector<RingKind>> kinds = ParseKinds(records_);
  if (!kinds.ok()) return kinds.status();
  options.kinds = *std::move(kinds);
  if (!capacity_.empty()) {
    std::uint64_t capacity = 0;
    if (!absl::SimpleAtoi(capacity_, &capacity) || !std::has_single_bit(capacity) ||
        capacity > kRingCapacityMax) {
      return NotAllowed("ring-capacity", capacity_,
                        absl::StrCat("a power of two in [1, ", kRingCapacityMax, "]"));
    }
    options.capacity = capacity;
  }
  if (mode_ == "0640" || mode_ == "640") {
    options.mode = 0640;
  } else if (mode_ != "0600" && mode_ != "600") {
    return NotAllowed("ring-mode", mode_, "0600 or 0640");
  }
  options.wakes = wake_;
  const absl::StatusOr<std::size_t> levels = ParseTopsLevels(tops_);
  if (!levels.ok()) return levels.status();
  options.tops_levels = *levels;
  return options;
}

}  // namespace thalweg
