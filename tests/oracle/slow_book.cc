#include "tests/oracle/slow_book.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg::oracle {
namespace {

Int LowestPrice(const SlowLevels& levels) {
  return std::min_element(levels.begin(), levels.end(),
                          [](auto& a, auto& b) { return a.price < b.price; })
      ->price;
}

Int HighestPrice(const SlowLevels& levels) {
  return std::max_element(levels.begin(), levels.end(),
                          [](auto& a, auto& b) { return a.price < b.price; })
      ->price;
}

void SetLevels(const SlowLevels& levels, std::map<Int, Int>* side) {
  for (const SlowLevel& level : levels) {
    if (level.qty == 0) {
      side->erase(level.price);
    } else {
      (*side)[level.price] = level.qty;
    }
  }
}

Wide Absolute(Wide value) { return value < 0 ? -value : value; }

Int BucketIndex(SlowSide side, Int price, Int size) {
  return side == SlowSide::kBid ? FloorDiv(price, size) : CeilDiv(price, size);
}

void AddToBucket(const SlowLevel& level, SlowBucket* bucket) {
  bucket->qty += level.qty;
  bucket->notional += Wide{level.price} * level.qty;
}

}  // namespace

double NotANumber() { return std::numeric_limits<double>::quiet_NaN(); }

