// The oracle's windows: lists of all past entries, summed from scratch over (t - w, t].
//
// Threads: no shared state.
#pragma once

#include <optional>
#include <vector>

#include "tests/oracle/slow_decode.h"

namespace thalweg::oracle {

// Entries older than this are forgotten; no window is longer.
inline constexpr Int kLongestWindow = 300 * kSec;

// Best quotes; an absent side has quantity 0.
struct SlowQuote {
  SlowLevel bid;
  SlowLevel ask;

  [[nodiscard]] bool has_bid() const { return bid.qty > 0; }
  [[nodiscard]] bool has_ask() const { return ask.qty > 0; }
  [[nodiscard]] bool crossed() const { return has_bid() && has_ask() && bid.price >= ask.price; }
  [[nodiscard]] std::optional<Int> TwiceMid() const;
};

// The order-flow term e_n between two quotes; an absent bid stands at minus, an absent ask at plus
// infinity.
[[nodiscard]] Wide FlowBetween(const SlowQuote& before, const SlowQuote& after);

// Order-flow entries of one stream of quotes.
class SlowFlow {
 public:
  // A crossed quote is skipped. Without `effective_time` the quote only becomes the state.
  void Add(std::optional<Int> effective_time, const SlowQuote& quote);
  // Forgets state and entries: nothing is differenced across.
  void Clear();
  [[nodiscard]] Wide Sum(Int now, Int window) const;

 private:
  struct Entry {
    Int time;
    Wide e;
  };
  std::vector<Entry> entries_;
  std::optional<SlowQuote> last_;
};

struct SlowFill {
  Int time = 0;  // effective
  Int price = 0;
  Int qty = 0;
  int sigma = 0;
};

struct SlowTradeSums {
  Wide buy = 0;
  Wide sell = 0;
  Wide notional = 0;  // 1e-16
  Int count = 0;
  Int max_qty = 0;
};

class SlowTape {
 public:
  void Add(const SlowFill& fill);
  [[nodiscard]] SlowTradeSums Sums(Int now, Int window) const;

 private:
  std::vector<SlowFill> fills_;
};

}  // namespace thalweg::oracle
