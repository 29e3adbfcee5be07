#include "replay/segment_writer.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "core/version.h"
#include "feeds/decode/rest_target.h"
#include "replay/json_text.h"
#include "replay/recording_line.h"

namespace thalweg {
namespace {

constexpr std::string_view kSuffix = ".zst";
// Names taken by somebody else in the same nanosecond; more of them are a fault of another kind.
constexpr int kNameAttemptsMax = 100;

// Whether a segment that began at `begun` has to end at `now`. Times go back a little where lines
// of several connections meet, so a multiple of the span counts once only, when it is passed
// forwards.
bool IsInAnotherSpan(ReceiveTime begun, Nanos span, ReceiveTime now) noexcept {
  return now.raw() / span > begun.raw() / span || begun - now >= span;
}

absl::Status Validate(const SegmentOptions& options) {
  if (options.folder.empty()) return absl::InvalidArgumentError("record: no folder is named");
  if (options.run.empty()) return absl::InvalidArgumentError("run: is empty; name it uniquely");
  if (options.shard < 0) {
    return absl::InvalidArgumentError(absl::StrCat("shard: ", options.shard, " is negative"));
  }
  if (options.sync_interval < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("sync: an interval of ", options.sync_interval, " ns is negative"));
  }
  if (options.text_bytes_max <= 0 || options.span_max <= 0) {
    return absl::InvalidArgumentError(absl::StrCat("segment: a size of ", options.text_bytes_max,
                                                   " bytes and a span of ", options.span_max,
                                                   " ns; both must be positive"));
  }
  if (!options.options_json.starts_with('{')) {
    return absl::InvalidArgumentError(
        absl::StrCat("options: ", options.options_json, " is no JSON object"));
  }
  return absl::OkStatus();
}

// The number in the name of one of the shard's segments; 0 for any other file.
std::int64_t NumberIn(std::string_view name, std::string_view marker) noexcept {
  const std::size_t at = name.rfind(marker);
  if (at == std::string_view::npos || !name.ends_with(kSuffix)) return 0;
  const char* const begin = name.data() + at + marker.size();
  const char* const end = name.data() + name.size() - kSuffix.size();
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(begin, end, number);
  return error == std::errc() && stop == end ? std::max<std::int64_t>(number, 0) : 0;
}

absl::StatusOr<std::int64_t> LargestNumber(const SegmentOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  std::int64_t largest = 0;
  const std::string marker = absl::StrCat("-s", options.shard, "-");
  std::filesystem::directory_iterator entry;
  if (!error) entry = std::filesystem::directory_iterator(options.folder, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    largest = std::max(largest, NumberIn(entry->path().filename().string(), marker));
    entry.increment(error);
  }
  if (error) {
    return absl::UnavailableError(absl::StrCat(options.folder, ": ", error.message()));
  }
  return largest;
}

// A writer's status without the path in front: recordings travel, paths do not.
std::string ReasonOf(const absl::Status& status, std::string_view path) {
  std::string_view message = Standard(status.message());
  if (message.starts_with(path)) message.remove_prefix(std::min(path.size() + 2, message.size()));
  return std::string(message);
}

}  // namespace

std::string UtcStamp(ReceiveTime time) {
  const std::int64_t nanos = std::max<std::int64_t>(time.raw(), 0);
  const std::time_t seconds = nanos / kSecond;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  const std::size_t bytes = std::strftime(text, sizeof text, "%Y%m%dT%H%M%S", &utc);
  std::snprintf(text + bytes, sizeof text - bytes, ".%09lldZ",
                static_cast<long long>(nanos % kSecond));
  return text;
}

std::string SegmentName(ReceiveTime start, std::int64_t shard, std::int64_t number) {
  return absl::StrCat(UtcStamp(start), "-s", shard, "-", absl::Dec(number, absl::kZeroPad6),
                      Abseil(kSuffix));
}

