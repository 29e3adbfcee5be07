#include "tests/fuzz/feeds/decode/event_checks.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "feeds/decode/decoder.h"
#include "feeds/decode/general_decoder.h"
#include "feeds/decode/json_grammar.h"
#include "simdjson.h"
#include "tests/feeds/decode/any_event.h"
#include "tests/feeds/decode/padded_text.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/oracle/slow_decode.h"

namespace thalweg::fuzz {
namespace {

namespace dom = simdjson::dom;

// A payload as the exchange's buffers hold it, named as one of `kind`.
class Frame {
 public:
  Frame(std::string_view text, char padding, FrameKind kind)
      : text_(text, padding), head_(NameFrame(text_.view())) {
    head_.kind = kind;
  }
  [[nodiscard]] std::string_view text() const { return text_.view(); }
  [[nodiscard]] const FrameHead& head() const { return head_; }
  [[nodiscard]] bool combined() const {
    return !head_.stream_symbol.empty() || !head_.stream_type.empty();
  }

 private:
  PaddedText text_;
  FrameHead head_;
};

void RequireInRange(std::span<const Level> levels) {
  Require(levels.size() <= kFrameLevelsMax, "no more levels than allowed");
  for (const Level& level : levels) {
    Require(level.price >= Price(0) && level.price <= kPriceMax, "a level's price is in range");
    Require(level.qty >= Qty(0), "a level's quantity is not negative");
  }
}

void RequireInRange(const DepthDiff& diff) {
  Require(diff.first >= UpdateId(0) && diff.first <= diff.last, "ids rise");
  Require(!diff.previous || *diff.previous >= UpdateId(0), "pu is an id");
  Require(diff.event_time >= EventTime(0), "a time is not negative");
  RequireInRange(diff.bids);
  RequireInRange(diff.asks);
}

void RequireInRange(const BookTicker& ticker) {
  Require(ticker.id >= UpdateId(0), "u is an id");
  const std::array quotes{ticker.bid, ticker.ask};
  RequireInRange(quotes);
}

void RequireInRange(const Trade& trade) {
  Require(trade.id >= TradeId(0), "a trade has an id");
  Require(trade.trade_time >= EventTime(0) && trade.event_time >= EventTime(0),
          "a time is not negative");
  const std::array fill{Level{trade.price, trade.qty}};
  RequireInRange(fill);
}

void RequireInRange(const Kline& kline) {
  Require(kline.first_trade >= TradeId(-1) && kline.last_trade >= TradeId(-1),
          "a candle's trade ids are ids or -1");
  Require(kline.trade_count >= 0, "a count is not negative");
  Require(kline.quote_volume >= Price(0) && kline.taker_buy_quote_volume >= Price(0),
          "an amount is not negative");
  const std::array prices{Level{kline.open, kline.volume}, Level{kline.high, Qty(0)},
                          Level{kline.low, kline.taker_buy_volume}, Level{kline.close, Qty(0)}};
  RequireInRange(prices);
}

void RequireInRange(const DepthSnapshot& snapshot) {
  Require(snapshot.last >= UpdateId(-1), "lastUpdateId is an id or -1");
  RequireInRange(snapshot.bids);
  RequireInRange(snapshot.asks);
}

// --- The oracle's opinion, in units of 1e-8 -----------------------------------------------------

std::vector<Level> LevelsOf(const oracle::SlowLevels& slow) {
  std::vector<Level> levels;
  for (const oracle::SlowLevel& level : slow) {
    levels.push_back({Price(level.price), Qty(level.qty)});
  }
  return levels;
}

std::optional<EventTime> TimeOf(const std::optional<oracle::Int>& time) {
  return time ? std::optional(EventTime(*time)) : std::nullopt;
}

AnyEvent Flatten(const oracle::SlowDepth& slow, std::optional<int> segment) {
  const std::vector<Level> bids = LevelsOf(slow.bids);
  const std::vector<Level> asks = LevelsOf(slow.asks);
  const auto previous =
      slow.previous ? std::optional(UpdateId(*slow.previous)) : std::optional<UpdateId>();
  return thalweg::Flatten(DepthDiff{UpdateId(slow.first), UpdateId(slow.last), previous,
                                    EventTime(slow.event_time), TimeOf(slow.transaction_time),
                                    segment, bids, asks});
}

AnyEvent Flatten(const oracle::SlowTicker& slow) {
  return thalweg::Flatten(BookTicker{UpdateId(slow.id),
                                     {Price(slow.bid.price), Qty(slow.bid.qty)},
                                     {Price(slow.ask.price), Qty(slow.ask.qty)},
                                     TimeOf(slow.event_time),
                                     TimeOf(slow.transaction_time)});
}

AnyEvent Flatten(const oracle::SlowTrade& slow) {
  return thalweg::Flatten(Trade{TradeId(slow.id), Price(slow.price), Qty(slow.qty),
                                EventTime(slow.trade_time), EventTime(slow.event_time),
                                slow.sigma > 0 ? Aggressor::kBuyer : Aggressor::kSeller,
                                slow.market});
}

AnyEvent Flatten(const oracle::SlowSnapshot& slow) {
  const std::vector<Level> bids = LevelsOf(slow.bids);
  const std::vector<Level> asks = LevelsOf(slow.asks);
  return thalweg::Flatten(DepthSnapshot{UpdateId(slow.id), bids, asks});
}

bool HasOneOfEachKey(dom::object object) {
  std::set<std::string_view> keys;
  for (const dom::key_value_pair field : object) {
    if (!keys.insert(field.key).second) return false;
  }
  return true;
}

// The symbol must be there and, in a combined frame, the stream's in upper case.
bool NamesItsSymbol(dom::element data, const Frame& frame) {
  const std::optional<std::string_view> symbol = oracle::TextField(data, "s");
  if (!symbol) return false;
  if (!frame.combined()) return true;
  std::string upper(frame.head().stream_symbol);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return *symbol == upper;
}

// A segment is no business of the oracle's; false when it is there and bad.
bool ReadSegment(dom::element data, std::optional<int>* segment) {
  dom::element element;
  if (data["st"].get(element) != simdjson::SUCCESS) return true;
  std::int64_t number = 0;
  if (element.get(number) != simdjson::SUCCESS || number < 0 || number > INT32_MAX) return false;
  *segment = static_cast<int>(number);
  return true;
}

// The event that the oracle reads from `data`; nothing when it is malformed.
std::optional<AnyEvent> ReadByOracle(FrameKind kind, dom::element data, const Frame& frame) {
  if (kind == FrameKind::kSnapshot) {
    const auto snapshot = oracle::DecodeSnapshot(data);
    return snapshot ? std::optional(Flatten(*snapshot)) : std::nullopt;
  }
  if (!NamesItsSymbol(data, frame)) return std::nullopt;
  if (kind == FrameKind::kDepth) {
    const auto depth = oracle::DecodeDepth(data);
    std::optional<int> segment;
    if (!depth || !ReadSegment(data, &segment)) return std::nullopt;
    return Flatten(*depth, segment);
  }
  if (kind == FrameKind::kBookTicker) {
    const auto ticker = oracle::DecodeTicker(data);
    return ticker ? std::optional(Flatten(*ticker)) : std::nullopt;
  }
  const auto trade = oracle::DecodeTrade(data, kind == FrameKind::kAggTrade ? "a" : "t");
  return trade ? std::optional(Flatten(*trade)) : std::nullopt;
}

bool OracleKnows(FrameKind kind) {
  return kind == FrameKind::kDepth || kind == FrameKind::kBookTicker || kind == FrameKind::kTrade ||
         kind == FrameKind::kAggTrade || kind == FrameKind::kSnapshot;
}

// The deepest nesting, or more: brackets inside of texts count too.
int NestingOf(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  for (const char c : text) {
    depth += (c == '{' || c == '[') ? 1 : 0;
    depth -= (c == '}' || c == ']') ? 1 : 0;
    deepest = std::max(deepest, depth);
  }
  return deepest;
}

// Where the parsers differ by intention: escapes, names that come twice, a zero with a sign,
// nesting that no exchange sends.
bool IsBeyondTheOracle(std::string_view text) {
  return text.find('\\') != std::string_view::npos || text.find("-0") != std::string_view::npos ||
         NestingOf(text) > kJsonNestingMax;
}

void CheckAgainstOracle(FrameKind kind, const Frame& frame, const Outcome& outcome) {
  if (!OracleKnows(kind) || IsBeyondTheOracle(frame.text())) return;
  static dom::parser& parser = *new dom::parser;
  dom::element root;
  dom::object top;
  if (parser.parse(frame.text().data(), frame.text().size()).get(root) != simdjson::SUCCESS ||
      root.get(top) != simdjson::SUCCESS || !HasOneOfEachKey(top)) {
    return;
  }
  dom::element data = root;
  if (kind != FrameKind::kSnapshot && frame.combined()) {
    dom::object payload;
    if (root["data"].get(data) != simdjson::SUCCESS || data.get(payload) != simdjson::SUCCESS ||
        !HasOneOfEachKey(payload)) {
      return;
    }
  }
  const std::optional<AnyEvent> wanted = ReadByOracle(kind, data, frame);
  Require(wanted.has_value() == (outcome.verdict == DecodeVerdict::kOk),
          "the oracle calls the same frames good");
  if (wanted) Require(*wanted == outcome.event, "the oracle reads the same event");
}

// --- One frame ----------------------------------------------------------------------------------

// Decodes as any_event.h does, and looks at what came out.
template <class Event, class DecodeIt>
void CheckRange(const DecodeIt& decode) {
  Event event;
  if (decode(&event) == DecodeVerdict::kOk) RequireInRange(event);
}

void CheckRanges(const FrameHead& head, std::string_view text, int decimals, Decoder* decoder) {
  switch (head.kind) {
    case FrameKind::kDepth:
      return CheckRange<DepthDiff>(
          [&](DepthDiff* e) { return decoder->DecodeDepth(head, decimals, e); });
    case FrameKind::kBookTicker:
      return CheckRange<BookTicker>(
          [&](BookTicker* e) { return decoder->DecodeBookTicker(head, decimals, e); });
    case FrameKind::kTrade:
    case FrameKind::kAggTrade:
      return CheckRange<Trade>([&](Trade* e) { return decoder->DecodeTrade(head, decimals, e); });
    case FrameKind::kKline:
      return CheckRange<Kline>([&](Kline* e) { return decoder->DecodeKline(head, decimals, e); });
    case FrameKind::kPartialDepth:
      return CheckRange<DepthSnapshot>(
          [&](DepthSnapshot* e) { return decoder->DecodePartialDepth(head, decimals, e); });
    default:
      return CheckRange<DepthSnapshot>(
          [&](DepthSnapshot* e) { return decoder->DecodeSnapshot(text, decimals, e); });
  }
}

bool IsClassOfRange(DecodeVerdict verdict) {
  return verdict == DecodeVerdict::kOk || verdict == DecodeVerdict::kOutOfRange;
}

}  // namespace

FrameInput SplitFrameInput(const std::uint8_t* data, std::size_t size) noexcept {
  const std::string_view text = TextOf(data, size);
  if (text.empty() || text.front() < '0' || text.front() > '8') return {8, text};
  return {text.front() - '0', text.substr(1)};
}

void CheckFrameAs(FrameKind kind, const FrameInput& input) {
  // They live on, as they do in an engine: what one frame leaves behind must not reach the next.
  static Decoder& decoder = *new Decoder;
  static GeneralDecoder& general = *new GeneralDecoder;
  constexpr std::string_view kPaddings = "\"}],0:{[\\.";
  const Frame frame(input.frame, '\0', kind);
  const Frame other(input.frame, kPaddings[input.frame.size() % kPaddings.size()], kind);
  FrameHead head = frame.head();
  FrameHead other_head = other.head();
  if (kind == FrameKind::kSnapshot) {  // Decoded from its text, not from a name.
    head.body = frame.text();
    other_head.body = other.text();
  }

  const Outcome outcome = *Decode(head, input.qty_decimals, &decoder);
  Require(outcome == *Decode(other_head, input.qty_decimals, &general),
          "the decoder and the general reader agree, whatever stands in the padding");
  CheckRanges(head, frame.text(), input.qty_decimals, &decoder);

  if (outcome.verdict == DecodeVerdict::kQtyTooFine) {
    const int finest = outcome.finest_decimals;
    Require(finest > input.qty_decimals && finest <= kQtyDecimalsMax, "a finer unit would do");
    Require(IsClassOfRange(Decode(head, finest, &decoder)->verdict),
            "in the unit that was named nothing is too fine");
  }
  const Outcome in_1e8 =
      input.qty_decimals == 8 ? outcome : *Decode(head, kQtyDecimalsMax, &decoder);
  if (outcome.verdict == DecodeVerdict::kOk) {
    Require(IsClassOfRange(in_1e8.verdict), "what is good stays good in a finer unit");
  }
  // What does not fit 1e-8 may be good in its own unit, of which the oracle knows nothing.
  CheckAgainstOracle(kind, frame, in_1e8);
}

}  // namespace thalweg::fuzz
