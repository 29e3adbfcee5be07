// The audit of a book by bookTicker: both carry ids of one numbering, and at equal id the best
// quotes must be equal. (True in every one of 21,780 recorded cases; docs/SEQUENCING.md.)
//
// bookTicker runs ahead of depth, so tickers newer than the book wait here until the book reaches
// their id; one that the book passes by in the middle of an event is dropped unjudged. At
// kWaitingTickersMax the oldest waiting ticker is dropped: an audit is missed, nothing else.
//
// Threads: one. Allocates nothing after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/events.h"
#include "core/units.h"

namespace thalweg {

inline constexpr std::size_t kWaitingTickersMax = 1'024;  // A power of two.

// Best quotes of a book, prices in 1e-8; a side without levels is {0, 0}.
struct BestQuotes {
  Level bid;
  Level ask;
  friend bool operator==(const BestQuotes&, const BestQuotes&) = default;
};

class TickerAudit {
 public:
  enum class Verdict : std::uint8_t { kNone, kAgrees, kDiffers };

  TickerAudit() : waiting_(kWaitingTickersMax) {}

  // A ticker newer than the book.
  void Await(const BookTicker& ticker) noexcept;
  // Judges a book that has just reached `id`.
  [[nodiscard]] Verdict Judge(UpdateId id, const BestQuotes& quotes) noexcept;
  // Judges a ticker against a book of the same id.
  [[nodiscard]] static Verdict Compare(const BookTicker& ticker, const BestQuotes& quotes) noexcept;

  // The quantity unit became finer. When a waiting ticker does not fit then, all are dropped.
  void ScaleQuantities(std::int64_t factor) noexcept;
  // It became coarser; first, whether every value is a whole number of it.
  [[nodiscard]] bool CanDivideQuantities(std::int64_t divisor) const noexcept;
  void DivideQuantities(std::int64_t divisor) noexcept;
  // Nothing that waits can be judged.
  void Clear() noexcept { tail_ = head_; }

 private:
  struct Waiting {
    UpdateId id;
    BestQuotes quotes;
  };
  Waiting& at(std::uint64_t i) noexcept { return waiting_[i & (kWaitingTickersMax - 1)]; }
  [[nodiscard]] const Waiting& at(std::uint64_t i) const noexcept {
    return waiting_[i & (kWaitingTickersMax - 1)];
  }

  std::vector<Waiting> waiting_;
  std::uint64_t tail_ = 0;
  std::uint64_t head_ = 0;
};

}  // namespace thalweg
