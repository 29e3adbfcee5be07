// The engine against the slow oracle over small feeds with random faults: after every line both
// must have made the same records.
#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/quality.h"
#include "tests/pipeline/feed_builder.h"
#include "tests/pipeline/oracle_comparison.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

constexpr int kStepsPerSeed = 300;
constexpr int kSeeds = 400;
constexpr int kSeedsInShortPart = 20;

// Which faults a seed has, about half of them, so that rare combinations and clean stretches occur.
enum Fault {
  kDrop,
  kDuplicate,
  kSwap,
  kOddSnapshot,
  kAlteredSnapshot,
  kWrongTicker,
  kOddBook,
  kTradeIds,
  kLateTimes,
  kFarTimes,
  kBrokenText,
  kOffGrid,
  kLostLines,
  kConnections,
  kExchangeInfo,
  kFineQty,
  kCap,
  kQuiet,
  kRestart,
  kFaults,
};

// Two symbols' feeds with faults, line by line.
class FaultyFeed {
 public:
  struct Line {
    std::int64_t recv;
    std::string text;
  };

  FaultyFeed(std::uint64_t seed, bool futures) : dice_(seed), one_(seed % 3 == 0) {
    const auto numbering =
        futures ? FeedBuilder::Numbering::kFutures : FeedBuilder::Numbering::kSpot;
    // Some books are thinner than the 20 levels that SHORT_BOOK wants.
    const int levels = seed % 5 == 0 ? 8 : 40;
    markets_.emplace_back("AAAUSDT", numbering, seed * 2 + 1, levels);
    if (!one_) markets_.emplace_back("BBBUSDT", numbering, seed * 2 + 2, levels);
    late_snapshots_.resize(markets_.size());
    for (int fault = 0; fault < kFaults; ++fault) on_[fault] = dice_.OneIn(2);
  }

  std::vector<Line> Next() {
    lines_.clear();
    const auto market =
        static_cast<std::size_t>(dice_.Roll(static_cast<std::int64_t>(markets_.size())));
    Step(market);
    return std::exchange(lines_, {});
  }

 private:
  bool Happens(Fault fault, std::int64_t one_in) { return on_[fault] && dice_.OneIn(one_in); }

  void Give(std::string text) {
    now_ns_ += 1'000'000 * dice_.Roll(20);
    lines_.push_back({now_ns_, std::move(text)});
  }

