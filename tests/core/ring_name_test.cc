#include "core/ring_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/ring_testing.h"

namespace thalweg {
namespace {

using testing::HasSubstr;

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

TEST(RingNameTest, ANameIsLettersDigitsDashesAndUnderscores) {
  EXPECT_TRUE(CheckRingName("live-2_B").ok());
  EXPECT_TRUE(CheckRingName(std::string(64, 'a')).ok());
  for (const std::string& name : {std::string(), std::string("a.b"), std::string("../a"),
                                  std::string("a b"), std::string(65, 'a')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckRingName(name))) << name;
  }
}

TEST(RingNameTest, ASecondWriterIsRefusedWhileTheFirstLives) {
  const RingFolder folder;
  {
    const RingName first = RingName::Take("test", 0600, folder.path()).value();
    const absl::StatusOr<RingName> second = RingName::Take("test", 0600, folder.path());
    ASSERT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
    EXPECT_THAT(MessageOf(second.status()), HasSubstr(folder.File("test.lock")));
    EXPECT_TRUE(RingName::Take("other", 0600, folder.path()).ok());
  }
  EXPECT_TRUE(RingName::Take("test", 0600, folder.path()).ok());
}

TEST(RingNameTest, AFolderThatIsNotThereIsNamed) {
  const absl::StatusOr<RingName> name = RingName::Take("test", 0600, "/nowhere");
  ASSERT_TRUE(absl::IsNotFound(name.status()));
  EXPECT_THAT(MessageOf(name.status()), HasSubstr("/nowhere/thalweg.test.lock"));
}

TEST(RingNameTest, GenerationsGoOnOverEveryKindOfFile) {
  const RingFolder folder;
  RingShape shape = TestShape(2);
  for (std::uint64_t generation = 1; generation <= 3; ++generation) {
    const RingName name = RingName::Take("test", 0600, folder.path()).value();
    EXPECT_EQ(name.generation(), generation);
    shape.kind = generation == 2 ? RingKind::kLadders : RingKind::kFeatures;
    ASSERT_TRUE(RingWriter::Create(name, shape).ok());
  }
}

}  // namespace
}  // namespace thalweg
