// Options in a recording: what is written and read again is equal, and what is not known is named.
#include "replay/recorded_options.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "pipeline/engine.h"

namespace thalweg {
namespace {

bool AreEqual(const Instrument& a, const Instrument& b) {
  return a.symbol == b.symbol && a.tick == b.tick && a.step == b.step &&
         a.qty_decimals == b.qty_decimals && a.trading == b.trading;
}

bool AreEqual(const std::vector<Instrument>& a, const std::vector<Instrument>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Instrument& x, const Instrument& y) { return AreEqual(x, y); });
}

// Names each field, so that a new one is not forgotten here unseen.
bool AreEqual(const EngineOptions& a, const EngineOptions& b) {
  const auto& [symbols, market, instruments, file_instruments, sizes, symbol_sizes, rounding,
               trade_stream, limit, on_gap, emit, audit_interval] = a;
  return symbols == b.symbols && market == b.market && AreEqual(instruments, b.instruments) &&
         AreEqual(file_instruments, b.file_instruments) && sizes == b.bucket_sizes &&
         symbol_sizes == b.symbol_bucket_sizes && rounding == b.bucket_rounding &&
         trade_stream == b.trade_stream && limit == b.snapshot_limit && on_gap == b.on_gap &&
         emit.depth == b.emit.depth && emit.ticker == b.emit.ticker && emit.trade == b.emit.trade &&
         emit.interval == b.emit.interval && audit_interval == b.audit_interval;
}

