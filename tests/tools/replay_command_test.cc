// `thalweg replay`: what its options choose, what its records hold, and what wrong options are
// answered with.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/test_part.h"
#include "tests/tools/csv_table.h"
#include "tests/tools/market_script.h"
#include "tests/tools/program.h"
#include "tests/tools/quality_bits.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

using testing::Test;

constexpr std::int64_t kNanosPerMs = 1'000'000;

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class ReplayCommandTest : public Test {
 protected:
  // Replays to `--out -`; what it printed as a table.
  CsvTable Rows(const std::string& text, std::vector<std::string> options = {}) {
    result_ = Replay({folder_.Write("recording.txt", text)}, std::move(options), {"--out", "-"});
    EXPECT_EQ(result_.exit_status, 0) << result_.err;
    return CsvTable(result_.out);
  }

  std::string Digest(const std::vector<std::string>& recordings,
                     std::vector<std::string> options = {}) {
    options.insert(options.end(), {"--emit", "all"});
    result_ = Replay(recordings, std::move(options), {"--digest"});
    EXPECT_EQ(result_.exit_status, 0) << result_.err;
    return result_.out;
  }

  static ProgramResult Replay(const std::vector<std::string>& recordings,
                              const std::vector<std::string>& options,
                              const std::vector<std::string>& results) {
    std::vector<std::string> arguments{"replay"};
    for (const auto* list : {&recordings, &options, &results}) {
      arguments.insert(arguments.end(), list->begin(), list->end());
    }
    return RunThalweg(arguments);
  }

  TestFolder folder_;
  ProgramResult result_;  // Of the last replay.
};

// --- Rows --------------------------------------------------------------------------------------

TEST_F(ReplayCommandTest, TheHeaderIsTheContractAndThenEveryFeatureOfTheSchema) {
  MarketScript script;
  script.Start(1);
  std::vector<std::string> expected{"event_ns", "recv_ns", "update_id",
                                    "trigger",  "symbol",  "flags"};
  const ProgramResult schema = RunThalweg({"schema"});
  for (const std::string& line : LinesOf(schema.out)) {
    if (line.empty()) break;
    const std::string name = line.substr(0, line.find(' '));
    if (name != "name") expected.push_back(name);
  }
  EXPECT_GT(expected.size(), 70U);
  EXPECT_EQ(Rows(script.text()).header(), expected);
}

TEST_F(ReplayCommandTest, ADepthRowTellsTheFrameAndTheBookAfterIt) {
  MarketScript script;
  script.Start(50);
  const CsvTable table = Rows(script.text());
  ASSERT_EQ(table.row_count(), 50U);
  for (std::size_t row = 0; row < 50; ++row) {
    SCOPED_TRACE(testing::Message() << "row " << row);
    const std::int64_t time =
        (MarketScript::kFirstMs + 100 * static_cast<std::int64_t>(row + 1)) * kNanosPerMs;
    EXPECT_EQ(table.Integer(row, "event_ns"), time);
    EXPECT_EQ(table.Integer(row, "recv_ns"), time + 2'500'000);
    EXPECT_EQ(table.Text(row, "trigger"), "depth");
    EXPECT_EQ(table.Text(row, "symbol"), "DEMOUSDT");
    const ScriptBook& book = script.BookAt(table.Integer(row, "update_id"));
    const auto [bid, bid_qty] = *book.bids.begin();
    const auto [ask, ask_qty] = *book.asks.begin();
    // Read back to the very double that is nearest to the exchange's text.
    EXPECT_EQ(table.Number(row, "best_bid"), std::stod(PriceText(bid)));
    EXPECT_EQ(table.Number(row, "best_bid_qty"), std::stod(QtyText(bid_qty)));
    EXPECT_EQ(table.Number(row, "best_ask"), std::stod(PriceText(ask)));
    EXPECT_EQ(table.Number(row, "best_ask_qty"), std::stod(QtyText(ask_qty)));
    EXPECT_EQ(table.Number(row, "spread_ticks"), static_cast<double>(ask - bid));
    EXPECT_EQ(table.Number(row, "mid"), static_cast<double>(ask + bid) / 200.0);
    EXPECT_EQ((table.Flags(row) & kFirstAfterResync) != 0, row == 0);
    EXPECT_NE(table.Flags(row) & kInstrumentInferred, 0U);
  }
}

TEST_F(ReplayCommandTest, EveryNumberIsShortAndNeverInfinite) {
  MarketScript script;
  script.Start(20);
  const CsvTable table = Rows(script.text(), {"--emit", "all"});
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    for (std::size_t i = 6; i < table.header().size(); ++i) {
      const std::string& text = table.Text(row, table.header()[i]);
      ASSERT_LE(text.size(), 24U) << text;
      ASSERT_TRUE(text == "nan" || std::regex_match(text, std::regex("-?[0-9].*"))) << text;
      ASSERT_NE(text, "-0") << table.header()[i];
    }
  }
}

