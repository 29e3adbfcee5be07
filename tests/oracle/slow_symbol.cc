#include "tests/oracle/slow_symbol.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_format.h"

namespace thalweg::oracle {
namespace {

constexpr Int kHourNs = 3'600 * kSec;
constexpr Int kStaleRunSpan = 10 * kSec;
constexpr int kStaleRunLength = 20;
constexpr int kDifferingAuditsMax = 3;
constexpr Int kCrossedTooLong = 500 * kMs;

SlowQuote QuoteOf(const SlowTicker& ticker) {
  const auto side = [](const SlowLevel& level) {
    return level.price == 0 || level.qty == 0 ? SlowLevel{} : level;
  };
  return {side(ticker.bid), side(ticker.ask)};
}

bool SameSide(const SlowLevel& a, const SlowLevel& b) {
  if (a.qty == 0 && b.qty == 0) return true;
  return a.price == b.price && a.qty == b.qty;
}

// Levels best first, without a price twice or a quantity of zero.
bool IsInOrder(SlowSide side, const SlowLevels& levels) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i].qty == 0) return false;
    if (i == 0) continue;
    const Int step = levels[i].price - levels[i - 1].price;
    if (side == SlowSide::kBid ? step >= 0 : step <= 0) return false;
  }
  return true;
}

// What an exchange can have answered.
bool IsUsable(const SlowSnapshot& snapshot) {
  const bool empty = snapshot.bids.empty() && snapshot.asks.empty();
  return (snapshot.id > 0 || empty) && IsInOrder(SlowSide::kBid, snapshot.bids) &&
         IsInOrder(SlowSide::kAsk, snapshot.asks) && !IsCrossed(snapshot.bids, snapshot.asks);
}

std::string Decimals8(Int units) { return absl::StrFormat("%d.%08d", units / kOne, units % kOne); }

}  // namespace

SlowSymbol::SlowSymbol(std::string name, const SlowOptions& options, std::vector<SlowRow>* rows,
                       std::vector<SlowLadderRow>* ladders)
    : name_(std::move(name)), options_(options), rows_(rows), ladders_(ladders) {
  for (const std::string& size : options.bucket_sizes) bucket_sizes_.push_back(*ParseUnits(size));
  const auto given = options.ticks.find(name_);
  if (given != options.ticks.end()) {
    base_tick_ = ParseUnits(given->second);
    tick_is_option_ = true;
    settled_ = true;
  }
}

// --- Arrival -------------------------------------------------------------------------------------

void SlowSymbol::NotePrice(Int price) {
  price_gcd_ = std::gcd(price_gcd_, price);
  if (base_tick_ && price % *base_tick_ != 0) inferred_ = true;
}

void SlowSymbol::NoteQty(Int qty) {
  const auto unit = [&] {
    Int result = 1;
    for (int i = qty_decimals_; i < 8; ++i) result *= 10;
    return result;
  };
  while (qty % unit() != 0) {
    ++qty_decimals_;
    inferred_ = true;
  }
}

void SlowSymbol::NoteLevels(const SlowLevels& levels) {
  for (const SlowLevel& level : levels) {
    NotePrice(level.price);
    NoteQty(level.qty);
  }
}

Int SlowSymbol::Tick() const {
  Int tick = price_gcd_;
  if (base_tick_) return std::gcd(tick, *base_tick_);
  for (const Int size : bucket_sizes_) tick = std::gcd(tick, size);
  return tick;
}

void SlowSymbol::SetInstrument(std::optional<Int> tick, int qty_decimals, bool trading) {
  trading_ = trading;
  if (tick_is_option_) return;
  if (!settled_) {
    if (!seen_frame_) qty_decimals_ = qty_decimals;
    if (!tick) return;
    base_tick_ = tick;
    settled_ = true;
    if (price_gcd_ % *tick != 0) inferred_ = true;
    return;
  }
  if (!tick) return;
  if (qty_decimals > qty_decimals_) {
    qty_decimals_ = qty_decimals;
    inferred_ = true;
  }
  const Int current = Tick();
  next_tick_.reset();
  if (*tick > current && *tick % current == 0) {
    next_tick_ = tick;
  } else if (*tick != current) {
    base_tick_ = std::gcd(current, *tick);
    inferred_ = true;
  }
}

