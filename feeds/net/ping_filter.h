// Takes the pings out of a WebSocket byte stream before Beast sees them.
//
// Beast answers every ping at once and cannot be told not to; the exchange counts pongs and bans
// who sends more than five frames a second. So pings are read here, and answered by us, paced
// (feeds/net/frame_pace.h). Only a well-formed one is taken: final, unmasked, no reserved bits, at
// most 125 bytes. Everything else passes byte by byte and is Beast's to judge, a bad ping too.
// Pings between the fragments of a message are taken likewise. The stream begins with the answer
// to the upgrade, which passes up to its blank line; where its status is not 101 no frames follow,
// and everything passes.
//
// It also knows whether the stream is within a message: that is how a message that never ends is
// found out. After a masked frame (no server may send one) the rest passes unread: Beast ends the
// connection there. Source: RFC 6455, 5.2. Pure, bounded, no allocation. Threads: one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thalweg {

inline constexpr std::size_t kPingPayloadMax = 125;

class PingFilter {
 public:
  // Bytes that the filter may hold back while it does not know whether a ping begins; they come
  // out with the next call, so the output of a call may be longer than its input by this.
  static constexpr std::size_t kHeldMax = 1;

  // The stream's next bytes. What remains is written to `out`, which holds size + kHeldMax bytes
  // and may not overlap `bytes` unless it begins kHeldMax or more before it. Returns how many.
  std::size_t Pass(std::string_view bytes, char* out) noexcept;

  // Data messages that ended so far.
  [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }
  // Pings taken so far, and the payload of the newest one.
  [[nodiscard]] std::uint64_t pings() const noexcept { return pings_; }
  [[nodiscard]] std::string_view newest_payload() const noexcept {
    return {payload_.data(), payload_size_};
  }
  // The bytes so far end within a message: behind its first byte and before its last.
  [[nodiscard]] bool is_in_message() const noexcept {
    return is_in_message_ || (state_ != kStart && state_ != kHeader);
  }

 private:
  enum State : std::uint8_t {
    kHeader,  // Before the frames.
    kStart,   // Before a frame's first byte.
    kSecond,  // Behind the first byte of a frame that is not a candidate.
    kMaybe,   // Behind 0x89, which is held.
    kLength,  // Within an extended length.
    kBody,    // Within a payload that passes.
    kPing,    // Within a payload that is taken.
    kNoMore,  // Beast will end it.
  };
  void OnSecondByte(unsigned char byte) noexcept;
  void BeginBody() noexcept;
  void EndFrame() noexcept;

  State state_ = kHeader;
  std::size_t header_end_ = 0;   // Bytes of the blank line that were seen,
  std::size_t header_size_ = 0;  // and of the whole header.
  bool is_upgraded_ = true;      // Its status is 101, as far as it was seen.
  unsigned char first_ = 0;
  bool is_in_message_ = false;  // A data frame that is not the message's last one was begun.
  std::uint64_t left_ = 0;      // Of the length's bytes, or of the payload's.
  std::uint64_t length_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t pings_ = 0;
  std::array<char, kPingPayloadMax> payload_{};
  std::array<char, kPingPayloadMax> arriving_{};
  std::size_t payload_size_ = 0;
  std::size_t arriving_size_ = 0;
};

}  // namespace thalweg
