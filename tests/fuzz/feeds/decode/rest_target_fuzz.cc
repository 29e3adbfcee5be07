// Targets of REST requests: what was asked for stands in the target, decoded, and a limit is one
// that the exchange grants.

#include "feeds/decode/rest_target.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using fuzz::Require;
  const std::string_view target = fuzz::TextOf(data, size);
  const RestTarget asked = ParseRestTarget(target);
  const auto stands_in_target = [target](const std::string& text) {
    return target.find('%') != std::string_view::npos ? text.size() <= target.size()
                                                      : target.find(text) != std::string_view::npos;
  };
  Require(stands_in_target(asked.symbol), "the symbol stands in the target");
  Require(target.find('%') != std::string_view::npos || asked.symbol.find('&') == std::string::npos,
          "the symbol is one parameter");
  const bool depth = asked.kind == RestKind::kDepth;
  Require(depth ? asked.limit >= 1 && asked.limit <= 5'000 : asked.limit == 0,
          "a depth answer has a limit that the exchange grants");
  const auto streams = QueryParameter(target, "streams");
  if (streams) {
    Require(stands_in_target(*streams), "a parameter stands in the target");
    Require(target.find("streams=") != std::string_view::npos, "a parameter was given");
  }
  return 0;
}
