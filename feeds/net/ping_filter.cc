#include "feeds/net/ping_filter.h"

#include <algorithm>
#include <cstring>

namespace thalweg {
namespace {

constexpr unsigned char kPingByte = 0x89;  // FIN, no reserved bits, opcode 9.
constexpr std::string_view kHeaderEnd = "\r\n\r\n";
// "HTTP/1.1 101 Switching Protocols"
constexpr std::size_t kStatusAt = 9;
constexpr std::string_view kUpgraded = "101";
constexpr unsigned char kFinal = 0x80;
constexpr unsigned char kControl = 0x08;
constexpr unsigned char kMasked = 0x80;

}  // namespace

std::size_t PingFilter::Pass(std::string_view bytes, char* out) noexcept {
  char* to = out;
  while (!bytes.empty()) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    switch (state_) {
      case kHeader:
        *to++ = static_cast<char>(byte);
        bytes.remove_prefix(1);
        if (static_cast<char>(byte) == kHeaderEnd[header_end_]) {
          ++header_end_;
        } else {
          header_end_ = byte == '\r' ? 1 : 0;
        }
        if (header_size_ >= kStatusAt && header_size_ < kStatusAt + kUpgraded.size()) {
          is_upgraded_ =
              is_upgraded_ && static_cast<char>(byte) == kUpgraded[header_size_ - kStatusAt];
        }
        ++header_size_;
        if (header_end_ == kHeaderEnd.size()) state_ = is_upgraded_ ? kStart : kNoMore;
        break;
      case kStart:
        first_ = byte;
        bytes.remove_prefix(1);
        if (byte == kPingByte) {
          state_ = kMaybe;
        } else {
          *to++ = static_cast<char>(byte);
          state_ = kSecond;
        }
        break;
      case kMaybe:
        if (byte <= kPingPayloadMax) {
          bytes.remove_prefix(1);
          left_ = byte;
          arriving_size_ = 0;
          state_ = kPing;
          if (left_ == 0) EndFrame();
          break;
        }
        *to++ = static_cast<char>(kPingByte);
        state_ = kSecond;
        break;
      case kSecond:
        *to++ = static_cast<char>(byte);
        bytes.remove_prefix(1);
        OnSecondByte(byte);
        break;
      case kLength:
        *to++ = static_cast<char>(byte);
        bytes.remove_prefix(1);
        length_ = (length_ << 8) | byte;
        if (--left_ == 0) BeginBody();
        break;
      case kBody:
      case kPing: {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
        if (state_ == kBody) {
          std::memmove(to, bytes.data(), size);
          to += size;
        } else {
          std::memcpy(arriving_.data() + arriving_size_, bytes.data(), size);
          arriving_size_ += size;
        }
        bytes.remove_prefix(size);
        left_ -= size;
        if (left_ == 0) EndFrame();
        break;
      }
      case kNoMore:
        std::memmove(to, bytes.data(), bytes.size());
        to += bytes.size();
        bytes = {};
        break;
    }
  }
  return static_cast<std::size_t>(to - out);
}

void PingFilter::OnSecondByte(unsigned char byte) noexcept {
  if ((byte & kMasked) != 0) {
    state_ = kNoMore;
    return;
  }
  length_ = byte;
  if (byte < 126) return BeginBody();
  left_ = byte == 126 ? 2 : 8;
  length_ = 0;
  state_ = kLength;
}

void PingFilter::BeginBody() noexcept {
  left_ = length_;
  state_ = kBody;
  if (left_ == 0) EndFrame();
}

void PingFilter::EndFrame() noexcept {
  if (state_ == kPing) {
    payload_ = arriving_;
    payload_size_ = arriving_size_;
    ++pings_;
  } else if ((first_ & kControl) == 0) {
    is_in_message_ = (first_ & kFinal) == 0;
    if (!is_in_message_) ++messages_;
  }
  state_ = kStart;
}

}  // namespace thalweg
