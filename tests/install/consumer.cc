// A user's program: sees thalweg through its public headers alone, makes an engine of its own,
// takes a record from it by a column that the compiler knows, and looks for a ring. Says which
// release it linked, and fails when that is not the release it was told to expect.
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "thalweg/ring_reader.h"
#include "thalweg/thalweg.h"

namespace {

constexpr std::string_view kDiff = R"({"e":"depthUpdate","E":1732154400000,"s":"BTCUSDT",)"
                                   R"("U":11,"u":11,"b":[["99.99","2"]],"a":[]})";
constexpr std::string_view kSnapshot =
    R"({"lastUpdateId":10,"bids":[["99.98","3"]],"asks":[["100.01","4"]]})";

int Fail(std::string_view what) {
  std::cerr << what << '\n';
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  std::cout << thalweg::VersionText() << '\n';
  if (argc != 2 || thalweg::ReleaseText() != argv[1]) return Fail("another release was expected");

  auto engine = thalweg::FeatureEngine::Make({});
  if (!engine.ok()) return Fail("no engine");
  const auto columns = engine->Bind<"mid">();
  if (!columns.ok()) return Fail("no column");
  const thalweg::ReceiveTime now(1'732'154'400'000'000'000);
  engine->Push(now, kDiff);
  engine->PushRest(now, "/api/v3/depth?symbol=BTCUSDT&limit=1000", kSnapshot);
  const thalweg::FeatureRecord* const record = engine->Poll();
  if (record == nullptr || columns->Get<"mid">(*record) != 100.0) return Fail("no record");
  if (record->book()->bids().size() != 2) return Fail("no book");

  const auto ring = thalweg::RingReader::Open("/nonexistent/thalweg.ring");
  if (!absl::IsNotFound(ring.status())) return Fail("a ring that is not there was opened");
  if (thalweg::FeatureEngine::Make({}, thalweg::Recordings({"/nonexistent"})).ok()) {
    return Fail("a recording that is not there was opened");
  }
  return EXIT_SUCCESS;
}
