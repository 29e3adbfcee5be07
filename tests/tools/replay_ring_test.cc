// `thalweg replay --ring`: what is read back from the rings is what the same replay writes to its
// files, to the last bit; and how a replay that publishes begins, is refused and is ended.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/quality.h"
#include "core/ring_name.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/tools/csv_table.h"
#include "tests/tools/market_script.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"
#include "thalweg/ring_listing.h"
#include "thalweg/ring_reader.h"

namespace thalweg {
namespace {

constexpr std::size_t kBuckets = 15;
constexpr std::size_t kTopsLevels = 20;

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Text of a number, as a CSV has it, to the one double that it stands for.
std::uint64_t BitsOf(const std::string& text) {
  return std::bit_cast<std::uint64_t>(text == "nan" ? kNaN : std::stod(text));
}

// The program publishes in /dev/shm: under a name of this process's own, taken away at the end.
class ReplayRingTest : public testing::Test {
 protected:
  ReplayRingTest()
      : name_("test-" + std::to_string(getpid()) + "-" + std::to_string(++ring_count)) {}
  ~ReplayRingTest() override { (void)RemoveRings(name_); }

  [[nodiscard]] ProgramResult Replay(const std::vector<std::string>& recordings,
                                     const std::vector<std::string>& options) const {
    std::vector<std::string> arguments{"replay"};
    arguments.insert(arguments.end(), recordings.begin(), recordings.end());
    arguments.insert(arguments.end(), options.begin(), options.end());
    return RunThalweg(arguments);
  }
  [[nodiscard]] RingReader Open(RingKind kind, RingStart start = RingStart::kOldest) const {
    RingOpenOptions options;
    options.kind = kind;
    options.start = start;
    return RingReader::Open(name_, options).value();
  }
  [[nodiscard]] std::string Record(int steps) const {
    MarketScript script;
    script.Start(steps);
    return folder_.Write("recording.txt", script.text());
  }

  // Replays with and without rings and compares everything.
  void ExpectRingsToHoldWhatTheFilesSay(const std::vector<std::string>& recordings,
                                        std::vector<std::string> options, std::size_t rows_min);

  const std::string name_;
  TestFolder folder_;

 private:
  void ExpectFeatures(const CsvTable& rows) const;
  void ExpectLadders(const CsvTable& rows, const CsvTable& ladders) const;
  void ExpectTops(const CsvTable& rows, const std::map<std::string, std::string>& books) const;
  // Of every symbol of the rows: its state, and its newest record.
  void ExpectTable(RingReader& reader, const CsvTable& rows,
                   const std::vector<std::size_t>& row_of_record) const;
  void ExpectHeader(const RecordHeader& header, const RingReader& reader, std::uint64_t seq,
                    const CsvTable& rows, std::size_t row) const;

