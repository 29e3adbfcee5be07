// The files that `thalweg replay` writes: ladders and final books checked against the script's own
// book, and every way in which an output cannot be what was asked for.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/tools/csv_table.h"
#include "tests/tools/market_script.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

using testing::Test;

constexpr std::int64_t kLadderLevels = 15;

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class OutputsTest : public Test {
 protected:
  ProgramResult Replay(const std::vector<std::string>& arguments,
                       const ProgramSurroundings& surroundings = {}) const {
    std::vector<std::string> all{"replay", recording_};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return RunThalweg(all, surroundings);
  }
  void Record(const MarketScript& script) {
    text_ = script.text();
    recording_ = folder_.Write("recording.txt", text_);
  }
  void RecordSteps(int steps) {
    MarketScript script;
    script.Start(steps);
    Record(script);
  }

  TestFolder folder_;
  std::string text_;
  std::string recording_;
};

// --- Ladders -----------------------------------------------------------------------------------

// One bucket of a compact ladder, in cents and thousandths.
struct Bucket {
  std::int64_t label;
  std::int64_t qty;
  std::int64_t notional;  // Cents times thousandths.
};

std::vector<Bucket> CompactLadder(const ScriptBook& book, bool bids, std::int64_t size) {
  std::vector<Bucket> ladder;
  const auto add = [&](std::int64_t cents, std::int64_t qty) {
    const std::int64_t label = bids ? cents / size * size : (cents + size - 1) / size * size;
    if (ladder.empty() || ladder.back().label != label) ladder.push_back({label, 0, 0});
    ladder.back().qty += qty;
    ladder.back().notional += cents * qty;
  };
  if (bids) {
    for (const auto& [cents, qty] : book.bids) add(cents, qty);
  } else {
    for (const auto& [cents, qty] : book.asks) add(cents, qty);
  }
  if (ladder.size() > kLadderLevels) ladder.resize(kLadderLevels);
  return ladder;
}

void ExpectNear(double value, double expected, const std::string& column) {
  EXPECT_NEAR(value, expected, 1e-9 * std::abs(expected)) << column;
}

// Checks one side of a row; answers the side's quantity in thousandths.
std::int64_t ExpectSide(const CsvTable& table, std::size_t row, const std::vector<Bucket>& ladder,
                        const std::string& side) {
  std::int64_t qty = 0;
  std::int64_t notional = 0;
  EXPECT_EQ(table.Integer(row, "complete_levels_" + side),
            static_cast<std::int64_t>(ladder.size()));
  for (std::size_t i = 0; i < kLadderLevels; ++i) {
    const std::string rank = "_" + std::to_string(i + 1);
    const auto cell = [&](const std::string& name) {
      return table.Number(row, side + "_" + name + rank);
    };
    if (i >= ladder.size()) {
      for (const char* name : {"price", "qty", "cum_qty", "cum_usd"}) {
        EXPECT_TRUE(std::isnan(cell(name))) << side << name << rank;
      }
      continue;
    }
    qty += ladder[i].qty;
    notional += ladder[i].notional;
    EXPECT_EQ(cell("price"), static_cast<double>(ladder[i].label) / 100.0) << rank;
    ExpectNear(cell("qty"), static_cast<double>(ladder[i].qty) / 1e3, side + "_qty" + rank);
    ExpectNear(cell("cum_qty"), static_cast<double>(qty) / 1e3, side + "_cum_qty" + rank);
    ExpectNear(cell("cum_usd"), static_cast<double>(notional) / 1e5, side + "_cum_usd" + rank);
  }
  return qty;
}

TEST_F(OutputsTest, TheLadderHeaderIsTheContract) {
  RecordSteps(1);
  const CsvTable table(Replay({"--ladders", "-"}).out);
  std::vector<std::string> expected{"event_ns",
                                    "update_id",
                                    "symbol",
                                    "tick_size",
                                    "best_bid",
                                    "best_ask",
                                    "spread",
                                    "spread_pct",
                                    "imbalance",
                                    "depth_ratio",
                                    "complete_levels_bid",
                                    "complete_levels_ask"};
  for (const std::string side : {"bid", "ask"}) {
    for (const std::string column : {"price", "qty", "cum_qty", "cum_usd"}) {
      for (int i = 1; i <= kLadderLevels; ++i) {
        expected.push_back(side + "_" + column + "_" + std::to_string(i));
      }
    }
  }
  EXPECT_EQ(expected.size(), 132U);
  EXPECT_EQ(table.header(), expected);
}

