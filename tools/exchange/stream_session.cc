#include "tools/exchange/stream_session.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/string_view.h"
#include "feeds/decode/rest_target.h"
#include "simdjson.h"

namespace thalweg {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kMethods =
    "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`";
constexpr std::size_t kTextIdMax = 36;

// Codes of errors, as documented; kTooManyStreams was seen.
enum ControlCode : int {
  kUnknownProperty = 0,
  kBadValueType = 1,
  kBadRequest = 2,
  kBadJson = 3,
  kTooManyStreams = 4,
};

std::string Quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppend(&json, "\\u", absl::Hex(c, absl::kZeroPad4));
      continue;
    }
    if (c == '"' || c == '\\') json.push_back('\\');
    json.push_back(c);
  }
  json.push_back('"');
  return json;
}

// The id as it is repeated, or nothing when it is of no allowed kind. Absent is null.
std::optional<std::string> ReadId(dom::object message) {
  dom::element id;
  if (message["id"].get(id) != simdjson::SUCCESS || id.is_null()) return "null";
  std::int64_t number = 0;
  if (id.get(number) == simdjson::SUCCESS) return absl::StrCat(number);
  std::string_view text;
  if (id.get(text) != simdjson::SUCCESS) return std::nullopt;
  const bool plain =
      !text.empty() && text.size() <= kTextIdMax &&
      std::all_of(text.begin(), text.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
      });
  if (!plain) return std::nullopt;
  return Quoted(text);
}

}  // namespace

// A control message, taken apart.
struct StreamSession::Request {
  std::string id;
  std::string method;
  std::vector<dom::element> params;
};

std::optional<StreamTarget> ParseStreamTarget(std::string_view target, Market market) {
  const std::string plain = PercentDecoded(target);
  std::string_view path = std::string_view(plain).substr(0, plain.find('?'));
  if (market != Market::kSpot) {
    for (const std::string_view prefix : {"/public", "/market", "/private"}) {
      if (path.starts_with(prefix)) path.remove_prefix(prefix.size());
    }
  }
  StreamTarget parsed;
  if (const auto wanted = QueryParameter(plain, "timeUnit")) {
    const std::string unit = absl::AsciiStrToUpper(*wanted);
    if (unit != "MILLISECOND" && unit != "MICROSECOND") return std::nullopt;
    parsed.unit = unit == "MICROSECOND" ? TimeUnit::kMicrosecond : TimeUnit::kMillisecond;
  }
  std::string names;
  if (path == "/stream") {
    parsed.is_combined = true;
    names = QueryParameter(plain, "streams").value_or("");
  } else if (path == "/ws" || path.starts_with("/ws/")) {
    names = path.substr(std::min<std::size_t>(path.size(), 4));
  } else {
    return std::nullopt;
  }
  for (const absl::string_view name : absl::StrSplit(names, '/', absl::SkipEmpty())) {
    if (std::find(parsed.streams.begin(), parsed.streams.end(), name) == parsed.streams.end()) {
      parsed.streams.emplace_back(name);
    }
  }
  return parsed;
}

StreamSession::StreamSession(const Venue& venue, ErrorShape shape, StreamTarget target, Nanos now)
    : venue_(venue),
      shape_(shape),
      opened_(now),
      streams_(std::move(target.streams)),
      is_combined_(target.is_combined),
      unit_(target.unit),
      next_ping_(now + venue.ping_every) {
  assert(streams_.size() <= venue.streams_max);
}

bool StreamSession::IsSubscribed(std::string_view stream) const {
  return std::find(streams_.begin(), streams_.end(), stream) != streams_.end();
}

std::string StreamSession::Error(int code, std::string_view message, std::string_view id) const {
  const std::string body = absl::StrCat(R"("code":)", code, R"(,"msg":)", Quoted(message));
  if (shape_ == ErrorShape::kFlat) return absl::StrCat("{", body, R"(,"id":)", Abseil(id), "}");
  return absl::StrCat(R"({"error":{)", body, R"(},"id":)", Abseil(id), "}");
}

