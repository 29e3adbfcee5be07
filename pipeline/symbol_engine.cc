#include "pipeline/symbol_engine.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/decimal.h"
#include "pipeline/engine.h"

namespace thalweg {
namespace {

// A crossed book that lasts this long, in event time, is audited by a snapshot.
constexpr Nanos kCrossedMax = 500 * kMillisecond;
// So many bookTicker audits that differ in a row make the engine ask for a snapshot.
constexpr int kAuditsDifferingMax = 3;
// A snapshot that did not come for so long, in receive time, is asked for again.
constexpr Nanos kSnapshotPatience = 10 * kSecond;
// Intensities (half-life 1 s) count as settled after 5 half-lives.
constexpr Nanos kIntensityWarmup = 5 * kSecond;

constexpr QualityWord kAllWarmups =
    (((QualityWord{1} << quality::kWarmupWindows.size()) - 1) << quality::kFirstWarmupBit) |
    quality::kWarmupVpin | quality::kWarmupIntensity;

std::vector<Price> ParseSizes(const std::vector<std::string>& names) {
  std::vector<Price> sizes;
  sizes.reserve(names.size());
  // Validated with the options.
  for (const std::string& name : names) sizes.push_back(ParsePositivePrice(name).value());
  return sizes;
}

Price CommonDivisor(const std::vector<Price>& prices) {
  std::int64_t divisor = 0;
  for (const Price price : prices) divisor = std::gcd(divisor, price.raw());
  return Price(divisor);
}

std::string_view Describe(SnapshotVerdict verdict) noexcept {
  switch (verdict) {
    case SnapshotVerdict::kGood:
      return "good";
    case SnapshotVerdict::kBadPrice:
      return "a price is out of range";
    case SnapshotVerdict::kZeroQty:
      return "a level has quantity zero";
    case SnapshotVerdict::kDuplicate:
      return "a price stands twice";
    case SnapshotVerdict::kUnsorted:
      return "levels are not in order, best first";
    case SnapshotVerdict::kCrossed:
      return "the best bid is not below the best ask";
  }
  return "";
}

// The limit of a snapshot that does not say what it was asked with.
std::size_t AssumedLimit(const DepthSnapshot& snapshot, const EngineOptions& options) noexcept {
  const std::size_t deepest = std::max(snapshot.bids.size(), snapshot.asks.size());
  return options.snapshot_limit.value_or(deepest > kDefaultSnapshotLimit ? kDeepSnapshotLimit
                                                                         : kDefaultSnapshotLimit);
}

// A count that was told may be any number: their sum stays at its largest value.
void AddLosses(std::int64_t count, std::int64_t* total) noexcept {
  if (__builtin_add_overflow(*total, count, total)) *total = INT64_MAX;
}

SnapshotReach ReachOf(const DepthSnapshot& snapshot, std::size_t limit) noexcept {
  SnapshotReach reach{snapshot.bids.size(), snapshot.asks.size(), limit, {}, {}, {}, {}};
  if (!snapshot.bids.empty()) {
    reach.best_bid = snapshot.bids.front().price;
    reach.worst_bid = snapshot.bids.back().price;
  }
  if (!snapshot.asks.empty()) {
    reach.best_ask = snapshot.asks.front().price;
    reach.worst_ask = snapshot.asks.back().price;
  }
  return reach;
}

// COIN-M by the payload's own word, else by the pair being quoted in USD ("BTCUSD_PERP").
Market FuturesMarket(const DepthDiff& diff, std::string_view symbol) noexcept {
  if (diff.market_segment) return *diff.market_segment == 2 ? Market::kCoinM : Market::kUsdM;
  const std::size_t underscore = symbol.find('_');
  const bool inverse =
      underscore != std::string_view::npos && symbol.substr(0, underscore).ends_with("USD");
  return inverse ? Market::kCoinM : Market::kUsdM;
}

}  // namespace

SymbolEngine::SymbolEngine(SymbolId id, std::string name, const EngineOptions& options,
                           const Catalogue& catalogue, EngineOutput& output)
    : id_(id),
      name_(std::move(name)),
      options_(options),
      catalogue_(catalogue),
      output_(output),
      bucket_names_(BucketSizesOf(options, name_)),
      bucket_sizes_(ParseSizes(bucket_names_)),
      grid_(CommonDivisor(bucket_sizes_)),
      book_(bucket_sizes_, options.bucket_rounding, options.on_gap, grid_, *this),
      audit_schedule_(options.audit_interval, name_),
      record_(catalogue.features().size()) {
  tick_bids_.reserve(kScratchLevels);
  tick_asks_.reserve(kScratchLevels);
  const auto settle = [this](const std::vector<Instrument>& instruments, InstrumentSource source) {
    for (const Instrument& instrument : instruments) {
      if (instrument.symbol != name_) continue;
      trading_ = trading_ && instrument.trading;
      if (!grid_.settled()) (void)grid_.Settle(instrument, source, true);
      NoteUnit(instrument);
    }
  };
  settle(options.instruments, InstrumentSource::kOption);
  settle(options.file_instruments, InstrumentSource::kFile);
  if (options.market) {
    market_ = *options.market;
    market_known_ = true;
    book_.set_numbering(market_ == Market::kSpot ? Numbering::kSpot : Numbering::kFutures);
  }
}

// --- Frames -----------------------------------------------------------------------------------

void SymbolEngine::OnDepth(const FrameHead& head, Decoder& decoder, ReceiveTime received) {
  seen_ = true;
  // Another speed of the same book is complete on its own and never mixed in.
  if (!FeedsBook(head.stream_type)) return OnUnusedFrame();

  DepthDiff diff;
  int unit = 0;
  DecodeVerdict verdict = DecodeExactly(
      decoder, [&](int decimals) { return decoder.DecodeDepth(head, decimals, &diff); }, &unit);
  EndStage(Stage::kDecode);
  const DiffIds ids{diff.first, diff.last, diff.previous};
  if (verdict == DecodeVerdict::kOk && market_known_ && !WellFormed(book_.numbering(), ids)) {
    verdict = DecodeVerdict::kBadIds;
  }
  std::optional<GridStep> step;
  if (verdict == DecodeVerdict::kOk) {
    step = JudgeGrid(diff.bids, diff.asks, unit);
    if (!step) verdict = DecodeVerdict::kOutOfRange;
  }
  if (verdict != DecodeVerdict::kOk) {
    OnMalformed(verdict);
    book_.OnDiffLost();
    return;
  }
  if (!depth_stream_ || depth_stream_->empty()) depth_stream_ = head.stream_type;
  DecideMarket(diff);
  ++counts_.depth_frames;
  const EventTime time =
      Advance(diff.transaction_time.value_or(diff.event_time), diff.event_time, received);
  TakeGrid(*step, diff.bids, diff.asks);
  StreamState& stream = input_.stream(StreamKind::kDepth);
  stream.Open();
  const KeptDiff kept{
      ids, stream.Effective(time), received, grid_.qty_decimals(), false, diff.bids, diff.asks};

  const UpdateId before = book_.id();
  switch (book_.OnDiff(kept, clock_.now())) {
    case DiffAnswer::kDrop:
      return;
    case DiffAnswer::kRefuse:
      assert(false && "ids were checked before");
      return;
    case DiffAnswer::kKeepAfterGap:
    case DiffAnswer::kKeepAfterHole:
      Tell(NoticeKind::kSequenceGap, {.a = before.raw(), .b = ids.first.raw()});
      break;
    case DiffAnswer::kKeepAfterRestart:
      ticker_audit_.Clear();
      last_ticker_id_.reset();
      trade_ids_may_restart_ = true;
      Tell(NoticeKind::kIdsRestarted, {.a = before.raw(), .b = ids.first.raw()});
      break;
    case DiffAnswer::kApply:
    case DiffAnswer::kKeep:
      break;
  }
  stream.PutIn(kept.effective_time);
  WatchAudits();
}

void SymbolEngine::OnTicker(const FrameHead& head, Decoder& decoder, ReceiveTime received) {
  seen_ = true;
  BookTicker ticker;
  int unit = 0;
  const DecodeVerdict verdict = DecodeExactly(
      decoder, [&](int decimals) { return decoder.DecodeBookTicker(head, decimals, &ticker); },
      &unit);
  EndStage(Stage::kDecode);
  if (verdict != DecodeVerdict::kOk) return OnMalformed(verdict);
  const std::array levels{ticker.bid, ticker.ask};
  const std::optional<GridStep> step = JudgeGrid(levels, {}, unit);
  if (!step) return OnMalformed(DecodeVerdict::kOutOfRange);
  ++counts_.ticker_frames;
  std::optional<EventTime> time =
      ticker.transaction_time ? ticker.transaction_time : ticker.event_time;
  if (time) {
    time = Advance(*time, ticker.event_time, received);
  } else {
    // A spot bookTicker has no time of its own: it takes the clock's.
    clock_.OnUntimed(received);
    last_received_ = now_ = received;
    time = clock();
  }
  TakeGrid(*step, levels, {});
  StreamState& stream = input_.stream(StreamKind::kTicker);
  stream.Open();
  if (last_ticker_id_ && ticker.id <= *last_ticker_id_) {
    ++counts_.stale_tickers;
    return;
  }
  last_ticker_id_ = ticker.id;
  if (time) {
    time = stream.Effective(*time);
    stream.PutIn(*time);
    features_.ages.OnTicker(*time);
  }
  stream.Accept(time, received);
  if (!features_.touch.Set(ticker, time)) Tell(NoticeKind::kWindowOverflow);
  AuditTicker(ticker);
  WatchCrossing();
  if (options_.emit.ticker && clock_.started()) Emit(Trigger::kTicker, clock_.now(), received);
}

void SymbolEngine::OnTrade(const FrameHead& head, Decoder& decoder, ReceiveTime received) {
  seen_ = true;
  Trade trade;
  int unit = 0;
  const DecodeVerdict verdict = DecodeExactly(
      decoder, [&](int decimals) { return decoder.DecodeTrade(head, decimals, &trade); }, &unit);
  EndStage(Stage::kDecode);
  if (verdict != DecodeVerdict::kOk) return OnMalformed(verdict);
  const std::array levels{Level{trade.price, trade.qty}};
  std::optional<GridStep> step;
  if (NotionalFits(trade.price.raw(), trade.qty)) step = JudgeGrid(levels, {}, unit);
  if (!step) return OnMalformed(DecodeVerdict::kOutOfRange);
  ++counts_.trade_frames;
  const bool late = clock_.started() && trade.trade_time < clock_.now();
  const EventTime time = Advance(trade.trade_time, trade.event_time, received);
  TakeGrid(*step, levels, {});
  StreamState& stream = input_.stream(StreamKind::kTrade);
  stream.Open();

  const bool duplicate = last_trade_id_ && trade.id <= *last_trade_id_;
  if (duplicate && !trade_ids_may_restart_) {
    ++counts_.duplicate_trades;
    return;
  }
  trade_ids_may_restart_ = false;
  if (last_trade_id_ && trade.id - *last_trade_id_ != 1) {
    ++counts_.trade_gaps;
    input_.OnTradeGap(clock_.now());
    Tell(NoticeKind::kTradeGap, {.a = last_trade_id_->raw(), .b = trade.id.raw()});
  }
  last_trade_id_ = trade.id;
  if (!trade.market) {
    ++counts_.other_trades;
    return;
  }
  counts_.late_trades += late ? 1 : 0;
  const EventTime effective = stream.Effective(time);
  stream.PutIn(effective);
  stream.Accept(effective, received);
  features_.ages.OnTrade(trade, effective, features_.touch.mid2());
  features_.trade_flow.AdvanceTo(clock_.now());
  if (!features_.trade_flow.Add(trade, effective)) {
    Tell(NoticeKind::kWindowOverflow);
  }
  WatchCrossing();
  if (options_.emit.trade) Emit(Trigger::kTrade, clock_.now(), received);
}

void SymbolEngine::OnSnapshot(std::string_view body, Decoder& decoder,
                              std::optional<std::size_t> limit, ReceiveTime received) {
  last_received_ = now_ = received;
  snapshot_wanted_at_.reset();
  ++counts_.snapshots;
  DepthSnapshot snapshot;
  int unit = 0;
  const DecodeVerdict decoded = DecodeExactly(
      decoder, [&](int decimals) { return decoder.DecodeSnapshot(body, decimals, &snapshot); },
      &unit);
  if (decoded != DecodeVerdict::kOk) {
    return RefuseSnapshot(NoticeKind::kSnapshotMalformed, {.verdict = decoded});
  }
  const bool nothing = snapshot.bids.empty() && snapshot.asks.empty();
  if (snapshot.last.raw() <= 0 && !nothing) {
    return RefuseSnapshot(NoticeKind::kSnapshotRefused, {.text = "lastUpdateId is not positive"});
  }

  // Tried on a copy: a snapshot that is refused must not settle or change the grid.
  InstrumentGrid grid = grid_;
  grid.SetQtyDecimals(unit);
  const bool anew = grid.FitSnapshot(snapshot.bids, snapshot.asks);
  if (grid.Convert(snapshot.bids, &tick_bids_) != GridFit::kOnGrid ||
      grid.Convert(snapshot.asks, &tick_asks_) != GridFit::kOnGrid) {
    return RefuseSnapshot(NoticeKind::kSnapshotMalformed, {.verdict = DecodeVerdict::kOutOfRange});
  }
  const SnapshotVerdict verdict = ValidateSnapshot(tick_bids_, tick_asks_);
  if (verdict != SnapshotVerdict::kGood) {
    return RefuseSnapshot(NoticeKind::kSnapshotRefused, {.text = Describe(verdict)});
  }

  const Price tick = grid.scale().tick;
  if (!TryRefine(anew ? grid_.scale().tick : tick, unit)) {
    return RefuseSnapshot(NoticeKind::kSnapshotMalformed, {.verdict = DecodeVerdict::kOutOfRange});
  }
  if (anew) {
    Tell(NoticeKind::kInstrumentInferred, {.price = tick});
    grid_ = grid;
  }
  book_.PrepareStandby();
  const std::size_t asked = limit.value_or(AssumedLimit(snapshot, options_));
  snapshot_reach_ = ReachOf(snapshot, asked);
  if (book_.OnSnapshot(snapshot.last, tick_bids_, tick_asks_, asked) == SnapshotOutcome::kTooOld) {
    Tell(NoticeKind::kSnapshotTooOld, {.a = snapshot.last.raw()});
  }
}

void SymbolEngine::RefuseSnapshot(NoticeKind kind, const Notice& notice) {
  ++counts_.refused_snapshots;
  Tell(kind, notice);
  book_.OnSnapshotRefused();
}

void SymbolEngine::OnInstrument(const Instrument& instrument, InstrumentSource source) {
  if (trading_ != instrument.trading) {
    trading_ = instrument.trading;
    Tell(trading_ ? NoticeKind::kTrading : NoticeKind::kHalted);
  }
  if (!grid_.settled()) {
    (void)grid_.Settle(instrument, source, !seen_);
    return NoteUnit(instrument);
  }
  NoteUnit(instrument);
  const Price stated = instrument.tick;
  const Price present = grid_.scale().tick;
  if (stated.raw() == 0) return;
  if (grid_.source() < source) {
    if (stated != present && !disagreement_told_) {
      disagreement_told_ = true;
      Tell(NoticeKind::kSourcesDisagree, {.price = stated});
    }
    return;
  }
  if (instrument.qty_decimals > grid_.qty_decimals())
    (void)TryRefine(present, instrument.qty_decimals);
  grid_.set_pending_tick(std::nullopt);
  if (stated > present && stated.raw() % present.raw() == 0) {
    grid_.set_pending_tick(stated);
    Tell(NoticeKind::kTickCoarser, {.price = stated});
  } else if (stated != present) {
    (void)TryRefine(Price(std::gcd(stated.raw(), present.raw())), grid_.qty_decimals());
  }
}

void SymbolEngine::OnDelisted() {
  if (std::exchange(trading_, false)) Tell(NoticeKind::kDelisted);
}

// --- Losses and time --------------------------------------------------------------------------

void SymbolEngine::OnDropped(StreamKind stream, std::int64_t count) {
  AddLosses(count, &counts_.lost_inputs);
  Tell(NoticeKind::kInputLost, {.a = count});
  input_.OnLoss(clock());
  if (stream == StreamKind::kDepth) book_.OnDiffLost();
}

void SymbolEngine::OnLost(std::int64_t count) {
  AddLosses(count, &counts_.lost_inputs);
  input_.OnLoss(clock());
}

void SymbolEngine::BeginAudit() {
  if (live()) (void)book_.WantSnapshot(SnapshotReason::kAudit);
}

void SymbolEngine::OnTimer(ReceiveTime now) {
  now_ = now;
  if (!snapshot_wanted_at_ || now - *snapshot_wanted_at_ < kSnapshotPatience) return;
  snapshot_wanted_at_ = now;
  output_.OnSnapshotWanted(*this, SnapshotReason::kUnusable);
}

EventTime SymbolEngine::Advance(EventTime time, std::optional<EventTime> event_time,
                                ReceiveTime received) {
  const EventClock::Step step = clock_.Judge(time, received);
  last_received_ = now_ = received;
  if (step.restarts) {
    RestartClock(step.clock);
  } else {
    EmitTimersBefore(step, received);
  }
  clock_.Take(step, time, received);
  input_.OnClock(clock_.now());
  // A frame's other time, E beside a good T, is not believed either when it is that far ahead: the
  // least lag would keep it for ever.
  const bool event_leaps = event_time && *event_time - clock_.now() > kTimeLeapMax;
  if (step.disbelieved || event_leaps) {
    ++counts_.disbelieved_times;
    Tell(NoticeKind::kTimeDisbelieved,
         {.a = step.disbelieved ? time.raw() : event_time->raw(), .b = clock_.now().raw()});
  } else if (event_time) {
    features_.ages.OnLag(received.raw() - event_time->raw());
  }
  return step.time;
}

// The clock's first time was wrong, and no record has told it: what it stamped is forgotten.
void SymbolEngine::RestartClock(EventTime time) {
  Tell(NoticeKind::kClockRestarted, {.a = clock_.now().raw(), .b = time.raw()});
  ++counts_.disbelieved_times;
  features_ = FeatureVector();
  input_.Restart(time);
  // The diffs that wait have this time from now on, and those that follow them none before it.
  book_.Restamp(time);
  input_.stream(StreamKind::kDepth).PutIn(time);
}

// --- Exact numbers ----------------------------------------------------------------------------

template <class Decode>
DecodeVerdict SymbolEngine::DecodeExactly(Decoder& decoder, const Decode& decode, int* decimals) {
  *decimals = grid_.qty_decimals();
  const DecodeVerdict verdict = decode(*decimals);
  if (verdict == DecodeVerdict::kQtyTooFine) {
    *decimals = decoder.finest_qty_decimals();
    return decode(*decimals);
  }
  if (verdict != DecodeVerdict::kOutOfRange || !coarser_unit_) return verdict;
  *decimals = *coarser_unit_;
  return decode(*decimals) == DecodeVerdict::kOk ? DecodeVerdict::kOk : verdict;
}

std::optional<SymbolEngine::GridStep> SymbolEngine::JudgeGrid(std::span<const Level> a,
                                                              std::span<const Level> b,
                                                              int decimals) {
  Price tick = grid_.scale().tick;
  if (grid_.settled()) {
    const auto fit = [&](const InstrumentGrid& grid) {
      return std::max(grid.Convert(a, &tick_bids_), grid.Convert(b, &tick_asks_));
    };
    GridFit fits = fit(grid_);
    if (fits == GridFit::kOffGrid) {
      InstrumentGrid grid = grid_;
      tick = grid.Refined(b, grid.Refined(a, tick));
      (void)grid.RefineTick(tick);
      fits = fit(grid);
    }
    if (fits != GridFit::kOnGrid) return std::nullopt;
  }
  if (!CanRefine(tick, decimals)) return std::nullopt;
  return GridStep{tick, decimals};
}

void SymbolEngine::TakeGrid(const GridStep& step, std::span<const Level> a,
                            std::span<const Level> b) {
  Refine(step.tick, step.decimals);
  if (grid_.settled()) return;
  for (const Level& level : a) grid_.Remember(level.price);
  for (const Level& level : b) grid_.Remember(level.price);
}

bool SymbolEngine::TryRefine(Price tick, int decimals) {
  if (!CanRefine(tick, decimals)) return false;
  Refine(tick, decimals);
  return true;
}

bool SymbolEngine::CanRefine(Price tick, int decimals) {
  const int present = grid_.qty_decimals();
  if (tick == grid_.scale().tick && decimals == present) return true;
  if (decimals < present && !CanTakeCoarserUnit(decimals)) return false;
  return book_.CanRefine(grid_.scale().tick.raw() / tick.raw(),
                         PowerOfTen(std::max(decimals - present, 0)));
}

void SymbolEngine::Refine(Price tick, int decimals) {
  const int present = grid_.qty_decimals();
  if (tick == grid_.scale().tick && decimals == present) return;
  if (decimals < present) TakeCoarserUnit(decimals);
  const std::int64_t price_factor = grid_.RefineTick(tick);
  const std::int64_t qty_factor = PowerOfTen(std::max(decimals - present, 0));
  grid_.SetQtyDecimals(decimals);
  book_.Refine(price_factor, qty_factor);
  ticker_audit_.ScaleQuantities(qty_factor);
  // The next book's flow begins anew anyway.
  if (!book_.usable()) features_.order_flow.Restart();
  const bool prices_fit = features_.ScalePrices(price_factor);
  const bool quantities_fit = features_.ScaleQuantities(qty_factor);
  // What a window had to forget is missing in it like input that was lost.
  if (!prices_fit || !quantities_fit) input_.OnLoss(clock());
  if (price_factor != 1) Tell(NoticeKind::kTickRefined, {.price = tick});
  if (qty_factor != 1) Tell(NoticeKind::kUnitRefined, {.a = decimals});
}

// Only while there is no book, and everything remembered is a whole number of the coarser unit.
bool SymbolEngine::CanTakeCoarserUnit(int decimals) {
  if (clock_.started()) {
    features_.trade_flow.AdvanceTo(clock_.now());
    features_.touch.AdvanceTo(clock_.now());
  }
  const std::int64_t divisor = PowerOfTen(grid_.qty_decimals() - decimals);
  return features_.CanDivideQuantities(divisor) && ticker_audit_.CanDivideQuantities(divisor) &&
         book_.CanDivideQuantities(decimals);
}

void SymbolEngine::TakeCoarserUnit(int decimals) {
  const std::int64_t divisor = PowerOfTen(grid_.qty_decimals() - decimals);
  grid_.SetQtyDecimals(decimals);
  book_.DivideQuantities();
  features_.DivideQuantities(divisor);
  ticker_audit_.DivideQuantities(divisor);
  coarser_unit_.reset();
  Tell(NoticeKind::kUnitCoarsened, {.a = decimals});
}

void SymbolEngine::NoteUnit(const Instrument& instrument) noexcept {
  const bool coarser = instrument.qty_decimals < grid_.qty_decimals();
  coarser_unit_ = coarser ? std::optional(instrument.qty_decimals) : std::nullopt;
}

void SymbolEngine::OnMalformed(DecodeVerdict verdict) {
  ++counts_.malformed_frames;
  Tell(NoticeKind::kMalformedFrame, {.verdict = verdict});
}

// The first depth speed seen; a raw frame does not say its speed.
bool SymbolEngine::FeedsBook(std::string_view stream_type) const noexcept {
  return !depth_stream_ || depth_stream_->empty() || stream_type.empty() ||
         *depth_stream_ == stream_type;
}

bool SymbolEngine::UsesStream(std::string_view type, StreamKind kind) const noexcept {
  switch (kind) {
    case StreamKind::kDepth:
      return (type == "depth" || type.starts_with("depth@")) && FeedsBook(type);
    case StreamKind::kTicker:
      return type == "bookTicker";
    case StreamKind::kTrade:
      return type == (options_.trade_stream == TradeStream::kTrade ? "trade" : "aggTrade");
  }
  return false;
}

void SymbolEngine::DecideMarket(const DepthDiff& diff) {
  if (market_known_) return;
  market_known_ = true;
  market_ = diff.previous ? FuturesMarket(diff, name_) : Market::kSpot;
  book_.set_numbering(diff.previous ? Numbering::kFutures : Numbering::kSpot);
}

// --- Book -------------------------------------------------------------------------------------

void SymbolEngine::OnSynchronised(const KeptDiff& first) {
  const bool very_first = !first_applied_;
  if (very_first) {
    first_applied_ = first.ids;
    next_timer_ = FirstTimer(clock_.now());
    clock_.Confirm();
  }
  if (const std::optional<Price> coarser = grid_.pending_tick()) {
    book_.Coarsen(grid_.TakePendingTick(book_.CommonTick(*coarser)));
  }
  audit_schedule_.OnEdgesSet();
  synchronised_at_ = first.effective_time;
  first_record_due_ = true;
  content_ = 0;
  features_.order_flow.Restart();
  crossed_since_.reset();
  Tell(NoticeKind::kSynchronised, {.a = first.ids.last.raw()});
}

void SymbolEngine::OnApplied(const KeptDiff& diff) {
  input_.stream(StreamKind::kDepth).Accept(diff.effective_time, diff.receive_time);
  features_.ages.OnDepth(diff.effective_time);
  if (book_.usable()) {
    const OrderBook& book = book_.book();
    QuoteState quote;
    if (!book.ladder(Side::kBid).empty()) {
      const TickLevel best = book.ladder(Side::kBid).best_level();
      quote.bid = best.price.raw();
      quote.bid_qty = best.qty.raw();
    }
    if (!book.ladder(Side::kAsk).empty()) {
      const TickLevel best = book.ladder(Side::kAsk).best_level();
      quote.ask = best.price.raw();
      quote.ask_qty = best.qty.raw();
    }
    features_.order_flow.AdvanceTo(clock_.now());
    if (!features_.order_flow.Add(diff.effective_time, quote)) {
      Tell(NoticeKind::kWindowOverflow);
    }
    content_ &= ~(quality::kCrossed | quality::kOneSided);
    if (book.one_sided()) content_ |= quality::kOneSided;
    if (quote.crossed()) {
      content_ |= quality::kCrossed;
      ++counts_.crossed_events;
      if (!crossed_since_) {
        crossed_since_ = clock_.now();
        crossing_told_ = false;
        Tell(NoticeKind::kCrossed, {.a = book_.id().raw()});
      }
    } else {
      crossed_since_.reset();
    }
    if (live()) OnTickerVerdict(ticker_audit_.Judge(book_.id(), book_quotes()), book_.id());
    WatchCrossing();
  }
}

void SymbolEngine::OnDiffDone(const KeptDiff& diff) {
  if (diff.recorded) return;
  if (options_.emit.depth) Emit(Trigger::kDepth, clock_.now(), diff.receive_time);
  first_record_due_ = false;
}

void SymbolEngine::OnBookLost() { crossed_since_.reset(); }

void SymbolEngine::OnAudit(bool agreed) {
  audit_diverged_ = !agreed;
  if (agreed) {
    audits_differing_ = 0;
    audit_schedule_.OnEdgesSet();
  }
}

void SymbolEngine::OnDiverged(const Divergence& divergence) {
  auto evidence = std::make_shared<const AuditEvidence>(EvidenceOf(divergence));
  Tell(NoticeKind::kAuditDiverged, {.a = evidence->id.raw(), .text = Describe(*evidence)});
  output_.OnDivergence(*this, evidence);
}

AuditEvidence SymbolEngine::EvidenceOf(const Divergence& divergence) const {
  AuditEvidence evidence;
  evidence.instrument = {name_, scale().tick, Price(), grid_.qty_decimals(), trading_};
  evidence.market = market_;
  evidence.id = divergence.book.id();
  evidence.clock = clock_.now();
  evidence.received = last_received_;

  const BookDifference difference = DifferenceInside(divergence.book, divergence.snapshot);
  evidence.differing_levels = difference.levels;
  if (difference.first) {
    evidence.first_side = difference.first->side;
    evidence.first_price = scale().ToPrice(difference.first->price);
    evidence.first_in_book = difference.first->a;
    evidence.first_in_answer = difference.first->b;
  }

  const auto in_prices = [this](const std::vector<TickLevel>& levels) {
    std::vector<Level> prices;
    prices.reserve(levels.size());
    for (const TickLevel& level : levels) {
      prices.push_back({scale().ToPrice(level.price), level.qty});
    }
    return prices;
  };
  for (const Side side : {Side::kBid, Side::kAsk}) {
    AuditEvidence::Half& half = evidence.book[static_cast<std::size_t>(side)];
    divergence.book.ladder(side).Walk([&](TickLevel level) {
      half.levels.push_back({scale().ToPrice(level.price), level.qty});
      return true;
    });
    const std::optional<Ticks> edge = divergence.book.known_edge(side);
    if (edge) half.known_edge = scale().ToPrice(*edge);
  }
  const auto add_event = [&evidence](const KeptDiff& diff) {
    evidence.events.push_back({diff.ids, diff.effective_time, diff.receive_time, diff.qty_decimals,
                               std::vector<Level>(diff.bids.begin(), diff.bids.end()),
                               std::vector<Level>(diff.asks.begin(), diff.asks.end())});
  };
  for (std::size_t i = 0; i < divergence.retained.size(); ++i) {
    add_event(divergence.retained.at(i));
  }
  if (divergence.newest != nullptr) add_event(*divergence.newest);
  evidence.answer_id = divergence.answer.id;
  evidence.answer_limit = divergence.answer.limit;
  evidence.answer_bids = in_prices(divergence.answer.bids);
  evidence.answer_asks = in_prices(divergence.answer.asks);
  return evidence;
}

void SymbolEngine::OnBucketsRepaired() {
  audit_diverged_ = true;
  Tell(NoticeKind::kBucketsRepaired, {.a = book_.id().raw()});
}

// One in the background has its own patience, on the event clock.
void SymbolEngine::OnSnapshotWanted(SnapshotReason reason) {
  if (!IsBackground(reason)) snapshot_wanted_at_ = last_received_;
  output_.OnSnapshotWanted(*this, reason);
}

// bookTicker against the live book: at once when both have one id, later when the book comes to it.
// An old book that serves has holes, which is no news.
void SymbolEngine::AuditTicker(const BookTicker& ticker) {
  if (live() && ticker.id == book_.id()) {
    OnTickerVerdict(TickerAudit::Compare(ticker, book_quotes()), ticker.id);
  } else {
    ticker_audit_.Await(ticker);
  }
}

void SymbolEngine::OnTickerVerdict(TickerAudit::Verdict verdict, UpdateId id) {
  if (verdict == TickerAudit::Verdict::kNone) return;
  ++counts_.ticker_audits;
  audit_diverged_ = verdict == TickerAudit::Verdict::kDiffers;
  if (!audit_diverged_) {
    ++counts_.ticker_audits_equal;
    audits_differing_ = 0;
    return;
  }
  Tell(NoticeKind::kAuditDiverged,
       {.a = id.raw(), .text = "bookTicker of the same id has other best quotes"});
  // A ticker that does not confirm a crossed book is reason enough.
  if (++audits_differing_ < kAuditsDifferingMax && !crossed_since_) return;
  if (book_.WantSnapshot(SnapshotReason::kAudit)) audits_differing_ = 0;
}

void SymbolEngine::WatchCrossing() {
  if (!crossed_since_ || crossing_told_ || clock_.now() - *crossed_since_ < kCrossedMax) return;
  crossing_told_ = book_.WantSnapshot(SnapshotReason::kAudit);
}

// After each depth event. The answer may be retained for, given up, or wished now.
void SymbolEngine::WatchAudits() {
  if (!live()) return;
  const EventTime clock = clock_.now();
  if (book_.awaits_background()) {
    if (audit_schedule_.IsGivenUp(clock)) book_.GiveUpBackground();
    return;
  }
  const std::optional<SnapshotReason> reason =
      audit_schedule_.Due(book_.book(), scale().tick, clock);
  if (reason && book_.WantSnapshot(*reason)) audit_schedule_.OnWish(clock);
}

BestQuotes SymbolEngine::book_quotes() const noexcept {
  const auto best = [this](Side side) {
    const LevelLadder& ladder = book_.book().ladder(side);
    if (ladder.empty()) return Level{};
    const TickLevel level = ladder.best_level();
    return Level{scale().ToPrice(level.price), level.qty};
  };
  return {best(Side::kBid), best(Side::kAsk)};
}

SymbolState SymbolEngine::state() const noexcept {
  if (!trading_) return SymbolState::kHalted;
  switch (book_.state()) {
    case BookState::kDown:
      return SymbolState::kDown;
    case BookState::kLive:
      return SymbolState::kLive;
    case BookState::kServed:
      return SymbolState::kResync;
    case BookState::kInvalid:
      break;
  }
  return first_applied_ ? SymbolState::kResync : SymbolState::kBuffering;
}

// --- Records ----------------------------------------------------------------------------------

// The first multiple of the emit interval that is not before `time`.
EventTime SymbolEngine::FirstTimer(EventTime time) const noexcept {
  const Nanos interval = std::max<Nanos>(options_.emit.interval, 1);
  return EventTime((time.raw() + interval - 1) / interval * interval);
}

void SymbolEngine::EmitTimersBefore(const EventClock::Step& step, ReceiveTime received) {
  const Nanos interval = options_.emit.interval;
  if (interval == 0 || !first_applied_) return;
  for (; next_timer_ < step.passed_to; next_timer_ = next_timer_ + interval) {
    Emit(Trigger::kTimer, next_timer_, received);
  }
  // Beyond it the clock leapt, which is no time that passed.
  if (next_timer_ < step.clock) next_timer_ = FirstTimer(step.clock);
}

void SymbolEngine::Emit(Trigger trigger, EventTime clock, ReceiveTime received) {
  if (!first_applied_) return;
  EndStage(Stage::kBook);
  content_ = features_.Compute(book(), bucket_sizes_.size(), scale(), clock, record_.features());
  const QualityWord word =
      content_ | StateQuality() | input_.At(clock, last_received_) | WarmupQuality(clock);
  told_ = {state(), word};

  RecordHeader header;
  header.flags = word;
  if (trigger == Trigger::kDepth && first_record_due_) header.flags |= quality::kFirstAfterResync;
  header.schema_hash = catalogue_.schema_hash();
  header.recv_ns = received.raw();
  header.event_ns = clock.raw();
  header.update_id = static_cast<std::uint64_t>(book_.id().raw());
  header.symbol_id = Index(id_);
  header.trigger = static_cast<std::uint16_t>(trigger);
  record_.set_header(header);
  EndStage(Stage::kFeatures);
  output_.OnRecord(*this, record_);
}

// What follows from the state of the book and of the symbol.
QualityWord SymbolEngine::StateQuality() const noexcept {
  QualityWord word = 0;
  if (!book_.usable()) word |= quality::kBookInvalid | quality::kResyncing;
  if (book_.state() == BookState::kServed) word |= quality::kResyncing;
  if (!trading_) word |= quality::kHalted;
  if (grid_.inferred()) word |= quality::kInstrumentInferred;
  if (audit_diverged_) word |= quality::kAuditDiverged;
  return word;
}

QualityWord SymbolEngine::quality() const noexcept {
  const EventTime clock = clock_.started() ? clock_.now() : EventTime();
  return (book_.usable() ? content_ : 0) | StateQuality() | input_.At(clock, now_) |
         WarmupQuality(clock);
}

void SymbolEngine::TellStatus() {
  const Status now = status();
  if (now == told_) return;
  told_ = now;
  output_.OnStatus(*this);
}

QualityWord SymbolEngine::WarmupQuality(EventTime clock) const noexcept {
  if (!first_applied_) return kAllWarmups;
  // The volume-synchronised probability of informed trading has no volume configured: not warm.
  QualityWord word = quality::kWarmupVpin;
  const Nanos since_start = clock - clock_.first();
  const Nanos since_sync = std::min(since_start, clock - synchronised_at_);
  for (std::size_t i = 0; i < quality::kWarmupWindows.size(); ++i) {
    if (since_sync < quality::kWarmupWindows[i]) {
      word |= 1ULL << (quality::kFirstWarmupBit + static_cast<int>(i));
    }
  }
  if (since_start < kIntensityWarmup) word |= quality::kWarmupIntensity;
  return word;
}

void SymbolEngine::Tell(NoticeKind kind, Notice notice) const {
  notice.kind = kind;
  notice.symbol = name_;
  output_.OnNotice(notice);
}

}  // namespace thalweg
