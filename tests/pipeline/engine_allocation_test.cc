// After a warm-up the way from a frame to its record allocates nothing: counted by replacing the
// global operators new and delete in this program.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "pipeline/engine.h"
#include "tests/recorded/recorded_feed.h"

namespace {

std::atomic<std::int64_t> allocation_count{0};

void* Allocate(std::size_t size, std::size_t alignment) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* const memory = alignment <= alignof(std::max_align_t)
                           ? std::malloc(size == 0 ? 1 : size)
                           : std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size, 1); }
void* operator new[](std::size_t size) { return Allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return Allocate(size, 1); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return Allocate(size, 1); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace thalweg {
namespace {

class RecordCounter final : public EngineOutput {
 public:
  void OnRecord(const SymbolEngine&, RecordBuffer&) override { ++count; }
  std::int64_t count = 0;
};

void Give(const RecordedFeed& feed, std::size_t begin, std::size_t end, Engine* engine) {
  for (std::size_t i = begin; i < end; ++i) {
    engine->OnFrame(feed.lines()[i].received, feed.lines()[i].payload);
  }
}

TEST(EngineAllocation, TheCounterSeesAllocations) {
  const std::int64_t before = allocation_count;
  // Called by name: a compiler may leave out a new-expression whose object nobody uses.
  ::operator delete(::operator new(1));
  EXPECT_EQ(allocation_count - before, 1);
}

class EngineAllocationTest : public testing::TestWithParam<const char*> {};

TEST_P(EngineAllocationTest, TheSecondHalfOfARealFeedAllocatesNothing) {
  const std::vector<std::string> files = RecordedFiles(GetParam());
  if (files.empty()) GTEST_SKIP() << "no " << GetParam() << " in " << RecordedDataFolder();
  const RecordedFeed feed(files);
  const std::size_t half = feed.lines().size() / 2;
  EngineOptions options;
  options.emit = EmitPolicy::All();
  const Catalogue catalogue = MakeCatalogue(options);
  RecordCounter output;
  Engine engine(options, catalogue, output);
  Give(feed, 0, half, &engine);
  ASSERT_GT(output.count, 20'000);

  const std::int64_t records = output.count;
  const std::int64_t before = allocation_count;
  Give(feed, half, feed.lines().size(), &engine);
  EXPECT_EQ(allocation_count - before, 0);
  EXPECT_GT(output.count - records, 20'000);
}

INSTANTIATE_TEST_SUITE_P(Recordings, EngineAllocationTest,
                         testing::Values("spot-btcusdt-2024-08-08", "usdm-btcusdt-2023-04-04",
                                         "usdm-ethusdt-2024-08-08", "coinm-btcusd_perp-2024-08-08"),
                         [](const auto& info) {
                           return std::to_string(info.index) + "_" +
                                  std::string(info.param).substr(0, 4);
                         });

}  // namespace
}  // namespace thalweg
