#include "replay/recording_merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/replay/stored_recordings.h"

namespace thalweg {
namespace {

// A line, or hole, with the reader it came from.
using Merged = std::vector<std::pair<std::size_t, std::string>>;

RecordingMerge MergeOf(const std::vector<std::string>& stored, bool salvage = false) {
  std::vector<std::unique_ptr<RecordingReader>> readers;
  for (const std::string& bytes : stored) readers.push_back(OpenBytes(bytes, salvage));
  return RecordingMerge(std::move(readers));
}

Merged ReadMerged(RecordingMerge& merge) {
  Merged merged;
  std::string_view line;
  std::size_t reader = 0;
  for (auto verdict = merge.Next(&line, &reader); verdict != ReadVerdict::kEnd;
       verdict = merge.Next(&line, &reader)) {
    if (verdict == ReadVerdict::kLine) TouchPadding(line);
    merged.emplace_back(reader, verdict == ReadVerdict::kHole ? kHoleLine : line);
  }
  EXPECT_EQ(merge.Next(&line, &reader), ReadVerdict::kEnd) << "An end is final.";
  return merged;
}

Merged MergeTexts(const std::vector<std::string>& texts) {
  RecordingMerge merge = MergeOf(texts);
  return ReadMerged(merge);
}

TEST(RecordingMergeTest, LinesComeInTheOrderOfTheirReceiveTimes) {
  EXPECT_EQ(MergeTexts({"1 {}\n4 {}\n6 {}\n", "2 {}\n3 {}\n7 {}\n", "5 {}\n"}),
            (Merged{{0, "1 {}"},
                    {1, "2 {}"},
                    {1, "3 {}"},
                    {0, "4 {}"},
                    {2, "5 {}"},
                    {0, "6 {}"},
                    {1, "7 {}"}}));
}

TEST(RecordingMergeTest, LinesOfEqualTimeComeInTheOrderOfTheReaders) {
  EXPECT_EQ(MergeTexts({"2 [0]\n", "1 {}\n2 [1]\n2 [11]\n", "2 [2]\n"}),
            (Merged{{1, "1 {}"}, {0, "2 [0]"}, {1, "2 [1]"}, {1, "2 [11]"}, {2, "2 [2]"}}));
}

TEST(RecordingMergeTest, TimesOfDifferentUnitsAreComparedAsTimes) {
  EXPECT_EQ(
      MergeTexts({"1723161255031 {}\n", "1723161255030500000 {}\n", "1723161255030400 {}\n"}),
      (Merged{{2, "1723161255030400 {}"}, {1, "1723161255030500000 {}"}, {0, "1723161255031 {}"}}));
}

TEST(RecordingMergeTest, AnOlderLineCountsAsOfTheTimeBeforeIt) {
  EXPECT_EQ(MergeTexts({"5 {}\n1 {}\n6 {}\n", "2 {}\n5 {}\n"}),
            (Merged{{1, "2 {}"}, {0, "5 {}"}, {0, "1 {}"}, {1, "5 {}"}, {0, "6 {}"}}));
}

TEST(RecordingMergeTest, AMalformedLineCountsAsOfTheTimeBeforeIt) {
  EXPECT_EQ(MergeTexts({"3 {}\njunk\n9 {}\n", "junk first\n4 {}\n9223372036854775808 {}\n5 {}\n"}),
            (Merged{{1, "junk first"},
                    {0, "3 {}"},
                    {0, "junk"},
                    {1, "4 {}"},
                    {1, "9223372036854775808 {}"},
                    {1, "5 {}"},
                    {0, "9 {}"}}));
}

TEST(RecordingMergeTest, HashLinesAreOrderedLikeFrames) {
  EXPECT_EQ(MergeTexts({"1 {}\n3 #lost 1 x\n5 {}\n", "2 {}\n4 {}\n"}),
            (Merged{{0, "1 {}"}, {1, "2 {}"}, {0, "3 #lost 1 x"}, {1, "4 {}"}, {0, "5 {}"}}));
}

TEST(RecordingMergeTest, AHoleComesRightAfterTheTimeBeforeIt) {
  RecordingMerge merge =
      MergeOf({Zstd("1 {}\n") + "junk" + Zstd("8 {}\n"), "1 [1]\n2 {}\n"}, /*salvage=*/true);
  EXPECT_EQ(
      ReadMerged(merge),
      (Merged{{0, "1 {}"}, {0, std::string(kHoleLine)}, {1, "1 [1]"}, {1, "2 {}"}, {0, "8 {}"}}));
  EXPECT_EQ(merge.reader(0).hole_count(), 1);
}

TEST(RecordingMergeTest, EveryReaderSaysHowItEnded) {
  std::string cut = Gzip("2 {}\n");
  cut.pop_back();
  RecordingMerge merge = MergeOf({"1 {}\n", cut, "", Zstd("3 {}\n") + "junk"});
  EXPECT_EQ(ReadMerged(merge), (Merged{{0, "1 {}"}, {1, "2 {}"}, {3, "3 {}"}}));
  EXPECT_EQ(merge.reader_count(), 4u);
  EXPECT_EQ(merge.reader(0).end(), FileEnd::kWhole);
  EXPECT_EQ(merge.reader(1).end(), FileEnd::kCut);
  EXPECT_EQ(merge.reader(2).end(), FileEnd::kWhole);
  EXPECT_EQ(merge.reader(3).end(), FileEnd::kDamaged);
}

TEST(RecordingMergeTest, NoReadersAndEmptyReadersAreAtTheirEnd) {
  EXPECT_TRUE(MergeTexts({}).empty());
  EXPECT_TRUE(MergeTexts({"", "\n", Zstd("")}).empty());
}

TEST(RecordingMergeTest, AgreesWithAStableSortOfRandomFiles) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> stored;
    std::vector<std::pair<std::uint64_t, std::pair<std::size_t, std::string>>> model;
    const std::size_t count = 1 + random() % 6;
    for (std::size_t file = 0; file < count; ++file) {
      std::string text;
      std::uint64_t time = random() % 5;
      for (std::size_t n = random() % 40; n > 0; --n) {
        time += random() % 3;
        const std::string line = std::to_string(time) + " {\"n\":" + std::to_string(n) + "}";
        text += line + "\n";
        model.push_back({time, {file, line}});
      }
      stored.push_back(file % 3 == 0 ? text : file % 3 == 1 ? Gzip(text) : Zstd(text));
    }
    // The model is filled file by file, so that equal times keep the order of the files.
    std::stable_sort(model.begin(), model.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    Merged expected;
    for (auto& [time, line] : model) expected.push_back(std::move(line));
    EXPECT_EQ(MergeTexts(stored), expected) << "round " << round;
  }
}

}  // namespace
}  // namespace thalweg
