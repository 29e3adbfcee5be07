// The doubts about a symbol's input: stale streams, gaps in trade ids, losses that were told.
//
// Threads: one.
#pragma once

#include <array>
#include <optional>

#include "core/quality.h"
#include "core/units.h"
#include "pipeline/stream_state.h"

namespace thalweg {

// How long a trade gap and a loss of input are flagged, in event time.
inline constexpr Nanos kLossFlagSpan = 60 * kSecond;

class InputQuality {
 public:
  [[nodiscard]] StreamState& stream(StreamKind kind) noexcept {
    return streams_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] const StreamState& stream(StreamKind kind) const noexcept {
    return streams_[static_cast<std::size_t>(kind)];
  }

  void OnTradeGap(EventTime clock) noexcept { trade_gap_at_ = clock; }
  // Absent clock: the loss counts from the clock's first value.
  void OnLoss(std::optional<EventTime> clock) noexcept {
    loss_at_ = clock;
    loss_before_clock_ = !clock;
  }
  // The clock begins anew: what it stamped is forgotten, a loss counts from its new value.
  void Restart(EventTime clock) noexcept {
    const bool lost = loss_at_ || loss_before_clock_;
    *this = InputQuality();
    if (lost) OnLoss(clock);
  }
  void OnClock(EventTime clock) noexcept {
    if (loss_before_clock_) OnLoss(clock);
  }

  // As of `clock` (any, before there is one), while a frame received at `received` is processed: by
  // that time also in the record of an event that was kept since an earlier one.
  [[nodiscard]] QualityWord At(EventTime clock, ReceiveTime received) const noexcept {
    const auto stale = [&](StreamKind kind, Nanos limit, QualityWord bit) {
      const StreamState& state = streams_[static_cast<std::size_t>(kind)];
      return state.IsStale(clock, received, limit) ? bit : 0;
    };
    const auto recent = [&](const std::optional<EventTime>& at, QualityWord bit) {
      return at && clock - *at < kLossFlagSpan ? bit : 0;
    };
    const QualityWord lost_before_clock = loss_before_clock_ ? quality::kDroppedInput : 0;
    return stale(StreamKind::kDepth, kDepthStaleAfter, quality::kStaleDepth) |
           stale(StreamKind::kTicker, kTickerStaleAfter, quality::kStaleTicker) |
           stale(StreamKind::kTrade, kTradeStaleAfter, quality::kStaleTrade) |
           recent(trade_gap_at_, quality::kTradeGap) | recent(loss_at_, quality::kDroppedInput) |
           lost_before_clock;
  }

 private:
  std::array<StreamState, kStreamKinds> streams_;
  std::optional<EventTime> trade_gap_at_;
  std::optional<EventTime> loss_at_;
  bool loss_before_clock_ = false;
};

}  // namespace thalweg
