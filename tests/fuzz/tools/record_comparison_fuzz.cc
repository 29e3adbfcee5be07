// Rows of a live run with bytes changed: a comparison says that they are equal only where every
// number is, and it reads whatever the file holds to its end.
//
// The input is a list of edits of a good file: two bytes where, one byte how many are taken out
// there, one how many of the bytes that follow are put in.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <charconv>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/engine.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/tools/csv_table.h"
#include "tests/tools/market_script.h"
#include "tools/feature_table.h"
#include "tools/record_comparison.h"
#include "tools/text_file.h"

namespace thalweg {
namespace {

using fuzz::Require;

// A file that is nowhere on a disk.
class MemoryFile {
 public:
  MemoryFile()
      : descriptor_(memfd_create("rows.csv", MFD_CLOEXEC)),
        path_("/proc/self/fd/" + std::to_string(descriptor_)) {}
  ~MemoryFile() { close(descriptor_); }

  void Hold(std::string_view text) const {
    Require(ftruncate(descriptor_, 0) == 0 && pwrite(descriptor_, text.data(), text.size(), 0) ==
                                                  static_cast<ssize_t>(text.size()),
            "a file in memory takes what it is given");
  }
  [[nodiscard]] std::string Text() const {
    std::string text(static_cast<std::size_t>(lseek(descriptor_, 0, SEEK_END)), '\0');
    Require(pread(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()),
            "a file in memory can be read");
    return text;
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  const int descriptor_;
  const std::string path_;
};

// Gives every record to whoever wants them.
class Records final : public EngineOutput {
 public:
  explicit Records(std::function<void(const SymbolEngine&, RecordBuffer&)> use)
      : use_(std::move(use)) {}
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override { use_(symbol, record); }

 private:
  std::function<void(const SymbolEngine&, RecordBuffer&)> use_;
};

EngineOptions SomeOptions() {
  EngineOptions options;
  options.bucket_sizes = {"0.1"};
  return options;
}

struct Run {
  Run() : options(SomeOptions()), catalogue(MakeCatalogue(options)) {
    MarketScript script;
    script.Start(3);
    lines = script.lines();
    const auto rows = TextFile::Create(file.path());
    Require(rows.ok(), "rows can be written");
    WriteFeatureHeader(catalogue, **rows);
    Play([&](const SymbolEngine& symbol, RecordBuffer& record) {
      WriteFeatureRow(symbol, record, **rows);
    });
    Require((*rows)->Close().ok(), "the rows are written");
    good = file.Text();
  }

  void Play(std::function<void(const SymbolEngine&, RecordBuffer&)> use) const {
    Records records(std::move(use));
    Engine engine(options, catalogue, records);
    for (const std::string& text : lines) {
      const RecordingLine line = ParseRecordingLine(text);
      GiveLine(line.receive_time, std::string_view(text).substr(text.find(' ') + 1), &engine);
    }
  }

  const EngineOptions options;
  const Catalogue catalogue;
  const MemoryFile file;
  std::vector<std::string> lines;
  std::string good;
};

std::string Edited(std::string text, std::string_view edits) {
  while (edits.size() >= 4) {
    const auto byte = [&edits](std::size_t i) { return static_cast<std::uint8_t>(edits[i]); };
    const std::size_t at = (byte(0) * 256U + byte(1)) % (text.size() + 1);
    const std::string_view in = edits.substr(4, byte(3) % 16);
    text.replace(at, byte(2) % 16, in);
    edits.remove_prefix(4 + in.size());
  }
  return text;
}

// Whether two fields are the same text, or the same number in two spellings.
bool SameValue(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto number = [](std::string_view text, double* value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
    return error == std::errc() && end == text.data() + text.size();
  };
  double left = 0;
  double right = 0;
  return number(a, &left) && number(b, &right) &&
         std::bit_cast<std::uint64_t>(left) == std::bit_cast<std::uint64_t>(right);
}

void RequireSameRows(std::string_view text, std::string_view good) {
  // The newline of the last row may be missing.
  const std::vector<std::string> rows =
      LinesOf(text.ends_with('\n') ? std::string(text) : std::string(text) + "\n");
  const std::vector<std::string> good_rows = LinesOf(good);
  Require(rows.size() == good_rows.size(), "equal files have equally many rows");
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::vector<std::string> fields = SplitText(rows[row], ',');
    const std::vector<std::string> good_fields = SplitText(good_rows[row], ',');
    Require(fields.size() == good_fields.size(), "equal rows have equally many fields");
    for (std::size_t i = 0; i < fields.size(); ++i) {
      Require(SameValue(fields[i], good_fields[i]), "equal fields have equal values");
    }
  }
}

void Compare(std::string_view edits) {
  static const Run& run = *new Run();
  const std::string text = Edited(run.good, edits);
  run.file.Hold(text);
  auto comparison = RecordComparison::Open(run.file.path());
  Require(comparison.ok(), "the file can be opened");
  run.Play([&](const SymbolEngine& symbol, RecordBuffer& record) {
    (*comparison)->Compare(run.catalogue, symbol, record);
  });
  (*comparison)->Finish();
  const bool equal = (*comparison)->status().ok() && (*comparison)->difference().empty() &&
                     (*comparison)->row_count() == (*comparison)->record_count();
  Require(equal || text != run.good, "the rows as they were written are equal");
  if (equal) RequireSameRows(text, run.good);
}

}  // namespace
}  // namespace thalweg

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  thalweg::Compare(thalweg::fuzz::TextOf(data, size));
  return 0;
}
