#include "pipeline/input_pool.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "feeds/decode/frame.h"

namespace thalweg {
namespace {

constexpr std::size_t kShares = 3;

std::unique_ptr<InputPool> Make(std::array<std::size_t, kInputSizes> counts) {
  auto pool = InputPool::Create({counts}, kShares);
  EXPECT_TRUE(pool.ok()) << pool.status();
  return *std::move(pool);
}

LiveInput* TakeOf(InputPool& pool, std::uint32_t share, std::size_t text_bytes = 10) {
  LiveInput* const input = pool.Take(text_bytes);
  EXPECT_NE(input, nullptr);
  input->share = share;
  pool.Hold(*input);
  return input;
}

TEST(InputPoolTest, EverySizeHasItsCountAndNoMore) {
  const auto pool = Make({5, 4, 3, 2});
  for (std::size_t size = 0; size < kInputSizes; ++size) {
    std::set<LiveInput*> taken;
    for (std::size_t i = 0; i < 5 - size; ++i) {
      LiveInput* const input = pool->Take(kInputTextBytes[size]);
      ASSERT_NE(input, nullptr);
      EXPECT_EQ(input->size_class, size);
      EXPECT_EQ(input->capacity, kInputTextBytes[size]);
      taken.insert(input);
    }
    EXPECT_EQ(taken.size(), 5 - size);
    EXPECT_EQ(pool->free(size), 0u);
    EXPECT_EQ(pool->Take(kInputTextBytes[size]), nullptr);
    pool->PutBack(*taken.begin());
    EXPECT_EQ(pool->Take(kInputTextBytes[size]), *taken.begin());
  }
}

TEST(InputPoolTest, TextsOfEverySizeHaveReadablePaddingOnBothSides) {
  const auto pool = Make({1, 1, 1, 1});
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, kInputTextBytes[0], kInputTextBytes[0] + 1,
        kInputTextBytes[3], kInputTextBytes[3] + 1}) {
    LiveInput* const input = pool->Take(bytes);
    ASSERT_NE(input, nullptr);
    const std::string name(bytes / 3, 'n');
    const std::string payload(bytes - name.size(), 'p');
    InputPool::SetText(*input, name, payload);
    EXPECT_EQ(input->name, name);
    EXPECT_EQ(input->payload, payload);
    int sum = 0;  // Of bytes that a checker would not let us read.
    for (std::size_t i = 1; i <= kPayloadPadding; ++i) {
      sum += *(input->payload.data() - i) + *(input->payload.data() + payload.size() + i - 1);
    }
    EXPECT_GE(sum, INT32_MIN);
    pool->PutBack(input);
  }
}

TEST(InputPoolTest, GiantsAreBoundedInNumberAndSizeAndAreFreed) {
  const auto pool = Make({1, 1, 1, 1});
  EXPECT_EQ(pool->Take(kGiantBytesMax + 1), nullptr);
  std::vector<LiveInput*> giants;
  for (std::size_t i = 0; i < kGiantsMax; ++i) giants.push_back(pool->Take(kInputTextBytes[3] + 1));
  for (LiveInput* const giant : giants) ASSERT_NE(giant, nullptr);
  EXPECT_EQ(pool->Take(kInputTextBytes[3] + 1), nullptr);
  pool->PutBack(giants.front());
  std::thread([&] { pool->Return(InputPool::Returner::kSink, giants[1]); }).join();
  giants[0] = pool->Take(kInputTextBytes[3] + 1);
  giants[1] = pool->Take(kInputTextBytes[3] + 1);
  ASSERT_NE(giants[1], nullptr);
  EXPECT_EQ(pool->Take(kInputTextBytes[3] + 1), nullptr);
  for (LiveInput* const giant : giants) pool->Return(InputPool::Returner::kEngine, giant);
}

TEST(InputPoolTest, WhatTwoThreadsGiveBackIsAllThereAgain) {
  const auto pool = Make({1'000, 10, 1, 1});
  for (int round = 0; round < 20; ++round) {
    std::vector<LiveInput*> taken;
    while (LiveInput* const input = pool->Take(1)) taken.push_back(input);
    ASSERT_EQ(taken.size(), 1'000u) << "round " << round;
    const auto give_back = [&](InputPool::Returner returner, std::size_t first) {
      for (std::size_t i = first; i < taken.size(); i += 2) pool->Return(returner, taken[i]);
    };
    std::thread engine(give_back, InputPool::Returner::kEngine, 0);
    std::thread sink(give_back, InputPool::Returner::kSink, 1);
    engine.join();
    sink.join();
  }
}

// So that a quiet feed stays in the caches.
TEST(InputPoolTest, FewInputsAreUsedAgainAndAgain) {
  const auto pool = Make(kInputCounts);
  std::set<LiveInput*> used;
  for (int i = 0; i < 10'000; ++i) {
    LiveInput* const input = pool->Take(1);
    used.insert(input);
    pool->Return(InputPool::Returner::kEngine, input);
  }
  EXPECT_LE(used.size(), 40u);
}

std::int64_t ResidentBytes() {
  std::int64_t pages = 0;
  std::int64_t resident = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  EXPECT_EQ(std::fscanf(file, "%ld %ld", &pages, &resident), 2);
  std::fclose(file);
  return resident * ::sysconf(_SC_PAGESIZE);
}

TEST(InputPoolTest, MemoryThatWasNeverUsedIsNotResident) {
  const std::int64_t before = ResidentBytes();
  const auto pool = Make(kInputCounts);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < kInputSizes; ++i) bytes += kInputCounts[i] * kInputTextBytes[i];
  EXPECT_LT(ResidentBytes() - before, static_cast<std::int64_t>(bytes / 8));
}

TEST(InputPoolTest, OneShareMayHoldAsManyAsAreFree) {
  const auto pool = Make({100, 1, 1, 1});
  int held = 0;
  for (; held < 200; ++held) {
    LiveInput* const input = pool->Take(1);
    ASSERT_NE(input, nullptr);
    input->share = 0;
    if (!pool->HasRoom(0, 0)) break;
    pool->Hold(*input);
  }
  EXPECT_EQ(held, 50);
  EXPECT_TRUE(pool->HasRoom(1, 0));
  EXPECT_FALSE(pool->HasAmpleRoom(0));
  EXPECT_TRUE(pool->HasAmpleRoom(1));
}

TEST(InputPoolTest, AShareThatIsUsedUpIsAmpleAgainWhenHalfOfItIsUsed) {
  const auto pool = Make({100, 1, 1, 1});
  std::vector<LiveInput*> taken;
  while (pool->HasRoom(0, 0)) taken.push_back(TakeOf(*pool, 0));
  while (!pool->HasAmpleRoom(0)) {
    ASSERT_FALSE(taken.empty());
    pool->Release(*taken.back());
    pool->PutBack(taken.back());
    taken.pop_back();
  }
  EXPECT_EQ(taken.size(), 33u);
}

TEST(InputPoolTest, CountsThatCannotBeAreRefusedByName) {
  EXPECT_EQ(InputPool::Create({{0, 1, 1, 1}}, 1).status().message(),
            "input pool: 0 inputs of 512 bytes; 1 to 65536 can be");
  EXPECT_EQ(InputPool::Create({{1, 1, 1, 65}}, 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace thalweg
