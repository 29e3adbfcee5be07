// Making rings: shapes, permissions, take-over, and what the file says.
#include "core/ring_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/core/ring_testing.h"

namespace thalweg {
namespace {

using testing::HasSubstr;

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

struct stat StatOf(const std::string& path) {
  struct stat stat = {};
  EXPECT_EQ(::lstat(path.c_str(), &stat), 0) << path;
  return stat;
}

TEST(RingWriterTest, TheFileIsAllocatedWholeAndOursAlone) {
  const RingFolder folder;
  const mode_t umask_before = ::umask(0);
  const TestRing ring(folder, TestShape(64));
  ::umask(umask_before);
  const struct stat stat = StatOf(ring.writer->path());
  EXPECT_EQ(ring.writer->path(), folder.File("test"));
  EXPECT_EQ(stat.st_mode & 07777, 0600u);
  EXPECT_GE(stat.st_blocks * 512, stat.st_size);
  EXPECT_EQ(static_cast<std::uint64_t>(stat.st_size), OpenTestRing(folder).header().file_bytes);
  EXPECT_FALSE(std::filesystem::exists(folder.File("test.new")));
}

TEST(RingWriterTest, AGroupMayReadARingThatWasMadeForIt) {
  const RingFolder folder;
  const mode_t umask_before = ::umask(077);
  const RingName name = RingName::Take("test", 0640, folder.path()).value();
  const auto writer = RingWriter::Create(name, TestShape(2)).value();
  ::umask(umask_before);
  EXPECT_EQ(StatOf(writer->path()).st_mode & 07777, 0640u);
}

TEST(RingWriterTest, EachKindHasItsFile) {
  const RingFolder folder;
  const RingName name = RingName::Take("test", 0600, folder.path()).value();
  RingShape shape = TestShape(2);
  shape.kind = RingKind::kLadders;
  EXPECT_EQ(RingWriter::Create(name, shape).value()->path(), folder.File("test.ladders"));
  shape.kind = RingKind::kTops;
  EXPECT_EQ(RingWriter::Create(name, shape).value()->path(), folder.File("test.tops"));
}

TEST(RingWriterTest, AShapeThatCannotBeIsRefusedWithItsValue) {
  const RingFolder folder;
  const RingName name = RingName::Take("test", 0600, folder.path()).value();
  const auto refusal = [&](const RingShape& shape) {
    return MessageOf(RingWriter::Create(name, shape).status());
  };
  EXPECT_THAT(refusal(TestShape(3)), HasSubstr("capacity: 3"));
  EXPECT_THAT(refusal(TestShape(0)), HasSubstr("capacity: 0"));
  EXPECT_THAT(refusal(TestShape(2, 96)), HasSubstr("record size: 96"));
  RingShape shape = TestShape(2);
  shape.symbols_max = kRingEntriesMax + 1;
  EXPECT_THAT(refusal(shape), HasSubstr("symbols: 8193"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()) ||
              !std::filesystem::exists(folder.File("test")));
}

TEST(RingWriterTest, ASupersededWriterPublishesNothingMore) {
  const RingFolder folder;
  TestRing first(folder, TestShape(8));
  first.PublishTo(3);
  // Somebody removes the lock, as a cleaner of temporary files would.
  std::filesystem::remove(folder.File("test.lock"));
  const TestRing second(folder, TestShape(8));
  EXPECT_TRUE(first.writer->superseded());
  EXPECT_EQ(first.writer->Publish(TestRecord(4).bytes(), SymbolId{0}), 0u);
  EXPECT_EQ(first.writer->newest(), 3u);
  first.writer->Close();
  EXPECT_EQ(OpenTestRing(folder).writer(), RingWriterLife::kWriting);
}

TEST(RingWriterTest, NothingIsPublishedAfterTheLastNumber) {
  const RingFolder folder;
  RingShape shape = TestShape(4);
  shape.first_seq = kRingSeqMax - 9;
  const TestRing ring(folder, shape);
  RingReader reader = OpenTestRing(folder);
  reader.Seek(shape.first_seq);
  for (std::uint64_t i = 0; i < 10; ++i) {
    const std::uint64_t n = shape.first_seq + i;
    ASSERT_EQ(ring.writer->Publish(TestRecord(i).bytes(), SymbolId{0}), n);
    ASSERT_EQ(reader.Next(), RingRead::kRecord);
    EXPECT_TRUE(TestRecord::IsWhole(reader.record(), i, n));
  }
  EXPECT_EQ(ring.writer->Publish(TestRecord(10).bytes(), SymbolId{0}), 0u);
  EXPECT_EQ(ring.writer->newest(), kRingSeqMax);
  EXPECT_EQ(reader.Next(), RingRead::kNothing);
}

}  // namespace
}  // namespace thalweg
