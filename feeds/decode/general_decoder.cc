#include "feeds/decode/general_decoder.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/decimal.h"
#include "feeds/decode/decoder.h"
#include "feeds/decode/json_escapes.h"
#include "feeds/decode/json_grammar.h"
#include "feeds/decode/json_skim.h"
#include "feeds/decode/text_cursor.h"
#include "simdjson.h"

namespace thalweg {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(simdjson::SIMDJSON_PADDING <= kPayloadPadding);

// Enough for the usual frames; larger ones allocate once.
constexpr std::size_t kWarmTextBytes = std::size_t{64} << 10;
constexpr std::size_t kWarmSideLevels = 4'096;

DecodeVerdict VerdictOf(simdjson::error_code error) noexcept {
  switch (error) {
    case simdjson::SUCCESS:
      return DecodeVerdict::kOk;
    case simdjson::INCORRECT_TYPE:
    case simdjson::NUMBER_ERROR:
    case simdjson::NUMBER_OUT_OF_RANGE:
      return DecodeVerdict::kBadField;
    default:
      return DecodeVerdict::kNotJson;
  }
}

DecodeVerdict VerdictOf(DecimalVerdict verdict) noexcept {
  switch (verdict) {
    case DecimalVerdict::kOk:
      return DecodeVerdict::kOk;
    case DecimalVerdict::kMalformed:
      return DecodeVerdict::kBadNumber;
    case DecimalVerdict::kTooFine:
      return DecodeVerdict::kQtyTooFine;
    case DecimalVerdict::kOutOfRange:
      return DecodeVerdict::kOutOfRange;
  }
  return DecodeVerdict::kBadNumber;
}

// Two letters of a key in one number, so that keys can be the cases of a switch.
constexpr unsigned Key(char first, char second = '\0') noexcept {
  return static_cast<unsigned char>(first) | unsigned{static_cast<unsigned char>(second)} << 8;
}

// A key of one or two letters as a number, 0 for any other.
unsigned ShortKey(std::string_view key) noexcept {
  if (key.size() == 1) return Key(key[0]);
  if (key.size() == 2) return Key(key[0], key[1]);
  return 0;
}

// Whether the text from a combined frame's `at`, the byte after its payload object, closes the
// envelope. Other members may come first, but no second payload and no second name; `has_stream`:
// the name stood before the payload.
bool ClosesEnvelope(const char* at, const char* end, bool has_stream) noexcept {
  while (true) {
    at = SkipBlanks(at, end);
    if (at == end) return false;
    if (*at == '}') return SkipBlanks(at + 1, end) == end;
    if (*at != ',') return false;
    const char* const member = SkipBlanks(at + 1, end);
    const char* const value = json_grammar::PastKey(member, end);
    if (value == nullptr || (at = PastJson(value, end)) == nullptr) return false;
    std::string_view key;
    (void)SkimString(member, end, &key);
    if (HasEscapes(key) || key == "data" || (key == "stream" && has_stream)) return false;
    has_stream = has_stream || key == "stream";
  }
}

// The digits of a 64-bit number that simdjson declined, if that is what it is: then it is too
// large.
bool IsPlainInteger(std::string_view token) noexcept {
  while (!token.empty() && IsBlank(token.back())) token.remove_suffix(1);
  if (!token.empty() && token.front() == '-') token.remove_prefix(1);
  return !token.empty() && token.find_first_not_of("0123456789") == std::string_view::npos;
}

DecodeVerdict ReadInteger(ondemand::value value, std::int64_t* number) noexcept {
  const std::string_view token = value.raw_json_token();
  const simdjson::error_code error = value.get_int64().get(*number);
  if (error == simdjson::SUCCESS) {
    return *number == 0 && token.front() == '-' ? DecodeVerdict::kBadField : DecodeVerdict::kOk;
  }
  return IsPlainInteger(token) ? DecodeVerdict::kOutOfRange : DecodeVerdict::kBadField;
}

// An id of at least `least`.
template <class Id>
DecodeVerdict ReadId(ondemand::value value, Id* id, std::int64_t least = 0) noexcept {
  std::int64_t number = 0;
  const DecodeVerdict verdict = ReadInteger(value, &number);
  if (verdict != DecodeVerdict::kOk) return verdict;
  *id = Id(number);
  return number < least ? DecodeVerdict::kBadIds : DecodeVerdict::kOk;
}

DecodeVerdict ReadTime(ondemand::value value, EventTime* time) noexcept {
  std::int64_t number = 0;
  const DecodeVerdict verdict = ReadInteger(value, &number);
  if (verdict != DecodeVerdict::kOk) return verdict;
  return ToEventTime(number, time) ? DecodeVerdict::kOk : DecodeVerdict::kOutOfRange;
}

DecodeVerdict ReadTime(ondemand::value value, std::optional<EventTime>* time) noexcept {
  EventTime read;
  const DecodeVerdict verdict = ReadTime(value, &read);
  if (verdict == DecodeVerdict::kOk) *time = read;
  return verdict;
}

DecodeVerdict ReadFlag(ondemand::value value, bool* flag) noexcept {
  return VerdictOf(value.get_bool().get(*flag));
}

// What stands between the quotes of a string. simdjson's first pass has made sure that every string
// has its closing quote.
std::string_view TextOf(ondemand::raw_json_string raw) noexcept {
  const char* close = raw.raw();
  for (; *close != '"'; ++close) {
    if (*close == '\\') ++close;
  }
  return {raw.raw(), static_cast<std::size_t>(close - raw.raw())};
}

// The text of a string without undoing escapes: a number written with them is no regular number.
DecodeVerdict ReadRawText(ondemand::value value, std::string_view* text) noexcept {
  ondemand::raw_json_string raw;
  const simdjson::error_code error = value.get_raw_json_string().get(raw);
  if (error != simdjson::SUCCESS) return VerdictOf(error);
  *text = TextOf(raw);
  return DecodeVerdict::kOk;
}

// Prices in a book are bounded by kPriceMax; amounts of quote currency only by their type.
DecodeVerdict ReadQuoteAmount(ondemand::value value, Price* amount) noexcept {
  std::string_view text;
  const DecodeVerdict verdict = ReadRawText(value, &text);
  if (verdict != DecodeVerdict::kOk) return verdict;
  std::int64_t units = 0;
  const DecodeVerdict parsed = VerdictOf(ParseDecimal(text, kPriceDecimals, &units));
  if (parsed == DecodeVerdict::kOk) *amount = Price(units);
  return parsed;
}

DecodeVerdict ReadPrice(ondemand::value value, Price* price) noexcept {
  const DecodeVerdict verdict = ReadQuoteAmount(value, price);
  if (verdict != DecodeVerdict::kOk) return verdict;
  return *price > kPriceMax ? DecodeVerdict::kOutOfRange : DecodeVerdict::kOk;
}

// Reads the quantities of one frame and remembers the finest that did not fit: the frame is read to
// its end, so that one refinement is enough.
class QtyReader {
 public:
  explicit QtyReader(int decimals) noexcept : decimals_(decimals) {}

