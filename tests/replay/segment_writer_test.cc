// A recording in segments: what each begins with, when one follows another, how they are named, and
// that faults of the disk lose only lines that are counted.
#include "replay/segment_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/version.h"
#include "replay/recording_line.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/replay/capture.h"
#include "tests/replay/stored_recordings.h"
#include "tests/replay/test_disk.h"
#include "tests/replay/written_lines.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

using Lines = std::vector<std::string>;

constexpr char kExchangeInfo[] = R"(#rest GET /api/v3/exchangeInfo {"symbols":[]})";

SegmentOptions SomeOptions(const std::string& folder) {
  SegmentOptions options;
  options.folder = folder;
  options.run = "run-1";
  options.market = "spot";
  options.symbols = {"BTCUSDT", "ETHUSDT"};
  return options;
}

// `run_segment`: 0 is the same as `segment`.
std::string HeaderLine(ReceiveTime at, int segment, int repeats, int run_segment = 0) {
  return LineOf(at, R"(#thalweg 1 {"program":")" + std::string(VersionText()) +
                        R"(","run":"run-1","shard":0,"segment":)" + std::to_string(segment) +
                        R"(,"run_segment":)" +
                        std::to_string(run_segment == 0 ? segment : run_segment) +
                        R"(,"market":"spot","symbols":["BTCUSDT","ETHUSDT"],"repeats":)" +
                        std::to_string(repeats) + R"(,"options":{}})");
}

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

std::string NameOf(const std::string& path) { return std::filesystem::path(path).filename(); }

Reading ReadFile(const std::string& path) {
  auto reader = RecordingReader::Open(path, {});
  EXPECT_TRUE(reader.ok()) << reader.status();
  return ReadAll(**reader);
}

// Segments in a folder of the test's own, or on a disk in memory.
class SegmentWriterTest : public testing::Test {
 protected:
  SegmentWriterTest() : path_(folder_.PathOf("recording")), options_(SomeOptions(path_)) {}

  std::unique_ptr<SegmentWriter> Create(ReceiveTime now) {
    auto writer = SegmentWriter::Create(options_, now);
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }
  std::unique_ptr<SegmentWriter> CreateOnDisk(ReceiveTime now) {
    auto writer = SegmentWriter::Create(
        options_, now, [this](const std::string& path) { return disk_.Open(path); });
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }
  // The files on the disk in memory, in the order of their names.
  std::vector<Reading> ReadDisk() const {
    std::vector<Reading> readings;
    for (const auto& [path, bytes] : disk_.files) readings.push_back(ReadBytes(bytes));
    return readings;
  }

  const TestFolder folder_;
  const std::string path_;
  SegmentOptions options_;
  TestDisk disk_;
};

// --- Names ------------------------------------------------------------------------------------

