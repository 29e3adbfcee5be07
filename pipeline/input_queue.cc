#include "pipeline/input_queue.h"

#include <concurrentqueue/concurrentqueue.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <ctime>
#include <vector>

namespace thalweg {
namespace {

// A producer keeps its blocks for itself for ever, and the index of its blocks only grows by
// allocation: both have to be there from the start.
struct Traits : moodycamel::ConcurrentQueueDefaultTraits {
  static const std::size_t BLOCK_SIZE = 256;                         // NOLINT: the library's name
  static const std::size_t EXPLICIT_INITIAL_INDEX_SIZE = 512;        // NOLINT: the library's name
  static const std::size_t INITIAL_IMPLICIT_PRODUCER_HASH_SIZE = 0;  // NOLINT: there are none
};
constexpr std::size_t kCapacityMax = Traits::BLOCK_SIZE * (Traits::EXPLICIT_INITIAL_INDEX_SIZE - 2);

using Queue = moodycamel::ConcurrentQueue<LiveInput*, Traits>;

constexpr std::uint32_t kAwake = 0;
constexpr std::uint32_t kAsleep = 1;

}  // namespace

// Padding parts what the two sides write. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct InputQueue::State {
  State(std::size_t producer_count, std::size_t capacity)
      : queue(capacity + Traits::BLOCK_SIZE, producer_count, 0), consumer(queue) {
    producers.reserve(producer_count);
    for (std::size_t i = 0; i < producer_count; ++i) producers.emplace_back(queue);
  }

  Queue queue;
  moodycamel::ConsumerToken consumer;
  std::vector<moodycamel::ProducerToken> producers;
  // Both sides exchange it: of an exchange by the consumer that goes to sleep and one by a producer
  // behind its Put(), whichever is second sees what the other did before. A load would not do.
  alignas(64) std::atomic<std::uint32_t> sleeper{kAwake};
};

InputQueue::InputQueue(std::size_t producers, std::size_t capacity)
    : state_(std::make_unique<State>(producers, std::min(capacity, kCapacityMax))) {}

InputQueue::~InputQueue() = default;

bool InputQueue::Put(std::size_t producer, LiveInput* input) noexcept {
  if (!PutQuietly(producer, input)) return false;
  Wake();
  return true;
}

bool InputQueue::PutQuietly(std::size_t producer, LiveInput* input) noexcept {
  assert(producer < state_->producers.size());
  return state_->queue.try_enqueue(state_->producers[producer], input);
}

std::size_t InputQueue::Take(std::span<LiveInput*> out) noexcept {
  return state_->queue.try_dequeue_bulk(state_->consumer, out.data(), out.size());
}

std::size_t InputQueue::Wait(std::span<LiveInput*> out, Nanos at_most) noexcept {
  for (int spin = 0; spin < kSpinsBeforeSleep; ++spin) {
    if (const std::size_t count = Take(out); count != 0) return count;
  }
  std::atomic<std::uint32_t>& sleeper = state_->sleeper;
  sleeper.exchange(kAsleep, std::memory_order_acq_rel);
  std::size_t count = Take(out);
  if (count == 0) {
    const timespec span{static_cast<std::time_t>(at_most / kSecond),
                        static_cast<long>(at_most % kSecond)};
    ::syscall(SYS_futex, &sleeper, FUTEX_WAIT_PRIVATE, kAsleep, &span, nullptr, 0);
    count = Take(out);
  }
  sleeper.store(kAwake, std::memory_order_relaxed);
  return count;
}

void InputQueue::Wake() noexcept {
  if (state_->sleeper.exchange(kAwake, std::memory_order_acq_rel) == kAwake) return;
  ::syscall(SYS_futex, &state_->sleeper, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace thalweg
