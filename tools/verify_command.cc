#include "tools/verify_command.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "replay/verification.h"
#include "tools/engine_flags.h"
#include "tools/exit_status.h"
#include "tools/notice_log.h"
#include "tools/progress.h"
#include "tools/record_comparison.h"

namespace thalweg {
namespace {

constexpr char kSegmentSuffix[] = ".zst";

struct VerifyFlags {
  std::vector<std::string> recordings;
  EngineFlags engine;
  std::string records;
  bool strict = false;
  bool salvage = false;
};

// The segments in a folder, in the order of their names: that in which they were written.
absl::StatusOr<std::vector<std::string>> SegmentsIn(const std::string& folder) {
  std::vector<std::string> segments;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    if (entry->path().extension() == kSegmentSuffix) segments.push_back(entry->path().string());
    entry.increment(error);
  }
  if (error) return absl::UnavailableError(absl::StrCat(folder, ": ", error.message()));
  if (segments.empty()) {
    return absl::NotFoundError(absl::StrCat(folder, ": no segment (*.zst) is in this folder"));
  }
  std::sort(segments.begin(), segments.end());
  return segments;
}

absl::StatusOr<std::vector<std::string>> FilesOf(const std::vector<std::string>& recordings) {
  std::vector<std::string> files;
  for (const std::string& recording : recordings) {
    std::error_code error;
    if (!std::filesystem::is_directory(recording, error)) {
      files.push_back(recording);
      continue;
    }
    const absl::StatusOr<std::vector<std::string>> segments = SegmentsIn(recording);
    if (!segments.ok()) return segments.status();
    files.insert(files.end(), segments->begin(), segments->end());
  }
  return files;
}

// Compares the records of one shard of one run with a file; a second one ends the verification.
class RecordsOfOneShard {
 public:
  RecordsOfOneShard(std::unique_ptr<RecordComparison> comparison, Verification*& verification)
      : comparison_(std::move(comparison)), verification_(verification) {}

  void OnRecord(const VerifiedRecord& made) {
    const std::string shard = absl::StrCat(made.receipt.run, " shard ", made.receipt.shard);
    if (comparison_->record_count() == 0) shard_ = shard;
    if (shard != shard_) {
      several_ = absl::StrCat(
          "--records: a file holds the rows of one shard of one run, and there "
          "are records of '",
          shard_, "' and of '", shard, "': name the segments of one");
    }
    if (!several_.empty() || !comparison_->status().ok()) return verification_->Stop();
    comparison_->Compare(made.catalogue, made.symbol, made.record);
  }

  // Prints what came of it. False: they differ.
  bool Finish() {
    comparison_->Finish();
    const auto records = static_cast<long long>(comparison_->record_count());
    const auto rows = static_cast<long long>(comparison_->row_count());
    const bool equal = comparison_->difference().empty() && records == rows;
    if (!comparison_->difference().empty()) {
      std::printf("rows: %s\n", comparison_->difference().c_str());
    }
    if (records != rows) {
      std::printf("rows: the file has %lld, and %lld records were made\n", rows, records);
    }
    if (equal) std::printf("rows: all %lld are equal\n", rows);
    return equal;
  }
  [[nodiscard]] absl::Status status() const {
    return several_.empty() ? comparison_->status() : absl::InvalidArgumentError(several_);
  }