  void Step(std::size_t index) {
    FeedBuilder& market = markets_[index];
    std::int64_t passed = 5 + dice_.Roll(60);
    if (Happens(kQuiet, 40)) passed = 500 + dice_.Roll(70'000);
    ms_ += passed;
    now_ns_ += passed * 1'000'000;
    market.set_now_ms(ms_);
    const std::int64_t kind = dice_.Roll(12);
    if (kind < 5) {
      GiveDepth(market);
    } else if (kind < 8) {
      GiveTicker(market);
    } else if (kind < 10) {
      GiveTrade(market);
    } else if (dice_.OneIn(steps_ < 20 ? 2 : 6)) {
      GiveSnapshot(index);
    }
    GiveOddLines(market);
    ++steps_;
  }

  void GiveDepth(FeedBuilder& market) {
    if (Happens(kOddBook, 25)) market.EmptySide(dice_.OneIn(2));
    if (Happens(kRestart, 150)) market.RestartIds();
    market.Move(1 + static_cast<int>(dice_.Roll(5)));
    if (Happens(kOddBook, 25)) return Give(CrossedDepth(market));
    if (Happens(kFarTimes, 20)) market.set_now_ms(ms_ + FarAhead());
    if (Happens(kLateTimes, 10)) market.set_now_ms(ms_ - dice_.Roll(3'000));
    std::string frame = market.Depth();
    market.set_now_ms(ms_);
    if (Happens(kDrop, 15)) return;
    if (Happens(kBrokenText, 15)) return Give(Broken(frame));
    if (Happens(kSwap, 12)) {
      market.Move(1);
      Give(market.Depth());
    }
    Give(frame);
    if (Happens(kDuplicate, 8)) Give(frame);
    if (Happens(kDuplicate, 20) && !old_depth_.empty()) Give(old_depth_.front());
    old_depth_.push_back(std::move(frame));
    if (old_depth_.size() > 5) old_depth_.pop_front();
  }

  // An event of true ids after which the book is crossed, until an event says otherwise.
  std::string CrossedDepth(FeedBuilder& market) {
    const std::int64_t first = market.told_id() + 1;
    const std::int64_t last = market.id() + 1;
    std::string frame = market.DepthOf(first, last, "[\"100.30\",\"1.5\"],[\"99.50\",\"0\"]", "");
    market.SetId(last);
    undo_cross_ = true;
    return frame;
  }

  void GiveTicker(FeedBuilder& market) {
    if (!dice_.OneIn(3)) market.Move(static_cast<int>(dice_.Roll(2)));
    if (Happens(kWrongTicker, 4)) {
      return Give(market.TickerOf(market.id(), "99.98", "1.25", "100.02", "3"));
    }
    if (Happens(kOddBook, 20)) {
      return Give(market.TickerOf(market.id(), "0.00", "0.000", "100.02", "3"));
    }
    if (Happens(kOddBook, 20)) {
      return Give(market.TickerOf(market.id(), "100.02", "1", "100.01", "3"));
    }
    if (Happens(kBrokenText, 20)) return Give(Broken(market.Ticker()));
    Give(market.Ticker());
    // The very id of the next depth frame: an audit.
    if (dice_.OneIn(3)) Give(market.Depth());
  }

  void GiveTrade(FeedBuilder& market) {
    if (Happens(kTradeIds, 10)) market.SkipTradeIds(1 + dice_.Roll(3));
    if (Happens(kTradeIds, 10)) market.SkipTradeIds(-2);
    if (Happens(kLateTimes, 4)) market.set_now_ms(ms_ - dice_.Roll(20'000));
    if (Happens(kFarTimes, 20)) market.set_now_ms(ms_ + FarAhead());
    std::string frame = market.Trade();
    if (Happens(kTradeIds, 10)) {
      frame = absl::StrReplaceAll(frame, {{"\"M\":true", "\"X\":\"INSURANCE_FUND\""}});
    }
    if (Happens(kFarTimes, 20)) {  // E alone.
      frame = absl::StrReplaceAll(frame, {{absl::StrCat("\"E\":", market.now_ms() + 1),
                                           absl::StrCat("\"E\":", market.now_ms() + FarAhead())}});
    }
    if (Happens(kBrokenText, 15)) frame = Broken(frame);
    Give(std::move(frame));
    market.set_now_ms(ms_);
  }

  std::int64_t FarAhead() {
    constexpr std::int64_t kHours[] = {1, 2, 24, 24 * 365, 24 * 365 * 30};
    return kHours[dice_.Roll(5)] * 3'600'000 + dice_.Roll(2'000) - 1'000;
  }

  void GiveSnapshot(std::size_t index) {
    FeedBuilder& market = markets_[index];
    std::string rest = Request(market);
    if (Happens(kOddSnapshot, 3)) rest = OddSnapshot(rest);
    if (Happens(kAlteredSnapshot, 3)) rest = Altered(rest);
    // The answer comes late: events pass it on the way.
    std::string& late = late_snapshots_[index];
    if (!late.empty() && dice_.OneIn(2)) {
      Give(std::exchange(late, rest));
    } else if (dice_.OneIn(3)) {
      late = rest;
    } else {
      Give(rest);
    }
  }

  std::string Request(FeedBuilder& market) {
    const std::size_t limit = dice_.OneIn(2) ? 1'000 : static_cast<std::size_t>(5 + dice_.Roll(30));
    if (dice_.OneIn(3) && started_) return market.Snapshot(limit);
    started_ = true;
    return market.Rest(limit);
  }

  std::string OddSnapshot(const std::string& text) {
    switch (dice_.Roll(7)) {
      case 0:
        return text.substr(0, text.size() - static_cast<std::size_t>(1 + dice_.Roll(40)));
      case 1:  // Not positive, with levels.
        return absl::StrReplaceAll(text, {{"\"lastUpdateId\":", "\"lastUpdateId\":-1,\"x\":"}});
      case 2:  // A price twice.
        return absl::StrReplaceAll(text, {{"\"bids\":[", "\"bids\":[[\"99.00\",\"1\"],"}});
      case 3:
        return absl::StrReplaceAll(text, {{"\"asks\":[", "\"asks\":[[\"90.00\",\"1\"],"}});
      case 4:
        return absl::StrReplaceAll(text, {{"\"bids\":[", "\"bids\":[[\"200.00\",\"0\"],"}});
      case 5:  // Very old.
        return absl::StrReplaceAll(text, {{"\"lastUpdateId\":5", "\"lastUpdateId\":4"}});
      default:  // Far in the future.
        return absl::StrReplaceAll(text, {{"\"lastUpdateId\":5", "\"lastUpdateId\":6"}});
    }
  }

  // One level silently has another quantity, or is missing.
  std::string Altered(const std::string& text) {
    const std::size_t levels = text.find("\"asks\":[[");
    if (levels == std::string::npos) return text;
    const std::size_t qty = text.find("\",\"", levels) + 3;
    return absl::StrCat(text.substr(0, qty), "7", text.substr(qty));
  }

  std::string Broken(const std::string& frame) {
    switch (dice_.Roll(8)) {
      case 0:
        return frame.substr(
            0, static_cast<std::size_t>(dice_.Roll(static_cast<std::int64_t>(frame.size()))));
      case 1:
        return absl::StrReplaceAll(frame, {{".", "123456789012345678901234567890."}});
      case 2:
        return absl::StrReplaceAll(frame, {{"\"10", "\"-10"}, {"\"99", "\"-99"}});
      case 3:
        return absl::StrReplaceAll(frame, {{"0\"", "0e5\""}});
      case 4:
        return absl::StrReplaceAll(frame, {{"\"E\":", "\"F\":"}, {"\"B\":", "\"F\":"}});
      case 5:
        return absl::StrReplaceAll(frame, {{"\"u\":", "\"u\":-"}, {"\"t\":", "\"t\":-"}});
      case 6:
        return absl::StrReplaceAll(frame, {{"\"pu\":", "\"qu\":"}, {"\"a\":", "\"c\":"}});
      default:
        return absl::StrReplaceAll(
            frame, {{"\"E\":1732", "\"E\":\"1732\",\"G\":1"}, {"\"u\":5", "\"u\":\"5\",\"v\":1"}});
    }
  }

  void GiveOddLines(FeedBuilder& market) {
    if (undo_cross_ && dice_.OneIn(8)) {
      undo_cross_ = false;
      for (FeedBuilder& any : markets_) {
        const std::int64_t first = any.told_id() + 1;
        Give(any.DepthOf(first, any.id() + 1, "[\"100.30\",\"0\"]", ""));
        any.SetId(any.id() + 1);
      }
    }
    const std::string& name = market.symbol();
    if (Happens(kLostLines, 60)) Give(absl::StrCat("#drop 3 depth ", name));
    if (Happens(kLostLines, 60)) Give(absl::StrCat("#drop 1 trade ", name));
    if (Happens(kLostLines, 100)) Give("#lost 5 disk");
    if (Happens(kConnections, 40)) {
      Give("#conn 1 open wss://x/stream?streams=aaausdt%40depth%40100ms%2Fbbbusdt@depth@100ms");
      Give("#conn 2 open wss://x/stream?streams=aaausdt@bookTicker/aaausdt@trade/bbbusdt@trade");
    }
    if (Happens(kConnections, 40)) Give(absl::StrCat("#conn ", 1 + dice_.Roll(3), " close 1006"));
    if (Happens(kExchangeInfo, 60)) GiveExchangeInfo(name);
    if (Happens(kOffGrid, 40)) GiveOffGrid(market);
    if (Happens(kFineQty, 60)) GiveLevel(market, "99.50", "1.00000001");
    if (Happens(kFineQty, 60)) GiveLevel(market, "99.50", "1.23456");
    if (Happens(kCap, 40)) GiveLevel(market, "99.90", "92233720368.54775807");
    if (Happens(kCap, 40)) GiveLevel(market, "99.90", "0.00000000");
  }

  void GiveLevel(FeedBuilder& market, std::string_view price, std::string_view qty) {
    const std::int64_t last = market.id() + 1;
    Give(market.DepthOf(market.told_id() + 1, last,
                        absl::StrCat("[\"", std::string(price), "\",\"", std::string(qty), "\"]"),
                        ""));
    market.SetId(last);
  }

  void GiveOffGrid(FeedBuilder& market) {
    switch (dice_.Roll(3)) {
      case 0:
        return GiveLevel(market, "98.995", "2");
      case 1:
        market.SkipTradeIds(1);
        return Give(market.TradeOf(market.trade_id(), "99.9975", "1"));
      default:
        return Give(market.TickerOf(market.id(), "99.98", "1.25", "100.0225", "3"));
    }
  }

  void GiveExchangeInfo(const std::string& name) {
    constexpr const char* kTicks[] = {"0.01", "0.01000000", "0.005", "0.05", "0.1", "0.00"};
    constexpr const char* kStates[] = {"TRADING", "HALT", "BREAK"};
    Give(absl::StrCat(R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":")", name,
                      R"(","status":")", kStates[dice_.Roll(3)], R"(","baseAssetPrecision":)",
                      3 + dice_.Roll(6), R"(,"filters":[{"filterType":"PRICE_FILTER",)",
                      R"("tickSize":")", kTicks[dice_.Roll(6)], R"("}]}]})"));
  }

  Dice dice_;
  const bool one_;
  bool on_[kFaults] = {};
  std::vector<FeedBuilder> markets_;
  std::vector<std::string> late_snapshots_;
  std::deque<std::string> old_depth_;
  std::vector<Line> lines_;
  std::int64_t ms_ = FeedBuilder::kFirstMs;
  std::int64_t now_ns_ = FeedBuilder::kFirstMs * 1'000'000 - 1'270'000'000;
  std::int64_t steps_ = 0;
  bool started_ = false;
  bool undo_cross_ = false;
};

// What all seeds together have met, so that a test that meets nothing fails.
struct Met {
  std::size_t rows = 0;
  std::size_t timer_rows = 0;
  std::map<std::string, std::size_t> rows_with;
};

void RunSeed(std::uint64_t seed, OnGap on_gap, bool futures, Met* met) {
  OracleComparison::Settings settings;
  settings.engine.emit = EmitPolicy::All();
  settings.engine.on_gap = on_gap;
  settings.engine.bucket_sizes = {"0.05", "0.1", "1"};
  settings.engine.snapshot_limit = 20;
  if (seed % 2 == 0) settings.engine.emit.interval = 3 * kSecond;
  if (seed % 7 == 0) settings.engine.symbols = {"AAAUSDT"};
  settings.ladders = true;
  OracleComparison both(settings);
  FaultyFeed feed(seed, futures);
  std::deque<std::string> recent;
  for (int step = 0; step < kStepsPerSeed; ++step) {
    for (const FaultyFeed::Line& line : feed.Next()) {
      recent.push_back(absl::StrCat(line.recv, " ", line.text.substr(0, 700)));
      if (recent.size() > 12) recent.pop_front();
      const std::string difference = both.Line(ReceiveTime(line.recv), line.text);
      std::string story;
      if (!difference.empty()) {
        for (const std::string& text : recent) story += text + "\n";
      }
      ASSERT_EQ(difference, "") << "seed " << seed << ", step " << step << "\n" << story;
      for (const LoggedRow& row : both.log().rows) {
        met->timer_rows += row.trigger() == Trigger::kTimer;
      }
    }
  }
  met->rows += both.row_count();
  for (int bit = 0; bit < 64; ++bit) {
    const std::size_t rows = both.CountRowsWith(QualityWord{1} << bit);
    if (rows > 0) met->rows_with[std::string(QualityBitName(bit))] += rows;
  }
}

void RunSeeds(OnGap on_gap, bool futures) {
  Met met;
  const int seeds = TakeShortPart() ? kSeedsInShortPart : kSeeds;
  for (int seed = 1; seed <= seeds; ++seed) {
    RunSeed(static_cast<std::uint64_t>(seed), on_gap, futures, &met);
    if (::testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(met.rows, static_cast<std::size_t>(seeds) * 50);
  EXPECT_GT(met.timer_rows, static_cast<std::size_t>(seeds) * 5);
  for (const char* flag :
       {"RESYNCING", "FIRST_AFTER_RESYNC", "CROSSED", "ONE_SIDED", "SHORT_BOOK", "HORIZON",
        "STALE_DEPTH", "STALE_TICKER", "STALE_TRADE", "TRADE_GAP", "DROPPED_INPUT", "HALTED",
        "INSTRUMENT_INFERRED", "AUDIT_DIVERGED", "QTY_CAPPED"}) {
    EXPECT_GT(met.rows_with[flag], 0U) << flag << " was never met";
  }
}

TEST(FaultyFeeds, SpotAnswersAreTheOraclesWhenGapsBlankTheBook) { RunSeeds(OnGap::kBlank, false); }
TEST(FaultyFeeds, FuturesAnswersAreTheOraclesWhenGapsBlankTheBook) {
  RunSeeds(OnGap::kBlank, true);
}
TEST(FaultyFeeds, SpotAnswersAreTheOraclesWhenTheOldBookServes) { RunSeeds(OnGap::kServe, false); }
TEST(FaultyFeeds, FuturesAnswersAreTheOraclesWhenTheOldBookServes) {
  RunSeeds(OnGap::kServe, true);
}

}  // namespace
}  // namespace thalweg
