// What the real file does: it replaces nothing, appends only, and says why it cannot.
#include "replay/output_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

TEST(OutputFileTest, WhatIsWrittenIsInTheFileAtOnceInItsOrder) {
  const TestFolder folder;
  const std::string path = folder.PathOf("a.zst");
  auto file = CreateOutputFile(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->path(), path);
  EXPECT_EQ(*(*file)->Write("one "), 4u);
  EXPECT_EQ(ReadWholeFile(path), "one ");
  EXPECT_EQ(*(*file)->Write("two"), 3u);
  EXPECT_TRUE((*file)->Sync().ok());
  EXPECT_TRUE((*file)->Close().ok());
  EXPECT_EQ(ReadWholeFile(path), "one two");
}

TEST(OutputFileTest, AFileThatExistsIsNeverReplaced) {
  const TestFolder folder;
  const std::string path = folder.Write("a.zst", "old");
  const absl::Status status = CreateOutputFile(path).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(status.message(), path + ": File exists");
  EXPECT_EQ(ReadWholeFile(path), "old");
}

TEST(OutputFileTest, ALinkIsNeverFollowed) {
  const TestFolder folder;
  const std::string dangling = folder.PathOf("dangling.zst");
  std::filesystem::create_symlink(folder.PathOf("target"), dangling);
  EXPECT_EQ(CreateOutputFile(dangling).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(std::filesystem::exists(folder.PathOf("target")));
}

TEST(OutputFileTest, AFolderThatIsMissingIsUnavailableWithPathAndReason) {
  const TestFolder folder;
  const std::string path = folder.PathOf("missing/a.zst");
  const absl::Status status = CreateOutputFile(path).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), path + ": No such file or directory");
}

// In a child, whose limit may be lowered. It does not ignore SIGXFSZ: the signal would end it.
TEST(OutputFileTest, AtTheSizeLimitOfTheProcessThereIsNoRoomAndNoSignal) {
  const TestFolder folder;
  const std::string path = folder.PathOf("a.zst");
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr rlimit kLimit{.rlim_cur = 10, .rlim_max = 10};
    if (setrlimit(RLIMIT_FSIZE, &kLimit) != 0) _exit(1);
    auto file = CreateOutputFile(path);
    if (!file.ok()) _exit(2);
    const auto first = (*file)->Write("0123456");
    if (!first.ok() || *first != 7) _exit(3);
    const auto second = (*file)->Write("789abc");
    if (!second.ok() || *second != 3) _exit(4);
    _exit(absl::IsResourceExhausted((*file)->Write("abc").status()) ? 0 : 5);
  }
  int ended = 0;
  ASSERT_EQ(waitpid(child, &ended, 0), child);
  EXPECT_TRUE(WIFEXITED(ended)) << "signal " << WTERMSIG(ended);
  EXPECT_EQ(WEXITSTATUS(ended), 0);
  EXPECT_EQ(ReadWholeFile(path), "0123456789");
}

TEST(OutputFileTest, AnErrorOfTheSystemIsTheReasonAlone) {
  const TestFolder folder;
  auto file = CreateOutputFile(folder.PathOf("a.zst"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Close().ok());
  const absl::Status status = (*file)->Write("x").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "Bad file descriptor");
}

}  // namespace
}  // namespace thalweg
