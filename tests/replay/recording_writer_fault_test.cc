// A writer and its file through every fault: cut at every byte, every bit flipped, every call to
// the disk failing in every way, the process killed.
//
// What must hold: a reader gives lines that were written, in their order; all of them that the
// writer called stored; and every line that is missing is counted, by a `#lost` line at its place
// or by the writer that could not write one.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "replay/recording_line.h"
#include "replay/recording_writer.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/replay/stored_recordings.h"
#include "tests/replay/test_disk.h"
#include "tests/replay/written_lines.h"
#include "tests/test_part.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

using Lines = std::vector<std::string>;

// A script for a writer: a line every 55 ms, a timer after every third, 12 s in all. That makes
// flushes of one to three lines, two frames and some 10 kB.
constexpr int kScriptLines = 220;

ReceiveTime TimeOf(int line) { return kStart + line * 55 * kMillisecond; }

void Give(int line, RecordingWriter* writer) {
  writer->Write(TimeOf(line), Payload(line));
  if (line % 3 == 2) writer->OnTimer(TimeOf(line) + 20 * kMillisecond);
}

Lines LinesGiven(int count = kScriptLines) {
  Lines lines;
  for (int i = 0; i < count; ++i) lines.push_back(LineOf(TimeOf(i), Payload(i)));
  return lines;
}

bool IsPrefix(const Lines& lines, const Lines& all) {
  return lines.size() <= all.size() && std::equal(lines.begin(), lines.end(), all.begin());
}

// What the script leaves on a good disk, and how many lines were stored when the file had which
// size.
struct GoodRecording {
  std::string stored;
  std::vector<std::pair<std::size_t, std::size_t>> flushes;  // Bytes, lines.
  int calls = 0;                                             // To the disk.
};

GoodRecording MakeGood() {
  TestDisk disk;
  RecordingWriter writer(disk.OpenOne());
  GoodRecording good;
  const auto note = [&] {
    good.flushes.emplace_back(disk.one().size(), writer.counts().stored_lines);
  };
  for (int i = 0; i < kScriptLines; ++i) {
    Give(i, &writer);
    note();
  }
  EXPECT_TRUE(writer.Close().ok());
  note();
  good.stored = disk.one();
  good.calls = disk.calls;
  return good;
}

