// What the examples print is what their source says: predictions against the rows of `thalweg
// replay` computed here, the same predictions from a ring in another process, a feature against the
// final book.

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/ring_name.h"
#include "core/ring_writer.h"
#include "pipeline/feature_engine.h"
#include "pipeline/schema_text.h"
#include "replay/recording_source.h"
#include "tests/core/ring_testing.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/tools/csv_table.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"
#include "thalweg/ring_listing.h"

namespace thalweg {
namespace {

const std::string kDemo = std::string(THALWEG_SOURCE_DIR) + "/tests/data/demo.txt";
const std::string kModel = std::string(THALWEG_SOURCE_DIR) + "/examples/linear_model.json";

ProgramResult PredictInProcess(const std::string& model, const std::vector<std::string>& files) {
  std::vector<std::string> arguments{model};
  arguments.insert(arguments.end(), files.begin(), files.end());
  return RunProgram(INFERENCE_IN_PROCESS, arguments);
}

// --- In this process --------------------------------------------------------------------------

TEST(InferenceInProcess, PredictsFromEveryRowOfTheDemo) {
  const ProgramResult predicted = PredictInProcess(kModel, {kDemo});
  ASSERT_EQ(predicted.exit_status, 0) << predicted.err;
  const ProgramResult replayed = RunThalweg({"replay", kDemo, "--out", "-"});
  ASSERT_EQ(replayed.exit_status, 0) << replayed.err;
  const CsvTable rows(replayed.out);
  const std::vector<std::string> lines = LinesOf(predicted.out);
  ASSERT_EQ(lines.size(), rows.row_count());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    // The weights of examples/linear_model.json.
    const double wanted =
        0.21 * rows.Number(i, "imbalance_l1") + 0.12 * rows.Number(i, "imbalance_l10") +
        0.05 * rows.Number(i, "imbalance_10bps") + 0.35 * rows.Number(i, "weighted_mid_adj_bps");
    const std::vector<std::string> shown = SplitText(lines[i], ' ');
    ASSERT_EQ(shown.size(), 3u);
    ASSERT_EQ(shown[0], rows.Text(i, "event_ns"));
    ASSERT_EQ(shown[1], "DEMOUSDT");
    ASSERT_NEAR(std::stod(shown[2]), wanted, 1e-9) << lines[i];
  }
}

TEST(InferenceInProcess, SaysWhatIsWrongWithItsFiles) {
  const TestFolder folder;
  const auto error_with = [&](const std::string& model, const std::string& recording) {
    const ProgramResult result = PredictInProcess(model, {recording});
    EXPECT_NE(result.exit_status, 0);
    return result.err;
  };
  EXPECT_TRUE(absl::StrContains(error_with(kModel, "absent.zst"), "absent.zst"));
  EXPECT_TRUE(absl::StrContains(error_with("absent.json", kDemo), "absent.json"));
  const std::string unknown = folder.Write("m.json", R"({"bias":0,"weights":{"luck":1}})");
  EXPECT_TRUE(absl::StrContains(error_with(unknown, kDemo), "'luck'"));
  const std::string text = folder.Write("t.json", R"({"bias":"0","weights":{}})");
  EXPECT_TRUE(absl::StrContains(error_with(text, kDemo), "t.json"));
}

// --- From a ring ------------------------------------------------------------------------------

// The records of recordings, published on a ring piece by piece.
class RingOfRecords {
 public:
  RingOfRecords(const RingFolder& folder, const std::vector<std::string>& files)
      : engine_(FeatureEngine::Make({}, Recordings(files)).value()),
        name_(RingName::Take("test", 0600, folder.path()).value()) {
    RingShape shape;
    shape.record_bytes = RecordBytes(engine_.catalogue().features().size());
    shape.schema_hash = engine_.catalogue().schema_hash();
    shape.schema =
        SchemaText(SchemaOf(RingKind::kFeatures, engine_.catalogue(), 1), engine_.options());
    shape.symbols_max = 4;
    writer_ = RingWriter::Create(*name_, shape).value();
  }

