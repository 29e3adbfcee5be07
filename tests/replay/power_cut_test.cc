// What a power cut may leave of a recording: of the pages that were written since the last sync any
// may be missing, and the file may be as short as it was then.
//
// How: a recording is written to a disk in memory; at moments all over it, images of the disk are
// made in which each page with bytes that were not synced is there or is zeros beyond what was
// synced, every subset of them, and images cut at each page.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "replay/recording_writer.h"
#include "tests/replay/stored_recordings.h"
#include "tests/replay/test_disk.h"
#include "tests/replay/written_lines.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

// Small, so that a small recording has several; what is lost is whole pages all the same.
constexpr std::size_t kPageBytes = 512;
constexpr std::size_t kPagesOfAllSubsets = 8;
constexpr int kRandomSubsets = 300;

// The disk when the power goes.
struct Cut {
  std::string bytes;       // Written,
  std::size_t synced = 0;  // of them, what was synced.
  int synced_lines = 0;
};

// Cuts after every line and every timer.
std::vector<Cut> CutsOf(int lines, Nanos step) {
  std::vector<Cut> cuts;
  TestDisk disk;
  Cut now;
  RecordingWriter* syncing = nullptr;
  disk.answer = [&](DiskCall call, int) {
    if (call == DiskCall::kSync) {
      now.synced = disk.one().size();
      now.synced_lines = static_cast<int>(syncing->counts().stored_lines);
    }
    return DiskAnswer::kGood;
  };
  RecordingWriter writer(disk.OpenOne());
  syncing = &writer;
  for (int i = 0; i < lines; ++i) {
    const ReceiveTime time = kStart + i * step;
    writer.Write(time, Payload(i));
    writer.OnTimer(time + 1);
    now.bytes = disk.one();
    cuts.push_back(now);
  }
  EXPECT_TRUE(writer.Close().ok());
  return cuts;
}

std::vector<std::string> LinesOf(int lines, Nanos step) {
  std::vector<std::string> given;
  for (int i = 0; i < lines; ++i) given.push_back(LineOf(kStart + i * step, Payload(i)));
  return given;
}

// Bit i of `missing`: page i of those that hold bytes that were not synced.
std::string ImageOf(const Cut& cut, std::uint64_t missing) {
  std::string image = cut.bytes;
  const std::size_t first = cut.synced / kPageBytes;
  for (std::size_t page = first; page * kPageBytes < image.size(); ++page) {
    if ((missing >> (page - first) & 1) == 0) continue;
    const std::size_t begin = std::max(page * kPageBytes, cut.synced);
    const std::size_t end = std::min((page + 1) * kPageBytes, image.size());
    std::fill(image.begin() + static_cast<std::ptrdiff_t>(begin),
              image.begin() + static_cast<std::ptrdiff_t>(end), '\0');
  }
  return image;
}

struct Tally {
  int images = 0;
  int whole = 0;     // Images whose every line could be read.
  int damaged = 0;   // That a reader says are damaged.
  int doubtful = 0;  // With wrong lines behind the synced ones.
};

void ExpectSyncedPrefix(const Cut& cut, const std::string& image,
                        const std::vector<std::string>& given, Tally* tally) {
  const Reading reading = ReadBytes(image);
  // Without its first page a file is read as plain text, in which nothing is a line of a recording.
  std::vector<std::string> lines;
  for (const std::string& line : reading.lines) {
    if (ParseRecordingLine(line).kind != LineKind::kMalformed) lines.push_back(line);
  }
  ++tally->images;
  tally->damaged += reading.end == FileEnd::kDamaged ? 1 : 0;
  tally->whole += reading.end == FileEnd::kWhole ? 1 : 0;
  ASSERT_GE(lines.size(), static_cast<std::size_t>(cut.synced_lines))
      << "synced and lost; " << reading.message;
  ASSERT_LE(lines.size(), given.size());
  // No checksum vouches for a frame that is not ended: what is read of one with a hole may be
  // wrong. Then the reader says that the file does not end well.
  std::size_t right = 0;
  while (right < lines.size() && lines[right] == given[right]) ++right;
  ASSERT_GE(right, static_cast<std::size_t>(cut.synced_lines));
  if (right == lines.size()) return;
  ++tally->doubtful;
  ASSERT_NE(reading.end, FileEnd::kWhole) << "line " << right << " of " << lines.size();
}

void CutEverywhere(int lines, Nanos step) {
  const std::vector<std::string> given = LinesOf(lines, step);
  std::mt19937_64 random(7);
  Tally tally;
  std::string before;
  for (const Cut& cut : CutsOf(lines, step)) {
    SCOPED_TRACE(testing::Message() << cut.bytes.size() << " bytes, " << cut.synced << " synced");
    if (cut.bytes == before) continue;  // Nothing was written since.
    before = cut.bytes;
    const std::size_t first = cut.synced / kPageBytes;
    const std::size_t pages = (cut.bytes.size() + kPageBytes - 1) / kPageBytes - first;
    ASSERT_LT(pages, 64u);
    if (pages <= kPagesOfAllSubsets) {
      for (std::uint64_t missing = 0; missing < std::uint64_t{1} << pages; ++missing) {
        ASSERT_NO_FATAL_FAILURE(ExpectSyncedPrefix(cut, ImageOf(cut, missing), given, &tally));
      }
    } else {
      for (int i = 0; i < kRandomSubsets; ++i) {
        ASSERT_NO_FATAL_FAILURE(ExpectSyncedPrefix(cut, ImageOf(cut, random()), given, &tally));
      }
    }
    for (std::size_t page = first; page < first + pages; ++page) {
      const std::size_t end = std::max(page * kPageBytes, cut.synced);
      ASSERT_NO_FATAL_FAILURE(ExpectSyncedPrefix(cut, cut.bytes.substr(0, end), given, &tally));
    }
  }
  std::printf("%d images: %d whole, %d damaged, %d with wrong lines of the frame that was cut\n",
              tally.images, tally.whole, tally.damaged, tally.doubtful);
}

TEST(PowerCutTest, FaultF3OfAQuietFeedNothingSyncedIsLostAndNoneOfItIsWrong) {
  CutEverywhere(TakeShortPart() ? 60 : 150, 70 * kMillisecond);
}

TEST(PowerCutTest, FaultF3OfABusyFeedNothingSyncedIsLostAndNoneOfItIsWrong) {
  CutEverywhere(TakeShortPart() ? 300 : 1'500, 4 * kMillisecond);
}

}  // namespace
}  // namespace thalweg
