// The whole vector: what it publishes, its quality bits, and its symmetries.
//
// Its groups have their own tests. Here both sides of the market, and both sizes of it, are held
// against each other for every feature of the catalogue, so that a new one cannot be forgotten.
#include "features/feature_vector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "features/catalogue.h"
#include "tests/features/feature_testing.h"

namespace thalweg {
namespace {

using testing::Bits;
using testing::BookA;
using testing::ExpectPublishable;
using testing::InTicks;
using testing::kCent;
using testing::kOne;
using testing::Levels;
using testing::MakeBook;

TEST(FeatureVectorTest, FaultK6EveryNanOfAVectorIsTheOneOfRecords) {
  const std::size_t count = FeatureVector::Count(1);
  FeatureVector vector;
  std::vector<double> values(count, 77.0);
  (void)vector.Compute(nullptr, 1, kCent, EventTime(kSecond), values.data());
  ExpectPublishable(values);
  const OrderBook books[] = {BookA(), MakeBook({}, {}), MakeBook(InTicks({{5, 1}}), {}),
                             MakeBook(InTicks({{5, 1}}), InTicks({{4, 1}})),
                             MakeBook(InTicks({{5, 1}}), InTicks({{5, 1}}))};
  for (const OrderBook& book : books) {
    values.assign(count, 77.0);
    (void)vector.Compute(&book, 1, kCent, EventTime(kSecond), values.data());
    ExpectPublishable(values);
    EXPECT_EQ(std::count(values.begin(), values.end(), 77.0), 0);
  }
}

TEST(FeatureVectorTest, QualityNamesWhatIsWrongWithTheBook) {
  FeatureVector vector;
  std::vector<double> values(FeatureVector::Count(1));
  const auto quality = [&](const OrderBook& book) {
    return vector.Compute(&book, 1, kCent, EventTime(kSecond), values.data());
  };
  EXPECT_EQ(DescribeQuality(quality(BookA())), "SHORT_BOOK|SWEEP_THIN");
  EXPECT_EQ(DescribeQuality(quality(BookA(1'000'000))), "SHORT_BOOK");
  EXPECT_EQ(DescribeQuality(quality(MakeBook({}, {}))), "ONE_SIDED|SHORT_BOOK");
  EXPECT_EQ(DescribeQuality(quality(MakeBook(InTicks({{5, 1}}), InTicks({{5, 1}})))),
            "CROSSED|SHORT_BOOK");
  EXPECT_EQ(vector.Compute(nullptr, 1, kCent, EventTime(kSecond), values.data()), 0u);
  Levels bids;
  Levels asks;
  for (std::int64_t i = 0; i < 20; ++i) {
    bids.push_back({Ticks(10'000 - i), Qty(1'000'000 * kOne)});
    asks.push_back({Ticks(10'001 + i), Qty(1'000'000 * kOne)});
  }
  EXPECT_EQ(DescribeQuality(quality(MakeBook(bids, asks))), "");
  asks[19].qty = kQtyCap;
  EXPECT_EQ(DescribeQuality(quality(MakeBook(bids, asks))), "QTY_CAPPED");
}

// --- Symmetries ----------------------------------------------------------------------------------

// A market's moment with some past: everything that a vector is made from.
struct Moment {
  Levels bids;
  Levels asks;
  std::vector<QuoteState> quotes;  // Of the book before, in ticks; one each 50 ms.
  std::vector<BookTicker> tickers;
  std::vector<Trade> trades;
};

// The mirror swaps the sides and takes every price p for kPivot - p. The pivot is twice the mid of
// every moment here, so that distances in bps stay what they are, and a multiple of the bucket
// sizes.
constexpr std::int64_t kPivot = 100'000;  // Ticks.
constexpr std::int64_t kTick = 1'000'000;
const std::vector<Ticks> kSizes{Ticks(10), Ticks(50)};

class MomentMaker {
 public:
  explicit MomentMaker(std::uint64_t seed) : random_(seed) {}

  // `deep`: each best level alone fills every sweep.
  Moment Make(bool deep) {
    Moment moment;
    std::int64_t bid = kPivot / 2 - Roll(30) - 1;
    std::int64_t ask = kPivot - bid;
    for (std::int64_t left = Roll(40) + 1; left > 0; --left, bid -= Roll(9) + 1) {
      moment.bids.push_back({Ticks(bid), SomeQty()});
    }
    for (std::int64_t left = Roll(40) + 1; left > 0; --left, ask += Roll(9) + 1) {
      moment.asks.push_back({Ticks(ask), SomeQty()});
    }
    if (deep) {
      moment.bids[0].qty = Qty(5'000 * kOne + Roll(kOne));
      moment.asks[0].qty = Qty(5'000 * kOne + Roll(kOne));
    }
    for (int i = 0; i < 12; ++i) {
      moment.quotes.push_back(SomeQuote());
      const QuoteState quote = SomeQuote();
      moment.tickers.push_back(
          TickerOf({Ticks(quote.bid), Qty(quote.bid_qty)}, {Ticks(quote.ask), Qty(quote.ask_qty)}));
      Trade trade;
      trade.price = Price((kPivot / 2 + Roll(41) - 20) * kTick);
      trade.qty = SomeQty();
      trade.aggressor = Roll(2) == 0 ? Aggressor::kBuyer : Aggressor::kSeller;
      moment.trades.push_back(trade);
    }
    // The effective spread of the last fill is measured from the same mid.
    moment.tickers.back() = TickerOf(moment.bids[0], moment.asks[0]);
    return moment;
  }

 private:
  std::int64_t Roll(std::int64_t count) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(count));
  }
  Qty SomeQty() { return Qty(Roll(20 * kOne) + 1); }
  QuoteState SomeQuote() {
    const std::int64_t bid = kPivot / 2 - Roll(4);
    return {bid, SomeQty().raw(), bid + 1 + Roll(3), SomeQty().raw()};
  }
  static BookTicker TickerOf(const TickLevel& bid, const TickLevel& ask) {
    BookTicker ticker;
    ticker.bid = {Price(bid.price.raw() * kTick), bid.qty};
    ticker.ask = {Price(ask.price.raw() * kTick), ask.qty};
    return ticker;
  }

  std::mt19937_64 random_;
};

std::vector<double> VectorOf(const Moment& moment) {
  FeatureVector vector;
  EventTime now(0);
  vector.ages.OnDepth(now);
  for (std::size_t i = 0; i < moment.trades.size(); ++i) {
    now = now + 50 * kMillisecond;
    (void)vector.order_flow.Add(now, moment.quotes[i]);
    (void)vector.touch.Set(moment.tickers[i], now);
    vector.ages.OnTicker(now);
    vector.ages.OnTrade(moment.trades[i], now, vector.touch.mid2());
    (void)vector.trade_flow.Add(moment.trades[i], now);
    vector.ages.OnLag(static_cast<Nanos>(i) * 7);
  }
  const OrderBook book = MakeBook(moment.bids, moment.asks, kSizes);
  std::vector<double> values(FeatureVector::Count(kSizes.size()), 77.0);
  (void)vector.Compute(&book, kSizes.size(), kCent, now + 1, values.data());
  ExpectPublishable(values);
  return values;
}

Moment Mirrored(Moment moment) {
  std::swap(moment.bids, moment.asks);
  for (Levels* side : {&moment.bids, &moment.asks}) {
    for (TickLevel& level : *side) level.price = Ticks(kPivot - level.price.raw());
  }
  for (QuoteState& quote : moment.quotes) {
    quote = {kPivot - quote.ask, quote.ask_qty, kPivot - quote.bid, quote.bid_qty};
  }
  const auto mirror = [](Price price) { return Price(kPivot * kTick - price.raw()); };
  for (BookTicker& ticker : moment.tickers) {
    std::swap(ticker.bid, ticker.ask);
    for (Level* side : {&ticker.bid, &ticker.ask}) side->price = mirror(side->price);
  }
  for (Trade& trade : moment.trades) {
    trade.price = mirror(trade.price);
    trade.aggressor = trade.aggressor == Aggressor::kBuyer ? Aggressor::kSeller : Aggressor::kBuyer;
  }
  return moment;
}

Moment Doubled(Moment moment) {
  const auto twice = [](Qty* qty) { *qty = Qty(2 * qty->raw()); };
  for (Levels* side : {&moment.bids, &moment.asks}) {
    for (TickLevel& level : *side) twice(&level.qty);
  }
  for (QuoteState& quote : moment.quotes) {
    quote.bid_qty *= 2;
    quote.ask_qty *= 2;
  }
  for (BookTicker& ticker : moment.tickers) {
    twice(&ticker.bid.qty);
    twice(&ticker.ask.qty);
  }
  for (Trade& trade : moment.trades) twice(&trade.qty);
  return moment;
}

// The same name with the other side's word, or the name itself.
std::string OtherSide(std::string name) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {{"bid", "ask"},
                                                                      {"buy", "sell"}};
  for (const auto& [one, other] : kWords) {
    for (const auto& [from, to] : {std::pair(one, other), std::pair(other, one)}) {
      const std::size_t at = name.find(from);
      if (at != std::string::npos) return name.replace(at, from.size(), to);
    }
  }
  return name;
}

// Pressure on the price, by the project's one rule of signs: the mirror turns it around.
bool IsSigned(std::string_view name) {
  for (const std::string_view part :
       {"imbalance", "log_depth_ratio", "ofi_", "tfi_", "vwap_dev_bps", "weighted_mid_adj_bps"}) {
    if (name.find(part) != std::string_view::npos) return true;
  }
  return false;
}

std::size_t PlaceOf(const Catalogue& catalogue, std::string_view name) {
  const std::vector<Feature>& features = catalogue.features();
  const auto found = std::find_if(features.begin(), features.end(),
                                  [&](const Feature& feature) { return feature.name == name; });
  EXPECT_NE(found, features.end()) << name;
  return static_cast<std::size_t>(found - features.begin());
}

bool IsSweep(std::string_view name) { return name.starts_with("sweep_cost_"); }

TEST(FeatureVectorTest, TheMirroredMarketHasTheMirroredVectorToTheBit) {
  const Catalogue catalogue({"0.1", "0.5"});
  MomentMaker maker(8);
  for (int round = 0; round < 400; ++round) {
    const bool deep = round % 2 == 0;
    const Moment moment = maker.Make(deep);
    const std::vector<double> one = VectorOf(moment);
    const std::vector<double> other = VectorOf(Mirrored(moment));
    for (std::size_t i = 0; i < one.size(); ++i) {
      const Feature& feature = catalogue.features()[i];
      // A notional buys another quantity at another price: sweeps answer only at the touch.
      if (IsSweep(feature.name) && !deep) continue;
      const double source = one[PlaceOf(catalogue, OtherSide(feature.name))];
      if (feature.row->unit == "quote" && !std::isnan(source)) {
        // Prices are decimals that doubles only come near to.
        ASSERT_NEAR(other[i], 1'000.0 - source, 1e-9) << feature.name;
        continue;
      }
      const double expected = IsSigned(feature.name) && !std::isnan(source) ? 0.0 - source : source;
      ASSERT_EQ(Bits(other[i]), Bits(expected))
          << feature.name << ": " << other[i] << " of " << source << ", round " << round;
    }
  }
}

TEST(FeatureVectorTest, TwiceTheQuantitiesDoubleAmountsAndNothingElse) {
  const Catalogue catalogue({"0.1", "0.5"});
  MomentMaker maker(9);
  for (int round = 0; round < 400; ++round) {
    const bool deep = round % 2 == 0;
    const Moment moment = maker.Make(deep);
    const std::vector<double> one = VectorOf(moment);
    const std::vector<double> two = VectorOf(Doubled(moment));
    for (std::size_t i = 0; i < one.size(); ++i) {
      const Feature& feature = catalogue.features()[i];
      // The notional of a sweep does not double with the market.
      if (IsSweep(feature.name) && !deep) continue;
      const bool amount = feature.row->unit.starts_with("base");
      const double expected = amount && !std::isnan(one[i]) ? 2.0 * one[i] : one[i];
      ASSERT_EQ(Bits(two[i]), Bits(expected))
          << feature.name << ": " << two[i] << " of " << one[i] << ", round " << round;
    }
  }
}

TEST(FeatureVectorTest, EveryFeatureButTheMicropriceSpeaksInThoseMarkets) {
  const Catalogue catalogue({"0.1", "0.5"});
  MomentMaker maker(10);
  std::vector<bool> spoke(catalogue.features().size());
  for (int round = 0; round < 100; ++round) {
    const std::vector<double> values = VectorOf(maker.Make(true));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] != 0.0 && !std::isnan(values[i])) spoke[i] = true;
    }
  }
  for (std::size_t i = 0; i < spoke.size(); ++i) {
    const std::string& name = catalogue.features()[i].name;
    EXPECT_EQ(spoke[i], !name.starts_with("microprice")) << name;
  }
}

}  // namespace
}  // namespace thalweg
