#include "replay/capture_source.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "tests/replay/capture.h"
#include "tests/replay/stored_recordings.h"

namespace thalweg {
namespace {

constexpr std::string_view kTrade = R"({"stream":"aaausdt@trade","data":{"e":"trade","E":1}})";
constexpr std::string_view kOther = R"({"stream":"bbbusdt@trade","data":{"e":"trade","E":1}})";
constexpr std::string_view kMark = R"({"stream":"!markPrice@arr","data":[{"E":1}]})";
constexpr std::string_view kSnapshot = R"({"lastUpdateId":7,"bids":[],"asks":[]})";

// What a source gave and said.
struct Reading {
  std::vector<std::string> lines;    // As a recording has them.
  std::vector<std::string> symbols;  // Of each.
  std::vector<std::string> told;
  absl::Status status;
  CaptureCounts counts;
  std::optional<CaptureFormat> format;
};

Reading Read(std::string_view bytes, const CaptureSource::Options& options = {}) {
  const TemporaryFile file(bytes);
  Reading reading;
  auto source = CaptureSource::Open(
      file.path(), options, [&](std::string_view message) { reading.told.emplace_back(message); });
  EXPECT_TRUE(source.ok()) << source.status();
  CaptureLine line;
  while ((*source)->Next(&line)) {
    EXPECT_NE(line.line.kind, LineKind::kMalformed) << line.text;
    reading.lines.push_back(absl::StrCat(line.line.receive_time.raw(), " ", Abseil(line.text)));
    reading.symbols.emplace_back(line.symbol);
    if (line.line.kind == LineKind::kFrame) TouchPadding(line.line.payload);
  }
  EXPECT_FALSE((*source)->Next(&line)) << "The end stays the end.";
  reading.status = (*source)->status();
  reading.counts = (*source)->counts();
  reading.format = (*source)->format();
  return reading;
}

CaptureSource::Options WithTimeField(std::string_view path) {
  return {.time_field = *JsonPath::Parse(path)};
}

// Lines of ours, a millisecond apart.
std::string Recorded(const std::vector<std::string_view>& texts) {
  std::string recording;
  std::int64_t time = 1'700'000'000'000;
  for (const std::string_view text : texts) {
    absl::StrAppend(&recording, ++time, " ", Abseil(text), "\n");
  }
  return recording;
}

using Texts = std::vector<std::string>;

// --- Whose file it is -------------------------------------------------------------------------

TEST(CaptureSourceTest, ACaptureOfCryptofeedIsToldByItsFirstLine) {
  for (const std::string_view text :
       {"wss://x.y/stream?streams=aaausdt@trade <-> 1700000000.5\n",
        "https://x.y/api/v3/exchangeInfo -> 1700000000.5: {}\n", "1700000000.5: {}\n",
        "\n\nconfiguration: {}\n1700000000.5: {}\n"}) {
    const Reading reading = Read(text);
    EXPECT_EQ(reading.format, CaptureFormat::kCryptofeed) << text;
    EXPECT_EQ(reading.lines.size(), 1U) << text;
    EXPECT_TRUE(reading.status.ok()) << reading.status;
    EXPECT_EQ(reading.told, Texts());
  }
}

TEST(CaptureSourceTest, ACollectorsFileIsToldByItsFirstLine) {
  const Reading reading = Read(absl::StrCat("1723161256137225402 ", Abseil(kTrade), "\n"));
  EXPECT_EQ(reading.format, CaptureFormat::kRecording);
  EXPECT_EQ(reading.lines, Texts({absl::StrCat("1723161256137225402 ", Abseil(kTrade))}));
}

// As the recorders of 2023 wrote it: ": " stands in the text.
TEST(CaptureSourceTest, AReserialisedSnapshotIsNotTakenForALineOfCryptofeed) {
  const Reading reading =
      Read("1721749182850494 {\"lastUpdateId\": 7, \"bids\": [], \"asks\": []}\n");
  EXPECT_EQ(reading.format, CaptureFormat::kRecording);
  EXPECT_EQ(reading.lines.size(), 1U);
}

TEST(CaptureSourceTest, PackedFilesAreRead) {
  const std::string text = Recorded({kTrade, kOther});
  for (const std::string& bytes : {text, Gzip(text), Zstd(text)}) {
    EXPECT_EQ(Read(bytes).lines.size(), 2U);
  }
}

TEST(CaptureSourceTest, JunkBeforeTheFirstLineIsToldAndDoesNotDecide) {
  const Reading reading = Read("junk\n1700000000.5: {}\n1700000000000 {}\n");
  EXPECT_EQ(reading.format, CaptureFormat::kCryptofeed);
  EXPECT_EQ(reading.lines, Texts({"1700000000500000000 {}"}));
  EXPECT_EQ(reading.counts.lines, 3);
  EXPECT_EQ(reading.counts.malformed_lines, 2);
  ASSERT_EQ(reading.told.size(), 2U);
  EXPECT_EQ(reading.told[0], "no line of a capture: no program is known that writes such lines");
  EXPECT_EQ(reading.told[1], "no line of a capture: no ': ' after a time");
  EXPECT_TRUE(reading.status.ok());
}

TEST(CaptureSourceTest, AFileOfJunkIsRefused) {
  const Reading reading = Read("Dear reader,\nthis is a letter.\n");
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(reading.status.message().find("nothing in it is a line"), std::string::npos);
}

TEST(CaptureSourceTest, AnEmptyFileIsToldAndNoError) {
  const Reading reading = Read("\n\n");
  EXPECT_TRUE(reading.status.ok());
  EXPECT_EQ(reading.told, Texts({"holds no line"}));
}

// --- JSON lines -------------------------------------------------------------------------------

TEST(CaptureSourceTest, AJsonLineKeepsItsBytesAndTakesItsTimeFromTheField) {
  const Reading reading =
      Read(absl::StrCat(R"( {"stream": "x@trade", "data":{"E":1700000000123}} )", "\n",
                        R"({"data":{"E":"1700000000.5"}})", "\n"),
           WithTimeField("data.E"));
  EXPECT_EQ(reading.format, CaptureFormat::kJsonLines);
  EXPECT_EQ(reading.lines,
            Texts({R"(1700000000123000000 {"stream": "x@trade", "data":{"E":1700000000123}})",
                   R"(1700000000500000000 {"data":{"E":"1700000000.5"}})"}));
  EXPECT_EQ(reading.told, Texts());
}

TEST(CaptureSourceTest, JsonLinesWithoutATimeFieldAreWrongUsage) {
  const Reading reading = Read("\n{\"E\":1700000000123}\n");
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(reading.status.message().find(":2: "), std::string::npos) << reading.status;
  EXPECT_NE(reading.status.message().find("--time-field"), std::string::npos);
}

TEST(CaptureSourceTest, AJsonLineWithoutItsTimeIsToldAndSteppedOver) {
  const Reading reading =
      Read("{\"E\":1700000000123}\n{\"T\":1700000000124}\n{\"E\":-5}\n[1]\n{\"E\":1700000000125}\n",
           WithTimeField("E"));
  EXPECT_EQ(reading.lines, Texts({R"(1700000000123000000 {"E":1700000000123})",
                                  R"(1700000000125000000 {"E":1700000000125})"}));
  ASSERT_EQ(reading.told.size(), 3U);
  EXPECT_EQ(reading.told[0], "no line of a capture: it has no such time field");
  EXPECT_EQ(reading.told[1].substr(0, 34), "no line of a capture: its time is ");
  EXPECT_EQ(reading.told[2], "no line of a capture: no JSON object");
}

TEST(CaptureSourceTest, AFileWithoutAnyTimeFieldIsRefusedByTheFieldsName) {
  const Reading reading = Read("{\"T\":1700000000124}\n", WithTimeField("data.E"));
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(reading.status.message().find("'data.E' (--time-field)"), std::string::npos)
      << reading.status;
}

// --- Recordings -------------------------------------------------------------------------------

TEST(CaptureSourceTest, LinesOfARecordingPassWithTheirTimeInNanoseconds) {
  const Reading reading = Read(
      "1700000000001 #conn 3 open wss://x.y/ws/aaausdt@trade\n"
      "1700000000002000 #rest GET /api/v3/depth?symbol=AAAUSDT&limit=5 {\"lastUpdateId\":1}\n"
      "1700000000003000000 #drop 2 depth BBBUSDT\n"
      "1700000000004 #note what it says\n");
  EXPECT_EQ(reading.lines,
            Texts({"1700000000001000000 #conn 3 open wss://x.y/ws/aaausdt@trade",
                   "1700000000002000000 #rest GET /api/v3/depth?symbol=AAAUSDT&limit=5 "
                   "{\"lastUpdateId\":1}",
                   "1700000000003000000 #drop 2 depth BBBUSDT",
                   "1700000000004000000 #note what it says"}));
  EXPECT_EQ(reading.symbols, Texts({"", "AAAUSDT", "BBBUSDT", ""}));
}

TEST(CaptureSourceTest, ATimeThatARecordingCannotHoldIsMalformed) {
  const Reading reading = Read("5 {}\n1700000000001 {}\n");
  EXPECT_EQ(reading.lines, Texts({"1700000000001000000 {}"}));
  EXPECT_EQ(reading.counts.malformed_lines, 1);
}

// --- Symbols ----------------------------------------------------------------------------------

TEST(CaptureSourceTest, AFrameNamesItsSymbol) {
  const Reading reading =
      Read(Recorded({kTrade, R"({"e":"trade","E":1,"s":"CCCUSDT","t":1})", kMark,
                     R"({"stream":"aaausdt@markPrice@1s","data":{"E":1}})", "{\"id\":1}"}));
  EXPECT_EQ(reading.symbols, Texts({"AAAUSDT", "CCCUSDT", "", "AAAUSDT", ""}));
}

TEST(CaptureSourceTest, ABareSnapshotIsOfTheSymbolThatTheFramesName) {
  EXPECT_EQ(Read(Recorded({kTrade, kSnapshot})).symbols, Texts({"AAAUSDT", "AAAUSDT"}));
}

TEST(CaptureSourceTest, ABareSnapshotBeforeAnyFrameWaitsForTheFirstOne) {
  const Reading reading = Read(Recorded({kSnapshot, kMark, kSnapshot, kTrade, kOther}));
  EXPECT_EQ(reading.symbols, Texts({"AAAUSDT", "", "AAAUSDT", "AAAUSDT", "BBBUSDT"}));
  EXPECT_EQ(reading.lines[0].substr(20), kSnapshot) << "It keeps its place.";
  EXPECT_EQ(reading.lines[1].substr(20), kMark);
}

TEST(CaptureSourceTest, ABareSnapshotBehindASecondSymbolIsOfNobody) {
  EXPECT_EQ(Read(Recorded({kTrade, kOther, kSnapshot})).symbols, Texts({"AAAUSDT", "BBBUSDT", ""}));
}

TEST(CaptureSourceTest, ABareSnapshotWaitsOverABoundedNumberOfLines) {
  const auto symbol_behind = [](std::size_t lines) {
    std::vector<std::string_view> texts(1 + lines, kMark);
    texts.front() = kSnapshot;
    texts.push_back(kTrade);
    return Read(Recorded(texts)).symbols.front();
  };
  EXPECT_EQ(symbol_behind(kLinesReadAhead - 2), "AAAUSDT");
  EXPECT_EQ(symbol_behind(kLinesReadAhead - 1), "");
}

TEST(CaptureSourceTest, ABareSnapshotAloneIsOfNobody) {
  EXPECT_EQ(Read(Recorded({kSnapshot})).symbols, Texts({""}));
}

// --- Connections ------------------------------------------------------------------------------

TEST(CaptureSourceTest, AConnectionThatIsOpenedAgainWasClosedBefore) {
  const Reading reading = Read(
      "wss://x.y/ws <-> 1700000000.5\n1700000001.5: {}\n"
      "wss://x.y/ws <-> 1700000002.5\nwss://x.y/ws <- 1700000002.6: {}\n1700000003.5: {}\n");
  EXPECT_EQ(reading.lines,
            Texts({"1700000000500000000 #conn 1 open wss://x.y/ws", "1700000001500000000 {}",
                   "1700000002500000000 #conn 1 close 1006",
                   "1700000002500000000 #conn 1 open wss://x.y/ws", "1700000003500000000 {}"}));
  EXPECT_EQ(reading.counts.other_lines, 1);
}

// --- Files that are not whole -----------------------------------------------------------------

TEST(CaptureSourceTest, EveryWholeLineBeforeACutIsUsed) {
  std::string text;
  for (int i = 0; i < 2'000; ++i)
    absl::StrAppend(&text, 1'700'000'000 + i, ".5: {\"n\":", i, "}\n");
  const std::string packed = Gzip(text);
  const Reading reading = Read(packed.substr(0, packed.size() - 200));
  EXPECT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_GT(reading.lines.size(), 1'000U);
  EXPECT_LT(reading.lines.size(), 2'000U);
  ASSERT_EQ(reading.told.size(), 1U);
  EXPECT_NE(reading.told[0].find("its end is cut"), std::string::npos) << reading.told[0];
  EXPECT_EQ(reading.counts.malformed_lines, 0);
}

std::string WithDamage(std::string bytes) {
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
  return bytes;
}

TEST(CaptureSourceTest, DamageEndsTheFileAndWhatIsBeforeItIsUsed) {
  const std::string good = Zstd(Recorded({kTrade}));
  const Reading reading = Read(good + WithDamage(good) + good);
  EXPECT_EQ(reading.lines.size(), 1U);
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(reading.status.message().find("at byte "), std::string::npos) << reading.status;
}

TEST(CaptureSourceTest, SalvagedDamageBecomesALossAtItsPlace) {
  const std::string first = Zstd(Recorded({kTrade}));
  const std::string last = Zstd(absl::StrCat("1700000000500 ", Abseil(kOther), "\n"));
  const Reading reading = Read(first + WithDamage(first) + last, {.salvage = true});
  EXPECT_TRUE(reading.status.ok()) << reading.status;
  ASSERT_EQ(reading.lines.size(), 3U);
  EXPECT_EQ(reading.lines[1], "1700000000001000000 #lost 1 the imported file is damaged here");
  EXPECT_EQ(reading.counts.holes, 1);
  EXPECT_EQ(reading.told.size(), 1U);
}

TEST(CaptureSourceTest, NothingIsLostBeforeTheFirstLine) {
  const std::string good = Zstd(Recorded({kTrade}));
  const Reading reading = Read(WithDamage(good) + good, {.salvage = true});
  EXPECT_EQ(reading.lines.size(), 1U);
  EXPECT_EQ(reading.counts.holes, 1);
}

TEST(CaptureSourceTest, AFileThatIsNotThereIsNamed) {
  const auto source = CaptureSource::Open("/nonexistent/file", {}, [](std::string_view) {});
  EXPECT_EQ(source.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(source.status().message().find("/nonexistent/file"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
