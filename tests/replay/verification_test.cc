// Recordings of live runs in a box, whole and damaged: what a verification claims of them, and what
// it does not.
#include "replay/verification.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/replay/recorded_run.h"
#include "tests/replay/stored_recordings.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

constexpr std::int64_t kPeriod = RecordedRun::kCheckpointRecords;

EngineOptions OptionsOf(const std::string& symbol) {
  EngineOptions options;
  options.symbols = {symbol};
  options.bucket_sizes = {"0.1", "1"};
  return options;
}

class VerificationTest : public testing::Test {
 protected:
  SegmentOptions Segments(const std::string& run = "run-1", std::int64_t shard = 0) const {
    SegmentOptions segments;
    segments.folder = path_;
    segments.run = run;
    segments.shard = shard;
    segments.market = "spot";
    return segments;
  }
  RecordedRun Live(const SegmentOptions& segments, const std::string& symbol = "AAAUSDT") const {
    return {segments, OptionsOf(symbol), FeedBuilder(symbol, FeedBuilder::Numbering::kSpot, 7)};
  }
  // A run of one segment that ended well; its records.
  std::int64_t RecordRun(int steps = 100) {
    RecordedRun live = Live(Segments());
    live.Start();
    live.Run(steps);
    live.End();
    return live.records();
  }

  const std::vector<ShardReceipt>& Verify(bool salvage = false) {
    verification_ = std::make_unique<Verification>(
        OptionsOf("AAAUSDT"), PlayerOptions{.salvage = salvage}, Verification::Watchers{});
    status_ = verification_->Run(SegmentsOf(path_));
    return verification_->receipts();
  }
  // The only receipt.
  const ShardReceipt& VerifyOne(bool salvage = false) {
    const std::vector<ShardReceipt>& receipts = Verify(salvage);
    EXPECT_EQ(receipts.size(), 1u);
    return receipts.at(0);
  }

  std::vector<std::string> LinesOf(const std::string& path) const {
    auto reader = RecordingReader::Open(path, {});
    EXPECT_TRUE(reader.ok()) << reader.status();
    return ReadAll(**reader).lines;
  }
  void Rewrite(const std::string& path, const std::vector<std::string>& lines) const {
    std::filesystem::remove(path);
    folder_.Write("recording/" + std::filesystem::path(path).filename().string(),
                  thalweg::Zstd(Joined(lines), ZstdOptions{}));
  }
  std::string OnlySegment() const { return SegmentsOf(path_).at(0); }

  const TestFolder folder_;
  const std::string path_ = folder_.PathOf("recording");
  std::unique_ptr<Verification> verification_;
  absl::Status status_;
};

// Another quantity in a depth frame: the JSON stays valid.
bool ChangeOneDigit(std::string* line) {
  const std::size_t bids = line->find("\"b\":[[\"");
  if (bids == std::string::npos) return false;
  const std::size_t end = line->find("\"]", bids);
  char& digit = (*line)[end - 1];
  digit = digit == '9' ? '1' : static_cast<char>(digit + 1);
  return true;
}

TEST_F(VerificationTest, FaultF8ARecordingOfALiveRunIsBitIdentical) {
  const std::int64_t records = RecordRun();
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_TRUE(receipt.whole());
  EXPECT_TRUE(receipt.good());
  EXPECT_EQ(receipt.agreed_records, records);
  EXPECT_EQ(receipt.checkpoints, records / kPeriod + 1);
  EXPECT_EQ(ParityText(receipt), absl::StrCat("run run-1 shard 0: bit-identical for ", records,
                                              " records (", receipt.checkpoints, " checkpoints)"));
  EXPECT_TRUE(Objections(receipt).empty()) << Objections(receipt).front();
  ASSERT_EQ(receipt.symbols.size(), 1u);
  const SymbolAudit& symbol = receipt.symbols[0];
  EXPECT_EQ(symbol.symbol, "AAAUSDT");
  EXPECT_TRUE(symbol.live_at_end);
  EXPECT_GE(symbol.counts.ticker_audits, 99);
  EXPECT_EQ(symbol.counts.ticker_audits, symbol.counts.ticker_audits_equal);
  EXPECT_GE(symbol.bucket_audits, 1);
  EXPECT_EQ(symbol.bucket_audits, symbol.bucket_audits_equal);
}