  DecodeVerdict Read(ondemand::value value, Qty* qty) noexcept {
    std::string_view text;
    const DecodeVerdict verdict = ReadRawText(value, &text);
    if (verdict != DecodeVerdict::kOk) return verdict;
    std::int64_t units = 0;
    const DecimalVerdict parsed = ParseDecimal(text, decimals_, &units);
    if (parsed == DecimalVerdict::kTooFine) {
      finest_ = std::max(finest_, SignificantDecimals(text));
      return DecodeVerdict::kOk;
    }
    if (parsed == DecimalVerdict::kOk) *qty = Qty(units);
    return VerdictOf(parsed);
  }

  [[nodiscard]] bool too_fine() const noexcept { return finest_ > decimals_; }
  [[nodiscard]] int finest() const noexcept { return finest_; }

 private:
  int decimals_;
  int finest_ = 0;
};

// One level: an array of price and quantity; a third element, sent before 2019, is ignored.
DecodeVerdict ReadLevel(ondemand::value value, QtyReader* qtys, Level* level) noexcept {
  ondemand::array parts;
  if (const auto error = value.get_array().get(parts); error != simdjson::SUCCESS) {
    return VerdictOf(error);
  }
  int count = 0;
  for (auto element : parts) {
    ondemand::value part;
    if (const auto error = std::move(element).get(part); error != simdjson::SUCCESS) {
      return VerdictOf(error);
    }
    DecodeVerdict verdict = DecodeVerdict::kOk;
    if (count == 0) verdict = ReadPrice(part, &level->price);
    if (count == 1) verdict = qtys->Read(part, &level->qty);
    if (verdict != DecodeVerdict::kOk) return verdict;
    count = std::min(count + 1, 2);
  }
  return count == 2 ? DecodeVerdict::kOk : DecodeVerdict::kBadField;
}

DecodeVerdict ReadSide(ondemand::value value, QtyReader* qtys,
                       std::vector<Level>* levels) noexcept {
  levels->clear();
  ondemand::array entries;
  if (const auto error = value.get_array().get(entries); error != simdjson::SUCCESS) {
    return VerdictOf(error);
  }
  for (auto element : entries) {
    ondemand::value entry;
    if (const auto error = std::move(element).get(entry); error != simdjson::SUCCESS) {
      return VerdictOf(error);
    }
    if (levels->size() == kFrameLevelsMax) return DecodeVerdict::kTooManyLevels;
    const DecodeVerdict verdict = ReadLevel(entry, qtys, &levels->emplace_back());
    if (verdict != DecodeVerdict::kOk) return verdict;
  }
  return DecodeVerdict::kOk;
}

// The names met in one object: none may come twice, used or not. At kFieldsMax the object is
// refused (the exchange's largest has 23 fields).
class Names {
 public:
  // False when it was there, or when there are too many.
  [[nodiscard]] bool Add(std::string_view name) noexcept {
    const auto end = names_.begin() + static_cast<std::ptrdiff_t>(count_);
    if (count_ == kFieldsMax || std::find(names_.begin(), end, name) != end) return false;
    names_[count_++] = name;
    return true;
  }