TEST_F(OutputsTest, TheWorkedBookHasItsWorkedSpread) {
  // Book A of the feature definitions.
  recording_ = folder_.Write(
      "book_a.txt",
      R"(1700000000000 {"stream":"xusdt@depth","data":{"e":"depthUpdate","E":1700000000000,)"
      R"("s":"XUSDT","U":6,"u":6,"b":[],"a":[]}})"
      "\n"
      R"(1700000000001 {"lastUpdateId":5,"bids":[["100.00","2"],["99.99","3"],["99.97","5"],)"
      R"(["99.95","10"]],"asks":[["100.02","1"],["100.03","4"],["100.06","5"],["100.10","10"]]})"
      "\n");
  const CsvTable table(Replay({"--ladders", "-", "--buckets", "0.01"}).out);
  ASSERT_EQ(table.row_count(), 1U);
  EXPECT_EQ(table.Number(0, "spread"), 0.02);
  ExpectNear(table.Number(0, "spread_pct"), 0.019998000199980, "spread_pct");
}

TEST_F(OutputsTest, EveryLadderRowIsTheBookInBuckets) {
  MarketScript script;
  script.Start(25);
  Record(script);
  const CsvTable table(Replay({"--ladders", "-", "--buckets", "0.01,0.03,0.25"}).out);
  const std::vector<std::int64_t> sizes{1, 3, 25};
  ASSERT_EQ(table.row_count(), 25 * sizes.size());
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    SCOPED_TRACE(testing::Message() << "row " << row);
    const std::int64_t size = sizes[row % sizes.size()];
    const ScriptBook& book = script.BookAt(table.Integer(row, "update_id"));
    const std::int64_t bid = book.bids.begin()->first;
    const std::int64_t ask = book.asks.begin()->first;
    EXPECT_EQ(table.Text(row, "symbol"), "DEMOUSDT");
    EXPECT_EQ(table.Number(row, "tick_size"), static_cast<double>(size) / 100.0);
    EXPECT_EQ(table.Number(row, "best_bid"), static_cast<double>(bid) / 100.0);
    EXPECT_EQ(table.Number(row, "best_ask"), static_cast<double>(ask) / 100.0);
    ExpectNear(table.Number(row, "spread"), static_cast<double>(ask - bid) / 100.0, "spread");
    ExpectNear(table.Number(row, "spread_pct"),
               200.0 * static_cast<double>(ask - bid) / static_cast<double>(ask + bid),
               "spread_pct");
    const auto bids =
        static_cast<double>(ExpectSide(table, row, CompactLadder(book, true, size), "bid"));
    const auto asks =
        static_cast<double>(ExpectSide(table, row, CompactLadder(book, false, size), "ask"));
    ExpectNear(table.Number(row, "imbalance"), (bids - asks) / (bids + asks), "imbalance");
    ExpectNear(table.Number(row, "depth_ratio"), bids / asks, "depth_ratio");
  }
}

TEST_F(OutputsTest, LaddersBelongToDepthAndTimerRecordsOnly) {
  RecordSteps(10);
  const auto rows = [&](const std::string& emit) {
    return CsvTable(Replay({"--ladders", "-", "--emit", emit}).out).row_count();
  };
  EXPECT_EQ(rows("depth"), 50U);
  EXPECT_EQ(rows("all"), 50U);
  EXPECT_EQ(rows("ticker"), 0U);
  EXPECT_EQ(rows("300ms"), 15U);  // At 300, 600 and 900 ms.
}

// --- Final books -------------------------------------------------------------------------------

TEST_F(OutputsTest, TheFinalBookHasALineForEveryLevelBestFirst) {
  MarketScript script;
  script.Start(80);
  Record(script);
  EXPECT_EQ(Replay({"--final-book", "-"}).out, script.FinalBookText());
  const std::string path = folder_.Write("book.txt", "of yesterday\n");
  EXPECT_EQ(Replay({"--final-book", path}).exit_status, 0);
  EXPECT_EQ(ReadWholeFile(path), script.FinalBookText());
  EXPECT_EQ(Replay({"--final-book", folder_.PathOf("{symbol}.txt")}).exit_status, 0);
  EXPECT_EQ(ReadWholeFile(folder_.PathOf("DEMOUSDT.txt")), script.FinalBookText());
}

