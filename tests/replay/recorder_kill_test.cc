// A recorder that is killed at any moment, again and again into one folder: every whole frame can
// be read, what is lost is bounded, a restart begins a segment of its own and never touches old
// bytes.
//
// How: a child hands numbered frames to a recorder, one a millisecond by a clock of its own that
// only it moves, and acknowledges each in memory shared with the test, which kills it at a random
// moment. By that clock the loss is bounded whatever the machine does meanwhile.
//
// THALWEG_KILLS: how often; 50 by default. `bash tools/long.sh kills` makes it 1,000.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/input_pool.h"
#include "replay/recorder.h"
#include "replay/recording_line.h"
#include "replay/recording_reader.h"
#include "tests/replay/live_run.h"
#include "tests/replay/stored_recordings.h"
#include "tests/replay/written_lines.h"
#include "tests/test_part.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

// Frames that may be on their way to the recorder's thread: those that wait, those that it has just
// taken, and the one whose acknowledgement is still to come.
constexpr std::int64_t kWaitingMax = 8;
constexpr std::int64_t kOnTheWayMax = kWaitingMax + 2;
constexpr Nanos kStep = kMillisecond;

struct Progress {
  std::atomic<std::int64_t> taken{0};
  std::atomic<bool> refused{false};
};

int Kills() {
  const char* const kills = std::getenv("THALWEG_KILLS");
  if (kills != nullptr) return std::atoi(kills);
  return TakeShortPart() ? 10 : 50;
}

std::string FrameText(int run, std::int64_t number) {
  return R"({"run":)" + std::to_string(run) + "," + Payload(static_cast<int>(number)).substr(1);
}

[[noreturn]] void RecordForEver(const std::string& folder, int run, std::int64_t frame_bytes,
                                Progress* progress) {
  static std::atomic<std::int64_t> now{kStart.raw() + run * kSecond};
  const auto pool = InputPool::Create({{256, 256, 64, 4}}, 1).value();
  RecorderOptions options;
  options.segments.folder = folder;
  options.segments.run = std::to_string(run);
  options.segments.market = "spot";
  options.segments.text_bytes_max = 200'000;  // Rotations are among what is killed.
  options.clock = [] { return ReceiveTime(now.load()); };
  const auto recorder = Recorder::Create(options, *pool, nullptr).value();
  for (std::int64_t number = 0;; ++number) {
    while (recorder->counts().waiting > kWaitingMax) ::sched_yield();
    std::string text = FrameText(run, number);
    text.resize(std::max(text.size(), static_cast<std::size_t>(frame_bytes)), ' ');
    LiveInput* const input = pool->Take(text.size());
    if (input == nullptr) {  // On its way back.
      ::sched_yield();
      --number;
      continue;
    }
    InputPool::SetText(*input, {}, text);
    input->received = ReceiveTime(now.load());
    if (!recorder->Take(*input)) progress->refused.store(true);
    progress->taken.store(number + 1);
    now.fetch_add(kStep);
  }
}

struct RunFrames {
  std::int64_t frames = 0;
  std::int64_t bytes = 0;  // Of a line.
};

// The frames of one run, which must be numbered from 0, and how each file ends.
RunFrames ReadRun(const std::vector<std::string>& files, int run) {
  RunFrames read;
  for (const std::string& file : files) {
    auto reader = RecordingReader::Open(file, {});
    EXPECT_TRUE(reader.ok()) << reader.status();
    const Reading reading = ReadAll(**reader);
    EXPECT_NE(reading.end, FileEnd::kDamaged) << file << ": " << reading.message;
    if (file != files.back()) {
      EXPECT_EQ(reading.end, FileEnd::kWhole) << file;
    }
    for (const std::string& text : reading.lines) {
      const RecordingLine line = ParseRecordingLine(text);
      if (line.kind == LineKind::kHeader) continue;
      const std::string expected = FrameText(run, read.frames);
      EXPECT_TRUE(line.payload.starts_with(expected)) << line.payload;
      if (!line.payload.starts_with(expected)) return read;
      ++read.frames;
      read.bytes = static_cast<std::int64_t>(text.size()) + 1;
    }
  }
  return read;
}

TEST(RecorderKillTest, FaultF2KilledAtAnyMomentLosesAtMostABatchAndNeverTouchesOldBytes) {
  void* const shared =
      ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto* const progress = new (shared) Progress;
  const TestFolder scratch;
  const std::string folder = scratch.PathOf("recording");
  std::mt19937 random(20);
  std::map<std::string, std::string> old;  // Every byte of the runs before.
  std::int64_t frames = 0;
  std::int64_t worst = 0;
  const int kills = Kills();
  for (int run = 0; run < kills; ++run) {
    SCOPED_TRACE(testing::Message() << "kill " << run);
    progress->taken.store(0);
    const std::int64_t frame_bytes = std::vector<int>{0, 500, 3'000}[random() % 3];
    // Now and then before the first frame, else somewhere in the first 3,000.
    const std::int64_t enough = random() % 8 == 0 ? 0 : static_cast<std::int64_t>(random() % 3'000);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) RecordForEver(folder, run, frame_bytes, progress);
    int ended = 0;
    while (progress->taken.load() < enough && ::waitpid(child, &ended, WNOHANG) == 0) {
      ::sched_yield();
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3'000));
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, &ended, 0), child) << "it ended by itself";
    ASSERT_FALSE(progress->refused.load());
    const std::int64_t taken = progress->taken.load();

    std::vector<std::string> files;
    for (const std::string& file : SegmentsIn(folder)) {
      if (!old.contains(file)) files.push_back(file);
    }
    const RunFrames read = ReadRun(files, run);
    EXPECT_LE(read.frames, taken + kOnTheWayMax);
    const std::int64_t lost = std::max<std::int64_t>(taken - read.frames, 0);
    const std::int64_t flushable = std::max<std::int64_t>(lost - kOnTheWayMax, 0);
    const auto flush_bytes = static_cast<std::int64_t>(kFlushTextBytes);
    EXPECT_TRUE(flushable * kStep <= kFlushSpan && flushable * read.bytes <= flush_bytes)
        << lost << " frames of " << read.bytes << " bytes are lost";
    frames += read.frames;
    worst = std::max(worst, lost);
    for (const std::string& file : files) old.emplace(file, ReadWholeFile(file));
  }
  for (const auto& [file, bytes] : old) {
    EXPECT_TRUE(ReadWholeFile(file) == bytes) << file << " was touched by a later run";
  }
  std::printf("%d kills: %lld frames read, %zu segments, at most %lld frames lost\n", kills,
              static_cast<long long>(frames), old.size(), static_cast<long long>(worst));
  EXPECT_GT(frames, kills);
  ::munmap(shared, sizeof(Progress));
}

}  // namespace
}  // namespace thalweg