 private:
  static constexpr std::size_t kFieldsMax = 64;
  std::array<std::string_view, kFieldsMax> names_;
  std::size_t count_ = 0;
};

// Calls `on_field(key, value)` for every field of an object.
template <class OnField>
DecodeVerdict ForEachField(ondemand::object object, OnField on_field) noexcept {
  Names names;
  for (auto element : object) {
    ondemand::field field;
    if (const auto error = std::move(element).get(field); error != simdjson::SUCCESS) {
      return VerdictOf(error);
    }
    const std::string_view key = TextOf(field.key());
    if (HasEscapes(key) || !names.Add(key)) return DecodeVerdict::kBadField;
    const DecodeVerdict verdict = on_field(key, field.value());
    if (verdict != DecodeVerdict::kOk) return verdict;
  }
  return DecodeVerdict::kOk;
}

// Fields that were there, by the bits a decoder gives them.
class Presence {
 public:
  void Add(unsigned field) noexcept { bits_ |= 1U << field; }
  [[nodiscard]] bool Has(unsigned field) const noexcept { return (bits_ >> field & 1U) != 0; }
  // Whether the fields 0 to count - 1 were all there.
  [[nodiscard]] bool HasFirst(unsigned count) const noexcept {
    const unsigned wanted = (1U << count) - 1;
    return (bits_ & wanted) == wanted;
  }

 private:
  unsigned bits_ = 0;
};

DecodeVerdict ReadSymbol(ondemand::value value, const FrameHead& head) noexcept {
  std::string_view symbol;
  if (const auto error = value.get_string().get(symbol); error != simdjson::SUCCESS) {
    return VerdictOf(error);
  }
  if (head.stream_symbol.empty() && head.stream_type.empty()) return DecodeVerdict::kOk;
  std::string_view stream_symbol = head.stream_symbol;
  std::string unescaped;
  if (HasEscapes(stream_symbol)) stream_symbol = unescaped = Unescaped(stream_symbol);
  const auto is_upper_of = [](char in_stream, char in_payload) {
    const bool lower = in_stream >= 'a' && in_stream <= 'z';
    return static_cast<char>(lower ? in_stream - 'a' + 'A' : in_stream) == in_payload;
  };
  return std::equal(stream_symbol.begin(), stream_symbol.end(), symbol.begin(), symbol.end(),
                    is_upper_of)
             ? DecodeVerdict::kOk
             : DecodeVerdict::kWrongSymbol;
}

}  // namespace

