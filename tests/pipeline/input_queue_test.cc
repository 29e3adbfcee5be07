#include "pipeline/input_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace thalweg {
namespace {

TEST(InputQueueTest, EachProducerHoldsItsCapacityWhateverTheOthersHold) {
  constexpr std::size_t kCapacity = 5'000;
  InputQueue queue(3, kCapacity);
  std::vector<LiveInput> inputs(kCapacity);
  std::array<LiveInput*, 64> out;
  for (int round = 0; round < 5; ++round) {
    for (std::size_t producer = 0; producer < 3; ++producer) {
      for (LiveInput& input : inputs) ASSERT_TRUE(queue.PutQuietly(producer, &input));
    }
    std::size_t taken = 0;
    while (const std::size_t count = queue.Take(out)) taken += count;
    ASSERT_EQ(taken, 3 * kCapacity);
  }
}

TEST(InputQueueTest, AQueueThatIsFullSaysSo) {
  InputQueue queue(1, 1'000);
  LiveInput input;
  int count = 0;
  while (count < 10'000 && queue.Put(0, &input)) ++count;
  EXPECT_GE(count, 1'000);
  EXPECT_LT(count, 10'000);
}

// The sleep and the wake race with each other at every input: one lost wake and this would take
// hours, since a consumer alone waits for an hour.
TEST(InputQueueTest, NoWakeIsLostAndWhatAProducerPutsInComesOutInOrder) {
  constexpr std::int64_t kCount = 20'000;
  constexpr std::size_t kProducers = 2;
  InputQueue queue(kProducers, kCount);
  std::vector<std::vector<LiveInput>> inputs(kProducers);
  std::vector<std::thread> threads;
  std::atomic<std::int64_t> taken{0};
  for (std::size_t producer = 0; producer < kProducers; ++producer) {
    inputs[producer] = std::vector<LiveInput>(kCount);
    threads.emplace_back([&, producer] {
      for (std::int64_t i = 0; i < kCount; ++i) {
        LiveInput& input = inputs[producer][static_cast<std::size_t>(i)];
        input.connection = static_cast<std::int64_t>(producer);
        input.count = i;
        ASSERT_TRUE(queue.Put(producer, &input));
        // Now and then the consumer is let to go to sleep.
        while (i % 16 == 0 && taken.load() < i - 100) std::this_thread::yield();
      }
    });
  }
  std::array<std::int64_t, kProducers> next{};
  std::array<LiveInput*, 32> out;
  for (std::int64_t all = 0; all < kCount * static_cast<std::int64_t>(kProducers);) {
    const std::size_t count = queue.Wait(out, kHour);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(out[i]->count, next[static_cast<std::size_t>(out[i]->connection)]++);
    }
    all += static_cast<std::int64_t>(count);
    taken.store(all);
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(InputQueueTest, AConsumerWakesWithoutAnInputWhenItIsToldToOrItsTimeIsOver) {
  InputQueue queue(1, 10);
  std::array<LiveInput*, 1> out;
  EXPECT_EQ(queue.Wait(out, kMillisecond), 0u);
  std::atomic<bool> woken{false};
  std::thread consumer([&] {
    EXPECT_EQ(queue.Wait(out, kHour), 0u);
    woken.store(true);
  });
  while (!woken.load()) {
    queue.Wake();
    std::this_thread::yield();
  }
  consumer.join();
}

}  // namespace
}  // namespace thalweg
