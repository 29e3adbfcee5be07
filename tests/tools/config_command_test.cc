// `--config FILE.toml` and `--check-config` of the program: a good file is its command line, a bad
// one is refused with file, line, key and what is allowed, before anything is begun.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/tools/csv_table.h"
#include "tests/tools/market_script.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

using Texts = std::vector<std::string>;

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class ConfigCommandTest : public testing::Test {
 protected:
  std::string Recording() const {
    MarketScript script;
    script.Start(100);
    return folder_.Write("recording.txt", script.text());
  }

  TestFolder folder_;
};

// --- Good files ----------------------------------------------------------------------------------

TEST_F(ConfigCommandTest, AFileIsItsCommandLine) {
  struct Pair {
    std::string file;
    Texts arguments;
  };
  const std::vector<Pair> pairs = {
      {"", {}},
      {"emit = \"all\"\nspeed = \"max\"", {"--emit", "all"}},
      {"emit = \"250ms\"\nbuckets = [0.25, 1.0, 50]",
       {"--emit", "250ms", "--buckets", "0.25,1.0,50"}},
      {"buckets = [\"0.25\", 3]\nbucket-rounding = \"floor\"",
       {"--buckets", "0.25,3", "--bucket-rounding", "floor"}},
      {"[buckets]\nDEMOUSDT = [2, 4]\n\"*\" = [10, 50]", {"--buckets", "10,50;DEMOUSDT=2,4"}},
      {"symbols = [\"DEMOUSDT\"]\nmarket = \"spot\"\ninstrument = [\"DEMOUSDT:0.05:0.00001\"]",
       {"--symbols", "DEMOUSDT", "--market", "spot", "--instrument", "DEMOUSDT:0.05:0.00001"}},
      {"trade-stream = \"aggTrade\"\non-gap = \"serve\"\nsnapshot-limit = 1000\nmerge = true",
       {"--trade-stream", "aggTrade", "--on-gap", "serve", "--snapshot-limit", "1000", "--merge"}},
  };
  const std::string recording = Recording();
  for (const Pair& pair : pairs) {
    SCOPED_TRACE(pair.file);
    const std::string path = folder_.Write("run.toml", pair.file + "\n");
    const ProgramResult by_file = RunThalweg({"replay", recording, "--digest", "--config", path});
    Texts arguments{"replay", recording, "--digest"};
    arguments.insert(arguments.end(), pair.arguments.begin(), pair.arguments.end());
    const ProgramResult by_arguments = RunThalweg(arguments);
    EXPECT_EQ(by_file.exit_status, 0) << by_file.err;
    EXPECT_EQ(by_arguments.exit_status, 0) << by_arguments.err;
    EXPECT_EQ(by_file.out.substr(0, 7), "digest ");
    EXPECT_EQ(by_file.out, by_arguments.out);

    // What is in effect, too, and what is in effect of that again.
    const ProgramResult effective = RunThalweg({"replay", "--check-config", "--config", path});
    EXPECT_EQ(effective.exit_status, 0) << effective.err;
    const std::string again = folder_.Write("effective.toml", effective.out);
    EXPECT_EQ(RunThalweg({"replay", recording, "--digest", "--config", again}).out, by_file.out);
  }
}

TEST_F(ConfigCommandTest, ResultsAndTheirFilesComeFromTheFileToo) {
  const std::string rows = folder_.PathOf("rows.csv");
  const std::string ladders = folder_.PathOf("ladders.csv");
  const std::string path = folder_.Write("run.toml", "out = '" + rows + "'\nladders = '" + ladders +
                                                         "'\nfinal-book = '-'\nstrict = true\n");
  const ProgramResult result = RunThalweg({"replay", Recording(), "--config", path});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.out.substr(0, 2), "b ");
  EXPECT_EQ(CsvTable(ReadWholeFile(rows)).row_count(), 100U);
  EXPECT_GT(CsvTable(ReadWholeFile(ladders)).row_count(), 100U);
}

