// What systemd is told by a service of Type=notify: that it is ready, how it does, that it lives,
// that it ends. Without systemd nobody is told, and nothing is done.
//
// The protocol (sd_notify(3)) is a datagram of lines to the socket that $NOTIFY_SOCKET names; it is
// spoken here because a library for it would be one more thing to install. $WATCHDOG_USEC is how
// long systemd waits for a sign of life before it starts the service anew.
//
// Telling never waits: what there is no room for is told when it is next said. Threads: one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/units.h"

namespace thalweg {

class ServiceNotice {
 public:
  // Of this process's environment.
  ServiceNotice();
  ~ServiceNotice();
  ServiceNotice(const ServiceNotice&) = delete;
  ServiceNotice& operator=(const ServiceNotice&) = delete;

  // Told once: systemd lets start what comes behind this service.
  void Ready();
  // One line, for `systemctl status`; told when it is another one than before.
  void Status(std::string_view line);
  // A sign of life, told as often as it has to be. `now`: of a clock that never goes back.
  void Alive(Nanos now);
  void Stopping();

  [[nodiscard]] bool is_heard() const noexcept { return socket_ >= 0; }

 private:
  // Whether it is told; without systemd it is.
  [[nodiscard]] bool Tell(std::string_view words) const;

  int socket_ = -1;
  bool is_ready_ = false;
  std::string status_;
  Nanos period_ = 0;  // Of signs of life; 0: none are wanted.
  std::optional<Nanos> told_;
};

}  // namespace thalweg
