// What systemd would hear, at a socket of the test's own.
#include "tools/service_notice.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

class ServiceNoticeTest : public testing::Test {
 protected:
  void TearDown() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
    if (socket_ >= 0) close(socket_);
  }

  // `name` as $NOTIFY_SOCKET has it.
  void Listen(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ASSERT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())),
              0);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }

  [[nodiscard]] std::vector<std::string> Heard() const {
    std::vector<std::string> heard;
    char text[256];
    for (ssize_t size = 0; (size = recv(socket_, text, sizeof(text), 0)) >= 0;) {
      heard.emplace_back(text, static_cast<std::size_t>(size));
    }
    return heard;
  }

  int socket_ = -1;
};

using Lines = std::vector<std::string>;

TEST_F(ServiceNoticeTest, TellsEachThingOnce) {
  const TestFolder folder;
  Listen(folder.PathOf("notify"));
  ServiceNotice notice;
  EXPECT_TRUE(notice.is_heard());
  notice.Status("3 of 20 symbols are live");
  notice.Status("3 of 20 symbols are live");
  notice.Ready();
  notice.Ready();
  notice.Status("20 of 20 symbols are live");
  notice.Stopping();
  EXPECT_EQ(Heard(), (Lines{"STATUS=3 of 20 symbols are live", "READY=1",
                            "STATUS=20 of 20 symbols are live", "STOPPING=1"}));
}

TEST_F(ServiceNoticeTest, LivesTwiceAsOftenAsItMust) {
  Listen(absl::StrCat("@thalweg-test-", getpid()));
  setenv("WATCHDOG_USEC", "10000000", 1);
  setenv("WATCHDOG_PID", absl::StrCat(getpid()).c_str(), 1);
  ServiceNotice notice;
  for (Nanos now = 0; now < 20 * kSecond; now += 50 * kMillisecond) notice.Alive(now);
  EXPECT_EQ(Heard(), Lines(4, "WATCHDOG=1"));
}

TEST_F(ServiceNoticeTest, AWatchdogOfAnotherProcessOrNoNumberIsNone) {
  const TestFolder folder;
  Listen(folder.PathOf("notify"));
  for (const auto& [wait, process] : {std::pair{"10000000", "1"}, {"0", ""}, {"soon", ""}}) {
    setenv("WATCHDOG_USEC", wait, 1);
    if (*process != '\0') setenv("WATCHDOG_PID", process, 1);
    ServiceNotice notice;
    notice.Alive(0);
    EXPECT_EQ(Heard(), Lines()) << wait;
    unsetenv("WATCHDOG_PID");
  }
}

TEST_F(ServiceNoticeTest, WithoutSystemdNobodyIsTold) {
  for (const std::string& name : {std::string(), std::string("relative"), std::string("/"),
                                  std::string("/no/such/socket"), "/" + std::string(200, 'x')}) {
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    ServiceNotice notice;
    EXPECT_FALSE(notice.is_heard()) << name;
    notice.Ready();
    notice.Alive(0);
  }
}

TEST_F(ServiceNoticeTest, AFullSocketHoldsNobodyAndWhatMattersIsToldWhenThereIsRoom) {
  const TestFolder folder;
  Listen(folder.PathOf("notify"));
  setenv("WATCHDOG_USEC", "10000000", 1);
  ServiceNotice notice;
  for (int i = 0; i < 10'000; ++i) notice.Status(absl::StrCat("state ", i));
  notice.Ready();
  notice.Alive(0);
  const Lines before = Heard();
  EXPECT_GT(before.size(), 0u);
  EXPECT_LT(before.size(), 10'000u);
  notice.Ready();
  notice.Alive(1);
  EXPECT_EQ(Heard(), (Lines{"READY=1", "WATCHDOG=1"}));
}

}  // namespace
}  // namespace thalweg
