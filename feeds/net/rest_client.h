// Asks an exchange's REST: GET requests over a few connections that are kept open.
//
// A request is answered once, with an HTTP answer of whatever status or with why there was none,
// at the latest after the deadline, which counts from Get() and includes waiting for a connection.
// Redirects are answers and are never followed; compression is not asked for and not taken; no
// answer is larger than kRestBodyMax, no header than kRestHeaderMax: garbage ends one request,
// never the client. Nothing is retried but once what was sent into a connection that the server had
// closed in the meantime. When something may be asked at all is for the caller and its budget
// (feeds/net/weight_budget.h).
//
// Threads: the loop's. Callbacks run there, never inside Get(), and may destroy the client.
// Lifetime: loop, trust and resolver outlive it; its destruction forgets what is under way: those
// callbacks are not called. Cold: allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/units.h"
#include "feeds/net/endpoint.h"
#include "feeds/net/network_loop.h"
#include "feeds/net/resolver.h"
#include "feeds/net/rest_answer.h"
#include "feeds/net/server_trust.h"
#include "feeds/net/weight_budget.h"

namespace thalweg {

inline constexpr std::size_t kRestConnectionsMax = 4;
// That wait for a connection; further ones are answered with ResourceExhausted.
inline constexpr std::size_t kRestWaitingMax = 1'024;
inline constexpr std::size_t kRestBodyMax = std::size_t{16} << 20;
inline constexpr std::uint32_t kRestHeaderMax = std::uint32_t{32} << 10;
// Of one answer's X-MBX-USED-WEIGHT headers; further ones are not read.
inline constexpr std::size_t kUsedWeightsMax = 8;
// A connection that nothing was asked for that long is closed: sooner than servers do.
inline constexpr Nanos kRestIdle = 20 * kSecond;

struct RestOptions {
  std::size_t connections = kRestConnectionsMax;  // > 0
  Nanos deadline = kRequestDeadline;
  std::size_t body_max = kRestBodyMax;
};

struct RestCounts {
  std::int64_t requests = 0;
  std::int64_t answers = 0;  // Of any HTTP status.
  std::int64_t deadlines = 0;
  std::int64_t dns_failures = 0;
  std::int64_t connect_failures = 0;
  std::int64_t tls_failures = 0;
  std::int64_t lost = 0;       // The connection ended before the answer.
  std::int64_t malformed = 0;  // No HTTP, or more of it than allowed.
  std::int64_t retried = 0;
  std::int64_t overflow = 0;  // Beyond kRestWaitingMax.
  std::int64_t called_off = 0;
  std::int64_t connections = 0;
};

class RestClient {
 public:
  using Done = std::function<void(RestAnswer)>;

  RestClient(NetworkLoop& loop, const ServerTrust& trust, Resolver& resolver,
             const Endpoint& endpoint, const RestOptions& options = {});
  ~RestClient();
  RestClient(const RestClient&) = delete;
  RestClient& operator=(const RestClient&) = delete;

  // `target`: path and query (feeds/net/rest_request.h), behind the endpoint's prefix. One that
  // does not begin with '/', is longer than kTargetBytesMax or not of visible ASCII is answered
  // with InvalidArgument.
  void Get(const std::string& target, Done done);
  // Answers with Cancelled all requests of which nothing was sent yet: what the exchange says in
  // an answer, that nobody is to ask for a while, counts for them too.
  void CallOffUnsent();

  [[nodiscard]] const RestCounts& counts() const noexcept;
  [[nodiscard]] const Endpoint& endpoint() const noexcept;

 private:
  struct State;
  class Connection;
  const std::shared_ptr<State> state_;
};

}  // namespace thalweg
