// Names to addresses: the seam behind which tests have a DNS of their own.
//
// Threads: the loop's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "feeds/net/network_loop.h"

namespace thalweg {

class Resolver {
 public:
  // Addresses as text, "127.0.0.1" or "::1", the preferred one first.
  using Answer = std::function<void(absl::StatusOr<std::vector<std::string>>)>;

  virtual ~Resolver() = default;
  // Answers once, later, on the loop's thread; or never: who asks has a deadline of its own.
  virtual void Resolve(const std::string& host, Answer answer) = 0;
};

// The system's (getaddrinfo, on a thread of its own that works one question after another). A
// question under way cannot be called off: the loop's destruction waits for it, which the system's
// own time-outs bound.
[[nodiscard]] std::unique_ptr<Resolver> MakeSystemResolver(NetworkLoop& loop);

}  // namespace thalweg
