// A model in a process of its own: reads features from a ring in shared memory, from the oldest
// record that is held to the end of its writer, and prints a prediction for every one that has a
// book.
//
//   inference_from_ring MODEL.json RING
//
// Nobody waits for this process: if it is too slow, it learns how many records it lost and goes on
// at the newest. If the writer dies and another one takes the ring's name, it follows that one.
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "linear_model.h"
#include "thalweg/ring_reader.h"

namespace {

int Fail(std::string_view reason) {
  std::fprintf(stderr, "%s\n", std::string(reason).c_str());
  return EXIT_FAILURE;
}
int Fail(const absl::Status& status) { return Fail(status.ToString()); }

void Print(const LinearModel& model, const thalweg::RingReader& reader) {
  const thalweg::RecordHeader header = reader.record().header();
  if ((header.flags & thalweg::quality::kBookInvalid) != 0) return;
  const auto symbol = reader.symbol(header.symbol_id);
  std::printf("%" PRId64 " %s %+.9f\n", header.event_ns,
              symbol ? std::string(symbol->name).c_str() : "?", model.Predict(reader.record()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return Fail("usage: inference_from_ring MODEL.json RING");
  absl::StatusOr<LinearModel> model = LinearModel::Load(argv[1]);
  if (!model.ok()) return Fail(model.status());
  absl::StatusOr<thalweg::RingReader> reader =
      thalweg::RingReader::Open(argv[2], {.start = thalweg::RingStart::kOldest});
  if (!reader.ok()) return Fail(reader.status());
  absl::Status bound = model->Bind(*reader);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // A prediction is of use when it is made.

  for (bool ended = false, silent = false; bound.ok() && !ended;) {
    switch (reader->Wait(std::chrono::seconds(1))) {
      case thalweg::RingRead::kRecord:
        Print(*model, *reader);
        silent = false;
        break;
      case thalweg::RingRead::kNothing:
        if (!silent && reader->writer() == thalweg::RingWriterLife::kSilent) {
          std::fprintf(stderr, "the writer is silent: waiting for it, or for another one\n");
          silent = true;
        }
        break;
      case thalweg::RingRead::kLapped:
        std::fprintf(stderr, "too slow: %" PRIu64 " records lost\n", reader->last_lost());
        break;
      case thalweg::RingRead::kEnded: {
        ended = reader->writer() == thalweg::RingWriterLife::kClosed;
        if (ended) break;
        const absl::StatusOr<bool> reopened = reader->Reopen();
        if (!reopened.ok()) return Fail(reopened.status());
        bound = model->Bind(*reader);
        break;
      }
      case thalweg::RingRead::kCorrupt:
        return Fail(reader->corruption());
    }
  }
  if (!bound.ok()) return Fail(bound);
  std::fprintf(stderr, "the writer ended; %" PRIu64 " records lost\n", reader->lost());
  return EXIT_SUCCESS;
}
