// The oracle's state machine of one symbol: clock, sequencing, audits, histories, and the rows.
//
// Invariant: `book_` is what the symbol's rows speak of while Serving(); `buffer_` is an unbroken
// chain of depth events while no book is live; a snapshot in `held_` waits for the next event that
// decides about it (no live book) or for the book to reach its id (an audit). `retained_` is there
// while a snapshot of the live book was asked for and has not come.
// Threads: one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/oracle/slow_book.h"
#include "tests/oracle/slow_engine.h"
#include "tests/oracle/slow_windows.h"

namespace thalweg::oracle {

class SlowSymbol {
 public:
  SlowSymbol(std::string name, const SlowOptions& options, std::vector<SlowRow>* rows,
             std::vector<SlowLadderRow>* ladders);

  // Well-formed frames of this symbol. `stream` is the stream's name with its speed.
  void Depth(Int recv, const std::string& stream, SlowDepth depth);
  void Ticker(Int recv, const SlowTicker& ticker);
  void Trade(Int recv, const SlowTrade& trade);
  void Snapshot(Int recv, const SlowSnapshot& snapshot);
  // An answer came that is no snapshot.

  // A depth frame of `stream` that cannot be used: what it said is lost.
  void BrokenDepth(const std::string& stream);
  void DepthLost();
  void InputLost();
  // A connection closed; `carried` tells whether an open one still carries the named stream.
  template <class Carried>
  void ConnectionClosed(Carried carried);
  void SetInstrument(std::optional<Int> tick, int qty_decimals, bool trading);
  void Delist() { trading_ = false; }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string FinalBook() const;
  [[nodiscard]] const SlowCounts& counts() const { return counts_; }

 private:
  enum Stream { kDepth, kTicker, kTrade, kStreams };
  enum class Verdict { kApply, kStale, kGap };

  // A depth event with what was fixed at its arrival.
  struct Event {
    SlowDepth depth;
    Int recv = 0;
    Int time = 0;           // effective
    bool recorded = false;  // The old book has made its row (serve).
  };

  // The last accepted (depth: applied) message of a stream.
  struct LastSeen {
    std::optional<Int> recv;
    std::optional<Int> time;  // effective; a spot ticker before the clock has none
    bool connection_closed = false;
  };

  // What a row is made from: the book's levels, fetched once a row.
  struct View {
    SlowLevels bids;
    SlowLevels asks;
    std::optional<Int> twice_mid;
    Int tick = 1;
  };

  // Arrival: clock, lag, and the timer rows due before. Returns the time that the frame is stamped
  // with, which is empty when it has none and there is no clock yet.
  std::optional<Int> Arrive(Int recv, std::optional<Int> time, std::optional<Int> event_time,
                            Stream stream);
  // The stamp of a timed frame; empty: its time is not believed.
  std::optional<Int> AdvanceClock(Int recv, Int time);
  void EmitTimers(Int recv, Int until);
  [[nodiscard]] Int FirstTimer(Int time) const;
  void StartClock(Int time);
  void RestartClock(Int time);
  void UpdateLag(Int recv, Int event_time);
  void NotePrice(Int price);
  void NoteQty(Int qty);
  void NoteLevels(const SlowLevels& levels);

  // Sequencing.
  [[nodiscard]] static Verdict JudgeNext(Int book_id, const SlowDepth& depth);
  [[nodiscard]] static Verdict JudgeFirst(Int snapshot_id, const SlowDepth& depth);
  void Sequence(Event event);
  // Counts a stale event; true when it proves that the ids restarted.
  bool RestartProven();
  void ApplyLive(const Event& event);
  void PendingDepth(Event event);
  void StartResync();
  // True when the book is live now.
  bool TrySynchronise();
  void Synchronise(std::size_t first);
  void Apply(const Event& event);
  void EmitDepthRow(const Event& event);
  // The oldest buffered event that is not stale to a snapshot; empty when ids between are missing.
  [[nodiscard]] static std::optional<std::size_t> FirstFitting(Int snapshot_id,
                                                               const std::vector<Event>& events);
  void TakeCoarserTick(const SlowSnapshot& snapshot, const std::vector<Event>& events);
  [[nodiscard]] bool Serving() const { return live_ || old_book_serves_; }
  [[nodiscard]] Int LimitOf(const SlowSnapshot& snapshot) const;

  // Audits.
  void AuditTouch(const SlowQuote& ticker);
  void AuditByWaitingTicker();
  // Compares the live book with `snapshot`, rolled through `events`, which brings it to the book's
  // id. Different: the book is given up, and the snapshot is held.
  bool AuditSnapshot(const SlowSnapshot& snapshot, const std::vector<Event>& events);
  bool AuditByOlderSnapshot(const SlowSnapshot& snapshot, const std::vector<Event>& retained);
  // A snapshot of the book is wanted; false when one is held, which decides first.
  bool AskForAudit();
  void WatchCrossing();
  [[nodiscard]] SlowQuote BookTouch() const;