TEST_F(OutputsTest, WithoutABookTheFinalBookIsAFileWithoutLines) {
  MarketScript script;
  script.Run(5);
  for (const std::string& text : {script.text(), std::string()}) {
    recording_ = folder_.Write("recording.txt", text);
    const std::string path = folder_.Write("book.txt", "of yesterday\n");
    EXPECT_EQ(Replay({"--final-book", path}).exit_status, 0);
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_EQ(ReadWholeFile(path), "");
  }
}

MarketScript OtherSymbol(int steps) {
  MarketScript other({"OTHERUSDT", "otherusdt"});
  other.RestSnapshot();
  other.Run(steps);
  return other;
}

TEST_F(OutputsTest, FinalBooksOfSeveralSymbolsNeedAPlaceForTheName) {
  MarketScript script;
  script.RestSnapshot();
  script.Run(5);
  const MarketScript other = OtherSymbol(9);
  recording_ = folder_.Write("recording.txt", script.text() + other.text());
  const std::string books = folder_.PathOf("{symbol}.book");
  EXPECT_EQ(Replay({"--final-book", books}).exit_status, 0);
  EXPECT_EQ(ReadWholeFile(folder_.PathOf("DEMOUSDT.book")), script.FinalBookText());
  EXPECT_EQ(ReadWholeFile(folder_.PathOf("OTHERUSDT.book")), other.FinalBookText());

  const std::string one = folder_.PathOf("one.book");
  const ProgramResult named =
      Replay({"--symbols", "DEMOUSDT,OTHERUSDT", "--final-book", one, "--digest"});
  EXPECT_EQ(named.exit_status, 2);
  EXPECT_TRUE(Holds(named.err, "--final-book: '" + one + "'")) << named.err;
  EXPECT_TRUE(Holds(named.err, "{symbol}")) << named.err;
  EXPECT_EQ(named.out, "");

  // Known only at the end: the other results are there all the same.
  const ProgramResult unnamed = Replay({"--final-book", one, "--digest"});
  EXPECT_EQ(unnamed.exit_status, 2);
  EXPECT_TRUE(Holds(unnamed.err, "{symbol}")) << unnamed.err;
  EXPECT_TRUE(Holds(unnamed.out, "records 14")) << unnamed.out;
  EXPECT_FALSE(std::filesystem::exists(one));
}

// A recording of one run of its own.
std::string RunText(const std::string& run, const std::string& symbol, int steps) {
  std::string stream = symbol;
  for (char& c : stream) c = static_cast<char>(c | 0x20);
  MarketScript script({symbol, stream});
  script.Hash(R"(#thalweg 1 {"run":")" + run + R"(","symbols":[")" + symbol + R"("]})");
  script.RestSnapshot();
  script.Run(steps);
  return script.text();
}

TEST_F(OutputsTest, SymbolsOfAnEarlierRunNeedAPlaceForTheNameToo) {
  RecordSteps(3);
  const std::string second = folder_.Write("second.txt", RunText("a", "OTHERUSDT", 5));
  const std::string one = folder_.Write("one.book", "of yesterday\n");
  const ProgramResult result = Replay({second, "--final-book", one});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_TRUE(Holds(result.err, "--final-book: '" + one + "'")) << result.err;
  EXPECT_TRUE(Holds(result.err, "{symbol}")) << result.err;
  EXPECT_EQ(ReadWholeFile(one), "of yesterday\n");
  // Only one of them was asked for.
  EXPECT_EQ(Replay({second, "--symbols", "OTHERUSDT", "--final-book", one}).exit_status, 0);
  EXPECT_NE(ReadWholeFile(one), "of yesterday\n");
}

TEST_F(OutputsTest, TheFinalBookOfASymbolOfSeveralRunsIsThatOfTheLastOne) {
  recording_ = folder_.Write("first.txt", RunText("a", "DEMOUSDT", 3));
  const std::string second = folder_.Write("second.txt", RunText("b", "DEMOUSDT", 9));
  const std::string book = folder_.PathOf("book.txt");
  EXPECT_EQ(Replay({second, "--final-book", book}).exit_status, 0);
  const std::string both = ReadWholeFile(book);
  recording_ = second;
  EXPECT_EQ(Replay({"--final-book", book}).exit_status, 0);
  EXPECT_EQ(both, ReadWholeFile(book));
}