TEST_F(ReplayCommandTest, EmitSelectsRowsAndNeverChangesThem) {
  MarketScript script;
  script.Start(40);
  const std::string path = folder_.Write("recording.txt", script.text());
  const auto rows = [&](const std::string& emit) {
    return LinesOf(Replay({path}, {"--emit", emit}, {"--out", "-"}).out);
  };
  const std::vector<std::string> all = rows("all");
  EXPECT_EQ(all.size(), 1U + 3 * 40);
  for (const std::string kind : {"depth", "ticker", "trade"}) {
    std::vector<std::string> expected{all.front()};
    std::copy_if(all.begin() + 1, all.end(), std::back_inserter(expected),
                 [&](const std::string& row) { return Holds(row, "," + kind + ","); });
    EXPECT_EQ(expected.size(), 41U);
    EXPECT_EQ(rows(kind), expected) << kind;
  }
}

TEST_F(ReplayCommandTest, TimerRowsStandAtExactMultiplesOfTheInterval) {
  MarketScript script;
  script.Start(3);
  script.Pass(730);  // Depth frames now stand 30 ms behind a multiple.
  script.Run(20);
  const CsvTable table = Rows(script.text(), {"--emit", "250ms"});
  const std::int64_t first = MarketScript::kFirstMs + 250;  // Synchronised at +100 ms.
  const std::int64_t last = script.now_ms() - 1;
  const auto expected = static_cast<std::size_t>((last - first) / 250 + 1);
  ASSERT_EQ(table.row_count(), expected);
  for (std::size_t row = 0; row < expected; ++row) {
    EXPECT_EQ(table.Text(row, "trigger"), "timer");
    EXPECT_EQ(table.Integer(row, "event_ns"),
              (first + 250 * static_cast<std::int64_t>(row)) * kNanosPerMs);
    EXPECT_GE(table.Integer(row, "recv_ns"), table.Integer(row, "event_ns"));
  }
}

TEST_F(ReplayCommandTest, ATimerAtTheFirstSynchronisationItselfIsARow) {
  MarketScript script;
  script.Start(3);
  const CsvTable table = Rows(script.text(), {"--emit", "100ms"});
  ASSERT_EQ(table.row_count(), 2U);  // The clock never moves beyond the last one.
  EXPECT_EQ(table.Integer(0, "event_ns"), (MarketScript::kFirstMs + 100) * kNanosPerMs);
}

TEST_F(ReplayCommandTest, AggTradesFeedTheTradeFeaturesWhenAskedForAndTradesDoNot) {
  MarketScript script;
  script.Start(5);
  for (int i = 0; i < 3; ++i) script.AggTrade();
  EXPECT_EQ(Rows(script.text(), {"--emit", "trade"}).row_count(), 5U);
  const CsvTable table = Rows(script.text(), {"--emit", "trade", "--trade-stream", "aggTrade"});
  ASSERT_EQ(table.row_count(), 3U);
  EXPECT_EQ(table.Number(2, "sell_vol_10s"), 0.75);
  EXPECT_EQ(table.Number(2, "buy_vol_10s"), 0.0);
  EXPECT_EQ(table.Number(2, "trade_count_10s"), 3.0);
}

// --- Digests -----------------------------------------------------------------------------------

TEST_F(ReplayCommandTest, TheDigestIsOneLineAndTheSameForEveryPackingOfTheSameLines) {
  MarketScript script;
  script.Start(60);
  const std::string text = script.text();
  const std::string plain = Digest({folder_.Write("plain.txt", text)});
  EXPECT_TRUE(std::regex_match(plain, std::regex("digest [0-9a-f]{32} records 180\n"))) << plain;
  EXPECT_EQ(Digest({folder_.PathOf("plain.txt")}), plain);
  EXPECT_EQ(Digest({folder_.Write("packed.gz", Gzip(text))}), plain);
  EXPECT_EQ(Digest({folder_.Write("packed.zst", Zstd(text))}), plain);
  // The first bytes tell the packing, not the name.
  EXPECT_EQ(Digest({folder_.Write("wrong_name.txt", Zstd(text))}), plain);
  std::string windows = text;
  for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2) {
    windows.insert(at, "\r");
  }
  EXPECT_EQ(Digest({folder_.Write("windows.txt", windows)}), plain);
}

TEST_F(ReplayCommandTest, ReceiveTimesInMicrosecondsAreTheSameTimes) {
  MarketScript script;
  script.Start(20);
  std::string micros;
  for (const std::string& line : script.lines()) {
    micros += line.substr(0, 16) + line.substr(19) + "\n";
  }
  EXPECT_EQ(Digest({folder_.Write("us.txt", micros)}),
            Digest({folder_.Write("ns.txt", script.text())}));
}

TEST_F(ReplayCommandTest, ADifferentRecordIsADifferentDigest) {
  MarketScript script;
  script.Start(20);
  const std::string before = Digest({folder_.Write("a.txt", script.text())});
  std::string& trade = script.lines().back();
  trade.replace(trade.find("\"q\":\"0.00"), 8, "\"q\":\"0.10");
  EXPECT_NE(Digest({folder_.Write("b.txt", script.text())}), before);
}

// --- Several recordings ------------------------------------------------------------------------

