// Gives a fuzz target every file of the folders named on the command line, once, in the order of
// their names: the regression test of a target in builds without libFuzzer.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_target.h"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> FilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void GiveToTarget(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  // Its own memory of just its size, as libFuzzer gives it.
  const auto input = std::make_unique<std::uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), input.get());
  LLVMFuzzerTestOneInput(input.get(), bytes.size());
}

}  // namespace

int main(int count, char** words) {
  std::size_t given = 0;
  for (int i = 1; i < count; ++i) {
    for (const fs::path& path : FilesIn(words[i])) {
      // Before it is used: the last name printed is the one that failed.
      std::printf("%s\n", path.filename().c_str());
      std::fflush(stdout);
      GiveToTarget(path);
      ++given;
    }
  }
  std::printf("%zu inputs\n", given);
  return given == 0 ? 1 : 0;
}
