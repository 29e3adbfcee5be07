#include "tools/result_files.h"

#include <string>
#include <utility>

#include "tools/feature_table.h"
#include "tools/ladder_table.h"

namespace thalweg {

absl::StatusOr<std::unique_ptr<ResultFiles>> ResultFiles::Create(const ResultFlags& flags,
                                                                 const Catalogue& catalogue) {
  std::unique_ptr<ResultFiles> files(new ResultFiles);
  if (flags.digest()) files->digest_ = std::make_unique<RecordDigest>();
  for (const auto& [path, file] : {std::pair(&flags.out(), &files->features_),
                                   std::pair(&flags.ladders(), &files->ladders_)}) {
    if (path->empty()) continue;
    absl::StatusOr<std::unique_ptr<TextFile>> created = TextFile::Create(*path);
    if (!created.ok()) return created.status();
    *file = *std::move(created);
  }
  if (files->features_) WriteFeatureHeader(catalogue, *files->features_);
  if (files->ladders_) WriteLadderHeader(*files->ladders_);
  return files;
}

void ResultFiles::OnRecord(const SymbolEngine& symbol, RecordBuffer& record) {
  ++record_count_;
  if (digest_) digest_->Add(record);
  if (features_) WriteFeatureRow(symbol, record, *features_);
  if (ladders_) WriteLadderRows(symbol, record, *ladders_);
}

absl::Status ResultFiles::Close() {
  absl::Status status;
  for (TextFile* file : {features_.get(), ladders_.get()}) {
    if (file != nullptr) status.Update(file->Close());
  }
  return status;
}

}  // namespace thalweg
