#include "replay/verification.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "replay/bucket_audit.h"
#include "replay/recorded_options.h"

namespace thalweg {
namespace {

std::string Counted(std::int64_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

std::string NameOf(const ShardReceipt& receipt) {
  if (receipt.run.empty()) return "without a header";
  return absl::StrCat("run ", receipt.run, " shard ", receipt.shard);
}

std::string DifferenceText(const ShardReceipt& receipt) {
  const ParityDifference& difference = *receipt.difference;
  std::string text = absl::StrCat("parts between record ", receipt.agreed_records, " and record ",
                                  difference.live_records, " (",
                                  Counted(receipt.checkpoints, "checkpoint"), " agreed before)");
  if (difference.records != difference.live_records) {
    absl::StrAppend(&text, "; ", Counted(difference.records, "record"),
                    " made where live had made ", difference.live_records);
  }
  return text;
}

// What stands behind the last checkpoint that agreed.
std::string UnclaimedText(const ShardReceipt& receipt) {
  if (receipt.parity_break) {
    return absl::StrCat("parity cannot be claimed past record ", receipt.parity_break->records,
                        ": ", receipt.parity_break->reason);
  }
  const std::int64_t behind = receipt.records - receipt.agreed_records;
  const absl::string_view cut = receipt.end_is_cut ? "its end is cut" : "";
  if (behind == 0) return std::string(cut);
  return absl::StrCat("not claimed for ", Counted(behind, "record"), " behind the last checkpoint",
                      cut.empty() ? "" : ": ", cut);
}

}  // namespace

bool SymbolAudit::good() const noexcept {
  return counts.ticker_audits == counts.ticker_audits_equal && book.audits_diverged == 0 &&
         book.bucket_repairs == 0 && bucket_audits == bucket_audits_equal;
}

bool ShardReceipt::whole() const noexcept {
  return options_recorded && !difference && !parity_break && checkpoints > 0 &&
         agreed_records == records;
}

bool ShardReceipt::good() const noexcept {
  return !difference && std::all_of(symbols.begin(), symbols.end(),
                                    [](const SymbolAudit& symbol) { return symbol.good(); });
}

std::string ParityText(const ShardReceipt& receipt) {
  std::string text = absl::StrCat(NameOf(receipt), ": ");
  if (receipt.difference) return text + DifferenceText(receipt);
  if (!receipt.options_recorded) {
    return absl::StrCat(text, "parity cannot be claimed: its options are not recorded; ",
                        Counted(receipt.records, "record"), " made");
  }
  const std::string unclaimed = UnclaimedText(receipt);
  if (receipt.checkpoints > 0) {
    absl::StrAppend(&text, "bit-identical for ", Counted(receipt.agreed_records, "record"), " (",
                    Counted(receipt.checkpoints, "checkpoint"), ")", unclaimed.empty() ? "" : "; ",
                    unclaimed);
    return text;
  }
  if (receipt.parity_break) return text + unclaimed;
  return absl::StrCat(text, "parity cannot be claimed: no digest in it",
                      receipt.end_is_cut ? ", its end is cut" : "", "; ",
                      Counted(receipt.records, "record"), " made");
}

std::vector<std::string> Objections(const ShardReceipt& receipt) {
  std::vector<std::string> objections;
  const std::string shard = NameOf(receipt);
  const auto object = [&](std::int64_t count, absl::string_view noun, absl::string_view whose) {
    if (count > 0) objections.push_back(absl::StrCat(whose, ": ", Counted(count, noun)));
  };
  if (!receipt.whole()) objections.push_back(absl::StrCat(shard, ": parity is not claimed whole"));
  if (receipt.end_is_cut) objections.push_back(absl::StrCat(shard, ": its end is cut"));
  object(receipt.dropped_frames, "dropped frame", shard);
  object(receipt.unnamed_frames, "frame too broken to name", shard);
  for (const SymbolAudit& symbol : receipt.symbols) {
    const std::string whose = absl::StrCat(shard, " ", symbol.symbol);
    object(symbol.book.gaps, "sequence gap", whose);
    object(symbol.book.restarts, "restart of the ids", whose);
    object(symbol.counts.malformed_frames, "malformed frame", whose);
    if (!symbol.live_at_end) objections.push_back(absl::StrCat(whose, ": not live at its end"));
  }
  return objections;
}

// --- One shard of one run ------------------------------------------------------------------------

class Verification::Shard final : public EngineOutput {
 public:
  Shard(const SegmentHeader& header, const EngineOptions& options, const Watchers& watchers)
      : watchers_(watchers),
        options_(options),
        catalogue_(MakeCatalogue(options_)),
        engine_(options_, catalogue_, *this) {
    receipt_.run = header.run;
    receipt_.shard = header.shard;
    receipt_.options_recorded = !header.options.empty();
  }

  [[nodiscard]] Engine& engine() noexcept { return engine_; }
  // It was given nothing.
  [[nodiscard]] bool unused() const noexcept { return !used_; }

  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    digest_.Add(record);
    receipt_.records = digest_.record_count();
    BucketAudits& audits = bucket_audits_[&symbol];
    if (++audits.records % kBucketAuditPeriod == 0) AuditBuckets(symbol, audits);
    if (watchers_.record) watchers_.record({receipt_, catalogue_, symbol, record});
  }
  void OnNotice(const Notice& notice) override {
    if (watchers_.notice) watchers_.notice(notice);
  }

