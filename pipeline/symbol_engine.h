// One symbol's way from decoded frames to records: clock, grid, book, windows, quality word.
//
// Each frame is judged whole before anything of it is used: decode, grid, clock, sequence, book,
// audits, windows, record. A malformed frame changes no clock and no lag.
// Threads: one; the engine's. Nothing on the path from frame to record allocates once the book and
// the windows have grown to their size, but for the evidence of an audit that differs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "book/ticker_audit.h"
#include "core/quality.h"
#include "core/record.h"
#include "features/catalogue.h"
#include "features/feature_vector.h"
#include "feeds/decode/decoder.h"
#include "pipeline/audit_evidence.h"
#include "pipeline/audit_schedule.h"
#include "pipeline/engine_options.h"
#include "pipeline/event_clock.h"
#include "pipeline/input_quality.h"
#include "pipeline/instrument_grid.h"
#include "pipeline/notice.h"
#include "pipeline/record_buffer.h"
#include "pipeline/stage_clock.h"
#include "pipeline/synchronised_book.h"

namespace thalweg {

class EngineOutput;

// What a symbol shows to the world at once, also when no record is due.
enum class SymbolState : std::uint32_t {
  kDown = 0,
  kBuffering = 1,
  kLive = 2,
  kResync = 3,
  kHalted = 4,
};

struct SymbolCounts {
  std::int64_t depth_frames = 0;  // Well-formed frames of the stream that feeds the book.
  std::int64_t ticker_frames = 0;
  std::int64_t trade_frames = 0;   // Of the configured trade stream.
  std::int64_t unused_frames = 0;  // Other streams, other speeds, the other trade stream.
  std::int64_t malformed_frames = 0;
  std::int64_t stale_tickers = 0;
  std::int64_t duplicate_trades = 0;
  std::int64_t other_trades = 0;  // Futures fills that are no market orders.
  std::int64_t trade_gaps = 0;
  std::int64_t late_trades = 0;  // Older than the clock when they came ("ooo_trades").
  std::int64_t disbelieved_times = 0;
  std::int64_t snapshots = 0;
  std::int64_t refused_snapshots = 0;
  std::int64_t ticker_audits = 0;  // bookTicker at equal id.
  std::int64_t ticker_audits_equal = 0;
  std::int64_t crossed_events = 0;  // Applied events after which the book was crossed.
  std::int64_t lost_inputs = 0;
};

// How far the last snapshot that was used reached.
struct SnapshotReach {
  std::size_t bid_levels = 0;
  std::size_t ask_levels = 0;
  std::size_t limit = 0;
  Price best_bid, worst_bid;  // 0 on an empty side.
  Price best_ask, worst_ask;
};

class SymbolEngine final : private SynchronisedBook::Observer {
 public:
  SymbolEngine(SymbolId id, std::string name, const EngineOptions& options,
               const Catalogue& catalogue, EngineOutput& output);

  // Frames. `received` may go back; only its differences are used.
  void OnDepth(const FrameHead& head, Decoder& decoder, ReceiveTime received);
  void OnTicker(const FrameHead& head, Decoder& decoder, ReceiveTime received);
  void OnTrade(const FrameHead& head, Decoder& decoder, ReceiveTime received);
  void OnUnusedFrame() noexcept { ++counts_.unused_frames; }

  // A depth answer; `limit`: what it was asked with, absent when nobody knows.
  void OnSnapshot(std::string_view body, Decoder& decoder, std::optional<std::size_t> limit,
                  ReceiveTime received);
  void OnInstrument(const Instrument& instrument, InstrumentSource source);
  // The exchange does not know it any more: it does not trade.
  void OnDelisted();

  // Losses that were told.
  void OnDropped(StreamKind stream, std::int64_t count);
  void OnLost(std::int64_t count);
  // Whether a stream of this type ("depth@100ms") feeds this kind: another depth speed and the
  // other trade stream do not.
  [[nodiscard]] bool UsesStream(std::string_view type, StreamKind kind) const noexcept;
  // No open connection carries the stream any more.
  void OnStreamClosed(StreamKind stream) noexcept { input_.stream(stream).Close(); }
  // An audit of the live book begins: its events are retained for a snapshot that is to come.
  void BeginAudit();
  // Wall-clock upkeep: asks again for a snapshot that never came, and lets streams grow stale.
  void OnTimer(ReceiveTime now);

