#include "feeds/decode/event_scanner.h"

#include <cstdint>
#include <string_view>

#include "feeds/decode/text_cursor.h"

namespace thalweg {
namespace {

// A key of two characters as TextCursor::TakeKey() gives it.
constexpr unsigned TwoLetters(char first, char second) {
  return static_cast<unsigned char>(first) | unsigned{static_cast<unsigned char>(second)} << 8;
}
constexpr unsigned kPairKey = TwoLetters('p', 's');
constexpr unsigned kPreviousKey = TwoLetters('p', 'u');
constexpr unsigned kSegmentKey = TwoLetters('s', 't');
constexpr unsigned kQtyWithoutRpiKey = TwoLetters('n', 'q');

// The fields seen in one frame: a second one of a name is not regular. A key's bit follows from its
// letters without a branch; letters have bits of their own, and keys of two letters take those of
// letters that no event uses (c, o, w, y). A clash could only make a frame go the general way.
class FieldSet {
 public:
  // False when it was there.
  [[nodiscard]] bool Add(unsigned key) noexcept {
    const std::uint64_t bit = BitOf(key);
    const bool is_new = (seen_ & bit) == 0;
    seen_ |= bit;
    return is_new;
  }
  template <class... Keys>
  [[nodiscard]] bool HasAll(Keys... keys) const noexcept {
    const std::uint64_t wanted = (BitOf(static_cast<unsigned>(keys)) | ...);
    return (seen_ & wanted) == wanted;
  }
  [[nodiscard]] bool Has(unsigned key) const noexcept { return (seen_ & BitOf(key)) != 0; }

 private:
  [[nodiscard]] static constexpr std::uint64_t BitOf(unsigned key) noexcept {
    return std::uint64_t{1} << ((key + 5 * (key >> 8)) & 63);
  }

