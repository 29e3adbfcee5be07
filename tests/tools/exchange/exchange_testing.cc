#include "tests/tools/exchange/exchange_testing.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/exchange/recording_feed.h"

namespace thalweg {
namespace {

std::string PriceText(int cents) {
  return absl::StrCat(100 + cents / 100, ".", cents % 100 < 10 ? "0" : "", cents % 100, "000000");
}

}  // namespace

std::vector<std::string> KeptWire::Texts(ConnectionNumber connection) const {
  std::vector<std::string> texts;
  for (const Item& item : items) {
    if (item.kind == "text" && item.connection == connection) texts.push_back(item.text);
  }
  return texts;
}

std::vector<KeptWire::Item> KeptWire::Of(std::string_view kind) const {
  std::vector<Item> found;
  for (const Item& item : items) {
    if (item.kind == kind) found.push_back(item);
  }
  return found;
}

std::string DepthMessage(int i) {
  const int first = 101 + 2 * i;
  return absl::StrCat(R"({"stream":"demousdt@depth@100ms","data":{"e":"depthUpdate","E":)",
                      kTestStartMs + i * 100, R"(,"s":"DEMOUSDT","U":)", first, R"(,"u":)",
                      first + 1, R"(,"b":[[")", PriceText(i), R"(","1.50000000"]],"a":[[")",
                      PriceText(100 + i), R"(","2.00000000"]]}})");
}

std::string TickerMessage(int i) {
  return absl::StrCat(R"({"stream":"demousdt@bookTicker","data":{"u":)", 102 + 2 * i,
                      R"(,"s":"DEMOUSDT","b":")", PriceText(i), R"(","B":"1.50000000","a":")",
                      PriceText(100), R"(","A":"2.00000000"}})");
}

std::string TradeMessage(int i) {
  const std::int64_t time = kTestStartMs + i * 100 + 20;
  return absl::StrCat(R"({"stream":"demousdt@trade","data":{"e":"trade","E":)", time + 1,
                      R"(,"s":"DEMOUSDT","t":)", 7'000 + i, R"(,"p":")", PriceText(i),
                      R"(","q":"0.50000000","T":)", time, R"(,"m":)", i % 2 == 0 ? "true" : "false",
                      R"(,"M":true}})");
}

std::string DemoRecording() {
  std::string text;
  const auto add = [&](Nanos at, const std::string& message) {
    absl::StrAppend(&text, kTestStart + at, " ", message, "\n");
  };
  for (int i = 0; i < kDemoEvents; ++i) {
    const Nanos at = i * 100 * kMillisecond;
    add(at, DepthMessage(i));
    add(at + 10 * kMillisecond, TickerMessage(i));
    add(at + 20 * kMillisecond, TradeMessage(i));
    if (i == 3) {
      // Older than the newest event, as real answers are: events 2 and 3 are rolled forward.
      add(at + 50 * kMillisecond,
          R"({"lastUpdateId":104,"bids":[["100.01000000","1.50000000"],["99.00000000","3.00000000"]],)"
          R"("asks":[["101.00000000","2.00000000"],["101.01000000","2.00000000"]]})");
    }
  }
  return text;
}

TestExchange::TestExchange(const std::vector<std::string>& faults, ExchangeOptions options) {
  for (const std::string& text : faults) {
    absl::StatusOr<Fault> fault = ParseFault(text);
    EXPECT_TRUE(fault.ok()) << fault.status();
    if (fault.ok()) options.faults.push_back(*std::move(fault));
  }
  options.log = [this](std::string_view line) { log.emplace_back(line); };
  auto feed = RecordingFeed::Open({folder.Write("demo.txt", DemoRecording())}, {});
  EXPECT_TRUE(feed.ok()) << feed.status();
  exchange = std::make_unique<Exchange>(std::move(options), *std::move(feed), wire);
}

ConnectionNumber TestExchange::Open(const std::string& target) {
  HttpQuestion question;
  question.target = target;
  question.address = "127.0.0.1";
  const UpgradeVerdict verdict = exchange->Open(question, now);
  EXPECT_TRUE(verdict.connection.has_value()) << verdict.refusal.body;
  exchange->Advance(now);
  return verdict.connection.value_or(0);
}

HttpAnswer TestExchange::Get(const std::string& target) {
  HttpQuestion question;
  question.target = target;
  question.address = "127.0.0.1";
  return exchange->Ask(question, now);
}

void TestExchange::RunTo(Nanos time) {
  while (true) {
    const std::optional<Nanos> due = exchange->NextDue(now);
    if (!due || *due > time) break;
    // Whatever is due comes after what was, or the exchange would stand still.
    now = std::max(now, *due);
    exchange->Advance(now);
    const std::optional<Nanos> next = exchange->NextDue(now);
    if (next && *next <= now && !wire.has_room) break;
  }
  now = time;
  exchange->Advance(now);
}

}  // namespace thalweg
