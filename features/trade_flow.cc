#include "features/trade_flow.h"

namespace thalweg {
namespace {

// Of a window: what 2^20 fills reach at most (core/units.h).
constexpr Wide kNotionalMax = Wide{1} << (kNotionalBits + 20);

// 1e4 (vwap - mid) / mid = 1e4 (2 S - m Q) / (m Q), S = sum p q, Q = sum q, m = twice the mid.
double VwapDeviationBps(Wide notional, Wide qty, std::optional<std::int64_t> mid2) noexcept {
  if (!mid2) return kNaN;
  const Wide at_mid = Wide{*mid2} * qty;
  return 1e4 * Ratio(2 * notional - at_mid, at_mid);
}

}  // namespace

TradeFlow::Flow& TradeFlow::Flow::operator+=(const Flow& other) noexcept {
  buy += other.buy;
  sell += other.sell;
  notional += other.notional;
  count += other.count;
  return *this;
}

TradeFlow::Flow& TradeFlow::Flow::operator-=(const Flow& other) noexcept {
  buy -= other.buy;
  sell -= other.sell;
  notional -= other.notional;
  count -= other.count;
  return *this;
}

bool TradeFlow::Add(const Trade& trade, EventTime effective_time) {
  Flow flow;
  (trade.aggressor == Aggressor::kBuyer ? flow.buy : flow.sell) = trade.qty.raw();
  flow.notional = Wide{trade.price.raw()} * trade.qty.raw();
  flow.count = 1;
  if (last_time_) inter_trade_ = effective_time - *last_time_;
  last_time_ = effective_time;
  largest_.Add(effective_time, trade.qty.raw());
  return flows_.Add(effective_time, flow);
}

void TradeFlow::AdvanceTo(EventTime now) noexcept {
  flows_.AdvanceTo(now);
  largest_.AdvanceTo(now);
}

void TradeFlow::Compute(const Scale& scale, std::optional<std::int64_t> mid2,
                        double* out) const noexcept {
  static constexpr std::array kReported{k1s, k10s, k60s};
  const auto tfi = [&](Window window) {
    return scale.ToBase(flows_.sum(window).buy - flows_.sum(window).sell);
  };

  *out++ = tfi(k100ms);
  for (const Window window : kReported) *out++ = scale.ToBase(flows_.sum(window).buy);
  for (const Window window : kReported) *out++ = scale.ToBase(flows_.sum(window).sell);
  for (const Window window : kReported) {
    *out++ = Imbalance(flows_.sum(window).buy, flows_.sum(window).sell);
  }
  for (const Window window : kReported) *out++ = static_cast<double>(flows_.sum(window).count);
  for (const Window window : kReported) {
    const Flow& flow = flows_.sum(window);
    *out++ = VwapDeviationBps(flow.notional, flow.buy + flow.sell, mid2);
  }
  *out++ = tfi(k5s);
  *out++ = scale.ToBase(largest_.value());
  const Flow& ten = flows_.sum(k10s);
  *out++ = ten.count == 0
               ? kNaN
               : ToDouble(ten.buy + ten.sell) / (static_cast<double>(ten.count) * scale.qty_one());
  *out++ = inter_trade_ ? ToMilliseconds(*inter_trade_) : kNaN;
}

void TradeFlow::Restart() noexcept {
  flows_.Clear();
  largest_.Clear();
}

bool TradeFlow::CanScaleQuantities(std::int64_t factor) const noexcept {
  return CanScale(largest_.value(), factor) && flows_.sum(k60s).notional <= kNotionalMax / factor;
}

void TradeFlow::ScaleQuantities(std::int64_t factor) {
  flows_.Transform([factor](Flow& flow) {
    flow.buy *= factor;
    flow.sell *= factor;
    flow.notional *= factor;
  });
  largest_.Scale(factor);
}

bool TradeFlow::CanDivideQuantities(std::int64_t divisor) const {
  return largest_.CanDivide(divisor) && flows_.All([divisor](const Flow& flow) {
    return Divides(divisor, flow.buy) && Divides(divisor, flow.sell) &&
           Divides(divisor, flow.notional);
  });
}

void TradeFlow::DivideQuantities(std::int64_t divisor) {
  flows_.Transform([divisor](Flow& flow) {
    flow.buy /= divisor;
    flow.sell /= divisor;
    flow.notional /= divisor;
  });
  largest_.Divide(divisor);
}

}  // namespace thalweg