// A coarser tick counts from here on, as far as the prices of this synchronisation allow.
void SlowSymbol::TakeCoarserTick(const SlowSnapshot& snapshot, const std::vector<Event>& events) {
  base_tick_ = std::exchange(next_tick_, std::nullopt);
  price_gcd_ = 0;
  NoteLevels(snapshot.bids);
  NoteLevels(snapshot.asks);
  for (const Event& event : events) {
    NoteLevels(event.depth.bids);
    NoteLevels(event.depth.asks);
  }
}

std::optional<Int> SlowSymbol::Arrive(Int recv, std::optional<Int> time,
                                      std::optional<Int> event_time, Stream stream) {
  now_recv_ = recv;
  seen_frame_ = true;
  std::optional<Int> stamp = clock_;
  if (time) stamp = AdvanceClock(recv, *time);
  seen_[stream].connection_closed = false;
  previous_recv_ = recv;
  if (time && !stamp) return clock_;
  if (event_time && *event_time - *clock_ <= kHourNs) UpdateLag(recv, *event_time);
  return stamp;
}

std::optional<Int> SlowSymbol::AdvanceClock(Int recv, Int time) {
  if (!clock_) {
    StartClock(time);
    return time;
  }
  const Int passed = std::max<Int>(recv - previous_recv_.value_or(recv), 0);
  const bool too_far = time > *clock_ + passed + kHourNs;
  const bool agrees = doubted_time_ && std::abs(time - *doubted_time_) <= kHourNs + passed;
  if (too_far && !agrees) {
    doubted_time_ = time;
    return std::nullopt;
  }
  doubted_time_.reset();
  if (!confirmed_ && !ever_synchronised_ && *clock_ - time > passed + kHourNs) {
    RestartClock(time);
    return time;
  }
  confirmed_ = true;
  EmitTimers(recv, too_far ? *clock_ + passed + kHourNs : time);
  if (time > *clock_) {
    clock_ = time;
    next_timer_ = std::max(next_timer_, FirstTimer(time));
  }
  return time;
}

// The first multiple that is not before `time`.
Int SlowSymbol::FirstTimer(Int time) const {
  return options_.timer_ns ? CeilDiv(time, *options_.timer_ns) * *options_.timer_ns : 0;
}

void SlowSymbol::EmitTimers(Int recv, Int until) {
  if (!options_.timer_ns || !ever_synchronised_) return;
  const Int now = *clock_;
  for (; next_timer_ < until; next_timer_ += *options_.timer_ns) {
    clock_ = next_timer_;
    EmitRow(recv, "timer");
  }
  clock_ = now;
}

// Until a second frame confirms it, or rows tell it, the first time of all is on probation; when it
// was too far ahead, all that it stamped is forgotten.
void SlowSymbol::RestartClock(Int time) {
  clock_ = time;
  first_clock_ = time;
  for (Event& event : buffer_) event.time = time;
  if (retained_) {
    for (Event& event : *retained_) event.time = time;
  }
  std::fill(std::begin(seen_), std::end(seen_), LastSeen{});
  std::fill(std::begin(last_effective_), std::end(last_effective_), std::nullopt);
  last_effective_[kDepth] = time;
  lag_.reset();
  least_lag_.reset();
  book_flow_ = SlowFlow();
  touch_.reset();
  touch_flow_ = SlowFlow();
  tape_ = SlowTape();
  inter_trade_.reset();
  effective_spread_.reset();
  trade_gap_at_.reset();
  if (loss_at_) loss_at_ = time;
}

void SlowSymbol::StartClock(Int time) {
  clock_ = time;
  first_clock_ = time;
  if (loss_before_clock_) loss_at_ = time;
}

void SlowSymbol::UpdateLag(Int recv, Int event_time) {
  lag_ = recv - event_time;
  least_lag_ = std::min(least_lag_.value_or(*lag_), *lag_);
}

void SlowSymbol::InputLost() {
  if (clock_) {
    loss_at_ = clock_;
  } else {
    loss_before_clock_ = true;
  }
}

// --- Depth ---------------------------------------------------------------------------------------

void SlowSymbol::Depth(Int recv, const std::string& stream, SlowDepth depth) {
  if (depth_stream_.empty()) depth_stream_ = stream;
  if (stream != depth_stream_) return;
  if (!futures_) futures_ = depth.previous.has_value();
  if (*futures_ && !depth.previous) {
    DepthLost();
    return;
  }
  if (!*futures_) depth.previous.reset();
  const Int stamp = *Arrive(recv, depth.Time(), depth.event_time, kDepth);
  NoteLevels(depth.bids);
  NoteLevels(depth.asks);
  const Int time = std::max(stamp, last_effective_[kDepth].value_or(stamp));
  Sequence({std::move(depth), recv, time, false});
  // A held snapshot that the feed does not come to is given up.
  if (!held_) {
    held_run_ = {};
  } else if (Proven(&held_run_)) {
    held_.reset();
    held_run_ = {};
  }
}

