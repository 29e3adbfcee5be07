#include "pipeline/shard_intake.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

// Kinds of frames that feed a symbol: their losses are told by these names.
constexpr std::array<std::string_view, 4> kKindNames{"depth", "bookTicker", "trade", "aggTrade"};
constexpr std::size_t kTickerKind = 1;

std::optional<std::size_t> KindOf(FrameKind kind) noexcept {
  switch (kind) {
    case FrameKind::kDepth:
      return 0;
    case FrameKind::kBookTicker:
      return kTickerKind;
    case FrameKind::kTrade:
      return 2;
    case FrameKind::kAggTrade:
      return 3;
    default:
      return std::nullopt;
  }
}

void Add(std::atomic<std::int64_t>& counter, std::int64_t count) noexcept {
  // The network's thread is its only writer.
  counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

// Without the white space before it; empty when it begins neither an object nor an array.
std::string_view FromItsJson(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || (text[begin] != '{' && text[begin] != '[')) return {};
  return text.substr(begin);
}

}  // namespace

ShardIntake::ShardIntake(const std::vector<std::string>& symbols, InputPool& pool,
                         InputQueue& queue, SnapshotOrders& orders)
    : pool_(pool),
      queue_(queue),
      orders_(orders),
      symbols_(symbols),
      losses_(symbols.size()),
      kept_(new char[symbols.size() * kKeptTickerBytes]),
      scratch_(kNamedBytesMax + 2 * kPayloadPadding) {
  waiting_.reserve(symbols.size());
  for (std::uint32_t i = 0; i < symbols_.size(); ++i) {
    shares_.emplace(symbols_[i], i);
    shares_.emplace(absl::AsciiStrToLower(symbols_[i]), i);
  }
}

IntakeCounts ShardIntake::counts() const noexcept {
  IntakeCounts counts;
  counts.frames = frames_.load(std::memory_order_relaxed);
  counts.given = given_.load(std::memory_order_relaxed);
  counts.lost_frames = lost_frames_.load(std::memory_order_relaxed);
  counts.strange_frames = strange_frames_.load(std::memory_order_relaxed);
  counts.lost_answers = lost_answers_.load(std::memory_order_relaxed);
  counts.waiting_events = waiting_events_.load(std::memory_order_relaxed);
  counts.waiting_answers = waiting_answers_.load(std::memory_order_relaxed);
  return counts;
}

// Of the symbol that feeds it, else that of the rest. The stream's name counts, as it does for the
// engine; where the two names differ the engine will find the frame malformed.
std::uint32_t ShardIntake::Find(const FrameHead& head) const noexcept {
  const std::string_view name = head.stream_symbol.empty() ? head.symbol : head.stream_symbol;
  const auto found = shares_.find(Abseil(name));
  return found == shares_.end() ? static_cast<std::uint32_t>(symbols_.size()) : found->second;
}

bool ShardIntake::IsFollowed(std::uint32_t share) const noexcept { return share < symbols_.size(); }

// --- What the network tells -------------------------------------------------------------------

void ShardIntake::OnFrame(std::int64_t connection, ReceiveTime received, std::int64_t monotonic,
                          std::string_view payload) {
  Add(frames_, 1);
  Tell();
  const Nanos socket_ns = std::exchange(socket_ns_, kNoTime);
  payload = FromItsJson(payload);
  if (payload.empty()) return Add(strange_frames_, 1);
  const Arrival arrival{connection, received, monotonic};
  LiveInput* const input = events_.empty() ? pool_.Take(payload.size()) : nullptr;
  if (input == nullptr) return LoseFrame(arrival, payload);
  InputPool::SetText(*input, {}, payload);
  const FrameHead head = NameFrame(input->payload);
  const std::uint32_t share = Find(head);
  const bool may =
      (!IsFollowed(share) || !losses_[share].waits) && pool_.HasRoom(share, input->size_class);
  input->kind = InputKind::kFrame;
  input->share = share;
  input->connection = connection;
  input->received = received;
  input->monotonic = monotonic;
  input->is_lagged = !lagging_.empty() && IsLagging(connection);
  input->socket_ns = socket_ns;
  if (may && Queue(input)) return;
  Lose(arrival, head, input->payload);
  pool_.PutBack(input);
}

