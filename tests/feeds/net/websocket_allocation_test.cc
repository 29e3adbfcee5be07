// A message from the socket to the observer allocates nothing once buffers have their size.
#include <gtest/gtest.h>

#include "tests/core/allocation_count.h"
#include "tests/feeds/net/client_session.h"
#include "tests/feeds/net/raw_server.h"

namespace thalweg {
namespace {

TEST(WebSocketAllocationTest, AMessageAllocatesNothingAfterWarmUp) {
  constexpr std::int64_t kMessages = 40'000;
  std::string all;
  for (std::int64_t i = 0; i < kMessages; ++i) {
    all += ServerFrame(0x81, std::string(static_cast<std::size_t>(50 + i * 37 % 3'000), 'x'));
    if (i % 1'000 == 0) all += ServerFrame(0x89, "ping");
  }
  all += ServerFrame(0x88, ClosePayload(1'000));
  ClientSession session;
  session.keeps_messages = false;
  std::int64_t before = 0;
  std::int64_t after = 0;
  session.on_message = [&] {
    if (session.message_count == kMessages / 4) before = AllocationCount();
    if (session.message_count == kMessages) after = AllocationCount();
  };
  RawServer server([&](RawConnection& connection, int) {
    connection.Upgrade();
    connection.Send(all);
    connection.Drain();
  });
  session.Run(server.port());
  EXPECT_EQ(session.message_count, kMessages);
  EXPECT_EQ(after - before, 0);
}

}  // namespace
}  // namespace thalweg