SlowSymbol::Verdict SlowSymbol::JudgeNext(Int book_id, const SlowDepth& depth) {
  if (depth.last <= book_id) return Verdict::kStale;
  const bool continues = depth.previous ? *depth.previous == book_id : depth.first <= book_id + 1;
  return continues ? Verdict::kApply : Verdict::kGap;
}

SlowSymbol::Verdict SlowSymbol::JudgeFirst(Int snapshot_id, const SlowDepth& depth) {
  if (snapshot_id < 0) return Verdict::kApply;
  if (!depth.previous) return JudgeNext(snapshot_id, depth);
  if (depth.last < snapshot_id) return Verdict::kStale;
  return *depth.previous <= snapshot_id ? Verdict::kApply : Verdict::kGap;
}

bool SlowSymbol::RestartProven() {
  ++counts_.depth_stale;
  return Proven(&stale_events_);
}

bool SlowSymbol::Proven(StaleRun* run) const {
  if (run->length++ == 0) run->since = clock_;
  return run->length >= kStaleRunLength && *clock_ - *run->since >= kStaleRunSpan;
}

void SlowSymbol::Sequence(Event event) {
  const Verdict verdict = chain_ ? JudgeNext(*chain_, event.depth) : Verdict::kApply;
  if (verdict == Verdict::kStale) {
    if (!RestartProven()) return;
    held_.reset();
    tickers_.clear();
    last_ticker_id_.reset();
    depth_ids_restarted_ = true;
  }
  stale_events_ = {};
  chain_ = event.depth.last;
  last_effective_[kDepth] = event.time;
  if (live_ && verdict == Verdict::kApply) {
    ApplyLive(event);
    return;
  }
  if (verdict != Verdict::kApply) buffer_.clear();
  if (live_) {
    ++counts_.gaps;
    StartResync();
  }
  PendingDepth(std::move(event));
}

void SlowSymbol::ApplyLive(const Event& event) {
  if (retained_) {
    retained_->push_back(event);
    retained_->back().recorded = true;
  }
  Apply(event);
  bool differs = false;
  if (held_ && held_->id <= event.depth.last) {
    // Quantities are absolute: rolling the snapshot through the event brings both to the same id.
    std::vector<Event> straddling;
    if (held_->id < event.depth.last) straddling.push_back(event);
    differs = !AuditSnapshot(SlowSnapshot(*held_), straddling);
  }
  EmitDepthRow(event);
  if (!differs) return;
  buffer_.push_back(event);
  buffer_.back().recorded = true;
  TrySynchronise();
}

void SlowSymbol::PendingDepth(Event event) {
  buffer_.push_back(event);
  if (held_ && TrySynchronise()) return;
  if (!old_book_serves_) return;
  Apply(event);
  EmitDepthRow(event);
  // The snapshot may have made the event superfluous for the new book.
  if (!buffer_.empty()) buffer_.back().recorded = true;
}

void SlowSymbol::DepthLost() {
  if (live_) StartResync();
}

void SlowSymbol::BrokenDepth(const std::string& stream) {
  if (stream == depth_stream_) DepthLost();
}

void SlowSymbol::StartResync() {
  live_ = false;
  resyncing_ = true;
  stale_events_ = {};
  buffer_.clear();
  retained_.reset();
  crossed_since_.reset();
  if (options_.on_gap == OnGap::kServe) {
    old_book_serves_ = true;
    return;
  }
  book_ = SlowBook();
  book_flow_.Clear();
}

void SlowSymbol::Snapshot(Int recv, const SlowSnapshot& snapshot) {
  now_recv_ = recv;
  if (!IsUsable(snapshot)) {
    return;
  }
  NoteLevels(snapshot.bids);
  NoteLevels(snapshot.asks);
  if (!settled_) inferred_ = true;
  settled_ = true;
  if (held_ && snapshot.id < held_->id) return;
  const bool asked = retained_.has_value();
  std::vector<Event> retained = std::exchange(retained_, std::nullopt).value_or(buffer_);
  held_run_ = {};
  if (live_ && snapshot.id <= book_id_) {
    const bool used = AuditByOlderSnapshot(snapshot, retained);
    if (!used && asked) retained_ = std::move(retained);
    return;
  }
  held_ = snapshot;
  if (!live_ && !buffer_.empty()) TrySynchronise();
}