void ShardIntake::OnConnectionOpen(std::int64_t connection, ReceiveTime received,
                                   std::string_view url) {
  events_.push_back({InputKind::kConnectionOpen, connection, received, 0, std::string(url)});
  Tell();
}

bool ShardIntake::IsLagging(std::int64_t connection) const noexcept {
  return std::find(lagging_.begin(), lagging_.end(), connection) != lagging_.end();
}

void ShardIntake::OnLag(std::int64_t connection, bool is_lagging) {
  std::erase(lagging_, connection);
  if (is_lagging) lagging_.push_back(connection);
}

void ShardIntake::OnConnectionClosed(std::int64_t connection, ReceiveTime received, int code) {
  OnLag(connection, false);
  const auto opening = std::find_if(events_.begin(), events_.end(), [&](const Event& event) {
    return event.connection == connection && event.kind == InputKind::kConnectionOpen;
  });
  if (opening != events_.end()) {
    events_.erase(opening);
  } else {
    events_.push_back({InputKind::kConnectionClosed, connection, received, code, {}});
  }
  Tell();
}

bool ShardIntake::OnRest(ReceiveTime received, std::string_view target, std::string_view body) {
  Tell();
  body = FromItsJson(body);
  const std::size_t bytes = target.size() + body.size();
  const auto share = static_cast<std::uint32_t>(symbols_.size());
  if (!body.empty() && answers_.empty() &&
      Give(InputKind::kRest, share, {0, received, 0}, target, body)) {
    return true;
  }
  if (body.empty() || answers_.size() == kWaitingAnswersMax ||
      answer_bytes_ + bytes > kWaitingAnswerBytesMax) {
    Add(lost_answers_, 1);
    return false;
  }
  answers_.push_back({received, std::string(target), std::string(body)});
  answer_bytes_ += bytes;
  waiting_answers_.store(static_cast<std::int64_t>(answers_.size()), std::memory_order_relaxed);
  return true;
}

std::optional<SnapshotOrder> ShardIntake::TakeOrder() {
  Tell();
  return orders_.Take();
}

bool ShardIntake::TellTheRest() noexcept {
  TellAllLosses(true);
  Tell();
  return unnamed_ == 0 && waiting_.empty() && events_.empty() && answers_.empty();
}

// --- Into the queue ---------------------------------------------------------------------------

bool ShardIntake::Give(InputKind kind, std::uint32_t share, const Arrival& arrival,
                       std::string_view name, std::string_view payload, std::int64_t count,
                       int code) noexcept {
  LiveInput* const input = pool_.Take(name.size() + payload.size());
  if (input == nullptr) return false;
  InputPool::SetText(*input, name, payload);
  input->kind = kind;
  input->share = share;
  input->connection = arrival.connection;
  input->received = arrival.received;
  input->monotonic = arrival.monotonic;
  input->is_lagged = kind == InputKind::kFrame;  // One that was kept.
  input->socket_ns = kNoTime;
  input->count = count;
  input->code = code;
  if (Queue(input)) return true;
  pool_.PutBack(input);
  return false;
}

bool ShardIntake::Queue(LiveInput* input) noexcept {
  // Before: from then on it is the engine's.
  pool_.Hold(*input);
  if (queue_.Put(0, input)) {
    Add(given_, 1);
    return true;
  }
  pool_.Unhold(*input);
  return false;
}

bool ShardIntake::GiveEvent(const Event& event) noexcept {
  return Give(event.kind, static_cast<std::uint32_t>(symbols_.size()),
              {event.connection, event.received, 0}, {}, event.url, 0, event.code);
}

// --- Losses -----------------------------------------------------------------------------------

// Without a place for it: as much as it takes to name it is copied beside.
void ShardIntake::LoseFrame(const Arrival& arrival, std::string_view payload) noexcept {
  const std::size_t bytes = std::min(payload.size(), kNamedBytesMax);
  char* const text = scratch_.data() + kPayloadPadding;
  if (bytes != 0) std::memcpy(text, payload.data(), bytes);
  std::memset(text + bytes, 0, kPayloadPadding);
  Lose(arrival, NameFrame({text, bytes}), payload);
}

