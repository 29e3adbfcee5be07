#include "replay/cryptofeed_line.h"

#include "replay/capture_time.h"

namespace thalweg {
namespace {

constexpr std::string_view kConfiguration = "configuration: ";
constexpr std::string_view kAfterTime = ": ";
constexpr std::string_view kAfterScheme = "://";
// A capture file is of one connection, opened again or not.
constexpr std::int64_t kConnection = 1;

constexpr bool OpensJson(std::string_view text) noexcept {
  return !text.empty() && (text.front() == '{' || text.front() == '[');
}

RecordingLine Malformed(std::string_view reason) noexcept {
  RecordingLine line;
  line.reason = reason;
  return line;
}

// "/api/v3/depth?symbol=NKNUSDT" of "https://api.binance.com/api/v3/depth?symbol=NKNUSDT"; empty
// when the url has no path.
std::string_view TargetOf(std::string_view url) noexcept {
  const std::size_t host = url.find(kAfterScheme) + kAfterScheme.size();
  const std::size_t path = url.find('/', host);
  return path == std::string_view::npos ? std::string_view() : url.substr(path);
}

// `<time>: <json>`, as what `url` answered, or as a frame when there is none.
RecordingLine ReadTimed(std::string_view text, std::string_view url) noexcept {
  const std::size_t time_end = text.find(kAfterTime);
  if (time_end == std::string_view::npos) return Malformed("no ': ' after a time");
  RecordingLine line;
  if (!ParseCaptureTime(text.substr(0, time_end), &line.receive_time)) {
    return Malformed(kNoCaptureTime);
  }
  line.payload = text.substr(time_end + kAfterTime.size());
  if (!OpensJson(line.payload)) return Malformed("what follows its time is no JSON");
  line.kind = LineKind::kFrame;
  if (url.empty()) return line;
  line.target = TargetOf(url);
  if (line.target.empty()) return Malformed("its URL has no path");
  line.kind = LineKind::kRest;
  return line;
}

RecordingLine ReadOpening(std::string_view time, std::string_view url) noexcept {
  RecordingLine line;
  if (!ParseCaptureTime(time, &line.receive_time)) return Malformed(kNoCaptureTime);
  line.kind = LineKind::kConnOpen;
  line.connection = kConnection;
  line.url = url;
  return line;
}

RecordingLine OfNoUse() noexcept {
  RecordingLine line;
  line.kind = LineKind::kOtherHash;
  return line;
}

}  // namespace

RecordingLine ParseCryptofeedLine(std::string_view text) noexcept {
  if (text.starts_with(kConfiguration)) return OfNoUse();
  if (!text.empty() && text.front() >= '0' && text.front() <= '9') return ReadTimed(text, {});
  const std::size_t url_end = text.find(' ');
  const std::string_view url = text.substr(0, url_end);
  if (url_end == std::string_view::npos || url.find(kAfterScheme) == std::string_view::npos) {
    return Malformed("neither a time nor a URL at the front");
  }
  const std::string_view rest = text.substr(url_end + 1);
  const std::size_t arrow_end = rest.find(' ');
  const std::string_view arrow = rest.substr(0, arrow_end);
  if (arrow_end == std::string_view::npos) return Malformed("no time after the URL");
  const std::string_view timed = rest.substr(arrow_end + 1);
  if (arrow == "->") return ReadTimed(timed, url);
  if (arrow == "<->") return ReadOpening(timed, url);
  if (arrow == "<-") return OfNoUse();
  return Malformed("neither '->', '<->' nor '<-' after the URL");
}

}  // namespace thalweg
