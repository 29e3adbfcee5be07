#include "replay/collector_export.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "feeds/decode/frame.h"

namespace thalweg {

CollectorExport::CollectorExport(std::string symbol, bool salvage, Teller tell)
    : symbol_(std::move(symbol)),
      chosen_(!symbol_.empty()),
      salvage_(salvage),
      tell_(std::move(tell)) {}

absl::Status CollectorExport::Open(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    auto source = CaptureSource::Open(
        path, {.format = CaptureFormat::kRecording, .salvage = salvage_}, tell_);
    if (!source.ok()) return source.status();
    sources_.push_back(*std::move(source));
  }
  return absl::OkStatus();
}

absl::Status CollectorExport::Run(CollectorFile& file) {
  for (reading_ = 0; reading_ < sources_.size(); ++reading_) {
    CaptureLine line;
    while (sources_[reading_]->Next(&line)) {
      receive_time_ = line.line.receive_time;
      absl::Status status = Use(line, file);
      if (!status.ok()) return status;
      if (watcher_) watcher_();
    }
    if (!sources_[reading_]->status().ok()) return sources_[reading_]->status();
  }
  return absl::OkStatus();
}

absl::Status CollectorExport::Use(const CaptureLine& line, CollectorFile& file) {
  const bool is_frame = line.line.kind == LineKind::kFrame;
  // The answer to a request for depth that is a snapshot, and no error.
  const bool is_answer = line.line.kind == LineKind::kRest && !line.symbol.empty() &&
                         NameFrame(line.line.payload).kind == FrameKind::kSnapshot;
  if (!is_frame && !is_answer) {
    ++counts_.hash_lines;
    return absl::OkStatus();
  }
  // A bare snapshot that nothing names is of the only symbol there is.
  const bool is_of_all = line.is_snapshot && !sources_[reading_]->has_several_symbols();
  if (line.symbol.empty() && !is_of_all) {
    ++counts_.unnamed;
    return absl::OkStatus();
  }
  const absl::StatusOr<bool> wanted = line.symbol.empty() ? true : IsWanted(line.symbol);
  if (!wanted.ok()) return wanted.status();
  if (!*wanted) {
    ++counts_.filtered;
    return absl::OkStatus();
  }
  ++(is_answer || line.is_snapshot ? counts_.snapshots : counts_.frames);
  file.Write(line.line.receive_time, line.line.payload);
  return absl::OkStatus();
}

absl::StatusOr<bool> CollectorExport::IsWanted(std::string_view symbol) {
  if (!seen_.contains(symbol)) seen_.emplace(symbol);
  if (symbol_.empty()) symbol_ = symbol;
  if (symbol == symbol_ || chosen_) return symbol == symbol_;
  return absl::InvalidArgumentError(absl::StrCat(
      sources_[reading_]->reader().path(), ":", sources_[reading_]->reader().line_number(), ": ",
      Abseil(symbol), " is a second symbol after ", symbol_,
      ": a file of hftbacktest's collector holds one; name it with --symbols"));
}

}  // namespace thalweg
