// Replays recordings through an engine and prints the mid and an imbalance of every record:
//
//   replay_features RECORDING...
//
// Shows the three parts of any program around the engine: options with their catalogue, an output
// that takes the records, and something that drives the engine (here a RecordingPlayer).
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/thalweg.h"

namespace {

// Columns are found by name: their positions change from release to release.
std::size_t ColumnOf(const thalweg::Catalogue& catalogue, std::string_view name) {
  const std::vector<thalweg::Feature>& features = catalogue.features();
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (features[i].name == name) return i;
  }
  std::fprintf(stderr, "no feature is named %s\n", std::string(name).c_str());
  std::exit(EXIT_FAILURE);
}

class FeaturePrinter final : public thalweg::EngineOutput {
 public:
  explicit FeaturePrinter(const thalweg::Catalogue& catalogue)
      : mid_(ColumnOf(catalogue, "mid")), imbalance_(ColumnOf(catalogue, "imbalance_l10")) {}

  void OnRecord(const thalweg::SymbolEngine& symbol, thalweg::RecordBuffer& record) override {
    const thalweg::RecordHeader header = record.header();
    // Every doubt about a record is named in its flags; this program skips records without a book.
    if ((header.flags & thalweg::quality::kBookInvalid) != 0) return;
    std::printf("%" PRId64 " %s mid %.8g imbalance %+.6f\n", header.event_ns, symbol.name().c_str(),
                record.features()[mid_], record.features()[imbalance_]);
  }

 private:
  const std::size_t mid_;
  const std::size_t imbalance_;
};

}  // namespace

int main(int argc, char** argv) {
  const thalweg::EngineOptions options;  // The defaults: every symbol, a record a depth event.
  const thalweg::Catalogue catalogue = thalweg::MakeCatalogue(options);
  FeaturePrinter printer(catalogue);

  thalweg::RecordingPlayer player(options, catalogue, printer, {}, [](std::string_view message) {
    std::fprintf(stderr, "%s\n", std::string(message).c_str());
  });
  const absl::Status status = player.Run(std::vector<std::string>(argv + 1, argv + argc));
  if (status.ok()) return EXIT_SUCCESS;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return EXIT_FAILURE;
}
