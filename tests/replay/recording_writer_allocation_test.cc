// After a warm-up the writer allocates nothing, whatever is due: counted by replacing the global
// operators new and delete in this program. (zstd allocates with malloc, all of it at the first
// frame.)
#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "replay/recording_writer.h"
#include "tests/core/allocation_count.h"
#include "tests/replay/written_lines.h"

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
  const std::int64_t before = AllocationCount();
  // Called by name: a compiler may leave out a new-expression whose object nobody uses.
  ::operator delete(::operator new(1));
  EXPECT_EQ(AllocationCount() - before, 1);
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
  const std::int64_t allocated = AllocationCount();
  for (int round = 0; round < 50; ++round) write_all();
  EXPECT_EQ(AllocationCount() - allocated, 0);
  EXPECT_GE(writer.counts().frames - before.frames, 5);
  EXPECT_EQ(writer.counts().lines - before.lines, 50 * 1'001);
}

}  // namespace
}  // namespace thalweg