  // As many records as there are, at most so many. Answers how many.
  std::size_t Publish(std::size_t limit = SIZE_MAX) {
    std::size_t count = 0;
    while (count < limit) {
      const FeatureRecord* const record = engine_.Poll();
      if (record == nullptr) break;
      const SymbolId symbol{record->header().symbol_id};
      writer_->AddSymbol(symbol, record->symbol());
      writer_->Publish({record->data(), record->size()}, symbol);
      ++count;
    }
    return count;
  }
  void Close() { writer_->Close(); }
  // What is left when a writer is killed: a file that says that it is written, and no lock.
  void Die() { name_.reset(); }

 private:
  FeatureEngine engine_;
  std::optional<RingName> name_;
  std::unique_ptr<RingWriter> writer_;
};

// The program publishes in /dev/shm: under a name of this process's own, taken away at the end.
void ExpectTheSamePredictionsFromARing(const std::vector<std::string>& files) {
  const std::string name = absl::StrCat("test-examples-", ::getpid());
  std::vector<std::string> arguments{"replay", "--ring", name, "--ring-records", "features"};
  arguments.insert(arguments.end(), files.begin(), files.end());
  const ProgramResult replayed = RunThalweg(arguments);
  EXPECT_EQ(replayed.exit_status, 0) << replayed.err;
  const ProgramResult from_ring = RunProgram(INFERENCE_FROM_RING, {kModel, name});
  EXPECT_TRUE(RemoveRings(name).ok());
  EXPECT_EQ(from_ring.exit_status, 0) << from_ring.err;
  EXPECT_EQ(from_ring.err, "the writer ended; 0 records lost\n");
  const ProgramResult in_process = PredictInProcess(kModel, files);
  EXPECT_EQ(in_process.exit_status, 0) << in_process.err;
  EXPECT_FALSE(in_process.out.empty());
  EXPECT_TRUE(from_ring.out == in_process.out) << "other predictions than in process";
}

TEST(InferenceFromRing, PredictsWhatTheOneInProcessDoes) {
  ExpectTheSamePredictionsFromARing({kDemo});
}

TEST(InferenceFromRing, PredictsWhatTheOneInProcessDoesForARealRecording) {
  const std::vector<std::string> files = RecordedFiles("spot-btcusdt-2024-08-08");
  if (files.empty()) GTEST_SKIP() << "no spot-btcusdt-2024-08-08 in " << RecordedDataFolder();
  ExpectTheSamePredictionsFromARing(files);
}

TEST(InferenceFromRing, FollowsTheNextWriterOfTheName) {
  const RingFolder folder;
  const TestFolder outputs;
  const std::string output = outputs.PathOf("predictions.txt");
  std::optional<RingOfRecords> first(std::in_place, folder, std::vector<std::string>{kDemo});
  ASSERT_EQ(first->Publish(10), 10u);
  ProgramResult result;
  std::thread reader([&] {
    result = RunProgram(INFERENCE_FROM_RING, {kModel, folder.File("test")},
                        {.environment = {}, .standard_output = output});
  });
  const auto predictions = [&] { return LinesOf(ReadWholeFile(output)).size(); };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (predictions() < 10 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(predictions(), 10u);

  first->Die();
  RingOfRecords second(folder, {kDemo});
  EXPECT_EQ(second.Publish(5), 5u);
  second.Close();
  reader.join();
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "the writer ended; 0 records lost")) << result.err;
  const std::vector<std::string> all = LinesOf(ReadWholeFile(output));
  ASSERT_EQ(all.size(), 15u);
  EXPECT_EQ(all[10], all[0]);
}

TEST(InferenceFromRing, SaysThatThereIsNoRing) {
  const ProgramResult result = RunProgram(INFERENCE_FROM_RING, {kModel, "/nonexistent/ring"});
  EXPECT_NE(result.exit_status, 0);
  EXPECT_TRUE(absl::StrContains(result.err, "/nonexistent/ring")) << result.err;
}

