// The REST answers of an exchange: market data, its request weights, its errors.
//
// Pure over what it is given: the feed's symbols and books, the tapes of what was sent, the
// exchange's clock. Limits are the caller's business (tools/exchange/request_budget.h). Threads:
// one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/units.h"
#include "tools/exchange/exchange_feed.h"
#include "tools/exchange/listing.h"
#include "tools/exchange/symbol_tape.h"
#include "tools/exchange/venue.h"

namespace thalweg {

struct HttpQuestion {
  std::string method = "GET";
  std::string target;
  std::string address;        // The client's.
  bool microseconds = false;  // Header "X-MBX-TIME-UNIT: MICROSECOND".
};

struct HttpAnswer {
  int status = 200;
  std::string body;
  std::string content_type = "application/json;charset=UTF-8";
  std::vector<std::pair<std::string, std::string>> headers;
  Nanos delay = 0;          // Sent that much later.
  bool is_aborted = false;  // The connection is reset in its place.
};

// {"code":-1121,"msg":"Invalid symbol."}
[[nodiscard]] HttpAnswer ErrorAnswer(int status, int code, std::string_view message);

using SymbolTapes = std::map<std::string, SymbolTape, std::less<>>;

class RestDesk {
 public:
  // All outlive the desk.
  RestDesk(const Venue& venue, ExchangeFeed& feed, SymbolTapes& tapes, const Listing& listing);

  // What a request weighs, whether it is answered well or not.
  [[nodiscard]] std::int64_t Weight(const HttpQuestion& question) const;
  // `id_shift` is taken off update ids of that symbol (a fault); `id` asks for the book of the
  // past.
  struct Depth {
    std::string symbol;  // Empty when the request is none for an existing symbol's depth.
    std::size_t limit = 0;
  };
  [[nodiscard]] Depth AsDepth(const HttpQuestion& question) const;
  [[nodiscard]] HttpAnswer Answer(const HttpQuestion& question, EventTime now);
  // The answer to a depth request with the book of `ids_ago` update ids before now.
  [[nodiscard]] HttpAnswer AnswerDepth(const Depth& depth, EventTime now, std::int64_t ids_ago,
                                       std::int64_t id_shift);

 private:
  struct Endpoint;
  struct Query;
  [[nodiscard]] const Endpoint* Find(std::string_view path) const;
  [[nodiscard]] const ListedSymbol* Listed(std::string_view name) const;
  [[nodiscard]] bool HasStatus(const ListedSymbol& symbol, std::string_view status) const;
  [[nodiscard]] SymbolTape& TapeOf(std::string_view symbol);
  [[nodiscard]] HttpAnswer Check(const Endpoint& endpoint, const HttpQuestion& question,
                                 Query* query) const;

  [[nodiscard]] HttpAnswer ExchangeInfo(const Query& query) const;
  [[nodiscard]] HttpAnswer Trades(const Query& query);
  [[nodiscard]] HttpAnswer AggTrades(const Query& query);
  [[nodiscard]] HttpAnswer Klines(const Query& query);
  [[nodiscard]] HttpAnswer AvgPrice(const Query& query);
  [[nodiscard]] HttpAnswer Tickers(
      const Query& query,
      const std::function<void(const ListedSymbol& symbol, std::string* json)>& make) const;
  [[nodiscard]] HttpAnswer PriceTicker(const Query& query);
  [[nodiscard]] HttpAnswer BookTicker(const Query& query);
  [[nodiscard]] HttpAnswer DayTicker(const Query& query);
  // The best levels, bid first; nothing when neither a quote nor a book was told.
  struct Touch {
    Level bid;
    Level ask;
  };
  [[nodiscard]] std::optional<Touch> TouchOf(const std::string& symbol);
  [[nodiscard]] HttpAnswer OwnBook(const Query& query);
  [[nodiscard]] std::string PriceText(Price price) const;
  [[nodiscard]] std::string QtyText(Qty qty) const;

  const Venue& venue_;
  ExchangeFeed& feed_;
  SymbolTapes& tapes_;
  const Listing& listing_;
  std::map<std::string, const ListedSymbol*, std::less<>> listed_;
};

}  // namespace thalweg