TEST_F(ReplayCommandTest, FilesInOrderAreTheOneStreamThatTheyWereCutFrom) {
  MarketScript script;
  script.Start(60);
  const auto& lines = script.lines();
  const auto part = [&](std::ptrdiff_t from, std::ptrdiff_t to) {
    return JoinLines({lines.begin() + from, lines.begin() + to});
  };
  const auto end = static_cast<std::ptrdiff_t>(lines.size());
  const std::string whole = Digest({folder_.Write("whole.txt", script.text())});
  EXPECT_EQ(Digest({folder_.Write("a.txt", part(0, 50)), folder_.Write("b.gz", Gzip(part(50, 91))),
                    folder_.Write("c.zst", Zstd(part(91, end)))}),
            whole);
  EXPECT_FALSE(Holds(result_.err, "starts before"));
}

TEST_F(ReplayCommandTest, AFileThatStartsBeforeTheOneBeforeEndedIsReported) {
  MarketScript script;
  script.Start(20);
  const std::string path = folder_.Write("a.txt", script.text());
  MarketScript other({"OTHERUSDT", "otherusdt"});
  other.Run(20);
  const std::string later = folder_.Write("b.txt", other.text());
  Digest({path, later});
  EXPECT_TRUE(Holds(result_.err, later + ":1: starts before the recording before it ended"))
      << result_.err;
}

TEST_F(ReplayCommandTest, MergingARecordingSplitByStreamsGivesTheWholeAgain) {
  MarketScript script;
  script.Snapshot();
  for (int i = 0; i < 60; ++i) {
    // Times of their own for all lines: equal ones would come in the order of the files.
    script.Depth();
    script.Pass(1);
    script.Ticker();
    script.Pass(1);
    script.Trade();
  }
  std::vector<std::string> depth;
  std::vector<std::string> rest;
  for (const std::string& line : script.lines()) {
    (Holds(line, "bookTicker") || Holds(line, "@trade") ? rest : depth).push_back(line);
  }
  const std::string whole = Digest({folder_.Write("whole.txt", script.text())});
  const std::string a = folder_.Write("depth.txt", JoinLines(depth));
  const std::string b = folder_.Write("rest.gz", Gzip(JoinLines(rest)));
  EXPECT_EQ(Digest({a, b}, {"--merge"}), whole);
  EXPECT_EQ(Digest({b, a}, {"--merge"}), whole);
  EXPECT_NE(Digest({a, b}), whole);
}

TEST_F(ReplayCommandTest, APipeIsReadOnceFromItsBeginning) {
  MarketScript script;
  script.Start(60);
  const std::string path = folder_.Write("plain.txt", script.text());
  const std::string whole = Digest({path});
  const ProgramResult piped = RunProgram(
      "bash", {"-c", "\"$0\" replay <(cat \"$1\") --emit all --digest", ThalwegPath(), path});
  EXPECT_EQ(piped.exit_status, 0) << piped.err;
  EXPECT_EQ(piped.out, whole);
}

// --- Symbols -----------------------------------------------------------------------------------

// Two symbols whose frames alternate, each with a snapshot that names it.
std::string TwoSymbols() {
  MarketScript one;
  MarketScript two({"OTHERUSDT", "otherusdt"});
  one.RestSnapshot();
  two.RestSnapshot();
  one.Run(10);
  two.Run(10);
  std::string text;
  for (std::size_t i = 0; i < one.lines().size(); ++i) {
    text += one.lines()[i] + "\n" + two.lines()[i] + "\n";
  }
  return text;
}

TEST_F(ReplayCommandTest, SeveralSymbolsStandInOneFileInProcessingOrder) {
  const CsvTable table = Rows(TwoSymbols());
  ASSERT_EQ(table.row_count(), 20U);
  for (std::size_t row = 0; row < 20; ++row) {
    EXPECT_EQ(table.Text(row, "symbol"), row % 2 == 0 ? "DEMOUSDT" : "OTHERUSDT");
  }
}

TEST_F(ReplayCommandTest, SymbolsAdmitsOnlyThese) {
  const CsvTable table = Rows(TwoSymbols(), {"--symbols", "OTHERUSDT", "--strict"});
  ASSERT_EQ(table.row_count(), 10U);
  EXPECT_EQ(table.Text(0, "symbol"), "OTHERUSDT");
}

TEST_F(ReplayCommandTest, SymbolsAreNumberedAndReportedInTheOrderAskedFor) {
  const std::string path = folder_.Write("recording.txt", TwoSymbols());
  const std::string as_seen = Digest({path});
  EXPECT_LT(result_.err.find("DEMOUSDT: live"), result_.err.find("OTHERUSDT: live"));
  EXPECT_EQ(Digest({path}, {"--symbols", "DEMOUSDT,OTHERUSDT"}), as_seen);
  // Symbol ids are in the records, so that the other order is another digest.
  EXPECT_NE(Digest({path}, {"--symbols", "OTHERUSDT,DEMOUSDT"}), as_seen);
  EXPECT_GT(result_.err.find("DEMOUSDT: live"), result_.err.find("OTHERUSDT: live"));
}

TEST_F(ReplayCommandTest, ANamedSymbolThatNeverAppearsIsStatusOneWithTheSymbolsSeen) {
  const std::string path = folder_.Write("recording.txt", TwoSymbols());
  const std::string out = folder_.PathOf("out.csv");
  const ProgramResult result = Replay({path}, {"--symbols", "DEMOUSDT,NOSUCHUSDT"}, {"--out", out});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Holds(result.err, "NOSUCHUSDT never appears; symbols seen: DEMOUSDT, OTHERUSDT"))
      << result.err;
  EXPECT_EQ(CsvTable(ReadWholeFile(out)).row_count(), 10U);
}

