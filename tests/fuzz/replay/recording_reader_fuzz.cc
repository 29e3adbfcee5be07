// Files of recordings: read through the seam of stored files, whole and damaged, they end, hand out
// lines with their padding, and lose nothing that is good.
//
// The first line of an input says how the rest is stored, a letter an option in any order: `g`zip,
// `z`std, zstd in frames of one line (`f`), none of these: as it is; `s`alvage; `c`ut in the
// middle, `x`: one bit flipped; `r`ead errors in the middle; `1` to `9`: so many bytes a read.
// Where in the file damage falls follows from the text.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "replay/recording_reader.h"
#include "replay/zstd_source.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/replay/stored_recordings.h"

namespace thalweg {
namespace {

using fuzz::Require;

struct Storage {
  bool gzip = false;
  bool zstd = false;
  bool frame_a_line = false;
  bool salvage = false;
  bool cut = false;
  bool flip = false;
  bool read_error = false;
  std::size_t read_bytes = SIZE_MAX;

  [[nodiscard]] bool packed() const { return gzip || zstd || frame_a_line; }
  [[nodiscard]] bool damaged() const { return cut || flip || read_error; }
};

Storage ReadStorage(std::string_view letters) {
  Storage storage;
  for (const char c : letters) {
    storage.gzip |= c == 'g';
    storage.zstd |= c == 'z';
    storage.frame_a_line |= c == 'f';
    storage.salvage |= c == 's';
    storage.cut |= c == 'c';
    storage.flip |= c == 'x';
    storage.read_error |= c == 'r';
    if (c >= '1' && c <= '9') storage.read_bytes = static_cast<std::size_t>(c - '0');
  }
  return storage;
}

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

std::string Pack(std::string_view text, const Storage& storage) {
  if (storage.gzip) return Gzip(text, 1);
  if (storage.zstd) return Zstd(text);
  if (!storage.frame_a_line) return std::string(text);
  std::string packed;
  do {
    const std::size_t newline = text.find('\n');
    const std::size_t bytes = newline == std::string_view::npos ? text.size() : newline + 1;
    packed += Zstd(text.substr(0, bytes));
    text.remove_prefix(bytes);
  } while (!text.empty());
  return packed;
}

// Any number that follows from the text alone.
std::size_t PlaceIn(std::string_view text) {
  std::size_t place = text.size();
  for (const char c : text) place = place * 31 + static_cast<unsigned char>(c);
  return place;
}

struct Result {
  std::vector<std::string> lines;
  FileEnd end = FileEnd::kOpen;
  std::int64_t holes = 0;
};

Result Read(RecordingReader& reader, std::size_t stored_bytes) {
  Result result;
  std::string_view line;
  ReadVerdict verdict = reader.Next(&line);
  for (; verdict != ReadVerdict::kEnd; verdict = reader.Next(&line)) {
    if (verdict == ReadVerdict::kHole) {
      ++result.holes;
      Require(!reader.status().ok(), "a hole says what it is");
      continue;
    }
    Require(!line.empty() && line.find('\n') == std::string_view::npos, "a line is one line");
    Require(line.size() <= kLineBytesMax, "a line is bounded");
    TouchPadding(line);
    result.lines.emplace_back(line);
  }
  Require(reader.Next(&line) == ReadVerdict::kEnd, "an end is final");
  Require(reader.end() != FileEnd::kOpen, "an end is named");
  Require(reader.end() == FileEnd::kWhole || !reader.status().ok(), "a bad end says why");
  Require(result.holes == reader.hole_count(), "every hole is handed out");
  Require(static_cast<std::size_t>(result.holes) <= stored_bytes, "a hole has bytes");
  result.end = reader.end();
  return result;
}

bool IsPrefix(const std::vector<std::string>& lines, const std::vector<std::string>& of) {
  return lines.size() <= of.size() && std::equal(lines.begin(), lines.end(), of.begin());
}

bool IsSubsequence(const std::vector<std::string>& lines, const std::vector<std::string>& of) {
  auto at = of.begin();
  for (const std::string& line : lines) {
    at = std::find(at, of.end(), line);
    if (at == of.end()) return false;
    ++at;
  }
  return true;
}

void CheckLines(const Storage& storage, std::size_t stored_bytes, const Result& result,
                const std::vector<std::string>& written) {
  if (!storage.damaged()) {
    Require(result.end == FileEnd::kWhole && result.lines == written, "a whole file is read whole");
    return;
  }
  // What was cut off or cannot be read takes nothing else away. Plain text cut in a line gives the
  // beginning of it.
  if (!storage.flip) {
    Require(IsPrefix(result.lines, written), "a cut file gives the lines before the cut");
    return;
  }
  // A checksum vouches for every line of a zstd frame, save where the frame is cut off, by the end
  // of the file or by a read error, or where the file is too short to look like zstd. gzip checks
  // at the end of a member only.
  if (!storage.gzip && !storage.read_error && stored_bytes >= kZstdMagicBytes &&
      result.end != FileEnd::kCut) {
    Require(IsSubsequence(result.lines, written), "no line of a damaged frame is handed out");
  }
}

}  // namespace
}  // namespace thalweg

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  const std::string_view input = fuzz::TextOf(data, size);
  const std::size_t newline = std::min(input.find('\n'), input.size());
  const Storage storage = ReadStorage(input.substr(0, newline));
  const std::string_view text = input.substr(std::min(newline + 1, input.size()));

  std::string stored = Pack(text, storage);
  const std::size_t place = PlaceIn(text);
  if (storage.cut) stored.resize(place % (stored.size() + 1));
  if (storage.flip && !stored.empty()) {
    const std::size_t bit = place / 7 % (8 * stored.size());
    stored[bit / 8] = static_cast<char>(stored[bit / 8] ^ (1 << bit % 8));
  }
  const std::size_t error_at = storage.read_error ? place / 11 % (stored.size() + 1) : SIZE_MAX;
  const std::size_t stored_bytes = stored.size();
  auto opened = RecordingReader::Open(
      std::make_unique<MemoryFile>(std::move(stored), storage.read_bytes, error_at),
      {.salvage = storage.salvage});
  if (!opened.ok()) {
    fuzz::Require(storage.read_error, "a file whose bytes can be read can be opened");
    return 0;
  }
  const Result result = Read(**opened, stored_bytes);
  // Text that holds a zstd frame of its own, which no JSON does, may pass for one when salvaged.
  const bool looks_packed = text.find("\x28\xb5\x2f\xfd") != std::string_view::npos;
  if (looks_packed && storage.damaged() && storage.salvage) return 0;
  if (storage.packed()) CheckLines(storage, stored_bytes, result, LinesOf(text));
  return 0;
}
