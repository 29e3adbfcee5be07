#include "tools/top/ring_watch.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace thalweg {
namespace {

// A rate is over the last 2 seconds, and renewed twice a second: numbers that change faster cannot
// be read.
constexpr std::int64_t kSampleStep = kSecond / 2;
constexpr std::int64_t kRateSpan = 2 * kSecond;
// How long news are shown.
constexpr std::int64_t kNewsSpan = 10 * kSecond;
// More new records than this are not all read in one look: copying them takes a millisecond.
constexpr std::uint64_t kRecordsALook = 2'048;
constexpr std::string_view kUnreadableName = "(unreadable)";

double PerSecond(std::uint64_t before, std::uint64_t after, std::int64_t span_ns) {
  if (after < before || span_ns <= 0) return kNaN;
  return static_cast<double>(after - before) * 1e9 / static_cast<double>(span_ns);
}

}  // namespace

absl::StatusOr<RingWatch> RingWatch::Open(const std::string& name, const std::string& folder) {
  RingOpenOptions options;
  options.folder = folder;
  options.start = RingStart::kOldest;
  absl::StatusOr<RingReader> reader = RingReader::Open(name, options);
  if (!reader.ok()) return reader.status();
  RingWatch watch(*std::move(reader), BookWatch(name, folder));
  watch.scene_.name = name.substr(name.rfind('/') + 1);
  watch.Begin();
  return watch;
}

RingWatch::RingWatch(RingReader reader, BookWatch book)
    : reader_(std::move(reader)), book_(std::move(book)) {}

void RingWatch::Begin() {
  for (std::size_t i = 0; i < kFigureNames.size(); ++i) {
    const absl::StatusOr<RingColumn> column = reader_.Column(kFigureNames[i]);
    has_column_[i] = column.ok();
    if (column.ok()) columns_[i] = *column;
  }
  samples_.clear();
  trails_.clear();
  scene_.symbols.clear();
  scene_.generation = reader_.header().generation;
  scene_.pid = reader_.header().pid;
  book_.Follow(scene_.generation);
  // What the ring holds already. Some of it may be overwritten meanwhile: that is no loss.
  ReadRecords(reader_.header().capacity);
  lost_before_ = reader_.lost() - scene_.lost;
  scene_.skipped = 0;
}

const RingScene& RingWatch::Look(std::int64_t now_ns) {
  scene_.writer = reader_.writer();
  if (scene_.writer == RingWriterLife::kWriting) scene_.trouble.clear();
  const bool due = samples_.empty() || now_ns - samples_.back().at_ns >= kSampleStep;
  if (scene_.writer != RingWriterLife::kWriting && now_ns - followed_ns_ >= kSampleStep) {
    Follow(now_ns);
  }
  scene_.silent =
      scene_.writer == RingWriterLife::kSilent ? reader_.since_heartbeat_ns() : std::int64_t{0};
  if (now_ns >= news_until_ns_) scene_.news.clear();

  ReadRecords(kRecordsALook);
  scene_.records = reader_.newest();
  scene_.lost = reader_.lost() - lost_before_;
  scene_.statistics = reader_.statistics();
  scene_.latency = SummariseLatency(scene_.statistics);
  LookAtSymbols();
  LookAtStages();
  if (due || samples_.empty()) {
    TakeSample(now_ns);
    SetRates();
    SetLately();
  }
  return scene_;
}

// Opens the file that has the name now, if it is another one.
void RingWatch::Follow(std::int64_t now_ns) {
  followed_ns_ = now_ns;
  const absl::StatusOr<bool> another = reader_.Reopen();
  scene_.trouble = another.ok() ? "" : std::string(another.status().message());
  if (!another.ok() || !*another) return;
  scene_.lost = reader_.lost() - lost_before_;  // With what the old file held unread.
  Begin();
  scene_.writer = reader_.writer();
  scene_.news = absl::StrCat("generation ", scene_.generation, " took over");
  news_until_ns_ = now_ns + kNewsSpan;
}

void RingWatch::ReadRecords(std::uint64_t records_max) {
  constexpr auto kMid = static_cast<std::size_t>(Figure::kMid);
  for (std::uint64_t read = 0; read < records_max; ++read) {
    switch (reader_.Next()) {
      case RingRead::kRecord: {
        const RecordHeader header = reader_.record().header();
        if (header.symbol_id >= reader_.symbol_count()) break;
        if (header.symbol_id >= trails_.size()) trails_.resize(header.symbol_id + std::size_t{1});
        trails_[header.symbol_id].Add(header.event_ns,
                                      has_column_[kMid] ? reader_.record()[columns_[kMid]] : kNaN);
        break;
      }
      case RingRead::kLapped:
        break;
      case RingRead::kCorrupt:
        scene_.trouble = reader_.corruption();
        return;
      case RingRead::kNothing:
      case RingRead::kEnded:
        return;
    }
  }
  // The newest of each symbol lies in the table anyway.
  const std::uint64_t newest = reader_.newest();
  if (newest >= reader_.position()) {
    scene_.skipped += newest - reader_.position() + 1;
    reader_.Seek(newest + 1);
  }
}

