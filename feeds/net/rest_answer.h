// An exchange's answer to a REST request, and what it means for the one who asked.
//
// Nothing in an answer is trusted: header values that are not what they should be are as if absent,
// and whether a depth answer is one is read from its text. Threads: values and pure functions.
// Cold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/units.h"
#include "feeds/net/weight_budget.h"

namespace thalweg {

// The longest that a 5xx answer's Retry-After is kept.
inline constexpr Nanos kServerPauseMax = 300 * kSecond;
// Of a target or an answer that a message shows.
inline constexpr std::size_t kShownBytesMax = 200;

struct RestAnswer {
  // OK when an answer came whole, of any HTTP status. Else DeadlineExceeded, Unavailable (dns,
  // connect, tls, connection lost), Unauthenticated (certificate), DataLoss (not HTTP, or more of
  // it than allowed), ResourceExhausted (too many requests waiting), InvalidArgument (no target),
  // Cancelled (called off before it was sent).
  absl::Status status;
  int code = 0;  // Of HTTP: 200
  std::optional<Nanos> retry_after;
  std::vector<UsedWeight> used_weight;
  std::string body;
  ReceiveTime received;  // When the answer was whole, by the wall clock,
  Nanos monotonic = 0;   // and by NetworkLoop::Now().
  bool was_sent = true;  // Something of the request may have reached the exchange.

  [[nodiscard]] bool is_good() const noexcept { return status.ok() && code == 200; }
  [[nodiscard]] BudgetReport Report() const { return {code, retry_after, used_weight, was_sent}; }
};

// "30": seconds. Nothing when it is no number, negative or a date; more than kBanMax is kBanMax.
[[nodiscard]] std::optional<Nanos> ParseRetryAfter(std::string_view value);
// How long a server that failed (5xx) is left alone: what it asks for, within bounds.
[[nodiscard]] Nanos ServerPause(std::optional<Nanos> retry_after) noexcept;
// "X-MBX-USED-WEIGHT-1M": "120", in any case. Nothing for other headers and other values.
[[nodiscard]] std::optional<UsedWeight> ParseUsedWeight(std::string_view name,
                                                        std::string_view value);

// OK when the text is a whole JSON object with an integer `lastUpdateId`: worth giving to an
// engine, which then checks everything else and keeps its old book if any of it is wrong. Else
// InvalidArgument with what it is.
[[nodiscard]] absl::Status CheckDepthAnswer(std::string_view body);

// `rateLimits` of an exchangeInfo answer, those of kinds and intervals that are known;
// InvalidArgument when it is no such answer.
[[nodiscard]] absl::StatusOr<std::vector<RateLimit>> ReadRateLimits(std::string_view body);

// The symbols that an exchangeInfo answer lists, those whose rules cannot be read too; empty when
// it is no such answer.
[[nodiscard]] std::set<std::string> ReadListedSymbols(std::string_view body);

// What an exchangeInfo answer says of its symbols: everything but the time of the answer and the
// rate limits. Two that say the same have the same; empty when it is no object.
[[nodiscard]] std::string RulesOf(std::string_view body);

// "HTTP 400: -1121 Invalid symbol." or what there is to say, without line ends, at most 200 bytes
// of the exchange's own.
[[nodiscard]] std::string DescribeAnswer(const RestAnswer& answer);

// `code` of an error body; nothing when the body is none.
[[nodiscard]] std::optional<std::int64_t> ErrorCode(std::string_view body);

}  // namespace thalweg
