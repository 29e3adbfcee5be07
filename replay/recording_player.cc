#include "replay/recording_player.h"

#include <algorithm>
#include <cassert>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

// In place of run and shard: no header's run is empty.
const std::pair<std::string, std::int64_t> kWithoutHeader{"", -1};

// The lines that a segment begins with, so that it can be read alone.
bool IsRepeated(LineKind kind) noexcept {
  return kind == LineKind::kRest || kind == LineKind::kConnOpen;
}

// What a pipe has given is gone: it is opened once only.
bool IsPipe(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_fifo(path, error);
}

std::int64_t BytesOf(const std::string& path) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(bytes);
}

void AddSymbolsSeen(const Engine& engine, std::set<std::string>* seen) {
  for (const std::string& name : engine.filtered_symbols()) seen->insert(name);
  for (const auto& symbol : engine.symbols()) {
    if (symbol->seen()) seen->insert(symbol->name());
  }
}

}  // namespace

RecordingPlayer::RecordingPlayer(const EngineOptions& options, const Catalogue& catalogue,
                                 EngineOutput& output, const PlayerOptions& player_options,
                                 Teller tell)
    : RecordingPlayer(
          player_options,
          [&options, &catalogue, &output](const SegmentHeader&) {
            return std::make_shared<Engine>(options, catalogue, output);
          },
          std::move(tell)) {}

RecordingPlayer::RecordingPlayer(const PlayerOptions& player_options, EngineMaker make, Teller tell)
    : player_options_(player_options),
      make_(std::move(make)),
      tell_(std::move(tell)),
      newest_(*make_({})),
      unused_(newest_) {}

absl::Status RecordingPlayer::CheckReadable(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (IsPipe(path)) continue;
    const auto reader = RecordingReader::Open(path, {});
    if (!reader.ok()) return reader.status();
  }
  return absl::OkStatus();
}

absl::Status RecordingPlayer::Run(const std::vector<std::string>& paths) {
  absl::Status opened = Open(paths);
  if (!opened.ok()) return opened;
  for (;;) {
    const absl::StatusOr<bool> stepped = Step();
    if (!stepped.ok()) return stepped.status();
    if (!*stepped) return absl::OkStatus();
  }
}

absl::Status RecordingPlayer::Open(const std::vector<std::string>& paths) {
  assert(files_ == nullptr && paths_begun_ == paths_.size());
  // Every file is looked at first: a name that is wrong is told before hours of work.
  absl::Status readable = CheckReadable(paths);
  if (!readable.ok()) return readable;
  const bool any_pipe = std::any_of(paths.begin(), paths.end(), IsPipe);
  for (const std::string& path : paths) bytes_total_ += any_pipe ? 0 : BytesOf(path);
  paths_ = paths;
  paths_begun_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<bool> RecordingPlayer::Step() {
  absl::Status status;
  while (status.ok() && !stopped_) {
    if (files_ == nullptr) {
      if (paths_begun_ == paths_.size()) return false;
      status = BeginFiles();
      continue;
    }
    std::string_view text;
    const ReadVerdict verdict = files_->Next(&text, &file_index_);
    if (verdict == ReadVerdict::kEnd) {
      status = EndFiles();
      continue;
    }
    status = PlayNext(verdict, text);
    if (status.ok() && !stopped_) return true;
    status.Update(EndFiles());
    if (status.ok()) return true;
  }
  paths_begun_ = paths_.size();
  if (!status.ok()) return status;
  return false;
}

absl::Status RecordingPlayer::BeginFiles() {
  const std::size_t end = player_options_.merge ? paths_.size() : paths_begun_ + 1;
  std::vector<std::unique_ptr<RecordingReader>> readers;
  for (; paths_begun_ < end; ++paths_begun_) {
    auto reader = RecordingReader::Open(paths_[paths_begun_], {.salvage = player_options_.salvage});
    if (!reader.ok()) return reader.status();
    readers.push_back(*std::move(reader));
  }
  tracks_.assign(readers.size(), Track{newest_});
  engine_in_use_ = nullptr;
  files_ = std::make_unique<RecordingMerge>(std::move(readers));
  file_index_ = 0;
  time_before_ = receive_time_;
  follows_ = counts_.lines > 0;
  return absl::OkStatus();
}

absl::Status RecordingPlayer::PlayNext(ReadVerdict verdict, std::string_view text) {
  Track& track = tracks_[file_index_];
  const bool first = track.good_lines == 0;
  absl::Status status = Play(track, verdict, text);
  if (!status.ok() || stopped_) return status;
  if (first && track.good_lines == 1 && follows_ && receive_time_ < time_before_) {
    ++counts_.overlapping_files;
    tell_({"starts before the recording before it ended"});
  }
  return absl::OkStatus();
}

absl::Status RecordingPlayer::EndFiles() {
  absl::Status status;
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    file_index_ = i;
    status.Update(Finish(files_->reader(i), tracks_[i]));
    bytes_before_ += files_->reader(i).bytes_total();
  }
  files_before_ += static_cast<std::int64_t>(tracks_.size());
  files_ = nullptr;
  tracks_.clear();
  return status;
}

