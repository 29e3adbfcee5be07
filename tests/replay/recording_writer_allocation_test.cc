// After a warm-up the writer allocates nothing, whatever is due: counted by replacing the global
// operators new and delete in this program. (zstd allocates with malloc, all of it at the first
// frame.)
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "replay/recording_writer.h"
#include "tests/replay/written_lines.h"

namespace {
std::atomic<std::int64_t> allocation_count{0};
}  // namespace

// Not inlined: g++ would take the malloc() in one of them for a mismatch with the other.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocation_count;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace thalweg {
namespace {

// Takes everything and keeps nothing.
class NullFile final : public OutputFile {
 public:
  absl::StatusOr<std::size_t> Write(std::string_view bytes) override { return bytes.size(); }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::Status Close() override { return absl::OkStatus(); }
  const std::string& path() const noexcept override { return path_; }

 private:
  const std::string path_ = "null.zst";
};

TEST(RecordingWriterAllocationTest, TheCounterSeesAllocations) {
  const std::int64_t before = allocation_count;
  // Called by name: a compiler may leave out a new-expression whose object nobody uses.
  ::operator delete(::operator new(1));
  EXPECT_EQ(allocation_count - before, 1);
}

TEST(RecordingWriterAllocationTest, LinesFlushesFramesAndSyncsAllocateNothingAfterTheFirstFrame) {
  std::vector<std::string> payloads;
  for (int i = 0; i < 1'000; ++i) payloads.push_back(Payload(i));
  payloads.push_back(LongPayload(40'000));
  RecordingWriter writer(std::make_unique<NullFile>());
  ReceiveTime now = kStart;
  const auto write_all = [&] {
    for (const std::string& payload : payloads) {
      now = now + kMillisecond;
      writer.Write(now, payload);
      if (now.raw() % 7 == 0) writer.OnTimer(now);
    }
  };
  for (int round = 0; round < 11; ++round) write_all();
  ASSERT_GE(writer.counts().frames, 1);

  const WriterCounts before = writer.counts();
  const std::int64_t allocated = allocation_count;
  for (int round = 0; round < 50; ++round) write_all();
  EXPECT_EQ(allocation_count - allocated, 0);
  EXPECT_GE(writer.counts().frames - before.frames, 5);
  EXPECT_EQ(writer.counts().lines - before.lines, 50 * 1'001);
}

}  // namespace
}  // namespace thalweg