 private:
  std::unique_ptr<RecordComparison> comparison_;
  Verification*& verification_;
  std::string shard_;
  std::string several_;  // What is said when there are several.
};

std::string XofY(std::int64_t x, std::int64_t y) { return absl::StrCat(x, " of ", y); }

void PrintSymbol(const SymbolAudit& symbol) {
  const BookCounts& book = symbol.book;
  const SymbolCounts& counts = symbol.counts;
  const auto line = [](const char* name, const std::string& text) {
    std::printf("    %-12s %s\n", name, text.c_str());
  };
  std::printf("  %s%s\n", symbol.symbol.c_str(), symbol.good() ? "" : ": DIFFERS");
  line("sequence",
       absl::StrCat(book.applied, " applied, ", book.stale, " stale, ", book.gaps, " gaps, ",
                    book.restarts, " restarts, ", book.synchronisations, " synchronisations, ",
                    symbol.live_at_end ? "" : "not ", "live at the end"));
  line("bookTicker",
       absl::StrCat(XofY(counts.ticker_audits_equal, counts.ticker_audits), " equal at equal ids"));
  line("snapshots",
       absl::StrCat(counts.snapshots, ", as audits ", book.audits_agreed, " agreed, ",
                    book.audits_diverged, " diverged; ", counts.refused_snapshots, " refused"));
  line("buckets", absl::StrCat(XofY(symbol.bucket_audits_equal, symbol.bucket_audits),
                               " equal to the levels; ", book.bucket_repairs, " repaired"));
  line("crossed", absl::StrCat(counts.crossed_events, " events"));
  line("malformed", absl::StrCat(counts.malformed_frames, " frames"));
}

void PrintReceipts(const std::vector<ShardReceipt>& receipts) {
  for (const ShardReceipt& receipt : receipts) {
    std::printf("%s\n", ParityText(receipt).c_str());
    if (receipt.dropped_frames > 0) {
      std::printf("  %lld frames were dropped before the live engine: part of its input\n",
                  static_cast<long long>(receipt.dropped_frames));
    }
    for (const SymbolAudit& symbol : receipt.symbols) PrintSymbol(symbol);
  }
}

// Why the data is bad; empty when it is good.
std::vector<std::string> Faults(const Verification& verification, bool rows_equal, bool strict) {
  std::vector<std::string> faults;
  // What only records makes no record.
  std::int64_t applied = 0;
  for (const ShardReceipt& receipt : verification.receipts()) {
    if (receipt.difference) faults.push_back(ParityText(receipt));
    for (const SymbolAudit& symbol : receipt.symbols) {
      applied += symbol.book.applied;
      if (!symbol.good()) faults.push_back(absl::StrCat(symbol.symbol, ": an audit differs"));
    }
  }
  if (!rows_equal) faults.emplace_back("rows differ");
  if (applied == 0)
    faults.emplace_back("no event was applied to a book, so there is nothing to verify");
  if (!strict) return faults;
  for (const ShardReceipt& receipt : verification.receipts()) {
    for (std::string& objection : Objections(receipt)) faults.push_back(std::move(objection));
  }
  const std::int64_t malformed = verification.counts().malformed_lines;
  if (malformed > 0) faults.push_back(absl::StrCat(malformed, " malformed lines"));
  // A file that ends before its header belongs to no receipt.
  const std::int64_t cut = verification.counts().cut_files;
  if (cut > 0) faults.push_back(absl::StrCat(cut, " files whose end is cut"));
  const std::int64_t empty = verification.counts().empty_files;
  if (empty > 0) faults.push_back(absl::StrCat(empty, " empty files"));
  return faults;
}

// Of what is good; empty when parity is claimed for every record.
std::string WhatIsNotClaimed(const Verification& verification) {
  std::int64_t records = 0;
  std::int64_t agreed = 0;
  for (const ShardReceipt& receipt : verification.receipts()) {
    records += receipt.records;
    agreed += receipt.agreed_records;
  }
  if (records == 0) return "; it makes no records that could be compared";
  if (records == agreed) return "";
  return absl::StrCat(", but parity is not claimed for ", XofY(records - agreed, records),
                      " records");
}

int RunVerify(const VerifyFlags& flags) {
  const absl::StatusOr<EngineOptions> options = flags.engine.ToOptions();
  if (!options.ok()) {
    return absl::IsInvalidArgument(options.status()) ? FailUsage(options.status())
                                                     : FailIo(options.status());
  }
  const absl::StatusOr<std::vector<std::string>> files = FilesOf(flags.recordings);
  if (!files.ok()) return FailIo(files.status());

  Progress progress;
  Verification* verifying = nullptr;
  NoticeLog log([&verifying] { return verifying->position(); }, progress);
  std::unique_ptr<RecordsOfOneShard> rows;
  if (!flags.records.empty()) {
    absl::StatusOr<std::unique_ptr<RecordComparison>> opened =
        RecordComparison::Open(flags.records);
    if (!opened.ok()) return FailIo(opened.status());
    rows = std::make_unique<RecordsOfOneShard>(*std::move(opened), verifying);
  }
  Verification::Watchers watchers;
  watchers.file = [&log](const FileMessage& message) { log.TellFile(message); };
  watchers.notice = [&log](const Notice& notice) { log.Tell(notice); };
  watchers.line = [&](const RecordingLine&) {
    progress.Show(verifying->position(), verifying->frames());
  };
  if (rows) watchers.record = [&rows](const VerifiedRecord& made) { rows->OnRecord(made); };
  Verification verification(*options, {.salvage = flags.salvage}, std::move(watchers));
  verifying = &verification;
  const absl::Status status = verification.Run(*files);
  progress.Clear();
  log.Finish();

  PrintReceipts(verification.receipts());
  if (!status.ok()) return FailIo(status);
  const bool rows_equal = !rows || rows->Finish();
  if (rows && !rows->status().ok()) {
    return absl::IsInvalidArgument(rows->status()) ? FailUsage(rows->status())
                                                   : FailIo(rows->status());
  }
  const std::vector<std::string> faults = Faults(verification, rows_equal, flags.strict);
  if (faults.empty()) {
    std::printf("verified: good%s\n", WhatIsNotClaimed(verification).c_str());
    return kExitGood;
  }
  std::printf("verified: bad: %s\n", absl::StrJoin(faults, "; ").c_str());
  return kExitBadData;
}

}  // namespace

void AddVerifyCommand(CommandLine& line, int* exit_status) {
  auto flags = std::make_shared<VerifyFlags>();
  const Command command = line.AddSubcommand(
      "verify",
      "Audits recordings: digests against the live run's, ids, bookTickers, snapshots, buckets");
  command.Footer(
      "A folder stands for all segments in it. A recording that holds its options is played with "
      "them;\nthose below are for recordings of other programs, whose parity cannot be claimed.\n\n"
      "  thalweg verify recordings/\n"
      "  thalweg verify recordings/*-s0-*.zst --records live.csv --strict\n\n"
      "Exit status: 0 good; 1 a digest, an audit or a row differs, or --strict objects;\n"
      "2 wrong usage; 3 cannot read.");
  command.AddOption("RECORDING", flags->recordings, "Recordings, or folders of them").Required();
  command.AddOption("--records", flags->records,
                    "Compare row by row with what the live run wrote with --out FILE.csv");
  command.AddFlag("--strict", flags->strict,
                  "Exit 1 also on gaps, losses, malformed frames or lines, a cut or damaged file,\n"
                  "a symbol that is not live at the end, or records that no digest covers");
  command.AddFlag("--salvage", flags->salvage, "Step over damage: go on at the next zstd frame");
  flags->engine.AddTo(command);
  command.OnRun([flags, exit_status] { *exit_status = RunVerify(*flags); });
}

}  // namespace thalweg
