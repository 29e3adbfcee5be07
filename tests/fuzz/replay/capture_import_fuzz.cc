// Imports of other programs' files: whatever they hold, an import ends, writes lines that a reader
// takes, counts them rightly, and gives the same again when its own recording is imported.
//
// The first line of an input holds a letter an option, in any order: JSON lines with the `t`ime
// field E, bare snapshots asked with a `l`imit, `s`alvage, only the s`y`mbol AAAUSDT. The rest is
// the file.

#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "replay/capture_import.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/replay/stored_recordings.h"
#include "tests/replay/test_disk.h"

namespace thalweg {
namespace {

using fuzz::Require;

// A file without a place on a disk.
class MemoryPath {
 public:
  explicit MemoryPath(std::string_view bytes) : descriptor_(memfd_create("capture", 0)) {
    Require(descriptor_ >= 0 && write(descriptor_, bytes.data(), bytes.size()) ==
                                    static_cast<ssize_t>(bytes.size()),
            "a file in memory can be made");
  }
  ~MemoryPath() { close(descriptor_); }
  MemoryPath(const MemoryPath&) = delete;
  MemoryPath& operator=(const MemoryPath&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

ImportOptions ReadOptions(std::string_view letters) {
  ImportOptions options;
  for (const char c : letters) {
    if (c == 't') options.time_field = *JsonPath::Parse("E");
    if (c == 'l') options.snapshot_limit = 1'000;
    if (c == 's') options.salvage = true;
    if (c == 'y') options.symbols = {"AAAUSDT"};
  }
  return options;
}

// The stored recording; nothing when the import says at once that it cannot be.
std::optional<std::string> Import(std::string_view bytes, ImportOptions options) {
  const MemoryPath source(bytes);
  CaptureImport import_of(std::move(options), [](const FileMessage&) {});
  if (!import_of.Open({source.path()}).ok()) return std::nullopt;
  TestDisk disk;
  RecordingWriter writer(disk.OpenOne());
  const absl::Status status = import_of.Run(writer);
  Require(writer.Close().ok(), "a disk with room takes every line");
  Require(status.ok() || !status.message().empty(), "what ended an import is said");
  Require(writer.counts().lines == import_of.counts().written, "every line written is counted");
  return disk.one();
}

std::vector<std::string> LinesOf(const std::string& stored) {
  auto reader = RecordingReader::Open(std::make_unique<MemoryFile>(stored), {});
  Require(reader.ok(), "a recording that was made can be opened");
  std::vector<std::string> lines;
  std::string_view line;
  while ((*reader)->Next(&line) == ReadVerdict::kLine) lines.emplace_back(line);
  Require((*reader)->end() == FileEnd::kWhole, "a recording that was made is whole");
  return lines;
}

}  // namespace
}  // namespace thalweg

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  const std::string_view input = fuzz::TextOf(data, size);
  const std::size_t newline = input.find('\n');
  if (newline == std::string_view::npos) return 0;
  const std::optional<std::string> made =
      Import(input.substr(newline + 1), ReadOptions(input.substr(0, newline)));
  if (!made) return 0;
  const std::vector<std::string> lines = LinesOf(*made);
  for (const std::string& line : lines) {
    fuzz::Require(ParseRecordingLine(line).kind != LineKind::kMalformed,
                  "every line written is one of a recording");
  }
  if (lines.empty()) return 0;
  const std::optional<std::string> again = Import(*made, {});
  fuzz::Require(again.has_value() && LinesOf(*again) == lines,
                "a recording that was made is imported as it is");
  return 0;
}