  static inline int ring_count = 0;
};

void ReplayRingTest::ExpectHeader(const RecordHeader& header, const RingReader& reader,
                                  std::uint64_t seq, const CsvTable& rows, std::size_t row) const {
  EXPECT_EQ(header.schema_hash, reader.header().schema_hash);
  EXPECT_EQ(header.seq, seq);
  EXPECT_EQ(header.recv_ns, rows.Integer(row, "recv_ns"));
  EXPECT_EQ(header.event_ns, rows.Integer(row, "event_ns"));
  EXPECT_GE(header.publish_ns, reader.header().start_ns);
  EXPECT_EQ(header.update_id, std::stoull(rows.Text(row, "update_id")));
  EXPECT_EQ(header.flags, rows.Flags(row));
  EXPECT_EQ(TriggerName(static_cast<Trigger>(header.trigger)), rows.Text(row, "trigger"));
  EXPECT_EQ(header.live_flags, 0U);
  const std::optional<RingSymbol> symbol = reader.symbol(header.symbol_id);
  ASSERT_TRUE(symbol.has_value());
  EXPECT_EQ(symbol->name, rows.Text(row, "symbol"));
}

void ReplayRingTest::ExpectTable(RingReader& reader, const CsvTable& rows,
                                 const std::vector<std::size_t>& row_of_record) const {
  std::map<std::string, std::size_t> newest;  // Of a symbol: the number of its record, less one.
  for (std::size_t i = 0; i < row_of_record.size(); ++i) {
    newest[rows.Text(row_of_record[i], "symbol")] = i;
  }
  EXPECT_EQ(reader.symbol_count(), newest.size());
  for (const auto& [name, index] : newest) {
    ASSERT_TRUE(reader.Latest(name)) << name;
    ExpectHeader(reader.record().header(), reader, index + 1, rows, row_of_record[index]);
    const RingSymbol symbol = *reader.state(name);
    // As the last frames left it, later than its record perhaps.
    EXPECT_EQ(symbol.status.state, 2U) << "live";
    EXPECT_EQ(symbol.status.quality & quality::kBookInvalid, 0U);
    EXPECT_GE(symbol.status.event_ns, reader.record().header().event_ns);
    EXPECT_GE(symbol.status.update_id, reader.record().header().update_id);
    EXPECT_GT(symbol.counts.depth_frames, 0U);
    EXPECT_EQ(symbol.counts.synchronisations, 1U);
  }
}

void ReplayRingTest::ExpectFeatures(const CsvTable& rows) const {
  RingReader reader = Open(RingKind::kFeatures);
  ASSERT_EQ(reader.newest(), rows.row_count());
  std::vector<RingColumn> columns;
  for (std::size_t i = 6; i < rows.header().size(); ++i) {
    columns.push_back(reader.Column(rows.header()[i]).value());
  }
  std::vector<std::size_t> row_of_record;
  for (std::size_t row = 0; row < rows.row_count(); ++row) {
    ASSERT_EQ(reader.Next(), RingRead::kRecord) << row;
    ExpectHeader(reader.record().header(), reader, row + 1, rows, row);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      ASSERT_EQ(std::bit_cast<std::uint64_t>(reader.record()[columns[i]]),
                BitsOf(rows.Cell(row, 6 + i)))
          << row << " " << rows.header()[6 + i];
    }
    row_of_record.push_back(row);
  }
  EXPECT_EQ(reader.Next(), RingRead::kEnded);
  EXPECT_EQ(reader.writer(), RingWriterLife::kClosed);
  EXPECT_EQ(reader.lost(), 0U);
  ExpectTable(reader, rows, row_of_record);
}

bool HasBook(const CsvTable& rows, std::size_t row) {
  return (rows.Flags(row) & quality::kBookInvalid) == 0;
}

// The rows of depth and timer records: those that ladders and tops follow.
std::vector<std::size_t> RowsWithBooks(const CsvTable& rows) {
  std::vector<std::size_t> found;
  for (std::size_t row = 0; row < rows.row_count(); ++row) {
    const std::string& trigger = rows.Text(row, "trigger");
    if (trigger == "depth" || trigger == "timer") found.push_back(row);
  }
  return found;
}

// The dense ladder against the compact one of the file: buckets of one label are equal, others are
// empty.
void ReplayRingTest::ExpectLadders(const CsvTable& rows, const CsvTable& ladders) const {
  RingReader reader = Open(RingKind::kLadders);
  const std::vector<std::size_t> row_of_record = RowsWithBooks(rows);
  ASSERT_EQ(reader.newest(), row_of_record.size());
  std::vector<std::string> suffixes;
  for (const RingField& field : reader.fields()) {
    if (field.name.starts_with("size_")) suffixes.push_back(field.name.substr(4));
  }
  std::size_t line = 0;
  for (std::size_t n = 0; n < row_of_record.size(); ++n) {
    ASSERT_EQ(reader.Next(), RingRead::kRecord) << n;
    const RingRecord& record = reader.record();
    ExpectHeader(record.header(), reader, n + 1, rows, row_of_record[n]);
    for (const std::string& suffix : suffixes) {
      const double size = record[reader.Column("size" + suffix).value()];
      const bool has_book = HasBook(rows, row_of_record[n]);
      if (has_book) {
        ASSERT_EQ(ladders.Integer(line, "event_ns"), record.header().event_ns);
        ASSERT_EQ(ladders.Number(line, "tick_size"), size);
      }
      for (const std::string side : {"bid", "ask"}) {
        SCOPED_TRACE(testing::Message() << "record " << n + 1 << " " << side << suffix);
        const double label = record[reader.Column(side + "_label" + suffix).value()];
        const RingColumn qty = reader.Column(side + "_qty" + suffix).value();
        const RingColumn notional = reader.Column(side + "_notional" + suffix).value();
        std::uint32_t complete = 0;
        const auto field =
            std::find_if(reader.fields().begin(), reader.fields().end(),
                         [&](const RingField& f) { return f.name == "complete_" + side + suffix; });
        ASSERT_NE(field, reader.fields().end());
        std::memcpy(&complete, record.data() + field->offset, sizeof(complete));
        if (!has_book || ladders.Text(line, side + "_price_1") == "nan") {
          EXPECT_TRUE(std::isnan(label) && complete == 0);
          for (std::size_t i = 0; i < kBuckets; ++i) {
            ASSERT_TRUE(std::isnan(record.At(qty, i)) && std::isnan(record.At(notional, i)));
          }
          continue;
        }
        ASSERT_EQ(label, ladders.Number(line, side + "_price_1"));
        const auto compact = [&](const char* what, std::size_t place) {
          return ladders.Number(line, side + "_" + what + "_" + std::to_string(place + 1));
        };
        const auto complete_compact =
            static_cast<std::size_t>(ladders.Integer(line, "complete_levels_" + side));
        const double outward = side == "bid" ? -size : size;
        std::size_t place = 0;
        for (std::size_t i = 0; i < kBuckets; ++i) {
          const double at = label + outward * static_cast<double>(i);
          const bool there =
              place < kBuckets && std::abs(compact("price", place) - at) < 1e-3 * size;
          if (!there) {
            ASSERT_EQ(record.At(qty, i), 0.0) << i;
            ASSERT_EQ(record.At(notional, i), 0.0) << i;
            continue;
          }
          ASSERT_EQ(record.At(qty, i), compact("qty", place)) << i;
          const double before = place == 0 ? 0 : compact("cum_usd", place - 1);
          const double sum = compact("cum_usd", place);
          ASSERT_NEAR(record.At(notional, i), sum - before, 1e-9 * sum) << i;
          ASSERT_EQ(place < complete_compact, i < complete) << i;
          ++place;
        }
      }
      if (has_book) ++line;
    }
  }
  EXPECT_EQ(line, ladders.row_count());
  EXPECT_EQ(reader.Next(), RingRead::kEnded);
  ExpectTable(reader, rows, row_of_record);
}

// The touch against each row, and the newest record against the book at the end.
void ReplayRingTest::ExpectTops(const CsvTable& rows,
                                const std::map<std::string, std::string>& books) const {
  RingReader reader = Open(RingKind::kTops);
  const std::vector<std::size_t> row_of_record = RowsWithBooks(rows);
  ASSERT_EQ(reader.newest(), row_of_record.size());
  const auto value = [&](const std::string& column) {
    return std::bit_cast<std::uint64_t>(reader.record()[reader.Column(column).value()]);
  };
  for (std::size_t n = 0; n < row_of_record.size(); ++n) {
    ASSERT_EQ(reader.Next(), RingRead::kRecord) << n;
    const std::size_t row = row_of_record[n];
    ExpectHeader(reader.record().header(), reader, n + 1, rows, row);
    ASSERT_EQ(value("bid_price_1"), BitsOf(rows.Text(row, "best_bid"))) << n;
    ASSERT_EQ(value("bid_qty_1"), BitsOf(rows.Text(row, "best_bid_qty"))) << n;
    ASSERT_EQ(value("ask_price_1"), BitsOf(rows.Text(row, "best_ask"))) << n;
    ASSERT_EQ(value("ask_qty_1"), BitsOf(rows.Text(row, "best_ask_qty"))) << n;
  }
  EXPECT_EQ(reader.Next(), RingRead::kEnded);
  ExpectTable(reader, rows, row_of_record);
  for (const auto& [name, book] : books) {
    ASSERT_TRUE(reader.Latest(name)) << name;
    // A timer's record is older than the book at the end.
    if (reader.record().header().trigger == static_cast<std::uint16_t>(Trigger::kTimer)) continue;
    std::size_t bids = 0;
    std::size_t asks = 0;
    for (const std::string& level : LinesOf(book)) {
      const std::vector<std::string> parts = SplitText(level, ' ');
      const bool bid = parts[0] == "b";
      const std::size_t rank = ++(bid ? bids : asks);
      if (rank > kTopsLevels) continue;
      const std::string place = "_" + std::to_string(rank);
      ASSERT_EQ(value((bid ? "bid_price" : "ask_price") + place), BitsOf(parts[1])) << level;
      ASSERT_EQ(value((bid ? "bid_qty" : "ask_qty") + place), BitsOf(parts[2])) << level;
    }
    EXPECT_GE(std::min(bids, asks), kTopsLevels);
  }
}

// One kind of ring at a time: together they would fill what some containers give /dev/shm, when
// tests run side by side.
void ReplayRingTest::ExpectRingsToHoldWhatTheFilesSay(const std::vector<std::string>& recordings,
                                                      std::vector<std::string> options,
                                                      std::size_t rows_min) {
  const std::string out = folder_.PathOf("features.csv");
  const std::string ladders = folder_.PathOf("ladders.csv");
  options.insert(options.end(), {"--digest", "--out", out, "--ladders", ladders, "--final-book",
                                 folder_.PathOf("book-{symbol}")});
  const ProgramResult without = Replay(recordings, options);
  ASSERT_EQ(without.exit_status, 0) << without.err;
  const std::string out_text = ReadWholeFile(out);
  const CsvTable rows(out_text);
  ASSERT_GE(rows.row_count(), rows_min);

  for (const RingKind kind : kRingKinds) {
    SCOPED_TRACE(std::string(RingKindName(kind)));
    std::vector<std::string> publishing = options;
    publishing.insert(publishing.end(),
                      {"--ring", name_, "--ring-records", std::string(RingKindName(kind)),
                       "--ring-capacity", "8192"});
    const ProgramResult with = Replay(recordings, publishing);
    ASSERT_EQ(with.exit_status, 0) << with.err;
    EXPECT_EQ(with.out, without.out) << "the digest";
    EXPECT_EQ(ReadWholeFile(out), out_text);
    if (kind == RingKind::kFeatures) ExpectFeatures(rows);
    if (kind == RingKind::kLadders) ExpectLadders(rows, CsvTable(ReadWholeFile(ladders)));
    if (kind != RingKind::kTops) continue;
    std::map<std::string, std::string> books;
    for (std::size_t row = 0; row < rows.row_count(); ++row) {
      const std::string& symbol = rows.Text(row, "symbol");
      if (!books.contains(symbol)) books[symbol] = ReadWholeFile(folder_.PathOf("book-" + symbol));
    }
    ExpectTops(rows, books);
  }
}

// --- Bit for bit -------------------------------------------------------------------------------

TEST_F(ReplayRingTest, TheDemoRecordingIsReadBackToTheLastBit) {
  ExpectRingsToHoldWhatTheFilesSay({std::string(THALWEG_SOURCE_DIR) + "/tests/data/demo.txt"}, {},
                                   500);
}

TEST_F(ReplayRingTest, ASyntheticMarketOfTwoSymbolsAndEveryMessageIsReadBackToTheLastBit) {
  const std::string market = folder_.PathOf("market.zst");
  const ProgramResult made = RunThalweg({"market", "--seed", "7", "--seconds", "20", "--symbols",
                                         "BTCUSDT,ETHUSDT:40", "--out", market});
  ASSERT_EQ(made.exit_status, 0) << made.err;
  ExpectRingsToHoldWhatTheFilesSay({market}, {"--emit", "all"}, 600);
}

TEST_F(ReplayRingTest, TimerRecordsAreReadBackToTheLastBit) {
  ExpectRingsToHoldWhatTheFilesSay({std::string(THALWEG_SOURCE_DIR) + "/tests/data/demo.txt"},
                                   {"--emit", "250ms", "--buckets", "1,5,25"}, 200);
}

TEST_F(ReplayRingTest, AWholeRealRecordingIsReadBackToTheLastBit) {
  const std::vector<std::string> files = RecordedFiles("spot-btcusdt-2024-08-08");
  if (files.empty()) GTEST_SKIP() << "no spot-btcusdt-2024-08-08 in " << RecordedDataFolder();
  ExpectRingsToHoldWhatTheFilesSay(files, {}, 6'493);
}

// --- The rings themselves ------------------------------------------------------------------------

TEST_F(ReplayRingTest, ThreeRingsWithTheirDefaultsAreAResult) {
  const ProgramResult result = Replay({Record(50)}, {"--ring", name_});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_FALSE(Holds(result.err, "no result was asked for")) << result.err;
  for (const RingKind kind : kRingKinds) {
    const RingReader reader = Open(kind);
    EXPECT_EQ(reader.newest(), 50U);
    EXPECT_EQ(reader.header().capacity, kind == RingKind::kFeatures ? 16'384U : 4'096U);
    EXPECT_EQ(reader.statistics().speed_milli, 0U);
    EXPECT_EQ(reader.statistics().frames, 150U + 1U) << "a bare snapshot is a frame";
    EXPECT_TRUE(Holds(std::string(reader.schema()), "\"configuration\":{\"emit\":\"depth\""));
  }
}

TEST_F(ReplayRingTest, TheRingHoldsTheNewestRecordsOfALongReplay) {
  ASSERT_EQ(Replay({Record(100)}, {"--ring", name_, "--ring-capacity", "16"}).exit_status, 0);
  RingReader reader = Open(RingKind::kFeatures);
  EXPECT_EQ(reader.newest(), 100U);
  ASSERT_EQ(reader.Next(), RingRead::kRecord);
  EXPECT_EQ(reader.record().header().seq, 85U);
}

TEST_F(ReplayRingTest, KindsModeWakeAndTopsAreAsAskedFor) {
  ASSERT_EQ(Replay({Record(5)}, {"--ring", name_}).exit_status, 0);
  ASSERT_EQ(Replay({Record(5)}, {"--ring", name_, "--ring-records", "tops,features", "--ring-mode",
                                 "0640", "--ring-wake", "--tops", "3", "--speed", "1000"})
                .exit_status,
            0);
  RingOpenOptions ladders;
  ladders.kind = RingKind::kLadders;
  EXPECT_EQ(RingReader::Open(name_, ladders).status().code(), absl::StatusCode::kNotFound);
  const RingReader tops = Open(RingKind::kTops);
  EXPECT_EQ(tops.header().generation, 2U);
  EXPECT_EQ(tops.header().flags & kRingWakes, kRingWakes);
  EXPECT_EQ(tops.header().record_bytes, 64U + 2 * 64U);
  EXPECT_EQ(tops.statistics().speed_milli, 1'000'000U);
  EXPECT_TRUE(tops.Column("ask_qty_3").ok());
  EXPECT_FALSE(tops.Column("ask_qty_4").ok());
}

// The book is gone at the end of this recording: the last record is older than that.
TEST_F(ReplayRingTest, AGapAtTheEndShowsInTheTableAndNotInTheNewestRecord) {
  MarketScript script;
  script.Start(20);
  script.LoseDepth();
  script.Depth();
  ASSERT_EQ(Replay({folder_.Write("gap.txt", script.text())}, {"--ring", name_}).exit_status, 0);
  RingReader reader = Open(RingKind::kFeatures);
  const std::optional<RingSymbol> symbol = reader.state("DEMOUSDT");
  ASSERT_TRUE(symbol.has_value());
  EXPECT_EQ(symbol->status.state, 3U) << "resync";
  EXPECT_NE(symbol->status.quality & quality::kBookInvalid, 0U);
  EXPECT_EQ(symbol->counts.gaps, 1U);
  ASSERT_TRUE(reader.Latest("DEMOUSDT"));
  EXPECT_EQ(reader.record().header().flags & quality::kBookInvalid, 0U);
  EXPECT_EQ(symbol->status.update_id, reader.record().header().update_id);
}

// Others go on for an hour; nothing says that this one's streams are gone but time.
TEST_F(ReplayRingTest, AStreamThatFellSilentIsStaleInTheTable) {
  MarketScript script;
  script.Start(20);
  const std::string late = std::to_string(MarketScript::kFirstMs + 3'600'000);
  const std::string other =
      late +
      R"( {"stream":"zzzusdt@bookTicker","data":{"u":1,"s":"ZZZUSDT","b":"1","B":"1","a":"2","A":"1"}})" +
      "\n";
  ASSERT_EQ(
      Replay({folder_.Write("silent.txt", script.text() + other)}, {"--ring", name_}).exit_status,
      0);
  RingReader reader = Open(RingKind::kFeatures);
  const std::optional<RingSymbol> symbol = reader.state("DEMOUSDT");
  ASSERT_TRUE(symbol.has_value());
  const QualityWord stale = quality::kStaleDepth | quality::kStaleTicker | quality::kStaleTrade;
  EXPECT_EQ(symbol->status.quality & stale, stale);
  ASSERT_TRUE(reader.Latest("DEMOUSDT"));
  EXPECT_EQ(reader.record().header().flags & stale, 0U);
}

// --- Refusals ------------------------------------------------------------------------------------

TEST_F(ReplayRingTest, WrongValuesAreWrongUsageWithTheAllowedRange) {
  struct Wrong {
    const char* option;
    const char* value;
    const char* allowed;
  };
  const std::string recording = Record(1);
  for (const Wrong& wrong : {Wrong{"--ring", "a/b", "letters"},
                             {"--ring", "", "--ring"},
                             {"--ring-records", "candles", "features, ladders or tops"},
                             {"--ring-records", "tops,tops", "twice"},
                             {"--ring-capacity", "3", "power of two in [1, 1073741824]"},
                             {"--ring-capacity", "0", "power of two"},
                             {"--ring-capacity", "4294967296", "power of two"},
                             {"--ring-mode", "0644", "0600 or 0640"},
                             {"--tops", "0", "[1, 100]"},
                             {"--tops", "101", "[1, 100]"},
                             {"--speed", "0", "[0.001, 1000000]"},
                             {"--speed", "-1", "[0.001, 1000000]"},
                             {"--speed", "fast", "max"},
                             {"--speed", "1e9", "[0.001, 1000000]"},
                             {"--speed", "nan", "max"}}) {
    std::vector<std::string> options{wrong.option, wrong.value};
    if (options[0] != "--ring") options.insert(options.end(), {"--ring", name_});
    const ProgramResult result = Replay({recording}, options);
    EXPECT_EQ(result.exit_status, 2) << wrong.option << " " << wrong.value;
    EXPECT_TRUE(Holds(result.err, wrong.option)) << result.err;
    EXPECT_TRUE(Holds(result.err, wrong.value)) << result.err;
    EXPECT_TRUE(Holds(result.err, wrong.allowed)) << result.err;
  }
  EXPECT_EQ(RemoveRings(name_).status().code(), absl::StatusCode::kNotFound) << "nothing was made";
}

TEST_F(ReplayRingTest, OptionsOfARingNeedARing) {
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{"--ring-records", "tops"},
                                             {"--ring-capacity", "8"},
                                             {"--ring-mode", "0640"},
                                             {"--ring-wake"},
                                             {"--tops", "3"}}) {
    const ProgramResult result = Replay({Record(1)}, options);
    EXPECT_EQ(result.exit_status, 2) << options[0];
    EXPECT_TRUE(Holds(result.err, "--ring")) << result.err;
  }
}