TEST_F(ConfigCommandTest, TheCommandLineOutranksTheFile) {
  const std::string recording = Recording();
  const std::string path =
      folder_.Write("run.toml", "emit = 'all'\nsymbols = ['ABSENT']\ndigest = true\n");
  const ProgramResult result = RunThalweg(
      {"replay", recording, "--config", path, "--emit", "ticker", "--symbols", "DEMOUSDT"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.out, RunThalweg({"replay", recording, "--emit", "ticker", "--digest"}).out);
  const ProgramResult silent = RunThalweg(
      {"replay", recording, "--config", path, "--symbols", "DEMOUSDT", "--digest=false"});
  EXPECT_EQ(silent.exit_status, 0) << silent.err;
  EXPECT_EQ(silent.out, "");
}

// --- --check-config ------------------------------------------------------------------------------

TEST_F(ConfigCommandTest, CheckingReadsNoRecordingAndWritesNothing) {
  const std::string rows = folder_.PathOf("rows.csv");
  const ProgramResult result =
      RunThalweg({"replay", folder_.PathOf("absent.zst"), "--check-config", "--out", rows});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Holds(result.out, "\nout = \"" + rows + "\""));
  EXPECT_FALSE(std::filesystem::exists(rows));
}

TEST_F(ConfigCommandTest, CheckingAsksForEveryOptionOfTheHelpOnce) {
  const ProgramResult help = RunThalweg({"replay", "--help"});
  const ProgramResult effective = RunThalweg({"replay", "--check-config"});
  std::size_t options = 0;
  for (const std::string& line : SplitText(help.out, '\n')) {
    if (line.substr(0, 4) != "  --") continue;
    const std::string key = line.substr(4, line.find(' ', 4) - 4);
    if (key == "config" || key == "check-config") continue;
    ++options;
    EXPECT_TRUE(Holds("\n" + effective.out, "\n" + key + " = ") ||
                Holds("\n" + effective.out, "\n# " + key + " "))
        << key;
  }
  EXPECT_GE(options, 15U);
}

TEST_F(ConfigCommandTest, CheckingRefusesWhatTheReplayWould) {
  EXPECT_EQ(RunThalweg({"replay", "--check-config", "--emit", "never"}).exit_status, 2);
  EXPECT_EQ(RunThalweg({"replay", "--check-config", "--out", "rows.txt"}).exit_status, 2);
  EXPECT_EQ(RunThalweg({"replay", "--check-config", "--out", folder_.PathOf("absent/rows.csv")})
                .exit_status,
            3);
}

TEST_F(ConfigCommandTest, WithoutCheckingARecordingIsRequired) {
  const ProgramResult result =
      RunThalweg({"replay", "--config", folder_.Write("run.toml", "digest = true")});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_TRUE(Holds(result.err, "RECORDING is required"));
}

TEST_F(ConfigCommandTest, AFileThatCannotBeReadIsStatusThree) {
  for (const std::string& path : {folder_.PathOf("absent.toml"), folder_.PathOf("")}) {
    const ProgramResult result = RunThalweg({"replay", "--check-config", "--config", path});
    EXPECT_EQ(result.exit_status, 3);
    EXPECT_TRUE(Holds(result.err, "thalweg: --config: cannot read " + path + ": ")) << result.err;
  }
}

// --- Bad files -----------------------------------------------------------------------------------

struct BadConfig {
  std::string text;
  std::string place;  // LINE:COLUMN
  std::string key;    // Empty where TOML does not tell one.
  std::string words;  // Of the reason and what is allowed.
};