absl::StatusOr<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(const SegmentOptions& options,
                                                                     ReceiveTime now, Opener open) {
  absl::Status valid = Validate(options);
  if (!valid.ok()) return valid;
  const absl::StatusOr<std::int64_t> largest = LargestNumber(options);
  if (!largest.ok()) return largest.status();
  std::unique_ptr<SegmentWriter> segments(new SegmentWriter(options, std::move(open), *largest));
  segments->BeginSegment(now);
  if (segments->writer_ == nullptr) return segments->last_fault_;
  return segments;
}

SegmentWriter::SegmentWriter(const SegmentOptions& options, Opener open, std::int64_t segment)
    : options_(options), open_(std::move(open)), segment_(segment) {}

void SegmentWriter::Write(ReceiveTime received, std::string_view text) {
  Advance(received);
  Learn(text);
  if (writer_ == nullptr) {
    ++ended_.lines;
    ++ended_.lost_lines;
    ++untold_lines_;
    return;
  }
  writer_->Write(received, text);
  if (writer_->suspect()) Advance(received);
}

void SegmentWriter::OnTimer(ReceiveTime now) {
  Advance(now);
  if (writer_ == nullptr) return;
  writer_->OnTimer(now);
  if (writer_->suspect()) Advance(now);
}

absl::Status SegmentWriter::Close() {
  closed_ = true;
  EndSegment();
  // One more segment, if it can be made, to say what is missing.
  if (untold_lines_ != 0) {
    BeginSegment(begun_);
    EndSegment();
  }
  if (ended_.lost_lines == 0) return absl::OkStatus();
  return last_fault_;
}

SegmentCounts SegmentWriter::counts() const noexcept {
  SegmentCounts counts = ended_;
  if (writer_ == nullptr) return counts;
  const WriterCounts& newest = writer_->counts();
  counts.lines += newest.lines;
  counts.stored_lines += newest.stored_lines;
  counts.lost_lines += newest.lost_lines;
  counts.text_bytes += newest.text_bytes;
  counts.stored_bytes += newest.stored_bytes;
  return counts;
}

const absl::Status& SegmentWriter::status() const noexcept {
  return writer_ == nullptr ? last_fault_ : writer_->status();
}

// --- Segments ---------------------------------------------------------------------------------

// Goes on in another segment when this one is due to end, or when there is none.
void SegmentWriter::Advance(ReceiveTime now) {
  if (closed_) return;
  if (writer_ != nullptr && IsFull(now)) {
    EndSegment();
    BeginSegment(now);
    return;
  }
  // An empty one counts from its first line.
  if (writer_ != nullptr && writer_->counts().lines == beginning_.lines) begun_ = now;
  if (writer_ != nullptr && writer_->suspect()) EndSegment();
  if (writer_ == nullptr && IsPast(begun_, kRetryInterval, now)) BeginSegment(now);
}

// A segment that waits for room does not end: its rest would be lost.
bool SegmentWriter::IsFull(ReceiveTime now) const noexcept {
  const WriterCounts& counts = writer_->counts();
  if (!writer_->status().ok() || counts.lines == beginning_.lines) return false;
  return counts.text_bytes - beginning_.text_bytes >= options_.text_bytes_max ||
         IsInAnotherSpan(begun_, options_.span_max, now);
}

void SegmentWriter::BeginSegment(ReceiveTime now) {
  begun_ = now;
  named_ = std::max(named_, now);
  absl::StatusOr<std::unique_ptr<OutputFile>> file = OpenNext();
  if (!file.ok()) {
    NoteFault(file.status());
    return;
  }
  ++ended_.segments;
  writer_ = std::make_unique<RecordingWriter>(*std::move(file), options_.sync_interval);
  WriteBeginning(now);
}

