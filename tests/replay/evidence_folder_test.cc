// The folder of evidence: its files verify as bad, nothing is replaced, and it is bounded.
#include "replay/evidence_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "replay/verification.h"
#include "tests/replay/diverged_market.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

std::string Bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class EvidenceFolderTest : public ::testing::Test {
 protected:
  EvidenceFolderTest() {
    while (live_.log.found.empty()) live_.Audit(Meeting::kRolled, 25, 1'000);
  }
  [[nodiscard]] const std::shared_ptr<const AuditEvidence>& evidence() const {
    return live_.log.found[0];
  }
  // Keeps it so often, in a folder that is opened and closed for it.
  EvidenceCounts Keep(int times = 1) {
    auto folder = EvidenceFolder::Open(path_, "R",
                                       [this](std::string_view line) { told_.emplace_back(line); });
    EXPECT_TRUE(folder.ok()) << folder.status();
    for (int i = 0; i < times; ++i) (*folder)->Keep(evidence(), live_.options);
    (*folder)->Close();
    return (*folder)->counts();
  }

  DivergedMarket live_{FeedBuilder::Numbering::kSpot, 3};
  const TestFolder folder_;
  const std::string path_ = folder_.PathOf("evidence");
  std::vector<std::string> told_;
};

TEST_F(EvidenceFolderTest, AFileOfItShowsTheSameDifferenceToAVerification) {
  EXPECT_EQ(Keep().written, 1);
  const std::string file = path_ + "/" + EvidenceName(*evidence());
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_NE(told_[0].find("AAAUSDT: audit diverged at "), std::string::npos) << told_[0];
  EXPECT_NE(told_[0].find(Describe(*evidence())), std::string::npos) << told_[0];
  EXPECT_NE(told_[0].find(file), std::string::npos) << told_[0];

  std::vector<std::string> notices;
  Verification::Watchers watchers;
  watchers.notice = [&](const Notice& notice) {
    if (notice.kind == NoticeKind::kAuditDiverged) notices.push_back(Describe(notice));
  };
  Verification verification({}, {}, watchers);
  ASSERT_TRUE(verification.Run({file}).ok());
  ASSERT_EQ(verification.receipts().size(), 1U);
  const ShardReceipt& receipt = verification.receipts()[0];
  EXPECT_TRUE(receipt.options_recorded);
  ASSERT_EQ(receipt.symbols.size(), 1U);
  EXPECT_FALSE(receipt.good());
  EXPECT_EQ(receipt.symbols[0].book.audits_diverged, 1);
  EXPECT_EQ(notices, live_.log.notices);
}

TEST_F(EvidenceFolderTest, NothingIsReplaced) {
  EXPECT_EQ(Keep().written, 1);
  const std::string file = path_ + "/" + EvidenceName(*evidence());
  const std::string before = Bytes(file);
  EXPECT_EQ(Keep().failed, 1);
  EXPECT_EQ(Bytes(file), before);
  EXPECT_NE(told_.back().find("no evidence: "), std::string::npos) << told_.back();
}

TEST_F(EvidenceFolderTest, AFullFolderTakesNoMore) {
  std::filesystem::create_directories(path_);
  for (std::size_t i = 0; i < kEvidenceFilesMax; ++i) {
    std::ofstream(path_ + "/" + std::to_string(i)) << "x";
  }
  EXPECT_EQ(Keep().left_out, 1);
  EXPECT_FALSE(std::filesystem::exists(path_ + "/" + EvidenceName(*evidence())));
  EXPECT_NE(told_.back().find("holds 100 files"), std::string::npos) << told_.back();
  std::filesystem::remove(path_ + "/7");
  EXPECT_EQ(Keep().written, 1);
}

TEST_F(EvidenceFolderTest, ASymbolOfAnyBytesMakesAFileInTheFolder) {
  AuditEvidence odd = *evidence();
  odd.instrument.symbol = "../币/A";
  const std::string name = EvidenceName(odd);
  EXPECT_EQ(name.find('/'), std::string::npos);
  EXPECT_EQ(name.find(".."), std::string::npos);
}

TEST_F(EvidenceFolderTest, WhatIsNoFolderIsRefused) {
  const std::string file = folder_.Write("file", "x");
  EXPECT_FALSE(EvidenceFolder::Open(file + "/evidence", "R", {}).ok());
}

}  // namespace
}  // namespace thalweg