void RingWatch::LookAtSymbols() {
  const std::size_t count = reader_.symbol_count();
  scene_.symbols.resize(count);
  trails_.resize(count);
  for (std::size_t id = 0; id < count; ++id) {
    SymbolScene& symbol = scene_.symbols[id];
    const std::optional<RingSymbol> now = reader_.symbol(id);
    symbol.readable = now.has_value();
    if (now) {
      symbol.name = now->name;
      symbol.status = now->status;
      symbol.counts = now->counts;
    } else if (symbol.name.empty()) {
      symbol.name = kUnreadableName;
    }
    if (!reader_.Latest(id)) continue;
    symbol.header = reader_.record().header();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (has_column_[i]) {
        symbol.figures[static_cast<Figure>(i)] = reader_.record()[columns_[i]];
      }
    }
  }
}

void RingWatch::LookAtStages() {
  for (const StageEntry& entry : kStages) {
    RingStage& stage = stages_[Index(entry.stage)];
    stage = reader_.stage(entry.stage).value_or(RingStage());
    scene_.stages[Index(entry.stage)].all =
        SummariseCells(LatencyCellCounts(stage.cells), stage.max_ns);
  }
}

void RingWatch::SetLately() {
  const Sample& last = samples_.back();
  const Sample& first = samples_.front();
  scene_.latency_lately = SummariseBetween(LatencyCellCounts(first.statistics.latency_cells),
                                           LatencyCellCounts(last.statistics.latency_cells),
                                           last.statistics.latency_max_ns);
  for (std::size_t i = 0; i < kStages.size(); ++i) {
    scene_.stages[i].lately =
        SummariseBetween(LatencyCellCounts(first.stages[i].cells),
                         LatencyCellCounts(last.stages[i].cells), last.stages[i].max_ns);
  }
}

BookScene RingWatch::Book(std::uint32_t symbol_id) {
  BookScene book = book_.Look(symbol_id);
  if (symbol_id < trails_.size()) book.mids = trails_[symbol_id].values();
  return book;
}

void RingWatch::TakeSample(std::int64_t now_ns) {
  Sample sample;
  sample.at_ns = now_ns;
  sample.records = scene_.records;
  sample.frames = scene_.statistics.frames;
  sample.statistics = scene_.statistics;
  sample.stages = stages_;
  sample.counts.reserve(scene_.symbols.size());
  for (const SymbolScene& symbol : scene_.symbols) sample.counts.push_back(symbol.counts);
  samples_.push_back(std::move(sample));
  while (samples_.size() > 2 && samples_[1].at_ns <= now_ns - kRateSpan) samples_.pop_front();
}

void RingWatch::SetRates() {
  const Sample& last = samples_.back();
  const Sample& first = samples_.front();
  scene_.records_rate = PerSecond(first.records, last.records, last.at_ns - first.at_ns);
  scene_.frames_rate = PerSecond(first.frames, last.frames, last.at_ns - first.at_ns);
  for (std::size_t id = 0; id < last.counts.size(); ++id) {
    // A symbol that came later is measured from its own first sample.
    const auto since = std::find_if(samples_.begin(), samples_.end(), [id](const Sample& sample) {
      return id < sample.counts.size();
    });
    const RingSymbolCounts& before = since->counts[id];
    const RingSymbolCounts& after = last.counts[id];
    const std::int64_t span = last.at_ns - since->at_ns;
    scene_.symbols[id].rates = {PerSecond(before.depth_frames, after.depth_frames, span),
                                PerSecond(before.ticker_frames, after.ticker_frames, span),
                                PerSecond(before.trade_frames, after.trade_frames, span)};
  }
}

void RingWatch::MidTrail::Add(std::int64_t event_ns, double mid) {
  const std::int64_t second = event_ns / kSecond;
  if (values_.empty() || second < second_) {
    values_.assign(1, mid);
  } else if (second == second_) {
    values_.back() = mid;
  } else {
    // Between two records the mid stays what it was; a longer silence is more than is kept.
    const auto steps = static_cast<std::uint64_t>(second) - static_cast<std::uint64_t>(second_);
    const std::uint64_t kept = std::min<std::uint64_t>(steps - 1, kMidSeconds);
    values_.insert(values_.end(), kept, double{values_.back()});
    values_.push_back(mid);
    if (values_.size() > kMidSeconds) {
      values_.erase(values_.begin(), values_.end() - static_cast<std::ptrdiff_t>(kMidSeconds));
    }
  }
  second_ = second;
}

}  // namespace thalweg
