// Order-flow imbalance at the best quotes (Cont, Kukanov, Stoikov 2014, eq. 10).
//
// e_n = qb_n [b_n >= b_p] - qb_p [b_n <= b_p] - qa_n [a_n <= a_p] + qa_p [a_n >= a_p], p = the
// quote before. Positive: buy pressure. A side that is absent counts as a price of minus (bid) or
// plus (ask) infinity with quantity 0. A crossed or locked quote is skipped: no entry, the last
// good quote stays. The first quote after a start sets the state and enters with e = 0.
//
// Two features use it: group Order flow (quotes of the book after each applied depth event) and
// group Touch (quotes of bookTicker). They differ, because depth events net what happened within
// them. Threads: one.
#pragma once

#include <array>
#include <optional>

#include "core/units.h"
#include "features/event_windows.h"
#include "features/scale.h"

namespace thalweg {

// Best bid and ask in one price unit, ticks or 1e-8; absent sides as the factory below makes them.
struct QuoteState {
  static constexpr std::int64_t kNoBid = INT64_MIN;
  static constexpr std::int64_t kNoAsk = INT64_MAX;

  std::int64_t bid = kNoBid;
  std::int64_t bid_qty = 0;
  std::int64_t ask = kNoAsk;
  std::int64_t ask_qty = 0;

  [[nodiscard]] bool crossed() const noexcept {
    return bid != kNoBid && ask != kNoAsk && bid >= ask;
  }
};

// e_n, in quantity units.
[[nodiscard]] Wide OrderFlowBetween(const QuoteState& before, const QuoteState& now) noexcept;

// Sums of e_n over N windows.
template <std::size_t N>
class OrderFlowWindows {
 public:
  explicit constexpr OrderFlowWindows(const std::array<Nanos, N>& spans) : windows_(spans) {}

  // False when the window's bound made an old entry leave early.
  bool Add(EventTime time, const QuoteState& quote) {
    if (quote.crossed()) return true;
    const Wide e = last_ ? OrderFlowBetween(*last_, quote) : 0;
    last_ = quote;
    return windows_.Add(time, e);
  }
  // Sets the state alone: for a quote before there is a clock.
  void SetQuote(const QuoteState& quote) noexcept {
    if (!quote.crossed()) last_ = quote;
  }

  void AdvanceTo(EventTime now) noexcept { windows_.AdvanceTo(now); }
  void Compute(const Scale& scale, double* out) const noexcept {
    for (std::size_t i = 0; i < N; ++i) out[i] = scale.ToBase(windows_.sum(i));
  }

  // After a break of the book: nothing is ever differenced across it.
  void Restart() noexcept {
    windows_.Clear();
    last_.reset();
  }

  // Whether the last quote still fits after a refinement; the sums always do.
  [[nodiscard]] bool CanScalePrices(std::int64_t factor) const noexcept {
    return !last_ || ((last_->bid == QuoteState::kNoBid || CanScale(last_->bid, factor)) &&
                      (last_->ask == QuoteState::kNoAsk || CanScale(last_->ask, factor)));
  }
  [[nodiscard]] bool CanScaleQuantities(std::int64_t factor) const noexcept {
    return !last_ || (CanScale(last_->bid_qty, factor) && CanScale(last_->ask_qty, factor));
  }

  [[nodiscard]] bool CanDivideQuantities(std::int64_t divisor) const {
    return (!last_ || (Divides(divisor, last_->bid_qty) && Divides(divisor, last_->ask_qty))) &&
           windows_.All([divisor](Wide sum) { return Divides(divisor, sum); });
  }

  void ScalePrices(std::int64_t factor) noexcept {
    if (!last_) return;
    if (last_->bid != QuoteState::kNoBid) last_->bid *= factor;
    if (last_->ask != QuoteState::kNoAsk) last_->ask *= factor;
  }
  void ScaleQuantities(std::int64_t factor) {
    windows_.Transform([factor](Wide& sum) { sum *= factor; });
    if (!last_) return;
    last_->bid_qty *= factor;
    last_->ask_qty *= factor;
  }
  void DivideQuantities(std::int64_t divisor) {
    windows_.Transform([divisor](Wide& sum) { sum /= divisor; });
    if (!last_) return;
    last_->bid_qty /= divisor;
    last_->ask_qty /= divisor;
  }

 private:
  EventWindows<Wide, N> windows_;
  std::optional<QuoteState> last_;
};

inline constexpr std::array<Nanos, 5> kOrderFlowSpans{100 * kMillisecond, 1 * kSecond, 5 * kSecond,
                                                      10 * kSecond, 60 * kSecond};
inline constexpr std::size_t kOrderFlowFeatures = kOrderFlowSpans.size();  // ofi_l1_*

}  // namespace thalweg
