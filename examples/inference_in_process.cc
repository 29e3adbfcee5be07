// A model in the process that computes its features: recordings through an engine, a prediction for
// every record that has a book.
//
//   inference_in_process MODEL.json RECORDING...
//
// Live, the loop is the same: frames are pushed as they come and records polled behind each.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "linear_model.h"
#include "thalweg/thalweg.h"

namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    return Fail(absl::InvalidArgumentError("usage: inference_in_process MODEL.json RECORDING..."));
  }
  absl::StatusOr<LinearModel> model = LinearModel::Load(argv[1]);
  if (!model.ok()) return Fail(model.status());

  // The defaults: every symbol, a record for every depth event.
  const thalweg::EngineOptions options;
  absl::StatusOr<thalweg::FeatureEngine> engine = thalweg::FeatureEngine::Make(
      options, thalweg::Recordings(std::vector<std::string>(argv + 2, argv + argc)));
  if (!engine.ok()) return Fail(engine.status());
  const absl::Status bound = model->Bind(*engine);
  if (!bound.ok()) return Fail(bound);

  while (const thalweg::FeatureRecord* const record = engine->Poll()) {
    // Every doubt about a record is named in its flags.
    if (record->Has(thalweg::quality::kBookInvalid)) continue;
    std::printf("%" PRId64 " %s %+.9f\n", record->header().event_ns, record->symbol().c_str(),
                model->Predict(*record));
  }
  return engine->status().ok() ? EXIT_SUCCESS : Fail(engine->status());
}
