// Every fact that a plain dictionary book found in the real recordings, found again by the whole
// path: file, decoding, sequencing, book, audits.
//
// The facts stand in reference-facts.json beside the recordings; each of them is read from there.
// In the short part only the beginning of a recording is played, and only what does not depend on
// its end is compared.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/decimal.h"
#include "core/string_view.h"
#include "replay/recording_line.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/replay/capture.h"
#include "tests/test_part.h"
#include "tools/final_book.h"
#include "tools/text_file.h"

namespace thalweg {
namespace {

using simdjson::dom::element;

// The beginning that the short part plays: every recording synchronises within it.
constexpr std::size_t kShortLines = 8'000;

constexpr std::string_view kCryptofeedPrefix = "cryptofeed-";
constexpr const char* kRecordings[] = {
    "spot-btcusdt-2024-08-08",           "spot-nexousdt-2024-07-23",
    "usdm-btcusdt-2023-04-04",           "usdm-ethusdt-2024-08-08",
    "coinm-btcusd_perp-2024-08-08",      "cryptofeed-binance-spot-2021-10-12",
    "cryptofeed-binance-usdm-2021-07-22"};

// Frames of each stream ("depth@100ms") of each symbol.
using StreamCounts = std::map<std::string, std::map<std::string, std::int64_t>>;

// Counts a combined-stream frame: {"stream":"btcusdt@depth@100ms",...
void CountStream(const RecordingLine& line, StreamCounts* counts) {
  static constexpr std::string_view kOpening = R"({"stream":")";
  if (line.kind != LineKind::kFrame || !line.payload.starts_with(kOpening)) return;
  const std::string_view rest = line.payload.substr(kOpening.size());
  const std::string_view stream = rest.substr(0, rest.find('"'));
  const std::size_t at = stream.find('@');
  const std::string symbol = absl::AsciiStrToUpper(Abseil(stream.substr(0, at)));
  ++(*counts)[symbol][std::string(stream.substr(at + 1))];
}

std::string Sha256OfFinalBook(const SymbolEngine& symbol) {
  const TemporaryFile place;
  auto file = TextFile::Create(place.path());
  EXPECT_TRUE(file.ok()) << file.status();
  WriteFinalBook(symbol, **file);
  EXPECT_TRUE((*file)->Close().ok());

  std::FILE* const pipe = popen(absl::StrCat("sha256sum ", place.path()).c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::array<char, 65> digits{};
  EXPECT_NE(std::fgets(digits.data(), digits.size(), pipe), nullptr);
  EXPECT_EQ(pclose(pipe), 0) << "sha256sum";
  return digits.data();
}

// The best level, as the facts write it.
std::vector<std::string> BestOf(const SymbolEngine& symbol, Side side) {
  const TickLevel best = symbol.book()->ladder(side).best_level();
  return {FormatEightDecimals(symbol.scale().ToPrice(best.price).raw(), kPriceDecimals),
          FormatEightDecimals(best.qty.raw(), symbol.scale().qty_decimals)};
}

std::string QtyOfBestTen(const SymbolEngine& symbol, Side side) {
  std::array<TickLevel, 10> top{};
  const int count = symbol.book()->ladder(side).Top(10, top.data());
  std::int64_t sum = 0;
  for (int i = 0; i < count; ++i) sum += top[static_cast<std::size_t>(i)].qty.raw();
  return FormatEightDecimals(sum, symbol.scale().qty_decimals);
}

std::vector<std::string> Strings(element list) {
  std::vector<std::string> strings;
  for (const element item : simdjson::dom::array(list)) {
    strings.emplace_back(std::string_view(item));
  }
  return strings;
}

using Integers = std::vector<std::int64_t>;

Integers IntegersOf(element list) {
  Integers integers;
  for (const element item : simdjson::dom::array(list)) integers.push_back(item);
  return integers;
}

// What does not depend on how far the recording was played.
void CheckBeginning(element facts, const SymbolEngine& symbol) {
  const BookCounts& book = symbol.book_counts();
  ASSERT_TRUE(symbol.first_applied().has_value());
  EXPECT_EQ(symbol.first_applied()->first.raw(), std::int64_t(facts["first_applied"]["U"]));
  EXPECT_EQ(symbol.first_applied()->last.raw(), std::int64_t(facts["first_applied"]["u"]));
  EXPECT_EQ(book.gaps, std::int64_t(facts["sequence_gaps"]));
  EXPECT_EQ(book.gaps, std::int64_t(facts["gaps_applied"]));
  EXPECT_EQ(book.synchronisations, 1);
  EXPECT_EQ(symbol.counts().depth_frames - book.applied, std::int64_t(facts["dropped_as_old"]));
  ASSERT_TRUE(symbol.snapshot_reach().has_value());
  EXPECT_EQ(Integers({static_cast<std::int64_t>(symbol.snapshot_reach()->bid_levels),
                      static_cast<std::int64_t>(symbol.snapshot_reach()->ask_levels)}),
            IntegersOf(facts["snapshot_levels"]));
}

// Nothing in a real recording is doubtful: no book crosses, every bookTicker at its id agrees.
void CheckHonesty(const SymbolEngine& symbol) {
  EXPECT_EQ(symbol.counts().crossed_events, 0);
  EXPECT_EQ(symbol.counts().ticker_audits_equal, symbol.counts().ticker_audits);
  EXPECT_EQ(symbol.counts().malformed_frames, 0);
  EXPECT_EQ(symbol.book_counts().bucket_repairs, 0);
  EXPECT_EQ(symbol.book_counts().audits_diverged, 0);
}

void CheckStreams(element facts, const std::map<std::string, std::int64_t>& streams) {
  std::map<std::string, std::int64_t> expected;
  for (const auto field : simdjson::dom::object(facts["frames"])) {
    expected[std::string(field.key)] = field.value;
  }
  EXPECT_EQ(streams, expected);
}

void CheckFinalBook(element facts, const SymbolEngine& symbol) {
  ASSERT_NE(symbol.book(), nullptr);
  EXPECT_EQ(Integers({symbol.book()->ladder(Side::kBid).level_count(),
                      symbol.book()->ladder(Side::kAsk).level_count()}),
            IntegersOf(facts["final_levels"]));
  EXPECT_EQ(BestOf(symbol, Side::kBid), Strings(facts["final_best_bid"]));
  EXPECT_EQ(BestOf(symbol, Side::kAsk), Strings(facts["final_best_ask"]));
  EXPECT_EQ(std::vector<std::string>(
                {QtyOfBestTen(symbol, Side::kBid), QtyOfBestTen(symbol, Side::kAsk)}),
            Strings(facts["final_qty_top10"]));
  EXPECT_EQ(Sha256OfFinalBook(symbol), std::string_view(facts["final_book_sha256"]));
}

void CheckEnd(element facts, const SymbolEngine& symbol, std::int64_t depth_records) {
  EXPECT_EQ(symbol.state(), SymbolState::kLive);
  EXPECT_EQ(symbol.counts().depth_frames, std::int64_t(facts["depth_events"]));
  EXPECT_EQ(symbol.book_counts().applied, std::int64_t(facts["applied"]));
  EXPECT_EQ(depth_records, std::int64_t(facts["applied"]));
  EXPECT_EQ(symbol.update_id().raw(), std::int64_t(facts["final_update_id"]));
  EXPECT_EQ(symbol.counts().ticker_audits, std::int64_t(facts["bookTicker_frames_with_same_u"]));
  EXPECT_EQ(symbol.counts().ticker_audits_equal, std::int64_t(facts["of_which_equal"]));
  CheckFinalBook(facts, symbol);
}

std::string FactsPath() { return (RecordedDataFolder() / "reference-facts.json").string(); }

class RecordedFactsTest : public testing::TestWithParam<const char*> {
 protected:
  // Facts of one symbol; those of a recording of several stand one level deeper.
  struct SymbolFacts {
    std::string symbol;
    element facts;
  };

  void SetUp() override {
    if (!std::filesystem::exists(FactsPath())) GTEST_SKIP() << kNoData;
    ASSERT_EQ(parser_.load(FactsPath()).get(all_facts_), simdjson::SUCCESS);
  }

  [[nodiscard]] static bool IsCryptofeed() {
    return std::string_view(GetParam()).starts_with(kCryptofeedPrefix);
  }
  // The captures are short: they are always played to their end.
  [[nodiscard]] static bool IsPlayedToTheEnd() { return IsCryptofeed() || !TakeShortPart(); }

  [[nodiscard]] static absl::Status Play(CaptureReplay* replay) {
    if (IsCryptofeed()) return replay->RunFeed(ReadCryptofeed(GetParam()));
    if (!TakeShortPart()) return replay->Run(RecordedFiles(GetParam()));
    std::printf("Short part: the first %zu lines\n", kShortLines);
    return replay->RunFeed(ReadFeed(RecordedFiles(GetParam()), kShortLines));
  }

  // A collector's recording is of one symbol, whose name only its frames say.
  [[nodiscard]] std::vector<SymbolFacts> FactsOf(const StreamCounts& streams) const {
    const element facts = all_facts_[GetParam()];
    if (!IsCryptofeed()) return {{streams.begin()->first, facts}};
    std::vector<SymbolFacts> by_symbol;
    for (const auto field : simdjson::dom::object(facts)) {
      by_symbol.push_back({std::string(field.key), field.value});
    }
    return by_symbol;
  }

 private:
  simdjson::dom::parser parser_;
  element all_facts_;
};

TEST_P(RecordedFactsTest, AreFoundByTheWholePath) {
  CaptureReplay replay(EngineOptions{});
  StreamCounts streams;
  std::map<std::string, std::int64_t> depth_records;
  replay.set_line_watcher([&](const RecordingLine& line) { CountStream(line, &streams); });
  replay.set_record_watcher(
      [&](const SymbolEngine& symbol, const RecordBuffer&) { ++depth_records[symbol.name()]; });
  const absl::Status played = Play(&replay);
  ASSERT_TRUE(played.ok()) << played;
  EXPECT_EQ(replay.told(), std::vector<std::string>()) << "Nothing is to be told of good files.";

  ASSERT_FALSE(streams.empty());
  for (const auto& [name, facts] : FactsOf(streams)) {
    SCOPED_TRACE(name);
    const SymbolEngine* const symbol = replay.symbol(name);
    ASSERT_NE(symbol, nullptr);
    CheckBeginning(facts, *symbol);
    CheckHonesty(*symbol);
    if (!IsPlayedToTheEnd()) continue;
    CheckStreams(facts, streams[name]);
    CheckEnd(facts, *symbol, depth_records[name]);
  }
}

std::string TestNameOf(const testing::TestParamInfo<const char*>& recording) {
  std::string name = recording.param;
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Recordings, RecordedFactsTest, testing::ValuesIn(kRecordings), TestNameOf);

// A recording that is new in the data folder is noticed.
TEST(RecordedFactsListTest, NamesEveryRecordingThatHasFacts) {
  if (!std::filesystem::exists(FactsPath())) GTEST_SKIP() << kNoData;
  simdjson::dom::parser parser;
  element facts;
  ASSERT_EQ(parser.load(FactsPath()).get(facts), simdjson::SUCCESS);
  std::set<std::string> with_facts;
  for (const auto field : simdjson::dom::object(facts)) with_facts.emplace(field.key);
  EXPECT_EQ(with_facts, std::set<std::string>(std::begin(kRecordings), std::end(kRecordings)));
}

}  // namespace
}  // namespace thalweg
