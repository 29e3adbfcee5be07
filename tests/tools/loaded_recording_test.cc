// Recordings in memory: which lines are kept, and where the bound cuts.

#include "tools/loaded_recording.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

constexpr char kFrame[] = R"({"u":7,"s":"DEMOUSDT","b":"1.0","B":"1.0","a":"2.0","A":"1.0"})";
const std::size_t kFrameBytes = sizeof(kFrame) - 1;

std::string Line(const std::string& text) { return "1732154400000000000 " + text + "\n"; }

TEST(LoadedRecordingTest, FramesAndRestAnswersAreKeptInTheirOrder) {
  const TestFolder folder;
  const std::string path = folder.Write(
      "r.txt", Line("#thalweg 1 {\"run\":\"r\"}") + Line(kFrame) +
                   Line("#rest GET /api/v3/depth?symbol=DEMOUSDT {\"lastUpdateId\":1}") +
                   Line("#lost 1 test") + "no line\n" + Line(kFrame));
  const auto loaded = LoadedRecording::Load({path, path});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->lines().size(), 6U);
  EXPECT_EQ(loaded->frame_count(), 4);
  EXPECT_FALSE(loaded->is_cut());
  EXPECT_EQ(loaded->lines()[0].payload, kFrame);
  EXPECT_EQ(loaded->lines()[0].target, "");
  EXPECT_EQ(loaded->lines()[0].received, ReceiveTime(1732154400000000000));
  EXPECT_EQ(loaded->lines()[1].target, "/api/v3/depth?symbol=DEMOUSDT");
  EXPECT_EQ(loaded->lines()[1].payload, "{\"lastUpdateId\":1}");
  EXPECT_EQ(loaded->lines()[2].source, 0U);
  EXPECT_EQ(loaded->lines()[3].source, 1U);
}

TEST(LoadedRecordingTest, TheBoundTakesWholeLinesAndSaysThatThereIsMore) {
  const TestFolder folder;
  const std::string path = folder.Write("r.txt", Line(kFrame) + Line(kFrame) + Line(kFrame));
  for (const auto& [bytes, frames] :
       {std::pair(3 * kFrameBytes, 3), std::pair(3 * kFrameBytes - 1, 2), std::pair(kFrameBytes, 1),
        std::pair(kFrameBytes - 1, 0)}) {
    const auto loaded = LoadedRecording::Load({path}, bytes);
    ASSERT_TRUE(loaded.ok());
    EXPECT_EQ(loaded->frame_count(), frames);
    EXPECT_EQ(loaded->is_cut(), frames != 3);
    EXPECT_EQ(loaded->payload_bytes(), static_cast<std::size_t>(frames) * kFrameBytes);
  }
}

TEST(LoadedRecordingTest, AFileThatIsNotThereOrIsNoRecordingIsAnError) {
  const TestFolder folder;
  EXPECT_EQ(LoadedRecording::Load({folder.PathOf("absent")}).status().code(),
            absl::StatusCode::kNotFound);
  const auto letter = LoadedRecording::Load({folder.Write("letter.txt", "Dear reader,\n")});
  EXPECT_EQ(letter.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(letter.status().message().find("letter.txt"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
