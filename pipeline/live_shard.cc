#include "pipeline/live_shard.h"

#include <pthread.h>
#include <sched.h>

#include <array>
#include <cassert>
#include <chrono>
#include <ctime>
#include <exception>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"

namespace thalweg {
namespace {

// Inputs taken at once: few, so that timers and a stop are looked at in time.
constexpr std::size_t kInputsAtOnce = 32;
constexpr std::size_t kThreadNameBytes = 15;  // Linux has room for no more.

ReceiveTime WallClock() noexcept {
  timespec time = {};
  clock_gettime(CLOCK_REALTIME, &time);
  return ReceiveTime(std::int64_t{time.tv_sec} * kSecond + time.tv_nsec);
}

absl::Status CheckCpu(int cpu) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ::sched_getaffinity(0, sizeof(allowed), &allowed);
  if (cpu >= 0 && cpu < CPU_SETSIZE && CPU_ISSET(static_cast<std::size_t>(cpu), &allowed)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("cpu: ", cpu, " is none that this process may run on, which are ",
                   CPU_COUNT(&allowed), " of this machine's; `taskset -p` lists them"));
}

void PinTo(int cpu) noexcept {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<std::size_t>(cpu), &only);
  ::pthread_setaffinity_np(::pthread_self(), sizeof(only), &only);
}

}  // namespace

absl::StatusOr<std::unique_ptr<LiveShard>> LiveShard::Create(
    const EngineOptions& options, const Catalogue& catalogue,
    const LiveShardOptions& shard_options) {
  if (options.symbols.empty()) {
    return absl::InvalidArgumentError("symbols: a shard has to be told which; name them");
  }
  absl::Status status = ValidateOptions(options);
  if (status.ok() && shard_options.cpu) status = CheckCpu(*shard_options.cpu);
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<InputPool>> pool =
      InputPool::Create(shard_options.pool, options.symbols.size() + 1);
  if (!pool.ok()) return pool.status();
  return std::unique_ptr<LiveShard>(
      new LiveShard(options, catalogue, shard_options, *std::move(pool)));
}

LiveShard::LiveShard(const EngineOptions& options, const Catalogue& catalogue,
                     const LiveShardOptions& shard_options, std::unique_ptr<InputPool> pool)
    : options_(options),
      catalogue_(catalogue),
      shard_options_(shard_options),
      pool_(std::move(pool)),
      queue_(1, pool_->input_count()),
      orders_(options.symbols),
      intake_(options.symbols, *pool_, queue_, orders_) {}

LiveShard::~LiveShard() { (void)Stop(); }

void LiveShard::Start(const ShardOutputs& outputs) {
  assert(!thread_.joinable() && stopped_engine_ == nullptr);
  thread_ = std::thread([this, outputs] { Run(outputs); });
}

absl::Status LiveShard::Stop() {
  if (!thread_.joinable()) return status_;
  const std::int64_t begun = RingPublisher::MonotonicNow();
  while (!failed() && !intake_.TellTheRest() &&
         RingPublisher::MonotonicNow() - begun < kLastTellingSpan) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  stopping_.store(true, std::memory_order_release);
  queue_.Wake();
  thread_.join();
  if (!failed()) stopped_engine_ = engine_.get();
  return status_;
}

ShardCounts LiveShard::counts() const noexcept {
  return {intake_.counts(), inputs_.load(std::memory_order_relaxed),
          records_.load(std::memory_order_relaxed), beats_.load(std::memory_order_relaxed)};
}

// --- The engine's thread ----------------------------------------------------------------------

void LiveShard::Run(const ShardOutputs& outputs) {
  ::pthread_setname_np(::pthread_self(),
                       shard_options_.thread_name.substr(0, kThreadNameBytes).c_str());
  if (shard_options_.cpu) PinTo(*shard_options_.cpu);
  try {
    engine_ = std::make_unique<ShardEngine>(options_, catalogue_, outputs, *pool_, orders_);
    Drive(*engine_);
    if (engine_->status().ok()) return;
    Fail(engine_->status(), outputs);
  } catch (const std::exception& error) {
    Fail(absl::InternalError(absl::StrCat("thread ", shard_options_.thread_name,
                                          " died of an exception: ", error.what())),
         outputs);
  } catch (...) {
    Fail(absl::InternalError(
             absl::StrCat("thread ", shard_options_.thread_name, " died of an unknown exception")),
         outputs);
  }
}

void LiveShard::Drive(ShardEngine& engine) {
  std::array<LiveInput*, kInputsAtOnce> inputs;
  std::int64_t ticked_at = RingPublisher::MonotonicNow();
  std::int64_t used = 0;
  std::int64_t beats = 0;
  for (;;) {
    // Before the look: what was told before the stop is then seen.
    const bool stopping = stopping_.load(std::memory_order_acquire);
    const std::int64_t now = RingPublisher::MonotonicNow();
    if (now - ticked_at >= kBeatPeriod) {
      ticked_at = now;
      beats_.store(++beats, std::memory_order_relaxed);
      engine.OnTimer(shard_options_.clock ? shard_options_.clock() : WallClock(), now);
      if (!engine.status().ok()) return;
    }
    const bool sleeps = !stopping && !shard_options_.busy_poll;
    const std::size_t count =
        sleeps ? queue_.Wait(inputs, ticked_at + kBeatPeriod - now) : queue_.Take(inputs);
    for (LiveInput* const input : std::span(inputs).first(count)) {
      engine.Use(input);
      inputs_.store(++used, std::memory_order_relaxed);
      records_.store(engine.digest().record_count(), std::memory_order_relaxed);
    }
    if (stopping && count == 0) break;
  }
  engine.End(RingPublisher::MonotonicNow());
}

void LiveShard::Fail(absl::Status status, const ShardOutputs& outputs) {
  if (outputs.publisher != nullptr) outputs.publisher->Abandon();
  status_ = std::move(status);
  failed_.store(true, std::memory_order_release);
}

}  // namespace thalweg
