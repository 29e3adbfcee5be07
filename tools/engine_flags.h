// The command-line options that change records, common to every subcommand that runs an engine.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "features/catalogue.h"
#include "pipeline/engine_options.h"
#include "tools/command_line.h"

namespace thalweg {

// The texts as given; ToOptions() turns them into checked options.
class EngineFlags {
 public:
  void AddTo(Command command);

  // InvalidArgument (exit 2) names key, value and allowed range; NotFound and the like (exit 3)
  // name a file that cannot be read.
  [[nodiscard]] absl::StatusOr<EngineOptions> ToOptions() const;

  // A file that is read; empty when none is.
  [[nodiscard]] const std::string& exchange_info_path() const noexcept { return exchange_info_; }

 private:
  Option symbols_option_;
  std::string symbols_;
  std::string market_;
  std::vector<std::string> instruments_;
  std::string exchange_info_;
  std::string buckets_ = absl::StrJoin(DefaultBucketSizes(), ",");
  std::string bucket_rounding_ = "outward";
  std::string trade_stream_ = "trade";
  std::string snapshot_limit_;
  std::string on_gap_ = "blank";
  std::string emit_ = "depth";
  std::string audit_ = absl::StrCat(kProgramAuditInterval / kSecond);
};

}  // namespace thalweg