// --- A feature of one's own -------------------------------------------------------------------

// Of a book as `thalweg replay --final-book` writes it.
double MeanDistanceBps(const std::vector<std::string>& book, std::string_view side, double mid) {
  double qty = 0;
  double by_distance = 0;
  int levels = 0;
  for (const std::string& line : book) {
    const std::vector<std::string> cells = SplitText(line, ' ');
    if (cells[0] != side || levels++ >= 20) continue;
    qty += std::stod(cells[2]);
    by_distance += std::stod(cells[2]) * std::abs(std::stod(cells[1]) - mid);
  }
  return 1e4 * by_distance / qty / mid;
}

TEST(CustomFeature, IsComputedFromTheBookOfEveryRecord) {
  const TestFolder folder;
  const ProgramResult computed = RunProgram(CUSTOM_FEATURE, {kDemo});
  ASSERT_EQ(computed.exit_status, 0) << computed.err;
  const ProgramResult replayed =
      RunThalweg({"replay", kDemo, "--out", "-", "--final-book", folder.PathOf("book.txt")});
  ASSERT_EQ(replayed.exit_status, 0) << replayed.err;
  const CsvTable rows(replayed.out);
  const std::vector<std::string> lines = LinesOf(computed.out);
  ASSERT_EQ(lines.size(), rows.row_count());
  const std::vector<std::string> book = LinesOf(ReadWholeFile(folder.PathOf("book.txt")));
  const std::vector<std::string> shown = SplitText(lines.back(), ' ');
  ASSERT_EQ(shown.size(), 4u);
  EXPECT_EQ(shown[0], rows.Text(rows.row_count() - 1, "event_ns"));
  const double mid = rows.Number(rows.row_count() - 1, "mid");
  EXPECT_NEAR(std::stod(shown[2]), MeanDistanceBps(book, "b", mid), 1e-6);
  EXPECT_NEAR(std::stod(shown[3]), MeanDistanceBps(book, "a", mid), 1e-6);
}

std::string LevelsText(int first_cents, int step, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ",", R"(["1.)", first_cents + i * step, R"(","2"])");
  }
  return text;
}

// Events name levels beyond those of the snapshot; what lies between them nobody knows.
TEST(CustomFeature, IsNotANumberBeyondTheKnownEdge) {
  const auto recording = [](int limit) {
    return absl::StrCat(
        "1732154400000000000 #rest GET /api/v3/depth?symbol=AAAUSDT&limit=", limit,
        R"( {"lastUpdateId":10,"bids":[)", LevelsText(50, -1, 10), R"(],"asks":[)",
        LevelsText(51, 1, 10), "]}\n",
        R"(1732154400100000000 {"stream":"aaausdt@depth@100ms","data":{"e":"depthUpdate",)",
        R"("E":1732154400100,"s":"AAAUSDT","U":11,"u":11,"b":[)", LevelsText(40, -1, 20),
        R"(],"a":[)", LevelsText(61, 1, 20), "]}}\n");
  };
  const TestFolder folder;
  const ProgramResult cut = RunProgram(CUSTOM_FEATURE, {folder.Write("cut", recording(10))});
  EXPECT_EQ(cut.out, "1732154400100000000 AAAUSDT nan nan\n") << cut.err;
  // Fewer levels than were asked for are all there are.
  const ProgramResult whole = RunProgram(CUSTOM_FEATURE, {folder.Write("all", recording(1'000))});
  EXPECT_EQ(whole.exit_status, 0) << whole.err;
  EXPECT_TRUE(absl::StartsWith(whole.out, "1732154400100000000 AAAUSDT 6")) << whole.out;
}

TEST(CustomFeature, SaysWhatIsWrongWithItsFiles) {
  const ProgramResult result = RunProgram(CUSTOM_FEATURE, {"absent.zst"});
  EXPECT_NE(result.exit_status, 0);
  EXPECT_TRUE(absl::StrContains(result.err, "absent.zst")) << result.err;
}

}  // namespace
}  // namespace thalweg