TEST_F(ReplayCommandTest, ASymbolOfAnEarlierRunHasAppeared) {
  MarketScript first;
  first.Hash(R"(#thalweg 1 {"run":"a"})");
  first.Start(3);
  MarketScript second({"OTHERUSDT", "otherusdt"});
  second.Pass(10'000);
  second.Hash(R"(#thalweg 1 {"run":"b"})");
  second.Start(3);
  EXPECT_EQ(Rows(first.text() + second.text(), {"--symbols", "DEMOUSDT,OTHERUSDT"}).row_count(),
            6U);
}

TEST_F(ReplayCommandTest, SizesOfEachSymbolsOwnNameTheBucketColumnsByRank) {
  const CsvTable table = Rows(TwoSymbols(), {"--symbols", "DEMOUSDT,OTHERUSDT", "--buckets",
                                             "DEMOUSDT=0.01,0.5;OTHERUSDT=0.1,1"});
  const std::set<std::string> names(table.header().begin(), table.header().end());
  for (const std::string name :
       {"imbalance_b1", "imbalance_b2", "log_depth_ratio_b1", "log_depth_ratio_b2"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
  EXPECT_FALSE(names.contains("imbalance_t10"));
  EXPECT_FALSE(std::isnan(table.Number(0, "imbalance_b1")));
  // Both symbols begin with the same book and different sizes.
  EXPECT_NE(table.Text(0, "imbalance_b1"), table.Text(1, "imbalance_b1"));
}

TEST_F(ReplayCommandTest, SizesNameTheBucketColumnsAsTheyWereWritten) {
  MarketScript script;
  script.Start(1);
  const CsvTable table = Rows(script.text(), {"--buckets", "0.05,2"});
  const std::set<std::string> names(table.header().begin(), table.header().end());
  EXPECT_TRUE(names.contains("imbalance_t0.05"));
  EXPECT_TRUE(names.contains("log_depth_ratio_t2"));
  EXPECT_FALSE(names.contains("imbalance_t10"));
}

TEST_F(ReplayCommandTest, AnExchangeInfoFileSettlesTheTick) {
  MarketScript script;
  script.Start(2);
  const std::string info = folder_.Write(
      "info.json",
      R"({"symbols":[{"symbol":"DEMOUSDT","status":"TRADING","baseAssetPrecision":8,"filters":[)"
      R"({"filterType":"PRICE_FILTER","tickSize":"0.01000000"},)"
      R"({"filterType":"LOT_SIZE","stepSize":"0.00001000"}]}]})");
  const CsvTable table = Rows(script.text(), {"--exchange-info", info});
  EXPECT_EQ(table.Flags(0) & kInstrumentInferred, 0U);
  const std::string path = folder_.PathOf("recording.txt");
  const std::string missing = folder_.PathOf("missing.json");
  const ProgramResult unreadable = Replay({path}, {"--exchange-info", missing}, {"--digest"});
  EXPECT_EQ(unreadable.exit_status, 3);
  EXPECT_TRUE(Holds(unreadable.err, "--exchange-info: cannot read " + missing));
  const ProgramResult junk =
      Replay({path}, {"--exchange-info", folder_.Write("junk.json", "[1,2")}, {"--digest"});
  EXPECT_EQ(junk.exit_status, 2);
  EXPECT_TRUE(Holds(junk.err, "--exchange-info: " + folder_.PathOf("junk.json")));
}

// --- Lines that are no frames ------------------------------------------------------------------

TEST_F(ReplayCommandTest, AClosedConnectionMakesItsStreamsStaleUntilTheirNextFrame) {
  MarketScript script;
  script.Hash("#conn 1 open wss://x/stream?streams=demousdt@depth@100ms/demousdt@trade");
  script.Hash("#conn 2 open wss://x/stream?streams=demousdt@bookTicker");
  script.Start(5);
  script.Hash("#conn 1 close 1006");
  script.Ticker();  // Of an old id: dropped.
  script.LoseDepth();
  script.Ticker();
  script.Trade();
  const CsvTable table = Rows(script.text(), {"--emit", "all"});
  ASSERT_EQ(table.row_count(), 17U);
  EXPECT_EQ(table.Flags(14) & (kStaleDepth | kStaleTrade | kStaleTicker), 0U);
  EXPECT_EQ(table.Flags(15) & (kStaleDepth | kStaleTrade | kStaleTicker),
            kStaleDepth | kStaleTrade);
  EXPECT_EQ(table.Flags(16) & (kStaleDepth | kStaleTrade | kStaleTicker), kStaleDepth);
}

TEST_F(ReplayCommandTest, AStreamThatAnotherConnectionCarriesDoesNotBecomeStale) {
  MarketScript script;
  script.Hash("#conn 1 open wss://x/stream?streams=demousdt@depth@100ms/demousdt@trade");
  script.Hash("#conn 2 open wss://x/stream?streams=demousdt@depth@100ms/demousdt@trade");
  script.Start(5);
  script.Hash("#conn 1 close 1000");
  script.LoseDepth();
  script.Ticker();
  const CsvTable table = Rows(script.text(), {"--emit", "all"});
  ASSERT_EQ(table.row_count(), 16U);
  EXPECT_EQ(table.Flags(15) & (kStaleDepth | kStaleTrade), 0U);
}

TEST_F(ReplayCommandTest, LostLinesAreFlaggedForSixtySecondsOfEventTime) {
  MarketScript script;
  script.Start(5);
  script.Hash("#lost 12 disk was full");
  script.Run(650);
  const CsvTable table = Rows(script.text(), {"--strict"});
  EXPECT_TRUE(Holds(result_.err, ":17: 12 lost before they were recorded")) << result_.err;
  ASSERT_EQ(table.row_count(), 655U);
  for (std::size_t row = 0; row < 655; ++row) {
    // The clock stood at row 4's time; 600 rows are 60 seconds.
    EXPECT_EQ((table.Flags(row) & kDroppedInput) != 0, row >= 5 && row < 604) << row;
    EXPECT_EQ(table.Flags(row) & kBookInvalid, 0U) << row;
  }
}

TEST_F(ReplayCommandTest, ADroppedDepthFrameResynchronisesAndADroppedTradeDoesNot) {
  MarketScript script;
  script.Start(5);
  script.Hash("#drop 1 trade DEMOUSDT");
  script.Run(5);
  script.Hash("#drop 2 depth DEMOUSDT");
  script.Run(5);
  script.Snapshot();
  script.Run(5);
  const CsvTable table = Rows(script.text(), {"--emit", "ticker"});
  ASSERT_EQ(table.row_count(), 20U);
  for (std::size_t row = 0; row < 20; ++row) {
    EXPECT_EQ((table.Flags(row) & kDroppedInput) != 0, row >= 5) << row;
    EXPECT_EQ((table.Flags(row) & kBookInvalid) != 0, row >= 10 && row < 15) << row;
  }
}

TEST_F(ReplayCommandTest, ANewRunBeginsWithAFreshEngine) {
  MarketScript script;
  script.Hash(R"(#thalweg 1 {"run":"a","shard":0,"segment":0,"symbols":["DEMOUSDT"]})");
  script.Start(5);
  const std::string first = Digest({folder_.Write("a.txt", script.text())});
  script.Hash(R"(#thalweg 1 {"run":"a","shard":0,"segment":1,"symbols":["DEMOUSDT"]})");
  script.Run(5);
  const CsvTable same = Rows(script.text());
  EXPECT_EQ(same.row_count(), 10U);

  script.Hash(R"(#thalweg 1 {"run":"b","shard":0,"segment":0,"symbols":["DEMOUSDT"]})");
  script.Run(5);  // Nothing is known of the book before the snapshot.
  script.Snapshot();
  script.Run(5);
  const CsvTable fresh = Rows(script.text(), {"--emit", "all"});
  ASSERT_EQ(fresh.row_count(), 45U);
  EXPECT_NE(fresh.Flags(30) & kFirstAfterResync, 0U);
  EXPECT_EQ(fresh.Number(30, "trade_count_60s"), 5.0);  // Those before its synchronisation.
}

TEST_F(ReplayCommandTest, RestAnswersGiveSnapshotsAndInstruments) {
  MarketScript script;
  script.Hash(
      R"(#rest GET /api/v3/exchangeInfo {"symbols":[{"symbol":"DEMOUSDT","status":"BREAK",)"
      R"("baseAssetPrecision":8,"filters":[{"filterType":"PRICE_FILTER","tickSize":"0.01000000"},)"
      R"({"filterType":"LOT_SIZE","stepSize":"0.00001000"}]}]})");
  script.Hash(R"(#rest GET /api/v3/time {"serverTime":1})");
  script.RestSnapshot();
  script.Run(5);
  const CsvTable table = Rows(script.text(), {"--strict"});
  ASSERT_EQ(table.row_count(), 5U);
  EXPECT_EQ(table.Flags(0) & (kInstrumentInferred | kHalted), kHalted);
}

TEST_F(ReplayCommandTest, LinesThatMeanNothingHereChangeNothing) {
  MarketScript plain;
  plain.Start(10);
  MarketScript script;
  script.Hash("#digest 0 00112233445566778899aabbccddeeff");
  script.Hash("#sbe AAECAwQ=");
  script.Hash("#future thing of a later version");
  script.Hash("#");
  script.Start(10);
  EXPECT_EQ(Digest({folder_.Write("b.txt", script.text())}, {"--strict"}),
            Digest({folder_.Write("a.txt", plain.text())}));
}

// --- Options -----------------------------------------------------------------------------------

struct WrongOption {
  const char* name;
  std::vector<std::string> options;
  std::vector<std::string> told;  // Key, value, allowed range.
};

class WrongOptionTest : public Test, public testing::WithParamInterface<WrongOption> {};

TEST_P(WrongOptionTest, IsStatusTwoWithKeyValueAndRangeAndNothingIsWritten) {
  const TestFolder folder;
  MarketScript script;
  script.Start(3);
  const std::string out = folder.PathOf("untouched.csv");
  std::vector<std::string> arguments{"replay", folder.Write("recording.txt", script.text()),
                                     "--out", out};
  arguments.insert(arguments.end(), GetParam().options.begin(), GetParam().options.end());
  const ProgramResult result = RunThalweg(arguments);
  EXPECT_EQ(result.exit_status, 2) << result.err;
  for (const std::string& part : GetParam().told)
    EXPECT_TRUE(Holds(result.err, part)) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_FALSE(std::filesystem::exists(out));
}

const std::vector<std::string>& EmitRange() {
  static const auto& told =
      *new std::vector<std::string>{"--emit", "depth, ticker, trade, all", "[1, 60000]"};
  return told;
}

std::vector<std::string> With(std::vector<std::string> told, const std::string& value) {
  told.push_back(value);
  return told;
}

INSTANTIATE_TEST_SUITE_P(
    Options, WrongOptionTest,
    testing::Values(
        WrongOption{"EmitZero", {"--emit", "0ms"}, With(EmitRange(), "'0ms'")},
        WrongOption{"EmitTooLong", {"--emit", "61000ms"}, With(EmitRange(), "'61000ms'")},
        WrongOption{"EmitHuge",
                    {"--emit", "9223372036854775807ms"},
                    With(EmitRange(), "'9223372036854775807ms'")},
        WrongOption{"EmitNoUnit", {"--emit", "100"}, With(EmitRange(), "'100'")},
        WrongOption{"EmitSeconds", {"--emit", "1s"}, With(EmitRange(), "'1s'")},
        WrongOption{"EmitFraction", {"--emit", "1.5ms"}, With(EmitRange(), "'1.5ms'")},
        WrongOption{"EmitWord", {"--emit", "foo"}, With(EmitRange(), "'foo'")},
        WrongOption{"BucketsUnsorted", {"--buckets", "50,10"}, {"--buckets", "50,10", "ascending"}},
        WrongOption{"BucketsTwice", {"--buckets", "10,10"}, {"--buckets", "10,10", "ascending"}},
        WrongOption{"BucketsZero", {"--buckets", "0,10"}, {"--buckets", "'0'"}},
        WrongOption{"BucketsNegative", {"--buckets=-10"}, {"--buckets", "'-10'"}},
        WrongOption{"BucketsWord", {"--buckets", "ten"}, {"--buckets", "'ten'"}},
        WrongOption{
            "BucketsNine", {"--buckets", "1,2,3,4,5,6,7,8,9"}, {"--buckets", "9 sizes", "1 to 8"}},
        WrongOption{"BucketsNone", {"--buckets", ","}, {"--buckets", "''"}},
        WrongOption{"BucketsBlank", {"--buckets", ";"}, {"--buckets", "';'"}},
        WrongOption{"BucketsOffTheTick",
                    {"--buckets", "0.015,0.03", "--instrument", "DEMOUSDT:0.01:0.00001"},
                    {"--buckets", "0.015", "multiple of the tick 0.01", "DEMOUSDT"}},
        WrongOption{"BucketsOfDifferentLength",
                    {"--buckets", "DEMOUSDT=1,2;OTHERUSDT=1"},
                    {"--buckets", "same number", "10,50,100,500,1000"}},
        WrongOption{"BucketsOfUnnamedSymbolsDiffer",
                    {"--buckets", "DEMOUSDT=0.05,0.5;OTHERUSDT=0.1,1"},
                    {"--buckets", "same number", "10,50,100,500,1000", "--symbols"}},
        WrongOption{"BucketsOfTwoCommonLists",
                    {"--buckets", "10,20;30,40"},
                    {"--buckets", "'10,20;30,40'", "one list"}},
        WrongOption{"BucketsOfASymbolTwice",
                    {"--buckets", "DEMOUSDT=1,2; DEMOUSDT=1,5"},
                    {"--buckets", "DEMOUSDT", "twice"}},
        WrongOption{"BucketsWithAnEmptySize", {"--buckets", "1,,2"}, {"--buckets", "''"}},
        WrongOption{"BucketsOfNobody", {"--buckets", "=1,2"}, {"--buckets", "SYM=sizes"}},
        WrongOption{
            "InstrumentWord", {"--instrument", "DEMOUSDT"}, {"--instrument", "SYM:TICK:STEP"}},
        WrongOption{"InstrumentTick",
                    {"--instrument", "DEMOUSDT:0:1"},
                    {"--instrument", "DEMOUSDT:0:1", "TICK"}},
        WrongOption{"InstrumentStep",
                    {"--instrument", "DEMOUSDT:0.01:x"},
                    {"--instrument", "DEMOUSDT:0.01:x", "STEP"}},
        WrongOption{"InstrumentNoSymbol", {"--instrument", ":1:1"}, {"--instrument", ":1:1"}},
        WrongOption{"InstrumentOfASymbolTwice",
                    {"--instrument", "DEMOUSDT:0.01:1", "--instrument", "DEMOUSDT:0.1:1"},
                    {"--instrument", "DEMOUSDT", "twice"}},
        WrongOption{"Market", {"--market", "x"}, {"--market", "'x'", "spot, usdm or coinm"}},
        WrongOption{"OnGap", {"--on-gap", "x"}, {"--on-gap", "'x'", "blank or serve"}},
        WrongOption{"Audit", {"--audit", "604801"}, {"--audit", "'604801'", "[0, 604800]"}},
        WrongOption{"AuditWord", {"--audit", "often"}, {"--audit", "'often'", "[0, 604800]"}},
        WrongOption{"Rounding",
                    {"--bucket-rounding", "x"},
                    {"--bucket-rounding", "'x'", "outward or floor"}},
        WrongOption{
            "TradeStream", {"--trade-stream", "x"}, {"--trade-stream", "'x'", "trade or aggTrade"}},
        WrongOption{"SnapshotLimitZero",
                    {"--snapshot-limit", "0"},
                    {"--snapshot-limit", "'0'", "[1, 5000]"}},
        WrongOption{"SnapshotLimitTooLarge",
                    {"--snapshot-limit", "5001"},
                    {"--snapshot-limit", "'5001'", "[1, 5000]"}},
        WrongOption{"BucketTooLarge",
                    {"--buckets", "1,11258999.06842625"},
                    {"--buckets", "11258999.06842625", "[0.00000001, 11258999.06842624]"}},
        WrongOption{"SnapshotLimitWord",
                    {"--snapshot-limit", "many"},
                    {"--snapshot-limit", "'many'", "[1, 5000]"}},
        WrongOption{"SymbolsTwice", {"--symbols", "DEMOUSDT,DEMOUSDT"}, {"--symbols", "twice"}},
        WrongOption{"SymbolsBlank", {"--symbols", " "}, {"--symbols", "' '"}},
        WrongOption{"Ring", {"--ring", "a/b"}, {"--ring", "'a/b'", "letters"}},
        WrongOption{"Speed", {"--speed", "0"}, {"--speed", "'0'", "[0.001, 1000000]"}},
        WrongOption{"Unknown", {"--no-such-option"}, {"--no-such-option"}}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(ReplayCommandTest, WithoutARecordingItIsWrongUsage) {
  const ProgramResult result = RunThalweg({"replay", "--digest"});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_TRUE(Holds(result.err, "RECORDING"));
}

TEST_F(ReplayCommandTest, WithoutACommandOrWithAnUnknownOneItIsWrongUsageAndTheCommandsAreNamed) {
  const ProgramResult none = RunThalweg({});
  EXPECT_EQ(none.exit_status, 2);
  EXPECT_TRUE(Holds(none.err, "subcommand is required")) << none.err;
  const ProgramResult unknown = RunThalweg({"replya"});
  EXPECT_EQ(unknown.exit_status, 2);
  EXPECT_TRUE(Holds(unknown.err, "'replya'")) << unknown.err;
  for (const char* const command :
       {"replay", "info", "import", "export", "market", "bench", "schema"}) {
    EXPECT_TRUE(Holds(none.err, command)) << none.err;
    EXPECT_TRUE(Holds(unknown.err, command)) << unknown.err;
  }
}

// What a script makes of a variable that is not set.
TEST_F(ReplayCommandTest, AnEmptyValueOfAnyOptionIsWrongUsage) {
  MarketScript script;
  script.Start(3);
  const std::string path = folder_.Write("recording.txt", script.text());
  const std::string made = folder_.PathOf("made.zst");
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> commands{
      {{"replay", path},
       {"--out", "--ladders", "--final-book", "--symbols", "--market", "--instrument",
        "--exchange-info", "--buckets", "--bucket-rounding", "--trade-stream", "--snapshot-limit",
        "--on-gap", "--emit", "--audit"}},
      {{"info", path}, {"--beside"}},
      {{"import", path, "--out", made}, {"--symbols", "--snapshot-limit", "--time-field"}},
      {{"import", path}, {"--out"}},
      {{"export", path, "--out", made}, {"--symbols"}},
      {{"export", path}, {"--out"}},
      {{"market", "--out", made},
       {"--seed", "--seconds", "--symbols", "--market", "--interval", "--levels",
        "--snapshot-limit", "--snapshot-every", "--regimes", "--final-book"}},
      {{"market"}, {"--out"}},
      {{"bench", path}, {"--rounds"}},
      {{"schema"}, {"--buckets"}}};
  for (const auto& [command, options] : commands) {
    for (const std::string& option : options) {
      std::vector<std::string> arguments = command;
      arguments.insert(arguments.end(), {option, ""});
      const ProgramResult result = RunThalweg(arguments);
      EXPECT_EQ(result.exit_status, 2) << command.front() << " " << option;
      EXPECT_TRUE(Holds(result.err, option)) << result.err;
      EXPECT_EQ(result.out, "");
    }
  }
  EXPECT_FALSE(std::filesystem::exists(made));
}

TEST_F(ReplayCommandTest, TheEdgesOfEveryRangeAreAllowed) {
  MarketScript script;
  script.Start(3);
  for (const char* emit : {"1ms", "60000ms"}) {
    Rows(script.text(), {"--emit", emit, "--snapshot-limit", "5000", "--buckets",
                         "1, 2,3 ,4,5,6,7,8", "--market", "spot"});
  }
}

TEST_F(ReplayCommandTest, ASnapshotLimitDecidesWhatIsUnknownBeyondIt) {
  MarketScript script;
  script.Start(1);
  const std::string path = folder_.Write("recording.txt", script.text());
  const auto complete = [&](const std::string& limit) {
    const ProgramResult result =
        Replay({path}, {"--buckets", "0.1", "--snapshot-limit", limit}, {"--ladders", "-"});
    return CsvTable(result.out).Integer(0, "complete_levels_bid");
  };
  EXPECT_EQ(complete("1000"), 6);  // 60 levels are the whole side.
  EXPECT_EQ(complete("60"), 6);    // Down to 999.40, a boundary.
}

TEST_F(ReplayCommandTest, TheHelpOfEverySubcommandNamesItsOptions) {
  const auto help = [](const std::vector<std::string>& arguments) {
    const ProgramResult result = RunThalweg(arguments);
    EXPECT_EQ(result.exit_status, 0);
    EXPECT_EQ(result.err, "");
    return result.out;
  };
  const std::string main = help({"--help"});
  for (const char* part : {"replay", "info", "schema", "--version"}) EXPECT_TRUE(Holds(main, part));
  const std::string replay = help({"replay", "--help"});
  for (const char* option :
       {"RECORDING", "--symbols",         "--market",       "--instrument",     "--exchange-info",
        "--buckets", "--bucket-rounding", "--trade-stream", "--snapshot-limit", "--on-gap",
        "--emit",    "--audit",           "--out",          "--ladders",        "--final-book",
        "--digest",  "--strict",          "--salvage",      "--merge",          "Exit status"}) {
    EXPECT_TRUE(Holds(replay, option)) << option;
  }
  const std::string info = help({"info", "--help"});
  for (const char* option : {"RECORDING", "--salvage", "--merge", "--notices"}) {
    EXPECT_TRUE(Holds(info, option)) << option;
  }
  const std::string schema = help({"schema", "--help"});
  for (const char* option : {"--buckets", "--json", "--markdown"}) {
    EXPECT_TRUE(Holds(schema, option)) << option;
  }
}

TEST_F(ReplayCommandTest, TheVersionNamesReleaseAndCompiler) {
  const ProgramResult result = RunThalweg({"--version"});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_TRUE(std::regex_search(result.out, std::regex("[0-9]+\\.[0-9]+\\.[0-9]+"))) << result.out;
  EXPECT_TRUE(Holds(result.out, "GNU") || Holds(result.out, "g++") || Holds(result.out, "lang"))
      << result.out;
}

TEST_F(ReplayCommandTest, NoProgressIsShownInAPipe) {
  MarketScript script;
  script.Start(1'000);
  Digest({folder_.Write("recording.txt", script.text())});
  EXPECT_EQ(result_.err.find('\r'), std::string::npos);
  EXPECT_EQ(result_.err.find('\033'), std::string::npos);
}

// --- Recordings of the project -----------------------------------------------------------------

std::string DemoPath(const std::string& name) {
  return std::string(THALWEG_SOURCE_DIR) + "/tests/data/" + name;
}

TEST_F(ReplayCommandTest, TheDemonstrationSynchronisesAndEveryAuditAgrees) {
  Digest({DemoPath("demo.txt")}, {"--strict"});
  EXPECT_TRUE(std::regex_search(result_.err, std::regex("DEMOUSDT: live at [0-9]+; depth 599 "
                                                        "applied, 0 stale, 0 gaps")))
      << result_.err;
  std::smatch audits;
  ASSERT_TRUE(
      std::regex_search(result_.err, audits, std::regex("audits ([0-9]+) of ([0-9]+) equal")));
  EXPECT_EQ(audits[1], audits[2]);
  EXPECT_GT(std::stoi(audits[1]), 100);
  EXPECT_TRUE(Holds(result_.err, "60.0 s of market"));
}

TEST_F(ReplayCommandTest, TheDemonstrationIsWhatItsGeneratorWrites) {
  if (RunProgram("python3", {"--version"}).exit_status != 0) {
    GTEST_SKIP() << "no python3 to run tests/data/make_demo.py with";
  }
  const ProgramResult made = RunProgram("python3", {DemoPath("make_demo.py")});
  ASSERT_EQ(made.exit_status, 0) << made.err;
  EXPECT_LT(made.out.size(), 300'000U);
  EXPECT_TRUE(made.out == ReadWholeFile(DemoPath("demo.txt")));
}

TEST_F(ReplayCommandTest, RealRecordingsReplayWithoutAnObjection) {
  const char* const set = std::getenv("THALWEG_DATA");
  const std::string data =
      set != nullptr ? set : std::string(THALWEG_SOURCE_DIR) + "/../shared/data";
  const std::string folder = data + "/spot-btcusdt-2024-08-08/";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no real recordings at " << data << " (THALWEG_DATA names another folder)";
  }
  const bool whole = !TakeShortPart();
  std::vector<std::string> arguments{"replay", folder + "btcusdt_20240808.gz"};
  if (whole) {
    arguments.push_back(folder + "btcusdt_20240809.gz");
  } else {
    std::printf("short part: the first of two files\n");
  }
  arguments.insert(arguments.end(), {"--strict", "--digest"});
  const ProgramResult result = RunThalweg(arguments);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Holds(result.err, "BTCUSDT: live")) << result.err;
  EXPECT_TRUE(Holds(result.err, " 0 gaps")) << result.err;
  EXPECT_EQ(Holds(result.out, "records 6493"), whole) << result.out;
}

}  // namespace
}  // namespace thalweg
