#include "tests/tools/market_script.h"

#include <array>
#include <cstdio>
#include <utility>

namespace thalweg {
namespace {

constexpr std::int64_t kReceiveDelayNanos = 2'500'000;
constexpr std::int64_t kNanosPerMs = 1'000'000;
constexpr int kChangesPerDepth = 4;

std::string LevelText(std::int64_t cents, std::int64_t qty) {
  return "[\"" + PriceText(cents) + "\",\"" + QtyText(qty) + "\"]";
}

template <class Levels>
std::string LevelsText(const Levels& levels) {
  std::string text;
  for (const auto& [cents, qty] : levels) {
    if (!text.empty()) text += ',';
    text += LevelText(cents, qty);
  }
  return text;
}

std::string Formatted(const char* format, std::int64_t whole, std::int64_t part) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), format, static_cast<long long>(whole),
                static_cast<long long>(part));
  return text.data();
}

}  // namespace

std::string PriceText(std::int64_t cents) {
  return Formatted("%lld.%02lld000000", cents / 100, cents % 100);
}

std::string QtyText(std::int64_t thousandths) {
  return Formatted("%lld.%03lld00000", thousandths / 1000, thousandths % 1000);
}

std::string JoinLines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

MarketScript::MarketScript(Names names) : names_(std::move(names)) {
  for (int i = 1; i <= kLevels; ++i) {
    book_.bids[kMidCents - i] = 1'000 + 37 * i;
    book_.asks[kMidCents + i] = 1'500 + 23 * i;
  }
}

void MarketScript::Payload(std::string_view payload) {
  lines_.push_back(std::to_string(now_ms_ * kNanosPerMs + kReceiveDelayNanos) + " " +
                   std::string(payload));
}

void MarketScript::Frame(std::string_view stream_type, std::string_view data) {
  Payload("{\"stream\":\"" + names_.stream + "@" + std::string(stream_type) +
          "\",\"data\":" + std::string(data) + "}");
}

std::string MarketScript::SnapshotText() const {
  return "{\"lastUpdateId\":" + std::to_string(id_) + ",\"bids\":[" + LevelsText(book_.bids) +
         "],\"asks\":[" + LevelsText(book_.asks) + "]}";
}

void MarketScript::Snapshot() { Payload(SnapshotText()); }

void MarketScript::RestSnapshot() {
  Payload("#rest GET /api/v3/depth?symbol=" + names_.symbol + "&limit=1000 " + SnapshotText());
}

std::vector<MarketScript::Change> MarketScript::ChangeBook() {
  std::vector<Change> changes;
  for (int i = 0; i < kChangesPerDepth; ++i) {
    const bool bid = random_() % 2 == 0;
    const auto distance = static_cast<std::int64_t>(random_() % kLevels) + 1;
    const std::int64_t cents = bid ? kMidCents - distance : kMidCents + distance;
    const bool goes = random_() % 5 == 0;
    const std::int64_t qty = goes ? 0 : static_cast<std::int64_t>(random_() % 9'000) + 1;
    changes.push_back({bid, cents, qty});
    if (bid && goes) book_.bids.erase(cents);
    if (bid && !goes) book_.bids[cents] = qty;
    if (!bid && goes) book_.asks.erase(cents);
    if (!bid && !goes) book_.asks[cents] = qty;
  }
  now_ms_ += 100;
  id_ += kChangesPerDepth;
  books_[id_] = book_;
  return changes;
}

std::string MarketScript::DepthData(std::int64_t first, std::string_view bids,
                                    std::string_view asks) const {
  return "{\"e\":\"depthUpdate\",\"E\":" + std::to_string(now_ms_) + ",\"s\":\"" + names_.symbol +
         "\",\"U\":" + std::to_string(first) + ",\"u\":" + std::to_string(id_) + ",\"b\":[" +
         std::string(bids) + "],\"a\":[" + std::string(asks) + "]}";
}

void MarketScript::Depth() {
  const std::int64_t first = id_ + 1;
  std::vector<std::pair<std::int64_t, std::int64_t>> bids;
  std::vector<std::pair<std::int64_t, std::int64_t>> asks;
  for (const Change& change : ChangeBook()) {
    (change.bid ? bids : asks).emplace_back(change.cents, change.qty);
  }
  ++depth_count_;
  Frame("depth@100ms", DepthData(first, LevelsText(bids), LevelsText(asks)));
}

void MarketScript::LoseDepth() { (void)ChangeBook(); }

void MarketScript::DepthOf(std::string_view bids, std::string_view asks) {
  now_ms_ += 100;
  const std::int64_t first = id_ + 1;
  id_ += 1;
  ++depth_count_;
  Frame("depth@100ms", DepthData(first, bids, asks));
}

void MarketScript::Ticker() {
  const auto [bid, bid_qty] = *book_.bids.begin();
  const auto [ask, ask_qty] = *book_.asks.begin();
  Frame("bookTicker", "{\"u\":" + std::to_string(id_) + ",\"s\":\"" + names_.symbol +
                          "\",\"b\":\"" + PriceText(bid) + "\",\"B\":\"" + QtyText(bid_qty) +
                          "\",\"a\":\"" + PriceText(ask) + "\",\"A\":\"" + QtyText(ask_qty) +
                          "\"}");
}

std::string MarketScript::TradeData(std::string_view price, std::string_view qty) const {
  const std::string now = std::to_string(now_ms_);
  return "{\"e\":\"trade\",\"E\":" + now + ",\"s\":\"" + names_.symbol +
         "\",\"t\":" + std::to_string(trade_id_) + ",\"p\":\"" + std::string(price) +
         "\",\"q\":\"" + std::string(qty) + "\",\"T\":" + now +
         ",\"m\":" + (trade_id_ % 2 == 0 ? "true" : "false") + ",\"M\":true}";
}

void MarketScript::TradeOf(std::string_view price, std::string_view qty) {
  ++trade_id_;
  Frame("trade", TradeData(price, qty));
}

void MarketScript::Trade() {
  TradeOf(PriceText(book_.asks.begin()->first), QtyText(1 + trade_id_ % 7));
}

void MarketScript::AggTrade() {
  ++trade_id_;
  const std::string now = std::to_string(now_ms_);
  const std::string id = std::to_string(trade_id_);
  Frame("aggTrade", "{\"e\":\"aggTrade\",\"E\":" + now + ",\"s\":\"" + names_.symbol +
                        "\",\"a\":" + id + ",\"p\":\"" + PriceText(book_.bids.begin()->first) +
                        "\",\"q\":\"0.25000000\",\"f\":" + id + ",\"l\":" + id + ",\"T\":" + now +
                        ",\"m\":true,\"M\":true}");
}

void MarketScript::Start(int steps) {
  Snapshot();
  Run(steps);
}

void MarketScript::Run(int steps) {
  for (int i = 0; i < steps; ++i) {
    Depth();
    Ticker();
    Trade();
  }
}

std::string MarketScript::text() const { return JoinLines(lines_); }

std::string MarketScript::FinalBookText() const {
  std::string text;
  for (const auto& [cents, qty] : book_.bids) {
    text += "b " + PriceText(cents) + " " + QtyText(qty) + "\n";
  }
  for (const auto& [cents, qty] : book_.asks) {
    text += "a " + PriceText(cents) + " " + QtyText(qty) + "\n";
  }
  return text;
}

}  // namespace thalweg
