// Frames read the usual ways, to hold our decoder against: the well-known JSON libraries, each used
// as its documents advise for speed (parsers and buffers kept), and one conversion of digits for
// all.
//
// They do less than thalweg's decoder: a number is trusted to be digits and a dot, ranges and ids
// are not checked, a symbol is not compared. Quantities and prices come in 1e-8. Every Decode() is
// false for a text it cannot read.
//
// Lifetime: what an event points to lives until the next call. Threads: one a decoder.
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/reader.h>
#include <simdjson.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.h"
#include "feeds/decode/frame.h"

namespace thalweg::bench {

// A frame and the text of its payload object alone, without the envelope's closing brace.
struct NamedFrame {
  explicit NamedFrame(std::string_view payload) : head(NameFrame(payload)), object(head.body) {
    if (!head.stream_type.empty()) object.remove_suffix(1);
  }
  FrameHead head;
  std::string_view object;
};

// What all decoders fill: the ids, the time and the levels of a diff, the quotes, or the fill.
struct DiffRead {
  std::int64_t event_time_ms = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::vector<Level> bids;
  std::vector<Level> asks;
};
struct TickerRead {
  std::int64_t id = 0;
  Level bid;
  Level ask;
  friend bool operator==(const TickerRead&, const TickerRead&) = default;
};
struct TradeRead {
  std::int64_t id = 0;
  std::int64_t trade_time_ms = 0;
  std::int64_t event_time_ms = 0;
  Level fill;
  bool buyer_is_maker = false;
  friend bool operator==(const TradeRead&, const TradeRead&) = default;
};

// simdjson's on-demand parser; strings by get_string(), which undoes escapes.
class SimdjsonStrings {
 public:
  bool Decode(const NamedFrame& frame, DiffRead* diff);
  bool Decode(const NamedFrame& frame, TickerRead* ticker);
  bool Decode(const NamedFrame& frame, TradeRead* trade);

 private:
  simdjson::ondemand::parser parser_;
};

// The same parser; strings as they stand in the text, by raw_json_string.
class SimdjsonRawStrings {
 public:
  bool Decode(const NamedFrame& frame, DiffRead* diff);
  bool Decode(const NamedFrame& frame, TickerRead* ticker);
  bool Decode(const NamedFrame& frame, TradeRead* trade);

 private:
  simdjson::ondemand::parser parser_;
};

class SimdjsonDom {
 public:
  bool Decode(const NamedFrame& frame, DiffRead* diff);
  bool Decode(const NamedFrame& frame, TickerRead* ticker);
  bool Decode(const NamedFrame& frame, TradeRead* trade);

 private:
  simdjson::dom::parser parser_;
};

class NlohmannDom {
 public:
  bool Decode(const NamedFrame& frame, DiffRead* diff);
  bool Decode(const NamedFrame& frame, TickerRead* ticker);
  bool Decode(const NamedFrame& frame, TradeRead* trade);
};

// Values in a pool that is emptied, not freed, for each frame.
class RapidjsonDom {
 public:
  RapidjsonDom() : memory_(kPoolBytes), pool_(memory_.data(), memory_.size()) {}
  bool Decode(const NamedFrame& frame, DiffRead* diff);
  bool Decode(const NamedFrame& frame, TickerRead* ticker);
  bool Decode(const NamedFrame& frame, TradeRead* trade);

 private:
  static constexpr std::size_t kPoolBytes = std::size_t{1} << 20;
  std::vector<char> memory_;
  rapidjson::MemoryPoolAllocator<> pool_;
};

// Events instead of values, in a copy of the text, in which strings are ended where they stand. The
// copy counts.
class RapidjsonSaxInSitu {
 public:
  bool Decode(const NamedFrame& frame, DiffRead* diff);

 private:
  std::vector<char> text_;
  rapidjson::Reader reader_;
};

}  // namespace thalweg::bench