  // Rows (slow_row.cc).
  [[nodiscard]] Int Tick() const;
  [[nodiscard]] std::uint64_t Flags(const View& view, bool depth_row) const;
  [[nodiscard]] std::uint64_t ContentFlags(const View& view) const;
  [[nodiscard]] std::uint64_t StaleFlags() const;
  [[nodiscard]] std::uint64_t TimeFlags() const;
  [[nodiscard]] std::uint64_t WarmupFlags() const;
  [[nodiscard]] bool LooksBeyondHorizon(const View& view) const;
  [[nodiscard]] bool SideLooksBeyond(SlowSide side, const View& view) const;
  [[nodiscard]] bool SweepsAreThin(const View& view) const;
  [[nodiscard]] View MakeView() const;
  void EmitRow(Int recv, const char* trigger);
  void EmitLadders(const View& view);
  void AppendQuote(const View& view, std::vector<double>* out) const;
  void AppendLiquidity(const View& view, std::vector<double>* out) const;
  void AppendBuckets(const View& view, std::vector<double>* out) const;
  void AppendOrderFlow(std::vector<double>* out) const;
  void AppendTrades(const View& view, std::vector<double>* out) const;
  void AppendAges(std::vector<double>* out) const;
  void AppendTouch(std::vector<double>* out) const;

  const std::string name_;
  const SlowOptions& options_;
  std::vector<SlowRow>* rows_;
  std::vector<SlowLadderRow>* ladders_;
  std::vector<Int> bucket_sizes_;  // 1e-8

  // The price grid.
  std::optional<Int> base_tick_;  // from an option or exchangeInfo; empty: inferred
  std::optional<Int> next_tick_;  // a coarser one, from the next synchronisation on
  bool settled_ = false;          // a tick was given or inferred
  bool seen_frame_ = false;
  bool tick_is_option_ = false;
  Int price_gcd_ = 0;  // of every price seen
  int qty_decimals_ = 8;
  bool inferred_ = false;
  bool trading_ = true;

  // Time.
  std::optional<Int> clock_;
  std::optional<Int> first_clock_;
  bool confirmed_ = false;
  std::optional<Int> doubted_time_;  // more than an hour ahead; waits for the next one to agree
  std::optional<Int> previous_recv_;
  Int now_recv_ = 0;
  Int next_timer_ = 0;
  std::optional<Int> lag_;
  std::optional<Int> least_lag_;
  LastSeen seen_[kStreams];
  std::optional<Int> last_effective_[kStreams];

  // The book.
  std::string depth_stream_;
  std::optional<bool> futures_;
  bool live_ = false;
  bool old_book_serves_ = false;
  bool ever_synchronised_ = false;
  bool resyncing_ = false;
  bool first_after_resync_ = false;
  SlowBook book_;
  Int book_id_ = 0;
  Int synchronised_at_ = 0;   // effective time of the synchronisation's first applied event
  std::optional<Int> chain_;  // id of the newest event applied or buffered
  std::vector<Event> buffer_;
  std::optional<std::vector<Event>> retained_;
  std::optional<SlowSnapshot> held_;
  SlowFlow book_flow_;
  // A run of frames whose ids look old: how many, and the clock at the first.
  struct StaleRun {
    int length = 0;
    std::optional<Int> since;
  };
  // Counts one more; whether the run is long enough to prove a new numbering.
  bool Proven(StaleRun* run) const;
  StaleRun stale_events_;
  StaleRun held_run_;  // events that did not come to the held snapshot

  // Tickers and trades.
  std::optional<Int> last_ticker_id_;
  std::optional<SlowQuote> touch_;
  std::map<Int, SlowQuote> tickers_;  // by id, those that a depth event may still reach
  SlowFlow touch_flow_;
  bool audit_diverged_ = false;
  int differing_audits_ = 0;  // of tickers, in a row
  std::optional<Int> crossed_since_;
  bool crossing_told_ = false;
  std::optional<Int> last_trade_id_;
  bool depth_ids_restarted_ = false;  // and no trade was accepted since
  std::optional<Int> trade_gap_at_;
  std::optional<Int> loss_at_;
  bool loss_before_clock_ = false;
  SlowTape tape_;
  std::optional<Int> inter_trade_;
  std::optional<double> effective_spread_;

  SlowCounts counts_;
};

template <class Carried>
void SlowSymbol::ConnectionClosed(Carried carried) {
  std::string lower = name_;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  seen_[kDepth].connection_closed |= !carried(depth_stream_);
  seen_[kTicker].connection_closed |= !carried(lower + "@bookTicker");
  seen_[kTrade].connection_closed |= !carried(lower + "@" + options_.trade_stream);
}

}  // namespace thalweg::oracle
