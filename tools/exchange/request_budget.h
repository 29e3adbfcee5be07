// What each address may still ask of an exchange: request weight, raw requests, attempts to
// connect, and the bans of those who go on after they were told to stop.
//
// Windows begin at multiples of their length, as the exchange's do. An address that is banned gets
// 418 for everything until the ban ends; each further ban is twice as long. What was used at most
// is measured in sliding windows, of any beginning: no fixed one can hold more. Time is passed in.
// Memory: an address is forgotten when its windows and bans are over and there are many; of a
// sliding window only what is in it is kept. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/units.h"
#include "tools/exchange/venue.h"

namespace thalweg {

// Beyond it idle addresses are forgotten; loopback alone has 2^24.
inline constexpr std::size_t kAddressesKept = 4'096;

// How a request stands to the limits.
struct BudgetVerdict {
  int status = 200;              // 200, 429 or 418
  std::int64_t weight_used = 0;  // In the present window, this request included.
  std::int64_t limit = 0;        // That was broken.
  bool raw_requests = false;     // It was that of raw requests.
  Nanos retry_after = 0;         // Until the window or the ban ends.
};

// How near to the limits anybody came so far, and how often beyond.
struct BudgetPeaks {
  std::int64_t weight = 0;    // In one window of the weight, of one address.
  std::int64_t attempts = 0;  // To connect, likewise.
  std::int64_t refused = 0;   // Answers and handshakes with 429,
  std::int64_t banned = 0;    // and with 418.
};

class RequestBudget {
 public:
  explicit RequestBudget(const Venue& venue) : venue_(venue) {}

  // Charges a request. Refused ones are charged too: that is how bans come.
  [[nodiscard]] BudgetVerdict Charge(std::string_view address, std::int64_t weight, Nanos now);
  // An attempt to open a WebSocket.
  [[nodiscard]] BudgetVerdict Connect(std::string_view address, Nanos now);
  // A connection of this address was cut because it sent too many frames.
  void CountCutConnection(std::string_view address, Nanos now);

  [[nodiscard]] const BudgetPeaks& peaks() const noexcept { return peaks_; }

 private:
  // A count that begins again with each window.
  struct Window {
    std::int64_t number = -1;
    std::int64_t count = 0;

    std::int64_t Add(std::int64_t amount, Nanos length, Nanos now);
  };
  // The sum of what was added in the window that ends now.
  struct SlidingWindow {
    std::deque<std::pair<Nanos, std::int64_t>> entries;
    std::int64_t sum = 0;

    std::int64_t Add(std::int64_t amount, Nanos length, Nanos now);
  };
  struct Address {
    SlidingWindow sliding_weight;
    SlidingWindow sliding_attempts;
    Window weight;
    Window raw_requests;
    Window refused;
    Window attempts;
    Window cut_connections;
    Nanos banned_until = 0;
    int ban_count = 0;
    Nanos last_seen = 0;
  };

  [[nodiscard]] Address& Find(std::string_view address, Nanos now);
  void Ban(Address& address, Nanos now) const;
  [[nodiscard]] BudgetVerdict Judge(Address& address, std::int64_t weight, Nanos now) const;
  [[nodiscard]] BudgetVerdict JudgeAttempt(Address& address, Nanos now) const;
  void Note(const BudgetVerdict& verdict) noexcept;
  [[nodiscard]] static Nanos Left(Nanos window, Nanos now) { return window - now % window; }

  const Venue& venue_;
  std::map<std::string, Address, std::less<>> addresses_;
  BudgetPeaks peaks_;
};

}  // namespace thalweg
