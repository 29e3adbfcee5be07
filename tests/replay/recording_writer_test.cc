// What a writer makes of lines: it reads back equal, frames and flushes lie where they are
// promised, and what was written never changes.
#include "replay/recording_writer.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replay/recording_line.h"
#include "replay/zstd_source.h"
#include "tests/replay/stored_recordings.h"
#include "tests/replay/test_disk.h"
#include "tests/replay/written_lines.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

using Lines = std::vector<std::string>;

// A folder's files are not needed for most of this: a writer over a disk in memory.
struct MemoryRecording {
  TestDisk disk;
  RecordingWriter writer{disk.OpenOne()};

  [[nodiscard]] const std::string& stored() const { return disk.one(); }
  [[nodiscard]] Reading Read() const { return ReadBytes(stored()); }
  [[nodiscard]] std::int64_t stored_lines() const { return writer.counts().stored_lines; }
};

// A zstd frame as it is stored.
struct StoredFrame {
  std::string text;
  bool has_checksum = false;
};

std::vector<StoredFrame> FramesOf(std::string_view stored) {
  std::vector<StoredFrame> frames;
  while (!stored.empty()) {
    const std::size_t bytes = ZSTD_findFrameCompressedSize(stored.data(), stored.size());
    EXPECT_EQ(ZSTD_isError(bytes), 0u) << ZSTD_getErrorName(bytes);
    if (ZSTD_isError(bytes) != 0) return frames;
    constexpr int kChecksumBit = 0x04;  // Of the frame header's descriptor.
    frames.push_back({Joined(ReadBytes(stored.substr(0, bytes)).lines),
                      (stored[kZstdMagicBytes] & kChecksumBit) != 0});
    stored.remove_prefix(bytes);
  }
  return frames;
}

// --- Lines come back --------------------------------------------------------------------------

TEST(RecordingWriterTest, LinesOfEveryKindAreReadBackAsTheyWereGiven) {
  MemoryRecording recording;
  Lines expected;
  for (const std::string_view text :
       {std::string_view(R"(#thalweg 1 {"run":"r"})"),
        std::string_view("#conn 1 open wss://h/ws/a"),
        std::string_view(R"(#rest GET /api/v3/depth?symbol=A {"lastUpdateId":1})"),
        std::string_view(R"({"stream":"a@depth","data":{}})"), std::string_view("[1]")}) {
    recording.writer.Write(kStart, text);
    expected.push_back(LineOf(kStart, text));
  }
  EXPECT_TRUE(recording.writer.Close().ok());
  const Reading reading = recording.Read();
  EXPECT_EQ(reading.lines, expected);
  EXPECT_EQ(reading.end, FileEnd::kWhole);
  EXPECT_EQ(recording.writer.counts().lines, 5);
  EXPECT_EQ(recording.writer.counts().stored_lines, 5);
  EXPECT_EQ(recording.writer.counts().lost_lines, 0);
  EXPECT_EQ(recording.writer.counts().stored_bytes,
            static_cast<std::int64_t>(recording.stored().size()));
  EXPECT_EQ(recording.writer.counts().text_bytes,
            static_cast<std::int64_t>(Joined(expected).size()));
}

