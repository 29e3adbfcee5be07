// Opens connections: name to addresses, TCP to one of them, TLS with the server verified.
//
// Addresses are tried one after another, from Endpoint::first_address on, the two families in turn,
// each with a deadline of its own, those that nothing came of lately behind the others. Where an
// endpoint is without TLS only addresses of the loopback are tried, whatever the name led to. A
// certificate that is refused ends the dial: another address would be no better, and no address is
// used unverified. Nothing is retried: how often one may dial is for the caller.
//
// For sources of feeds/net only (net_stream.h). Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "core/units.h"
#include "feeds/net/endpoint.h"
#include "feeds/net/net_stream.h"
#include "feeds/net/network_loop.h"
#include "feeds/net/resolver.h"
#include "feeds/net/server_trust.h"

namespace thalweg {

inline constexpr Nanos kResolveDeadline = 5 * kSecond;
inline constexpr Nanos kConnectDeadline = 5 * kSecond;  // Of one address.
inline constexpr Nanos kHandshakeDeadline = 5 * kSecond;
// In one dial: the exchange counts connects, and our budget of them counts dials.
inline constexpr std::size_t kAddressesTriedMax = 3;
// That are remembered as having failed; at the bound all are forgotten.
inline constexpr std::size_t kFailedAddressesMax = 64;

// Where a dial came to.
enum class DialStage : std::uint8_t { kDns, kConnect, kTls };

struct DialOutcome {
  // "dns failed: host=... reason=...", "connect failed: host=... address=... reason=...",
  // "tls verify failed: host=... address=... reason=..." (Unauthenticated), "tls failed: ..." when
  // the server was not the reason. All others Unavailable or DeadlineExceeded.
  absl::Status status;
  DialStage stage = DialStage::kDns;
  std::string address;                // The last one tried; empty: none was.
  std::unique_ptr<NetStream> stream;  // Where status is OK; TCP_NODELAY is set.
};

// A dial under way. Its destruction calls it off: nothing is called after that.
class Dial {
 public:
  virtual ~Dial() = default;
};

struct DialDeadlines {
  Nanos resolve = kResolveDeadline;
  Nanos connect = kConnectDeadline;
  Nanos handshake = kHandshakeDeadline;
};

class Dialer {
 public:
  // All outlive the dialer and its dials.
  Dialer(NetworkLoop& loop, const ServerTrust& trust, Resolver& resolver,
         DialDeadlines deadlines = {});

  // `done` is called once, later, unless the dial is destroyed before; it may destroy the dial.
  [[nodiscard]] std::unique_ptr<Dial> Start(const Endpoint& endpoint,
                                            std::function<void(DialOutcome)> done);

  // Nothing came of a connection to it, though TCP and TLS were good: later dials try others first.
  void NoteFailure(const std::string& address);

  [[nodiscard]] NetworkLoop& loop() const noexcept { return loop_; }

 private:
  NetworkLoop& loop_;
  const ServerTrust& trust_;
  Resolver& resolver_;
  const DialDeadlines deadlines_;
  const std::shared_ptr<std::set<std::string>> failed_;
};

}  // namespace thalweg
