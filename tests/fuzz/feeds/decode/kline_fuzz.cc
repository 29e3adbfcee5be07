// kline frames, which only the general reader reads.

#include "tests/fuzz/feeds/decode/event_checks.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using namespace thalweg::fuzz;
  const FrameInput input = SplitFrameInput(data, size);
  CheckFrameAs(FrameKind::kKline, input);
  return 0;
}