TEST(RecordingWriterTest, RandomPayloadsAtRandomTimesAreReadBack) {
  using std::string_view_literals::operator""sv;
  constexpr std::string_view kAlphabet = "{}[]\",:0123456789abc #\n\r\t\0\xff\xc3\xa9"sv;
  for (const std::uint32_t seed : {1u, 2u, 3u, 4u}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    MemoryRecording recording;
    Lines expected;
    ReceiveTime now = kStart;
    for (int i = 0; i < 3'000; ++i) {
      const bool is_long = random() % 300 == 0;
      std::string payload(1 + random() % (is_long ? 300'000 : 300), '{');
      for (std::size_t j = 1; j < payload.size(); ++j) {
        payload[j] = kAlphabet[random() % kAlphabet.size()];
      }
      // Mostly forward by at most 50 ms, now and then far, now and then back.
      now = now + static_cast<Nanos>(random() % 50'000'000);
      if (random() % 50 == 0) now = now + (random() % 2 == 0 ? 20 : -20) * kSecond;
      if (random() % 10 == 0) recording.writer.OnTimer(now);
      recording.writer.Write(now, payload);
      std::string line = LineOf(now, payload);
      expected.push_back(std::move(line));
    }
    EXPECT_TRUE(recording.writer.Close().ok());
    const Reading reading = recording.Read();
    EXPECT_EQ(reading.end, FileEnd::kWhole) << reading.message;
    EXPECT_TRUE(reading.lines == expected);
    EXPECT_GT(recording.writer.counts().frames, 10);
  }
}

TEST(RecordingWriterTest, ZstdShowsTheTextThatIsDocumented) {
  if (RunProgram("zstd", {"--version"}).exit_status != 0)
    GTEST_SKIP() << "there is no zstd program";
  const TestFolder folder;
  const std::string path = folder.PathOf("a.zst");
  auto writer = RecordingWriter::Create(path);
  ASSERT_TRUE(writer.ok()) << writer.status();
  (*writer)->Write(ReceiveTime(1723161256137225402), R"({"stream":"btcusdt@depth@100ms"})");
  (*writer)->Write(ReceiveTime(1723161266237225402), "#conn 1 close 1006");
  ASSERT_TRUE((*writer)->Close().ok());
  EXPECT_EQ((*writer)->counts().frames, 2) << "more than 10 s lie between the lines";
  const ProgramResult shown = RunProgram("zstd", {"-dc", path});
  EXPECT_EQ(shown.exit_status, 0) << shown.err;
  EXPECT_EQ(shown.out,
            "1723161256137225402 {\"stream\":\"btcusdt@depth@100ms\"}\n"
            "1723161266237225402 #conn 1 close 1006\n");
  EXPECT_EQ(RunProgram("zstd", {"--test", "--quiet", path}).exit_status, 0);
}

TEST(RecordingWriterTest, ARecordingOfNothingIsAnEmptyFile) {
  MemoryRecording recording;
  recording.writer.OnTimer(kStart);
  recording.writer.OnTimer(kStart + 60 * kSecond);
  EXPECT_TRUE(recording.writer.Close().ok());
  EXPECT_EQ(recording.stored(), "");
  EXPECT_EQ(recording.writer.counts().frames, 0);
}

TEST(RecordingWriterTest, AFileThatExistsIsLeftAlone) {
  const TestFolder folder;
  const std::string path = folder.Write("a.zst", "old");
  EXPECT_EQ(RecordingWriter::Create(path).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadWholeFile(path), "old");
}

TEST(RecordingWriterTest, BytesThatAreStoredNeverChange) {
  const TestFolder folder;
  const std::string path = folder.PathOf("a.zst");
  auto writer = RecordingWriter::Create(path);
  ASSERT_TRUE(writer.ok()) << writer.status();
  std::string before;
  int changes = 0;
  for (int i = 0; i < 1'000; ++i) {
    const ReceiveTime now = kStart + i * 30 * kMillisecond;
    (*writer)->Write(now, Payload(i));
    if (i % 7 == 0) (*writer)->OnTimer(now);
    std::string stored = ReadWholeFile(path);
    ASSERT_TRUE(stored.starts_with(before)) << "line " << i;
    if (stored != before) ++changes;
    before = std::move(stored);
  }
  ASSERT_TRUE((*writer)->Close().ok());
  EXPECT_TRUE(ReadWholeFile(path).starts_with(before));
  EXPECT_GT(changes, 200);
}

TEST(RecordingWriterTest, AWriterThatIsDestroyedHasClosed) {
  TestDisk disk;
  {
    RecordingWriter writer(disk.OpenOne());
    writer.Write(kStart, "{}");
  }
  EXPECT_EQ(ReadBytes(disk.one()).lines, Lines{LineOf(kStart, "{}")});
  EXPECT_EQ(ReadBytes(disk.one()).end, FileEnd::kWhole);
}

// --- Frames -----------------------------------------------------------------------------------

TEST(RecordingWriterTest, AFrameHoldsAtMostItsSizeOfWholeLinesAndAChecksum) {
  MemoryRecording recording;
  std::string all;
  for (int i = 0; all.size() < 3 * kFrameTextBytes; ++i) {
    recording.writer.Write(kStart, Payload(i));
    all += LineOf(kStart, Payload(i)) + "\n";
  }
  EXPECT_TRUE(recording.writer.Close().ok());
  const std::vector<StoredFrame> frames = FramesOf(recording.stored());
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(recording.writer.counts().frames, 4);
  std::string text;
  for (const StoredFrame& frame : frames) {
    EXPECT_TRUE(frame.has_checksum);
    EXPECT_LE(frame.text.size(), kFrameTextBytes);
    if (&frame != &frames.back()) {
      EXPECT_GT(frame.text.size(), kFrameTextBytes - 200) << "not a line less";
    }
    text += frame.text;
  }
  EXPECT_TRUE(text == all);
}

TEST(RecordingWriterTest, AFrameEndsTenSecondsAfterItsFirstLine) {
  MemoryRecording recording;
  for (const Nanos at : {0 * kSecond, 6 * kSecond, 10 * kSecond - 1, 10 * kSecond, 19 * kSecond,
                         20 * kSecond, 500 * kSecond}) {
    recording.writer.Write(kStart + at, "{}");
  }
  EXPECT_TRUE(recording.writer.Close().ok());
  std::vector<std::ptrdiff_t> lines;
  for (const StoredFrame& frame : FramesOf(recording.stored())) {
    lines.push_back(std::count(frame.text.begin(), frame.text.end(), '\n'));
  }
  EXPECT_EQ(lines, (std::vector<std::ptrdiff_t>{3, 2, 1, 1}));
}

TEST(RecordingWriterTest, ATimerEndsTheFrameOfAQuietFeed) {
  MemoryRecording recording;
  recording.writer.Write(kStart, "{}");
  recording.writer.OnTimer(kStart + 10 * kSecond - 1);
  EXPECT_EQ(recording.Read().end, FileEnd::kCut);
  recording.writer.OnTimer(kStart + 10 * kSecond);
  EXPECT_EQ(recording.Read().end, FileEnd::kWhole);
  const std::size_t stored = recording.stored().size();
  recording.writer.OnTimer(kStart + 60 * kSecond);
  EXPECT_EQ(recording.stored().size(), stored) << "no frame is begun without a line";
}

TEST(RecordingWriterTest, ALineLongerThanAFrameHasOneOfItsOwn) {
  MemoryRecording recording;
  const std::string long_payload = LongPayload(3 * kFrameTextBytes);
  recording.writer.Write(kStart, "{}");
  recording.writer.Write(kStart, long_payload);
  recording.writer.Write(kStart, "[]");
  EXPECT_TRUE(recording.writer.Close().ok());
  const std::vector<StoredFrame> frames = FramesOf(recording.stored());
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].text, LineOf(kStart, "{}") + "\n");
  EXPECT_TRUE(frames[1].text == LineOf(kStart, long_payload) + "\n");
  EXPECT_EQ(frames[2].text, LineOf(kStart, "[]") + "\n");
}

TEST(RecordingWriterTest, TheLongestLineIsWrittenAndALongerOneIsLostAndTold) {
  MemoryRecording recording;
  const std::string longest(kLineBytesMax - kLineFrameBytesMax, '[');
  recording.writer.Write(kStart, longest);
  EXPECT_EQ(recording.writer.counts().lost_lines, 0);
  recording.writer.Write(kStart, longest + "[");
  recording.writer.Write(kStart, "{}");
  const absl::Status closed = recording.writer.Close();
  EXPECT_EQ(closed.code(), absl::StatusCode::kDataLoss) << closed;
  EXPECT_EQ(closed.message(), "memory.zst: 1 of 3 lines were lost; its #lost lines say where");
  const Reading reading = recording.Read();
  ASSERT_EQ(reading.lines.size(), 3u) << reading.message;
  EXPECT_TRUE(reading.lines[0] == LineOf(kStart, longest));
  EXPECT_EQ(reading.lines[1], LineOf(kStart, "#lost 1 line too long"));
  EXPECT_EQ(reading.lines[2], LineOf(kStart, "{}"));
  EXPECT_EQ(reading.end, FileEnd::kWhole);
}

// --- Flushes ----------------------------------------------------------------------------------

TEST(RecordingWriterTest, LinesAreInTheFileAfter64KiBOfText) {
  MemoryRecording recording;
  std::size_t text_bytes = 0;
  std::int64_t lines = 0;
  for (; text_bytes < kFlushTextBytes; ++lines) {
    EXPECT_EQ(recording.stored().size(), 0u);
    recording.writer.Write(kStart, Payload(static_cast<int>(lines)));
    text_bytes += LineOf(kStart, Payload(static_cast<int>(lines))).size() + 1;
  }
  EXPECT_EQ(recording.stored_lines(), lines);
  const Reading reading = recording.Read();
  EXPECT_EQ(reading.end, FileEnd::kCut);
  EXPECT_EQ(reading.lines.size(), static_cast<std::size_t>(lines));
}

TEST(RecordingWriterTest, LinesAreInTheFileAfter100Milliseconds) {
  MemoryRecording recording;
  recording.writer.Write(kStart, "{}");
  recording.writer.Write(kStart + 60 * kMillisecond, "{}");
  recording.writer.OnTimer(kStart + 100 * kMillisecond - 1);
  EXPECT_EQ(recording.stored_lines(), 0);
  recording.writer.OnTimer(kStart + 100 * kMillisecond);
  EXPECT_EQ(recording.stored_lines(), 2);
  EXPECT_EQ(recording.Read().lines.size(), 2u);
  // A line does what a timer does, for those before it.
  recording.writer.Write(kStart + 110 * kMillisecond, "{}");
  recording.writer.Write(kStart + 210 * kMillisecond, "{}");
  EXPECT_EQ(recording.stored_lines(), 3);
}

TEST(RecordingWriterTest, AClockThatIsSetBackDelaysNoFlush) {
  MemoryRecording recording;
  recording.writer.Write(kStart, "{}");
  recording.writer.Write(kStart - 99 * kMillisecond, "{}");  // Of another thread, perhaps.
  EXPECT_EQ(recording.stored_lines(), 0);
  recording.writer.OnTimer(kStart - kHour);
  EXPECT_EQ(recording.stored_lines(), 2);
  EXPECT_EQ(recording.Read().end, FileEnd::kWhole) << "an hour back ends the frame, too";
  recording.writer.Write(kStart - kHour, "{}");
  recording.writer.OnTimer(kStart - kHour + 100 * kMillisecond);
  EXPECT_EQ(recording.stored_lines(), 3);
}

// --- Syncs ------------------------------------------------------------------------------------

TEST(RecordingWriterTest, ATimerSyncsWhatIsASecondOldAndWriteNever) {
  MemoryRecording recording;
  for (int i = 0; i <= 50; ++i) recording.writer.Write(kStart + i * 100 * kMillisecond, "{}");
  EXPECT_EQ(recording.disk.syncs, 0);
  ReceiveTime now = kStart + 5 * kSecond;
  recording.writer.OnTimer(now);
  EXPECT_EQ(recording.disk.syncs, 1);
  EXPECT_EQ(recording.Read().end, FileEnd::kWhole) << "what is synced has its checksum";
  recording.writer.Write(now, "{}");
  recording.writer.OnTimer(now + kSecond);  // Flushes it.
  EXPECT_EQ(recording.disk.syncs, 1);
  recording.writer.OnTimer(now + 2 * kSecond - 1);
  EXPECT_EQ(recording.disk.syncs, 1);
  recording.writer.OnTimer(now + 2 * kSecond);
  EXPECT_EQ(recording.disk.syncs, 2);
  recording.writer.OnTimer(now + 3 * kSecond);
  EXPECT_EQ(recording.disk.syncs, 2) << "nothing is new";
  EXPECT_TRUE(recording.writer.Close().ok());
  EXPECT_EQ(recording.disk.syncs, 3);
}

TEST(RecordingWriterTest, TheSyncIntervalIsTheCallers) {
  for (const auto& [interval, syncs] : {std::pair<Nanos, int>{0, 2}, {kSyncNever, 0}}) {
    TestDisk disk;
    RecordingWriter writer(disk.OpenOne(), interval);
    for (int second = 0; second < 2; ++second) {
      writer.Write(kStart + second * kSecond, "{}");
      writer.OnTimer(kStart + second * kSecond + 100 * kMillisecond);  // Flushes.
      writer.OnTimer(kStart + second * kSecond + 200 * kMillisecond);
    }
    EXPECT_EQ(disk.syncs, syncs);
    EXPECT_TRUE(writer.Close().ok());
    EXPECT_EQ(disk.syncs, syncs + 1);
  }
}

}  // namespace
}  // namespace thalweg