TEST_F(ReplayRingTest, ANameThatAWriterHasIsRefusedBeforeAnyOutputIsReplaced) {
  const absl::StatusOr<RingName> taken = RingName::Take(name_, 0600);
  ASSERT_TRUE(taken.ok()) << taken.status();
  const std::string out = folder_.Write("rows.csv", "as it was");
  const ProgramResult result = Replay({Record(5)}, {"--ring", name_, "--out", out});
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_TRUE(Holds(result.err, "/dev/shm/thalweg." + name_)) << result.err;
  EXPECT_EQ(ReadWholeFile(out), "as it was");
}

TEST_F(ReplayRingTest, TwoBooksOfASymbolOfInterleavedRunsAreNotPublishedAsOne) {
  MarketScript script;
  script.Start(5);
  std::vector<std::string> recordings;
  for (const char* const name : {"a", "b"}) {
    const std::string header =
        std::to_string(MarketScript::kFirstMs) + " #thalweg 1 {\"run\":\"" + name + "\"}\n";
    recordings.push_back(folder_.Write(std::string(name) + ".txt", header + script.text()));
  }
  const ProgramResult merged = Replay(recordings, {"--ring", name_, "--merge"});
  EXPECT_EQ(merged.exit_status, 2) << merged.err;
  EXPECT_TRUE(Holds(merged.err, "two books of DEMOUSDT")) << merged.err;
  EXPECT_EQ(Open(RingKind::kFeatures).newest(), 1U);
  // One after the other they are one symbol's feed, begun anew.
  EXPECT_EQ(Replay(recordings, {"--ring", name_}).exit_status, 0);
  EXPECT_EQ(Open(RingKind::kFeatures).newest(), 10U);
}