TEST(SegmentNameTest, IsTheUtcStartTheShardAndTheNumber) {
  EXPECT_EQ(SegmentName(ReceiveTime(1795226400'123456789), 0, 1),
            "20261121T020000.123456789Z-s0-000001.zst");
  EXPECT_EQ(SegmentName(ReceiveTime(951782400'000000001), 12, 1'234'567),
            "20000229T000000.000000001Z-s12-1234567.zst");
  EXPECT_EQ(SegmentName(ReceiveTime(-1), 0, 7), "19700101T000000.000000000Z-s0-000007.zst");
}

TEST_F(SegmentWriterTest, ARestartBeginsASegmentWhoseNumberFollowsTheLargestOfItsShard) {
  EXPECT_TRUE(Create(kStart)->Close().ok());
  EXPECT_TRUE(Create(kStart + kSecond)->Close().ok());
  std::filesystem::rename(path_ + "/" + SegmentName(kStart + kSecond, 0, 2),
                          path_ + "/" + SegmentName(kStart + kSecond, 0, 41));
  folder_.Write("recording/" + SegmentName(kStart, 1, 99), "another shard's");
  folder_.Write("recording/" + SegmentName(kStart, 10, 98), "another shard's");
  folder_.Write("recording/20240808T235415.0Z-s0-000077.txt", "no segment");
  folder_.Write("recording/20240808T235415.0Z-s0-00x077.zst", "no segment");
  EXPECT_EQ(Create(kStart + 2 * kSecond)->segment(), 42);
  EXPECT_TRUE(std::filesystem::exists(path_ + "/" + SegmentName(kStart + 2 * kSecond, 0, 42)));
}

TEST_F(SegmentWriterTest, FaultF5AClockThatIsSetBackLeavesNamesSortedAsTheyWereWritten) {
  options_.text_bytes_max = 1;
  const auto writer = Create(kStart);
  for (const Nanos at : {5 * kSecond, -kHour, -kHour + kSecond, 9 * kSecond}) {
    writer->Write(kStart + at, "{}");
  }
  EXPECT_TRUE(writer->Close().ok());
  const std::vector<std::string> files = FilesIn(path_);
  ASSERT_EQ(files.size(), 4u);
  EXPECT_EQ(NameOf(files[0]), SegmentName(kStart, 0, 1));
  EXPECT_EQ(NameOf(files[1]), SegmentName(kStart, 0, 2)) << "not an hour before it";
  EXPECT_EQ(NameOf(files[2]), SegmentName(kStart, 0, 3));
  EXPECT_EQ(NameOf(files[3]), SegmentName(kStart + 9 * kSecond, 0, 4));
  EXPECT_EQ(ReadFile(files[1]).lines.back(), LineOf(kStart - kHour, "{}"));
}

TEST_F(SegmentWriterTest, FaultF5ANameThatIsTakenMeanwhileIsLeftAloneAndTheNextNumberUsed) {
  options_.text_bytes_max = 1;
  const auto writer = Create(kStart);
  writer->Write(kStart, "[0]");
  const std::string taken = folder_.Write("recording/" + SegmentName(kStart, 0, 2), "another's");
  writer->Write(kStart, "[1]");
  EXPECT_EQ(writer->segment(), 3);
  EXPECT_TRUE(writer->Close().ok());
  EXPECT_EQ(ReadWholeFile(taken), "another's");
  EXPECT_EQ(ReadFile(path_ + "/" + SegmentName(kStart, 0, 3)).lines,
            (Lines{HeaderLine(kStart, 3, 0, 2), LineOf(kStart, "[1]")}));
}

// --- What a segment begins with -----------------------------------------------------------------

TEST_F(SegmentWriterTest, ASegmentBeginsWithHeaderNewestExchangeInfoAndOpenConnections) {
  options_.text_bytes_max = 1;
  const auto writer = Create(kStart);
  const std::string newer = R"(#rest GET /api/v3/exchangeInfo {"symbols":[1]})";
  const Lines given{kExchangeInfo,
                    "#conn 2 open wss://h/ws/b",
                    "#conn 1 open wss://h/ws/a",
                    R"(#rest GET /api/v3/depth?symbol=BTCUSDT {"lastUpdateId":1})",
                    newer,
                    "#conn 2 close 1006",
                    "#conn 3 open wss://h/ws/c",
                    "{}"};
  for (const std::string& text : given) writer->Write(kStart, text);
  EXPECT_TRUE(writer->Close().ok());
  const std::vector<std::string> files = FilesIn(path_);
  ASSERT_EQ(files.size(), given.size());
  EXPECT_EQ(ReadFile(files[0]).lines,
            (Lines{HeaderLine(kStart, 1, 0), LineOf(kStart, kExchangeInfo)}));
  EXPECT_EQ(ReadFile(files[3]).lines,
            (Lines{HeaderLine(kStart, 4, 3), LineOf(kStart, kExchangeInfo),
                   LineOf(kStart, "#conn 1 open wss://h/ws/a"),
                   LineOf(kStart, "#conn 2 open wss://h/ws/b"), LineOf(kStart, given[3])}));
  EXPECT_EQ(ReadFile(files[7]).lines,
            (Lines{HeaderLine(kStart, 8, 3), LineOf(kStart, newer),
                   LineOf(kStart, "#conn 1 open wss://h/ws/a"),
                   LineOf(kStart, "#conn 3 open wss://h/ws/c"), LineOf(kStart, "{}")}));
}

TEST_F(SegmentWriterTest, TheHeaderHoldsWhatItIsGivenAsJson) {
  options_.run = "a\"b\\c\n";
  options_.shard = 3;
  options_.market = "usdm";
  options_.symbols = {"币安人生USDT"};
  options_.options_json = R"({"buckets":[10,50]})";
  const auto writer = Create(kStart);
  EXPECT_TRUE(writer->Close().ok());
  EXPECT_EQ(NameOf(writer->path()), SegmentName(kStart, 3, 1));
  EXPECT_EQ(
      ReadFile(writer->path()).lines,
      Lines{LineOf(kStart, R"(#thalweg 1 {"program":")" + std::string(VersionText()) +
                               R"(","run":"a\"b\\c\u000a","shard":3,"segment":1,"run_segment":1,)"
                               R"("market":"usdm","symbols":["币安人生USDT"],)"
                               R"("repeats":0,"options":{"buckets":[10,50]}})")});
}

// Of hundreds of symbols exchangeInfo comes in parts: a segment that holds one of them only would
// infer the other ticks when it is read alone.
TEST_F(SegmentWriterTest, TheNewestExchangeInfoOfEachRequestIsRepeatedInTheOrderOfArrival) {
  options_.text_bytes_max = std::int64_t{1} << 20;
  const auto writer = CreateOnDisk(kStart);
  const auto info = [](int part, int version) {
    return absl::StrCat(R"(#rest GET /api/v3/exchangeInfo?symbols=["S)", part,
                        R"("] {"symbols":[],"version":)", version, "}");
  };
  writer->Write(kStart, info(1, 1));
  writer->Write(kStart, info(2, 1));
  writer->Write(kStart, info(3, 1));
  writer->Write(kStart, info(1, 2));
  writer->Write(kStart + kHour, "{}");
  for (int part = 0; part < 2 * static_cast<int>(kRepeatedInfosMax); ++part) {
    writer->Write(kStart + kHour, info(part, 3));
  }
  writer->Write(kStart + 2 * kHour, "{}");
  EXPECT_TRUE(writer->Close().ok());
  const std::vector<Reading> segments = ReadDisk();
  ASSERT_EQ(segments.size(), 3u);
  const ReceiveTime second = kStart + kHour;
  EXPECT_EQ(Lines(segments[1].lines.begin(), segments[1].lines.begin() + 5),
            (Lines{HeaderLine(second, 2, 3), LineOf(second, info(2, 1)), LineOf(second, info(3, 1)),
                   LineOf(second, info(1, 2)), LineOf(second, "{}")}));
  ASSERT_EQ(segments[2].lines.size(), 1 + kRepeatedInfosMax + 1) << "the oldest are left out";
  EXPECT_EQ(segments[2].lines[1],
            LineOf(kStart + 2 * kHour, info(static_cast<int>(kRepeatedInfosMax), 3)));
}

