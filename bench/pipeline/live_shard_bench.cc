// What it costs to hand a frame of a depth event from the network's thread to another one and back
// to the pool, without an engine: a shard's queue and pool, and a queue of strings behind a mutex
// and a condition variable. `give_ns` is the network's part of it, `taken_ns` the time until the
// other thread has taken a frame that came to it alone, asleep before. That our
// frames allocate nothing, and each of the others once at least, is checked in the same run.
#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "pipeline/shard_intake.h"
#include "tests/core/allocation_count.h"

namespace thalweg::bench {
namespace {

// Frames that are given before the other thread is waited for: below every bound.
constexpr std::int64_t kFramesAtOnce = 1'000;

std::string DepthFrame() {
  std::string frame =
      R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255030,)"
      R"("s":"BTCUSDT","U":1,"u":2,"b":[)";
  for (int i = 0; i < 46; ++i) frame += R"(["61234.50000000","0.01234000"],)";
  frame.back() = ']';
  return frame + R"(,"a":[]}})";
}

class ShardHandover {
 public:
  ShardHandover()
      : pool_(InputPool::Create({}, 2).value()),
        queue_(1, pool_->input_count()),
        orders_({"BTCUSDT"}),
        intake_({"BTCUSDT"}, *pool_, queue_, orders_),
        thread_([this] { Run(); }) {}
  ~ShardHandover() {
    stopping_.store(true);
    queue_.Wake();
    thread_.join();
  }
  void Give(std::string_view frame) { intake_.OnFrame(1, ReceiveTime(1), 1, frame); }
  [[nodiscard]] std::int64_t taken() const { return taken_.load(std::memory_order_acquire); }
  [[nodiscard]] bool good() const { return intake_.counts().lost_frames == 0; }

 private:
  void Run() {
    std::array<LiveInput*, 32> inputs;
    while (!stopping_.load()) {
      const std::size_t count = queue_.Wait(inputs, kSecond);
      taken_.fetch_add(static_cast<std::int64_t>(count), std::memory_order_release);
      for (std::size_t i = 0; i < count; ++i) {
        benchmark::DoNotOptimize(inputs[i]->payload.data());
        pool_->Release(*inputs[i]);
        pool_->Return(InputPool::Returner::kEngine, inputs[i]);
      }
    }
  }

  const std::unique_ptr<InputPool> pool_;
  InputQueue queue_;
  SnapshotOrders orders_;
  ShardIntake intake_;
  std::atomic<std::int64_t> taken_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

class MutexHandover {
 public:
  MutexHandover() : thread_([this] { Run(); }) {}
  ~MutexHandover() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    come_.notify_one();
    thread_.join();
  }
  void Give(std::string_view frame) {
    {
      const std::lock_guard lock(mutex_);
      queue_.emplace_back(frame);
    }
    come_.notify_one();
  }
  [[nodiscard]] std::int64_t taken() const { return taken_.load(std::memory_order_acquire); }
  [[nodiscard]] bool good() const { return true; }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      come_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      const std::string frame = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      taken_.fetch_add(1, std::memory_order_release);
      benchmark::DoNotOptimize(frame.data());
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable come_;
  std::deque<std::string> queue_;
  bool stopping_ = false;
  std::atomic<std::int64_t> taken_{0};
  std::thread thread_;
};

std::int64_t NanosSince(std::chrono::steady_clock::time_point begin) {
  return (std::chrono::steady_clock::now() - begin) / std::chrono::nanoseconds(1);
}

template <class Handover>
void HandOver(benchmark::State& state, bool allocates) {
  const std::string frame = DepthFrame();
  Handover handover;
  std::int64_t given = 0;
  const auto wait = [&] {
    while (handover.taken() != given) std::this_thread::yield();
  };
  const auto give_many = [&] {
    for (int i = 0; i < kFramesAtOnce; ++i) handover.Give(frame);
    given += kFramesAtOnce;
  };
  for (int i = 0; i < 10; ++i) {  // Warm.
    give_many();
    wait();
  }
  std::int64_t give_ns = 0;
  std::int64_t taken_ns = 0;
  std::int64_t rounds = 0;
  std::int64_t allocations = 0;
  for (auto _ : state) {
    const std::int64_t before = AllocationCount();
    auto begin = std::chrono::steady_clock::now();
    give_many();
    give_ns += NanosSince(begin);
    wait();
    allocations += AllocationCount() - before;
    std::this_thread::sleep_for(std::chrono::microseconds(200));  // It falls asleep.
    begin = std::chrono::steady_clock::now();
    handover.Give(frame);
    ++given;
    while (handover.taken() != given) {
    }
    taken_ns += NanosSince(begin);
    ++rounds;
  }
  if (!handover.good()) state.SkipWithError("frames were lost");
  if (!allocates && allocations != 0) state.SkipWithError("a frame has allocated");
  const auto per = [](std::int64_t sum, std::int64_t count) {
    return static_cast<double>(sum) / static_cast<double>(count);
  };
  state.counters["give_ns"] = per(give_ns, rounds * kFramesAtOnce);
  state.counters["taken_ns"] = per(taken_ns, rounds);
  if (allocates && per(allocations, rounds * kFramesAtOnce) < 1) {
    state.SkipWithError("a string a frame was expected to allocate");
  }
}

void BM_HandOverShard(benchmark::State& state) { HandOver<ShardHandover>(state, false); }
void BM_HandOverMutex(benchmark::State& state) { HandOver<MutexHandover>(state, true); }
BENCHMARK(BM_HandOverShard)->Name("BM_HandOver/depth/thalweg");
BENCHMARK(BM_HandOverMutex)->Name("BM_HandOver/depth/mutex+condvar");

}  // namespace
}  // namespace thalweg::bench
