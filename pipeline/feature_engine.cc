#include "pipeline/feature_engine.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

constexpr std::size_t kHeaderWords = sizeof(RecordHeader) / sizeof(double);
// Records and bytes that there is room for at the start: a few of the former, the largest recorded
// diff of the latter.
constexpr std::size_t kPolledRecordsAtStart = 16;
constexpr std::size_t kPaddedBytesAtStart = std::size_t{64} << 10;

}  // namespace

const std::string& FeatureRecord::symbol() const noexcept { return symbol_->name(); }

// What must not move when the engine does.
class FeatureEngine::State final : public EngineOutput {
 public:
  State(EngineOptions options, std::unique_ptr<EngineSource> source)
      : options_(std::move(options)),
        catalogue_(MakeCatalogue(options_)),
        record_bytes_(RecordBytes(catalogue_.features().size())),
        padded_(kPaddedBytesAtStart + 2 * kPayloadPadding),
        source_(std::move(source)) {
    if (source_ == nullptr) engine_.emplace(options_, catalogue_, *this);
    GrowPolled(kPolledRecordsAtStart);
  }

  [[nodiscard]] absl::Status OpenSource() {
    return source_ == nullptr ? absl::OkStatus() : source_->Open(options_, catalogue_, *this);
  }

  // The engine, for the next push: what the one before made is gone.
  Engine& Begin() noexcept {
    assert(engine_ && "an engine with a source is given its input by it");
    DropPolled();
    return *engine_;
  }

  // A copy of the text with room around it; good until the next one.
  [[nodiscard]] std::string_view Padded(std::string_view text) {
    const std::size_t needed = text.size() + 2 * kPayloadPadding;
    if (padded_.size() < needed) padded_.resize(std::max(needed, 2 * padded_.size()));
    char* const begin = padded_.data() + kPayloadPadding;
    if (!text.empty()) std::memcpy(begin, text.data(), text.size());
    return {begin, text.size()};
  }

  SourceStep Step() {
    DropPolled();
    if (source_ == nullptr || ended_) return SourceStep::kEnded;
    const SourceStep step = source_->Step();
    ended_ = step == SourceStep::kEnded;
    return step;
  }

  const FeatureRecord* Poll() {
    if (on_record) return nullptr;
    while (polled_ == made_) {
      if (Step() != SourceStep::kStepped) return nullptr;
    }
    const std::size_t place = polled_++ % kPolledRecordsMax;
    record_ = FeatureRecord(*polled_symbols_[place],
                            std::span(polled_bytes_).subspan(place * record_bytes_, record_bytes_));
    return &record_;
  }

  [[nodiscard]] const SymbolEngine* FindSymbol(std::string_view name) const {
    return engine_ ? engine_->FindSymbol(name) : source_->FindSymbol(name);
  }

  [[nodiscard]] absl::Status status() const {
    return source_ == nullptr ? absl::OkStatus() : source_->status();
  }
  [[nodiscard]] bool ended() const noexcept { return source_ == nullptr || ended_; }
  [[nodiscard]] std::uint64_t record_count() const noexcept { return record_count_; }
  [[nodiscard]] std::uint64_t lost_count() const noexcept { return lost_count_; }
  [[nodiscard]] const EngineOptions& options() const noexcept { return options_; }
  [[nodiscard]] const Catalogue& catalogue() const noexcept { return catalogue_; }

  std::function<void(const FeatureRecord&)> on_record;
  std::function<void(const SymbolEngine&)> on_status;
  std::function<void(const SnapshotWish&)> on_snapshot_wanted;
  std::function<void(const Notice&)> on_notice;

 private:
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    record.set_seq(++record_count_);
    if (on_record) {
      on_record(FeatureRecord(symbol, record.bytes()));
      return;
    }
    const std::size_t place = made_++ % kPolledRecordsMax;
    if (place == polled_symbols_.size()) GrowPolled(2 * place);
    polled_symbols_[place] = &symbol;
    std::memcpy(polled_bytes_.data() + place * record_bytes_, record.bytes().data(), record_bytes_);
    if (made_ - polled_ > kPolledRecordsMax) {
      ++polled_;
      ++lost_count_;
    }
  }
  void OnStatus(const SymbolEngine& symbol) override {
    if (on_status) on_status(symbol);
  }
  void OnSnapshotWanted(const SymbolEngine& symbol, SnapshotReason reason) override {
    if (on_snapshot_wanted) on_snapshot_wanted({symbol.name(), symbol.market(), reason});
  }
  void OnNotice(const Notice& notice) override {
    if (on_notice) on_notice(notice);
  }

  void GrowPolled(std::size_t count) {
    polled_symbols_.resize(count);
    polled_bytes_.resize(count * record_bytes_);
  }
  void DropPolled() noexcept { made_ = polled_ = 0; }

  const EngineOptions options_;
  const Catalogue catalogue_;
  const std::size_t record_bytes_;
  std::uint64_t record_count_ = 0;
  std::uint64_t lost_count_ = 0;

  // Records of the newest push, made and polled so far. Record n of them lies at n modulo the
  // bound; there are as many places as one push ever filled.
  std::size_t made_ = 0;
  std::size_t polled_ = 0;
  std::vector<const SymbolEngine*> polled_symbols_;
  std::vector<std::byte> polled_bytes_;
  FeatureRecord record_;  // The one that was polled last.

  std::vector<char> padded_;
  bool ended_ = false;
  // Either of them. Last: they tell this object until they are gone.
  std::optional<Engine> engine_;
  std::unique_ptr<EngineSource> source_;
};

