// Plays the lines of a recording, unpacked, from standard input with a record for every message,
// and prints the digest of the records, and of every feature by itself, so that a difference
// between two builds has a name.
//
//   zcat FILE... | digest_program LINES     LINES: how many are played, 0 for all
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/decode/frame.h"
#include "pipeline/engine.h"
#include "pipeline/record_digest.h"
#include "replay/recording_line.h"

namespace thalweg {

namespace {

// FNV-1a over words: enough to tell columns apart.
class ColumnDigest {
 public:
  void Add(double value) noexcept {
    state_ = (state_ ^ std::bit_cast<std::uint64_t>(value)) * 0x100000001b3;
    state_ ^= state_ >> 29;
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325;
};

class DigestOutput final : public EngineOutput {
 public:
  explicit DigestOutput(const Catalogue& catalogue)
      : catalogue_(catalogue), columns_(catalogue.features().size()) {}

  void OnRecord(const SymbolEngine&, RecordBuffer& record) override {
    digest_.Add(record);
    for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].Add(record.features()[i]);
  }

  void Print() const {
    std::printf("digest %s records %lld\n", digest_.Hex().c_str(),
                static_cast<long long>(digest_.record_count()));
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      std::printf("%016llx %s\n", static_cast<unsigned long long>(columns_[i].value()),
                  catalogue_.features()[i].name.c_str());
    }
  }

 private:
  const Catalogue& catalogue_;
  RecordDigest digest_;
  std::vector<ColumnDigest> columns_;
};

// Only frames count in the recordings of collectors.
void Play(const std::string& text, Engine* engine) {
  const std::string padding(kPayloadPadding, ' ');
  const std::string padded = padding + text + padding;
  const RecordingLine line =
      ParseRecordingLine(std::string_view(padded).substr(kPayloadPadding, text.size()));
  if (line.kind == LineKind::kFrame) engine->OnFrame(line.receive_time, line.payload);
}

void Run(std::int64_t line_count) {
  EngineOptions options;
  options.emit = EmitPolicy::All();
  const Catalogue catalogue = MakeCatalogue(options);
  DigestOutput output(catalogue);
  Engine engine(options, catalogue, output);
  std::string text;
  for (std::int64_t i = 0; (line_count == 0 || i < line_count) && std::getline(std::cin, text);
       ++i) {
    Play(text, &engine);
  }
  output.Print();
}

}  // namespace
}  // namespace thalweg

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: zcat FILE... | digest_program LINES\n");
    return 2;
  }
  std::ios::sync_with_stdio(false);
  thalweg::Run(std::strtoll(argv[1], nullptr, 10));
}