const std::vector<BadConfig>& BadConfigs() {
  static const std::vector<BadConfig> configs = {
      // Unknown keys.
      {"emitt = 'all'", "1:1", "emitt", "there is no such key; these are: "},
      {"# one\n\nEmit = 'all'", "3:1", "Emit", "bucket-rounding, buckets, digest, emit, "},
      {"exchange_info = 'f.json'", "1:1", "exchange_info", ", exchange-info, "},
      {"--emit = 'all'", "1:1", "--emit", "there is no such key"},
      {"strict = true\ninstruments = []", "2:1", "instruments", ", instrument, "},
      {"config = 'other.toml'", "1:1", "config", "there is no such key"},
      {"check-config = true", "1:1", "check-config", "there is no such key"},
      {"RECORDING = 'day.zst'", "1:1", "RECORDING", "there is no such key"},
      {"[replay]\nemit = 'all'", "1:2", "replay", "there is no such key"},
      {"replay.emit = 'all'", "1:1", "replay", "there is no such key"},
      {"'' = 1", "1:1", "", "there is no such key"},
      // Wrong types.
      {"strict = 1", "1:10", "strict", "the whole number 1 is not true or false"},
      {"digest = 'true'", "1:10", "digest", "the text \"true\" is not true or false"},
      {"salvage = [true]", "1:11", "salvage", "a list is not true or false"},
      {"emit = 100", "1:8", "emit", "the whole number 100 is not text in quotes"},
      {"emit = true", "1:8", "emit", "true is not text in quotes"},
      {"market = ['spot']", "1:10", "market", "a list is not text in quotes"},
      {"on-gap = {blank = true}", "1:10", "on-gap", "a table is not text in quotes"},
      {"out = 2024-08-08", "1:7", "out", "a date or a time is not text in quotes"},
      {"out = nan", "1:7", "out", "no finite number is not text in quotes"},
      {"snapshot-limit = '1000'", "1:18", "snapshot-limit", "is not a whole number"},
      {"snapshot-limit = 1000.0", "1:18", "snapshot-limit", "a decimal number is not a whole"},
      {"snapshot-limit = [1000]", "1:18", "snapshot-limit", "a list is not a whole number"},
      {"symbols = 'BTCUSDT,ETHUSDT'", "1:11", "symbols", "is not a list of names, like [\"BTC"},
      {"symbols = ['BTCUSDT', 1]", "1:23", "symbols", "the whole number 1 is not a list of names"},
      {"symbols = {A = 1}", "1:11", "symbols", "a table is not a list of names"},
      {"instrument = 'A:1:1'", "1:14", "instrument", "is not a list, each text in quotes"},
      {"instrument = [0.01]", "1:15", "instrument", "a decimal number is not a list, each text"},
      {"buckets = 10", "1:11", "buckets", "is not a list of sizes, like [10, 50], or a table"},
      {"buckets = '10,50'", "1:11", "buckets", "the text \"10,50\" is not a list of sizes"},
      {"buckets = [10, true]", "1:16", "buckets", "true is not a list of sizes"},
      {"buckets = [10, inf]", "1:16", "buckets", "no finite number is not a list of sizes"},
      {"buckets = [[10], [50]]", "1:12", "buckets", "a list is not a list of sizes"},
      {"[buckets]\nA = 10", "2:5", "buckets", "the whole number 10 is not a list of sizes"},
      // Values that are not allowed.
      {"emit = 'never'", "1:8", "emit", "'never' is not depth, ticker, trade, all or <N>ms"},
      {"emit = '0ms'", "1:8", "emit", "<N>ms with N in [1, 60000]"},
      {"emit = '60001ms'", "1:8", "emit", "<N>ms with N in [1, 60000]"},
      {"\nmarket = 'futures'", "2:10", "market", "'futures' is not spot, usdm or coinm"},
      {"on-gap = 'guess'", "1:10", "on-gap", "'guess' is not blank or serve"},
      {"bucket-rounding = 'up'", "1:19", "bucket-rounding", "'up' is not outward or floor"},
      {"trade-stream = 'both'", "1:16", "trade-stream", "'both' is not trade or aggTrade"},
      {"snapshot-limit = 0", "1:18", "snapshot-limit", "'0' is not a number in [1, 5000]"},
      {"snapshot-limit = 5001", "1:18", "snapshot-limit", "'5001' is not a number in [1, 5000]"},
      {"snapshot-limit = -1", "1:18", "snapshot-limit", "'-1' is not a number in [1, 5000]"},
      {"emit = ''", "1:8", "emit", "the value is empty"},
      {"out = 'rows.txt'", "1:7", "out", "neither - nor a name that ends in .csv"},
      {"out = '-'\ndigest = true", "1:7", "out", "only one result can go to standard output"},
      {"out = 'x.csv'\nladders = 'x.csv'", "2:11", "ladders", "is the file of --out too"},
      {"symbols = ['A', 'B']\nfinal-book = 'b.txt'", "2:14", "final-book", "must contain {symbol}"},
      {"speed = 0", "1:9", "speed", "'0' is neither max nor a number in [0.001, 1000000]"},
      {"speed = true", "1:9", "speed", "true is not a number or text in quotes"},
      // Options of options.
      {"strict = true\ntops = 5", "2:8", "tops", "requires --ring"},
      {"ring-wake = true", "1:13", "ring-wake", "requires --ring"},
      {"ring = 'a/b'", "1:8", "ring", "'-' and '_'"},
      {"ring = 'r'\nring-capacity = 1000", "2:17", "ring-capacity", "a power of two in [1, "},
      {"ring = 'r'\nring-records = ['tops', 'all']", "2:25", "ring-records", "'all' is not feat"},
      {"ring = 'r'\nring-mode = 0o640", "2:13", "ring-mode", "416 is not text in quotes"},
      // Symbols.
      {"symbols = []", "1:11", "symbols", "the list is empty"},
      {"symbols = ['A', 'B', 'A']", "1:22", "symbols", "'A' is in the list twice"},
      {"symbols = [\n  'A',\n  'B',\n  'A',\n]", "4:3", "symbols", "'A' is in the list twice"},
      {"symbols = ['A', '']", "1:17", "symbols", "the value is empty"},
      {"symbols = ['A,B']", "1:12", "symbols", "is one item and cannot have a comma"},
      {"instrument = ['A:1:1',\n'A:2:1']", "2:1", "instrument", "'A:2:1': A is named twice"},
      {"instrument = ['A:1:1', 'A:1:1']", "1:24", "instrument", "'A:1:1' is in the list twice"},
      {"instrument = ['A:1']", "1:15", "instrument", "'A:1' is not SYM:TICK:STEP, like BTCUSDT:"},
      {"instrument = ['B:1:1', 'A:0:1']", "1:24", "instrument", "TICK of 'A:0:1': '0' is not pos"},
      {"[buckets]\nA = [10]\nA = [20]", "3:5", "A", "cannot redefine existing array 'A'"},
      // Buckets.
      {"buckets = []", "1:11", "buckets", "the list is empty"},
      {"buckets = {}", "1:11", "buckets", "the table is empty"},
      {"buckets = [10, 0]", "1:16", "buckets", "'0' is not positive"},
      {"buckets = [10, -5]", "1:16", "buckets", "'-5' is not a plain decimal number"},
      {"buckets = [10, 5]", "1:11", "buckets", "10,5 is not in ascending order"},
      {"buckets = [1, 2, 3, 4, 5, 6, 7, 8, 9]", "1:11", "buckets", "9 sizes given, 1 to 8 are"},
      {"buckets = [0.000000001]", "1:12", "buckets", "with at most eight decimals"},
      {"buckets = [1e1]", "1:12", "buckets", "'1e1' is not a plain decimal number"},
      {"buckets = [11258999.06842625]", "1:11", "buckets", "is not in [0.00000001, 11258999.068"},
      {"[buckets]\nA = [10, 5]", "2:1", "buckets", " of A: 10,5 is not in ascending order"},
      {"[buckets]\nA = []", "2:5", "buckets", "the list is empty"},
      {"[buckets]\nA = [1, 2]\nB = [1]", "1:1", "buckets", "the same number of sizes"},
      {"instrument = ['A:0.3:1']\nbuckets = [10]", "2:11", "buckets",
       "10 is not a multiple of the"},
      // No TOML.
      {"emit", "1:5", "", "not TOML: "},
      {"emit =", "1:7", "emit", "not TOML: "},
      {"emit = all", "1:8", "emit", "not TOML: "},
      {"emit = 'all", "1:12", "emit", "not TOML: "},
      {"emit: 'all'", "1:5", "", "not TOML: "},
      {"# \xC3\xA9\nemit = 'all' \xC3\xA9", "2:14", "emit", "a character beyond ASCII outside of"},
      {"\xC3\xA9 = 1", "1:1", "", "a character beyond ASCII outside of quotes and comments"},
      {"[=]", "1:2", "", "expected bare key starting character"},
      {"[.a]\nb = 1", "1:2", "", "expected bare key starting character"},
      {"emit = 'all' strict = true", "1:14", "emit", "not TOML: "},
      {"emit = 'all'\nemit = 'depth'", "2:8", "emit", "cannot redefine existing string 'emit'"},
      {"snapshot-limit = 0100", "1:22", "snapshot-limit", "leading zeroes are prohibited"},
      {"snapshot-limit = 99999999999999999999", "1:38", "snapshot-limit", "64 bits"},
      {"buckets = [10\nemit = 'all'", "2:1", "emit", "not TOML: "},
      {"buckets = [10, 5.]", "1:18", "buckets", "not TOML: "},
      {"out = '\xFF'", "1:7", "out", "not TOML: Encountered invalid utf-8"},
      {std::string("emit = '\0'", 10), "1:9", "emit", "not TOML: "},
  };
  return configs;
}