struct GeneralDecoder::State {
  State() {
    // Where this fails, the first frame tries again and says so.
    [[maybe_unused]] const simdjson::error_code warmed = parser.allocate(kWarmTextBytes);
    bids.reserve(kWarmSideLevels);
    asks.reserve(kWarmSideLevels);
  }

  // Reads a whole payload: the object, and after it nothing, or the end of the envelope.
  template <class OnField>
  DecodeVerdict ReadPayload(const FrameHead& head, OnField on_field) noexcept {
    const std::string_view body = head.body;
    const char* const end = body.data() + body.size();
    if (body.empty()) return DecodeVerdict::kNotJson;
    // Where the object ends is found first, and simdjson is shown the object alone: what it says of
    // an object without an end would depend on the bytes in the padding. It does not look at values
    // that nobody asks for, so every byte is held against the grammar here.
    const char* const begin = SkipBlanks(body.data(), end);
    const char* const after = PastJson(begin, end);
    if (after == nullptr || *begin != '{') return DecodeVerdict::kNotJson;
    const bool combined = !head.stream_symbol.empty() || !head.stream_type.empty();
    // Both are views of one frame.
    const bool stream_first = head.stream_symbol.data() < body.data();
    if (combined ? !ClosesEnvelope(after, end, stream_first) : SkipBlanks(after, end) != end) {
      return DecodeVerdict::kNotJson;
    }
    const auto size = static_cast<std::size_t>(after - begin);
    if (size > parser.capacity() &&
        parser.allocate(std::max(size, 2 * parser.capacity())) != simdjson::SUCCESS) {
      return DecodeVerdict::kNotJson;
    }
    ondemand::document document;
    const simdjson::padded_string_view text(begin, size, size + kPayloadPadding);
    if (parser.iterate(text).get(document) != simdjson::SUCCESS) return DecodeVerdict::kNotJson;
    ondemand::object object;
    if (document.get_object().get(object) != simdjson::SUCCESS) return DecodeVerdict::kNotJson;
    return ForEachField(object, on_field);
  }

  // The verdict of a frame whose other checks have passed.
  DecodeVerdict Finish(const QtyReader& qtys) noexcept {
    if (!qtys.too_fine()) return DecodeVerdict::kOk;
    finest_qty_decimals = qtys.finest();
    return DecodeVerdict::kQtyTooFine;
  }

  ondemand::parser parser;
  std::vector<Level> bids;
  std::vector<Level> asks;
  int finest_qty_decimals = 0;
};

GeneralDecoder::GeneralDecoder() : state_(std::make_unique<State>()) {}
GeneralDecoder::~GeneralDecoder() = default;

int GeneralDecoder::finest_qty_decimals() const noexcept { return state_->finest_qty_decimals; }

