// Lines that tests give to writers, and what a reader must make of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "core/units.h"
#include "replay/recording_line.h"

namespace thalweg {

inline constexpr ReceiveTime kStart{1'723'161'255'000'000'000};

// What a reader hands out of a line that was written.
inline std::string LineOf(ReceiveTime received, std::string_view text) {
  std::string line;
  AppendLine(received, text, &line);
  line.pop_back();
  return line;
}

// A payload of some 110 bytes, like no other one, that does not pack well.
inline std::string Payload(int number) {
  std::mt19937_64 random(static_cast<std::uint64_t>(number));
  std::string payload = R"({"stream":"btcusdt@trade","t":)" + std::to_string(number);
  for (int i = 0; i < 3; ++i) payload += ",\"v\":" + std::to_string(random());
  return payload + "}";
}

// Text of just `bytes` that does not pack well.
inline std::string LongPayload(std::size_t bytes) {
  std::mt19937_64 random(bytes);
  std::string payload = "{";
  while (payload.size() < bytes) payload += std::to_string(random());
  payload.resize(bytes - 1);
  return payload + "}";
}

}  // namespace thalweg
