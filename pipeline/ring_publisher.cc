#include "pipeline/ring_publisher.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/ring_schema.h"
#include "core/string_view.h"
#include "features/ladder_record.h"
#include "pipeline/schema_text.h"

namespace thalweg {
namespace {

std::int64_t Now(clockid_t clock) noexcept {
  timespec time = {};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

std::uint64_t Unsigned(std::int64_t count) noexcept { return static_cast<std::uint64_t>(count); }

absl::Status CheckOptions(const RingPublisherOptions& options) {
  if (options.kinds.empty()) return absl::InvalidArgumentError("ring-records: no kind is named");
  if (options.tops_levels < 1 || options.tops_levels > kTopsLevelsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("tops: ", options.tops_levels, " is not in [1, ", kTopsLevelsMax, "]"));
  }
  return CheckRingName(options.name);
}

// Symbols that are named are all there are; others take the places that a table has by default.
std::uint32_t SymbolsMax(const EngineOptions& options) noexcept {
  const std::size_t named = std::min(options.symbols.size(), kRingEntriesMax);
  return named == 0 ? kRingSymbolsDefault : static_cast<std::uint32_t>(named);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RingPublisher>> RingPublisher::Create(
    const RingPublisherOptions& publishing, const EngineOptions& options,
    const Catalogue& catalogue) {
  absl::Status status = CheckOptions(publishing);
  if (!status.ok()) return status;
  absl::StatusOr<RingName> name =
      RingName::Take(publishing.name, publishing.mode, publishing.folder);
  if (!name.ok()) return name.status();
  std::unique_ptr<RingPublisher> publisher(new RingPublisher(*std::move(name)));
  publisher->tops_levels_ = publishing.tops_levels;
  publisher->interleaved_ = publishing.interleaved;
  publisher->statistics_.speed_milli = publishing.speed_milli;
  for (const RingKind kind : kRingKinds) {
    const bool wanted = std::count(publishing.kinds.begin(), publishing.kinds.end(), kind) > 0;
    status = wanted ? publisher->CreateRing(kind, publishing, options, catalogue)
                    : publisher->name_.Remove(kind);
    if (!status.ok()) return status;
  }
  publisher->Beat(MonotonicNow());
  return publisher;
}

absl::Status RingPublisher::CreateRing(RingKind kind, const RingPublisherOptions& publishing,
                                       const EngineOptions& options, const Catalogue& catalogue) {
  const RecordSchema schema = SchemaOf(kind, catalogue, publishing.tops_levels);
  RingShape shape;
  shape.kind = kind;
  shape.record_bytes = schema.record_bytes;
  shape.schema_hash = schema.hash;
  shape.schema = SchemaText(schema, options);
  shape.capacity = publishing.capacity.value_or(kind == RingKind::kFeatures ? kRingCapacityDefault
                                                                            : kRingCapacityOfBooks);
  shape.symbols_max = SymbolsMax(options);
  shape.wakes = publishing.wakes;
  shape.stages = stages_ring_ == nullptr;
  // Names are any bytes; a reader takes UTF-8 alone.
  const auto fields = ParseRingSchema(shape.schema, shape.record_bytes);
  if (!fields.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a name among the options cannot stand in a ring's schema, which is JSON: ",
                     fields.status().message()));
  }
  absl::StatusOr<std::unique_ptr<RingWriter>> writer = RingWriter::Create(name_, shape);
  if (!writer.ok()) return writer.status();
  Ring& made = ring(kind);
  made.writer = *std::move(writer);
  if (shape.stages) stages_ring_ = made.writer.get();
  made.schema_hash = schema.hash;
  const std::size_t words = (schema.record_bytes - sizeof(RecordHeader)) / sizeof(double);
  if (kind != RingKind::kFeatures) made.record = RecordBuffer(words);
  return absl::OkStatus();
}

std::int64_t RingPublisher::MonotonicNow() noexcept { return Now(CLOCK_MONOTONIC); }

// --- Hot --------------------------------------------------------------------------------------

StageClock* RingPublisher::TimeStages(std::uint32_t period) noexcept {
  if (!stage_clock_) stage_clock_.emplace(&RingPublisher::MonotonicNow, period);
  return &*stage_clock_;
}

void RingPublisher::BeginFrame(ReceiveTime received, std::int64_t monotonic, bool is_lagged,
                               std::int64_t socket_ns) noexcept {
  ++statistics_.frames;
  statistics_.receive_ns = received.raw();
  BeginInput(monotonic);
  is_lagged_ = is_lagged;
  if (!stage_clock_) return;
  if (socket_ns != kNoTime) stages_ring_->AddStage(Stage::kSocket, socket_ns);
  stage_clock_->BeginFrame(monotonic);
}

void RingPublisher::EndFrame() noexcept {
  const FrameTimes* const times = stage_clock_ ? stage_clock_->EndFrame() : nullptr;
  if (times == nullptr) return;
  for (const StageEntry& entry : kStages) {
    const std::int64_t time = (*times)[Index(entry.stage)];
    if (time != kNoTime) stages_ring_->AddStage(entry.stage, time);
  }
}

void RingPublisher::OnRecord(const SymbolEngine& symbol, RecordBuffer& record) {
  Listed* const listed = Find(symbol);
  if (listed == nullptr) return;
  const SymbolEngine* const before = std::exchange(listed->owner, &symbol);
  if (interleaved_ && before != nullptr && before != &symbol) {
    return status_.Update(absl::InvalidArgumentError(
        absl::StrCat("ring ", name_.name(), ": two books of ", symbol.name(),
                     ", of interleaved runs, would be published as one: replay them one by one")));
  }
  listed->seen = true;
  RecordHeader header = record.header();
  header.publish_ns = Now(CLOCK_REALTIME);
  const bool is_late = input_begin_ != 0 && MonotonicNow() - input_begin_ > kLaggedAfter;
  header.live_flags = is_lagged_ || is_late ? kLiveLagged : 0;
  record.set_header(header);
  if (const Ring& features = ring(RingKind::kFeatures); features.writer) {
    Publish(*features.writer, record, symbol);
  }
  SetStatus(symbol, header.flags & ~quality::kFirstAfterResync, header.event_ns, header.publish_ns);

  const auto trigger = static_cast<Trigger>(header.trigger);
  if (trigger != Trigger::kDepth && trigger != Trigger::kTimer) return;
  // While the record says that there is no book, there is none.
  const OrderBook* const book =
      (header.flags & quality::kBookInvalid) == 0 ? symbol.book() : nullptr;
  if (Ring& ladders = ring(RingKind::kLadders); ladders.writer) {
    header.schema_hash = ladders.schema_hash;
    ladders.record.set_header(header);
    ComputeLadders(book, symbol.bucket_sizes(), symbol.scale(), ladders.record.features());
    Publish(*ladders.writer, ladders.record, symbol);
  }
  if (Ring& tops = ring(RingKind::kTops); tops.writer) {
    header.schema_hash = tops.schema_hash;
    tops.record.set_header(header);
    ComputeTops(book, tops_levels_, symbol.scale(), tops.record.features());
    Publish(*tops.writer, tops.record, symbol);
  }
}

void RingPublisher::Publish(RingWriter& writer, const RecordBuffer& record,
                            const SymbolEngine& symbol) noexcept {
  if (writer.Publish(record.bytes(), symbol.id()) == 0) return;
  if (stage_clock_ && &writer == stages_ring_) stage_clock_->End(Stage::kPublish);
  if (input_begin_ != 0) writer.AddLatency(MonotonicNow() - input_begin_);
}

void RingPublisher::OnStatus(const SymbolEngine& symbol) {
  Listed* const listed = Find(symbol);
  if (listed == nullptr) return;
  // A symbol that no frame named has nothing to say against one of the same name in another shard's
  // engine that is fed.
  if (listed->seen && !symbol.seen()) return;
  listed->seen = symbol.seen();
  TellStatus(symbol);
}

void RingPublisher::TellStatus(const SymbolEngine& symbol) noexcept {
  const EventTime clock = symbol.clock().value_or(EventTime());
  SetStatus(symbol, symbol.quality(), clock.raw(), Now(CLOCK_REALTIME));
  SetCounts(symbol);
}

void RingPublisher::SetStatus(const SymbolEngine& symbol, QualityWord quality,
                              std::int64_t event_ns, std::int64_t wall_ns) noexcept {
  RingStatus status;
  status.changed_ns = wall_ns;
  status.quality = quality;
  status.update_id = Unsigned(symbol.update_id().raw());
  status.event_ns = event_ns;
  status.state = static_cast<std::uint32_t>(symbol.state());
  ForEachWriter([&](RingWriter& writer) { writer.SetStatus(symbol.id(), status); });
}

RingPublisher::Listed* RingPublisher::Find(const SymbolEngine& symbol) noexcept {
  const std::size_t place = Index(symbol.id());
  if (place >= listed_.size() || listed_[place].name != symbol.name()) return nullptr;
  return &listed_[place];
}

// --- Symbols, counts, time ----------------------------------------------------------------------

void RingPublisher::OnSymbol(const SymbolEngine& symbol) {
  const std::size_t place = Index(symbol.id());
  if (place == 0) BeginEngine();
  if (place == listed_.size()) {
    listed_.push_back({symbol.name()});
    ForEachWriter([&](RingWriter& writer) { writer.AddSymbol(symbol.id(), symbol.name()); });
  }
  if (Find(symbol) != nullptr) return TellStatus(symbol);
  status_.Update(absl::InvalidArgumentError(absl::StrCat(
      "ring ", name_.name(), ": ", symbol.name(), " would be symbol ", place, ", which is ",
      listed_[place].name,
      " there, because another run or shard numbers its symbols otherwise: name them with "
      "--symbols, in the order that they are to have")));
}

// What engines before knew is gone, also of symbols that the new one does not have.
void RingPublisher::BeginEngine() noexcept {
  TellAllDown();
  for (Listed& listed : listed_) listed.seen = false;
}

void RingPublisher::TellAllDown() noexcept {
  RingStatus down;
  down.changed_ns = Now(CLOCK_REALTIME);
  down.state = static_cast<std::uint32_t>(SymbolState::kDown);
  down.quality = quality::kBookInvalid | quality::kResyncing | quality::kStaleDepth |
                 quality::kStaleTicker | quality::kStaleTrade;
  for (std::size_t place = 0; place < listed_.size(); ++place) {
    ForEachWriter(
        [&](RingWriter& writer) { writer.SetStatus(static_cast<SymbolId>(place), down); });
  }
}

void RingPublisher::OnNotice(const Notice& notice) {
  if (notice.kind == NoticeKind::kUnnamedFrame) ++statistics_.unnamed_frames;
}

void RingPublisher::SetCounts(const SymbolEngine& symbol) noexcept {
  const SymbolCounts& counts = symbol.counts();
  const BookCounts& book = symbol.book_counts();
  RingSymbolCounts told;
  told.depth_frames = Unsigned(counts.depth_frames);
  told.ticker_frames = Unsigned(counts.ticker_frames);
  told.trade_frames = Unsigned(counts.trade_frames);
  told.malformed_frames = Unsigned(counts.malformed_frames);
  told.gaps = Unsigned(book.gaps);
  told.synchronisations = Unsigned(book.synchronisations);
  told.lost_inputs = Unsigned(counts.lost_inputs);
  ForEachWriter([&](RingWriter& writer) { writer.SetCounts(symbol.id(), told); });
}

void RingPublisher::SetCounts(const Engine& engine) noexcept {
  for (const auto& symbol : engine.symbols()) {
    const Listed* const listed = Find(*symbol);
    if (listed != nullptr && (symbol->seen() || !listed->seen)) SetCounts(*symbol);
  }
}

void RingPublisher::Beat(std::int64_t monotonic) noexcept {
  last_beat_ = monotonic;
  ForEachWriter([&](RingWriter& writer) {
    writer.SetStatistics(statistics_);
    writer.Beat(monotonic);
    if (writer.superseded() && status_.ok()) {
      status_ =
          absl::AbortedError(absl::StrCat(writer.path(), ": another writer has taken the name ",
                                          name_.name(), ": nothing is published any more"));
    }
  });
}

void RingPublisher::Close() noexcept {
  Beat(MonotonicNow());
  ForEachWriter([](RingWriter& writer) { writer.Close(); });
}

void RingPublisher::Abandon() noexcept {
  TellAllDown();
  ForEachWriter([](RingWriter& writer) { writer.Abandon(); });
}

}  // namespace thalweg