absl::StatusOr<std::unique_ptr<OutputFile>> SegmentWriter::OpenNext() {
  absl::StatusOr<std::unique_ptr<OutputFile>> file = absl::UnknownError("");
  for (int attempt = 0; attempt < kNameAttemptsMax; ++attempt) {
    const std::string name = SegmentName(named_, options_.shard, ++segment_);
    path_ = std::filesystem::path(options_.folder) / name;
    file = open_(path_);
    if (file.ok() || !absl::IsAlreadyExists(file.status())) break;
  }
  if (!file.ok() && !absl::IsAlreadyExists(file.status())) --segment_;  // The number is free.
  return file;
}

void SegmentWriter::WriteBeginning(ReceiveTime now) {
  const std::size_t repeated_lines = connections_.size() + exchange_infos_.size();
  std::string header;
  // What a replay may skip. It may not when a line was lost, which may have been one of these.
  AppendHeaderText(HeaderJson(after_loss_ ? 0 : repeated_lines), &header);
  writer_->Write(now, header);
  for (const ExchangeInfo& info : exchange_infos_) writer_->Write(now, info.text);
  for (const auto& [connection, text] : connections_) writer_->Write(now, text);
  beginning_ = writer_->counts();
  after_loss_ = false;
  writer_->TellLost(now, std::exchange(untold_lines_, 0), loss_reason_);
}

std::string SegmentWriter::HeaderJson(std::size_t repeated_lines) const {
  std::string json = "{\"program\":";
  AppendJsonText(VersionText(), &json);
  json += ",\"run\":";
  AppendJsonText(options_.run, &json);
  absl::StrAppend(&json, ",\"shard\":", options_.shard, ",\"segment\":", segment_,
                  ",\"run_segment\":", ended_.segments, ",\"market\":");
  AppendJsonText(options_.market, &json);
  json += ",\"symbols\":[";
  for (const std::string& symbol : options_.symbols) {
    if (json.back() != '[') json.push_back(',');
    AppendJsonText(symbol, &json);
  }
  absl::StrAppend(&json, "],\"repeats\":", repeated_lines, ",\"options\":", options_.options_json,
                  "}");
  return json;
}

void SegmentWriter::EndSegment() {
  if (writer_ == nullptr) return;
  const absl::Status closed = writer_->Close();
  untold_lines_ += writer_->untold_lines();
  if (!closed.ok()) NoteFault(closed);
  ended_ = counts();
  writer_ = nullptr;
}

void SegmentWriter::NoteFault(const absl::Status& fault) {
  if (writer_ != nullptr) ++ended_.faulty_segments;
  after_loss_ = true;
  loss_reason_ = ReasonOf(fault, path_);
  last_fault_ = fault;
}

// Keeps what the next segment has to repeat.
void SegmentWriter::Learn(std::string_view text) {
  constexpr std::string_view kRest = "#rest GET ";
  if (!text.starts_with('#')) [[likely]]
    return;
  if (text.starts_with(kRest)) {
    const std::string_view rest = text.substr(kRest.size());
    const std::string_view target = rest.substr(0, rest.find(' '));
    if (ParseRestTarget(target).kind != RestKind::kExchangeInfo) return;
    std::erase_if(exchange_infos_, [&](const ExchangeInfo& info) { return info.target == target; });
    if (exchange_infos_.size() >= kRepeatedInfosMax) exchange_infos_.erase(exchange_infos_.begin());
    exchange_infos_.push_back({std::string(target), std::string(text)});
    return;
  }
  if (!text.starts_with("#conn ")) return;
  const std::string timed = absl::StrCat("0 ", Abseil(text));
  const RecordingLine line = ParseRecordingLine(timed);
  if (line.kind == LineKind::kConnOpen) {
    connections_.insert_or_assign(line.connection, std::string(text));
    if (connections_.size() > kRepeatedConnectionsMax) connections_.erase(connections_.begin());
  }
  if (line.kind == LineKind::kConnClose) connections_.erase(line.connection);
}

}  // namespace thalweg