TEST_F(OutputsTest, TwoBooksOfOneSymbolInInterleavedRunsDoNotGoToOneFile) {
  recording_ = folder_.Write("first.txt", RunText("a", "DEMOUSDT", 3));
  const std::string with_header = folder_.Write("second.txt", RunText("b", "DEMOUSDT", 9));
  MarketScript script;
  script.Start(5);
  const std::string without_header = folder_.Write("third.txt", script.text());
  for (const std::string& second : {with_header, without_header}) {
    for (const char* name : {"one.book", "{symbol}.book"}) {
      const std::string path = folder_.PathOf(name);
      const ProgramResult result = Replay({second, "--merge", "--final-book", path});
      EXPECT_EQ(result.exit_status, 2) << path;
      EXPECT_TRUE(Holds(result.err, "--final-book: ")) << result.err;
      EXPECT_TRUE(Holds(result.err, ".book: two books of DEMOUSDT")) << result.err;
    }
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.PathOf("one.book")));
  EXPECT_FALSE(std::filesystem::exists(folder_.PathOf("DEMOUSDT.book")));
}

TEST_F(OutputsTest, ANameInARecordingDoesNotLeadToAnotherFolder) {
  MarketScript script({"../ESCAPED", "../escaped"});
  script.Start(3);
  Record(script);
  std::filesystem::create_directory(folder_.PathOf("inside"));
  const ProgramResult result = Replay({"--final-book", folder_.PathOf("inside/{symbol}")});
  EXPECT_NE(result.exit_status, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.PathOf("ESCAPED")));
}

TEST_F(OutputsTest, TheNameOfASymbolDoesNotReplaceARecording) {
  MarketScript script;
  script.Start(3);
  text_ = script.text();
  recording_ = folder_.Write("DEMOUSDT.txt", text_);
  const ProgramResult result = Replay({"--final-book", folder_.PathOf("{symbol}.txt")});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_TRUE(Holds(result.err, "never replaced")) << result.err;
  EXPECT_EQ(ReadWholeFile(recording_), text_);
}

// --- Outputs that cannot be --------------------------------------------------------------------

TEST_F(OutputsTest, ARecordingIsNeverAnOutput) {
  RecordSteps(3);
  recording_ = folder_.Write("recording.csv", text_);
  std::filesystem::create_symlink(recording_, folder_.PathOf("link.csv"));
  std::filesystem::create_hard_link(recording_, folder_.PathOf("hard.csv"));
  for (const char* option : {"--out", "--ladders", "--final-book"}) {
    for (const char* name : {"recording.csv", "link.csv", "hard.csv", "./recording.csv"}) {
      const std::string path = folder_.PathOf(name);
      const ProgramResult result = Replay({option, path});
      EXPECT_EQ(result.exit_status, 2);
      EXPECT_TRUE(Holds(result.err, std::string(option) + ": " + path)) << result.err;
      EXPECT_TRUE(Holds(result.err, "never replaced")) << result.err;
      EXPECT_EQ(ReadWholeFile(recording_), text_);
    }
  }
}

TEST_F(OutputsTest, OnlyCsvFilesCanBeWritten) {
  RecordSteps(3);
  for (const char* option : {"--out", "--ladders"}) {
    const std::string path = folder_.PathOf("file.parquet");
    const ProgramResult result = Replay({option, path});
    EXPECT_EQ(result.exit_status, 2);
    EXPECT_TRUE(Holds(result.err, std::string(option) + ": '" + path + "'")) << result.err;
    EXPECT_TRUE(Holds(result.err, ".csv")) << result.err;
    EXPECT_FALSE(std::filesystem::exists(path));
  }
}