TEST_F(VerificationTest, FaultF8OneChangedDigitPartsBetweenTheCheckpointsAroundIt) {
  RecordRun();
  const std::string path = OnlySegment();
  const std::vector<std::string> good = LinesOf(path);
  int changed = 0;
  for (std::size_t at = 20; at < good.size(); at += 37) {
    std::vector<std::string> lines = good;
    if (!ChangeOneDigit(&lines[at])) continue;
    ++changed;
    std::int64_t before = 0;
    std::int64_t after = 0;
    for (std::size_t i = lines.size(); i-- > 0;) {
      const RecordingLine line = ParseRecordingLine(lines[i]);
      if (line.kind == LineKind::kDigest && i > at) after = line.count;
      if (line.kind == LineKind::kDigest && i < at) before = std::max(before, line.count);
    }
    Rewrite(path, lines);
    const ShardReceipt& receipt = VerifyOne();
    ASSERT_TRUE(receipt.difference.has_value()) << "line " << at;
    EXPECT_FALSE(receipt.good());
    EXPECT_EQ(receipt.agreed_records, before) << "line " << at;
    EXPECT_EQ(receipt.difference->live_records, after) << "line " << at;
    EXPECT_NE(ParityText(receipt).find(
                  absl::StrCat("parts between record ", before, " and record ", after)),
              std::string::npos)
        << ParityText(receipt);
  }
  EXPECT_GE(changed, 2);
}

TEST_F(VerificationTest, FaultF8AnOptionThatIsNotTheLiveOneParts) {
  RecordRun();
  const std::string path = OnlySegment();
  const std::vector<std::string> good = LinesOf(path);
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"\"trade\",\"snap", "\"aggTrade\",\"snap"},
                                                        {"\"depth\":true", "\"depth\":false"},
                                                        {"\"1\"", "\"2\""}}) {
    std::vector<std::string> lines = good;
    lines[0] = absl::StrReplaceAll(lines[0], {{from, to}});
    ASSERT_NE(lines[0], good[0]);
    Rewrite(path, lines);
    const ShardReceipt& receipt = VerifyOne();
    ASSERT_TRUE(receipt.difference.has_value()) << to;
    EXPECT_EQ(receipt.agreed_records, 0);
    EXPECT_EQ(receipt.difference->live_records, kPeriod);
  }
}