absl::Status RecordingPlayer::Play(Track& track, ReadVerdict verdict, std::string_view text) {
  if (verdict == ReadVerdict::kHole) {
    PlayHole(track);
    return absl::OkStatus();
  }
  ++counts_.lines;
  ++track.lines;
  track.engine->BeginSource(files_before_ + static_cast<std::int64_t>(file_index_),
                            !player_options_.merge);
  const RecordingLine line = ParseRecordingLine(text);
  if (line.kind == LineKind::kMalformed) {
    ++counts_.malformed_lines;
    tell_({absl::StrCat("no line of a recording: ", Abseil(line.reason)), true});
    return absl::OkStatus();
  }
  if (line.kind == LineKind::kUnknownVersion) {
    const RecordingReader& reader = files_->reader(file_index_);
    return UnknownVersionError(reader.path(), reader.line_number(), line);
  }
  ++track.good_lines;
  receive_time_ = line.receive_time;
  if (gate_) gate_(line);
  if (stopped_) return absl::OkStatus();
  absl::Status status = Use(track, line);
  if (!status.ok()) return status;
  engine_in_use_ = track.engine.get();
  if (watcher_) watcher_(line);
  return absl::OkStatus();
}

// An unknown number of lines is missing: at least one.
void RecordingPlayer::PlayHole(Track& track) {
  ++counts_.holes;
  engine_in_use_ = track.engine.get();
  const absl::string_view damage = files_->reader(file_index_).status().message();
  tell_({absl::StrCat("damage stepped over, lines are missing here: ", damage)});
  track.engine->OnLost(1);
  segments_.erase(track.engine.get());
}

absl::Status RecordingPlayer::Use(Track& track, const RecordingLine& line) {
  Engine& engine = *track.engine;
  if (track.engine == unused_ && line.kind != LineKind::kHeader) {
    shards_.emplace(kWithoutHeader, std::move(unused_));
  }
  if (IsRepeated(line.kind) && track.repeats > 0) {
    --track.repeats;
    return absl::OkStatus();
  }
  track.repeats = 0;
  switch (line.kind) {
    case LineKind::kFrame:
      engine.OnFrame(line.receive_time, line.payload);
      break;
    case LineKind::kHeader:
      return BeginRun(track, line);
    case LineKind::kRest:
      engine.OnRest(line.receive_time, line.target, line.payload);
      break;
    case LineKind::kConnOpen:
      engine.OnConnectionOpen(line.connection, line.url);
      break;
    case LineKind::kConnClose:
      engine.OnConnectionClosed(line.connection);
      break;
    case LineKind::kDrop:
      engine.OnDropped(line.count, line.stream, line.symbol);
      break;
    case LineKind::kLost:
      engine.OnLost(line.count);
      break;
    case LineKind::kAudit:
      engine.OnAuditBegun(line.symbol);
      break;
    case LineKind::kDigest:
      break;
    case LineKind::kOtherHash:
    case LineKind::kUnknownVersion:
    case LineKind::kMalformed:
      ++counts_.other_lines;
      break;
  }
  return absl::OkStatus();
}