TEST_F(SegmentWriterTest, OfTooManyConnectionsTheNewestAreRepeated) {
  options_.text_bytes_max = std::int64_t{1} << 20;
  const auto writer = CreateOnDisk(kStart);
  for (int i = 0; i < 1'030; ++i) {
    writer->Write(kStart, "#conn " + std::to_string(i) + " open wss://h/ws/a");
  }
  writer->Write(kStart + kHour, "{}");
  EXPECT_TRUE(writer->Close().ok());
  const Reading last = ReadDisk().back();
  ASSERT_EQ(last.lines.size(), 1 + kRepeatedConnectionsMax + 1);
  EXPECT_EQ(last.lines[1], LineOf(kStart + kHour, "#conn 6 open wss://h/ws/a"));
}

// --- When a segment ends ------------------------------------------------------------------------

TEST_F(SegmentWriterTest, ASegmentEndsAtItsSizeOfTextNotCountingWhatItBeginsWith) {
  options_.text_bytes_max = 300;
  const auto writer = CreateOnDisk(kStart);
  writer->Write(kStart, std::string(kExchangeInfo) + std::string(1'000, ' '));
  const std::string payload =
      "{" + std::string(98 - kLineFrameBytesMax, ' ') + "}";  // Lines of 99.
  for (int i = 0; i < 9; ++i) writer->Write(kStart, payload);
  EXPECT_EQ(writer->segment(), 4);
  EXPECT_TRUE(writer->Close().ok());
  std::vector<std::size_t> lines;
  for (const Reading& reading : ReadDisk()) lines.push_back(reading.lines.size());
  // The header; exchangeInfo, which is a line like others only in the first one; three lines.
  EXPECT_EQ(lines, (std::vector<std::size_t>{1 + 1, 2 + 3, 2 + 3, 2 + 3}));
}

// 345 seconds after kStart.
constexpr ReceiveTime kMidnight{1'723'161'600'000'000'000};

TEST_F(SegmentWriterTest, FaultF5ASegmentEndsAtMidnightAndAtEveryFullHourByALineOrByATimer) {
  const auto writer = CreateOnDisk(kStart);
  writer->Write(kMidnight + -1, "[0]");
  EXPECT_EQ(writer->segment(), 1);
  writer->Write(kMidnight, "[1]");
  EXPECT_EQ(writer->segment(), 2);
  writer->OnTimer(kMidnight + kHour + -1);
  EXPECT_EQ(writer->segment(), 2);
  writer->OnTimer(kMidnight + kHour);
  EXPECT_EQ(writer->segment(), 3);
  writer->OnTimer(kMidnight + 9 * kHour);
  EXPECT_EQ(writer->segment(), 3) << "there is nothing in it yet";
  writer->Write(kMidnight + 9 * kHour, "[2]");
  writer->Write(kMidnight + 10 * kHour + -1, "[3]");
  EXPECT_EQ(writer->segment(), 3) << "it counts from its first line";
  EXPECT_TRUE(writer->Close().ok());
  EXPECT_EQ(writer->counts().segments, 3);
  EXPECT_EQ(writer->counts().lines, 3 + 4);
  EXPECT_EQ(writer->counts().stored_lines, 7);
}

TEST_F(SegmentWriterTest, FaultF5LinesThatGoBackALittleAtMidnightBeginOneSegmentOnly) {
  const auto writer = CreateOnDisk(kStart);
  for (const Nanos at : {-3, 1, -2, 2, -1, 3}) {
    writer->Write(kMidnight + at, "{}");
  }
  EXPECT_EQ(writer->segment(), 2);
  EXPECT_TRUE(writer->Close().ok());
  EXPECT_EQ(ReadDisk()[0].lines.size(), 1u + 1u);
  EXPECT_EQ(ReadDisk()[1].lines.size(), 1u + 5u);
}

TEST_F(SegmentWriterTest, FaultF5AClockThatJumpsBeginsASegmentForwardsAtAnHourAndBackAfterAWhole) {
  const auto writer = CreateOnDisk(kMidnight + 30 * 60 * kSecond);
  const auto write = [&](Nanos after_midnight) {
    writer->Write(kMidnight + after_midnight, "{}");
    return writer->segment();
  };
  constexpr Nanos kMinute = 60 * kSecond;
  EXPECT_EQ(write(30 * kMinute), 1);
  EXPECT_EQ(write(-29 * kMinute), 1) << "less than an hour back";
  EXPECT_EQ(write(59 * kMinute), 1);
  EXPECT_EQ(write(-30 * kMinute), 2) << "a whole hour back";
  EXPECT_EQ(write(-1), 2);
  EXPECT_EQ(write(0), 3);
  EXPECT_EQ(write(77 * kHour), 4) << "one segment, not 77";
  EXPECT_EQ(write(77 * kHour + 1), 4);
  EXPECT_TRUE(writer->Close().ok());
  std::string name;
  for (const auto& [path, bytes] : disk_.files) {
    EXPECT_LT(name, NameOf(path));
    name = NameOf(path);
  }
}

TEST_F(SegmentWriterTest, FaultF5ARestartInTheSameNanosecondTouchesNothingOfTheRunBefore) {
  const auto before = Create(kStart);
  before->Write(kStart, "[0]");
  EXPECT_TRUE(before->Close().ok());
  const std::string bytes = ReadWholeFile(before->path());
  const auto after = Create(kStart);
  after->Write(kStart, "[1]");
  EXPECT_TRUE(after->Close().ok());
  EXPECT_NE(after->path(), before->path());
  EXPECT_EQ(ReadWholeFile(before->path()), bytes);
  EXPECT_EQ(FilesIn(path_).size(), 2u);
}

TEST_F(SegmentWriterTest, ASegmentThatWaitsForRoomDoesNotEnd) {
  options_.text_bytes_max = 1'000;
  const auto writer = CreateOnDisk(kStart);
  writer->Write(kStart, "[0]");
  disk_.room = 0;
  writer->OnTimer(kStart + kSecond);
  EXPECT_EQ(writer->status().code(), absl::StatusCode::kResourceExhausted);
  for (int i = 0; i < 50; ++i) writer->Write(kStart + 2 * kSecond, Payload(i));
  writer->OnTimer(kStart + kHour);
  EXPECT_EQ(writer->segment(), 1) << "neither full nor in its hour any more, but it waits";
  disk_.room = SIZE_MAX;
  writer->OnTimer(kStart + kHour + kSecond);
  EXPECT_TRUE(writer->status().ok());
  writer->Write(kStart + kHour + kSecond, "[1]");
  EXPECT_EQ(writer->segment(), 2);
  EXPECT_EQ(writer->Close().code(), absl::StatusCode::kDataLoss);
  const std::vector<Reading> readings = ReadDisk();
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_EQ(readings[0].lines, (Lines{HeaderLine(kStart, 1, 0), LineOf(kStart, "[0]"),
                                      LineOf(kStart + kHour + kSecond, "#lost 50 disk full")}));
  EXPECT_EQ(readings[0].end, FileEnd::kWhole);
  EXPECT_EQ(readings[1].lines, (Lines{HeaderLine(kStart + kHour + kSecond, 2, 0),
                                      LineOf(kStart + kHour + kSecond, "[1]")}));
}

// --- Faults -----------------------------------------------------------------------------------

TEST_F(SegmentWriterTest, FaultF4AFileThatIsSuspectIsLeftAndTheNextSegmentSaysWhatIsLost) {
  const auto writer = CreateOnDisk(kStart);
  writer->Write(kStart, kExchangeInfo);
  writer->Write(kStart, "#conn 1 open wss://h/ws/a");
  writer->OnTimer(kStart + 5 * kSecond);  // Stored.
  writer->OnTimer(kStart + 7 * kSecond);  // Synced.
  writer->Write(kStart + 7 * kSecond, "[0]");
  writer->Write(kStart + 7 * kSecond, "[1]");
  disk_.answer = [](DiskCall call, int) {
    return call == DiskCall::kWrite ? DiskAnswer::kError : DiskAnswer::kGood;
  };
  const std::string before = disk_.files.begin()->second;
  // The disk is well again for the second file.
  int opened = 0;
  disk_.answer = [&](DiskCall call, int) {
    opened += call == DiskCall::kOpen ? 1 : 0;
    return call == DiskCall::kWrite && opened == 0 ? DiskAnswer::kError : DiskAnswer::kGood;
  };
  const ReceiveTime now = kStart + 8 * kSecond;
  writer->OnTimer(now);
  EXPECT_EQ(writer->segment(), 2);
  EXPECT_TRUE(writer->status().ok());
  EXPECT_EQ(writer->last_fault().code(), absl::StatusCode::kUnavailable);
  writer->Write(now, "[2]");
  EXPECT_EQ(writer->Close().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(writer->counts().lost_lines, 2);
  EXPECT_EQ(writer->counts().faulty_segments, 1);
  EXPECT_EQ(writer->counts().lines, 5 + 4);
  const std::vector<Reading> readings = ReadDisk();
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_TRUE(disk_.files.begin()->second.starts_with(before));
  EXPECT_EQ(
      readings[1].lines,
      (Lines{HeaderLine(now, 2, 0), LineOf(now, kExchangeInfo),
             LineOf(now, "#conn 1 open wss://h/ws/a"),
             LineOf(now, "#lost 2 cannot be written on: Input/output error; sealed as suspect"),
             LineOf(now, "[2]")}));
}

TEST_F(SegmentWriterTest, WithoutASegmentLinesAreCountedAndAnotherIsTriedEverySecond) {
  const auto writer = CreateOnDisk(kStart);
  bool broken = true;
  disk_.answer = [&](DiskCall, int) { return broken ? DiskAnswer::kError : DiskAnswer::kGood; };
  const ReceiveTime fault = kStart + 5 * kSecond;
  writer->Write(kStart, "[0]");
  writer->OnTimer(fault);  // The segment is suspect, the next one cannot be made.
  EXPECT_EQ(writer->status().code(), absl::StatusCode::kUnavailable);
  writer->Write(fault, "[1]");
  const int calls = disk_.calls;
  writer->Write(fault + kRetryInterval - 1, "[2]");
  EXPECT_EQ(disk_.calls, calls) << "not tried before its time";
  writer->OnTimer(fault + kRetryInterval);
  EXPECT_EQ(disk_.calls, calls + 1);
  broken = false;
  writer->Write(fault + 2 * kRetryInterval, "[3]");
  EXPECT_TRUE(writer->status().ok());
  EXPECT_EQ(writer->segment(), 2) << "no number is used up in vain";
  EXPECT_FALSE(writer->Close().ok());
  EXPECT_EQ(writer->counts().lost_lines, 2 + 2);
  // The header of the first one and [0] were never stored.
  EXPECT_EQ(ReadDisk().back().lines,
            (Lines{HeaderLine(fault + 2 * kRetryInterval, 2, 0),
                   LineOf(fault + 2 * kRetryInterval, "#lost 4 Input/output error"),
                   LineOf(fault + 2 * kRetryInterval, "[3]")}));
}

TEST_F(SegmentWriterTest, ALossAtTheEndIsToldByASegmentOfItsOwn) {
  const auto writer = CreateOnDisk(kStart);
  writer->Write(kStart, "[0]");
  writer->OnTimer(kStart + kSecond);
  writer->OnTimer(kStart + 3 * kSecond);
  writer->Write(kStart + 3 * kSecond, "[1]");
  int writes = 0;
  disk_.answer = [&](DiskCall call, int) {
    writes += call == DiskCall::kWrite ? 1 : 0;
    return call == DiskCall::kWrite && writes == 1 ? DiskAnswer::kError : DiskAnswer::kGood;
  };
  EXPECT_FALSE(writer->Close().ok());
  const Reading last = ReadDisk().back();
  ASSERT_EQ(last.lines.size(), 2u);
  EXPECT_EQ(ParseRecordingLine(last.lines[1]).kind, LineKind::kLost);
  EXPECT_EQ(ParseRecordingLine(last.lines[1]).count, 1);
}

// Lines a tenth of a second apart, and a timer after each.
constexpr int kLineCount = 120;

// The numbers of the payloads in a file; `#lost <n>` is -n, what it begins with is left out.
std::vector<int> NumbersIn(const Reading& reading) {
  std::vector<int> numbers;
  for (const std::string& text : reading.lines) {
    const RecordingLine line = ParseRecordingLine(text);
    if (line.kind == LineKind::kLost) numbers.push_back(-static_cast<int>(line.count));
    if (line.kind != LineKind::kFrame) continue;
    const std::size_t at = line.payload.find("\"t\":") + 4;
    numbers.push_back(std::stoi(std::string(line.payload.substr(at))));
    EXPECT_EQ(line.payload, Payload(numbers.back()));
  }
  return numbers;
}

TEST_F(SegmentWriterTest, FaultF1AnErrorAtAnyCallLosesOnlyLinesThatAreToldAndCounted) {
  options_.text_bytes_max = 4'000;
  int calls = 1'000;
  for (int fault = 2; fault <= calls; ++fault) {  // The first call opens the first segment.
    SCOPED_TRACE(testing::Message() << "call " << fault);
    disk_ = TestDisk();
    disk_.answer = [&](DiskCall, int number) {
      return number == fault ? DiskAnswer::kError : DiskAnswer::kGood;
    };
    const auto writer = CreateOnDisk(kStart);
    for (int i = 0; i < kLineCount; ++i) {
      const ReceiveTime now = kStart + i * 100 * kMillisecond;
      writer->Write(now, Payload(i));
      writer->OnTimer(now);
    }
    const absl::Status closed = writer->Close();
    const SegmentCounts counts = writer->counts();
    ASSERT_EQ(counts.stored_lines + counts.lost_lines, counts.lines);
    ASSERT_EQ(closed.ok(), counts.lost_lines == 0) << closed;
    ASSERT_EQ(counts.segments, static_cast<std::int64_t>(disk_.files.size()));
    // A line is missing only where a loss of at least so many is told; what is told is counted.
    int next = 0;
    std::int64_t told = 0;
    int allowed = 0;
    for (const Reading& reading : ReadDisk()) {
      for (const int number : NumbersIn(reading)) {
        if (number < 0) {
          told -= number;
          allowed -= number;
          continue;
        }
        ASSERT_GE(number, next);
        ASSERT_LE(number - next, allowed);
        allowed = number == next ? allowed : 0;
        next = number + 1;
      }
    }
    ASSERT_LE(kLineCount - next, allowed);
    ASSERT_EQ(told, counts.lost_lines);
    if (fault > disk_.calls) calls = 0;  // Every call has failed once.
  }
  ASSERT_EQ(calls, 0);
}

TEST_F(SegmentWriterTest, OptionsThatCannotBeAreRefusedByName) {
  const auto refused = [&](const SegmentOptions& options) {
    const absl::Status status = SegmentWriter::Create(options, kStart).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message().substr(0, status.message().find(':')));
  };
  SegmentOptions options = options_;
  options.run.clear();
  EXPECT_EQ(refused(options), "run");
  options = options_;
  options.shard = -1;
  EXPECT_EQ(refused(options), "shard");
  options = options_;
  options.span_max = 0;
  EXPECT_EQ(refused(options), "segment");
  options = options_;
  options.options_json = "[]";
  EXPECT_EQ(refused(options), "options");
  options = options_;
  options.folder = "";
  EXPECT_EQ(refused(options), "record");
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SegmentWriterTest, AFolderThatCannotBeIsUnavailableWithPathAndReason) {
  options_.folder = folder_.Write("file", "") + "/recording";
  const absl::Status status = SegmentWriter::Create(options_, kStart).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), options_.folder + ": Not a directory");
}

