#include "tools/service_notice.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

// Connected, so that what is told later needs no address; -1: there is none.
int Connect(const char* name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = name == nullptr ? 0 : std::strlen(name);
  // A path, or with "@" a name of Linux's own, which begins with a zero byte.
  if (length < 2 || length >= sizeof(address.sun_path) || (name[0] != '/' && name[0] != '@')) {
    return -1;
  }
  std::memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = '\0';
  const int made = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  if (made >= 0 && connect(made, reinterpret_cast<const sockaddr*>(&address), bytes) != 0) {
    close(made);
    return -1;
  }
  return made;
}

// Half of what systemd waits, as it asks for.
Nanos SignPeriod() {
  const char* const wait = std::getenv("WATCHDOG_USEC");
  const char* const process = std::getenv("WATCHDOG_PID");
  std::int64_t microseconds = 0;
  std::int64_t pid = 0;
  if (wait == nullptr || !absl::SimpleAtoi(wait, &microseconds) || microseconds <= 0) return 0;
  if (process != nullptr && (!absl::SimpleAtoi(process, &pid) || pid != getpid())) return 0;
  return microseconds * kMicrosecond / 2;
}

}  // namespace

ServiceNotice::ServiceNotice()
    : socket_(Connect(std::getenv("NOTIFY_SOCKET"))), period_(SignPeriod()) {}

ServiceNotice::~ServiceNotice() {
  if (socket_ >= 0) close(socket_);
}

bool ServiceNotice::Tell(std::string_view words) const {
  return socket_ < 0 || send(socket_, words.data(), words.size(), MSG_NOSIGNAL) >= 0;
}

void ServiceNotice::Ready() {
  if (!is_ready_) is_ready_ = Tell("READY=1");
}

void ServiceNotice::Status(std::string_view line) {
  if (line == status_) return;
  if (Tell(absl::StrCat("STATUS=", Abseil(line)))) status_ = line;
}

void ServiceNotice::Alive(Nanos now) {
  if (period_ == 0 || (told_ && now - *told_ < period_)) return;
  if (Tell("WATCHDOG=1")) told_ = now;
}

void ServiceNotice::Stopping() { (void)Tell("STOPPING=1"); }

}  // namespace thalweg
