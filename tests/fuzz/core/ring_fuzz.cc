// Ring files of any contents: the C++ reader and the C reader refuse them or read them, alike, and
// neither crashes, hangs or reads behind their end (tests/core/ring_agreement.h says how).
//
// The first byte of an input says what the rest is:
//   'w'  the whole file
//   'p'  which sample (a byte), then patches of ten bytes: a place (u16: a member of the header, or
//        from kWordPlaces on a word of the file) and its new value (u64); a rest of two bytes is
//        the length to which the file is cut
//   's'  the schema's text, in a file that is right otherwise
// A 'p' that changes the schema would be refused for its hash; 's' has the right one where there is
// one.

#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/ring_schema.h"
#include "tests/core/ring_agreement.h"
#include "tests/core/ring_samples.h"
#include "tests/fuzz/fuzz_target.h"

namespace thalweg {
namespace {

using fuzz::Require;

constexpr std::size_t kWordPlaces = 64;
constexpr std::size_t kPatchBytes = 10;

template <class T>
T Take(std::string_view& rest) {
  T value;
  std::memcpy(&value, rest.data(), sizeof(value));
  rest.remove_prefix(sizeof(value));
  return value;
}

const std::vector<RingSample>& Samples() {
  static const auto* const samples = new std::vector<RingSample>(MakeRingSamples());
  return *samples;
}

std::string Patched(std::string_view rest) {
  if (rest.empty()) return "";
  std::string bytes = Samples()[Take<std::uint8_t>(rest) % Samples().size()].bytes;
  while (rest.size() >= kPatchBytes) {
    const auto place = Take<std::uint16_t>(rest);
    const auto value = Take<std::uint64_t>(rest);
    if (place < kWordPlaces) {
      SetRingMember(bytes, RingHeaderMembers()[place % RingHeaderMembers().size()], value);
    } else {
      const std::size_t word = (place - kWordPlaces) % (bytes.size() / sizeof(value));
      std::memcpy(bytes.data() + word * sizeof(value), &value, sizeof(value));
    }
  }
  if (rest.size() >= sizeof(std::uint16_t)) {
    bytes.resize(Take<std::uint16_t>(rest) % (bytes.size() + 1));
  }
  return bytes;
}

// The first sample with another schema.
std::string WithSchema(std::string_view schema) {
  const std::string& sample = Samples()[0].bytes;
  RingHeader header;
  std::memcpy(static_cast<void*>(&header), sample.data(), sizeof(header));
  const std::string_view behind = std::string_view(sample).substr(header.table_offset);
  std::string bytes = sample.substr(0, header.schema_offset);
  bytes += schema;
  bytes.resize((bytes.size() + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes);
  header.schema_bytes = schema.size();
  header.ring_offset = bytes.size() + (header.ring_offset - header.table_offset);
  header.table_offset = bytes.size();
  bytes += behind;
  header.file_bytes = bytes.size();
  const auto fields = ParseRingSchema(schema, header.record_bytes);
  if (fields.ok()) header.schema_hash = RingSchemaHash(*fields);
  std::memcpy(bytes.data(), static_cast<const void*>(&header), sizeof(header));
  return bytes;
}

std::string FileOf(std::string_view input) {
  if (input.empty()) return "";
  switch (input[0]) {
    case 'p':
      return Patched(input.substr(1));
    case 's':
      return WithSchema(input.substr(1));
    default:
      return std::string(input.substr(1));
  }
}

}  // namespace
}  // namespace thalweg

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static thalweg::RingOfBytes ring;  // Its folder is removed at the end.
  const thalweg::RingAgreement agreement =
      ring.ReadByBoth(thalweg::FileOf(thalweg::fuzz::TextOf(data, size)));
  thalweg::fuzz::Require(agreement.disagreement.empty(), agreement.disagreement);
  thalweg::fuzz::Require(
      agreement.refusal.empty() || absl::StrContains(agreement.refusal, ": ring corrupt: field="),
      agreement.refusal);
  return 0;
}
