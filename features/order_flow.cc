#include "features/order_flow.h"

namespace thalweg {
namespace {

// What a queue gained: the whole new queue when its price got better, minus the whole old one when
// it got worse, the difference when it stayed.
Wide QueueGain(bool better, bool worse, std::int64_t now, std::int64_t before) noexcept {
  return (worse ? Wide{0} : Wide{now}) - (better ? Wide{0} : Wide{before});
}

}  // namespace

Wide OrderFlowBetween(const QuoteState& before, const QuoteState& now) noexcept {
  const Wide bid =
      QueueGain(now.bid > before.bid, now.bid < before.bid, now.bid_qty, before.bid_qty);
  const Wide ask = QueueGain(now.ask<before.ask, now.ask> before.ask, now.ask_qty, before.ask_qty);
  return bid - ask;
}

}  // namespace thalweg