// --- The engine's view --------------------------------------------------------------------------

std::vector<Row> RowsOfFiles(const std::vector<std::string>& paths) {
  EngineOptions options;
  options.emit = EmitPolicy::All();
  CaptureReplay replay(options);
  std::vector<Row> rows;
  replay.set_record_watcher([&](const SymbolEngine&, const RecordBuffer& record) {
    rows.push_back({record.header(), {record.features().begin(), record.features().end()}});
  });
  EXPECT_TRUE(replay.Run(paths).ok());
  EXPECT_TRUE(replay.told().empty()) << replay.told().front();
  return rows;
}

bool AreSame(const Row& a, const Row& b) {
  const std::size_t bytes = a.features.size() * sizeof(double);
  return a.header.event_ns == b.header.event_ns && a.header.recv_ns == b.header.recv_ns &&
         a.header.update_id == b.header.update_id && a.header.flags == b.header.flags &&
         a.features.size() == b.features.size() &&
         std::memcmp(a.features.data(), b.features.data(), bytes) == 0;
}

std::string DepthOf(int id, const std::string& bid) {
  return R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":)" +
         std::to_string(kStart.raw() / kMillisecond + id) + R"(,"s":"BTCUSDT","U":)" +
         std::to_string(id) + R"(,"u":)" + std::to_string(id) + R"(,"b":[[")" + bid + R"(",")" +
         std::to_string(id) + R"("]],"a":[]}})";
}