// False when the snapshot is too old to be used.
bool SlowSymbol::AuditByOlderSnapshot(const SlowSnapshot& snapshot,
                                      const std::vector<Event>& retained) {
  std::vector<Event> rolled;
  if (snapshot.id < book_id_) {
    const std::optional<std::size_t> first = FirstFitting(snapshot.id, retained);
    if (snapshot.id < 0 || !first || *first == retained.size()) {
      ++counts_.snapshots_too_old;
      return false;
    }
    rolled.assign(retained.begin() + static_cast<std::ptrdiff_t>(*first), retained.end());
  }
  if (AuditSnapshot(snapshot, rolled)) return true;
  buffer_ = retained;
  TrySynchronise();
  return true;
}

Int SlowSymbol::LimitOf(const SlowSnapshot& snapshot) const {
  if (snapshot.limit) return *snapshot.limit;
  if (options_.snapshot_limit) return *options_.snapshot_limit;
  return std::max(snapshot.bids.size(), snapshot.asks.size()) > 1'000 ? 5'000 : 1'000;
}

std::optional<std::size_t> SlowSymbol::FirstFitting(Int snapshot_id,
                                                    const std::vector<Event>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Verdict verdict = JudgeFirst(snapshot_id, events[i].depth);
    if (verdict == Verdict::kGap) return std::nullopt;
    if (verdict == Verdict::kApply) return i;
  }
  return events.size();
}

bool SlowSymbol::TrySynchronise() {
  const std::optional<std::size_t> first = FirstFitting(held_->id, buffer_);
  if (!first) {
    ++counts_.snapshots_too_old;
    held_.reset();
    return false;
  }
  if (*first == buffer_.size()) {
    // The snapshot is newer than every event: the next one decides.
    buffer_.clear();
    return false;
  }
  Synchronise(*first);
  return true;
}

void SlowSymbol::Synchronise(std::size_t first) {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(first));
  if (next_tick_) TakeCoarserTick(*held_, buffer_);
  book_ = SlowBook(*held_, LimitOf(*held_));
  held_.reset();
  book_flow_.Clear();
  live_ = true;
  old_book_serves_ = false;
  if (!ever_synchronised_) next_timer_ = FirstTimer(*clock_);
  ever_synchronised_ = true;
  resyncing_ = false;
  first_after_resync_ = true;
  stale_events_ = {};
  crossed_since_.reset();
  synchronised_at_ = buffer_.front().time;
  ++counts_.synchronisations;
  const std::vector<Event> events = std::exchange(buffer_, {});
  chain_ = events.back().depth.last;
  for (const Event& event : events) {
    Apply(event);
    if (!event.recorded) EmitDepthRow(event);
  }
}

void SlowSymbol::Apply(const Event& event) {
  book_.Apply(event.depth);
  book_id_ = event.depth.last;
  ++counts_.depth_applied;
  seen_[kDepth].recv = event.recv;
  seen_[kDepth].time = event.time;
  book_flow_.Add(event.time, BookTouch());
  if (!BookTouch().crossed()) {
    crossed_since_.reset();
  } else if (!crossed_since_) {
    crossed_since_ = clock_;
    crossing_told_ = false;
  }
  if (live_) AuditByWaitingTicker();
  WatchCrossing();
}

void SlowSymbol::AuditByWaitingTicker() {
  tickers_.erase(tickers_.begin(), tickers_.lower_bound(book_id_));
  const auto ticker = tickers_.find(book_id_);
  if (ticker == tickers_.end()) return;
  AuditTouch(ticker->second);
  tickers_.erase(ticker);
}

void SlowSymbol::EmitDepthRow(const Event& event) {
  EmitRow(event.recv, "depth");
  first_after_resync_ = false;
}

// --- Audits --------------------------------------------------------------------------------------

SlowQuote SlowSymbol::BookTouch() const {
  const SlowLevels bids = book_.Levels(SlowSide::kBid);
  const SlowLevels asks = book_.Levels(SlowSide::kAsk);
  SlowQuote quote;
  if (!bids.empty()) quote.bid = bids[0];
  if (!asks.empty()) quote.ask = asks[0];
  return quote;
}