TEST_F(ReplayRingTest, RunsThatNumberTheirSymbolsDifferentlyAreRefusedUnlessTheyAreNamed) {
  MarketScript first;
  first.Start(5);
  MarketScript second({"ZZZUSDT", "zzzusdt"});
  second.Start(5);
  const auto run = [](const char* name) {
    return std::to_string(MarketScript::kFirstMs) + " #thalweg 1 {\"run\":\"" + name + "\"}\n";
  };
  const std::string recording =
      folder_.Write("runs.txt", run("a") + first.text() + run("b") + second.text());
  const ProgramResult result = Replay({recording}, {"--ring", name_});
  EXPECT_EQ(result.exit_status, 2) << result.err;
  for (const char* const part : {"ZZZUSDT", "DEMOUSDT", "--symbols"}) {
    EXPECT_TRUE(Holds(result.err, part)) << result.err;
  }
  EXPECT_EQ(Open(RingKind::kFeatures).newest(), 5U);
  EXPECT_FALSE(Open(RingKind::kFeatures).state("ZZZUSDT").has_value());

  const ProgramResult named =
      Replay({recording}, {"--ring", name_, "--symbols", "ZZZUSDT,DEMOUSDT"});
  EXPECT_EQ(named.exit_status, 0) << named.err;
  RingReader reader = Open(RingKind::kFeatures);
  EXPECT_EQ(reader.newest(), 10U);
  ASSERT_TRUE(reader.Latest("ZZZUSDT"));
  EXPECT_EQ(reader.record().header().symbol_id, 0U);
  EXPECT_EQ(reader.state("DEMOUSDT")->status.state, 0U) << "the second run has not seen it";
}

