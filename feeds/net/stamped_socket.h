// A TCP socket that knows when the kernel received what was read from it.
//
// The kernel says so in ancillary data (SO_TIMESTAMPNS), without which Asio reads. So once stamps
// are asked for, one read of kStampedReads is ours: we wait with Asio and call recvmsg(). The stamp
// is that of the newest bytes of a read, of CLOCK_REALTIME, and absent where the kernel gives none.
// Cost, measured over the loopback: 0.2 to 0.3 us a read, most of it the kernel's own for stamping.
// Source: Linux, Documentation/networking/timestamping.rst.
//
// For sources of feeds/net only (net_stream.h). Does not move while operations are under way.
// Threads: the loop's.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <optional>
#include <utility>

#include "core/units.h"

namespace thalweg {

// A prime, so that no rhythm of messages keeps some of them from ever being stamped.
inline constexpr std::uint32_t kStampedReads = 17;

class StampedSocket {
 public:
  // NOLINTBEGIN(readability-identifier-naming): Boost's own names.
  using tcp = boost::asio::ip::tcp;
  using error_code = boost::system::error_code;
  using executor_type = tcp::socket::executor_type;
  using lowest_layer_type = tcp::socket::lowest_layer_type;
  // NOLINTEND(readability-identifier-naming)

  explicit StampedSocket(boost::asio::io_context& io) : socket_(io) {}

  [[nodiscard]] tcp::socket& socket() noexcept { return socket_; }
  executor_type get_executor() { return socket_.get_executor(); }
  lowest_layer_type& lowest_layer() { return socket_.lowest_layer(); }

  // Asks the kernel for stamps from the next read on. False: it has none.
  // One read of `reads` is stamped, the first one too.
  // REQUIRES: connected; no read is under way.
  bool Stamp(std::uint32_t reads = kStampedReads) {
    reads_ = reads;
    const int on = 1;
    is_stamping_ =
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == 0;
    return is_stamping_;
  }
  // When the kernel received the newest bytes that were read; absent when that read had no stamp.
  [[nodiscard]] std::optional<ReceiveTime> stamp() const noexcept { return stamp_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& into) {
          if (is_stamping_ && --until_stamped_ == 0) {
            until_stamped_ = reads_;
            Wait(into, std::move(handler));
          } else {
            stamp_.reset();
            socket_.async_read_some(into, std::move(handler));
          }
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return socket_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  template <class Buffers, class Handler>
  void Wait(const Buffers& into, Handler handler) {
    socket_.async_wait(tcp::socket::wait_read,
                       [this, into, waiting = std::move(handler)](error_code error) mutable {
                         const std::size_t size = error ? 0 : Receive(into, &error);
                         // There was nothing, as may happen.
                         if (error == boost::asio::error::would_block)
                           return Wait(into, std::move(waiting));
                         waiting(error, size);
                       });
  }

  // Reads into the first buffer that has room, as a read of some may.
  template <class Buffers>
  std::size_t Receive(const Buffers& into, error_code* error) noexcept {
    iovec part{};
    for (auto it = boost::asio::buffer_sequence_begin(into);
         it != boost::asio::buffer_sequence_end(into) && part.iov_len == 0; ++it) {
      const boost::asio::mutable_buffer buffer(*it);
      part = {buffer.data(), buffer.size()};
    }
    if (part.iov_len == 0) return 0;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    ssize_t size = 0;
    do {
      size = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT);
    } while (size < 0 && errno == EINTR);
    if (size < 0) {
      *error = error_code(errno, boost::system::system_category());
      return 0;
    }
    if (size == 0) *error = boost::asio::error::eof;
    stamp_ = StampOf(message);
    return static_cast<std::size_t>(size);
  }

  [[nodiscard]] static std::optional<ReceiveTime> StampOf(const msghdr& message) noexcept {
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_level != SOL_SOCKET ||
        header->cmsg_type != SCM_TIMESTAMPNS || header->cmsg_len < CMSG_LEN(sizeof(timespec))) {
      return std::nullopt;
    }
    timespec time;
    std::memcpy(&time, CMSG_DATA(header), sizeof(time));
    return ReceiveTime(std::int64_t{time.tv_sec} * kSecond + time.tv_nsec);
  }

  tcp::socket socket_;
  bool is_stamping_ = false;
  std::uint32_t reads_ = kStampedReads;
  std::uint32_t until_stamped_ = 1;
  std::optional<ReceiveTime> stamp_;
};

}  // namespace thalweg
