// Cuts a small file at every byte, flips every bit of another, and reads real recordings: what
// comes out of a reader is always lines that were written, in their order, or the file is reported.
#include "replay/recording_reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "replay/recording_line.h"
#include "tests/replay/stored_recordings.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

using Lines = std::vector<std::string>;

bool IsPrefix(const Lines& lines, const Lines& all) {
  return lines.size() <= all.size() && std::equal(lines.begin(), lines.end(), all.begin());
}

Lines operator+(Lines a, const Lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// A file of several frames or members, and where each of them ends in text and store.
struct Packed {
  Lines lines;
  std::string stored;
  std::vector<std::size_t> lines_before;   // Of a frame.
  std::vector<std::size_t> stored_before;  // Likewise, and the whole at last.

  [[nodiscard]] std::size_t FrameAt(std::size_t stored_at) const {
    const auto after = std::upper_bound(stored_before.begin(), stored_before.end(), stored_at);
    return static_cast<std::size_t>(after - stored_before.begin()) - 1;
  }
  // The lines of every frame but `frame`, with `instead` in their place.
  [[nodiscard]] Lines Without(std::size_t frame, const Lines& instead) const {
    const auto at = [&](std::size_t i) {
      return lines.begin() +
             static_cast<std::ptrdiff_t>(i < lines_before.size() ? lines_before[i] : lines.size());
    };
    return Lines(lines.begin(), at(frame)) + instead + Lines(at(frame + 1), lines.end());
  }
};

template <class Pack>
Packed PackFrames(int frame_count, int lines_in_frame, const Pack& pack) {
  Packed packed;
  for (int frame = 0; frame < frame_count; ++frame) {
    const Lines lines = SomeLines(frame * lines_in_frame, lines_in_frame);
    packed.lines_before.push_back(packed.lines.size());
    packed.stored_before.push_back(packed.stored.size());
    packed.lines = packed.lines + lines;
    packed.stored += pack(Joined(lines));
  }
  packed.stored_before.push_back(packed.stored.size());
  return packed;
}

std::string ZstdFlushed(std::string_view text) { return Zstd(text, {.flush_bytes = 300}); }

// --- Good files --------------------------------------------------------------------------------

TEST(RecordingReaderTest, PlainGzipAndZstdGiveTheSameLines) {
  const Lines lines = SomeLines(0, 5'000);
  const std::string text = Joined(lines);
  const ZstdOptions sized{.checksum = false, .content_size = true};
  for (const std::string& stored : {text, Gzip(text), Zstd(text), Zstd(text, sized)}) {
    const Reading reading = ReadBytes(stored);
    EXPECT_EQ(reading.lines, lines);
    EXPECT_EQ(reading.end, FileEnd::kWhole);
    EXPECT_EQ(reading.message, "");
    EXPECT_EQ(reading.line_number, 5'000);
  }
}

TEST(RecordingReaderTest, ReadsThatAreShortGiveTheSameLines) {
  const Lines lines = SomeLines(0, 40);
  const std::string text = Joined(lines);
  for (const std::string& stored : {text, Gzip(text) + Gzip(text), Zstd(text) + Zstd(text)}) {
    for (const std::size_t read_bytes : {1u, 2u, 3u, 7u, 64u}) {
      const auto reader = OpenFile(std::make_unique<MemoryFile>(stored, read_bytes));
      const Reading reading = ReadAll(*reader);
      EXPECT_EQ(reading.end, FileEnd::kWhole);
      EXPECT_EQ(reading.lines, stored == text ? lines : lines + lines);
    }
  }
}

TEST(RecordingReaderTest, FaultF6AnEmptyFileIsWholeAndWithoutLines) {
  for (const std::string& stored : {std::string(), Gzip(""), Zstd(""), Skippable("")}) {
    const Reading reading = ReadBytes(stored);
    EXPECT_TRUE(reading.lines.empty());
    EXPECT_EQ(reading.end, FileEnd::kWhole);
    EXPECT_EQ(reading.line_number, 0);
  }
}

TEST(RecordingReaderTest, EmptyLinesAreSkippedButNumbered) {
  const std::string text = "\n\n1 {}\n\r\n\n2 {}\n\n";
  for (const std::string& stored : {text, Gzip(text), Zstd(text)}) {
    const auto reader = OpenBytes(stored);
    std::string_view line;
    ASSERT_EQ(reader->Next(&line), ReadVerdict::kLine);
    EXPECT_EQ(line, "1 {}");
    EXPECT_EQ(reader->line_number(), 3);
    ASSERT_EQ(reader->Next(&line), ReadVerdict::kLine);
    EXPECT_EQ(line, "2 {}");
    EXPECT_EQ(reader->line_number(), 6);
    EXPECT_EQ(reader->end(), FileEnd::kOpen);
    EXPECT_EQ(reader->Next(&line), ReadVerdict::kEnd);
    EXPECT_EQ(reader->end(), FileEnd::kWhole);
  }
  EXPECT_TRUE(ReadBytes("\n\n\n").lines.empty());
  EXPECT_TRUE(ReadBytes("\r\n").lines.empty());
}

TEST(RecordingReaderTest, OneReturnBeforeTheNewlineIsTakenAway) {
  EXPECT_EQ(ReadBytes("1 {}\r\n2 {}\r\r\n3 \r{}\n4 {}\r").lines,
            (Lines{"1 {}", "2 {}\r", "3 \r{}", "4 {}"}));
}

TEST(RecordingReaderTest, ALastLineWithoutNewlineIsHandedOutWhenTheFileIsWhole) {
  const std::string text = "1 {}\n2 {}";
  for (const std::string& stored : {text, Gzip(text), Zstd(text)}) {
    const Reading reading = ReadBytes(stored);
    EXPECT_EQ(reading.lines, (Lines{"1 {}", "2 {}"}));
    EXPECT_EQ(reading.end, FileEnd::kWhole);
    EXPECT_EQ(reading.line_number, 2);
  }
}

TEST(RecordingReaderTest, BinaryBytesAreLinesWhenTheFileIsPlain) {
  const std::string text("1 {\0}\n\xff\xfe\0\n", 10);
  EXPECT_EQ(ReadBytes(text).lines, (Lines{std::string("1 {\0}", 5), std::string("\xff\xfe\0", 3)}));
}

TEST(RecordingReaderTest, ALineMayLieAcrossMembersAndFrames) {
  const std::string a = "1 {}\n2 {\"long\":", b = "\"line", c = "\"}\n3 {}\n";
  for (const std::string& stored :
       {Gzip(a) + Gzip(b) + Gzip(c), Zstd(a) + Zstd(b) + Skippable("between") + Zstd(c)}) {
    const Reading reading = ReadBytes(stored);
    EXPECT_EQ(reading.lines, (Lines{"1 {}", "2 {\"long\":\"line\"}", "3 {}"}));
    EXPECT_EQ(reading.end, FileEnd::kWhole);
  }
}

TEST(RecordingReaderTest, SkippableFramesAreSkippedWhereverTheyStand) {
  const std::string large(600'000, 'x');
  const Reading reading = ReadBytes(Skippable("first") + Zstd("1 {}\n") + Skippable(large) +
                                    Skippable("") + Zstd("2 {}\n") + Skippable("last"));
  EXPECT_EQ(reading.lines, (Lines{"1 {}", "2 {}"}));
  EXPECT_EQ(reading.end, FileEnd::kWhole);
}

TEST(RecordingReaderTest, ZerosBehindGzipArePadding) {
  const Reading reading = ReadBytes(Gzip("1 {}\n") + std::string(600'000, '\0'));
  EXPECT_EQ(reading.lines, Lines{"1 {}"});
  EXPECT_EQ(reading.end, FileEnd::kWhole);
}

TEST(RecordingReaderTest, CountsStoredBytes) {
  const std::string stored = Zstd(Joined(SomeLines(0, 100)));
  const auto reader = OpenBytes(stored);
  EXPECT_EQ(reader->bytes_total(), static_cast<std::int64_t>(stored.size()));
  EXPECT_EQ(reader->bytes_read(), 0);
  EXPECT_EQ(ReadAll(*reader).lines.size(), 100u);
  EXPECT_EQ(reader->bytes_read(), reader->bytes_total());
}

// --- Lines and frames at their bounds ----------------------------------------------------------

TEST(RecordingReaderTest, LinesOfEveryLengthAroundAChunkAreWhole) {
  // Chunks are 256 KiB; lines of near that size put their ends everywhere around its border.
  for (const std::size_t bytes : {262'142u, 262'143u, 262'144u, 262'145u, 524'288u, 3'000'000u}) {
    const Lines lines{std::string(bytes, 'a'), "b", std::string(bytes, 'c'), "d"};
    const std::string text = Joined(lines);
    for (const std::string& stored : {text, Gzip(text, 1), Zstd(text)}) {
      EXPECT_EQ(ReadBytes(stored).lines, lines) << bytes;
    }
  }
}

TEST(RecordingReaderTest, TheLongestLineIsReadAndOneByteMoreIsRefused) {
  const std::string longest(kLineBytesMax, 'x');
  for (const bool too_long : {false, true}) {
    const std::string text = "1 {}\n" + longest + (too_long ? "y" : "") + "\n2 {}\n";
    for (const std::string& stored : {text, Gzip(text, 1), Zstd(text)}) {
      const Reading reading = ReadBytes(stored);
      EXPECT_EQ(reading.end, too_long ? FileEnd::kDamaged : FileEnd::kWhole);
      EXPECT_EQ(reading.lines.size(), too_long ? 1u : 3u);
      if (too_long) {
        EXPECT_NE(reading.message.find("longer than 67108864"), std::string::npos);
      }
      if (!too_long) {
        EXPECT_TRUE(reading.lines[1] == longest);
      }
    }
  }
}

// Text of just `bytes`, in lines.
std::string TextOf(std::size_t bytes) {
  std::string text;
  text.reserve(bytes + 100);
  for (int i = 0; text.size() < bytes; ++i) text += std::to_string(i) + " {\"some\":\"line\"}\n";
  text.resize(bytes);
  text.back() = '\n';
  return text;
}

TEST(RecordingReaderTest, AFrameOfJustTheHeldSizeIsHeldAndALargerOneIsStreamed) {
  for (const std::size_t more : {0u, 100'000u}) {
    const std::string text = TextOf(kHeldFrameBytes + more);
    std::string stored = Zstd(text);
    const Reading good = ReadBytes(stored);
    EXPECT_EQ(good.end, FileEnd::kWhole);
    EXPECT_TRUE(Joined(good.lines) == text);

    stored.back() = static_cast<char>(stored.back() ^ 1);  // The checksum is wrong.
    const Reading bad = ReadBytes("" + Zstd("1 {}\n") + stored);
    EXPECT_EQ(bad.end, FileEnd::kDamaged);
    if (more == 0) {
      EXPECT_EQ(bad.lines, Lines{"1 {}"});
    }
    if (more != 0) {
      EXPECT_GT(bad.lines.size(), 100'000u);
    }
    EXPECT_EQ(bad.message.find("too large to be verified") != std::string::npos, more != 0);
  }
}

TEST(RecordingReaderTest, ALargeFrameIsReadThrough) {
  const std::string text = TextOf(30'000'000);
  const Reading reading = ReadBytes(Zstd(text) + Zstd("1 {}\n"));
  EXPECT_EQ(reading.end, FileEnd::kWhole);
  EXPECT_TRUE(Joined(reading.lines) == text + "1 {}\n");
}

// --- Cut files ---------------------------------------------------------------------------------

TEST(RecordingReaderTest, FaultF6PlainTextCutAnywhereGivesItsLinesAndWhatIsThereOfTheLast) {
  const Lines lines = SomeLines(0, 8);
  const std::string text = Joined(lines);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const Reading reading = ReadBytes(text.substr(0, cut));
    EXPECT_EQ(reading.end, FileEnd::kWhole) << cut;
    const std::string joined = Joined(reading.lines);
    EXPECT_TRUE(text.starts_with(joined) || text.starts_with(joined.substr(0, cut))) << cut;
    EXPECT_GE(joined.size() + 1, cut) << cut;
  }
}

void ExpectCutsLoseOnlyTheEnd(const Packed& packed) {
  for (const bool salvage : {false, true}) {
    for (std::size_t cut = 0; cut <= packed.stored.size(); ++cut) {
      SCOPED_TRACE(testing::Message() << "cut at " << cut << " salvage " << salvage);
      const Reading reading = ReadBytes(packed.stored.substr(0, cut), salvage);
      const std::size_t frame = packed.FrameAt(cut);
      const bool between = cut == packed.stored_before[frame];
      ASSERT_EQ(reading.end, between ? FileEnd::kWhole : FileEnd::kCut) << reading.message;
      ASSERT_TRUE(IsPrefix(reading.lines, packed.lines));
      const std::size_t complete =
          frame < packed.lines_before.size() ? packed.lines_before[frame] : packed.lines.size();
      ASSERT_GE(reading.lines.size(), complete);
      ASSERT_EQ(reading.hole_count, 0);
      if (between) {
        ASSERT_EQ(reading.lines.size(), complete);
      }
      if (!between) {
        ASSERT_NE(reading.message.find("cut off"), std::string::npos);
      }
    }
  }
}

TEST(RecordingReaderTest, FaultF6GzipCutAnywhereLosesOnlyTheEnd) {
  ExpectCutsLoseOnlyTheEnd(PackFrames(3, 12, [](const auto& text) { return Gzip(text); }));
}

TEST(RecordingReaderTest, FaultF6ZstdCutAnywhereLosesOnlyTheEnd) {
  ExpectCutsLoseOnlyTheEnd(PackFrames(4, 12, ZstdFlushed));
}

TEST(RecordingReaderTest, FaultF6SkippableFrameCutAnywhereIsACut) {
  ExpectCutsLoseOnlyTheEnd(PackFrames(2, 3, [](const auto& text) { return Zstd(text); }));
  const std::string start = Zstd("1 {}\n"), skippable = Skippable("0123456789");
  for (std::size_t cut = 1; cut < skippable.size(); ++cut) {
    const Reading reading = ReadBytes(start + skippable.substr(0, cut));
    EXPECT_EQ(reading.end, FileEnd::kCut) << cut;
    EXPECT_EQ(reading.lines, Lines{"1 {}"}) << cut;
  }
}

TEST(RecordingReaderTest, ACutZstdFileGivesEverythingUpToItsLastFlush) {
  const Lines lines = SomeLines(0, 100);
  const std::string first = Joined(lines), second = Joined(SomeLines(100, 100));
  std::string stored = Zstd(first + second, {.flush_bytes = first.size()});
  stored.resize(stored.size() * 3 / 4);  // In the second block.
  const Reading reading = ReadBytes(stored);
  EXPECT_EQ(reading.end, FileEnd::kCut);
  EXPECT_EQ(reading.lines, lines);
}

TEST(RecordingReaderTest, ALastLineWithoutNewlineIsKeptBackWhenTheFileIsCut) {
  const std::string text = Joined(SomeLines(0, 50)) + "9 {\"begun\":";
  std::string zstd = Zstd(text + "\"ended\"}\n", {.flush_bytes = text.size()});
  zstd.resize(zstd.size() - 5);
  const Reading reading = ReadBytes(zstd);
  EXPECT_EQ(reading.end, FileEnd::kCut);
  EXPECT_EQ(reading.lines, SomeLines(0, 50));
}

// --- Damaged files -----------------------------------------------------------------------------

TEST(RecordingReaderTest, DamagedGzipSaysWhereAndThatItsLinesAreNotSure) {
  const Lines lines = SomeLines(0, 200);
  std::string stored = Gzip(Joined(lines));
  stored[stored.size() - 6] = static_cast<char>(stored[stored.size() - 6] ^ 4);  // In the CRC.
  const Reading reading = ReadBytes(Gzip("1 {}\n") + stored);
  EXPECT_EQ(reading.end, FileEnd::kDamaged);
  EXPECT_EQ(reading.lines, Lines{"1 {}"} + lines);
  for (const char* part : {"memory.zst", "at byte ", "incorrect data check", "201 good lines",
                           "already handed out may be wrong"}) {
    EXPECT_NE(reading.message.find(part), std::string::npos) << reading.message;
  }
}

TEST(RecordingReaderTest, FaultF6AnyFlippedBitInGzipIsReportedOrHarmless) {
  const Packed packed = PackFrames(2, 8, [](const auto& text) { return Gzip(text); });
  for (std::size_t bit = 0; bit < packed.stored.size() * 8; ++bit) {
    std::string stored = packed.stored;
    stored[bit / 8] = static_cast<char>(stored[bit / 8] ^ 1 << bit % 8);
    const Reading reading = ReadBytes(stored, bit % 2 == 0);
    // Nobody checks the time and the system in a header, nor the bits that fill the last byte.
    if (reading.end == FileEnd::kWhole) {
      EXPECT_EQ(reading.lines, packed.lines) << "bit " << bit;
    }
    EXPECT_EQ(reading.hole_count, 0);
    if (packed.FrameAt(bit / 8) == 1) {
      ASSERT_GE(reading.lines.size(), 8u) << "bit " << bit;
      EXPECT_TRUE(IsPrefix(Lines(reading.lines.begin(), reading.lines.begin() + 8), packed.lines));
    }
  }
}

TEST(RecordingReaderTest, BytesBehindGzipThatAreNoGzipAreDamage) {
  for (const std::string& tail : {std::string("text\n"), std::string(9, '\0') + "x",
                                  std::string(9, '\0') + Gzip("2 {}\n"), Zstd("2 {}\n")}) {
    const Reading reading = ReadBytes(Gzip("1 {}\n") + tail);
    EXPECT_EQ(reading.end, FileEnd::kDamaged);
    EXPECT_EQ(reading.lines, Lines{"1 {}"});
  }
}

TEST(RecordingReaderTest, FaultF6BytesBetweenZstdFramesAreDamage) {
  for (const std::string& between :
       {std::string("text\n"), std::string(5'000, '\0'), Gzip("2 {}\n")}) {
    const std::string stored = Zstd("1 {}\n") + between + Zstd("3 {}\n");
    const Reading stopped = ReadBytes(stored);
    EXPECT_EQ(stopped.end, FileEnd::kDamaged);
    EXPECT_EQ(stopped.lines, Lines{"1 {}"});
    const Reading salvaged = ReadBytes(stored, true);
    EXPECT_EQ(salvaged.end, FileEnd::kWhole);
    EXPECT_EQ(salvaged.lines, (Lines{"1 {}", std::string(kHoleLine), "3 {}"}));
    EXPECT_EQ(salvaged.message, "");
  }
}

// Proves for one flipped bit: without salvage everything before the damaged frame comes out, then
// the file is reported; with salvage every other frame comes out, with one hole. Of the damaged
// frame come no lines, or true ones.
void ExpectFlipIsContained(const Packed& packed, std::size_t bit) {
  std::string stored = packed.stored;
  stored[bit / 8] = static_cast<char>(stored[bit / 8] ^ 1 << bit % 8);
  const std::size_t frame = packed.FrameAt(bit / 8);
  const bool last = frame + 1 == packed.lines_before.size();

  const Reading stopped = ReadBytes(stored);
  ASSERT_TRUE(IsPrefix(stopped.lines, packed.lines));
  ASSERT_GE(stopped.lines.size(), packed.lines_before[frame]);
  if (stopped.end == FileEnd::kWhole) {
    ASSERT_EQ(stopped.lines, packed.lines);
  }
  if (stopped.end == FileEnd::kCut) {
    ASSERT_TRUE(last) << stopped.message;
  }

  const Reading salvaged = ReadBytes(stored, true);
  if (salvaged.lines == packed.lines) return;
  if (last) {
    ASSERT_NE(salvaged.end, FileEnd::kWhole);
    ASSERT_TRUE(IsPrefix(salvaged.lines, packed.lines));
    ASSERT_GE(salvaged.lines.size(), packed.lines_before[frame]);
    return;
  }
  ASSERT_EQ(salvaged.end, FileEnd::kWhole) << salvaged.message;
  ASSERT_EQ(salvaged.hole_count, 1);
  const Lines hole{std::string(kHoleLine)};
  const Lines its_lines = SomeLines(static_cast<int>(packed.lines_before[frame]),
                                    static_cast<int>(packed.lines_before[1]));
  // A flip that takes the checksum's flag away leaves a good frame with bytes behind it.
  ASSERT_TRUE(salvaged.lines == packed.Without(frame, hole) ||
              salvaged.lines == packed.Without(frame, its_lines + hole));
}

// In a short part every seventh: of each byte another one.
void ExpectEveryFlipIsContained(const Packed& packed) {
  for (std::size_t bit = 0; bit < packed.stored.size() * 8; bit += TakeShortPart() ? 7 : 1) {
    SCOPED_TRACE(testing::Message() << "bit " << bit << " of " << packed.stored.size() * 8);
    ASSERT_NO_FATAL_FAILURE(ExpectFlipIsContained(packed, bit));
  }
}

TEST(RecordingReaderTest, FaultF6AnyFlippedBitInZstdLosesAtMostItsFrame) {
  const Packed packed = PackFrames(4, 120, [](const auto& text) { return Zstd(text); });
  EXPECT_GT(packed.stored.size(), 2'800u);
  ExpectEveryFlipIsContained(packed);
}

TEST(RecordingReaderTest, FaultF6AnyFlippedBitInFlushedZstdLosesAtMostItsFrame) {
  ExpectEveryFlipIsContained(PackFrames(3, 10, ZstdFlushed));
}

TEST(RecordingReaderTest, FaultF6AnyFlippedBitInZstdOfKnownSizeLosesAtMostItsFrame) {
  ExpectEveryFlipIsContained(
      PackFrames(3, 10, [](const auto& text) { return Zstd(text, {.content_size = true}); }));
}

TEST(RecordingReaderTest, ACutFrameWhoseBytesAreNoTextIsDamaged) {
  const std::string good = Joined(SomeLines(0, 5));
  for (const std::string bad : {"\x01", "\x7f", "\xff", "\xc3(", "\xe2\x82(", "\x80"}) {
    std::string stored = Zstd(good + bad + good + good, {.flush_bytes = good.size() * 2});
    stored.resize(stored.size() - 5);
    const Reading reading = ReadBytes(Zstd("1 {}\n") + stored);
    EXPECT_EQ(reading.end, FileEnd::kDamaged);
    EXPECT_EQ(reading.lines, Lines{"1 {}"});
  }
  std::string stored = Zstd("1 {\"s\":\"币安人生\",\t\"é\":\"😀\"}\r\n" + good, {.flush_bytes = 60});
  stored.resize(stored.size() - 5);
  const Reading reading = ReadBytes(stored);
  EXPECT_EQ(reading.end, FileEnd::kCut);
  ASSERT_FALSE(reading.lines.empty());
  EXPECT_EQ(reading.lines[0], "1 {\"s\":\"币安人生\",\t\"é\":\"😀\"}");
}

TEST(RecordingReaderTest, StatusNamesPathOffsetReasonAndGoodLines) {
  const std::string first = Zstd("1 {}\n2 {}\n");
  std::string second = Zstd("3 {}\n");
  second.back() = static_cast<char>(second.back() ^ 1);
  const Reading reading = ReadBytes(first + second);
  for (const std::string& part :
       {std::string("memory.zst: "), "at byte " + std::to_string(first.size()) + ":",
        std::string("checksum"), std::string("2 good lines before it")}) {
    EXPECT_NE(reading.message.find(part), std::string::npos) << reading.message;
  }
}

TEST(RecordingReaderTest, StatusTellsOfAHoleUntilTheEnd) {
  const auto reader = OpenBytes(Zstd("1 {}\n") + "junk" + Zstd("2 {}\n"), true);
  std::string_view line;
  EXPECT_EQ(reader->Next(&line), ReadVerdict::kLine);
  EXPECT_TRUE(reader->status().ok());
  EXPECT_EQ(reader->Next(&line), ReadVerdict::kHole);
  EXPECT_FALSE(reader->status().ok());
  EXPECT_EQ(reader->hole_count(), 1);
  EXPECT_EQ(reader->Next(&line), ReadVerdict::kLine);
  EXPECT_EQ(line, "2 {}");
  EXPECT_EQ(reader->Next(&line), ReadVerdict::kEnd);
  EXPECT_EQ(reader->end(), FileEnd::kWhole);
  EXPECT_TRUE(reader->status().ok());
}

TEST(RecordingReaderTest, DamagedFramesInARowAreOneHoleAndApartTwo) {
  std::string bad = Zstd("0 {}\n");
  bad.back() = static_cast<char>(bad.back() ^ 1);
  const std::string a = Zstd("1 {}\n"), b = Zstd("2 {}\n"), c = Zstd("3 {}\n");
  const std::string hole(kHoleLine);
  EXPECT_EQ(ReadBytes(a + bad + bad + b, true).lines, (Lines{"1 {}", hole, "2 {}"}));
  EXPECT_EQ(ReadBytes(a + bad + b + bad + c, true).lines,
            (Lines{"1 {}", hole, "2 {}", hole, "3 {}"}));
  EXPECT_EQ(ReadBytes(bad + a, true).lines, (Lines{hole, "1 {}"}));
  const Reading nothing_after = ReadBytes(a + bad, true);
  EXPECT_EQ(nothing_after.lines, Lines{"1 {}"});
  EXPECT_EQ(nothing_after.end, FileEnd::kDamaged);
  EXPECT_EQ(nothing_after.hole_count, 0);
}

TEST(RecordingReaderTest, AfterAHoleARestOfALineIsNotTakenForOne) {
  std::string bad = Zstd("{}\n0 {}\n1723");
  bad.back() = static_cast<char>(bad.back() ^ 1);
  const Reading reading =
      ReadBytes(Zstd("1 {}\n2 ") + bad + Zstd("161 {}\n3 {}\n4 ") + Zstd("{}\n"), true);
  EXPECT_EQ(reading.lines, (Lines{"1 {}", std::string(kHoleLine), "3 {}", "4 {}"}));
}

TEST(RecordingReaderTest, DamageThenACutIsAHoleThenACut) {
  std::string bad = Zstd("0 {}\n");
  bad.back() = static_cast<char>(bad.back() ^ 1);
  std::string cut = Zstd(Joined(SomeLines(0, 20)), {.flush_bytes = 900});
  cut.resize(cut.size() - 5);
  const Reading reading = ReadBytes(bad + cut, true);
  EXPECT_EQ(reading.end, FileEnd::kCut);
  ASSERT_GT(reading.lines.size(), 5u);
  EXPECT_EQ(reading.lines[0], kHoleLine);
  EXPECT_TRUE(IsPrefix({reading.lines.begin() + 1, reading.lines.end()}, SomeLines(0, 20)));
}

TEST(RecordingReaderTest, DamageInALargeFrameKeepsWhatCameBeforeIt) {
  const std::string text = TextOf(20'000'000);
  std::string stored = Zstd(text);
  for (std::size_t i = 0; i < 2'000; ++i) stored[stored.size() * 4 / 5 + i] = '\x55';
  const std::string file = stored + Zstd("1 {}\n");
  const Reading stopped = ReadBytes(file);
  EXPECT_EQ(stopped.end, FileEnd::kDamaged);
  EXPECT_TRUE(text.starts_with(Joined(stopped.lines)));
  EXPECT_GT(stopped.lines.size(), 400'000u);
  const Reading salvaged = ReadBytes(file, true);
  EXPECT_EQ(salvaged.end, FileEnd::kWhole);
  EXPECT_EQ(salvaged.lines, (stopped.lines + Lines{std::string(kHoleLine), "1 {}"}));
}

TEST(RecordingReaderTest, JunkEndsWithoutHarm) {
  std::mt19937 random(7);
  for (const std::string& magic : {std::string(), Gzip("").substr(0, 10), Zstd("").substr(0, 4),
                                   Zstd("").substr(0, 6), std::string("\x50\x2a\x4d\x18", 4)}) {
    for (int round = 0; round < 300; ++round) {
      std::string junk = magic;
      for (std::size_t n = random() % 3'000; n > 0; --n) junk += static_cast<char>(random());
      const Reading reading = ReadBytes(junk, round % 2 == 0);
      EXPECT_NE(reading.end, FileEnd::kOpen);
      EXPECT_EQ(reading.end == FileEnd::kWhole, reading.message.empty());
    }
  }
}

TEST(RecordingReaderTest, AReadErrorIsDamageAfterEveryLineBeforeIt) {
  const Packed zstd = PackFrames(3, 20, ZstdFlushed);
  const Packed gzip = PackFrames(3, 20, [](const auto& text) { return Gzip(text); });
  const Packed plain = PackFrames(3, 20, [](const auto& text) { return text; });
  for (const Packed* packed : {&zstd, &gzip, &plain}) {
    for (std::size_t at = 1; at <= packed->stored.size(); ++at) {
      const auto reader = OpenFile(std::make_unique<MemoryFile>(packed->stored, 100, at), true);
      const Reading reading = ReadAll(*reader);
      ASSERT_EQ(reading.end, FileEnd::kDamaged) << at;
      ASSERT_TRUE(IsPrefix(reading.lines, packed->lines)) << at;
      const std::size_t frame = packed->FrameAt(at);
      const std::size_t complete =
          frame < packed->lines_before.size() ? packed->lines_before[frame] : packed->lines.size();
      ASSERT_GE(reading.lines.size(), complete) << at;
      ASSERT_NE(reading.message.find("at byte " + std::to_string(at) + ": cannot read on: Input"),
                std::string::npos)
          << reading.message;
    }
  }
}

// --- Files that cannot be opened ---------------------------------------------------------------

absl::Status OpenStatus(const std::string& path) {
  return RecordingReader::Open(path, {}).status();
}

TEST(RecordingReaderTest, AMissingFileIsNotFound) {
  const std::string path = testing::TempDir() + "thalweg_no_such_recording.zst";
  const absl::Status status = OpenStatus(path);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), path + ": No such file or directory");
}

TEST(RecordingReaderTest, ADirectoryIsUnavailable) {
  const absl::Status status = OpenStatus(testing::TempDir());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), testing::TempDir() + ": Is a directory");
}

TEST(RecordingReaderTest, AFileWhoseFirstByteCannotBeReadIsUnavailable) {
  const auto opened = RecordingReader::Open(std::make_unique<MemoryFile>("1 {}\n", 9, 0), {});
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(opened.status().message(), "memory.zst: Input/output error");
}

TEST(RecordingReaderTest, AForbiddenFileIsUnavailable) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const std::string path = testing::TempDir() + "thalweg_forbidden_" + std::to_string(getpid());
  std::ofstream(path) << "1 {}\n";
  chmod(path.c_str(), 0);
  const absl::Status status = OpenStatus(path);
  std::filesystem::remove(path);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), path + ": Permission denied");
}

TEST(RecordingReaderTest, AFileOnDiskIsReadWhateverItsNameIs) {
  const std::string path = testing::TempDir() + "thalweg_named_txt_" + std::to_string(getpid());
  std::ofstream(path, std::ios::binary) << Zstd("1 {}\n") << "junk" << Zstd("2 {}\n");
  auto reader = RecordingReader::Open(path, {.salvage = true});
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->path(), path);
  EXPECT_EQ((*reader)->bytes_total(), static_cast<std::int64_t>(std::filesystem::file_size(path)));
  EXPECT_EQ(ReadAll(**reader).lines, (Lines{"1 {}", std::string(kHoleLine), "2 {}"}));
  std::filesystem::remove(path);
}

// --- Real recordings ---------------------------------------------------------------------------

std::filesystem::path DataFolder() {
  const char* folder = std::getenv("THALWEG_DATA");
  if (folder != nullptr) return folder;
  return std::filesystem::path(THALWEG_SOURCE_DIR) / "../shared/data";
}

struct RealRecording {
  std::vector<const char*> files;
  std::int64_t lines;
};

TEST(RecordingReaderTest, EveryLineOfTheRealRecordingsIsAFrame) {
  if (!std::filesystem::exists(DataFolder())) {
    GTEST_SKIP() << "no real recordings at " << DataFolder() << "; THALWEG_DATA names their folder";
  }
  const std::vector<RealRecording> recordings{
      {{"spot-btcusdt-2024-08-08/btcusdt_20240808.gz",
        "spot-btcusdt-2024-08-08/btcusdt_20240809.gz"},
       99'574},
      {{"spot-nexousdt-2024-07-23/nexousdt_20240723.dat.gz",
        "spot-nexousdt-2024-07-23/nexousdt_20240724.dat.gz",
        "spot-nexousdt-2024-07-23/nexousdt_20240725.dat.gz"},
       166'840},
      {{"usdm-btcusdt-2023-04-04/btcusdt_20230404.dat.gz",
        "usdm-btcusdt-2023-04-04/btcusdt_20230405.dat.gz"},
       73'765},
      {{"usdm-ethusdt-2024-08-08/ethusdt_20240808.gz"}, 74'655},
      {{"coinm-btcusd_perp-2024-08-08/btcusd_perp_20240808.gz"}, 48'270},
  };
  for (const RealRecording& recording : recordings) {
    SCOPED_TRACE(recording.files[0]);
    std::int64_t frames = 0;
    ReceiveTime last;
    for (const char* file : recording.files) {
      auto reader = RecordingReader::Open(DataFolder() / file, {});
      ASSERT_TRUE(reader.ok()) << reader.status();
      std::string_view line;
      while ((*reader)->Next(&line) == ReadVerdict::kLine) {
        const RecordingLine parsed = ParseRecordingLine(line);
        ASSERT_EQ(parsed.kind, LineKind::kFrame) << parsed.reason << ": " << line.substr(0, 100);
        ASSERT_GE(parsed.receive_time, last);
        ASSERT_EQ(parsed.payload.back(), '}');
        last = parsed.receive_time;
        ++frames;
      }
      EXPECT_EQ((*reader)->end(), FileEnd::kWhole) << (*reader)->status();
      EXPECT_EQ((*reader)->bytes_read(), (*reader)->bytes_total());
    }
    EXPECT_EQ(frames, recording.lines);
  }
}

}  // namespace
}  // namespace thalweg