DecodeVerdict GeneralDecoder::DecodeDepth(const FrameHead& head, int qty_decimals,
                                          DepthDiff* diff) noexcept {
  enum Field : unsigned { kEventTime, kSymbol, kFirst, kLast, kBids, kAsks, kNeeded };
  QtyReader qtys(qty_decimals);
  Presence present;
  DepthDiff found;
  const auto on_field = [&](std::string_view key, ondemand::value value) noexcept {
    switch (ShortKey(key)) {
      case Key('E'):
        present.Add(kEventTime);
        return ReadTime(value, &found.event_time);
      case Key('T'):
        return ReadTime(value, &found.transaction_time);
      case Key('s'):
        present.Add(kSymbol);
        return ReadSymbol(value, head);
      case Key('U'):
        present.Add(kFirst);
        return ReadId(value, &found.first);
      case Key('u'):
        present.Add(kLast);
        return ReadId(value, &found.last);
      case Key('p', 'u'): {
        UpdateId previous;
        const DecodeVerdict verdict = ReadId(value, &previous);
        found.previous = previous;
        return verdict;
      }
      case Key('s', 't'): {
        std::int64_t segment = 0;
        const DecodeVerdict verdict = ReadInteger(value, &segment);
        found.market_segment = static_cast<int>(segment);
        if (verdict != DecodeVerdict::kOk) return verdict;
        return segment < 0 || segment > INT32_MAX ? DecodeVerdict::kOutOfRange : verdict;
      }
      case Key('b'):
        present.Add(kBids);
        return ReadSide(value, &qtys, &state_->bids);
      case Key('a'):
        present.Add(kAsks);
        return ReadSide(value, &qtys, &state_->asks);
      default:
        return DecodeVerdict::kOk;
    }
  };
  const DecodeVerdict verdict = state_->ReadPayload(head, on_field);
  if (verdict != DecodeVerdict::kOk) return verdict;
  if (!present.HasFirst(kNeeded)) return DecodeVerdict::kMissingField;
  if (found.first > found.last) return DecodeVerdict::kBadIds;
  found.bids = state_->bids;
  found.asks = state_->asks;
  *diff = found;
  return state_->Finish(qtys);
}

DecodeVerdict GeneralDecoder::DecodeBookTicker(const FrameHead& head, int qty_decimals,
                                               BookTicker* ticker) noexcept {
  enum Field : unsigned { kId, kSymbol, kBid, kBidQty, kAsk, kAskQty, kNeeded };
  QtyReader qtys(qty_decimals);
  Presence present;
  BookTicker found;
  const auto on_field = [&](std::string_view key, ondemand::value value) noexcept {
    switch (ShortKey(key)) {
      case Key('u'):
        present.Add(kId);
        return ReadId(value, &found.id);
      case Key('s'):
        present.Add(kSymbol);
        return ReadSymbol(value, head);
      case Key('b'):
        present.Add(kBid);
        return ReadPrice(value, &found.bid.price);
      case Key('B'):
        present.Add(kBidQty);
        return qtys.Read(value, &found.bid.qty);
      case Key('a'):
        present.Add(kAsk);
        return ReadPrice(value, &found.ask.price);
      case Key('A'):
        present.Add(kAskQty);
        return qtys.Read(value, &found.ask.qty);
      case Key('E'):
        return ReadTime(value, &found.event_time);
      case Key('T'):
        return ReadTime(value, &found.transaction_time);
      default:
        return DecodeVerdict::kOk;
    }
  };
  const DecodeVerdict verdict = state_->ReadPayload(head, on_field);
  if (verdict != DecodeVerdict::kOk) return verdict;
  if (!present.HasFirst(kNeeded)) return DecodeVerdict::kMissingField;
  *ticker = found;
  return state_->Finish(qtys);
}

DecodeVerdict GeneralDecoder::DecodeTrade(const FrameHead& head, int qty_decimals,
                                          Trade* trade) noexcept {
  enum Field : unsigned { kId, kSymbol, kPrice, kQty, kTradeTime, kEventTime, kMaker, kNeeded };
  const unsigned id_key = Key(head.kind == FrameKind::kAggTrade ? 'a' : 't');
  QtyReader qtys(qty_decimals);
  Presence present;
  Trade found;
  bool maker_bought = false;
  const auto on_field = [&](std::string_view name, ondemand::value value) noexcept {
    const unsigned key = ShortKey(name);
    if (key == id_key) {
      present.Add(kId);
      return ReadId(value, &found.id);
    }
    switch (key) {
      case Key('s'):
        present.Add(kSymbol);
        return ReadSymbol(value, head);
      case Key('p'):
        present.Add(kPrice);
        return ReadPrice(value, &found.price);
      case Key('q'):
        present.Add(kQty);
        return qtys.Read(value, &found.qty);
      case Key('T'):
        present.Add(kTradeTime);
        return ReadTime(value, &found.trade_time);
      case Key('E'):
        present.Add(kEventTime);
        return ReadTime(value, &found.event_time);
      case Key('m'):
        present.Add(kMaker);
        return ReadFlag(value, &maker_bought);
      case Key('X'): {
        std::string_view type;
        const DecodeVerdict verdict = ReadRawText(value, &type);
        found.market = type == "MARKET";
        return verdict;
      }
      default:
        return DecodeVerdict::kOk;
    }
  };
  const DecodeVerdict verdict = state_->ReadPayload(head, on_field);
  if (verdict != DecodeVerdict::kOk) return verdict;
  if (!present.HasFirst(kNeeded)) return DecodeVerdict::kMissingField;
  found.aggressor = maker_bought ? Aggressor::kSeller : Aggressor::kBuyer;
  *trade = found;
  return state_->Finish(qtys);
}

