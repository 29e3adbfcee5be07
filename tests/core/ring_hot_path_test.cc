// What publishing and reading do not do: allocate, and, but for the optional wake, call the kernel.
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/core/allocation_count.h"
#include "tests/core/ring_testing.h"

namespace thalweg {
namespace {

constexpr int kRecords = 1'000;

// Everything that a writer and a reader do for a record. False when a record was not as published.
bool PublishAndRead(RingWriter& writer, RingReader& reader, const TestRecord& record) {
  RingStatus status;
  RingSymbolCounts counts;
  RingStatistics statistics;
  bool whole = true;
  for (int i = 0; i < kRecords; ++i) {
    status.update_id = counts.depth_frames = statistics.frames = static_cast<std::uint64_t>(i) + 1;
    const std::uint64_t n = writer.Publish(record.bytes(), SymbolId{0});
    writer.SetStatus(SymbolId{0}, status);
    writer.SetCounts(SymbolId{0}, counts);
    writer.SetStatistics(statistics);
    writer.AddLatency(i);
    writer.AddStage(Stage::kBook, i);
    writer.Beat(i);
    whole = whole && reader.Next() == RingRead::kRecord && reader.record().header().seq == n &&
            reader.Latest(0) && reader.record().header().seq == n && reader.symbol(0) &&
            reader.symbol(0)->status.update_id == status.update_id && reader.lost() == 0;
  }
  return whole;
}

struct Pair {
  RingFolder folder;
  TestRing ring{folder, TestShape(8)};
  RingReader reader;
  Pair() : reader(OpenTestRing(folder)) { ring.writer->AddSymbol(SymbolId{0}, "BTCUSDT"); }
};

TEST(RingHotPath, PublishingAndReadingAllocateNothing) {
  Pair pair;
  const TestRecord record(1);
  const std::int64_t before = AllocationCount();
  EXPECT_TRUE(PublishAndRead(*pair.ring.writer, pair.reader, record));
  EXPECT_EQ(AllocationCount(), before);
}

TEST(RingHotPath, TheCounterSeesAllocations) {
  const std::int64_t before = AllocationCount();
  // Called by name: a compiler may leave out a new-expression whose object nobody uses.
  ::operator delete(::operator new(1));
  EXPECT_EQ(AllocationCount(), before + 1);
}

// Runs `work` in a child whose first system call, but for its own end, kills it. What the child's
// end was, as waitpid() tells it; -1 when there are no such children here.
template <class Work>
int InAChildWithoutSystemCalls(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) ::_exit(2);
    // Not exit_group(), which is a system call that strict mode kills for.
    ::syscall(SYS_exit, work() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(RingHotPath, PublishingAndReadingMakeNoSystemCall) {
  Pair pair;
  const TestRecord record(1);
  const int status = InAChildWithoutSystemCalls(
      [&] { return PublishAndRead(*pair.ring.writer, pair.reader, record); });
  if (WIFEXITED(status) && WEXITSTATUS(status) == 2) GTEST_SKIP() << "no seccomp here";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

// That the test above can fail.
TEST(RingHotPath, TheOptionalWakeIsASystemCall) {
  RingFolder folder;
  RingShape shape = TestShape(8);
  shape.wakes = true;
  const TestRing ring(folder, shape);
  const TestRecord record(1);
  const int status = InAChildWithoutSystemCalls(
      [&] { return ring.writer->Publish(record.bytes(), SymbolId{0}) == 1; });
  if (WIFEXITED(status) && WEXITSTATUS(status) == 2) GTEST_SKIP() << "no seccomp here";
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

}  // namespace
}  // namespace thalweg