// Refused with place, key and what is allowed; status 2, and nothing that is there is touched.
TEST_F(ConfigCommandTest, FaultC1ABadFileIsRefusedWithPlaceKeyAndReasonBeforeAnythingIsBegun) {
  EXPECT_GE(BadConfigs().size(), 60U);
  const std::string recording = Recording();
  const std::string book = folder_.Write("book.txt", "of yesterday\n");
  for (const BadConfig& bad : BadConfigs()) {
    SCOPED_TRACE(bad.text);
    const std::string path = folder_.Write("bad.toml", bad.text);
    const ProgramResult checked = RunThalweg({"replay", "--check-config", "--config", path});
    EXPECT_EQ(checked.exit_status, 2);
    EXPECT_EQ(checked.out, "");
    const std::string place = "thalweg: " + path + ":" + bad.place + ": ";
    EXPECT_EQ(checked.err.substr(0, place.size()), place) << checked.err;
    EXPECT_TRUE(bad.key.empty() || Holds(checked.err, "key '" + bad.key + "'")) << checked.err;
    EXPECT_TRUE(Holds(checked.err, bad.words)) << checked.err;

    Texts replay{"replay", recording, "--config", path};
    if (!Holds(bad.text, "final-book")) replay.insert(replay.end(), {"--final-book", book});
    const ProgramResult replayed = RunThalweg(replay);
    EXPECT_EQ(replayed.exit_status, 2);
    EXPECT_EQ(replayed.out, "");
    EXPECT_TRUE(Holds(replayed.err, place)) << replayed.err;
    EXPECT_EQ(ReadWholeFile(book), "of yesterday\n");
  }
}

// A configuration is read once and never again: what a replay began with stays, and a file that is
// wrong in its last line has begun nothing, whatever stands before that line.
TEST_F(ConfigCommandTest, FaultC2AFileThatFailsInItsLastLineLeavesEverythingAsItWas) {
  const std::string recording = Recording();
  const std::string rows = folder_.Write("rows.csv", "of yesterday\n");
  const std::string good = "out = '" + rows + "'\ndigest = true\nemit = 'all'\n";
  for (const std::string last : {"emit = 'all'", "buckets = [10, 5]", "strict = 1", "x = 1", "["}) {
    const std::string path = folder_.Write("run.toml", good + last + "\n");
    const ProgramResult result = RunThalweg({"replay", recording, "--config", path});
    EXPECT_EQ(result.exit_status, 2) << last;
    EXPECT_EQ(result.out, "") << last;
    EXPECT_EQ(ReadWholeFile(rows), "of yesterday\n") << last;
  }
  const std::string path = folder_.Write("run.toml", good);
  EXPECT_EQ(RunThalweg({"replay", recording, "--config", path}).exit_status, 0);
  EXPECT_NE(ReadWholeFile(rows), "of yesterday\n");
}

}  // namespace
}  // namespace thalweg