// --- An end before the end -----------------------------------------------------------------------

// The program in the background.
class Running {
 public:
  Running(const std::vector<std::string>& arguments, const std::string& out_path) {
    std::vector<std::string> all{ThalwegPath()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& argument : all) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out_path.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    EXPECT_EQ(posix_spawn(&child_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Running() {
    if (child_ > 0) (void)End(SIGKILL);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // Sends the signal and waits; the exit status.
  int End(int signal) {
    kill(child_, signal);
    int status = 0;
    EXPECT_EQ(waitpid(child_, &status, 0), child_);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1'000 + WTERMSIG(status);
  }

 private:
  pid_t child_ = 0;
};

constexpr std::chrono::seconds kDeadline{60};

// Asks again and again until the answer is yes; false when the time is up.
template <class Condition>
bool Becomes(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST_F(ReplayRingTest, ASignalEndsAPacedReplayAtOnceAndWell) {
  // A few frames, and then an hour of silence, in which the signal comes.
  MarketScript script;
  script.Start(3);
  script.Pass(3'600'000);
  script.Run(3);
  const std::string recording = folder_.Write("silence.txt", script.text());
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string out = folder_.PathOf("stdout");
    const std::string csv = folder_.PathOf("rows.csv");
    Running program(
        {"replay", recording, "--ring", name_, "--speed", "1", "--digest", "--out", csv}, out);
    std::optional<RingReader> reader;
    const auto all_before_the_silence = [&] {
      absl::StatusOr<RingReader> opened = RingReader::Open(name_);
      if (!opened.ok()) return false;
      reader.emplace(*std::move(opened));
      return reader->writer() == RingWriterLife::kWriting && reader->newest() == 3;
    };
    ASSERT_TRUE(Becomes(all_before_the_silence));
    EXPECT_EQ(reader->statistics().speed_milli, 1'000U);
    // It beats while it waits.
    const std::int64_t beats = reader->header().heartbeat_ns;
    EXPECT_TRUE(Becomes([&] {
      const absl::StatusOr<RingReader> again = RingReader::Open(name_);
      return again.ok() && again->header().heartbeat_ns > beats;
    }));
    EXPECT_EQ(program.End(signal), 128 + signal);
    EXPECT_EQ(reader->writer(), RingWriterLife::kClosed);
    EXPECT_EQ(reader->newest(), 3U) << "the line that was waited for is not used before its time";
    EXPECT_EQ(CsvTable(ReadWholeFile(csv)).row_count(), 3U);
    EXPECT_TRUE(Holds(ReadWholeFile(out), " records 3\n")) << ReadWholeFile(out);
    (void)RemoveRings(name_);
  }
}

TEST_F(ReplayRingTest, AReplayThatWasKilledIsTakenOverByTheNext) {
  MarketScript script;
  script.Start(3);
  script.Pass(3'600'000);
  script.Run(3);
  const std::string recording = folder_.Write("silence.txt", script.text());
  std::optional<RingReader> reader;
  {
    Running program({"replay", recording, "--ring", name_, "--speed", "1"}, "/dev/null");
    ASSERT_TRUE(Becomes([&] {
      absl::StatusOr<RingReader> opened = RingReader::Open(name_);
      if (!opened.ok() || opened->newest() != 3) return false;
      reader.emplace(*std::move(opened));
      return true;
    }));
    EXPECT_EQ(program.End(SIGKILL), 1'000 + SIGKILL);
  }
  const ProgramResult next = Replay({recording}, {"--ring", name_});
  EXPECT_EQ(next.exit_status, 0) << next.err;
  EXPECT_EQ(reader->writer(), RingWriterLife::kSuperseded);
  const absl::StatusOr<bool> another = reader->Reopen();
  ASSERT_TRUE(another.ok() && *another);
  EXPECT_EQ(reader->header().generation, 2U);
  EXPECT_EQ(reader->newest(), 6U);
}

}  // namespace
}  // namespace thalweg
