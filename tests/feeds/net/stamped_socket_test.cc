// Reads of a TCP socket with and without the kernel's stamps, over the loopback: the same bytes,
// the same ends. Whether this kernel has stamps for TCP is asked of the kernel.
#include "feeds/net/stamped_socket.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <ctime>
#include <memory>
#include <optional>
#include <string>

#include "tests/feeds/net/kernel_stamps.h"

namespace thalweg {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

ReceiveTime Now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return ReceiveTime(std::int64_t{time.tv_sec} * kSecond + time.tv_nsec);
}

// Two ends of a connection; ours is the one that reads.
class StampedSocketTest : public testing::Test {
 protected:
  StampedSocketTest() {
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    ours.socket().connect(acceptor.local_endpoint());
    acceptor.accept(theirs);
  }

  // The result of a read of at most so many bytes.
  struct Read {
    std::string bytes;
    error_code error;
  };
  Read ReadSome(std::size_t size) {
    std::string into(size, '\0');
    Read read;
    ours.async_read_some(asio::buffer(into), [&](error_code error, std::size_t count) {
      read = {into.substr(0, count), error};
    });
    io.restart();
    io.run();
    return read;
  }
  std::string ReadAll(std::size_t size, std::size_t at_once) {
    std::string all;
    while (all.size() < size) {
      const Read read = ReadSome(std::min(at_once, size - all.size()));
      if (read.error) break;
      all += read.bytes;
    }
    return all;
  }

  asio::io_context io{1};
  StampedSocket ours{io};
  tcp::socket theirs{io};
};

TEST_F(StampedSocketTest, WithoutAskingThereIsNoStamp) {
  asio::write(theirs, asio::buffer(std::string("hello")));
  EXPECT_EQ(ReadAll(5, 100), "hello");
  EXPECT_FALSE(ours.stamp());
}

TEST_F(StampedSocketTest, OneReadOfSomeIsStampedByCountWhereTheKernelGivesStamps) {
  const bool has_stamps = ours.Stamp() && KernelStampsTcp();
  for (std::uint32_t i = 0; i < 3 * kStampedReads; ++i) {
    asio::write(theirs, asio::buffer("x", 1));
    EXPECT_EQ(ReadAll(1, 1), "x");
    EXPECT_EQ(ours.stamp().has_value(), has_stamps && i % kStampedReads == 0) << i;
  }
}

TEST_F(StampedSocketTest, AStampIsNotBeforeTheBytesWereSentAndNotAfterTheyWereRead) {
  (void)ours.Stamp();
  for (std::uint32_t i = 0; i < 3 * kStampedReads; ++i) {
    const ReceiveTime sent = Now();
    asio::write(theirs, asio::buffer(std::string("hello")));
    EXPECT_EQ(ReadAll(5, 100), "hello");
    const ReceiveTime read = Now();
    // Unless the wall clock was set meanwhile.
    if (!ours.stamp() || read < sent) continue;
    EXPECT_GE(*ours.stamp(), sent);
    EXPECT_LE(*ours.stamp(), read);
  }
}

TEST_F(StampedSocketTest, ReadsOfAnySizeGiveTheBytesThatWereSent) {
  (void)ours.Stamp();
  std::string sent;
  for (int i = 0; i < 200'000; ++i) sent += static_cast<char>('a' + i % 23 * (i % 23) % 23);
  for (const std::size_t at_once : {std::size_t{1} << 20, std::size_t{5'000}, std::size_t{77}}) {
    asio::async_write(theirs, asio::buffer(sent),
                      [](error_code error, std::size_t) { EXPECT_FALSE(error); });
    EXPECT_TRUE(ReadAll(sent.size(), at_once) == sent) << at_once;
  }
}

TEST_F(StampedSocketTest, AReadWaitsForBytesThatComeLater) {
  (void)ours.Stamp();
  std::string into(10, '\0');
  std::optional<std::size_t> count;
  ours.async_read_some(asio::buffer(into), [&](error_code error, std::size_t size) {
    EXPECT_FALSE(error);
    count = size;
  });
  asio::post(io, [&] { asio::write(theirs, asio::buffer(std::string("late"))); });
  io.run();
  ASSERT_EQ(count, 4u);
  EXPECT_EQ(into.substr(0, 4), "late");
}

TEST_F(StampedSocketTest, TheFirstBufferWithRoomIsFilled) {
  (void)ours.Stamp();
  asio::write(theirs, asio::buffer(std::string("hello")));
  std::string a(2, '\0');
  std::string b(10, '\0');
  const std::array<asio::mutable_buffer, 3> into{asio::mutable_buffer(), asio::buffer(a),
                                                 asio::buffer(b)};
  std::size_t count = 0;
  ours.async_read_some(into, [&](error_code, std::size_t size) { count = size; });
  io.run();
  ASSERT_EQ(count, 2u);
  EXPECT_EQ(a, "he");
  EXPECT_EQ(ReadAll(3, 100), "llo");
}

TEST_F(StampedSocketTest, TheEndOfTheConnectionIsEndOfFile) {
  (void)ours.Stamp();
  theirs.shutdown(tcp::socket::shutdown_send);
  // Stamped, and not.
  EXPECT_EQ(ReadSome(10).error, asio::error::eof);
  EXPECT_EQ(ReadSome(10).error, asio::error::eof);
}

TEST_F(StampedSocketTest, AResetIsAnErrorWithItsReason) {
  (void)ours.Stamp();
  theirs.set_option(asio::socket_base::linger(true, 0));
  theirs.close();
  EXPECT_EQ(ReadSome(10).error, asio::error::connection_reset);
}

TEST_F(StampedSocketTest, ClosingEndsAReadThatWaits) {
  (void)ours.Stamp();
  std::string into(10, '\0');
  error_code result;
  ours.async_read_some(asio::buffer(into), [&](error_code error, std::size_t) { result = error; });
  asio::post(io, [&] { ours.socket().close(); });
  io.run();
  EXPECT_EQ(result, asio::error::operation_aborted);
}

}  // namespace
}  // namespace thalweg
