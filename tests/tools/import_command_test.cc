// `thalweg import`: what it makes of small captures and of the real ones, and every way in which it
// refuses.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "tests/tools/csv_table.h"
#include "tests/tools/market_script.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A line of a script, `<ns> <payload>`, as cryptofeed writes it.
std::string CryptofeedLine(const std::string& line) {
  const std::size_t blank = line.find(' ');
  return line.substr(0, blank - 9) + "." + line.substr(blank - 9, 9) + ": " +
         line.substr(blank + 1) + "\n";
}

class ImportCommandTest : public testing::Test {
 protected:
  ProgramResult Import(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "import");
    arguments.insert(arguments.end(), {"--out", out_});
    return RunThalweg(arguments);
  }
  // Imports one file with this text.
  ProgramResult ImportText(const std::string& text,
                           const std::vector<std::string>& options = {}) const {
    std::vector<std::string> arguments{folder_.Write("source", text)};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return Import(arguments);
  }
  ProgramResult Replay(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "replay");
    return RunThalweg(arguments);
  }
  bool HasOutput() const { return std::filesystem::exists(out_); }
  // The lines of the recording that was made, as an export of one symbol shows them.
  std::string Exported() const { return RunThalweg({"export", out_, "--out", "-"}).out; }

  TestFolder folder_;
  const std::string out_ = folder_.PathOf("out.zst");
};

// --- Sources ----------------------------------------------------------------------------------

TEST_F(ImportCommandTest, ACaptureOfCryptofeedIsReplayedLikeTheFeedItWasMadeOf) {
  MarketScript script;
  script.RestSnapshot();
  script.Run(50);
  const std::string feed = folder_.Write("feed.txt", script.text());
  std::string connection = "wss://x.y/stream?streams=demousdt@depth <-> 1732154399.5\n\n";
  std::string requests = "configuration: {\"l2_book\": [\"DEMO-USDT\"]}\n";
  for (const std::string& line : script.lines()) {
    const std::string rest = " #rest GET ";
    const std::size_t at = line.find(rest);
    if (at == std::string::npos) {
      connection += CryptofeedLine(line) + "\n";
      continue;
    }
    const std::size_t target = at + rest.size();
    const std::size_t body = line.find(' ', target) + 1;
    const std::string timed = CryptofeedLine(line.substr(0, at + 1) + line.substr(body));
    requests += "https://x.y" + line.substr(target, body - target) + "-> " + timed;
  }
  const ProgramResult imported =
      Import({folder_.Write("http.gz", Gzip(requests)), folder_.Write("ws.zst", Zstd(connection))});
  EXPECT_EQ(imported.exit_status, 0) << imported.err;
  EXPECT_TRUE(Holds(imported.err, "152 lines: 150 frames, 1 REST answers, 0 bare snapshots"))
      << imported.err;
  const ProgramResult original = Replay({feed, "--emit", "all", "--digest", "--strict"});
  const ProgramResult replayed = Replay({out_, "--emit", "all", "--digest", "--strict"});
  EXPECT_EQ(replayed.exit_status, 0) << replayed.err;
  EXPECT_TRUE(Holds(original.out, "records 1"));
  EXPECT_EQ(replayed.out, original.out);
}

TEST_F(ImportCommandTest, ACollectorsFileIsReplayedToTheSameDigest) {
  MarketScript script;
  script.Start(50);
  const std::string feed = folder_.Write("feed.gz", Gzip(script.text()));
  ASSERT_EQ(Import({feed}).exit_status, 0);
  const ProgramResult original = Replay({feed, "--emit", "all", "--digest"});
  EXPECT_TRUE(Holds(original.out, "records 15")) << original.out;
  EXPECT_EQ(Replay({out_, "--emit", "all", "--digest"}).out, original.out);
}

TEST_F(ImportCommandTest, FilesOfOneSymbolEachBecomeOneRecordingThatSynchronisesBoth) {
  MarketScript first(MarketScript::Names{"AAAUSDT", "aaausdt"});
  MarketScript second(MarketScript::Names{"BBBUSDT", "bbbusdt"});
  first.Start(20);
  second.Start(30);
  const std::vector<std::string> sources{folder_.Write("a.gz", Gzip(first.text())),
                                         folder_.Write("b.gz", Gzip(second.text()))};
  const ProgramResult imported = Import({sources[0], sources[1], "--snapshot-limit", "1000"});
  EXPECT_EQ(imported.exit_status, 0) << imported.err;
  const std::string books = folder_.PathOf("{symbol}.txt");
  const ProgramResult replayed = Replay({out_, "--strict", "--final-book", books});
  EXPECT_EQ(replayed.exit_status, 0) << replayed.err;
  EXPECT_EQ(ReadWholeFile(folder_.PathOf("AAAUSDT.txt")), first.FinalBookText());
  EXPECT_EQ(ReadWholeFile(folder_.PathOf("BBBUSDT.txt")), second.FinalBookText());
}

