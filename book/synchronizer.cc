#include "book/synchronizer.h"

namespace thalweg {

DiffAnswer Synchronizer::OnDiff(const DiffIds& ids, EventTime clock) noexcept {
  if (!WellFormed(numbering_, ids)) {
    if (live_) Invalidate();
    return DiffAnswer::kRefuse;
  }
  const DiffVerdict verdict =
      has_chain_ ? JudgeNext(numbering_, chain_id_, ids) : DiffVerdict::kApply;
  if (verdict == DiffVerdict::kStale && !stale_run_.Add(clock)) return DiffAnswer::kDrop;

  const bool was_live = live_;
  stale_run_.Reset();
  has_chain_ = true;
  chain_id_ = ids.last;
  if (verdict == DiffVerdict::kApply) return was_live ? DiffAnswer::kApply : DiffAnswer::kKeep;
  live_ = false;
  if (verdict == DiffVerdict::kStale) return DiffAnswer::kKeepAfterRestart;
  return was_live ? DiffAnswer::kKeepAfterGap : DiffAnswer::kKeepAfterHole;
}

SnapshotFit Synchronizer::FitSnapshot(UpdateId snapshot, DiffBuffer& kept) const noexcept {
  std::size_t stale = 0;
  DiffVerdict verdict = DiffVerdict::kStale;
  for (; stale < kept.size(); ++stale) {
    verdict = JudgeFirst(numbering_, snapshot, kept.at(stale).ids);
    if (verdict != DiffVerdict::kStale) break;
  }
  if (verdict == DiffVerdict::kGap) return SnapshotFit::kTooOld;
  while (stale-- > 0) kept.PopFront();
  return verdict == DiffVerdict::kApply ? SnapshotFit::kContinued : SnapshotFit::kUndecided;
}

void Synchronizer::BecomeLive(UpdateId applied) noexcept {
  live_ = true;
  has_chain_ = true;
  chain_id_ = applied;
  stale_run_.Reset();
}

void Synchronizer::Invalidate() noexcept {
  live_ = false;
  stale_run_.Reset();
}

}  // namespace thalweg