std::string StreamSession::Answer(std::string_view text) {
  dom::parser parser;
  const simdjson::padded_string json(text);
  dom::element root;
  if (const auto error = parser.parse(json).get(root); error != simdjson::SUCCESS) {
    return Error(kBadJson, absl::StrCat("Invalid JSON: ", simdjson::error_message(error)), "null");
  }
  dom::object message;
  if (root.get(message) != simdjson::SUCCESS) {
    return Error(kBadRequest, "Invalid request: expected an object", "null");
  }
  const std::optional<std::string> id = ReadId(message);
  if (!id) {
    return Error(kBadRequest,
                 "Invalid request: request ID must be a signed 64-bit integer, an alphanumeric "
                 "string of at most 36 characters, or null",
                 "null");
  }
  Request request;
  request.id = *id;
  std::string_view method;
  dom::element element;
  if (message["method"].get(element) != simdjson::SUCCESS) {
    return Error(kBadRequest, "Invalid request: missing field `method`", *id);
  }
  if (element.get(method) != simdjson::SUCCESS) {
    return Error(kBadRequest, "Invalid request: `method` must be a string", *id);
  }
  request.method = method;
  if (message["params"].get(element) == simdjson::SUCCESS && !element.is_null()) {
    dom::array params;
    if (element.get(params) != simdjson::SUCCESS) {
      return Error(kBadRequest, "Invalid request: `params` must be an array", *id);
    }
    for (const dom::element param : params) request.params.push_back(param);
  }
  for (const dom::key_value_pair field : message) {
    if (field.key == "method" || field.key == "params" || field.key == "id") continue;
    return Error(kBadRequest,
                 absl::StrCat("Invalid request: unknown field `", Abseil(field.key), "`"), *id);
  }
  return Perform(request);
}

std::string StreamSession::Perform(const Request& request) {
  const auto bad = [&](std::string_view why) {
    return Error(kBadRequest, absl::StrCat("Invalid request: ", Abseil(why)), request.id);
  };
  const auto good = [&](std::string_view result) {
    return absl::StrCat(R"({"result":)", Abseil(result), R"(,"id":)", request.id, "}");
  };
  const bool subscribes = request.method == "SUBSCRIBE";
  if (subscribes || request.method == "UNSUBSCRIBE") {
    if (request.params.empty()) return bad("`params` must name at least one stream");
    std::vector<std::string> names;
    for (const dom::element param : request.params) {
      std::string_view name;
      if (param.get(name) != simdjson::SUCCESS) return bad("a stream's name must be a string");
      names.emplace_back(name);
    }
    std::vector<std::string> streams = streams_;
    for (const std::string& name : names) {
      const auto known = std::find(streams.begin(), streams.end(), name);
      if (subscribes && known == streams.end()) streams.push_back(name);
      if (!subscribes && known != streams.end()) streams.erase(known);
    }
    if (streams.size() > venue_.streams_max) {
      return Error(kTooManyStreams, "Too many subscriptions", request.id);
    }
    streams_ = std::move(streams);
    return good("null");
  }
  if (request.method == "LIST_SUBSCRIPTIONS") {
    if (!request.params.empty()) return bad("too many parameters");
    const auto append = [](std::string* out, const std::string& name) { *out += Quoted(name); };
    return good(absl::StrCat("[", absl::StrJoin(streams_, ",", append), "]"));
  }
  const bool sets = request.method == "SET_PROPERTY";
  if (!sets && request.method != "GET_PROPERTY") {
    return bad(
        absl::StrCat("unknown variant `", request.method, "`, expected one of ", Abseil(kMethods)));
  }
  const std::size_t wanted = sets ? 2 : 1;
  if (request.params.size() > wanted) return bad("too many parameters");
  if (request.params.size() < wanted) return bad("too few parameters");
  std::string_view property;
  if (request.params[0].get(property) != simdjson::SUCCESS) {
    return bad("property name must be a string");
  }
  if (property != "combined") return Error(kUnknownProperty, "Unknown property", request.id);
  if (!sets) return good(is_combined_ ? "true" : "false");
  bool value = false;
  if (request.params[1].get(value) != simdjson::SUCCESS) {
    return Error(kBadValueType, "Invalid value type: expected Boolean", request.id);
  }
  is_combined_ = value;
  return good("null");
}

std::string StreamSession::Refuse(std::string_view text) const {
  dom::parser parser;
  const simdjson::padded_string json(text);
  dom::object message;
  std::string id = "null";
  if (parser.parse(json).get(message) == simdjson::SUCCESS) id = ReadId(message).value_or("null");
  return Error(kBadRequest, "Invalid request: refused", id);
}

bool StreamSession::CountClientFrame(Nanos now) {
  while (!client_frames_.empty() && client_frames_.front() + venue_.client_frames_window <= now) {
    client_frames_.pop_front();
  }
  client_frames_.push_back(now);
  return client_frames_.size() <= static_cast<std::size_t>(venue_.client_frames_max);
}

void StreamSession::OnPingSent(std::string_view payload, Nanos now) {
  unanswered_.push_back({std::string(payload), now});
  next_ping_ = now + venue_.ping_every;
}

void StreamSession::OnPong(std::string_view payload) {
  const auto answered = std::find_if(unanswered_.begin(), unanswered_.end(),
                                     [&](const Ping& ping) { return ping.payload == payload; });
  // Whoever answers a ping was there when those before it came.
  if (answered != unanswered_.end()) unanswered_.erase(unanswered_.begin(), answered + 1);
}

std::optional<Nanos> StreamSession::pong_deadline() const {
  if (unanswered_.empty()) return std::nullopt;
  return unanswered_.front().sent + venue_.pong_deadline;
}

}  // namespace thalweg
