// What must hold of every text that is decoded as a frame of some kind.
//
// The decoder (fast readers first) must agree with the general reader in verdict and values,
// whatever stands in the padding of each; what is good must be in range; a quantity too fine for
// its unit must fit the unit that the decoder names; and where the payload is JSON without
// surprises the oracle, which reads it through another parser, must agree as well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "feeds/decode/frame.h"

namespace thalweg::fuzz {

// An input is a unit, '0' to '8' decimals of quantities, and a frame; without the digit it is a
// frame whose unit is 8.
struct FrameInput {
  int qty_decimals = 8;
  std::string_view frame;
};
[[nodiscard]] FrameInput SplitFrameInput(const std::uint8_t* data, std::size_t size) noexcept;

// Decodes the frame of an input as one of `kind`, also when it names itself another one: no decoder
// may rely on the name.
void CheckFrameAs(FrameKind kind, const FrameInput& input);

}  // namespace thalweg::fuzz