namespace {

enum CandleField : unsigned {
  kOpenTime,
  kCloseTime,
  kFirstTrade,
  kLastTrade,
  kOpen,
  kHigh,
  kLow,
  kClose,
  kVolume,
  kQuoteVolume,
  kTakerVolume,
  kTakerQuoteVolume,
  kTradeCount,
  kClosed,
  kCandleFields,
};

constexpr std::int64_t kNoTradeId = -1;

DecodeVerdict ReadCandle(ondemand::value value, QtyReader* qtys, Kline* kline) noexcept {
  ondemand::object object;
  if (const auto error = value.get_object().get(object); error != simdjson::SUCCESS) {
    return VerdictOf(error);
  }
  Presence present;
  const auto read = [&](std::string_view key, ondemand::value field) noexcept {
    const auto take = [&](CandleField which, auto reader, auto*... target) noexcept {
      present.Add(which);
      return reader(field, target...);
    };
    const auto time = [](ondemand::value v, EventTime* t) noexcept { return ReadTime(v, t); };
    const auto id = [](ondemand::value v, TradeId* t) noexcept { return ReadId(v, t, kNoTradeId); };
    const auto price = [](ondemand::value v, Price* p) noexcept { return ReadPrice(v, p); };
    const auto amount = [](ondemand::value v, Price* p) noexcept { return ReadQuoteAmount(v, p); };
    const auto qty = [&](ondemand::value v, Qty* q) noexcept { return qtys->Read(v, q); };
    const auto flag = [](ondemand::value v, bool* f) noexcept { return ReadFlag(v, f); };
    const auto count = [](ondemand::value v, std::int64_t* n) noexcept {
      const DecodeVerdict verdict = ReadInteger(v, n);
      if (verdict != DecodeVerdict::kOk) return verdict;
      return *n < 0 ? DecodeVerdict::kOutOfRange : DecodeVerdict::kOk;
    };
    switch (ShortKey(key)) {
      case Key('t'):
        return take(kOpenTime, time, &kline->open_time);
      case Key('T'):
        return take(kCloseTime, time, &kline->close_time);
      case Key('f'):
        return take(kFirstTrade, id, &kline->first_trade);
      case Key('L'):
        return take(kLastTrade, id, &kline->last_trade);
      case Key('o'):
        return take(kOpen, price, &kline->open);
      case Key('h'):
        return take(kHigh, price, &kline->high);
      case Key('l'):
        return take(kLow, price, &kline->low);
      case Key('c'):
        return take(kClose, price, &kline->close);
      case Key('v'):
        return take(kVolume, qty, &kline->volume);
      case Key('q'):
        return take(kQuoteVolume, amount, &kline->quote_volume);
      case Key('V'):
        return take(kTakerVolume, qty, &kline->taker_buy_volume);
      case Key('Q'):
        return take(kTakerQuoteVolume, amount, &kline->taker_buy_quote_volume);
      case Key('n'):
        return take(kTradeCount, count, &kline->trade_count);
      case Key('x'):
        return take(kClosed, flag, &kline->closed);
      default:
        return DecodeVerdict::kOk;
    }
  };
  const DecodeVerdict verdict = ForEachField(object, read);
  if (verdict != DecodeVerdict::kOk) return verdict;
  return present.HasFirst(kCandleFields) ? DecodeVerdict::kOk : DecodeVerdict::kMissingField;
}

// The three fields of a whole picture: its id and its sides, under either market's names.
enum PictureField : unsigned { kPictureId, kPictureBids, kPictureAsks, kPictureFields };

// An empty book has been seen with this id.
constexpr std::int64_t kEmptyBookId = -1;

}  // namespace