TEST_F(VerificationTest, AnOptionOfANewerProgramEndsItWithFileLineAndName) {
  RecordRun();
  const std::string path = OnlySegment();
  std::vector<std::string> lines = LinesOf(path);
  lines[0] = absl::StrReplaceAll(lines[0], {{"\"options\":{", "\"options\":{\"moon\":1,"}});
  Rewrite(path, lines);
  EXPECT_TRUE(Verify().empty());
  EXPECT_EQ(status_.code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(status_.message().find(path + ":1: "), absl::string_view::npos) << status_;
  EXPECT_NE(status_.message().find("\"moon\""), absl::string_view::npos) << status_;
}

TEST_F(VerificationTest, LinesThatAreLostEndTheClaimAndAreNoDifference) {
  RecordedRun live = Live(Segments());
  live.Start();
  live.Run(50);
  const std::int64_t claimed = live.records() / kPeriod * kPeriod;
  const std::int64_t until = live.records();
  live.market().Pass(100);
  live.market().Move(2);
  live.GiveUnrecorded(live.market().Depth());
  live.Write("#lost 1 disk full");
  live.Give(live.market().Rest());
  live.Run(50);
  live.End();
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_FALSE(receipt.difference.has_value());
  EXPECT_FALSE(receipt.whole());
  EXPECT_EQ(receipt.agreed_records, claimed);
  EXPECT_GT(receipt.checkpoints_passed, 1);
  ASSERT_TRUE(receipt.parity_break.has_value());
  EXPECT_EQ(receipt.parity_break->records, until);
  EXPECT_NE(ParityText(receipt).find(absl::StrCat("parity cannot be claimed past record ", until,
                                                  ": 1 line lost (disk full)")),
            std::string::npos)
      << ParityText(receipt);
  EXPECT_FALSE(Objections(receipt).empty());
}

TEST_F(VerificationTest, FramesThatTheLiveEngineNeverGotAreInput) {
  RecordedRun live = Live(Segments());
  live.Start();
  live.Run(30);
  live.market().Move(2);
  (void)live.market().Depth();
  live.Give("#drop 1 depth AAAUSDT");
  live.Run(5);
  live.Give(live.market().Rest());
  live.Run(40);
  live.End();
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_TRUE(receipt.whole()) << ParityText(receipt);
  EXPECT_TRUE(receipt.good());
  EXPECT_EQ(receipt.dropped_frames, 1);
  ASSERT_EQ(receipt.symbols.size(), 1u);
  EXPECT_EQ(receipt.symbols[0].book.synchronisations, 2);
}

TEST_F(VerificationTest, EachShardHasItsOwnDigest) {
  RecordedRun one = Live(Segments("run-1", 0), "AAAUSDT");
  RecordedRun two = Live(Segments("run-1", 1), "BBBUSDT");
  for (RecordedRun* live : {&one, &two}) {
    live->Start();
    live->Run(60);
    live->End();
  }
  ASSERT_EQ(Verify().size(), 2u);
  EXPECT_TRUE(verification_->receipts()[0].whole());
  EXPECT_TRUE(verification_->receipts()[1].whole());
  EXPECT_EQ(verification_->receipts()[1].shard, 1);
  EXPECT_EQ(verification_->receipts()[1].records, two.records());

  const std::string path = SegmentsOf(path_).at(1);
  std::vector<std::string> lines = LinesOf(path);
  for (std::size_t i = 100; !ChangeOneDigit(&lines[i]);) ++i;
  Rewrite(path, lines);
  ASSERT_EQ(Verify().size(), 2u);
  EXPECT_TRUE(verification_->receipts()[0].whole());
  EXPECT_TRUE(verification_->receipts()[1].difference.has_value());
}

TEST_F(VerificationTest, EachRunHasItsOwnDigestAndOptions) {
  RecordRun(30);
  EngineOptions options = OptionsOf("AAAUSDT");
  options.emit = EmitPolicy::All();
  options.bucket_rounding = BucketRounding::kFloor;
  FeedBuilder market("AAAUSDT", FeedBuilder::Numbering::kSpot, 8);
  market.Pass(100'000);
  RecordedRun live(Segments("run-2"), options, market);
  live.Start();
  live.Run(30);
  live.End();
  ASSERT_EQ(Verify().size(), 2u);
  EXPECT_TRUE(verification_->receipts()[0].whole()) << ParityText(verification_->receipts()[0]);
  EXPECT_TRUE(verification_->receipts()[1].whole()) << ParityText(verification_->receipts()[1]);
  EXPECT_EQ(verification_->receipts()[1].run, "run-2");
}

// A run in several segments, of which tests take some away.
class RotatedRun : public VerificationTest {
 protected:
  RotatedRun() {
    SegmentOptions segments = Segments();
    segments.text_bytes_max = 20'000;
    RecordedRun live = Live(segments);
    live.Start();
    live.Run(200);
    live.End();
    records_ = live.records();
    files_ = SegmentsOf(path_);
  }
  std::int64_t records_ = 0;
  std::vector<std::string> files_;
};

TEST_F(RotatedRun, IsOneRecording) {
  ASSERT_GT(files_.size(), 3u);
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_TRUE(receipt.whole()) << ParityText(receipt);
  EXPECT_EQ(receipt.records, records_);
}

TEST_F(RotatedRun, WithoutItsFirstSegmentIsNotClaimedAtAll) {
  std::filesystem::remove(files_[0]);
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_FALSE(receipt.difference.has_value());
  EXPECT_EQ(receipt.checkpoints, 0);
  EXPECT_EQ(ParityText(receipt),
            "run run-1 shard 0: parity cannot be claimed past record 0: its segment 1 is missing, "
            "the next one is 2");
}

TEST_F(RotatedRun, WithoutASegmentInItsMiddleIsClaimedUpToThere) {
  std::filesystem::remove(files_[2]);
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_FALSE(receipt.difference.has_value());
  EXPECT_GT(receipt.checkpoints, 0);
  ASSERT_TRUE(receipt.parity_break.has_value());
  EXPECT_EQ(receipt.parity_break->reason, "its segment 3 is missing, the next one is 4");
}

TEST_F(RotatedRun, WithACutSegmentInItsMiddleIsClaimedUpToThere) {
  std::filesystem::resize_file(files_[1], std::filesystem::file_size(files_[1]) - 20);
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_FALSE(receipt.difference.has_value());
  ASSERT_TRUE(receipt.parity_break.has_value());
  EXPECT_EQ(receipt.parity_break->reason, "the end of a segment is cut");
  EXPECT_FALSE(receipt.end_is_cut);
}

TEST_F(VerificationTest, ARunThatWasKilledIsClaimedUpToItsLastCheckpoint) {
  RecordedRun live = Live(Segments());
  live.Start();
  live.Run(55);
  live.End(false);
  const std::string path = OnlySegment();
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 3);
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_TRUE(receipt.good());
  EXPECT_FALSE(receipt.whole());
  EXPECT_TRUE(receipt.end_is_cut);
  EXPECT_GT(receipt.checkpoints, 0);
  EXPECT_EQ(receipt.agreed_records, receipt.checkpoints * kPeriod);
  EXPECT_NE(ParityText(receipt).find("its end is cut"), std::string::npos) << ParityText(receipt);
}

TEST_F(VerificationTest, FaultF6ARecordingThatIsCutAnywhereIsClaimedUpToItsLastCheckpoint) {
  RecordedRun live = Live(Segments());
  live.Start();
  live.Run(60);
  live.End();
  const std::string path = OnlySegment();
  const std::string bytes = ReadWholeFile(path);
  std::int64_t most = 0;
  for (std::size_t end = 1; end < bytes.size(); end += 97) {
    std::filesystem::resize_file(path, 0);
    folder_.Write("recording/" + std::filesystem::path(path).filename().string(),
                  bytes.substr(0, end));
    for (const ShardReceipt& receipt : Verify()) {
      ASSERT_TRUE(receipt.good()) << "cut at " << end << ": " << ParityText(receipt);
      ASSERT_TRUE(receipt.end_is_cut) << "cut at " << end;
      ASSERT_LE(receipt.agreed_records, receipt.records);
      ASSERT_GE(receipt.agreed_records, most);
      most = receipt.agreed_records;
    }
  }
  EXPECT_GT(most, 0);
}

TEST_F(VerificationTest, FaultF6DamageThatIsSteppedOverEndsTheClaim) {
  // A pause of more than 10 s ends a zstd frame.
  RecordedRun live = Live(Segments());
  live.Start();
  for (int i = 0; i < 5; ++i) {
    live.Give(live.market().Rest());
    live.Run(25);
    live.market().Pass(11'000);
  }
  live.End();
  const std::string path = OnlySegment();
  std::string bytes = ReadWholeFile(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
  folder_.Write("recording/" + std::filesystem::path(path).filename().string(), bytes);

  const std::vector<ShardReceipt> stopped = Verify(false);
  EXPECT_EQ(status_.code(), absl::StatusCode::kDataLoss) << status_;
  ASSERT_EQ(stopped.size(), 1u);
  EXPECT_GT(stopped[0].checkpoints, 0);

  const ShardReceipt& receipt = VerifyOne(true);
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_FALSE(receipt.difference.has_value());
  ASSERT_TRUE(receipt.parity_break.has_value());
  EXPECT_EQ(receipt.parity_break->reason, "damage stepped over, lines are missing");
  EXPECT_EQ(receipt.agreed_records, stopped[0].agreed_records);
  EXPECT_GT(receipt.records, stopped[0].records);
}

TEST_F(VerificationTest, WithoutDigestsOnlyTheAuditsSpeak) {
  RecordRun();
  const std::string path = OnlySegment();
  std::vector<std::string> lines = LinesOf(path);
  std::erase_if(lines, [](const std::string& line) {
    return ParseRecordingLine(line).kind == LineKind::kDigest;
  });
  Rewrite(path, lines);
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_TRUE(receipt.good());
  EXPECT_FALSE(receipt.whole());
  EXPECT_NE(ParityText(receipt).find("parity cannot be claimed: no digest in it"),
            std::string::npos);
}

TEST_F(VerificationTest, WithoutOptionsNoDigestIsCompared) {
  RecordRun();
  const std::string path = OnlySegment();
  const std::vector<std::string> good = LinesOf(path);
  std::vector<std::string> lines = good;
  lines[0] = lines[0].substr(0, lines[0].find(",\"options\"")) + "}";
  Rewrite(path, lines);
  EXPECT_NE(ParityText(VerifyOne()).find("its options are not recorded"), std::string::npos);
  EXPECT_GT(verification_->receipts()[0].checkpoints_passed, 0);

  lines.erase(lines.begin());
  Rewrite(path, lines);
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_EQ(receipt.run, "");
  EXPECT_GT(receipt.records, 90);
  EXPECT_TRUE(receipt.good());
}

TEST_F(VerificationTest, AuditsThatDifferAreBadWhateverTheDigestSays) {
  RecordedRun live = Live(Segments());
  live.Start();
  live.Run(30);
  live.market().Pass(100);
  live.market().Move(1);
  live.Give(live.market().Depth());
  live.Give(live.market().TickerOf(live.market().told_id(), "1.00", "1", "9999.00", "1"));
  live.Run(30);
  live.End();
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_TRUE(receipt.whole()) << ParityText(receipt);
  EXPECT_FALSE(receipt.good());
  EXPECT_LT(receipt.symbols.at(0).counts.ticker_audits_equal,
            receipt.symbols.at(0).counts.ticker_audits);
}

TEST_F(VerificationTest, ASnapshotThatDiffersIsBad) {
  RecordedRun live = Live(Segments());
  live.Start();
  live.Run(30);
  live.Give(absl::StrCat("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 {\"lastUpdateId\":",
                         live.market().told_id(),
                         R"(,"bids":[["99.00","1"]],"asks":[["101.00","1"]]})"));
  live.Run(30);
  live.End();
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_TRUE(receipt.whole()) << ParityText(receipt);
  EXPECT_FALSE(receipt.good());
  EXPECT_EQ(receipt.symbols.at(0).book.audits_diverged, 1);
}

TEST_F(VerificationTest, AGapThatWasHealedIsGoodAndToldToWhoIsStrict) {
  RecordedRun live = Live(Segments());
  live.Start();
  live.Run(30);
  live.market().Move(2);
  (void)live.market().Depth();
  live.Run(2);
  live.Give(live.market().Rest());
  live.Run(30);
  live.End();
  const ShardReceipt& receipt = VerifyOne();
  EXPECT_TRUE(receipt.whole()) << ParityText(receipt);
  EXPECT_TRUE(receipt.good());
  const std::vector<std::string> objections = Objections(receipt);
  ASSERT_EQ(objections.size(), 1u);
  EXPECT_EQ(objections[0], "run run-1 shard 0 AAAUSDT: 1 sequence gap");
}

}  // namespace
}  // namespace thalweg
