// What an exchange is fed from: frames with their times, and the true book behind them.
//
// Two kinds: a recording (tools/exchange/recording_feed.h) and the seeded market
// (tools/exchange/market_feed.h). A feed has no clock; it is asked when its next frame is due and
// told to take it. Threads: one a feed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/events.h"
#include "core/units.h"
#include "feeds/decode/decoder.h"
#include "feeds/decode/frame.h"
#include "pipeline/engine_options.h"
#include "replay/market.h"
#include "replay/true_book.h"

namespace thalweg {

// A symbol as exchangeInfo shows it.
struct ListedSymbol {
  std::string name;
  std::string rules;  // The JSON object of exchangeInfo's "symbols".
};

// A book as it is written: ticks and units of its levels, decimals of its text.
struct BookScale {
  Price tick{1};
  int qty_decimals = kQtyDecimalsMax;
  int price_places = kPriceDecimals;
  int qty_places = kQtyDecimalsMax;
};
struct ExchangeBook {
  TrueBook book;
  BookScale scale;
};

// A message of the feed, decoded as far as the exchange needs it.
struct FeedFrame {
  std::string_view text;  // Until the next call of the feed, with kPayloadPadding around it.
  bool is_sent = true;    // False: it only changed the book, as a recorded snapshot does.
  FrameKind kind = FrameKind::kUnnamed;
  std::string symbol;             // Upper case; empty where the frame has none.
  std::optional<UpdateId> first;  // Of a depth event, or a ticker's id, which is both.
  std::optional<UpdateId> last;
  std::optional<Trade> trade;  // kTrade and kAggTrade.
  TradeId first_fill;          // Of an aggregate.
  TradeId last_fill;
  std::optional<BookTicker> ticker;
};

class ExchangeFeed {
 public:
  virtual ~ExchangeFeed() = default;

  [[nodiscard]] virtual Market market() const = 0;
  [[nodiscard]] virtual const std::vector<ListedSymbol>& symbols() const = 0;
  // The exchange's clock when the feed begins.
  [[nodiscard]] virtual EventTime start() const = 0;

  // When the next frame is due, after the feed's beginning; never decreases. Nothing: it is over.
  [[nodiscard]] virtual std::optional<Nanos> NextAt() = 0;
  // Takes it. REQUIRES: NextAt() answered a time.
  [[nodiscard]] virtual const FeedFrame& Next() = 0;
  // How it ended: OK, or what went wrong with file and reason.
  [[nodiscard]] virtual absl::Status status() const = 0;

  // The book at this instant of the feed, or at an id of the past. Nothing when it is not known
  // (yet, any more, or the symbol has none).
  [[nodiscard]] virtual std::optional<ExchangeBook> BookAt(std::string_view symbol,
                                                           std::optional<UpdateId> id) = 0;
  // The id of the book after the last depth event that was taken; nothing when not known.
  [[nodiscard]] virtual std::optional<UpdateId> BookId(std::string_view symbol) = 0;

  // What happens to a symbol from here on (replay/market.h); Unimplemented: the feed is as it was
  // recorded. InvalidArgument with what cannot be. After Change() the rules in symbols() are new.
  [[nodiscard]] virtual absl::Status Change(std::string_view symbol, const MarketRules& rules);
  [[nodiscard]] virtual absl::Status Halt(std::string_view symbol, Nanos until);
  [[nodiscard]] virtual absl::Status Relist(std::string_view symbol, std::int64_t first);
};

// Decodes frames into what the exchange needs; of a depth event also its levels.
class FeedReader {
 public:
  // `diff` is filled for depth events and lives until the next call. A frame that cannot be decoded
  // is named and nothing more: it is sent as it is.
  void Read(std::string_view text, int qty_decimals, FeedFrame* frame,
            std::optional<DepthDiff>* diff);
  [[nodiscard]] Decoder& decoder() noexcept { return decoder_; }

 private:
  Decoder decoder_;
};

// The rules of a symbol of which only tick and step are known, as JSON. `step` in 1e-8.
[[nodiscard]] std::string MadeRules(std::string_view symbol, Price tick, Price step, Market market);

// A book as a REST answer: {"lastUpdateId":...,"bids":[...],"asks":[...]}, futures with times.
[[nodiscard]] std::string DepthAnswer(const ExchangeBook& book, Market market, std::size_t limit,
                                      EventTime time, std::int64_t id_shift);
// As replay's --final-book writes the engine's: a line a level, eight decimals; the best `limit` of
// each side.
[[nodiscard]] std::string BookText(const ExchangeBook& book,
                                   std::size_t limit = std::numeric_limits<std::size_t>::max());

}  // namespace thalweg