TEST(RecordingWriterFaultTest, AFileCutAtAnyByteReadsUpToItsLastFlush) {
  const GoodRecording good = MakeGood();
  const Lines given = LinesGiven();
  EXPECT_GT(good.stored.size(), 9'000u);
  std::size_t flushed = 0;
  auto flush = good.flushes.begin();
  for (std::size_t cut = 0; cut <= good.stored.size(); ++cut) {
    for (; flush != good.flushes.end() && flush->first <= cut; ++flush) flushed = flush->second;
    const Reading reading = ReadBytes(std::string_view(good.stored).substr(0, cut));
    ASSERT_NE(reading.end, FileEnd::kDamaged) << "cut at " << cut << ": " << reading.message;
    ASSERT_TRUE(IsPrefix(reading.lines, given)) << "cut at " << cut;
    ASSERT_GE(reading.lines.size(), flushed) << "cut at " << cut;
  }
  EXPECT_EQ(flushed, given.size());
}

std::string WithBitFlipped(std::string bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
  return bytes;
}

// The lines but for those of holes come in the order in which they were given, none twice.
bool AreSomeOf(const Lines& lines, const Lines& given) {
  auto next = given.begin();
  for (const std::string& line : lines) {
    if (line == kHoleLine) continue;
    next = std::find(next, given.end(), line);
    if (next == given.end()) return false;
    ++next;
  }
  return true;
}

TEST(RecordingWriterFaultTest, AnyFlippedBitIsReportedOrHarmlessAndNeverAWrongLine) {
  const GoodRecording good = MakeGood();
  const Lines given = LinesGiven();
  const std::size_t step = TakeShortPart() ? 17 : 1;
  if (TakeShortPart()) std::printf("Short part: every 17th bit\n");
  int harmless = 0;
  for (std::size_t bit = 0; bit < good.stored.size() * 8; bit += step) {
    SCOPED_TRACE(testing::Message() << "bit " << bit << " of " << good.stored.size() * 8);
    const std::string stored = WithBitFlipped(good.stored, bit);
    const Reading stopped = ReadBytes(stored);
    ASSERT_TRUE(IsPrefix(stopped.lines, given));
    if (stopped.end == FileEnd::kWhole) {
      ASSERT_EQ(stopped.lines.size(), given.size());
      ++harmless;
    } else {
      ASSERT_NE(stopped.message.find(": at byte "), std::string::npos) << stopped.message;
    }
    const Reading salvaged = ReadBytes(stored, true);
    ASSERT_TRUE(AreSomeOf(salvaged.lines, given));
    ASSERT_TRUE(salvaged.end != FileEnd::kWhole || salvaged.hole_count > 0 ||
                salvaged.lines.size() == given.size());
  }
  // Those that fill up a byte, and those by which the same text can be packed in another way.
  EXPECT_LT(static_cast<std::size_t>(harmless), good.stored.size() * 8 / step / 100);
}

// --- The disk fails ---------------------------------------------------------------------------

// Proves that what was read are the lines given, each `#lost <n>` in the place of n of them, and
// answers how many the end lacks.
std::size_t ExpectLossesInPlace(const Lines& read, const Lines& given) {
  std::size_t at = 0;
  for (const std::string& line : read) {
    const RecordingLine parsed = ParseRecordingLine(line);
    if (parsed.kind == LineKind::kLost) {
      at += static_cast<std::size_t>(parsed.count);
      continue;
    }
    EXPECT_LT(at, given.size());
    if (at >= given.size()) return 0;
    EXPECT_EQ(line, given[at]);
    ++at;
  }
  EXPECT_LE(at, given.size());
  return given.size() - at;
}

struct FaultyRun {
  TestDisk disk;
  RecordingWriter writer{disk.OpenOne()};
  absl::Status closed;
  Reading reading;

  // Plays the script over a disk that answers so.
  void Play(std::function<DiskAnswer(DiskCall, int)> answer) {
    disk.answer = std::move(answer);
    for (int i = 0; i < kScriptLines; ++i) {
      Give(i, &writer);
      const WriterCounts& counts = writer.counts();
      ASSERT_LE(counts.stored_lines + counts.lost_lines, counts.lines);
    }
    closed = writer.Close();
    reading = ReadBytes(disk.one());
    const WriterCounts& counts = writer.counts();
    ASSERT_EQ(counts.lines, kScriptLines);
    ASSERT_EQ(counts.stored_lines + counts.lost_lines, kScriptLines);
    ASSERT_EQ(closed.ok(), counts.lost_lines == 0 && !writer.suspect()) << closed;
    ASSERT_LE(counts.stored_bytes, static_cast<std::int64_t>(disk.one().size()));
  }
};

TEST(RecordingWriterFaultTest, FaultF1ShortWritesLoseNothing) {
  const int calls = MakeGood().calls;
  for (int fault = 1; fault <= calls; ++fault) {
    SCOPED_TRACE(testing::Message() << "call " << fault);
    FaultyRun run;
    ASSERT_NO_FATAL_FAILURE(run.Play([&](DiskCall, int number) {
      return number == fault ? DiskAnswer::kShort : DiskAnswer::kGood;
    }));
    EXPECT_TRUE(run.closed.ok()) << run.closed;
    EXPECT_EQ(run.reading.lines, LinesGiven());
  }
  FaultyRun run;
  ASSERT_NO_FATAL_FAILURE(run.Play([](DiskCall, int) { return DiskAnswer::kShort; }));
  EXPECT_TRUE(run.closed.ok()) << run.closed;
  EXPECT_EQ(run.reading.lines, LinesGiven());
}

TEST(RecordingWriterFaultTest, FaultF1AFullDiskAtAnyCallLosesLinesThatAreToldInTheirPlace) {
  const int calls = MakeGood().calls;
  const Lines given = LinesGiven();
  for (int first = 1; first <= calls; ++first) {
    for (const int spell : {1, 2, 5}) {  // Attempts that fail in a row: a second each.
      SCOPED_TRACE(testing::Message() << "calls " << first << " to " << first + spell - 1);
      FaultyRun run;
      bool recovered = false;
      ASSERT_NO_FATAL_FAILURE(run.Play([&](DiskCall call, int number) {
        if (call != DiskCall::kWrite || number < first) return DiskAnswer::kGood;
        recovered = number >= first + spell;
        return recovered ? DiskAnswer::kGood : DiskAnswer::kFull;
      }));
      ASSERT_FALSE(run.writer.suspect());
      const std::size_t untold = ExpectLossesInPlace(run.reading.lines, given);
      ASSERT_EQ(static_cast<std::int64_t>(untold), run.writer.untold_lines());
      if (recovered) {
        ASSERT_EQ(untold, 0u);
        ASSERT_EQ(run.reading.end, FileEnd::kWhole) << run.reading.message;
      }
    }
  }
}

TEST(RecordingWriterFaultTest, FaultF1ADiskThatIsFullAtAnyByteGoesOnWhenThereIsRoom) {
  const std::size_t bytes = MakeGood().stored.size();
  const Lines given = LinesGiven();
  for (std::size_t room = 0; room < bytes - 3'000; room += 13) {
    SCOPED_TRACE(testing::Message() << room << " bytes");
    FaultyRun run;
    run.disk.room = room;
    int refused = 0;
    ASSERT_NO_FATAL_FAILURE(run.Play([&](DiskCall call, int) {
      if (call == DiskCall::kWrite && run.disk.room == 0 && ++refused == 3)
        run.disk.room = SIZE_MAX;
      return DiskAnswer::kGood;
    }));
    ASSERT_EQ(run.reading.end, FileEnd::kWhole) << run.reading.message;
    ASSERT_EQ(ExpectLossesInPlace(run.reading.lines, given), 0u);
    ASSERT_GE(run.writer.counts().lost_lines, 1'000 / 55);
    ASSERT_LE(run.writer.counts().lost_lines, 3'100 / 55);
  }
}

TEST(RecordingWriterFaultTest, FaultF1ADiskThatStaysFullKeepsWhatItHasAndCountsTheRest) {
  const Lines given = LinesGiven();
  for (const std::size_t room : {0u, 1u, 10u, 1'000u, 5'000u, 9'000u}) {
    SCOPED_TRACE(testing::Message() << room << " bytes");
    FaultyRun run;
    run.disk.room = room;
    ASSERT_NO_FATAL_FAILURE(run.Play(nullptr));
    EXPECT_EQ(run.closed.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(run.closed.message(),
              "memory.zst: No space left on device; lines are dropped until there is room");
    EXPECT_EQ(run.disk.one().size(), room);
    EXPECT_TRUE(IsPrefix(run.reading.lines, given));
    EXPECT_GE(static_cast<std::int64_t>(run.reading.lines.size()),
              run.writer.counts().stored_lines);
    EXPECT_EQ(run.writer.untold_lines(), run.writer.counts().lost_lines);
  }
}

TEST(RecordingWriterFaultTest, WhenThereIsRoomTheFrameIsCompletedAndTheNextOneBeginsWithTheLoss) {
  TestDisk disk;
  RecordingWriter writer(disk.OpenOne());
  writer.Write(kStart, "[0]");
  writer.OnTimer(kStart + kFlushSpan);
  disk.room = 0;
  writer.Write(kStart + kFlushSpan, "[1]");
  writer.OnTimer(kStart + 2 * kFlushSpan);  // [1] is kept.
  EXPECT_EQ(writer.status().code(), absl::StatusCode::kResourceExhausted);
  const ReceiveTime full = kStart + 2 * kFlushSpan;
  writer.Write(full, "[2]");
  writer.Write(full + kRetryInterval - 1, "[3]");
  disk.room = SIZE_MAX;
  const int calls = disk.calls;
  writer.Write(full + kRetryInterval - 1, "[4]");
  EXPECT_EQ(disk.calls, calls) << "not tried before its time";
  writer.Write(full + kRetryInterval, "[5]");
  EXPECT_TRUE(writer.status().ok());
  const Reading reading = ReadBytes(disk.one());
  EXPECT_EQ(reading.lines, (Lines{LineOf(kStart, "[0]"), LineOf(kStart + kFlushSpan, "[1]")}));
  EXPECT_EQ(reading.end, FileEnd::kWhole) << "the frame is complete";
  EXPECT_EQ(writer.Close().code(), absl::StatusCode::kDataLoss);
  const ReceiveTime resumed = full + kRetryInterval;
  EXPECT_EQ(ReadBytes(disk.one()).lines,
            (Lines{LineOf(kStart, "[0]"), LineOf(kStart + kFlushSpan, "[1]"),
                   LineOf(resumed, "#lost 3 disk full"), LineOf(resumed, "[5]")}));
}

TEST(RecordingWriterFaultTest, AFullDiskThatLosesNoLineLeavesNoTrace) {
  TestDisk disk;
  RecordingWriter writer(disk.OpenOne());
  writer.Write(kStart, "[0]");
  disk.room = 0;
  writer.OnTimer(kStart + kFlushSpan);
  EXPECT_FALSE(writer.status().ok());
  disk.room = SIZE_MAX;
  writer.OnTimer(kStart + kFlushSpan + kRetryInterval);
  EXPECT_TRUE(writer.status().ok());
  EXPECT_TRUE(writer.Close().ok());
  EXPECT_EQ(ReadBytes(disk.one()).lines, Lines{LineOf(kStart, "[0]")});
}

TEST(RecordingWriterFaultTest, FaultF1AWriteErrorAtAnyCallSealsTheFile) {
  const int calls = MakeGood().calls;
  const Lines given = LinesGiven();
  for (int fault = 2; fault <= calls; ++fault) {  // The first call opens the file.
    SCOPED_TRACE(testing::Message() << "call " << fault);
    FaultyRun run;
    int after = 0;
    DiskCall failed{};
    ASSERT_NO_FATAL_FAILURE(run.Play([&](DiskCall call, int number) {
      if (number > fault && call != DiskCall::kClose) ++after;
      if (number == fault) failed = call;
      return number == fault ? DiskAnswer::kError : DiskAnswer::kGood;
    }));
    ASSERT_TRUE(run.writer.suspect());
    ASSERT_EQ(run.closed.code(), absl::StatusCode::kUnavailable);
    ASSERT_TRUE(run.closed.message().find("Input/output error") != absl::string_view::npos);
    ASSERT_EQ(after, 0) << "nothing is written to a file that is suspect";
    ASSERT_TRUE(IsPrefix(run.reading.lines, given));
    const auto read = static_cast<std::int64_t>(run.reading.lines.size());
    ASSERT_GE(read, run.writer.counts().stored_lines);
    ASSERT_EQ(run.writer.untold_lines(), run.writer.counts().lost_lines);
    if (failed == DiskCall::kClose) {
      ASSERT_EQ(read, kScriptLines);
    }
  }
}

TEST(RecordingWriterFaultTest, FaultF4AFailedSyncMakesEverythingSinceTheLastOneDoubtful) {
  TestDisk disk;
  RecordingWriter writer(disk.OpenOne());
  for (int i = 0; i < 10; ++i) writer.Write(kStart, Payload(i));
  writer.OnTimer(kStart + kFlushSpan);
  writer.OnTimer(kStart + kFlushSpan + kSyncInterval);
  EXPECT_EQ(disk.syncs, 1);
  for (int i = 10; i < 13; ++i) writer.Write(kStart + 2 * kSecond, Payload(i));
  writer.OnTimer(kStart + 2 * kSecond + kFlushSpan);
  EXPECT_EQ(writer.counts().stored_lines, 13);
  writer.Write(kStart + 2 * kSecond + kFlushSpan, Payload(13));
  disk.answer = [](DiskCall call, int) {
    return call == DiskCall::kSync ? DiskAnswer::kError : DiskAnswer::kGood;
  };
  writer.OnTimer(kStart + 4 * kSecond);
  // The timer flushed the last line first, so it is among the four.
  EXPECT_TRUE(writer.suspect());
  EXPECT_EQ(writer.counts().stored_lines, 10);
  EXPECT_EQ(writer.untold_lines(), 4);
  EXPECT_EQ(writer.status().message(),
            "memory.zst: cannot be synced: Input/output error; sealed as suspect");
  const int calls = disk.calls;
  writer.Write(kStart + 5 * kSecond, Payload(14));
  writer.OnTimer(kStart + 9 * kSecond);
  EXPECT_EQ(disk.calls, calls);
  EXPECT_EQ(writer.untold_lines(), 5);
}

TEST(RecordingWriterFaultTest, ALossThatWasToldInALostLineIsUntoldAgain) {
  TestDisk disk;
  RecordingWriter writer(disk.OpenOne());
  writer.Write(kStart, "[0]");
  disk.room = 0;
  writer.OnTimer(kStart + kSecond);
  writer.Write(kStart + kSecond, "[1]");
  writer.Write(kStart + kSecond, "[2]");
  disk.room = SIZE_MAX;
  writer.OnTimer(kStart + 2 * kSecond);  // `#lost 2` waits for its flush.
  EXPECT_EQ(writer.untold_lines(), 0);
  disk.answer = [](DiskCall, int) { return DiskAnswer::kError; };
  writer.OnTimer(kStart + 3 * kSecond);
  EXPECT_TRUE(writer.suspect());
  EXPECT_EQ(writer.untold_lines(), 2);
}

// --- The process is killed --------------------------------------------------------------------

// Shared with a child that writes until it is killed.
struct Progress {
  std::atomic<int> stored_lines;
};

[[noreturn]] void WriteForEver(const std::string& path, Progress* progress) {
  auto writer = RecordingWriter::Create(path);
  if (!writer.ok()) _exit(1);
  for (int i = 0;; ++i) {
    Give(i, writer->get());
    progress->stored_lines = static_cast<int>((*writer)->counts().stored_lines);
  }
}

TEST(RecordingWriterFaultTest, FaultF2AKilledWriterLeavesWholeLinesUpToItsLastFlush) {
  void* const shared =
      mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto* const progress = new (shared) Progress{0};
  const TestFolder folder;
  std::mt19937 random(20);
  for (int kill_number = 0; kill_number < 20; ++kill_number) {
    const std::string path = folder.PathOf(std::to_string(kill_number));
    const int enough = 1 + static_cast<int>(random() % 3'000);
    progress->stored_lines = 0;
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) WriteForEver(path, progress);
    int ended = 0;
    while (progress->stored_lines < enough && waitpid(child, &ended, WNOHANG) == 0) sched_yield();
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, &ended, 0), child) << "it ended by itself";
    const auto stored = static_cast<std::size_t>(progress->stored_lines);

    auto reader = RecordingReader::Open(path, {});
    ASSERT_TRUE(reader.ok()) << reader.status();
    const Reading reading = ReadAll(**reader);
    EXPECT_NE(reading.end, FileEnd::kDamaged) << reading.message;
    EXPECT_GE(reading.lines.size(), stored);
    EXPECT_TRUE(reading.lines == LinesGiven(static_cast<int>(reading.lines.size())));
  }
  munmap(shared, sizeof(Progress));
}

}  // namespace
}  // namespace thalweg
