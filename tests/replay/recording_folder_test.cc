// A folder is recorded into by one run at a time, and keeps no trace of who that was.
#include "replay/recording_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <utility>

#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

TEST(RecordingFolderTest, IsMadeAndHeldUntilTheEndOfItsObject) {
  const TestFolder folder;
  const std::string path = folder.PathOf("a/b");
  {
    absl::StatusOr<RecordingFolder> first = RecordingFolder::Hold(path);
    ASSERT_TRUE(first.ok()) << first.status();
    const RecordingFolder moved = *std::move(first);
    const absl::StatusOr<RecordingFolder> second = RecordingFolder::Hold(path);
    EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition) << second.status();
    EXPECT_TRUE(std::filesystem::is_empty(path));
  }
  EXPECT_TRUE(RecordingFolder::Hold(path).ok());
}

TEST(RecordingFolderTest, OneThatCannotBeIsNamedWithItsReason) {
  const TestFolder folder;
  const std::string file = folder.Write("file", "");
  const absl::StatusOr<RecordingFolder> held = RecordingFolder::Hold(file);
  EXPECT_EQ(held.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(held.status().message().find(file), 0u) << held.status();
}

}  // namespace
}  // namespace thalweg
