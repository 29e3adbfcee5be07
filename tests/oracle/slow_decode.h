// The oracle's own reading of payloads: JSON through simdjson's DOM, numbers by a plain exact
// parser.
//
// Everything is in 1e-8 (prices, quantities) or ns (times). An empty optional means malformed: the
// text is no JSON, a needed field is absent or of the wrong type, a name comes twice, a number
// breaks the grammar (digits, then optionally a dot and one to eight digits) or its range, or the
// ids run backwards. Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simdjson.h"

namespace thalweg::oracle {

using Int = std::int64_t;
using Wide = __int128;

inline constexpr Int kOne = 100'000'000;         // 1 in units of 1e-8
inline constexpr Int kMaxPrice = Int{1} << 60;   // of an accepted price
inline constexpr Int kLastTime = INT64_MAX / 2;  // in ns, of an accepted time
inline constexpr Int kCappedQty = INT64_MAX;     // the exchange's "this much or more"
inline constexpr Int kMs = 1'000'000;
inline constexpr Int kSec = 1'000 * kMs;

struct SlowLevel {
  Int price = 0;
  Int qty = 0;
};
using SlowLevels = std::vector<SlowLevel>;

struct SlowDepth {
  Int first = 0;                // U
  Int last = 0;                 // u
  std::optional<Int> previous;  // pu
  Int event_time = 0;           // E
  std::optional<Int> transaction_time;
  SlowLevels bids;
  SlowLevels asks;

  // The exchange time that the clock goes by: T if present, else E.
  [[nodiscard]] Int Time() const { return transaction_time.value_or(event_time); }
};

struct SlowTicker {
  Int id = 0;
  SlowLevel bid;
  SlowLevel ask;
  std::optional<Int> event_time;
  std::optional<Int> transaction_time;

  [[nodiscard]] std::optional<Int> Time() const {
    return transaction_time.has_value() ? transaction_time : event_time;
  }
};

struct SlowTrade {
  Int id = 0;
  Int price = 0;
  Int qty = 0;
  Int trade_time = 0;
  Int event_time = 0;
  int sigma = 0;       // +1 buyer aggressor, -1 seller aggressor
  bool market = true;  // false: "X" is there and is not "MARKET"
};

struct SlowSnapshot {
  Int id = 0;                // lastUpdateId; -1 is allowed
  std::optional<Int> limit;  // named by the request, else the configuration's or the default
  SlowLevels bids;
  SlowLevels asks;
};

// Units of 1e-8. Empty when `text` is not of the grammar or does not fit.
[[nodiscard]] std::optional<Int> ParseUnits(std::string_view text);

[[nodiscard]] std::optional<SlowDepth> DecodeDepth(simdjson::dom::element data);
[[nodiscard]] std::optional<SlowTicker> DecodeTicker(simdjson::dom::element data);
// `id_key` is "t" for `trade` and "a" for `aggTrade`.
[[nodiscard]] std::optional<SlowTrade> DecodeTrade(simdjson::dom::element data, const char* id_key);
[[nodiscard]] std::optional<SlowSnapshot> DecodeSnapshot(simdjson::dom::element body);

// How often an object has that name.
[[nodiscard]] int CountOf(simdjson::dom::element object, std::string_view key);

[[nodiscard]] std::optional<std::string_view> TextField(simdjson::dom::element object,
                                                        std::string_view key);

}  // namespace thalweg::oracle
