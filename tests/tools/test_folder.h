// A folder of a test's own, and the files in it.
//
// Threads: one a folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

// Made empty, removed with everything in it.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  [[nodiscard]] std::string PathOf(const std::string& name) const { return path_ + "/" + name; }
  // Writes a file and answers its path.
  std::string Write(const std::string& name, std::string_view bytes) const;

 private:
  std::string path_;
};

// Empty when there is no such file.
[[nodiscard]] std::string ReadWholeFile(const std::string& path);

// Packed as a recording may be.
[[nodiscard]] std::string Gzip(std::string_view text);
// One frame with a checksum.
[[nodiscard]] std::string Zstd(std::string_view text);

// Text with one bit of the byte at `offset` turned round.
[[nodiscard]] std::string WithFlippedBit(std::string bytes, std::size_t offset);

}  // namespace thalweg
