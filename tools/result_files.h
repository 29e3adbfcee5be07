// Takes records to the files and the digest that were asked for: --out, --ladders, --digest.
//
// Threads: one. Rows are formatted and written in the call that brings a record.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "features/catalogue.h"
#include "pipeline/engine.h"
#include "pipeline/record_digest.h"
#include "tools/result_flags.h"
#include "tools/text_file.h"

namespace thalweg {

class ResultFiles final : public EngineOutput {
 public:
  // Replaces the files. Unavailable with path and reason.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ResultFiles>> Create(
      const ResultFlags& flags, const Catalogue& catalogue);

  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override;

  // False when a file takes no more rows.
  [[nodiscard]] bool good() const noexcept {
    return (!features_ || features_->good()) && (!ladders_ || ladders_->good());
  }
  [[nodiscard]] std::int64_t record_count() const noexcept { return record_count_; }
  // Null when none was asked for.
  [[nodiscard]] const RecordDigest* digest() const noexcept { return digest_.get(); }

  // Writes everything out: the first error, with path and reason.
  [[nodiscard]] absl::Status Close();

 private:
  ResultFiles() = default;

  std::unique_ptr<RecordDigest> digest_;
  std::unique_ptr<TextFile> features_;
  std::unique_ptr<TextFile> ladders_;
  std::int64_t record_count_ = 0;
};

}  // namespace thalweg