std::string SnapshotOf(int id, const std::string& bid) {
  return R"(#rest GET /api/v3/depth?symbol=BTCUSDT&limit=1000 {"lastUpdateId":)" +
         std::to_string(id) + R"(,"bids":[[")" + bid + R"(","3"]],"asks":[["100.2","1"]]})";
}

// Plays lines, 10 ms apart, as one file and as the segments that a writer makes of them.
void ExpectSameRecords(const Lines& texts, SegmentWriter* writer, const std::string& folder,
                       std::size_t records_min) {
  std::string whole;
  ReceiveTime now = kStart;
  for (const std::string& text : texts) {
    now = now + 10 * kMillisecond;
    AppendLine(now, text, &whole);
    writer->Write(now, text);
  }
  ASSERT_TRUE(writer->Close().ok());
  const std::vector<std::string> files = FilesIn(folder);
  EXPECT_GT(files.size(), 3u);
  const TemporaryFile file(whole);
  const std::vector<Row> expected = RowsOfFiles({file.path()});
  const std::vector<Row> rows = RowsOfFiles(files);
  EXPECT_GE(expected.size(), records_min);
  ASSERT_EQ(rows.size(), expected.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_TRUE(AreSame(rows[i], expected[i])) << "record " << i;
  }
}

// exchangeInfo states a tick of 0.1, which a price refines to 0.01. An engine that were given it
// again would go back to 0.1 at the next synchronisation.
TEST_F(SegmentWriterTest, WhatSegmentsRepeatChangesNoRecordOfAReplayOfAll) {
  options_.text_bytes_max = 3'000;
  const auto writer = Create(kStart);
  Lines texts{R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":"BTCUSDT",)"
              R"("status":"TRADING","baseAssetPrecision":8,"filters":[)"
              R"({"filterType":"PRICE_FILTER","tickSize":"0.10000000"}]}]})",
              "#conn 1 open wss://h/ws/btcusdt@depth@100ms", SnapshotOf(100, "99.99")};
  for (int id = 101; id < 200; ++id) {
    texts.push_back(DepthOf(id, id < 150 ? "99.99" : "99.9"));
    if (id == 150) texts.insert(texts.end(), {"#drop 1 depth BTCUSDT", SnapshotOf(160, "99.9")});
  }
  ExpectSameRecords(texts, writer.get(), path_, 80);
}

TEST_F(SegmentWriterTest, SegmentsOfARealFeedGiveTheRecordsOfTheWhole) {
  const Feed feed = BeginningOfBtcusdt();
  if (feed.empty()) GTEST_SKIP() << kNoData;
  options_.text_bytes_max = 50'000;
  const auto writer = Create(kStart);
  Lines texts;
  for (const std::string& line : feed) texts.push_back(line.substr(line.find(' ') + 1));
  ExpectSameRecords(texts, writer.get(), path_, 1'000);
}

}  // namespace
}  // namespace thalweg
