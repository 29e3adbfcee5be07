// Headers of segments and the options in them: whatever the text is, it is refused with a reason,
// or it is read as options that are written as a text that gives the same again.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "replay/recorded_options.h"
#include "replay/segment_header.h"
#include "tests/fuzz/fuzz_target.h"

namespace thalweg {
namespace {

using fuzz::Require;

void CheckOptions(std::string_view json) {
  const absl::StatusOr<EngineOptions> options = ParseRecordedOptions(json, {"AUSDT"});
  if (!options.ok()) {
    Require(absl::IsInvalidArgument(options.status()) || absl::IsUnimplemented(options.status()),
            "what is refused is wrong or of a newer program");
    Require(!options.status().message().empty(), "what is refused has a reason");
    return;
  }
  const std::string written = RecordedOptionsJson(*options);
  const absl::StatusOr<EngineOptions> again = ParseRecordedOptions(written, {"AUSDT"});
  Require(again.ok(), "what was written can be read");
  Require(RecordedOptionsJson(*again) == written, "what is read again is the same");
}

}  // namespace
}  // namespace thalweg

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json = thalweg::fuzz::TextOf(data, size);
  thalweg::SegmentHeader header;
  if (thalweg::ParseSegmentHeader(json, &header)) {
    thalweg::fuzz::Require(!header.run.empty(), "a header that is read has a run");
    if (!header.options.empty()) thalweg::CheckOptions(header.options);
  }
  thalweg::CheckOptions(json);
  return 0;
}