  // Is told where the stages of a frame end; null: nobody times them. It outlives the symbol.
  void set_stage_clock(StageClock* clock) noexcept { stage_clock_ = clock; }

  // What the symbol is like when it is shown to the output.
  void BeginStatus() noexcept { told_ = status(); }
  // The end of an input: tells state and quality word if they are not what was told last.
  void TellStatus();

  [[nodiscard]] SymbolId id() const noexcept { return id_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] Market market() const noexcept { return market_; }
  [[nodiscard]] SymbolState state() const noexcept;
  // The quality word as of the last input or timer tick: what a record made now would carry. Of the
  // bits about the content of the book, CROSSED and ONE_SIDED are those of the newest event, the
  // others, which take features to know, those of this book's newest record; all are 0 while there
  // is no book. FIRST_AFTER_RESYNC speaks of a record and is never here. Before the first
  // synchronisation nothing is warm.
  [[nodiscard]] QualityWord quality() const noexcept;
  [[nodiscard]] const StreamState& stream(StreamKind kind) const noexcept {
    return input_.stream(kind);
  }
  // The book continues the feed, whatever exchangeInfo says of trading.
  [[nodiscard]] bool live() const noexcept { return book_.state() == BookState::kLive; }
  // A frame named it.
  [[nodiscard]] bool seen() const noexcept { return seen_; }
  [[nodiscard]] const InstrumentGrid& grid() const noexcept { return grid_; }
  [[nodiscard]] const Scale& scale() const noexcept { return grid_.scale(); }
  [[nodiscard]] const SymbolCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] const BookCounts& book_counts() const noexcept { return book_.counts(); }
  [[nodiscard]] const std::vector<std::string>& bucket_names() const noexcept {
    return bucket_names_;
  }
  [[nodiscard]] const std::vector<Price>& bucket_sizes() const noexcept { return bucket_sizes_; }
  // The book records are made from; null while there is none to be trusted.
  [[nodiscard]] const OrderBook* book() const noexcept {
    return book_.usable() ? &book_.book() : nullptr;
  }
  [[nodiscard]] UpdateId update_id() const noexcept { return book_.id(); }
  // First event of the first synchronisation.
  [[nodiscard]] std::optional<DiffIds> first_applied() const noexcept { return first_applied_; }
  [[nodiscard]] std::optional<SnapshotReach> snapshot_reach() const noexcept {
    return snapshot_reach_;
  }
  // Receive time minus exchange time, least and greatest.
  [[nodiscard]] std::optional<Ages::LagRange> lag_range() const noexcept {
    return features_.ages.lag_range();
  }
  [[nodiscard]] std::optional<EventTime> clock() const noexcept {
    return clock_.started() ? std::optional(clock_.now()) : std::nullopt;
  }

 private:
  // SynchronisedBook::Observer
  void OnSynchronised(const KeptDiff& first) override;
  void OnApplied(const KeptDiff& diff) override;
  void OnDiffDone(const KeptDiff& diff) override;
  void OnBookLost() override;
  void OnAudit(bool agreed) override;
  void OnDiverged(const Divergence& divergence) override;
  void OnBucketsRepaired() override;
  void OnSnapshotWanted(SnapshotReason reason) override;

  // Decodes a frame in the grid's quantity unit, in the finest that it needs, or in a coarser one
  // that was stated when it does not fit; `*decimals` says in which. Changes nothing else.
  template <class Decode>
  [[nodiscard]] DecodeVerdict DecodeExactly(Decoder& decoder, const Decode& decode, int* decimals);
  // What a frame asks of the grid: its tick and the unit that its quantities were decoded in.
  struct GridStep {
    Price tick;
    int decimals;
  };
  // Judges before anything changes, like the clock; absent when the frame is out of range. What it
  // asks is taken after the timer records that are due before the frame.
  [[nodiscard]] std::optional<GridStep> JudgeGrid(std::span<const Level> a,
                                                  std::span<const Level> b, int decimals);
  void TakeGrid(const GridStep& step, std::span<const Level> a, std::span<const Level> b);
  // A finer tick and another unit, both or none. Only the live book can stand against a finer one;
  // windows that cannot follow begin anew, flagged as a loss.
  [[nodiscard]] bool TryRefine(Price tick, int decimals);
  [[nodiscard]] bool CanRefine(Price tick, int decimals);
  void Refine(Price tick, int decimals);
  [[nodiscard]] bool CanTakeCoarserUnit(int decimals);
  void TakeCoarserUnit(int decimals);
  void NoteUnit(const Instrument& instrument) noexcept;
  void OnMalformed(DecodeVerdict verdict);
  void RefuseSnapshot(NoticeKind kind, const Notice& notice);