DecodeVerdict GeneralDecoder::DecodeKline(const FrameHead& head, int qty_decimals,
                                          Kline* kline) noexcept {
  enum Field : unsigned { kEventTime, kSymbol, kCandle, kNeeded };
  QtyReader qtys(qty_decimals);
  Presence present;
  Kline found;
  const auto on_field = [&](std::string_view key, ondemand::value value) noexcept {
    switch (ShortKey(key)) {
      case Key('E'):
        present.Add(kEventTime);
        return ReadTime(value, &found.event_time);
      case Key('s'):
        present.Add(kSymbol);
        return ReadSymbol(value, head);
      case Key('k'):
        present.Add(kCandle);
        return ReadCandle(value, &qtys, &found);
      default:
        return DecodeVerdict::kOk;
    }
  };
  const DecodeVerdict verdict = state_->ReadPayload(head, on_field);
  if (verdict != DecodeVerdict::kOk) return verdict;
  if (!present.HasFirst(kNeeded)) return DecodeVerdict::kMissingField;
  *kline = found;
  return state_->Finish(qtys);
}

DecodeVerdict GeneralDecoder::DecodePartialDepth(const FrameHead& head, int qty_decimals,
                                                 DepthSnapshot* snapshot) noexcept {
  QtyReader qtys(qty_decimals);
  Presence present;
  DepthSnapshot found;
  const auto on_field = [&](std::string_view key, ondemand::value value) noexcept {
    if (key == "lastUpdateId" || key == "u") {
      present.Add(kPictureId);
      return ReadId(value, &found.last, kEmptyBookId);
    }
    if (key == "bids" || key == "b") {
      present.Add(kPictureBids);
      return ReadSide(value, &qtys, &state_->bids);
    }
    if (key == "asks" || key == "a") {
      present.Add(kPictureAsks);
      return ReadSide(value, &qtys, &state_->asks);
    }
    return key == "s" ? ReadSymbol(value, head) : DecodeVerdict::kOk;
  };
  const DecodeVerdict verdict = state_->ReadPayload(head, on_field);
  if (verdict != DecodeVerdict::kOk) return verdict;
  if (!present.HasFirst(kPictureFields)) return DecodeVerdict::kMissingField;
  found.bids = state_->bids;
  found.asks = state_->asks;
  *snapshot = found;
  return state_->Finish(qtys);
}

DecodeVerdict GeneralDecoder::DecodeSnapshot(std::string_view body, int qty_decimals,
                                             DepthSnapshot* snapshot) noexcept {
  QtyReader qtys(qty_decimals);
  Presence present;
  DepthSnapshot found;
  const auto on_field = [&](std::string_view key, ondemand::value value) noexcept {
    if (key == "lastUpdateId") {
      present.Add(kPictureId);
      return ReadId(value, &found.last, kEmptyBookId);
    }
    if (key == "bids") {
      present.Add(kPictureBids);
      return ReadSide(value, &qtys, &state_->bids);
    }
    if (key == "asks") {
      present.Add(kPictureAsks);
      return ReadSide(value, &qtys, &state_->asks);
    }
    return DecodeVerdict::kOk;
  };
  FrameHead bare;
  bare.body = body;
  const DecodeVerdict verdict = state_->ReadPayload(bare, on_field);
  if (verdict != DecodeVerdict::kOk) return verdict;
  if (!present.HasFirst(kPictureFields)) return DecodeVerdict::kMissingField;
  found.bids = state_->bids;
  found.asks = state_->asks;
  *snapshot = found;
  return state_->Finish(qtys);
}

}  // namespace thalweg
