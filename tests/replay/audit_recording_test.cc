// What is left of an audit that differed comes to the same difference when it is played.
#include "replay/audit_recording.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "replay/recording_line.h"
#include "replay/segment_header.h"
#include "tests/replay/diverged_market.h"

namespace thalweg {
namespace {

using Numbering = FeedBuilder::Numbering;

// By an engine that has other options, and nothing but these lines.
EvidenceLog Played(const std::vector<AuditLine>& lines) {
  EngineOptions options;
  options.bucket_sizes = {"1"};
  const Catalogue catalogue = MakeCatalogue(options);
  EvidenceLog log;
  Engine engine(options, catalogue, log);
  for (const AuditLine& line : lines) GiveLine(line.received, line.text, &engine);
  return log;
}

TEST(AuditRecordingTest, ComesToTheSameDifferenceHoweverTheAnswerMetTheBook) {
  int played = 0;
  for (const Numbering numbering : {Numbering::kSpot, Numbering::kFutures}) {
    for (const Meeting meeting : {Meeting::kRolled, Meeting::kAtOnce, Meeting::kHeld}) {
      int of_this = 0;
      for (std::uint64_t seed = 1; seed <= 120; ++seed) {
        SCOPED_TRACE(testing::Message()
                     << "futures " << (numbering == Numbering::kFutures) << " meeting "
                     << static_cast<int>(meeting) << " seed " << seed);
        DivergedMarket live(numbering, seed);
        // The whole book, or less of it than the answer shows, or more.
        constexpr std::size_t kLimits[] = {1'000, 10, 45, 25};
        live.Audit(meeting, kLimits[seed % 4], kLimits[seed / 4 % 4]);
        if (live.log.found.empty()) continue;  // The level was changed again, or is beyond an edge.
        ASSERT_EQ(live.log.found.size(), 1U);
        const AuditEvidence& found = *live.log.found[0];
        const EvidenceLog again = Played(AuditRecording(found, live.options, "run"));
        ASSERT_EQ(again.found.size(), 1U);
        ASSERT_EQ(again.notices, live.log.notices);
        EXPECT_EQ(again.found[0]->id, found.id);
        EXPECT_EQ(again.found[0]->differing_levels, found.differing_levels);
        EXPECT_EQ(again.found[0]->book[0].levels, found.book[0].levels);
        EXPECT_EQ(again.found[0]->book[1].levels, found.book[1].levels);
        EXPECT_EQ(again.found[0]->book[0].known_edge, found.book[0].known_edge);
        EXPECT_EQ(again.found[0]->book[1].known_edge, found.book[1].known_edge);
        EXPECT_EQ(again.found[0]->answer_bids, found.answer_bids);
        EXPECT_EQ(again.found[0]->answer_asks, found.answer_asks);
        ++of_this;
      }
      EXPECT_GE(of_this, 25);
      played += of_this;
    }
  }
  RecordProperty("played", played);
}

TEST(AuditRecordingTest, BeginsWithAHeaderOfItsOwnAndTheOptionsOfTheSymbol) {
  DivergedMarket live(Numbering::kSpot, 1);
  for (std::uint64_t seed = 2; live.log.found.empty(); ++seed) {
    live.Audit(Meeting::kRolled, 1'000, 1'000);
  }
  EngineOptions options = live.options;
  options.symbols = {"BBBUSDT", "AAAUSDT"};
  options.instruments = {{"BBBUSDT", Price(1), Price(1), 8, true}};
  const std::vector<AuditLine> lines = AuditRecording(*live.log.found[0], options, "R-1");
  ASSERT_GE(lines.size(), 6U);
  const std::string first = "1 " + lines[0].text;
  const RecordingLine line = ParseRecordingLine(first);
  ASSERT_EQ(line.kind, LineKind::kHeader);
  SegmentHeader header;
  ASSERT_TRUE(ParseSegmentHeader(line.payload, &header));
  EXPECT_EQ(header.run, "R-1");
  EXPECT_EQ(header.symbols, std::vector<std::string>{"AAAUSDT"});
  EXPECT_EQ(header.options.find("BBBUSDT"), std::string::npos);
  EXPECT_TRUE(lines[1].text.starts_with("#rest GET /api/v3/exchangeInfo {"));
  EXPECT_TRUE(lines[2].text.starts_with("#rest GET /api/v3/depth?symbol=AAAUSDT&limit="));
  EXPECT_TRUE(lines[3].text.starts_with("{\"e\":\"depthUpdate\""));
  EXPECT_EQ(lines[4].text, "#audit AAAUSDT");
  EXPECT_TRUE(lines.back().text.starts_with("#rest GET /api/v3/depth?symbol=AAAUSDT&limit=1000 {"));
  EXPECT_EQ(lines.back().received, live.log.found[0]->received);
}

TEST(AuditRecordingTest, WhatDiffersIsSaidInOneSentence) {
  AuditEvidence evidence;
  evidence.instrument.qty_decimals = 5;
  evidence.differing_levels = 1;
  evidence.first_price = Price(6'151'240'000'000);
  evidence.first_in_book = Qty(25'000);
  EXPECT_EQ(Describe(evidence),
            "1 level differs, the first: bid 61512.4 is 0.25 in the book and 0 in the snapshot");
  evidence.differing_levels = 2;
  evidence.first_side = Side::kAsk;
  EXPECT_TRUE(Describe(evidence).starts_with("2 levels differ, the first: ask 61512.4 is "));
}

TEST(AuditRecordingTest, OfAnAnswerThatIsGoneThereIsNone) {
  AuditEvidence evidence;
  evidence.id = UpdateId(100);
  EXPECT_TRUE(AuditRecording(evidence, {}, "run").empty());
}

}  // namespace
}  // namespace thalweg