double Ratio(Wide numerator, Wide denominator) {
  if (denominator == 0) return NotANumber();
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

Int FloorDiv(Int a, Int b) {
  const Int quotient = a / b;
  return quotient * b > a ? quotient - 1 : quotient;
}

Int CeilDiv(Int a, Int b) { return -FloorDiv(-a, b); }

SlowBook::SlowBook(const SlowSnapshot& snapshot, Int limit) {
  SetLevels(snapshot.bids, &bids_);
  SetLevels(snapshot.asks, &asks_);
  const auto limited = [&](const SlowLevels& levels) {
    return !levels.empty() && static_cast<Int>(levels.size()) >= limit;
  };
  if (limited(snapshot.bids)) bid_edge_ = LowestPrice(snapshot.bids);
  if (limited(snapshot.asks)) ask_edge_ = HighestPrice(snapshot.asks);
}

void SlowBook::Apply(const SlowDepth& event) {
  SetLevels(event.bids, &bids_);
  SetLevels(event.asks, &asks_);
}

SlowLevels SlowBook::Levels(SlowSide side) const {
  SlowLevels levels;
  for (const auto& [price, qty] : Side(side)) levels.push_back({price, qty});
  if (side == SlowSide::kBid) std::reverse(levels.begin(), levels.end());
  return levels;
}

const SlowBook::Map& SlowBook::Side(SlowSide side) const {
  return side == SlowSide::kBid ? bids_ : asks_;
}

std::optional<Int> SlowBook::edge(SlowSide side) const {
  return side == SlowSide::kBid ? bid_edge_ : ask_edge_;
}

bool SlowBook::BeyondEdge(SlowSide side, Wide price, const std::optional<Int>& edge) {
  if (!edge) return false;
  return side == SlowSide::kBid ? price < *edge : price > *edge;
}

bool SlowBook::Beyond(SlowSide side, Wide price) const {
  return BeyondEdge(side, price, edge(side));
}

SlowBook::Map SlowBook::KnownLevels(SlowSide side, const SlowBook& other) const {
  Map known;
  for (const auto& [price, qty] : Side(side)) {
    if (!Beyond(side, price) && !other.Beyond(side, price)) known[price] = qty;
  }
  return known;
}

bool SlowBook::AgreesWith(const SlowBook& other) const {
  for (const SlowSide side : {SlowSide::kBid, SlowSide::kAsk}) {
    if (KnownLevels(side, other) != other.KnownLevels(side, *this)) return false;
  }
  return true;
}

void SlowBook::WidenTo(const SlowBook& other) {
  WidenSide(SlowSide::kBid, other);
  WidenSide(SlowSide::kAsk, other);
  bid_edge_ = other.bid_edge_;
  ask_edge_ = other.ask_edge_;
}

void SlowBook::WidenSide(SlowSide side, const SlowBook& other) {
  Map& levels = side == SlowSide::kBid ? bids_ : asks_;
  const auto newly_known = [&](Int price) {
    return Beyond(side, price) && !other.Beyond(side, price);
  };
  std::erase_if(levels, [&](const auto& level) { return newly_known(level.first); });
  for (const auto& [price, qty] : other.Side(side)) {
    if (newly_known(price)) levels[price] = qty;
  }
}

bool IsCrossed(const SlowLevels& bids, const SlowLevels& asks) {
  return !bids.empty() && !asks.empty() && bids[0].price >= asks[0].price;
}

std::optional<Int> TwiceMid(const SlowLevels& bids, const SlowLevels& asks) {
  if (bids.empty() || asks.empty() || IsCrossed(bids, asks)) return std::nullopt;
  return bids[0].price + asks[0].price;
}

Wide DepthOfLevels(const SlowLevels& levels, std::size_t count) {
  Wide sum = 0;
  for (std::size_t i = 0; i < std::min(count, levels.size()); ++i) sum += levels[i].qty;
  return sum;
}

Wide DepthOfBand(SlowSide side, const SlowLevels& levels, Int twice_mid, Int bps) {
  Wide sum = 0;
  for (const SlowLevel& level : levels) {
    const Wide scaled = Wide{20'000} * level.price;
    const bool inside = side == SlowSide::kBid ? scaled >= Wide{twice_mid} * (10'000 - bps)
                                               : scaled <= Wide{twice_mid} * (10'000 + bps);
    if (inside) sum += level.qty;
  }
  return sum;
}

long double DepthDecayed(const SlowLevels& levels, Int tick, Int half_life) {
  long double sum = 0;
  for (const SlowLevel& level : levels) {
    const Int distance = std::abs(level.price - levels[0].price) / tick;
    if (distance > 20 * half_life) break;
    const double weight =
        std::exp2(-static_cast<double>(distance) / static_cast<double>(half_life));
    sum += static_cast<long double>(level.qty) * weight;
  }
  return sum / static_cast<long double>(kOne);
}

SlowSweep SweepCost(const SlowLevels& levels, Int twice_mid, Int tick, Int notional) {
  const Wide wanted = Wide{notional} * kOne * kOne;
  Wide spent = 0;  // S, in 1e-16
  Wide taken = 0;  // Qb, in 1e-8
  std::optional<Int> last_price;
  for (const SlowLevel& level : levels) {
    last_price = level.price;
    const Wide worth = Wide{level.price} * level.qty;
    if (spent + worth < wanted) {
      spent += worth;
      taken += level.qty;
      continue;
    }
    const Wide d = taken * level.price + wanted - spent;
    // The price and the mid in ticks: their common unit cancels, and the products stay in 128 bits.
    const Wide base = Wide{twice_mid / tick} * d;
    const Wide excess = Absolute(2 * wanted * (level.price / tick) - base);
    return {1e4 * Ratio(excess, base), last_price};
  }
  return {NotANumber(), last_price};
}

double Slope(const SlowLevels& levels, Int twice_mid, Int tick, std::size_t count) {
  Wide cumulative = 0;
  Wide products = 0;
  Wide squares = 0;
  for (std::size_t i = 0; i < std::min(count, levels.size()); ++i) {
    // Twice the distance in ticks, so that half ticks are integers.
    const Wide twice_distance = Absolute(2 * Wide{levels[i].price} - twice_mid) / tick;
    cumulative += levels[i].qty;
    products += twice_distance * cumulative;
    squares += twice_distance * twice_distance;
  }
  return Ratio(2 * products, squares * kOne);
}

std::vector<SlowBucket> DenseLadder(SlowSide side, const SlowLevels& levels, Int size) {
  std::vector<SlowBucket> ladder;
  if (levels.empty()) return ladder;
  const Int touch = BucketIndex(side, levels[0].price, size);
  const Int step = side == SlowSide::kBid ? -1 : 1;
  for (int n = 0; n < kLadderLength; ++n) ladder.push_back({(touch + n * step) * size, 0, 0});
  for (const SlowLevel& level : levels) {
    const Int n = (BucketIndex(side, level.price, size) - touch) * step;
    if (n < kLadderLength) AddToBucket(level, &ladder[static_cast<std::size_t>(n)]);
  }
  return ladder;
}

std::vector<SlowBucket> CompactLadder(SlowSide side, const SlowLevels& levels, Int size) {
  std::vector<SlowBucket> ladder;
  for (const SlowLevel& level : levels) {
    const Int label = BucketIndex(side, level.price, size) * size;
    if (ladder.empty() || ladder.back().label != label) {
      if (ladder.size() == kLadderLength) break;
      ladder.push_back({label, 0, 0});
    }
    AddToBucket(level, &ladder.back());
  }
  return ladder;
}

Wide LadderQty(const std::vector<SlowBucket>& ladder) {
  Wide sum = 0;
  for (const SlowBucket& bucket : ladder) sum += bucket.qty;
  return sum;
}

int CompleteBuckets(SlowSide side, const SlowBook& book, const std::vector<SlowBucket>& ladder) {
  return static_cast<int>(
      std::count_if(ladder.begin(), ladder.end(),
                    [&](const SlowBucket& bucket) { return !book.Beyond(side, bucket.label); }));
}

}  // namespace thalweg::oracle