std::string RandomName(std::mt19937& random) {
  static const std::vector<std::string> kNames{"BTCUSDT",   "币安人生USDT", "A\"B\\C",
                                               "X\nY\x01Z", "1000SATSUSDT", "BTCUSD_PERP"};
  return kNames[random() % kNames.size()] + std::to_string(random() % 1'000);
}

Instrument RandomInstrument(std::mt19937& random) {
  return {RandomName(random), Price(1 + static_cast<std::int64_t>(random() % 5)),
          Price(static_cast<std::int64_t>(random())), static_cast<int>(random() % 9),
          random() % 2 == 0};
}

std::vector<std::string> RandomSizes(std::mt19937& random) {
  std::vector<std::string> sizes{"0.05", "1.5", "10"};
  if (random() % 2 == 0) sizes[2] = std::to_string(11 + random() % 1'000);
  return sizes;
}

EngineOptions RandomOptions(std::mt19937& random) {
  const auto one_in = [&random](unsigned n) { return random() % n == 0; };
  EngineOptions options;
  for (unsigned i = 0; i < random() % 3; ++i) {
    options.symbols.push_back(RandomName(random) + "-" + std::to_string(i));
  }
  if (one_in(2)) options.market = static_cast<Market>(random() % 3);
  for (unsigned i = 0; i < random() % 3; ++i) {
    options.instruments.push_back(RandomInstrument(random));
  }
  for (unsigned i = 0; i < random() % 5; ++i) {
    options.file_instruments.push_back(RandomInstrument(random));
  }
  options.bucket_sizes = RandomSizes(random);
  for (const std::string& symbol : options.symbols) {
    if (one_in(2)) options.symbol_bucket_sizes[symbol] = RandomSizes(random);
  }
  options.bucket_rounding = static_cast<BucketRounding>(random() % 2);
  options.trade_stream = static_cast<TradeStream>(random() % 2);
  if (one_in(2)) options.snapshot_limit = 1 + random() % 5'000;
  options.on_gap = static_cast<OnGap>(random() % 2);
  options.emit = {one_in(2), one_in(2), one_in(2), 0};
  if (one_in(4)) {
    options.emit = {false, false, false, static_cast<Nanos>(1 + random() % 60'000) * kMillisecond};
  }
  if (one_in(2)) options.audit_interval = static_cast<Nanos>(1 + random() % 1'000) * kSecond;
  return options;
}

TEST(RecordedOptionsTest, WhatIsWrittenAndReadAgainIsEqual) {
  std::mt19937 random(1);
  int usable = 0;
  for (int i = 0; i < 5'000; ++i) {
    const EngineOptions options = RandomOptions(random);
    if (!ValidateOptions(options).ok()) continue;
    ++usable;
    const std::string json = RecordedOptionsJson(options);
    const absl::StatusOr<EngineOptions> read = ParseRecordedOptions(json, options.symbols);
    ASSERT_TRUE(read.ok()) << read.status() << "\n" << json;
    ASSERT_TRUE(AreEqual(*read, options)) << json;
    ASSERT_EQ(RecordedOptionsJson(*read), json);
  }
  EXPECT_GT(usable, 1'000);
}

TEST(RecordedOptionsTest, TheTextIsStable) {
  EngineOptions options;
  options.market = Market::kSpot;
  options.instruments = {{"BTCUSDT", Price(1'000'000), Price(1'000), 5, true}};
  options.symbol_bucket_sizes["BTCUSDT"] = {"1", "5", "10", "50", "100"};
  EXPECT_EQ(RecordedOptionsJson(options),
            R"({"market":"spot","instruments":[{"symbol":"BTCUSDT","tick":"0.01",)"
            R"("step":"0.00001","qty_decimals":5,"trading":true}],"file_instruments":[],)"
            R"("buckets":["10","50","100","500","1000"],)"
            R"("symbol_buckets":{"BTCUSDT":["1","5","10","50","100"]},)"
            R"("bucket_rounding":"outward","trade_stream":"trade","snapshot_limit":null,)"
            R"("on_gap":"blank","emit":{"depth":true,"ticker":false,"trade":false,)"
            R"("interval_ns":0}})");
}

TEST(RecordedOptionsTest, AnOptionThatIsAbsentHasItsDefault) {
  const absl::StatusOr<EngineOptions> read = ParseRecordedOptions("{}", {"BTCUSDT"});
  ASSERT_TRUE(read.ok()) << read.status();
  EngineOptions expected;
  expected.symbols = {"BTCUSDT"};
  EXPECT_TRUE(AreEqual(*read, expected));
}

TEST(RecordedOptionsTest, AnOptionOfANewerProgramIsNamed) {
  const std::string json = RecordedOptionsJson({});
  for (const auto& [begin, name] : std::vector<std::pair<std::string, std::string>>{
           {"{\"market\"", "clock"}, {"{\"depth\"", "emit.clock"}}) {
    const std::string newer =
        absl::StrReplaceAll(json, {{begin, "{\"clock\":1," + begin.substr(1)}});
    const absl::Status status = ParseRecordedOptions(newer, {}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << newer;
    EXPECT_NE(status.message().find("\"" + name + "\""), absl::string_view::npos) << status;
  }
}

TEST(RecordedOptionsTest, WhatNoEngineTakesIsRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {R"([])", "options"},
      {R"({"market")", "no JSON"},
      {R"({"market":"moon"})", "market"},
      {R"({"audit_interval_ns":1})", "audit"},
      {R"({"market":1})", "market"},
      {R"({"on_gap":"stop"})", "on_gap"},
      {R"({"on_gap":"blank","on_gap":"serve"})", "on_gap"},
      {R"({"buckets":"10"})", "buckets"},
      {R"({"buckets":[10]})", "buckets"},
      {R"({"buckets":[]})", "buckets"},
      {R"({"buckets":["50","10"]})", "buckets"},
      {R"({"symbol_buckets":{"A":["1"],"A":["2"]}})", "A"},
      {R"({"symbol_buckets":[]})", "symbol_buckets"},
      {R"({"instruments":[{"symbol":"A","tick":0.01}]})", "tick"},
      {R"({"instruments":[{"symbol":"A","tick":"-1"}]})", "tick"},
      {R"({"instruments":[{"symbol":7}]})", "symbol"},
      {R"({"instruments":{}})", "instruments"},
      {R"({"file_instruments":[{"qty_decimals":9}]})", "qty_decimals"},
      {R"({"snapshot_limit":0})", "snapshot_limit"},
      {R"({"snapshot_limit":-5})", "snapshot_limit"},
      {R"({"emit":{"depth":1}})", "depth"},
      {R"({"emit":{"interval_ns":5}})", "interval"},
      {R"({"emit":[]})", "emit"},
  };
  for (const auto& [json, name] : wrong) {
    const absl::Status status = ParseRecordedOptions(json, {}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << json;
    EXPECT_NE(status.message().find(name), absl::string_view::npos) << json << ": " << status;
  }
}

}  // namespace
}  // namespace thalweg
