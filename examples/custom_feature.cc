// A feature of one's own, computed from the book at every record: how far away its first levels
// lie.
//
//   custom_feature RECORDING...
//
// Prints the quantity-weighted distance of the best 20 levels from the mid in bps, of bids and of
// asks. Where bids lie nearer than asks, buyers are the more eager ones.
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/thalweg.h"

namespace {

constexpr int kLevels = 20;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// NaN when the side has fewer levels, or is not known so far: beyond its known edge a book is
// unknown, not empty.
double MeanDistanceBps(const thalweg::BookView& book, thalweg::Side side, double mid) {
  const std::optional<double> edge = book.known_edge(side);
  double qty = 0;
  double qty_by_distance = 0;
  int levels = 0;
  for (const thalweg::BookLevel& level : book.levels(side)) {
    const double distance = std::abs(level.price - mid);
    if (edge && distance > std::abs(*edge - mid)) return kUnknown;
    qty += level.qty;
    qty_by_distance += level.qty * distance;
    if (++levels == kLevels) return 1e4 * qty_by_distance / qty / mid;
  }
  return kUnknown;
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  absl::StatusOr<thalweg::FeatureEngine> engine = thalweg::FeatureEngine::Make(
      {}, thalweg::Recordings(std::vector<std::string>(argv + 1, argv + argc)));
  if (!engine.ok()) return Fail(engine.status());
  const auto columns = engine->Bind<"mid">();
  if (!columns.ok()) return Fail(columns.status());

  // Inside the callback the book is the one that the record was made from.
  engine->set_on_record([&columns](const thalweg::FeatureRecord& record) {
    const std::optional<thalweg::BookView> book = record.book();
    if (!book || book->one_sided()) return;
    const double mid = columns->Get<"mid">(record);
    std::printf("%" PRId64 " %s %.6f %.6f\n", record.header().event_ns, record.symbol().c_str(),
                MeanDistanceBps(*book, thalweg::Side::kBid, mid),
                MeanDistanceBps(*book, thalweg::Side::kAsk, mid));
  });
  const absl::Status status = engine->Run();
  return status.ok() ? EXIT_SUCCESS : Fail(status);
}