TEST_F(ImportCommandTest, BareSnapshotsOfSeveralSymbolsAreToldOf) {
  MarketScript first(MarketScript::Names{"AAAUSDT", "aaausdt"});
  MarketScript second(MarketScript::Names{"BBBUSDT", "bbbusdt"});
  first.Start(5);
  second.Start(5);
  const ProgramResult imported =
      Import({folder_.Write("a", first.text()), folder_.Write("b", second.text())});
  EXPECT_EQ(imported.exit_status, 0);
  EXPECT_TRUE(Holds(imported.err, "2 bare snapshots")) << imported.err;
  EXPECT_TRUE(Holds(imported.err, "AAAUSDT, BBBUSDT are in one recording: --snapshot-limit"));
}

TEST_F(ImportCommandTest, LinesOfJsonTakeTheirTimeFromTheField) {
  const std::string frame = R"({"stream":"x@trade","data":{"e":"trade","E":1700000000123}})";
  EXPECT_EQ(ImportText(frame + "\n", {"--time-field", "data.E"}).exit_status, 0);
  EXPECT_EQ(Exported(), "1700000000123000000 " + frame + "\n");
}

TEST_F(ImportCommandTest, ImportAndExportAndImportAgainGiveTheSameRecording) {
  MarketScript script;
  script.Start(40);
  ASSERT_EQ(ImportText(script.text()).exit_status, 0);
  const std::string collected = folder_.PathOf("collected.gz");
  ASSERT_EQ(RunThalweg({"export", out_, "--out", collected}).exit_status, 0);
  const std::string again = folder_.PathOf("again.zst");
  ASSERT_EQ(RunThalweg({"import", collected, "--out", again}).exit_status, 0);
  EXPECT_GT(ReadWholeFile(out_).size(), 1'000U);
  EXPECT_EQ(ReadWholeFile(again), ReadWholeFile(out_));
}

TEST_F(ImportCommandTest, OnlyTheSymbolsAskedForAreImported) {
  MarketScript first(MarketScript::Names{"AAAUSDT", "aaausdt"});
  MarketScript second(MarketScript::Names{"BBBUSDT", "bbbusdt"});
  first.Run(5);
  second.Run(5);
  const ProgramResult imported = ImportText(first.text() + second.text(), {"--symbols", "BBBUSDT"});
  EXPECT_EQ(imported.exit_status, 0);
  EXPECT_TRUE(Holds(imported.err, "15 lines of symbols that were not asked for")) << imported.err;
  EXPECT_FALSE(Holds(Exported(), "aaausdt"));
  EXPECT_TRUE(Holds(Exported(), "bbbusdt"));
}

TEST_F(ImportCommandTest, ASymbolThatNeverAppearsIsBadData) {
  MarketScript script;
  script.Run(1);
  const ProgramResult imported = ImportText(script.text(), {"--symbols", "DEMOUSDT,ABSENT"});
  EXPECT_EQ(imported.exit_status, 1);
  EXPECT_TRUE(Holds(imported.err, "ABSENT never appears; symbols seen: DEMOUSDT")) << imported.err;
}

// --- Bad input --------------------------------------------------------------------------------

TEST_F(ImportCommandTest, AMalformedLineIsToldAndNothingGoodIsLost) {
  const ProgramResult imported =
      ImportText("1700000000.1: {\"s\":\"A\"}\n\njunk\n1700000000.2: {\"s\":\"A\"}\n");
  EXPECT_EQ(imported.exit_status, 0);
  EXPECT_TRUE(Holds(imported.err, folder_.PathOf("source") + ":3: no line of a capture: neither"))
      << imported.err;
  EXPECT_TRUE(Holds(imported.err, "2 lines: 2 frames"));
  EXPECT_TRUE(Holds(imported.err, "1 malformed lines"));
}

TEST_F(ImportCommandTest, ManyMalformedLinesAreCounted) {
  std::string text = "1700000000.1: {}\n";
  for (int i = 0; i < 50; ++i) text += "junk\n";
  const ProgramResult imported = ImportText(text);
  EXPECT_EQ(imported.exit_status, 0);
  EXPECT_TRUE(Holds(imported.err, ":9: "));
  EXPECT_FALSE(Holds(imported.err, ":10: "));
  EXPECT_TRUE(Holds(imported.err, "42 more messages like these"));
  EXPECT_TRUE(Holds(imported.err, "50 malformed lines"));
}

TEST_F(ImportCommandTest, AFileWhoseEndIsCutIsImportedUpToThere) {
  MarketScript script;
  script.Start(400);
  const std::string packed = Gzip(script.text());
  const ProgramResult imported =
      Import({folder_.Write("cut.gz", packed.substr(0, packed.size() - 300))});
  EXPECT_EQ(imported.exit_status, 0) << imported.err;
  EXPECT_TRUE(Holds(imported.err, "cut.gz:")) << imported.err;
  EXPECT_TRUE(Holds(imported.err, "its end is cut"));
  const std::string lines = Exported();
  EXPECT_GT(std::count(lines.begin(), lines.end(), '\n'), 900);
}

TEST_F(ImportCommandTest, ADamagedFileEndsWithStatusThreeBehindItsGoodLines) {
  MarketScript script;
  script.Start(100);
  const std::string good = Zstd(script.text());
  const std::string bytes = good + WithFlippedBit(good, good.size() / 2) + good;
  const std::string source = folder_.Write("damaged.zst", bytes);
  const ProgramResult imported = Import({source});
  EXPECT_EQ(imported.exit_status, 3);
  EXPECT_TRUE(Holds(imported.err, source + ": at byte " + std::to_string(good.size())))
      << imported.err;
  EXPECT_TRUE(Holds(imported.err, "301 lines: 300 frames"));

  const std::string salvaged = folder_.PathOf("salvaged.zst");
  const ProgramResult again = RunThalweg({"import", source, "--salvage", "--out", salvaged});
  EXPECT_EQ(again.exit_status, 0);
  EXPECT_TRUE(Holds(again.err, "603 lines: 600 frames")) << again.err;
  EXPECT_TRUE(Holds(again.err, "1 damaged places stepped over"));
}

TEST_F(ImportCommandTest, AFileOfJunkMakesNoRecording) {
  const ProgramResult imported = ImportText("Dear reader,\nthis is a letter.\n");
  EXPECT_EQ(imported.exit_status, 3);
  EXPECT_TRUE(Holds(imported.err, folder_.PathOf("source") + ": nothing in it is a line"))
      << imported.err;
  EXPECT_FALSE(HasOutput());
}

TEST_F(ImportCommandTest, NoLineAtAllMakesNoRecording) {
  const ProgramResult imported = ImportText("\n\n");
  EXPECT_EQ(imported.exit_status, 3);
  EXPECT_TRUE(Holds(imported.err, "holds no line")) << imported.err;
  EXPECT_TRUE(Holds(imported.err, "no line to import"));
  EXPECT_FALSE(HasOutput());
}

TEST_F(ImportCommandTest, AMissingFileIsNamedBeforeAnythingIsMade) {
  const std::string missing = folder_.PathOf("missing");
  const ProgramResult imported = Import({folder_.Write("good", "1700000000.1: {}\n"), missing});
  EXPECT_EQ(imported.exit_status, 3);
  EXPECT_TRUE(Holds(imported.err, missing + ": No such file")) << imported.err;
  EXPECT_FALSE(HasOutput());
}

// --- Output and options -----------------------------------------------------------------------

TEST_F(ImportCommandTest, ARecordingThatExistsIsNeverReplaced) {
  folder_.Write("out.zst", "precious");
  const ProgramResult imported = ImportText("1700000000.1: {}\n");
  EXPECT_EQ(imported.exit_status, 3);
  EXPECT_TRUE(Holds(imported.err, out_ + ": File exists; recordings are never replaced"))
      << imported.err;
  EXPECT_EQ(ReadWholeFile(out_), "precious");
}

TEST_F(ImportCommandTest, ARecordingThatCannotBeMadeIsNamed) {
  const std::string path = folder_.PathOf("absent/out.zst");
  const ProgramResult imported =
      RunThalweg({"import", folder_.Write("good", "1700000000.1: {}\n"), "--out", path});
  EXPECT_EQ(imported.exit_status, 3);
  EXPECT_TRUE(Holds(imported.err, path + ": No such file")) << imported.err;
}

TEST_F(ImportCommandTest, WrongUsageNamesTheOptionAndTheValue) {
  struct Case {
    std::vector<std::string> options;
    std::string message;
  };
  const std::string frame = "1700000000.1: {}\n";
  for (const Case& wrong : std::vector<Case>{
           {{"--snapshot-limit", "0"}, "--snapshot-limit: '0' is not a number in [1, 5000]"},
           {{"--snapshot-limit", "5001"}, "--snapshot-limit: '5001'"},
           {{"--snapshot-limit", "many"}, "--snapshot-limit: 'many'"},
           {{"--time-field", "data..E"}, "--time-field: 'data..E'"},
           {{"--time-field", "E"}, "--time-field: E: there is no file of JSON lines"},
           {{"--symbols", " , "}, "--symbols: ' , ' names no symbol"},
           {{"--symbols", "A,A"}, "--symbols: 'A,A' names a symbol twice"},
           {{"--unheard-of"}, "--unheard-of"}}) {
    const ProgramResult imported = ImportText(frame, wrong.options);
    EXPECT_EQ(imported.exit_status, 2) << imported.err;
    EXPECT_TRUE(Holds(imported.err, wrong.message)) << imported.err;
    EXPECT_FALSE(HasOutput()) << wrong.message;
  }
  const std::string source = folder_.Write("good", frame);
  const ProgramResult unnamed = RunThalweg({"import", source});
  EXPECT_EQ(unnamed.exit_status, 2);
  EXPECT_TRUE(Holds(unnamed.err, "--out")) << unnamed.err;
  const ProgramResult text = RunThalweg({"import", source, "--out", folder_.PathOf("out.txt")});
  EXPECT_EQ(text.exit_status, 2);
  EXPECT_TRUE(Holds(text.err, "does not end in .zst")) << text.err;
  EXPECT_EQ(RunThalweg({"import", "--out", out_}).exit_status, 2);
}

TEST_F(ImportCommandTest, LinesOfJsonWithoutATimeFieldAreWrongUsage) {
  const ProgramResult imported = ImportText("{\"E\":1700000000123}\n");
  EXPECT_EQ(imported.exit_status, 2);
  EXPECT_TRUE(Holds(imported.err, folder_.PathOf("source") + ":1: ")) << imported.err;
  EXPECT_TRUE(Holds(imported.err, "--time-field"));
  EXPECT_FALSE(HasOutput());
}

TEST_F(ImportCommandTest, ATimeFieldThatNoLineHasIsNamed) {
  const ProgramResult imported = ImportText("{\"E\":1700000000123}\n", {"--time-field", "T"});
  EXPECT_EQ(imported.exit_status, 3);
  EXPECT_TRUE(Holds(imported.err, "no line of it has a time at 'T'")) << imported.err;
  EXPECT_FALSE(HasOutput());
}

// --- Real captures ----------------------------------------------------------------------------

std::filesystem::path DataFolder() {
  const char* const named = std::getenv("THALWEG_DATA");
  if (named != nullptr) return named;
  return std::filesystem::path(THALWEG_SOURCE_DIR) / ".." / "shared" / "data";
}

class RealCaptureTest : public ImportCommandTest,
                        public testing::WithParamInterface<const char*> {};

// Every other fact of these captures: tests/replay/recorded_facts_test.cc.
TEST_P(RealCaptureTest, EndsWithTheKnownBookOfEverySymbol) {
  const std::filesystem::path facts_path = DataFolder() / "reference-facts.json";
  std::error_code error;
  if (!std::filesystem::exists(facts_path, error)) {
    GTEST_SKIP() << "no real recordings: set THALWEG_DATA to the folder that holds "
                    "reference-facts.json";
  }
  std::vector<std::string> sources;
  for (const auto& entry : std::filesystem::directory_iterator(DataFolder() / GetParam())) {
    sources.push_back(entry.path().string());
  }
  const ProgramResult imported = Import(sources);
  EXPECT_EQ(imported.exit_status, 0) << imported.err;
  const ProgramResult replayed =
      Replay({out_, "--strict", "--final-book", folder_.PathOf("{symbol}.txt")});
  EXPECT_EQ(replayed.exit_status, 0) << replayed.err;

  simdjson::dom::parser parser;
  simdjson::dom::element facts;
  ASSERT_EQ(parser.load(facts_path.string()).get(facts), simdjson::SUCCESS);
  std::size_t symbols = 0;
  for (const auto field : simdjson::dom::object(facts[GetParam()])) {
    const std::string symbol(field.key);
    const std::string sum =
        RunProgram("sha256sum", {folder_.PathOf(symbol + ".txt")}).out.substr(0, 64);
    EXPECT_EQ(sum, std::string_view(field.value["final_book_sha256"])) << symbol;
    const std::int64_t audits = field.value["bookTicker_frames_with_same_u"];
    const std::string equal = std::to_string(audits) + " of " + std::to_string(audits) + " equal";
    bool told = false;
    for (const std::string& line : SplitText(replayed.err, '\n')) {
      told = told || (line.starts_with(symbol + ": live") && Holds(line, "audits " + equal));
    }
    EXPECT_TRUE(told) << symbol << ": " << equal << "\n" << replayed.err;
    ++symbols;
  }
  EXPECT_EQ(symbols, 4U);
}

INSTANTIATE_TEST_SUITE_P(Captures, RealCaptureTest,
                         testing::Values("cryptofeed-binance-spot-2021-10-12",
                                         "cryptofeed-binance-usdm-2021-07-22"),
                         [](const testing::TestParamInfo<const char*>& capture) {
                           std::string name = capture.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace thalweg