// A new run begins fresh engines; a further segment of the same run and shard goes on with its own.
absl::Status RecordingPlayer::BeginRun(Track& track, const RecordingLine& line) {
  SegmentHeader header;
  if (!ParseSegmentHeader(line.payload, &header)) {
    ++counts_.malformed_lines;
    tell_({"a header without a run: read as a recording without a header", true});
    return absl::OkStatus();
  }
  // Interleaved runs go on beside each other; one after another, the earlier one has ended.
  if (header.run != run_ && !player_options_.merge) EndRun();
  run_ = header.run;
  std::shared_ptr<Engine>& engine = shards_[{header.run, header.shard}];
  if (!engine) {
    absl::StatusOr<std::shared_ptr<Engine>> made = MakeEngine(header);
    if (!made.ok()) return made.status();
    engine = *std::move(made);
  }
  // Live, the engine was not given again what it had: a replay that comes from the segment before
  // does not give it either.
  const auto before = segments_.find(engine.get());
  const bool continues = before != segments_.end() && before->second + 1 == header.segment;
  track.repeats = continues ? header.repeats : 0;
  segments_.insert_or_assign(engine.get(), header.segment);
  track.engine = engine;
  newest_ = engine;
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Engine>> RecordingPlayer::MakeEngine(const SegmentHeader& header) {
  absl::StatusOr<std::shared_ptr<Engine>> engine = make_(header);
  if (!engine.ok()) {
    const RecordingReader& reader = files_->reader(file_index_);
    return absl::Status(
        engine.status().code(),
        absl::StrCat(reader.path(), ":", reader.line_number(), ": ", engine.status().message()));
  }
  for (const std::string& symbol : header.symbols) (*engine)->AddSymbol(symbol);
  return engine;
}

void RecordingPlayer::EndRun() {
  seen_in_earlier_runs_ = SymbolsSeen();
  for (const auto& [shard, engine] : shards_) {
    for (const auto& symbol : engine->symbols()) {
      if (!symbol->live()) counts_.not_live_at_run_end.push_back(symbol->name());
    }
  }
  shards_.clear();
  segments_.clear();
}

absl::Status RecordingPlayer::Finish(const RecordingReader& reader, const Track& track) {
  if (reader.end() == FileEnd::kOpen) return absl::OkStatus();  // Another one ended the replay.
  const absl::string_view reason = reader.status().message();
  if (reader.end() == FileEnd::kCut) {
    ++counts_.cut_files;
    segments_.erase(track.engine.get());
    tell_({absl::StrCat("its end is cut: ", reason)});
  }
  if (reader.end() == FileEnd::kDamaged) return reader.status();
  if (track.lines == 0 && reader.end() != FileEnd::kCut) {
    ++counts_.empty_files;
    tell_({"holds no line"});
  }
  if (track.lines > 0 && track.good_lines == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(reader.path(), ": nothing in it is a line of a recording"));
  }
  return absl::OkStatus();
}

PlayerPosition RecordingPlayer::position() const {
  PlayerPosition position;
  position.bytes_total = bytes_total_;
  position.bytes_read = bytes_before_;
  position.receive_time = receive_time_;
  if (files_ == nullptr) return position;
  for (std::size_t i = 0; i < files_->reader_count(); ++i) {
    position.bytes_read += files_->reader(i).bytes_read();
  }
  position.path = files_->reader(file_index_).path();
  position.line = files_->reader(file_index_).line_number();
  return position;
}

std::vector<const Engine*> RecordingPlayer::engines() const {
  std::vector<const Engine*> engines;
  for (const auto& [shard, engine] : shards_) engines.push_back(engine.get());
  if (engines.empty()) engines.push_back(newest_.get());
  return engines;
}

void RecordingPlayer::OnTimer(ReceiveTime now) {
  for (const auto& [shard, engine] : shards_) engine->OnTimer(now);
  if (shards_.empty()) newest_->OnTimer(now);
}

const SymbolEngine* RecordingPlayer::FindSymbol(std::string_view name) const {
  if (shards_.empty()) return newest_->FindSymbol(name);
  for (const auto& [shard, engine] : shards_) {
    if (const SymbolEngine* const symbol = engine->FindSymbol(name)) return symbol;
  }
  return nullptr;
}

std::set<std::string> RecordingPlayer::SymbolsSeen() const {
  std::set<std::string> seen = seen_in_earlier_runs_;
  for (const Engine* engine : engines()) AddSymbolsSeen(*engine, &seen);
  AddSymbolsSeen(*newest_, &seen);
  return seen;
}

}  // namespace thalweg
