#include "replay/recorder.h"

#include <pthread.h>

#include <cassert>
#include <cstddef>
#include <ctime>
#include <exception>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "replay/recording_line.h"

namespace thalweg {
namespace {

constexpr std::size_t kInputsAtOnce = 64;
constexpr std::size_t kThreadNameBytes = 15;  // Linux has room for no more.
constexpr std::string_view kQueueFull = "recorder queue full";

std::int64_t Clock(clockid_t clock) noexcept {
  timespec time = {};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

// By its only writer.
void AddOne(std::atomic<std::int64_t>& counter) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Recorder>> Recorder::Create(const RecorderOptions& options,
                                                           InputPool& pool, SnapshotOrders* orders,
                                                           SegmentWriter::Opener open) {
  const ReceiveTime now = options.clock ? options.clock() : ReceiveTime(Clock(CLOCK_REALTIME));
  auto segments = SegmentWriter::Create(options.segments, now, std::move(open));
  if (!segments.ok()) return segments.status();
  std::unique_ptr<Recorder> recorder(new Recorder(options, pool, orders, *std::move(segments)));
  recorder->thread_ = std::thread([made = recorder.get()] { made->Run(); });
  return recorder;
}

Recorder::Recorder(const RecorderOptions& options, InputPool& pool, SnapshotOrders* orders,
                   std::unique_ptr<SegmentWriter> segments)
    : options_(options),
      pool_(pool),
      orders_(orders),
      queue_(1, pool.input_count() + kInputsAtOnce),
      segments_(std::move(segments)),
      segment_(segments_->segment()) {
  ShowCounts();
}

Recorder::~Recorder() { (void)Close(); }

ReceiveTime Recorder::Now() const {
  return options_.clock ? options_.clock() : ReceiveTime(Clock(CLOCK_REALTIME));
}

// --- The engine's thread ----------------------------------------------------------------------

bool Recorder::Take(LiveInput& input) {
  const std::size_t size_class = input.size_class;
  const bool pooled = input.in_use == nullptr;
  const std::int64_t held = taken_[size_class].load(std::memory_order_relaxed) -
                            written_[size_class].load(std::memory_order_relaxed);
  const bool full = pooled && 2 * held >= static_cast<std::int64_t>(pool_.count(size_class));
  input.lost_before = refused_since_;
  if (full || failed() || !queue_.Put(0, &input)) {
    ++refused_since_;
    AddOne(refused_);
    return false;
  }
  refused_since_ = 0;
  if (pooled) AddOne(taken_[size_class]);
  return true;
}

// --- Whoever made it --------------------------------------------------------------------------

absl::Status Recorder::Close() {
  if (!thread_.joinable()) return result_;
  stopping_.store(true, std::memory_order_release);
  queue_.Wake();
  thread_.join();
  return result_;
}

RecorderCounts Recorder::counts() const {
  const std::lock_guard lock(mutex_);
  RecorderCounts counts = counts_;
  counts.refused = refused_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    // What is written was taken before.
    const std::int64_t written = written_[i].load(std::memory_order_acquire);
    counts.waiting += taken_[i].load(std::memory_order_relaxed) - written;
  }
  return counts;
}

// --- The recorder's thread --------------------------------------------------------------------

void Recorder::Run() {
  ::pthread_setname_np(::pthread_self(), options_.thread_name.substr(0, kThreadNameBytes).c_str());
  try {
    Drive();
    Finish();
  } catch (const std::exception& error) {
    result_ = absl::InternalError(
        absl::StrCat("thread ", options_.thread_name, " died of an exception: ", error.what()));
  } catch (...) {
    result_ = absl::InternalError(
        absl::StrCat("thread ", options_.thread_name, " died of an unknown exception"));
  }
  if (absl::IsInternal(result_)) failed_.store(true, std::memory_order_release);
}

void Recorder::Drive() {
  std::array<LiveInput*, kInputsAtOnce> inputs;
  std::int64_t ticked_at = Clock(CLOCK_MONOTONIC);
  for (;;) {
    // Before the look: what was taken before the stop is then seen.
    const bool stopping = stopping_.load(std::memory_order_acquire);
    const std::size_t count = stopping ? queue_.Take(inputs) : queue_.Wait(inputs, kRecorderTick);
    for (LiveInput* const input : std::span(inputs).first(count)) Write(*input);
    const std::int64_t now = Clock(CLOCK_MONOTONIC);
    if (now - ticked_at >= kRecorderTick) {
      ticked_at = now;
      OnTimer();
    }
    if (stopping && count == 0) return;
  }
}

void Recorder::Write(LiveInput& input) {
  TellLost(input.received, input.lost_before);
  segments_->Write(input.received, TextOf(input));
  const std::size_t size_class = input.size_class;
  const bool pooled = input.in_use == nullptr;
  pool_.Return(InputPool::Returner::kSink, &input);
  if (pooled) AddOne(written_[size_class]);
}

std::string_view Recorder::TextOf(const LiveInput& input) {
  if (input.kind == InputKind::kFrame) return input.payload;
  text_.clear();
  switch (input.kind) {
    case InputKind::kFrame:
      break;
    case InputKind::kRest:
      AppendRestText(input.name, input.payload, &text_);
      break;
    case InputKind::kConnectionOpen:
      AppendConnOpenText(input.connection, input.payload, &text_);
      break;
    case InputKind::kConnectionClosed:
      AppendConnCloseText(input.connection, input.code, &text_);
      break;
    case InputKind::kDropped:
      AppendDropText(input.count, input.name, input.payload, &text_);
      break;
    case InputKind::kLost:
      AppendLostText(input.count, "input queue full", &text_);
      break;
    case InputKind::kDigest:
      AppendDigestText(input.count, input.payload, &text_);
      break;
  }
  return text_;
}

void Recorder::TellLost(ReceiveTime received, std::int64_t lines) {
  if (lines == 0) return;
  text_.clear();
  AppendLostText(lines, kQueueFull, &text_);
  segments_->Write(received, text_);
}

void Recorder::OnTimer() {
  segments_->OnTimer(Now());
  if (segments_->segment() != segment_) {
    segment_ = segments_->segment();
    if (orders_ != nullptr) orders_->OrderAll(SnapshotNeed::kBackground);
  }
  ShowCounts();
}

// The engine's thread is done with it.
void Recorder::Finish() {
  TellLost(Now(), refused_since_);
  result_ = segments_->Close();
  ShowCounts();
  if (!result_.ok() || refused_.load(std::memory_order_relaxed) == 0) return;
  result_ = absl::ResourceExhaustedError(
      absl::StrCat(segments_->path(), ": ", refused_.load(std::memory_order_relaxed),
                   " lines are lost, because the disk was too slow for the feed"));
}

void Recorder::ShowCounts() {
  const std::lock_guard lock(mutex_);
  counts_.segments = segments_->counts();
  counts_.path = segments_->path();
  counts_.status = segments_->status();
}

}  // namespace thalweg
