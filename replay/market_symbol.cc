#include "replay/market_symbol.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "core/decimal.h"

namespace thalweg {
namespace {

// Where BTCUSDT stood, in ticks of 0.01, when the distances below were measured.
constexpr std::int64_t kMeasuredTicks = 6'180'000;
constexpr Nanos kAnswerDelayMin = 5 * kMillisecond;
constexpr Nanos kAnswerDelaySpread = 75 * kMillisecond;
constexpr Nanos kTransit = 1'500 * kMicrosecond;
constexpr Nanos kTransitSpread = 300 * kMicrosecond;
// Near this part of where it began a falling price turns.
constexpr std::int64_t kFloorPart = 10;
constexpr std::size_t kLevelsKeptThin = 12;
constexpr std::size_t kCancelsPerInterval = 1'000;
constexpr std::size_t kLevelsPerMove = 250;
constexpr std::int64_t kFarActionsMax = 1'200;  // An interval; a busier one is cut there.
constexpr std::int64_t kFollowersMax = 20;
constexpr std::int64_t kFalseStarts = kQ16 * 45 / 100;  // Share of moves.

// Distances from the touch, in ticks, of what makers do behind it.
constexpr std::array<Quantile, 16> kFarDistance{{{0, 2},
                                                 {640, 10},
                                                 {2'210, 100},
                                                 {4'210, 200},
                                                 {9'250, 500},
                                                 {15'780, 1'000},
                                                 {25'330, 2'000},
                                                 {40'150, 5'000},
                                                 {51'620, 10'000},
                                                 {60'860, 20'000},
                                                 {62'280, 50'000},
                                                 {62'860, 100'000},
                                                 {64'600, 500'000},
                                                 {65'400, 2'000'000},
                                                 {65'530, 6'000'000},
                                                 {65'536, 13'800'000}}};
// Quantities of levels, in 1e-5 of the base asset.
constexpr std::array<Quantile, 9> kFarQty{{{0, 5},
                                           {6'554, 59},
                                           {19'661, 900},
                                           {32'768, 5'400},
                                           {45'875, 23'000},
                                           {58'982, 76'300},
                                           {64'225, 600'000},
                                           {65'400, 2'500'000},
                                           {65'536, 40'000'000}}};
constexpr std::array<Quantile, 5> kTouchQty{
    {{0, 2'000}, {16'384, 60'000}, {45'875, 350'000}, {62'259, 900'000}, {65'536, 2'000'000}}};
constexpr std::array<Quantile, 7> kTradeQty{{{0, 1},
                                             {6'554, 9},
                                             {32'768, 67},
                                             {58'982, 5'763},
                                             {64'881, 32'425},
                                             {65'500, 150'000},
                                             {65'536, 690'000}}};
// Fills of a taker order.
constexpr std::array<Quantile, 9> kFills{{{0, 1},
                                          {42'000, 1},
                                          {52'000, 2},
                                          {58'982, 5},
                                          {62'900, 10},
                                          {64'881, 21},
                                          {65'400, 70},
                                          {65'505, 250},
                                          {65'536, 735}}};
// How far a move takes the price, in ticks.
constexpr std::array<Quantile, 7> kMove{{{0, 1},
                                         {9'830, 10},
                                         {26'214, 60},
                                         {45'875, 250},
                                         {58'982, 800},
                                         {64'881, 2'500},
                                         {65'536, 7'000}}};
// Of an exponential distribution with mean 1, in Q16.
constexpr std::array<Quantile, 9> kExponential{{{0, 0},
                                                {16'384, 18'854},
                                                {32'768, 45'426},
                                                {49'152, 90'852},
                                                {57'344, 136'278},
                                                {61'440, 181'704},
                                                {63'488, 227'130},
                                                {65'280, 363'408},
                                                {65'536, 720'000}}};

// Means of one tenth of a second at BTCUSDT's activity, in Q16.
constexpr std::int64_t kFarActions = 20 * kQ16;  // The median; the log is normal.
constexpr std::int64_t kTouchActions = 4 * kQ16;
constexpr std::int64_t kTakerOrders = kQ16 * 55 / 100;
constexpr std::int64_t kMoves = kQ16 / 12;

constexpr Side Opposite(Side side) { return side == Side::kBid ? Side::kAsk : Side::kBid; }
constexpr std::size_t Index(Side side) { return static_cast<std::size_t>(side); }
constexpr std::int64_t Times(std::int64_t a, std::int64_t b) { return (a * b) / kQ16; }

// A step of a normal process with deviation 1 that keeps `kept` of its value (Q16).
void Wander(std::int64_t kept, std::int64_t fresh, MarketRandom* random, std::int64_t* value) {
  *value = Times(kept, *value) + Times(fresh, random->Normal());
}

}  // namespace

MarketSymbol::MarketSymbol(const MarketOptions& options, std::size_t index, std::int64_t* last_id)
    : options_(options),
      start_price_(options.symbols[index].price),
      writing_(options.symbols[index].name, options.market, options.symbols[index].tick,
               options.symbols[index].step_decimals, options.depth_interval),
      activity_percent_(options.symbols[index].activity_percent),
      start_ticks_(options.symbols[index].price.raw() / options.symbols[index].tick.raw()),
      floor_(start_ticks_ / kFloorPart + 1),
      last_id_(last_id),
      phase_(static_cast<Nanos>(index * 7 % 10) * options.depth_interval / 10),
      random_(MarketRandom::Mix(options.seed) ^ MarketRandom::Mix(index + 1)) {
  trade_id_ = TradeId(4'000'000'000 + random_.Below(1'000'000'000));
  now_ = phase_;
  OpenBook();
  told_id_ = book_.id();
  touched_[0].clear();
  touched_[1].clear();
}

void MarketSymbol::OpenBook() {
  for (const Side side : {Side::kBid, Side::kAsk}) {
    const std::int64_t touch =
        TrueBook::Key(side, Ticks(side == Side::kBid ? start_ticks_ : start_ticks_ + 1));
    Set(side, touch, DrawTouchQty());
    const std::int64_t farthest = start_ticks_ / 2;
    for (std::int64_t distance = 0; book_.levels(side).size() < options_.levels;) {
      distance += 1 + Times(LevelGap(distance), random_.Draw(kExponential));
      if (distance > farthest) break;
      Set(side, touch + distance, DrawFarQty());
    }
  }
}

void MarketSymbol::Step() {
  text_.clear();
  lines_.clear();
  next_line = 0;
  const Nanos begin = phase_ + interval_number_ * options_.depth_interval;
  if (next_rules_) {
    const UnitChange change = NextUnits();
    if (!Conforms(change)) {
      now_ = begin;
      Conform(change);
      ++interval_number_;
      return;
    }
    TakeRules(change);
  }
  if (relisted_from_) OpenAnew(*std::exchange(relisted_from_, std::nullopt));
  mood_ = MoodAt(begin);
  Plan left = PlanInterval(mood_);
  const std::int64_t actions = left.far + left.touch + left.takers + left.moves;
  now_ = begin;
  KeepToMood();
  if (!random_.Chance(mood_.open_spread)) CloseSpread();
  TellTouch();
  const Nanos slot = options_.depth_interval / std::max<std::int64_t>(actions, 1);
  for (std::int64_t i = 0; i < actions; ++i) {
    now_ = std::max(now_ + 1, begin + i * slot + random_.Below(std::max<Nanos>(slot, 1)));
    Act(&left);
    TellTouch();
    KeepSnapshotsComing();
  }
  now_ = std::max(now_, begin + options_.depth_interval);
  KeepSnapshotsComing();
  TellDepth();
  ++interval_number_;
}

void MarketSymbol::Halt(Nanos until) {
  const Nanos intervals = (until - phase_) / options_.depth_interval + 1;
  interval_number_ = std::max(interval_number_, intervals);
}

void MarketSymbol::OpenAnew(std::int64_t first) {
  book_ = TrueBook();
  for (std::vector<std::int64_t>& keys : touched_) keys.clear();
  *last_id_ = first - 1;
  told_id_ = UpdateId(*last_id_);
  trade_id_ = TradeId(first - 1);
  told_bid_ = told_ask_ = {};
  OpenBook();
}

// ---- Other rules

MarketRules MarketSymbol::next_rules() const {
  MarketRules rules = next_rules_.value_or(MarketRules{});
  return {rules.tick.value_or(writing_.tick), rules.step_decimals.value_or(writing_.step_decimals)};
}

void MarketSymbol::Change(const MarketRules& rules) {
  const MarketRules before = next_rules();
  next_rules_ = MarketRules{rules.tick.value_or(*before.tick),
                            rules.step_decimals.value_or(*before.step_decimals)};
}

UnitChange MarketSymbol::NextUnits() const {
  const MarketRules rules = next_rules();
  const std::int64_t tick = rules.tick->raw();
  const std::int64_t before = writing_.tick.raw();
  const int decimals = *rules.step_decimals - writing_.step_decimals;
  return {.price_times = std::max<std::int64_t>(before / tick, 1),
          .price_by = std::max<std::int64_t>(tick / before, 1),
          .qty_times = PowerOfTen(std::max(decimals, 0)),
          .qty_by = PowerOfTen(std::max(-decimals, 0))};
}

bool MarketSymbol::Conforms(const UnitChange& change) const {
  for (const Side side : {Side::kBid, Side::kAsk}) {
    for (const auto& [key, qty] : book_.levels(side)) {
      if (key % change.price_by != 0 || qty % change.qty_by != 0) return false;
    }
  }
  return true;
}

// Orders that the new rules do not allow are taken back, as far as they do not.
void MarketSymbol::Conform(const UnitChange& change) {
  for (const Side side : {Side::kBid, Side::kAsk}) {
    std::vector<std::pair<std::int64_t, std::int64_t>> levels(book_.levels(side).begin(),
                                                              book_.levels(side).end());
    for (const auto& [key, qty] : levels) {
      const std::int64_t allowed =
          key % change.price_by == 0 ? qty - qty % change.qty_by : std::int64_t{0};
      if (allowed != qty) Set(side, key, allowed);
    }
  }
  TellTouch();
  TellDepth();
}

// REQUIRES: everything was told, so that only what comes is in the new units.
void MarketSymbol::TakeRules(const UnitChange& change) {
  const MarketRules rules = next_rules();
  next_rules_.reset();
  assert(touched_[0].empty() && touched_[1].empty());
  book_ = book_.InUnits(change);
  for (MarketLevel* const told : {&told_bid_, &told_ask_}) {
    told->price = Ticks(told->price.raw() * change.price_times / change.price_by);
    told->qty = Qty(told->qty.raw() * change.qty_times / change.qty_by);
  }
  writing_ = MarketWriting(writing_.symbol, writing_.market, *rules.tick, *rules.step_decimals,
                           options_.depth_interval);
  start_ticks_ = start_price_.raw() / writing_.tick.raw();
  floor_ = Ticks(start_ticks_ / kFloorPart + 1);
}

MarketSymbol::Mood MarketSymbol::MoodAt(Nanos since_start) const {
  Nanos cycle = 0;
  for (const RegimeSpan& span : options_.regimes) cycle += span.length;
  Nanos into = since_start % std::max<Nanos>(cycle, 1);
  std::size_t at = 0;
  while (into >= options_.regimes[at].length) into -= options_.regimes[at++].length;

  Mood mood;
  mood.levels_max = options_.levels;
  switch (options_.regimes[at].regime) {
    case Regime::kCalm:
      break;
    case Regime::kBurst:
      if (into % (5 * kSecond) < kSecond) {
        mood.messages = 6 * kQ16;
        mood.takers = 12 * kQ16;
        mood.moves = 4 * kQ16;
      }
      break;
    case Regime::kTrend:
      mood.moves = 2 * kQ16;
      mood.up = kQ16 * 3 / 4;
      break;
    case Regime::kCrash: {
      const bool falling = into < options_.regimes[at].length / 2;
      mood.messages = 3 * kQ16;
      mood.takers = 8 * kQ16;
      mood.moves = 30 * kQ16;
      mood.up = falling ? kQ16 / 10 : kQ16 * 9 / 10;
      mood.open_spread = falling ? kQ16 / 2 : kQ16 / 10;
      break;
    }
    case Regime::kOneSided:
      // Four seconds whole, one without bids, four whole, one without asks.
      if (into % (5 * kSecond) >= 4 * kSecond) {
        mood.absent = (into / (5 * kSecond)) % 2 == 0 ? Side::kBid : Side::kAsk;
      }
      [[fallthrough]];
    case Regime::kThin:
      mood.messages = kQ16 / 8;
      mood.takers = kQ16 / 8;
      mood.open_spread = kQ16 / 2;
      mood.sparse = 50;
      mood.levels_max = kLevelsKeptThin;
      break;
  }
  return mood;
}

MarketSymbol::Plan MarketSymbol::PlanInterval(const Mood& mood) {
  Wander(64'560, 11'270, &random_, &slow_);        // Keeps 0.985: some seven seconds.
  Wander(32'768, 56'756, &random_, &fast_);        // Keeps 0.5.
  Wander(63'570, 15'930, &random_, &taker_slow_);  // Keeps 0.97: three seconds.
  // The log2 of activity, deviation 1.22 / ln 2 for messages.
  const std::int64_t messages = Exp2(Times(51'500, slow_) + Times(103'000, fast_));
  const std::int64_t takers =
      Exp2(Times(51'500, slow_) + Times(40'000, fast_) + Times(72'000, taker_slow_));

  const auto share_of_tenth = [this](std::int64_t mean) {
    return mean * activity_percent_ / 100 * (options_.depth_interval / kMillisecond) / 100;
  };
  Plan plan;
  const std::int64_t busy = Times(messages, mood.messages);
  plan.far = std::min(random_.Round(Times(share_of_tenth(kFarActions), busy)), kFarActionsMax);
  plan.touch = random_.Round(Times(share_of_tenth(kTouchActions), busy));
  plan.takers = random_.Round(Times(share_of_tenth(kTakerOrders), Times(takers, mood.takers)));
  plan.moves = random_.Round(Times(Times(share_of_tenth(kMoves), messages), mood.moves));
  return plan;
}

void MarketSymbol::Act(Plan* left) {
  std::int64_t pick = random_.Below(left->far + left->touch + left->takers + left->moves);
  if (pick < left->far) {
    --left->far;
    return ActFar();
  }
  pick -= left->far;
  if (pick < left->touch) {
    --left->touch;
    return ActAtTouch();
  }
  pick -= left->touch;
  if (pick < left->takers) {
    --left->takers;
    return Take();
  }
  --left->moves;
  Move();
}

// A maker behind the touch.
void MarketSymbol::ActFar() {
  const Side side = random_.Chance(kQ16 * 46 / 100) ? Side::kBid : Side::kAsk;
  const std::optional<std::int64_t> best = BestKey(side);
  if (!best || mood_.absent == side) return;
  const std::int64_t distance = Scaled(random_.Draw(kFarDistance)) * mood_.sparse;
  const std::int64_t key = *best + std::max<std::int64_t>(distance, 1);
  if (TrueBook::Price(side, key).raw() <= 0) return;

  const TrueBook::Levels& levels = book_.levels(side);
  const auto above = levels.lower_bound(key);  // The first level at or beyond the place.
  const auto below = std::prev(above);         // The touch at least is before it.
  const bool taken = above != levels.end() && above->first == key;
  const std::int64_t what = random_.Below(100);
  if (what < 9 && !taken) {  // There and gone within the interval.
    Set(side, key, DrawFarQty());
    Set(side, key, 0);
    return;
  }
  const bool upper_is_near = above != levels.end() && above->first - key <= key - below->first;
  const std::int64_t nearest = upper_is_near ? above->first : below->first;
  if (what < 23) {
    Set(side, nearest, nearest == *best ? DrawTouchQty() : DrawFarQty());
    return;
  }
  const std::int64_t wide = 2 * LevelGap(distance);
  const std::int64_t gap = above == levels.end() ? 100 * wide : above->first - below->first;
  if (!taken && random_.Below(gap + wide) < gap) {
    Set(side, key, DrawFarQty());
  } else if (nearest != *best) {
    Set(side, nearest, 0);
  }
}

// A maker at the touch.
void MarketSymbol::ActAtTouch() {
  const Side side = random_.Chance(kQ16 / 2) ? Side::kBid : Side::kAsk;
  if (const std::optional<std::int64_t> best = BestKey(side)) Set(side, *best, DrawTouchQty());
}

// A taker order: fills against the other side's touch.
void MarketSymbol::Take() {
  const bool same = random_.Chance(kQ16 * 3 / 4);
  if (!same) {
    last_taker_ = last_taker_ == Aggressor::kBuyer ? Aggressor::kSeller : Aggressor::kBuyer;
  }
  const Side side = last_taker_ == Aggressor::kBuyer ? Side::kAsk : Side::kBid;
  for (std::int64_t fills = random_.Draw(kFills); fills > 0; --fills) {
    const TrueBook::Levels& levels = book_.levels(side);
    if (levels.size() < 2) return;
    const auto [key, resting] = *levels.begin();
    const std::int64_t qty = std::min(random_.Draw(kTradeQty), resting);
    Fill(last_taker_, TrueBook::Price(side, key), qty);
    Set(side, key, resting - qty);
  }
  CloseSpread();
}

// The price goes to another place: one side's levels up to it go away, by a taker or because their
// makers take them back, and the other side follows.
void MarketSymbol::Move() {
  if (!random_.Chance(kQ16 * 6 / 10)) {
    last_move_ = random_.Chance(mood_.up) ? Side::kAsk : Side::kBid;
    // Weakly home, so that a market of any length stays a market.
    const std::optional<std::int64_t> bid = BestKey(Side::kBid);
    if (bid && random_.Chance(kQ16 / 8))
      last_move_ = -*bid > start_ticks_ ? Side::kBid : Side::kAsk;
  }
  const std::optional<std::int64_t> low = BestKey(Side::kBid);
  if (low && TrueBook::Price(Side::kBid, *low) <= floor_) last_move_ = Side::kAsk;
  const Side side = last_move_;  // The side that gives way.
  const std::optional<std::int64_t> best = BestKey(side);
  if (!best) return;
  std::int64_t target = *best + std::max<std::int64_t>(Scaled(random_.Draw(kMove)), 1);
  if (side == Side::kBid) target = std::min(target, TrueBook::Key(side, floor_));
  const bool taken = random_.Chance(kQ16 / 6);
  const Aggressor aggressor = side == Side::kAsk ? Aggressor::kBuyer : Aggressor::kSeller;
  for (std::size_t gone = 0; gone < kLevelsPerMove; ++gone) {
    const TrueBook::Levels& levels = book_.levels(side);
    if (levels.size() < 2 || levels.begin()->first >= target) break;
    const auto [key, resting] = *levels.begin();
    if (taken) Fill(aggressor, TrueBook::Price(side, key), resting);
    Set(side, key, 0);
  }
  if (taken) last_taker_ = aggressor;
  Set(side, *BestKey(side), DrawTouchQty());
  if (random_.Chance(mood_.open_spread)) return;
  Follow(side, *best, target - *best);
}

// The other side takes the ground that was given up, or, after a false start, gives it back.
void MarketSymbol::Follow(Side gave_way, std::int64_t old_best, std::int64_t ground) {
  const Side side = Opposite(gave_way);
  const std::optional<std::int64_t> before = BestKey(side);
  CloseSpread();
  const std::optional<std::int64_t> front = BestKey(side);
  if (!front || front == before) return;
  const std::int64_t followers = random_.Below(kFollowersMax);
  followed_.assign(1, *front);
  for (std::int64_t i = 0; i < followers; ++i) {
    followed_.push_back(*front + 1 + random_.Below(ground));
    Set(side, followed_.back(), DrawFarQty());
  }
  if (!random_.Chance(kFalseStarts)) return;
  for (const std::int64_t key : followed_) Set(side, key, 0);
  Set(gave_way, old_best, DrawTouchQty());
  CloseSpread();
}

void MarketSymbol::Fill(Aggressor aggressor, Ticks price, std::int64_t qty) {
  trade_id_ = trade_id_ + 1;
  now_ += 500 + random_.Below(1'500);
  BeginLine(now_);
  AppendTrade(writing_, {trade_id_, price, Qty(qty), options_.start + now_, aggressor}, &text_);
  EndLine();
}

// The side that is behind goes to within a tick of the other.
void MarketSymbol::CloseSpread() {
  const std::optional<std::int64_t> bid = BestKey(Side::kBid);
  const std::optional<std::int64_t> ask = BestKey(Side::kAsk);
  if (!bid || !ask || *ask + *bid <= 1) return;
  const Side side = Opposite(last_move_);
  const Ticks price = side == Side::kBid ? Ticks(*ask - 1) : Ticks(-*bid + 1);
  Set(side, TrueBook::Key(side, price), DrawTouchQty());
}

void MarketSymbol::CancelAll(Side side) {
  while (const std::optional<std::int64_t> best = BestKey(side)) Set(side, *best, 0);
}

void MarketSymbol::CancelBeyond(Side side, std::size_t levels) {
  for (std::size_t i = 0; i < kCancelsPerInterval && book_.levels(side).size() > levels; ++i) {
    Set(side, book_.levels(side).rbegin()->first, 0);
  }
}

// Makes the book what the regime wants it to be.
void MarketSymbol::KeepToMood() {
  for (const Side side : {Side::kBid, Side::kAsk}) {
    CancelBeyond(side, mood_.levels_max);
    if (mood_.absent == side) {
      if (book_.levels(side).size() <= mood_.levels_max) CancelAll(side);
    } else if (!BestKey(side)) {
      // The side comes back where the other one stands.
      const std::optional<std::int64_t> other = BestKey(Opposite(side));
      const std::int64_t touch =
          other ? 1 - *other
                : TrueBook::Key(side, Ticks(start_ticks_ + (side == Side::kAsk ? 1 : 0)));
      std::int64_t distance = 0;
      for (std::size_t level = 0; level < kLevelsKeptThin; ++level) {
        if (TrueBook::Price(side, touch + distance).raw() <= 0) break;
        Set(side, touch + distance, DrawTouchQty());
        distance += 1 + mood_.sparse * Times(LevelGap(distance), random_.Draw(kExponential));
      }
    }
  }
}

void MarketSymbol::Set(Side side, std::int64_t key, std::int64_t qty) {
  assert(TrueBook::Price(side, key).raw() > 0);
  *last_id_ += options_.market == Market::kSpot ? 1 : 1 + random_.Below(60);
  book_.Set(UpdateId(*last_id_), side, TrueBook::Price(side, key), Qty(qty));
  touched_[Index(side)].push_back(key);
}

std::optional<std::int64_t> MarketSymbol::BestKey(Side side) const {
  const TrueBook::Levels& levels = book_.levels(side);
  return levels.empty() ? std::nullopt : std::optional(levels.begin()->first);
}

std::int64_t MarketSymbol::DrawFarQty() { return random_.Draw(kFarQty); }
std::int64_t MarketSymbol::DrawTouchQty() { return random_.Draw(kTouchQty); }

// The mean distance between levels at a distance from the touch.
std::int64_t MarketSymbol::LevelGap(std::int64_t distance) const {
  return std::max<std::int64_t>({1, Scaled(20), distance / 2'500});
}

// Distances were measured in ticks of one symbol; they are alike in shares of the price.
std::int64_t MarketSymbol::Scaled(std::int64_t btc_ticks) const {
  return static_cast<std::int64_t>(static_cast<__int128>(btc_ticks) * start_ticks_ /
                                   kMeasuredTicks);
}

void MarketSymbol::TellTouch() {
  const auto best = [this](Side side) {
    const TrueBook::Levels& levels = book_.levels(side);
    if (levels.empty()) return MarketLevel{};
    return MarketLevel{TrueBook::Price(side, levels.begin()->first), Qty(levels.begin()->second)};
  };
  const MarketLevel bid = best(Side::kBid);
  const MarketLevel ask = best(Side::kAsk);
  if (bid.price == told_bid_.price && bid.qty == told_bid_.qty && ask.price == told_ask_.price &&
      ask.qty == told_ask_.qty) {
    return;
  }
  told_bid_ = bid;
  told_ask_ = ask;
  BeginLine(now_);
  AppendTicker(writing_, book_.id(), bid, ask, options_.start + now_, &text_);
  EndLine();
}

void MarketSymbol::TellDepth() {
  if (touched_[0].empty() && touched_[1].empty()) return;
  for (const Side side : {Side::kBid, Side::kAsk}) {
    std::vector<std::int64_t>& keys = touched_[Index(side)];
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    std::vector<MarketLevel>& levels = side == Side::kBid ? depth_.bids : depth_.asks;
    levels.clear();
    for (const std::int64_t key : keys) {
      const Ticks price = TrueBook::Price(side, key);
      levels.push_back({price, book_.QtyAt(side, price)});
    }
    keys.clear();
  }
  depth_.previous = told_id_;
  depth_.first = told_id_ + 1;
  depth_.last = book_.id();
  depth_.time = options_.start + now_;
  told_id_ = book_.id();
  BeginLine(now_);
  AppendDepth(writing_, depth_, &text_);
  EndLine();
  lines_.back().depth_end = told_id_;
  // Not asked for before: the answer would be older than the first event.
  if (!next_snapshot_) next_snapshot_ = now_;
}

// A snapshot is made when it is asked for, and its answer comes later.
void MarketSymbol::KeepSnapshotsComing() {
  if (answer_ && answer_->at <= now_) {
    BeginLine(now_);
    text_ += answer_->text;
    EndLine();
    answer_.reset();
  }
  if (next_snapshot_ && now_ >= *next_snapshot_ && !answer_) {
    answer_ = Answer{now_ + kAnswerDelayMin + random_.Below(kAnswerDelaySpread), {}};
    AppendSnapshotLine(writing_, book_, options_.snapshot_limit, options_.start + now_,
                       &answer_->text);
    next_snapshot_ = options_.snapshot_every > 0 ? now_ + options_.snapshot_every : INT64_MAX;
  }
}

void MarketSymbol::BeginLine(Nanos at) {
  const std::int64_t received =
      options_.start.raw() + at + kTransit + random_.Below(kTransitSpread);
  // One connection: lines do not overtake each other.
  last_received_ = ReceiveTime(std::max(received, last_received_.raw() + 200 + random_.Below(600)));
  lines_.push_back({last_received_, text_.size(), 0, {}});
}

void MarketSymbol::EndLine() { lines_.back().end = text_.size(); }

}  // namespace thalweg