TEST_F(OutputsTest, OnlyOneResultGoesToStandardOutput) {
  RecordSteps(3);
  const std::vector<std::vector<std::string>> pairs{{"--out", "-", "--digest"},
                                                    {"--out", "-", "--ladders", "-"},
                                                    {"--ladders", "-", "--final-book", "-"},
                                                    {"--final-book", "-", "--digest"}};
  for (const std::vector<std::string>& arguments : pairs) {
    const ProgramResult result = Replay(arguments);
    EXPECT_EQ(result.exit_status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(Holds(result.err, arguments.front())) << result.err;
    EXPECT_TRUE(Holds(result.err, "only one result can go to standard output")) << result.err;
  }
}

TEST_F(OutputsTest, TwoResultsDoNotGoToOneFile) {
  RecordSteps(3);
  const std::string path = folder_.PathOf("both.csv");
  const ProgramResult result = Replay({"--out", path, "--ladders", path});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_TRUE(Holds(result.err, "--ladders: " + path + " is the file of --out too")) << result.err;
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(OutputsTest, AnOutputInAFolderThatDoesNotExistIsStatusThree) {
  RecordSteps(3);
  for (const char* option : {"--out", "--ladders", "--final-book"}) {
    const std::string path = folder_.PathOf("no/such/folder.csv");
    const ProgramResult result = Replay({option, path});
    EXPECT_EQ(result.exit_status, 3);
    EXPECT_TRUE(Holds(result.err, path + ": No such file or directory")) << result.err;
  }
}

TEST_F(OutputsTest, AnOutputThatCannotBeIsToldBeforeAnotherOneIsReplaced) {
  RecordSteps(3);
  std::filesystem::create_directory(folder_.PathOf("folder.csv"));
  const std::string old = folder_.Write("old.csv", "of yesterday\n");
  const std::string fresh = folder_.PathOf("fresh.csv");
  for (const char* name : {"no/such/file.csv", "folder.csv", "no/such/{symbol}.csv"}) {
    const std::string path = folder_.PathOf(name);
    for (const std::string& good : {old, fresh}) {
      const ProgramResult result = Replay({"--out", good, "--final-book", path, "--digest"});
      EXPECT_EQ(result.exit_status, 3) << path;
      EXPECT_TRUE(Holds(result.err, "cannot write ")) << result.err;
      EXPECT_EQ(result.out, "") << "nothing was replayed";
    }
    EXPECT_EQ(Replay({"--out", old, "--ladders", folder_.PathOf("no/such/l.csv")}).exit_status, 3);
  }
  EXPECT_EQ(ReadWholeFile(old), "of yesterday\n");
  EXPECT_FALSE(std::filesystem::exists(fresh));
}

TEST_F(OutputsTest, TheBooksOfNamedSymbolsAreLookedAtBeforeAnyWorkIsDone) {
  RecordSteps(3);
  std::filesystem::create_directory(folder_.PathOf("DEMOUSDT.csv"));
  const ProgramResult result =
      Replay({"--symbols", "DEMOUSDT", "--digest", "--final-book", folder_.PathOf("{symbol}.csv")});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_TRUE(Holds(result.err, folder_.PathOf("DEMOUSDT.csv"))) << result.err;
  EXPECT_EQ(result.out, "");
}

TEST_F(OutputsTest, AFolderCannotBeAnOutput) {
  RecordSteps(3);
  const std::string path = folder_.PathOf("folder.csv");
  std::filesystem::create_directory(path);
  const ProgramResult result = Replay({"--out", path});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_TRUE(Holds(result.err, path)) << result.err;
}

TEST_F(OutputsTest, AFileWithoutPermissionIsStatusThree) {
  if (geteuid() == 0) GTEST_SKIP() << "nothing is forbidden to root";
  RecordSteps(3);
  const std::string path = folder_.Write("locked.csv", "mine\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  const ProgramResult result = Replay({"--out", path});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_TRUE(Holds(result.err, path + ": Permission denied")) << result.err;
  EXPECT_EQ(ReadWholeFile(path), "mine\n");
}

TEST_F(OutputsTest, AFullDeviceIsStatusThreeForEveryResult) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  RecordSteps(50);
  const std::string full = folder_.PathOf("full.csv");
  std::filesystem::create_symlink("/dev/full", full);
  for (const char* option : {"--out", "--ladders", "--final-book"}) {
    const ProgramResult result = Replay({option, full});
    EXPECT_EQ(result.exit_status, 3) << option;
    EXPECT_TRUE(Holds(result.err, full + ": No space left on device")) << result.err;
    // The other result is whole.
    const std::string other = folder_.PathOf("other.csv");
    EXPECT_EQ(Replay({option, full, option == std::string("--out") ? "--ladders" : "--out", other})
                  .exit_status,
              3);
    EXPECT_GE(CsvTable(ReadWholeFile(other)).row_count(), 50U);
  }
}

TEST_F(OutputsTest, AFullDeviceEndsTheReplayAtOnceAndWhatWasMadeBeforeStays) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  RecordSteps(3'000);  // Some megabytes of rows.
  const std::string full = folder_.PathOf("full.csv");
  std::filesystem::create_symlink("/dev/full", full);
  const std::string ladders = folder_.PathOf("ladders.csv");
  const std::string book = folder_.PathOf("book.txt");
  const ProgramResult result = Replay(
      {"--emit", "all", "--out", full, "--ladders", ladders, "--final-book", book, "--digest"});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_TRUE(Holds(result.err, full + ": No space left on device")) << result.err;
  EXPECT_FALSE(Holds(result.err, "9001 frames")) << result.err;
  const std::size_t rows = CsvTable(ReadWholeFile(ladders)).row_count();
  EXPECT_GT(rows, 0U);
  EXPECT_LT(rows, 5U * 3'000U);
  // Neither is that of the whole input.
  EXPECT_FALSE(std::filesystem::exists(book));
  EXPECT_EQ(result.out, "");
}

TEST_F(OutputsTest, AFullStandardOutputIsStatusThreeForEveryCommand) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  RecordSteps(50);
  const std::vector<std::vector<std::string>> commands{{"replay", recording_, "--out", "-"},
                                                       {"replay", recording_, "--ladders", "-"},
                                                       {"replay", recording_, "--final-book", "-"},
                                                       {"replay", recording_, "--digest"},
                                                       {"info", recording_},
                                                       {"schema"},
                                                       {"schema", "--json"},
                                                       {"--version"},
                                                       {"replay", "--help"}};
  for (const std::vector<std::string>& arguments : commands) {
    const ProgramResult result = RunThalweg(arguments, {{}, "/dev/full"});
    EXPECT_EQ(result.exit_status, 3) << arguments.front() << " " << arguments.back();
    EXPECT_TRUE(Holds(result.err, "cannot write ")) << result.err;
  }
}

TEST_F(OutputsTest, ExistingOutputsAreReplacedWhole) {
  RecordSteps(3);
  const std::string fresh = folder_.PathOf("fresh.csv");
  const std::string old = folder_.Write("old.csv", std::string(1 << 20, 'x'));
  EXPECT_EQ(Replay({"--out", fresh}).exit_status, 0);
  EXPECT_EQ(Replay({"--out", old}).exit_status, 0);
  EXPECT_EQ(ReadWholeFile(old), ReadWholeFile(fresh));
}

TEST_F(OutputsTest, StandardOutputHoldsTheResultAndNothingElse) {
  RecordSteps(10);
  const std::string path = folder_.PathOf("out.csv");
  EXPECT_EQ(Replay({"--out", path}).out, "");
  EXPECT_EQ(Replay({"--out", "-"}).out, ReadWholeFile(path));
  EXPECT_EQ(Replay({}).out, "");
  EXPECT_TRUE(Holds(Replay({}).err, "no result was asked for"));
}

TEST_F(OutputsTest, SeveralResultsOfOneReplayAreThoseOfReplaysOfTheirOwn) {
  RecordSteps(20);
  const std::string out = folder_.PathOf("out.csv");
  const std::string ladders = folder_.PathOf("ladders.csv");
  const std::string book = folder_.PathOf("book.txt");
  const ProgramResult together =
      Replay({"--out", out, "--ladders", ladders, "--final-book", book, "--digest"});
  EXPECT_EQ(together.exit_status, 0);
  EXPECT_EQ(together.out, Replay({"--digest"}).out);
  EXPECT_EQ(ReadWholeFile(out), Replay({"--out", "-"}).out);
  EXPECT_EQ(ReadWholeFile(ladders), Replay({"--ladders", "-"}).out);
  EXPECT_EQ(ReadWholeFile(book), Replay({"--final-book", "-"}).out);
}

TEST_F(OutputsTest, TheLocaleAndTheTimeZoneChangeNothing) {
  RecordSteps(10);
  const ProgramResult plain = Replay({"--out", "-"});
  const ProgramResult abroad =
      Replay({"--out", "-"}, {{{"LC_ALL", "de_DE.UTF-8"}, {"TZ", "Asia/Tokyo"}}, {}});
  EXPECT_EQ(abroad.out, plain.out);
}

TEST_F(OutputsTest, ARecordingIsNeverReplacedByAResult) {
  RecordSteps(3);
  for (const std::string& bytes : {text_, Gzip(text_), Zstd(text_)}) {
    const std::string other = folder_.Write("other.csv", bytes);
    for (const char* const option : {"--out", "--ladders", "--final-book"}) {
      const ProgramResult result = Replay({option, other});
      EXPECT_EQ(result.exit_status, 3) << option;
      EXPECT_TRUE(Holds(result.err, other) && Holds(result.err, "a recording")) << result.err;
      EXPECT_TRUE(ReadWholeFile(other) == bytes) << option;
    }
  }
}

}  // namespace
}  // namespace thalweg