  std::uint64_t seen_ = 0;
};

[[nodiscard]] bool IsCombined(const FrameHead& head) noexcept {
  return !head.stream_symbol.empty() || !head.stream_type.empty();
}

[[nodiscard]] bool TakeTime(TextCursor* cursor, EventTime* time) noexcept {
  std::int64_t wire = 0;
  return cursor->TakeInteger(&wire) && ToEventTime(wire, time);
}

template <class Id>
[[nodiscard]] bool TakeId(TextCursor* cursor, Id* id) noexcept {
  std::int64_t wire = 0;
  if (!cursor->TakeInteger(&wire)) return false;
  *id = Id(wire);
  return true;
}

[[nodiscard]] bool TakePrice(TextCursor* cursor, Price* price) noexcept {
  std::int64_t units = 0;
  if (!cursor->TakeQuotedDecimal(kPriceDecimals, &units)) return false;
  *price = Price(units);
  return *price <= kPriceMax;
}

[[nodiscard]] bool TakeQty(TextCursor* cursor, int qty_decimals, Qty* qty) noexcept {
  std::int64_t units = 0;
  if (!cursor->TakeQuotedDecimal(qty_decimals, &units)) return false;
  *qty = Qty(units);
  return true;
}

[[nodiscard]] bool TakeFlag(TextCursor* cursor, bool* flag) noexcept {
  *flag = *cursor->at() == 't';
  return *flag ? cursor->Take("true") : cursor->Take("false");
}

[[nodiscard]] bool TakeAnyText(TextCursor* cursor) noexcept {
  std::string_view ignored;
  return cursor->TakeText(&ignored);
}

[[nodiscard]] bool TakeSymbol(TextCursor* cursor, const FrameHead& head) noexcept {
  std::string_view symbol;
  if (!cursor->TakeText(&symbol)) return false;
  return !IsCombined(head) || IsSymbolOfStream(head.stream_symbol, symbol);
}

// Takes the whole of a regular payload object and, in a combined frame, the envelope's closing
// brace. `take_value(key)` takes the value of a key, or says false.
template <class TakeValue>
[[nodiscard]] bool TakeObject(const FrameHead& head, TextCursor* cursor, FieldSet* seen,
                              TakeValue take_value) noexcept {
  if (!cursor->inside() || !cursor->Take('{')) return false;
  char next = ',';
  while (next == ',') {
    if (!cursor->inside()) return false;
    const unsigned key = cursor->TakeKey();
    if (key == 0 || !seen->Add(key) || !take_value(key)) return false;
    next = *cursor->at();
    cursor->MoveTo(cursor->at() + 1);
  }
  if (next != '}') return false;
  if (IsCombined(head) && !cursor->Take('}')) return false;
  return cursor->at() == cursor->end();
}

[[nodiscard]] TextCursor CursorOf(const FrameHead& head) noexcept {
  return {head.body.data(), head.body.data() + head.body.size()};
}

}  // namespace

bool ScanDepth(const FrameHead& head, int qty_decimals, LevelScanner* scanner,
               DepthDiff* diff) noexcept {
  TextCursor cursor = CursorOf(head);
  FieldSet seen;
  DepthDiff found;
  EventTime transaction_time;
  UpdateId previous;
  std::int64_t segment = 0;
  const auto take_levels = [&] {
    LevelScanner::Sides sides;
    if (!scanner->Scan(cursor.at(), cursor.end(), qty_decimals, &sides)) return false;
    found.bids = sides.bids;
    found.asks = sides.asks;
    cursor.MoveTo(sides.after);
    return seen.Add('a');
  };
  const bool whole = TakeObject(head, &cursor, &seen, [&](unsigned key) {
    switch (key) {
      case 'e':
        return TakeAnyText(&cursor);
      case 'E':
        return TakeTime(&cursor, &found.event_time);
      case 'T':
        return TakeTime(&cursor, &transaction_time);
      case 's':
        return TakeSymbol(&cursor, head);
      case kPairKey:
        return TakeAnyText(&cursor);
      case 'U':
        return TakeId(&cursor, &found.first);
      case 'u':
        return TakeId(&cursor, &found.last);
      case kPreviousKey:
        return TakeId(&cursor, &previous);
      case kSegmentKey:
        return cursor.TakeInteger(&segment) && segment <= INT32_MAX;
      case 'b':
        return take_levels();
      default:
        return false;
    }
  });
  if (!whole || !seen.HasAll('E', 's', 'U', 'u', 'b', 'a') || found.first > found.last)
    return false;
  if (seen.Has(kPreviousKey)) found.previous = previous;
  if (seen.Has('T')) found.transaction_time = transaction_time;
  if (seen.Has(kSegmentKey)) found.market_segment = static_cast<int>(segment);
  *diff = found;
  return true;
}

bool ScanBookTicker(const FrameHead& head, int qty_decimals, BookTicker* ticker) noexcept {
  TextCursor cursor = CursorOf(head);
  FieldSet seen;
  BookTicker found;
  EventTime event_time;
  EventTime transaction_time;
  std::int64_t segment = 0;
  const bool whole = TakeObject(head, &cursor, &seen, [&](unsigned key) {
    switch (key) {
      case 'u':
        return TakeId(&cursor, &found.id);
      case 's':
        return TakeSymbol(&cursor, head);
      case 'b':
        return TakePrice(&cursor, &found.bid.price);
      case 'B':
        return TakeQty(&cursor, qty_decimals, &found.bid.qty);
      case 'a':
        return TakePrice(&cursor, &found.ask.price);
      case 'A':
        return TakeQty(&cursor, qty_decimals, &found.ask.qty);
      case 'e':
        return TakeAnyText(&cursor);
      case 'E':
        return TakeTime(&cursor, &event_time);
      case 'T':
        return TakeTime(&cursor, &transaction_time);
      case kPairKey:
        return TakeAnyText(&cursor);
      case kSegmentKey:
        return cursor.TakeInteger(&segment);
      default:
        return false;
    }
  });
  if (!whole || !seen.HasAll('u', 's', 'b', 'B', 'a', 'A')) return false;
  if (seen.Has('E')) found.event_time = event_time;
  if (seen.Has('T')) found.transaction_time = transaction_time;
  *ticker = found;
  return true;
}

bool ScanTrade(const FrameHead& head, int qty_decimals, Trade* trade) noexcept {
  const bool aggregate = head.kind == FrameKind::kAggTrade;
  TextCursor cursor = CursorOf(head);
  FieldSet seen;
  Trade found;
  bool maker_bought = false;
  bool ignored_flag = false;
  std::int64_t ignored = 0;
  const auto take_market = [&] {
    std::string_view type;
    if (!cursor.TakeText(&type)) return false;
    found.market = type == "MARKET";
    return true;
  };
  const bool whole = TakeObject(head, &cursor, &seen, [&](unsigned key) {
    switch (key) {
      case 'e':
        return TakeAnyText(&cursor);
      case 'E':
        return TakeTime(&cursor, &found.event_time);
      case 'T':
        return TakeTime(&cursor, &found.trade_time);
      case 's':
        return TakeSymbol(&cursor, head);
      // The trade id; the aggregate id; before 2024 also the buyer's and the seller's order ids.
      case 't':
        return aggregate ? cursor.TakeInteger(&ignored) : TakeId(&cursor, &found.id);
      case 'a':
        return aggregate ? TakeId(&cursor, &found.id) : cursor.TakeInteger(&ignored);
      case 'b':
        return cursor.TakeInteger(&ignored);
      case 'p':
        return TakePrice(&cursor, &found.price);
      case 'q':
        return TakeQty(&cursor, qty_decimals, &found.qty);
      case 'f':
        return cursor.TakeInteger(&ignored);
      case 'l':
        return cursor.TakeInteger(&ignored);
      case 'm':
        return TakeFlag(&cursor, &maker_bought);
      case 'M':
        return TakeFlag(&cursor, &ignored_flag);
      case 'X':
        return take_market();
      case kPairKey:
        return TakeAnyText(&cursor);
      case kQtyWithoutRpiKey:
        return TakeAnyText(&cursor);
      case kSegmentKey:
        return cursor.TakeInteger(&ignored);
      default:
        return false;
    }
  });
  if (!whole || !seen.HasAll('E', 'T', 's', 'p', 'q', 'm', aggregate ? 'a' : 't')) return false;
  found.aggressor = maker_bought ? Aggressor::kSeller : Aggressor::kBuyer;
  *trade = found;
  return true;
}

}  // namespace thalweg
