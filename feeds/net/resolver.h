// Names to addresses: the seam behind which tests have a DNS of their own.
//
// Threads: the loop's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "feeds/net/network_loop.h"

namespace thalweg {

// Names that are looked up at once: that of REST does not wait for that of the streams.
inline constexpr std::size_t kLookupsMax = 2;
// Who waits for one name; beyond it who has waited longest is not answered.
inline constexpr std::size_t kLookupWaitersMax = 64;

class Resolver {
 public:
  // Addresses as text, "127.0.0.1" or "::1", the preferred one first.
  using Addresses = absl::StatusOr<std::vector<std::string>>;
  using Answer = std::function<void(Addresses)>;

  virtual ~Resolver() = default;
  // Answers once, later, on the loop's thread; or never: who asks has a deadline of its own.
  virtual void Resolve(const std::string& host, Answer answer) = 0;
};

// Blocks, as long as it takes.
using Lookup = std::function<Resolver::Addresses(const std::string& host)>;
// The system's: getaddrinfo.
[[nodiscard]] Resolver::Addresses LookUpBySystem(const std::string& host);

// Looks names up on threads of its own. A name is looked up once at a time, and all who wait for it
// share the answer: however often it is asked for meanwhile, no questions queue up. A look-up under
// way cannot be called off: the destruction waits for it, which the system's own time-outs bound.
[[nodiscard]] std::unique_ptr<Resolver> MakeSystemResolver(NetworkLoop& loop,
                                                           Lookup lookup = LookUpBySystem);

}  // namespace thalweg
