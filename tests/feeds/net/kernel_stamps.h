// Whether this kernel tells when it received what is read from a TCP socket, asked with plain
// calls. It begins to some moments after the first socket has asked for it (a work queue does it),
// so it is asked again for a second. While another socket asks, it goes on to.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace thalweg {

inline bool KernelStampsTcp() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const int reader = ::socket(AF_INET, SOCK_STREAM, 0);
  int writer = -1;
  const int on = 1;
  bool is_stamped = false;
  if (::bind(listener, name, length) == 0 && ::listen(listener, 1) == 0 &&
      ::getsockname(listener, name, &length) == 0 && ::connect(reader, name, length) == 0 &&
      (writer = ::accept(listener, nullptr, nullptr)) >= 0 &&
      ::setsockopt(reader, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == 0) {
    char byte = 0;
    iovec part{&byte, 1};
    alignas(cmsghdr) char control[256];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    for (int i = 0; i < 500 && !is_stamped && ::send(writer, "x", 1, 0) == 1; ++i) {
      message.msg_control = control;
      message.msg_controllen = sizeof(control);
      is_stamped = ::recvmsg(reader, &message, 0) == 1 && CMSG_FIRSTHDR(&message) != nullptr;
      if (!is_stamped) ::usleep(2'000);
    }
  }
  for (const int socket : {listener, reader, writer}) {
    if (socket >= 0) ::close(socket);
  }
  return is_stamped;
}

}  // namespace thalweg
