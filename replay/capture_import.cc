#include "replay/capture_import.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

// Where a snapshot like this one is asked for: those of futures have a time, those of COIN-M name
// their pair.
std::string_view DepthPathOf(std::string_view snapshot) {
  if (!JsonPath::Parse("pair")->Find(snapshot).empty()) return "/dapi/v1/depth";
  if (!JsonPath::Parse("E")->Find(snapshot).empty()) return "/fapi/v1/depth";
  return "/api/v3/depth";
}

// A symbol is what a stream's name says it is, which may be anything.
bool IsWordOfAQuery(std::string_view symbol) noexcept {
  return !symbol.empty() && symbol.find_first_of(" &#") == std::string_view::npos;
}

}  // namespace

CaptureImport::CaptureImport(ImportOptions options, Teller tell)
    : options_(std::move(options)), tell_(std::move(tell)) {}

absl::Status CaptureImport::Open(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    auto source = CaptureSource::Open(
        path, {.time_field = options_.time_field, .salvage = options_.salvage}, tell_);
    if (!source.ok()) return source.status();
    sources_.push_back(*std::move(source));
  }
  bool json_lines = false;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    Head head{i, {}, {}};
    if (ReadAhead(&head)) {
      heads_.push_back(head);
    } else if (!sources_[i]->status().ok()) {
      return sources_[i]->status();
    }
    json_lines = json_lines || sources_[i]->format() == CaptureFormat::kJsonLines;
  }
  std::make_heap(heads_.begin(), heads_.end(), IsLater);
  if (options_.time_field && !json_lines) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--time-field: ", options_.time_field->text(),
        ": there is no file of JSON lines; the lines of the others begin with their time"));
  }
  if (heads_.empty()) return absl::DataLossError("there is no line to import in any file");
  return absl::OkStatus();
}

absl::Status CaptureImport::Run(RecordingWriter& writer) {
  while (!heads_.empty()) {
    std::pop_heap(heads_.begin(), heads_.end(), IsLater);
    receive_time_ = heads_.back().line.line.receive_time;
    Use(heads_.back(), writer);
    if (!writer.status().ok()) return writer.status();
    if (watcher_) watcher_();
    if (ReadAhead(&heads_.back())) {
      std::push_heap(heads_.begin(), heads_.end(), IsLater);
    } else {
      heads_.pop_back();
    }
  }
  absl::Status status;
  for (const auto& source : sources_) status.Update(source->status());
  return status;
}

bool CaptureImport::IsLater(const Head& a, const Head& b) noexcept {
  return std::pair(a.order, a.source) > std::pair(b.order, b.source);
}

bool CaptureImport::ReadAhead(Head* head) {
  reading_ = head->source;
  if (!sources_[head->source]->Next(&head->line)) return false;
  head->order = std::max(head->order, head->line.line.receive_time);
  return true;
}

// --- Writing ----------------------------------------------------------------------------------

void CaptureImport::Use(const Head& head, RecordingWriter& writer) {
  const CaptureLine& line = head.line;
  const LineKind kind = line.line.kind;
  if (sources_.size() > 1 && (kind == LineKind::kHeader || kind == LineKind::kDigest)) {
    ++counts_.left_out;
    return;
  }
  if (!IsWanted(head)) {
    ++counts_.filtered;
    return;
  }
  ++counts_.written;
  if (line.is_snapshot) return WriteSnapshot(head, writer);
  if (kind == LineKind::kConnOpen || kind == LineKind::kConnClose) {
    return WriteConnection(head, writer);
  }
  counts_.frames += kind == LineKind::kFrame ? 1 : 0;
  counts_.rest_answers += kind == LineKind::kRest ? 1 : 0;
  writer.Write(line.line.receive_time, line.text);
}

// Lines that name no symbol are of all.
bool CaptureImport::IsWanted(const Head& head) {
  const std::string_view symbol = head.line.is_snapshot ? SymbolOfSnapshot(head) : head.line.symbol;
  if (symbol.empty()) return true;
  if (!seen_.contains(symbol)) seen_.emplace(symbol);
  const std::vector<std::string>& wanted = options_.symbols;
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), symbol) != wanted.end();
}

// What its file does not say, the options may.
std::string_view CaptureImport::SymbolOfSnapshot(const Head& head) const {
  if (!head.line.symbol.empty() || options_.symbols.size() != 1) return head.line.symbol;
  if (sources_[head.source]->has_several_symbols()) return {};
  return options_.symbols.front();
}

void CaptureImport::WriteSnapshot(const Head& head, RecordingWriter& writer) {
  const CaptureLine& line = head.line;
  const std::string_view symbol = SymbolOfSnapshot(head);
  if (options_.snapshot_limit && IsWordOfAQuery(symbol)) {
    const std::string target =
        absl::StrCat(Abseil(DepthPathOf(line.text)), "?symbol=", Abseil(symbol),
                     "&limit=", *options_.snapshot_limit);
    text_.clear();
    AppendRestText(target, line.text, &text_);
    ++counts_.rest_answers;
    writer.Write(line.line.receive_time, text_);
    return;
  }
  ++counts_.bare_snapshots;
  writer.Write(line.line.receive_time, line.text);
}

void CaptureImport::WriteConnection(const Head& head, RecordingWriter& writer) {
  const RecordingLine& line = head.line.line;
  // "#conn <id> ...": what follows the id stays as it is.
  const std::string_view text = head.line.text;
  const std::size_t id_begin = text.find(' ') + 1;
  text_ = absl::StrCat(Abseil(text.substr(0, id_begin)), ConnectionOf(head.source, line.connection),
                       Abseil(text.substr(text.find(' ', id_begin))));
  writer.Write(line.receive_time, text_);
}

std::int64_t CaptureImport::ConnectionOf(std::size_t source, std::int64_t connection) {
  if (sources_.size() == 1) return connection;
  const auto next = static_cast<std::int64_t>(connections_.size()) + 1;
  return connections_.try_emplace({source, connection}, next).first->second;
}

}  // namespace thalweg
