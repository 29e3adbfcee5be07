#include "thalweg/ring_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/core/ring_testing.h"

namespace thalweg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

TEST(RingListingTest, RingsAreListedByNameAndKind) {
  const RingFolder folder;
  EXPECT_TRUE(ListRings(folder.path()).empty());
  const TestRing live(folder, TestShape(8), "b");
  live.PublishTo(5);
  { const TestRing closed(folder, TestShape(8), "a"); }
  std::ofstream(folder.File("c")) << "no ring";
  std::ofstream(folder.File("c.txt")) << "not named like one";
  const std::vector<RingListing> rings = ListRings(folder.path());
  ASSERT_EQ(rings.size(), 3u);
  EXPECT_EQ(rings[0].name, "a");
  EXPECT_EQ(rings[0].writer, RingWriterLife::kClosed);
  EXPECT_EQ(rings[1].name, "b");
  EXPECT_EQ(rings[1].writer, RingWriterLife::kWriting);
  EXPECT_EQ(rings[1].newest, 5u);
  EXPECT_EQ(rings[2].name, "c");
  EXPECT_THAT(MessageOf(rings[2].status), HasSubstr("ring corrupt: field=file value=7"));
}

TEST(RingListingTest, StaleRingsAreRemovedAndLivingOnesAreNot) {
  const RingFolder folder;
  const TestRing live(folder, TestShape(8), "live");
  { const TestRing closed(folder, TestShape(8), "old"); }
  std::ofstream(folder.File("old.ladders.new")) << "half made";
  EXPECT_TRUE(absl::IsFailedPrecondition(RemoveRings("live", folder.path()).status()));
  EXPECT_TRUE(absl::IsNotFound(RemoveRings("none", folder.path()).status()));
  EXPECT_THAT(
      RemoveRings("", folder.path()).value(),
      ElementsAre(folder.File("old"), folder.File("old.ladders.new"), folder.File("old.lock")));
  EXPECT_EQ(ListRings(folder.path()).size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(folder.File("old.lock")));
  EXPECT_TRUE(std::filesystem::exists(folder.File("live.lock")));
  EXPECT_FALSE(std::filesystem::exists(folder.File("none.lock")));
}

}  // namespace
}  // namespace thalweg
