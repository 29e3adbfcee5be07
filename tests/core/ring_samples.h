// Small rings as the bytes of their files: of a few kilobytes each, and the same in every run. What
// is hostile is made of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ring_format.h"

namespace thalweg {

struct RingSample {
  std::string name;
  std::string bytes;
};

// Feature and ladder rings: read while they are written, empty, closed, superseded, left by a
// writer that died over a record, at the end of the numbers. Made by a RingWriter; then their pages
// are moved together, and what differs between runs is set to what a writer of long ago leaves.
[[nodiscard]] std::vector<RingSample> MakeRingSamples();

// A member of the header: where it lies and how long it is.
struct RingHeaderMember {
  std::string_view name;
  std::size_t offset;
  std::size_t bytes;  // 4 or 8
};
[[nodiscard]] std::span<const RingHeaderMember> RingHeaderMembers();

// Sets a member, or a word, of a ring's bytes; what does not fit is cut off.
void SetRingMember(std::string& bytes, const RingHeaderMember& member, std::uint64_t value);
[[nodiscard]] std::uint64_t GetRingMember(const std::string& bytes, const RingHeaderMember& member);

}  // namespace thalweg