FeatureEngine::FeatureEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}
FeatureEngine::FeatureEngine(FeatureEngine&&) noexcept = default;
FeatureEngine& FeatureEngine::operator=(FeatureEngine&&) noexcept = default;
FeatureEngine::~FeatureEngine() = default;

absl::StatusOr<FeatureEngine> FeatureEngine::Make(EngineOptions options) {
  return Make(std::move(options), nullptr);
}

absl::StatusOr<FeatureEngine> FeatureEngine::Make(EngineOptions options,
                                                  std::unique_ptr<EngineSource> source) {
  absl::Status status = ValidateOptions(options);
  if (!status.ok()) return status;
  auto state = std::make_unique<State>(std::move(options), std::move(source));
  status = state->OpenSource();
  if (!status.ok()) return status;
  return FeatureEngine(std::move(state));
}

void FeatureEngine::set_on_record(std::function<void(const FeatureRecord&)> on_record) {
  state_->on_record = std::move(on_record);
}
void FeatureEngine::set_on_status(std::function<void(const SymbolEngine&)> on_status) {
  state_->on_status = std::move(on_status);
}
void FeatureEngine::set_on_snapshot_wanted(
    std::function<void(const SnapshotWish&)> on_snapshot_wanted) {
  state_->on_snapshot_wanted = std::move(on_snapshot_wanted);
}
void FeatureEngine::set_on_notice(std::function<void(const Notice&)> on_notice) {
  state_->on_notice = std::move(on_notice);
}

FrameOutcome FeatureEngine::Push(ReceiveTime received, std::string_view frame) {
  return state_->Begin().OnFrame(received, state_->Padded(frame));
}
FrameOutcome FeatureEngine::PushPadded(ReceiveTime received, std::string_view frame) {
  return state_->Begin().OnFrame(received, frame);
}
void FeatureEngine::PushRest(ReceiveTime received, std::string_view target, std::string_view body) {
  state_->Begin().OnRest(received, target, state_->Padded(body));
}
void FeatureEngine::PushConnectionOpen(std::int64_t connection, std::string_view url) {
  state_->Begin().OnConnectionOpen(connection, url);
}
void FeatureEngine::PushConnectionClosed(std::int64_t connection) {
  state_->Begin().OnConnectionClosed(connection);
}
void FeatureEngine::PushDropped(std::int64_t count, std::string_view stream,
                                std::string_view symbol) {
  state_->Begin().OnDropped(count, stream, symbol);
}
void FeatureEngine::PushLost(std::int64_t count) { state_->Begin().OnLost(count); }
void FeatureEngine::PushTimer(ReceiveTime now) { state_->Begin().OnTimer(now); }

SourceStep FeatureEngine::Step() { return state_->Step(); }

absl::Status FeatureEngine::Run() {
  while (state_->Step() != SourceStep::kEnded) {
  }
  return status();
}

absl::Status FeatureEngine::status() const { return state_->status(); }
bool FeatureEngine::ended() const noexcept { return state_->ended(); }

const FeatureRecord* FeatureEngine::Poll() { return state_->Poll(); }
std::uint64_t FeatureEngine::record_count() const noexcept { return state_->record_count(); }
std::uint64_t FeatureEngine::lost_count() const noexcept { return state_->lost_count(); }

absl::StatusOr<RecordColumn> FeatureEngine::Column(std::string_view feature) const {
  const std::vector<Feature>& features = state_->catalogue().features();
  const auto found = std::find_if(features.begin(), features.end(),
                                  [feature](const Feature& f) { return f.name == feature; });
  if (found == features.end()) {
    return absl::NotFoundError(absl::StrCat("no feature is named '", Abseil(feature),
                                            "' with these options (thalweg schema lists them)"));
  }
  return RecordColumn(kHeaderWords + static_cast<std::size_t>(found - features.begin()));
}

std::optional<BookView> FeatureEngine::book(std::string_view symbol) const {
  const SymbolEngine* const engine = FindSymbol(symbol);
  return engine == nullptr ? std::nullopt : BookView::Of(*engine);
}
const SymbolEngine* FeatureEngine::FindSymbol(std::string_view symbol) const {
  return state_->FindSymbol(symbol);
}
const EngineOptions& FeatureEngine::options() const noexcept { return state_->options(); }
const Catalogue& FeatureEngine::catalogue() const noexcept { return state_->catalogue(); }

}  // namespace thalweg