void ShardIntake::Lose(const Arrival& arrival, const FrameHead& head,
                       std::string_view payload) noexcept {
  const std::uint32_t share = Find(head);
  const std::optional<std::size_t> kind = KindOf(head.kind);
  if (!kind || !IsFollowed(share)) {
    Add(lost_frames_, 1);
    ++unnamed_;
    unnamed_newest_ = arrival;
    return;
  }
  Losses& losses = losses_[share];
  if (!losses.waits) {
    losses.waits = true;
    waiting_.push_back(share);
  }
  // While an event waits a ticker could come on the wrong side of it.
  if (*kind == kTickerKind && events_.empty() && payload.size() <= kKeptTickerBytes) {
    return Keep(share, arrival, payload);
  }
  Add(lost_frames_, 1);
  ++losses.counts[*kind];
  losses.newest = arrival;
}

void ShardIntake::Keep(std::uint32_t share, const Arrival& arrival,
                       std::string_view payload) noexcept {
  Losses& losses = losses_[share];
  if (losses.kept_bytes != 0) {
    Add(lost_frames_, 1);
    ++losses.counts[kTickerKind];
    losses.newest = losses.kept;
  }
  std::memcpy(kept_.get() + share * kKeptTickerBytes, payload.data(), payload.size());
  losses.kept_bytes = payload.size();
  losses.kept = arrival;
}

// --- Telling what waits -----------------------------------------------------------------------

void ShardIntake::Tell() noexcept {
  const bool pressing = !events_.empty();
  if (unnamed_ != 0 || !waiting_.empty()) TellAllLosses(pressing);
  if (pressing) TellEvents();
  if (!answers_.empty()) TellAnswers();
}

void ShardIntake::TellAllLosses(bool pressing) noexcept {
  const auto rest = static_cast<std::uint32_t>(symbols_.size());
  const auto may = [&](std::uint32_t share) { return pressing || pool_.HasAmpleRoom(share); };
  if (unnamed_ != 0 && may(rest) && !TellUnnamed()) return;
  std::size_t tries = pressing ? waiting_.size() : std::min(kTellsPerCall, waiting_.size());
  for (; tries != 0; --tries) {
    turn_ = turn_ < waiting_.size() ? turn_ : 0;
    const std::uint32_t share = waiting_[turn_];
    if (!may(share)) {
      ++turn_;
      continue;
    }
    if (!TellLosses(share)) return;
    losses_[share].waits = false;
    waiting_[turn_] = waiting_.back();
    waiting_.pop_back();
  }
}

bool ShardIntake::TellUnnamed() noexcept {
  if (!Give(InputKind::kLost, static_cast<std::uint32_t>(symbols_.size()), unnamed_newest_, {}, {},
            unnamed_)) {
    return false;
  }
  unnamed_ = 0;
  return true;
}

// The losses first, then the bookTicker that was kept of them.
bool ShardIntake::TellLosses(std::uint32_t share) noexcept {
  Losses& losses = losses_[share];
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    if (losses.counts[kind] == 0) continue;
    if (!Give(InputKind::kDropped, share, losses.newest, kKindNames[kind], symbols_[share],
              losses.counts[kind])) {
      return false;
    }
    losses.counts[kind] = 0;
  }
  if (losses.kept_bytes == 0) return true;
  const std::string_view kept{kept_.get() + share * kKeptTickerBytes, losses.kept_bytes};
  if (!Give(InputKind::kFrame, share, losses.kept, {}, kept)) {
    return false;
  }
  losses.kept_bytes = 0;
  return true;
}

void ShardIntake::TellEvents() noexcept {
  if (unnamed_ == 0 && waiting_.empty()) {
    while (!events_.empty() && GiveEvent(events_.front())) events_.pop_front();
  }
  waiting_events_.store(static_cast<std::int64_t>(events_.size()), std::memory_order_relaxed);
}

void ShardIntake::TellAnswers() noexcept {
  while (!answers_.empty()) {
    const Answer& answer = answers_.front();
    if (!Give(InputKind::kRest, static_cast<std::uint32_t>(symbols_.size()),
              {0, answer.received, 0}, answer.target, answer.body)) {
      break;
    }
    answer_bytes_ -= answer.target.size() + answer.body.size();
    answers_.pop_front();
  }
  waiting_answers_.store(static_cast<std::int64_t>(answers_.size()), std::memory_order_relaxed);
}

}  // namespace thalweg