void SlowSymbol::AuditTouch(const SlowQuote& ticker) {
  const SlowQuote book = BookTouch();
  const bool equal = SameSide(book.bid, ticker.bid) && SameSide(book.ask, ticker.ask);
  audit_diverged_ = !equal;
  ++counts_.ticker_audits;
  counts_.ticker_audits_equal += equal;
  differing_audits_ = equal ? 0 : differing_audits_ + 1;
  if (equal || (differing_audits_ < kDifferingAuditsMax && !crossed_since_)) return;
  if (AskForAudit()) differing_audits_ = 0;
}

bool SlowSymbol::AskForAudit() {
  if (held_) return false;
  if (live_ && !retained_) retained_.emplace();
  return true;
}

void SlowSymbol::WatchCrossing() {
  if (!crossed_since_ || crossing_told_ || *clock_ - *crossed_since_ < kCrossedTooLong) return;
  crossing_told_ = AskForAudit();
}

bool SlowSymbol::AuditSnapshot(const SlowSnapshot& snapshot, const std::vector<Event>& events) {
  SlowBook pictured(snapshot, LimitOf(snapshot));
  for (const Event& event : events) pictured.Apply(event.depth);
  const bool equal = book_.AgreesWith(pictured);
  audit_diverged_ = !equal;
  ++counts_.snapshot_audits;
  counts_.snapshot_audits_equal += equal;
  held_.reset();
  if (equal) {
    differing_audits_ = 0;
    book_.WidenTo(pictured);
    return true;
  }
  StartResync();
  held_ = snapshot;
  return false;
}

// --- Tickers and trades --------------------------------------------------------------------------

void SlowSymbol::Ticker(Int recv, const SlowTicker& ticker) {
  const std::optional<Int> stamp = Arrive(recv, ticker.Time(), ticker.event_time, kTicker);
  NoteLevels({ticker.bid, ticker.ask});
  if (last_ticker_id_ && ticker.id <= *last_ticker_id_) {
    ++counts_.tickers_dropped;
    return;
  }
  last_ticker_id_ = ticker.id;
  std::optional<Int> time = stamp;
  if (time) {
    time = std::max(*time, last_effective_[kTicker].value_or(*time));
    last_effective_[kTicker] = time;
  }
  touch_ = QuoteOf(ticker);
  touch_flow_.Add(time, *touch_);
  seen_[kTicker].recv = recv;
  seen_[kTicker].time = time;
  if (live_ && ticker.id == book_id_) {
    AuditTouch(*touch_);
  } else {
    tickers_[ticker.id] = *touch_;
  }
  WatchCrossing();
  EmitRow(recv, "ticker");
}

void SlowSymbol::Trade(Int recv, const SlowTrade& trade) {
  const Int stamp = *Arrive(recv, trade.trade_time, trade.event_time, kTrade);
  NotePrice(trade.price);
  NoteQty(trade.qty);
  const bool duplicate = last_trade_id_ && trade.id <= *last_trade_id_;
  if (duplicate && !depth_ids_restarted_) {
    ++counts_.trades_dropped;
    return;
  }
  depth_ids_restarted_ = false;
  if (last_trade_id_ && trade.id - *last_trade_id_ != 1) trade_gap_at_ = clock_;
  last_trade_id_ = trade.id;
  if (!trade.market) {
    ++counts_.trades_dropped;
    return;
  }
  const std::optional<Int> before = last_effective_[kTrade];
  const Int time = std::max(stamp, before.value_or(stamp));
  if (before) inter_trade_ = time - *before;
  last_effective_[kTrade] = time;
  seen_[kTrade].recv = recv;
  seen_[kTrade].time = time;
  const std::optional<Int> m2 = touch_ ? touch_->TwiceMid() : std::nullopt;
  effective_spread_ =
      m2 ? 2e4 * Ratio(Wide{trade.sigma} * (2 * Wide{trade.price} - *m2), *m2) : NotANumber();
  tape_.Add({time, trade.price, trade.qty, trade.sigma});
  WatchCrossing();
  EmitRow(recv, "trade");
}

// --- The end -------------------------------------------------------------------------------------

std::string SlowSymbol::FinalBook() const {
  if (!Serving()) return "";
  std::string text;
  const auto append = [&](char side, const SlowLevels& levels) {
    for (const SlowLevel& level : levels) {
      absl::StrAppendFormat(&text, "%c %s %s\n", side, Decimals8(level.price),
                            Decimals8(level.qty));
    }
  };
  append('b', book_.Levels(SlowSide::kBid));
  append('a', book_.Levels(SlowSide::kAsk));
  return text;
}

}  // namespace thalweg::oracle
