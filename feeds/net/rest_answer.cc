#include "feeds/net/rest_answer.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "simdjson.h"

namespace thalweg {
namespace {

namespace dom = simdjson::dom;

// A whole number without a sign; nothing when it is not one, or too large.
std::optional<std::int64_t> ParseCount(std::string_view text) {
  if (text.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(text.front()))) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, value);
  if (read != end) return std::nullopt;
  if (error == std::errc::result_out_of_range) return INT64_MAX;
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::string_view Stripped(std::string_view text) {
  return Standard(absl::StripAsciiWhitespace(Abseil(text)));
}

std::optional<Nanos> UnitOf(char letter) {
  switch (absl::ascii_toupper(static_cast<unsigned char>(letter))) {
    case 'S':
      return kSecond;
    case 'M':
      return 60 * kSecond;
    case 'H':
      return kHour;
    case 'D':
      return 24 * kHour;
    default:
      return std::nullopt;
  }
}

// `count` units, if that is a window at all.
std::optional<Nanos> WindowOf(std::int64_t count, Nanos unit) {
  if (count < 1 || count > kBanMax / unit) return std::nullopt;
  return count * unit;
}

std::string Shown(std::string_view text) {
  std::string shown(Stripped(text.substr(0, kShownBytesMax)));
  for (char& c : shown) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  return shown;
}

std::optional<RateLimit> RateLimitOf(dom::element element) {
  dom::object object;
  std::string_view kind;
  std::string_view interval;
  std::int64_t count = 0;
  RateLimit limit;
  if (element.get(object) != simdjson::SUCCESS ||
      object["rateLimitType"].get(kind) != simdjson::SUCCESS ||
      object["interval"].get(interval) != simdjson::SUCCESS ||
      object["intervalNum"].get(count) != simdjson::SUCCESS ||
      object["limit"].get(limit.limit) != simdjson::SUCCESS || limit.limit <= 0) {
    return std::nullopt;
  }
  if (kind == "RAW_REQUESTS") {
    limit.kind = RateLimitKind::kRawRequests;
  } else if (kind != "REQUEST_WEIGHT") {
    return std::nullopt;
  }
  if (interval != "SECOND" && interval != "MINUTE" && interval != "HOUR" && interval != "DAY") {
    return std::nullopt;
  }
  const std::optional<Nanos> window = WindowOf(count, *UnitOf(interval.front()));
  if (!window) return std::nullopt;
  limit.window = *window;
  return limit;
}

}  // namespace

std::optional<Nanos> ParseRetryAfter(std::string_view value) {
  const std::optional<std::int64_t> seconds = ParseCount(Stripped(value));
  if (!seconds) return std::nullopt;
  return std::min(*seconds, kBanMax / kSecond) * kSecond;
}

Nanos ServerPause(std::optional<Nanos> retry_after) noexcept {
  return std::clamp<Nanos>(retry_after.value_or(0), 0, kServerPauseMax);
}

std::optional<UsedWeight> ParseUsedWeight(std::string_view name, std::string_view value) {
  constexpr std::string_view kPrefix = "x-mbx-used-weight-";
  if (!absl::StartsWithIgnoreCase(Abseil(name), Abseil(kPrefix))) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  const std::optional<std::int64_t> used = ParseCount(Stripped(value));
  if (name.size() < 2 || !used) return std::nullopt;
  const std::optional<Nanos> unit = UnitOf(name.back());
  const std::optional<std::int64_t> count = ParseCount(name.substr(0, name.size() - 1));
  if (!unit || !count) return std::nullopt;
  const std::optional<Nanos> window = WindowOf(*count, *unit);
  if (!window) return std::nullopt;
  return UsedWeight{*window, std::min<std::int64_t>(*used, INT32_MAX)};
}

absl::Status CheckDepthAnswer(std::string_view body) {
  const auto refused = [&](std::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a depth answer: ", Abseil(why), " (", body.size(), " bytes)"));
  };
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root);
      error != simdjson::SUCCESS) {
    return refused(absl::StrCat("not JSON, ", simdjson::error_message(error)));
  }
  dom::object answer;
  std::int64_t id = 0;
  if (root.get(answer) != simdjson::SUCCESS) return refused("the text is no JSON object");
  if (answer["lastUpdateId"].get(id) != simdjson::SUCCESS) {
    return refused("it has no whole number 'lastUpdateId'");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RateLimit>> ReadRateLimits(std::string_view body) {
  dom::parser parser;
  dom::element root;
  dom::array entries;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root["rateLimits"].get(entries) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError(
        "not an exchangeInfo answer: the array 'rateLimits' is missing");
  }
  std::vector<RateLimit> limits;
  for (const dom::element entry : entries) {
    if (const std::optional<RateLimit> limit = RateLimitOf(entry)) limits.push_back(*limit);
  }
  return limits;
}

std::set<std::string> ReadListedSymbols(std::string_view body) {
  dom::parser parser;
  dom::element root;
  dom::array entries;
  std::set<std::string> symbols;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root["symbols"].get(entries) != simdjson::SUCCESS) {
    return symbols;
  }
  for (const dom::element entry : entries) {
    std::string_view symbol;
    if (entry["symbol"].get(symbol) == simdjson::SUCCESS) symbols.emplace(symbol);
  }
  return symbols;
}

std::string RulesOf(std::string_view body) {
  dom::parser parser;
  dom::object answer;
  std::string rules;
  if (parser.parse(body.data(), body.size()).get(answer) != simdjson::SUCCESS) return rules;
  for (const auto& field : answer) {
    if (field.key == "serverTime" || field.key == "rateLimits") continue;
    absl::StrAppend(&rules, Abseil(field.key), ":", simdjson::minify(field.value), "\n");
  }
  return rules;
}

std::optional<std::int64_t> ErrorCode(std::string_view body) {
  dom::parser parser;
  dom::element root;
  std::int64_t code = 0;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root["code"].get(code) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return code;
}

std::string DescribeAnswer(const RestAnswer& answer) {
  if (!answer.status.ok()) return Shown(Standard(answer.status.message()));
  if (answer.code == 200) return "HTTP 200";
  dom::parser parser;
  dom::element root;
  std::int64_t code = 0;
  std::string_view message;
  if (parser.parse(answer.body.data(), answer.body.size()).get(root) == simdjson::SUCCESS &&
      root["code"].get(code) == simdjson::SUCCESS &&
      root["msg"].get(message) == simdjson::SUCCESS) {
    return absl::StrCat("HTTP ", answer.code, ": ", code, " ", Shown(message));
  }
  return absl::StrCat("HTTP ", answer.code);
}

}  // namespace thalweg
