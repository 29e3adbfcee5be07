#include "pipeline/shard_engine.h"

#include <cassert>
#include <cstdlib>
#include <string_view>

namespace thalweg {
namespace {

// Whatever the wish is for: a symbol that has a book can wait behind one that has none.
SnapshotNeed NeedOf(const SymbolEngine& symbol, SnapshotReason reason) noexcept {
  if (IsBackground(reason)) return SnapshotNeed::kBackground;
  return symbol.live() ? SnapshotNeed::kDoubt : SnapshotNeed::kNoBook;
}

}  // namespace

ShardEngine::ShardEngine(const EngineOptions& options, const Catalogue& catalogue,
                         const ShardOutputs& outputs, InputPool& pool, SnapshotOrders& orders)
    : outputs_(outputs),
      pool_(pool),
      orders_(orders),
      engine_(options, catalogue, static_cast<EngineOutput&>(*this)) {
  for (Mark& mark : marks_) mark.input.in_use = &mark.in_use;
  last_mark_.input.in_use = &last_mark_.in_use;
  if (outputs_.publisher == nullptr) return;
  stage_clock_ = outputs_.publisher->TimeStages();
  engine_.set_stage_clock(stage_clock_);
}

void ShardEngine::Use(LiveInput* input) {
  const ReceiveTime received = input->received;
  if (outputs_.publisher != nullptr) {
    if (input->kind == InputKind::kFrame) {
      outputs_.publisher->BeginFrame(received, input->monotonic, input->is_lagged,
                                     input->socket_ns);
    } else {
      outputs_.publisher->BeginInput(input->monotonic);
    }
  }
  GiveToEngine(*input);
  if (outputs_.publisher != nullptr) outputs_.publisher->EndFrame();
  pool_.Release(*input);
  HandOn(input);
  last_received_ = received;
  MarkIfDue(received);
}

void ShardEngine::GiveToEngine(const LiveInput& input) {
  switch (input.kind) {
    case InputKind::kFrame:
      engine_.OnFrame(input.received, input.payload);
      break;
    case InputKind::kRest:
      engine_.OnRest(input.received, input.name, input.payload);
      break;
    case InputKind::kConnectionOpen:
      engine_.OnConnectionOpen(input.connection, input.payload);
      break;
    case InputKind::kConnectionClosed:
      engine_.OnConnectionClosed(input.connection);
      break;
    case InputKind::kDropped:
      engine_.OnDropped(input.count, input.name, input.payload);
      break;
    case InputKind::kLost:
      engine_.OnLost(input.count);
      break;
    case InputKind::kDigest:
      break;
  }
}

void ShardEngine::HandOn(LiveInput* input) {
  if (outputs_.sink != nullptr && outputs_.sink->Take(*input)) return;
  pool_.Return(InputPool::Returner::kEngine, input);
}

void ShardEngine::OnTimer(ReceiveTime now, std::int64_t monotonic) {
  engine_.OnTimer(now);
  if (outputs_.board != nullptr) outputs_.board->Show(engine_);
  if (outputs_.publisher == nullptr) return;
  outputs_.publisher->SetCounts(engine_);
  outputs_.publisher->Beat(monotonic);
}

void ShardEngine::End(std::int64_t monotonic) {
  MarkDigest(last_mark_, last_received_);
  if (outputs_.board != nullptr) outputs_.board->Show(engine_);
  if (outputs_.publisher == nullptr) return;
  outputs_.publisher->SetCounts(engine_);
  outputs_.publisher->Beat(monotonic);
  outputs_.publisher->Close();
}

absl::Status ShardEngine::status() const {
  return outputs_.publisher == nullptr ? absl::OkStatus() : outputs_.publisher->status();
}

// --- Digest marks -----------------------------------------------------------------------------

void ShardEngine::MarkIfDue(ReceiveTime received) {
  if (!marked_at_) marked_at_ = received;
  if (digest_.record_count() == marked_records_) return;
  // A clock that was set back counts like one that went on.
  if (std::abs(received - *marked_at_) < kDigestPeriod) return;
  if (Mark* const mark = FreeMark()) MarkDigest(*mark, received);
}

void ShardEngine::MarkDigest(Mark& mark, ReceiveTime received) {
  if (outputs_.sink == nullptr) return;
  digest_.WriteHex(mark.hex);
  mark.input.kind = InputKind::kDigest;
  mark.input.received = received;
  mark.input.count = digest_.record_count();
  mark.input.payload = {mark.hex.data(), mark.hex.size()};
  mark.input.lost_before = 0;
  mark.in_use.store(true, std::memory_order_relaxed);
  marked_records_ = digest_.record_count();
  marked_at_ = received;
  if (!outputs_.sink->Take(mark.input)) mark.in_use.store(false, std::memory_order_relaxed);
}

ShardEngine::Mark* ShardEngine::FreeMark() noexcept {
  for (Mark& mark : marks_) {
    if (!mark.in_use.load(std::memory_order_acquire)) return &mark;
  }
  return nullptr;
}

// --- EngineOutput -----------------------------------------------------------------------------

void ShardEngine::OnRecord(const SymbolEngine& symbol, RecordBuffer& record) {
  if (outputs_.publisher != nullptr) outputs_.publisher->OnRecord(symbol, record);
  digest_.Add(record);
  if (outputs_.output != nullptr) outputs_.output->OnRecord(symbol, record);
  if (stage_clock_ != nullptr) stage_clock_->Skip();
}

void ShardEngine::OnSymbol(const SymbolEngine& symbol) {
  if (outputs_.publisher != nullptr) outputs_.publisher->OnSymbol(symbol);
  if (outputs_.output != nullptr) outputs_.output->OnSymbol(symbol);
}

void ShardEngine::OnStatus(const SymbolEngine& symbol) {
  if (outputs_.publisher != nullptr) outputs_.publisher->OnStatus(symbol);
  if (outputs_.output != nullptr) outputs_.output->OnStatus(symbol);
}

void ShardEngine::OnSnapshotWanted(const SymbolEngine& symbol, SnapshotReason reason) {
  orders_.Order(Index(symbol.id()), NeedOf(symbol, reason));
  if (outputs_.output != nullptr) outputs_.output->OnSnapshotWanted(symbol, reason);
}

void ShardEngine::OnNotice(const Notice& notice) {
  if (outputs_.publisher != nullptr) outputs_.publisher->OnNotice(notice);
  if (outputs_.output != nullptr) outputs_.output->OnNotice(notice);
}

void ShardEngine::OnDivergence(const SymbolEngine& symbol,
                               const std::shared_ptr<const AuditEvidence>& evidence) {
  if (outputs_.output != nullptr) outputs_.output->OnDivergence(symbol, evidence);
}

}  // namespace thalweg
