#include "replay/capture_source.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "feeds/decode/frame.h"
#include "feeds/decode/rest_target.h"
#include "replay/capture_time.h"
#include "replay/cryptofeed_line.h"

namespace thalweg {
namespace {

// A close without a close frame, as WebSocket numbers it (RFC 6455, 7.4.1): a capture shows a close
// only by the next opening.
constexpr int kClosedWithoutAWord = 1006;

// The object that a line is, without the blanks around it; empty when it is none.
std::string_view JsonObjectOf(std::string_view text) noexcept {
  const std::string_view json = Standard(absl::StripAsciiWhitespace(Abseil(text)));
  const bool is_object = json.size() >= 2 && json.front() == '{' && json.back() == '}';
  return is_object ? json : std::string_view();
}

// The program that could have written this line.
std::optional<CaptureFormat> FormatOf(std::string_view text) {
  if (ParseRecordingLine(text).kind != LineKind::kMalformed) return CaptureFormat::kRecording;
  if (ParseCryptofeedLine(text).kind != LineKind::kMalformed) return CaptureFormat::kCryptofeed;
  if (!JsonObjectOf(text).empty()) return CaptureFormat::kJsonLines;
  return std::nullopt;
}

RecordingLine Malformed(std::string_view reason) noexcept {
  RecordingLine line;
  line.reason = reason;
  return line;
}

RecordingLine ParseJsonLine(std::string_view text, const JsonPath& time_field) noexcept {
  const std::string_view json = JsonObjectOf(text);
  if (json.empty()) return Malformed("no JSON object");
  const std::string_view time = time_field.Find(json);
  if (time.empty()) return Malformed("it has no such time field");
  RecordingLine line;
  if (!ParseCaptureTime(time, &line.receive_time)) return Malformed(kNoCaptureTime);
  line.kind = LineKind::kFrame;
  line.payload = json;
  return line;
}

// The symbol that a frame names: that of its stream, as the engine has it. Streams of all symbols
// ("!bookTicker") name none.
std::string SymbolOf(const FrameHead& head) {
  const bool by_stream = !head.stream_symbol.empty();
  const std::string_view name = by_stream ? head.stream_symbol : head.symbol;
  if (name.starts_with('!')) return {};
  return absl::AsciiStrToUpper(Abseil(name));
}

std::string SymbolOf(const RecordingLine& line) {
  if (line.kind == LineKind::kDrop || line.kind == LineKind::kAudit)
    return std::string(line.symbol);
  if (line.kind != LineKind::kRest) return {};
  const RestTarget asked = ParseRestTarget(line.target);
  return asked.kind == RestKind::kDepth ? std::string(asked.symbol) : std::string();
}

}  // namespace

CaptureSource::CaptureSource(std::unique_ptr<RecordingReader> reader, const Options& options,
                             Teller tell)
    : reader_(std::move(reader)),
      options_(options),
      tell_(std::move(tell)),
      format_(options.format) {}

absl::StatusOr<std::unique_ptr<CaptureSource>> CaptureSource::Open(const std::string& path,
                                                                   const Options& options,
                                                                   Teller tell) {
  absl::StatusOr<std::unique_ptr<RecordingReader>> reader =
      RecordingReader::Open(path, {.salvage = options.salvage});
  if (!reader.ok()) return reader.status();
  return std::unique_ptr<CaptureSource>(
      new CaptureSource(*std::move(reader), options, std::move(tell)));
}

bool CaptureSource::Next(CaptureLine* line) {
  if (queue_.empty() && !Read()) return false;
  while (SnapshotWaitsForAName() && queue_.size() < kLinesReadAhead && Read()) {
  }
  shown_ = std::move(queue_.front());
  queue_.pop_front();
  if (shown_.is_snapshot && !several_symbols_) shown_.symbol = symbol_;
  const std::string_view whole =
      std::string_view(shown_.padded)
          .substr(kPayloadPadding, shown_.padded.size() - 2 * kPayloadPadding);
  line->line = ParseRecordingLine(whole);
  line->text = whole.substr(whole.find(' ') + 1);
  line->symbol = shown_.symbol;
  line->is_snapshot = shown_.is_snapshot;
  return true;
}

bool CaptureSource::SnapshotWaitsForAName() const {
  return symbol_.empty() && queue_.front().is_snapshot;
}

// --- Reading ----------------------------------------------------------------------------------

bool CaptureSource::Read() {
  const std::size_t before = queue_.size();
  while (!ended_ && queue_.size() == before) {
    std::string_view text;
    switch (reader_->Next(&text)) {
      case ReadVerdict::kLine:
        if (!ReadLine(text)) ended_ = true;
        break;
      case ReadVerdict::kHole:
        PushLoss();
        break;
      case ReadVerdict::kEnd:
        Finish();
        break;
    }
  }
  return queue_.size() > before;
}

// False when the source cannot be read on.
bool CaptureSource::ReadLine(std::string_view text) {
  ++counts_.lines;
  if (!format_) format_ = FormatOf(text);
  if (format_ == CaptureFormat::kJsonLines && !options_.time_field) {
    status_ = absl::InvalidArgumentError(
        absl::StrCat(reader_->path(), ":", reader_->line_number(),
                     ": a line of JSON without a time before it: --time-field must say where in "
                     "it the time stands, like E or data.E"));
    return false;
  }
  const RecordingLine line = Parse(text);
  if (line.kind == LineKind::kMalformed) {
    ++counts_.malformed_lines;
    tell_({absl::StrCat("no line of a capture: ", Abseil(line.reason)), true});
    return true;
  }
  if (line.kind == LineKind::kUnknownVersion) {
    status_ = UnknownVersionError(reader_->path(), reader_->line_number(), line);
    return false;
  }
  Enqueue(line, text);
  return true;
}

RecordingLine CaptureSource::Parse(std::string_view text) const {
  if (!format_) return Malformed("no program is known that writes such lines");
  switch (*format_) {
    case CaptureFormat::kRecording:
      break;
    case CaptureFormat::kCryptofeed:
      return ParseCryptofeedLine(text);
    case CaptureFormat::kJsonLines:
      return ParseJsonLine(text, *options_.time_field);
  }
  const RecordingLine line = ParseRecordingLine(text);
  const bool too_early = line.kind != LineKind::kMalformed && line.receive_time < kCaptureTimeMin;
  return too_early ? Malformed(kNoCaptureTime) : line;
}

void CaptureSource::Enqueue(const RecordingLine& line, std::string_view source_text) {
  if (format_ == CaptureFormat::kCryptofeed && line.kind == LineKind::kOtherHash) {
    ++counts_.other_lines;  // It has no time either.
    return;
  }
  last_time_ = line.receive_time;
  if (line.kind == LineKind::kFrame) return PushFrame(line);
  if (format_ == CaptureFormat::kRecording) {
    const std::string_view text = source_text.substr(source_text.find(' ') + 1);
    return Push(line.receive_time, text, SymbolOf(line), false);
  }
  if (line.kind == LineKind::kConnOpen) return PushOpening(line);
  std::string text;
  AppendRestText(line.target, line.payload, &text);
  Push(line.receive_time, text, SymbolOf(line), false);
}

void CaptureSource::PushFrame(const RecordingLine& line) {
  const FrameHead head = NameFrame(line.payload);
  const bool is_snapshot = head.kind == FrameKind::kSnapshot;
  std::string symbol = is_snapshot ? std::string() : SymbolOf(head);
  NoteSymbol(symbol);
  Push(line.receive_time, line.payload, std::move(symbol), is_snapshot);
}

// Who opens a connection again had lost it before.
void CaptureSource::PushOpening(const RecordingLine& line) {
  std::string text;
  if (std::exchange(connection_open_, true)) {
    AppendConnCloseText(line.connection, kClosedWithoutAWord, &text);
    Push(line.receive_time, text, {}, false);
    text.clear();
  }
  AppendConnOpenText(line.connection, line.url, &text);
  Push(line.receive_time, text, {}, false);
}

// An unknown number of lines is missing: at least one. Before the first line there is nothing to
// miss them in.
void CaptureSource::PushLoss() {
  ++counts_.holes;
  tell_(
      {absl::StrCat("damage stepped over, lines are missing here: ", reader_->status().message())});
  if (!last_time_) return;
  std::string text;
  AppendLostText(1, "the imported file is damaged here", &text);
  Push(*last_time_, text, {}, false);
}

void CaptureSource::Push(ReceiveTime time, std::string_view text, std::string symbol,
                         bool is_snapshot) {
  const std::string padding(kPayloadPadding, '\0');
  queue_.push_back({absl::StrCat(padding, time.raw(), " ", Abseil(text), padding),
                    std::move(symbol), is_snapshot});
}

void CaptureSource::NoteSymbol(std::string_view symbol) {
  if (symbol.empty()) return;
  if (symbol_.empty()) symbol_ = symbol;
  several_symbols_ = several_symbols_ || symbol != symbol_;
}

void CaptureSource::Finish() {
  ended_ = true;
  const std::string& path = reader_->path();
  switch (reader_->end()) {
    case FileEnd::kDamaged:
      status_ = reader_->status();
      return;
    case FileEnd::kCut:
      tell_({absl::StrCat("its end is cut: ", reader_->status().message())});
      break;
    case FileEnd::kOpen:
    case FileEnd::kWhole:
      if (counts_.lines == 0) tell_({"holds no line"});
      break;
  }
  if (counts_.lines == 0 || counts_.malformed_lines < counts_.lines) return;
  const bool lacks_field = format_ == CaptureFormat::kJsonLines;
  status_ = absl::DataLossError(
      lacks_field ? absl::StrCat(path, ": no line of it has a time at '",
                                 options_.time_field->text(), "' (--time-field)")
                  : absl::StrCat(path, ": nothing in it is a line of a recording or a capture"));
}

// --- Several ----------------------------------------------------------------------------------

CaptureCounts SumOf(const std::vector<std::unique_ptr<CaptureSource>>& sources) {
  CaptureCounts sum;
  for (const auto& source : sources) {
    sum.lines += source->counts().lines;
    sum.malformed_lines += source->counts().malformed_lines;
    sum.other_lines += source->counts().other_lines;
    sum.holes += source->counts().holes;
  }
  return sum;
}

PlayerPosition PositionIn(const std::vector<std::unique_ptr<CaptureSource>>& sources,
                          std::size_t reading, ReceiveTime receive_time) {
  PlayerPosition position;
  position.receive_time = receive_time;
  for (const auto& source : sources) {
    position.bytes_read += source->reader().bytes_read();
    position.bytes_total += source->reader().bytes_total();
  }
  if (reading < sources.size()) {
    position.path = sources[reading]->reader().path();
    position.line = sources[reading]->reader().line_number();
  }
  return position;
}

}  // namespace thalweg