  // Moves the clock for a frame of a timed stream; answers its stamp. Timer records due before it
  // are made first.
  EventTime Advance(EventTime time, std::optional<EventTime> event_time, ReceiveTime received);
  void DecideMarket(const DepthDiff& diff);
  [[nodiscard]] bool FeedsBook(std::string_view stream_type) const noexcept;
  void RestartClock(EventTime time);
  void AuditTicker(const BookTicker& ticker);
  void OnTickerVerdict(TickerAudit::Verdict verdict, UpdateId id);
  void WatchCrossing();
  void WatchAudits();
  [[nodiscard]] AuditEvidence EvidenceOf(const Divergence& divergence) const;
  [[nodiscard]] BestQuotes book_quotes() const noexcept;

  [[nodiscard]] EventTime FirstTimer(EventTime time) const noexcept;
  void EmitTimersBefore(const EventClock::Step& step, ReceiveTime received);
  void Emit(Trigger trigger, EventTime clock, ReceiveTime received);
  [[nodiscard]] QualityWord StateQuality() const noexcept;
  [[nodiscard]] QualityWord WarmupQuality(EventTime clock) const noexcept;

  struct Status {
    SymbolState state = SymbolState::kDown;
    QualityWord quality = 0;
    friend bool operator==(const Status&, const Status&) = default;
  };
  [[nodiscard]] Status status() const noexcept { return {state(), quality()}; }

  void EndStage(Stage stage) const noexcept {
    if (stage_clock_ != nullptr) stage_clock_->End(stage);
  }
  // Kind and symbol are filled in.
  void Tell(NoticeKind kind, Notice notice = {}) const;

  const SymbolId id_;
  const std::string name_;
  const EngineOptions& options_;
  const Catalogue& catalogue_;
  EngineOutput& output_;
  const std::vector<std::string> bucket_names_;
  const std::vector<Price> bucket_sizes_;

  Market market_ = Market::kSpot;
  bool market_known_ = false;
  bool seen_ = false;
  bool trading_ = true;
  bool disagreement_told_ = false;
  // Empty when only raw frames, which do not name it, were seen.
  std::optional<std::string> depth_stream_;  // The depth speed that feeds the book: the first seen.

  EventClock clock_;
  InstrumentGrid grid_;
  // A coarser quantity unit that was stated when it was too late to take it; it is taken when a
  // number needs it.
  std::optional<int> coarser_unit_;
  SynchronisedBook book_;
  AuditSchedule audit_schedule_;
  InputQuality input_;
  TickerAudit ticker_audit_;
  int audits_differing_ = 0;  // In a row.
  bool audit_diverged_ = false;

  FeatureVector features_;

  std::optional<UpdateId> last_ticker_id_;
  std::optional<TradeId> last_trade_id_;
  bool trade_ids_may_restart_ = false;  // Since the depth ids did.
  std::optional<DiffIds> first_applied_;
  std::optional<SnapshotReach> snapshot_reach_;
  EventTime synchronised_at_;      // Effective time of the last synchronisation's first event.
  bool first_record_due_ = false;  // FIRST_AFTER_RESYNC on the next depth record.
  std::optional<EventTime> crossed_since_;
  bool crossing_told_ = false;
  std::optional<ReceiveTime> snapshot_wanted_at_;
  ReceiveTime last_received_;
  ReceiveTime now_;          // The same, or the last timer tick if that came later.
  QualityWord content_ = 0;  // What is known of the book's content; means nothing without a book.
  Status told_;              // By the newest record or by OnStatus(), whichever was later.
  EventTime next_timer_;     // With EmitPolicy::interval, from the first synchronisation on.

  StageClock* stage_clock_ = nullptr;
  RecordBuffer record_;
  std::vector<TickLevel> tick_bids_;  // Scratch.
  std::vector<TickLevel> tick_asks_;
  SymbolCounts counts_;
};

}  // namespace thalweg
