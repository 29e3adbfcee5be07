#include "tests/pipeline/feed_builder.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

constexpr std::int64_t kMidCents = 10'000;
constexpr std::int64_t kReachCents = 40;  // How far from the touch the book changes.

template <class Levels>
std::string LevelsText(const Levels& levels, std::size_t limit) {
  std::string text;
  std::size_t count = 0;
  for (const auto& [cents, qty] : levels) {
    if (count++ == limit) break;
    absl::StrAppend(&text, count == 1 ? "" : ",", "[\"", CentsText(cents), "\",\"",
                    ThousandthsText(qty), "\"]");
  }
  return text;
}

constexpr std::size_t kAll = SIZE_MAX;

}  // namespace

std::string CentsText(std::int64_t cents) {
  return absl::StrFormat("%d.%02d", cents / 100, cents % 100);
}

std::string ThousandthsText(std::int64_t thousandths) {
  return absl::StrFormat("%d.%03d", thousandths / 1'000, thousandths % 1'000);
}

FeedBuilder::FeedBuilder(std::string symbol, Numbering numbering, std::uint64_t seed, int levels)
    : symbol_(std::move(symbol)),
      stream_(absl::AsciiStrToLower(symbol_)),
      futures_(numbering == Numbering::kFutures),
      dice_(seed) {
  for (std::int64_t i = 1; i <= levels; ++i) {
    bids_[kMidCents - i] = 1 + dice_.Roll(5'000);
    asks_[kMidCents + i] = 1 + dice_.Roll(5'000);
  }
}

void FeedBuilder::SetLevel(bool bid, std::int64_t cents, std::int64_t qty) {
  const auto set = [&](auto& side) {
    if (qty == 0) {
      side.erase(cents);
    } else {
      side[cents] = qty;
    }
  };
  bid ? set(bids_) : set(asks_);
  (bid ? changed_bids_ : changed_asks_)[cents] = qty;
}

void FeedBuilder::Move(int changes) {
  for (int i = 0; i < changes; ++i) {
    id_ += futures_ ? 1 + dice_.Roll(4) : 1;
    const bool bid = dice_.OneIn(2);
    const std::int64_t best_bid = bids_.empty() ? kMidCents - 1 : bids_.begin()->first;
    const std::int64_t best_ask = asks_.empty() ? kMidCents + 1 : asks_.begin()->first;
    // Anywhere on its side of the other side's touch, mostly near its own.
    const std::int64_t away = dice_.Roll(dice_.OneIn(4) ? kReachCents : 6);
    const std::int64_t cents = bid ? best_ask - 1 - away : best_bid + 1 + away;
    SetLevel(bid, cents, dice_.OneIn(3) ? 0 : 1 + dice_.Roll(9'000));
  }
}

void FeedBuilder::EmptySide(bool bid) {
  id_ += 1;
  std::vector<std::int64_t> prices;
  const auto note = [&](const auto& side) {
    for (const auto& [cents, qty] : side) prices.push_back(cents);
  };
  bid ? note(bids_) : note(asks_);
  for (const std::int64_t cents : prices) SetLevel(bid, cents, 0);
}

void FeedBuilder::RestartIds() { id_ = told_id_ = 100; }

void FeedBuilder::SetId(std::int64_t id) { id_ = told_id_ = id; }

std::string FeedBuilder::FuturesTimes() const {
  return futures_ ? absl::StrCat("\"T\":", now_ms_ - 1, ",") : "";
}

std::string FeedBuilder::Depth() {
  if (id_ == told_id_) Move(1);
  const std::int64_t first = told_id_ + 1;
  std::string frame =
      DepthOf(first, id_, LevelsText(changed_bids_, kAll), LevelsText(changed_asks_, kAll));
  told_id_ = id_;
  changed_bids_.clear();
  changed_asks_.clear();
  return frame;
}

std::string FeedBuilder::Ticker() const {
  const auto price = [](const auto& side) {
    return side.empty() ? std::string("0.00") : CentsText(side.begin()->first);
  };
  const auto qty = [](const auto& side) {
    return side.empty() ? std::string("0.000") : ThousandthsText(side.begin()->second);
  };
  return TickerOf(id_, price(bids_), qty(bids_), price(asks_), qty(asks_));
}

std::string FeedBuilder::Trade() {
  const bool at_bid = dice_.OneIn(2) && !bids_.empty();
  const std::int64_t cents =
      at_bid ? bids_.begin()->first : (asks_.empty() ? kMidCents : asks_.begin()->first);
  return TradeOf(++trade_id_, CentsText(cents), ThousandthsText(1 + dice_.Roll(3'000)));
}

std::string FeedBuilder::Snapshot(std::size_t limit) const {
  return absl::StrCat("{\"lastUpdateId\":", id_, ",\"bids\":[", LevelsText(bids_, limit),
                      "],\"asks\":[", LevelsText(asks_, limit), "]}");
}

std::string FeedBuilder::Rest(std::size_t limit) const {
  return absl::StrCat("#rest GET /api/v3/depth?symbol=", symbol_, "&limit=", limit, " ",
                      Snapshot(limit));
}

std::string FeedBuilder::Frame(std::string_view stream_type, std::string_view data) const {
  return absl::StrCat("{\"stream\":\"", stream_, "@", Abseil(stream_type),
                      "\",\"data\":", Abseil(data), "}");
}

std::string FeedBuilder::DepthOf(std::int64_t first, std::int64_t last, std::string_view bids,
                                 std::string_view asks) const {
  const std::string previous = futures_ ? absl::StrCat("\"pu\":", told_id_, ",") : "";
  return Frame(
      "depth@100ms",
      Standard(absl::StrCat("{\"e\":\"depthUpdate\",\"E\":", now_ms_, ",", FuturesTimes(),
                            "\"s\":\"", symbol_, "\",\"U\":", first, ",\"u\":", last, ",", previous,
                            "\"b\":[", Abseil(bids), "],\"a\":[", Abseil(asks), "]}")));
}

std::string FeedBuilder::TickerOf(std::int64_t id, std::string_view bid, std::string_view bid_qty,
                                  std::string_view ask, std::string_view ask_qty) const {
  const std::string times =
      futures_ ? absl::StrCat(",\"T\":", now_ms_ - 1, ",\"E\":", now_ms_) : "";
  return Frame("bookTicker", Standard(absl::StrCat(
                                 "{\"u\":", id, ",\"s\":\"", symbol_, "\",\"b\":\"", Abseil(bid),
                                 "\",\"B\":\"", Abseil(bid_qty), "\",\"a\":\"", Abseil(ask),
                                 "\",\"A\":\"", Abseil(ask_qty), "\"", times, "}")));
}

std::string FeedBuilder::TradeOf(std::int64_t id, std::string_view price,
                                 std::string_view qty) const {
  return Frame("trade",
               Standard(absl::StrCat("{\"e\":\"trade\",\"E\":", now_ms_ + 1, ",\"s\":\"", symbol_,
                                     "\",\"t\":", id, ",\"p\":\"", Abseil(price), "\",\"q\":\"",
                                     Abseil(qty), "\",\"T\":", now_ms_,
                                     ",\"m\":", id % 2 == 0 ? "true" : "false", ",\"M\":true}")));
}

}  // namespace thalweg
