// A recording with a hole gives the records that live would have given had the same lines been lost
// there: flags and all, to the last bit. Also when the hole is made by any flipped bit.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "replay/recording_player.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"
#include "tests/replay/stored_recordings.h"
#include "tests/test_part.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

struct TimedText {
  ReceiveTime received;
  std::string text;
};
using Frame = std::vector<TimedText>;  // The lines of a zstd frame.

EngineOptions HoleOptions() {
  EngineOptions options;
  options.bucket_sizes = {"0.1", "1"};
  options.emit = EmitPolicy::All();
  return options;
}

// A feed in so many frames; every other one holds a snapshot, so that the book comes back.
std::vector<Frame> SomeFrames(int count, int steps) {
  FeedBuilder market("AAAUSDT", FeedBuilder::Numbering::kSpot, 11, 10);
  std::vector<Frame> frames(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    Frame& frame = frames[static_cast<std::size_t>(i)];
    const auto add = [&](const std::string& text) {
      frame.push_back({ReceiveTime(market.now_ms() * kMillisecond), text});
    };
    for (int step = 0; step < steps; ++step) {
      market.Pass(100);
      market.Move(3);
      add(market.Depth());
      add(market.Ticker());
      add(market.Trade());
      if (step == 0 && i % 2 == 0) add(market.Rest());
    }
  }
  return frames;
}

std::string TextOf(const Frame& frame) {
  std::string text;
  for (const TimedText& line : frame) AppendLine(line.received, line.text, &text);
  return text;
}

// What live makes of the frames when `hole` is lost, or is given and something behind it is lost.
std::vector<LoggedRow> LiveRows(const std::vector<Frame>& frames, std::size_t hole,
                                bool given = false) {
  const EngineOptions options = HoleOptions();
  const Catalogue catalogue = MakeCatalogue(options);
  RowLog log;
  Engine engine(options, catalogue, log);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i != hole || given) {
      for (const TimedText& line : frames[i]) GiveLine(line.received, line.text, &engine);
    }
    if (i == hole) engine.OnLost(1);
  }
  return log.rows;
}

class HoleTest : public testing::Test {
 protected:
  std::vector<LoggedRow> Replay(const std::string& bytes, absl::Status* status = nullptr) {
    const std::string path = folder_.Write("hole.zst", bytes);
    const EngineOptions options = HoleOptions();
    const Catalogue catalogue = MakeCatalogue(options);
    RowLog log;
    RecordingPlayer player(options, catalogue, log, {.salvage = true}, [](const FileMessage&) {});
    const absl::Status played = player.Run({path});
    if (status != nullptr) *status = played;
    return log.rows;
  }
  const TestFolder folder_;
};

bool AreSame(const std::vector<LoggedRow>& a, const std::vector<LoggedRow>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), SameBits);
}

bool IsPrefix(const std::vector<LoggedRow>& a, const std::vector<LoggedRow>& b) {
  return a.size() <= b.size() && std::equal(a.begin(), a.end(), b.begin(), SameBits);
}

TEST_F(HoleTest, FaultF6AHoleGivesTheFlagsThatTheSameLossGivesLive) {
  const std::vector<Frame> frames = SomeFrames(6, 12);
  for (std::size_t hole = 0; hole + 1 < frames.size(); ++hole) {
    std::string bytes;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      std::string frame = thalweg::Zstd(TextOf(frames[i]), ZstdOptions{});
      if (i == hole) frame[frame.size() / 2] = static_cast<char>(frame[frame.size() / 2] ^ 1);
      bytes += frame;
    }
    absl::Status status;
    const std::vector<LoggedRow> rows = Replay(bytes, &status);
    EXPECT_TRUE(status.ok()) << status;
    const std::vector<LoggedRow> expected = LiveRows(frames, hole);
    ASSERT_TRUE(AreSame(rows, expected)) << "frame " << hole;
    EXPECT_TRUE(rows.back().Has(quality::kDroppedInput));
  }
}

// One bit, another one each time, of every tenth byte; in the short part, of every 80th. (All
// bits: recording_reader_test.cc, line by line.)
TEST_F(HoleTest, FaultF6AnyFlippedBitGivesTheWholeRecordsOrThoseOfTheLossOfItsFrame) {
  const std::vector<Frame> frames = SomeFrames(8, 19);
  std::string bytes;
  std::vector<std::size_t> ends;
  for (const Frame& frame : frames) {
    bytes += thalweg::Zstd(TextOf(frame), ZstdOptions{});
    ends.push_back(bytes.size());
  }
  EXPECT_GT(bytes.size(), 10'000u);
  const std::vector<LoggedRow> whole = LiveRows(frames, frames.size());
  std::vector<std::vector<LoggedRow>> lost;
  std::vector<std::vector<LoggedRow>> doubted;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    lost.push_back(LiveRows(frames, i));
    doubted.push_back(LiveRows(frames, i, true));
  }
  const std::size_t step = TakeShortPart() ? 80 : 10;
  RecordProperty("bytes_between_flips", static_cast<int>(step));
  std::size_t harmed = 0;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const auto frame =
        static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), at) - ends.begin());
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 1 << at / step % 8);
    const std::vector<LoggedRow> rows = Replay(flipped);
    if (AreSame(rows, whole)) continue;
    ++harmed;
    const bool last = frame + 1 == frames.size();
    ASSERT_TRUE(AreSame(rows, lost[frame]) || AreSame(rows, doubted[frame]) ||
                (last && IsPrefix(rows, whole)))
        << "byte " << at << " of frame " << frame;
  }
  EXPECT_GT(harmed, bytes.size() / step * 9 / 10);
}

}  // namespace
}  // namespace thalweg
