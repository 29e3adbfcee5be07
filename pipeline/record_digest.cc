#include "pipeline/record_digest.h"

#include <cstring>
#include <span>

#include "xxhash.h"

namespace thalweg {

RecordDigest::RecordDigest() : state_(XXH3_createState()) { XXH3_128bits_reset(state_.get()); }
RecordDigest::~RecordDigest() = default;

void RecordDigest::Free::operator()(XXH3_state_s* state) const noexcept { XXH3_freeState(state); }

void RecordDigest::Add(std::span<const std::byte> record) noexcept {
  RecordHeader header;
  std::memcpy(static_cast<void*>(&header), record.data(), sizeof(header));
  header.seq = 0;
  header.publish_ns = 0;
  header.live_flags = 0;
  const std::span<const std::byte> rest = record.subspan(sizeof(header));
  XXH3_128bits_update(state_.get(), &header, sizeof(header));
  XXH3_128bits_update(state_.get(), rest.data(), rest.size());
  ++record_count_;
}

std::string RecordDigest::Hex() const {
  std::string hex(32, '0');
  WriteHex(std::span<char, 32>(hex));
  return hex;
}

void RecordDigest::WriteHex(std::span<char, 32> hex) const noexcept {
  constexpr char kDigits[] = "0123456789abcdef";
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_.get()));
  std::size_t at = 0;
  for (const unsigned char byte : canonical.digest) {
    hex[at++] = kDigits[byte >> 4];
    hex[at++] = kDigits[byte & 15];
  }
}

}  // namespace thalweg