  void OnLine(const RecordingLine& line) {
    used_ = true;
    if (line.kind == LineKind::kHeader) OnHeader(line);
    if (line.kind == LineKind::kDigest) OnCheckpoint(line);
    if (line.kind == LineKind::kDrop) receipt_.dropped_frames += line.count;
    if (line.kind == LineKind::kLost) {
      OnBreak(absl::StrCat(Counted(line.count, "line"), " lost (", Abseil(line.reason), ")"));
    }
  }
  void OnBreak(std::string reason) {
    if (!receipt_.parity_break) receipt_.parity_break = {receipt_.records, std::move(reason)};
  }
  void OnCut() noexcept { receipt_.end_is_cut = true; }

  // The end of the run.
  [[nodiscard]] ShardReceipt TakeReceipt() {
    receipt_.unnamed_frames = engine_.counts().unnamed;
    for (const auto& symbol : engine_.symbols()) {
      BucketAudits& audits = bucket_audits_[symbol.get()];
      AuditBuckets(*symbol, audits);
      receipt_.symbols.push_back({symbol->name(), symbol->live(), symbol->counts(),
                                  symbol->book_counts(), audits.made, audits.equal});
    }
    return std::move(receipt_);
  }

 private:
  struct BucketAudits {
    std::int64_t records = 0;
    std::int64_t made = 0;
    std::int64_t equal = 0;
  };

  void AuditBuckets(const SymbolEngine& symbol, BucketAudits& audits) {
    const OrderBook* const book = symbol.book();
    if (book == nullptr) return;
    ++audits.made;
    audits.equal += BucketsAreTheLevels(*book, options_.bucket_rounding) ? 1 : 0;
  }

  // Segments of a run count from 1; those of older programs do not say.
  void OnHeader(const RecordingLine& line) {
    SegmentHeader header;
    if (!ParseSegmentHeader(line.payload, &header)) return;
    if (receipt_.end_is_cut) OnBreak("the end of a segment is cut");
    receipt_.end_is_cut = false;
    if (header.run_segment == 0) return;
    if (header.run_segment != run_segment_ + 1) {
      OnBreak(absl::StrCat("its segment ", run_segment_ + 1, " is missing, the next one is ",
                           header.run_segment));
    }
    run_segment_ = header.run_segment;
  }

  void OnCheckpoint(const RecordingLine& line) {
    if (!receipt_.options_recorded || receipt_.parity_break || receipt_.difference) {
      ++receipt_.checkpoints_passed;
      return;
    }
    if (line.count == receipt_.records && digest_.Hex() == line.digest) {
      ++receipt_.checkpoints;
      receipt_.agreed_records = receipt_.records;
      return;
    }
    receipt_.difference = {line.count, receipt_.records};
  }

  const Watchers& watchers_;
  const EngineOptions options_;
  const Catalogue catalogue_;
  Engine engine_;
  RecordDigest digest_;
  ShardReceipt receipt_;
  std::map<const SymbolEngine*, BucketAudits> bucket_audits_;
  std::int64_t run_segment_ = 0;
  bool used_ = false;
};

// --- The whole -----------------------------------------------------------------------------------

Verification::Verification(const EngineOptions& options, const PlayerOptions& player_options,
                           Watchers watchers)
    : options_(options),
      watchers_(std::move(watchers)),
      player_(
          player_options, [this](const SegmentHeader& header) { return MakeEngine(header); },
          [this](const FileMessage& message) { OnFileMessage(message); }) {
  player_.set_line_watcher([this](const RecordingLine& line) { OnLine(line); });
}

Verification::~Verification() = default;

absl::Status Verification::Run(const std::vector<std::string>& paths) {
  absl::Status status = player_.Run(paths);
  EndRun();
  return status;
}

absl::StatusOr<std::shared_ptr<Engine>> Verification::MakeEngine(const SegmentHeader& header) {
  if (header.run != run_) EndRun();
  run_ = header.run;
  EngineOptions options = options_;
  if (!header.options.empty()) {
    absl::StatusOr<EngineOptions> recorded = ParseRecordedOptions(header.options, header.symbols);
    if (!recorded.ok()) return recorded.status();
    options = *std::move(recorded);
  }
  const auto shard = std::make_shared<Shard>(header, options, watchers_);
  shards_.push_back(shard);
  return std::shared_ptr<Engine>(shard, &shard->engine());
}

void Verification::OnFileMessage(const FileMessage& message) {
  Shard* const shard = ShardInUse();
  const PlayerCounts& counts = player_.counts();
  if (shard != nullptr && counts.holes > holes_told_) {
    shard->OnBreak("damage stepped over, lines are missing");
  }
  if (shard != nullptr && counts.cut_files > cuts_told_) shard->OnCut();
  holes_told_ = counts.holes;
  cuts_told_ = counts.cut_files;
  if (watchers_.file) watchers_.file(message);
}

void Verification::OnLine(const RecordingLine& line) {
  frames_ += line.kind == LineKind::kFrame ? 1 : 0;
  Shard* const shard = ShardInUse();
  if (shard != nullptr) shard->OnLine(line);
  if (watchers_.line) watchers_.line(line);
}

Verification::Shard* Verification::ShardInUse() noexcept {
  for (const std::shared_ptr<Shard>& shard : shards_) {
    if (&shard->engine() == player_.engine_in_use()) return shard.get();
  }
  return nullptr;
}

void Verification::EndRun() {
  for (const std::shared_ptr<Shard>& shard : shards_) {
    if (!shard->unused()) receipts_.push_back(shard->TakeReceipt());
  }
  shards_.clear();
}

}  // namespace thalweg
