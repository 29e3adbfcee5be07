#include "tools/latency_bench.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/string_view.h"
#include "feeds/decode/decoder.h"

namespace thalweg {
namespace {

constexpr std::size_t kCacheLineBytes = 64;

class CountingOutput final : public EngineOutput {
 public:
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    (void)symbol, (void)record;
    ++count;
  }
  std::int64_t count = 0;
};

std::optional<BenchKind> KindOf(FrameKind kind) noexcept {
  switch (kind) {
    case FrameKind::kDepth:
      return BenchKind::kDepth;
    case FrameKind::kBookTicker:
      return BenchKind::kTicker;
    case FrameKind::kTrade:
      return BenchKind::kTrade;
    default:
      return std::nullopt;
  }
}

// A frame that counts.
struct TimedFrame {
  std::size_t line = 0;
  BenchKind kind = BenchKind::kDepth;
  int qty_decimals = kQtyDecimalsMax;
  std::int64_t levels = 0;
  bool cold_sample = false;
  // Nanoseconds of the present round's plays.
  std::int64_t decode = 0;
  std::int64_t no_record = 0;
  std::int64_t whole = 0;
};

// An engine with everything that must outlive it.
struct Machine {
  explicit Machine(const EmitPolicy& emit) : options(OptionsWith(emit)) {}
  static EngineOptions OptionsWith(const EmitPolicy& emit) {
    EngineOptions options;
    options.emit = emit;
    return options;
  }
  const EngineOptions options;
  const Catalogue catalogue = MakeCatalogue(options);
  CountingOutput output;
  Engine engine{options, catalogue, output};
};

// Reads the body of a frame and nothing more; answers how many levels a diff has.
std::int64_t Decode(Decoder& decoder, std::string_view payload, int qty_decimals) {
  const FrameHead head = NameFrame(payload);
  if (head.kind == FrameKind::kDepth) {
    DepthDiff diff;
    (void)decoder.DecodeDepth(head, qty_decimals, &diff);
    return static_cast<std::int64_t>(diff.bids.size() + diff.asks.size());
  }
  if (head.kind == FrameKind::kBookTicker) {
    BookTicker ticker;
    (void)decoder.DecodeBookTicker(head, qty_decimals, &ticker);
  } else {
    Trade trade;
    (void)decoder.DecodeTrade(head, qty_decimals, &trade);
  }
  return 0;
}

class Bench {
 public:
  Bench(const LoadedRecording& recording, const Stopwatch& stopwatch)
      : lines_(recording.lines()),
        stopwatch_(stopwatch),
        sweep_(kSweepBytes / sizeof(std::uint64_t)) {
    Survey(recording);
  }

  [[nodiscard]] const BenchResult& result() const noexcept { return result_; }

  void RunWarm(int rounds, const std::function<void(int)>& progress) {
    double seconds_all = 0;
    double seconds_depth = 0;
    for (int round = 1; round <= rounds; ++round) {
      progress(round);
      PlayDecoder(false);
      PlayEngine(EmitPolicy::None(), &TimedFrame::no_record, false);
      PlayEngine(EmitPolicy::All(), &TimedFrame::whole, false);
      for (const TimedFrame& frame : frames_) Count(frame, &KindTimes::warm);
      seconds_all += PlaySeconds(EmitPolicy::All());
      seconds_depth += PlaySeconds(EmitPolicy{});
    }
    const double lines = static_cast<double>(lines_.size()) * rounds;
    result_.frames_per_second_all_records = lines / seconds_all;
    result_.frames_per_second_depth_records = lines / seconds_depth;
  }

  void RunCold() {
    PlayDecoder(true);
    PlayEngine(EmitPolicy::None(), &TimedFrame::no_record, true);
    PlayEngine(EmitPolicy::All(), &TimedFrame::whole, true);
    for (const TimedFrame& frame : frames_) {
      if (frame.cold_sample) Count(frame, &KindTimes::cold);
    }
  }

 private:
  KindTimes& TimesOf(BenchKind kind) { return result_.kinds[static_cast<std::size_t>(kind)]; }

  // Plays the recording once to find the frames that make one record each, and what they hold.
  void Survey(const LoadedRecording& recording) {
    Machine machine{EmitPolicy::All()};
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const std::int64_t before = machine.output.count;
      lines_[i].FeedTo(machine.engine);
      if (machine.output.count != before + 1 || !lines_[i].target.empty()) continue;
      const std::optional<BenchKind> kind = KindOf(NameFrame(lines_[i].payload).kind);
      if (kind) frames_.push_back({.line = i, .kind = *kind});
    }
    result_.records = machine.output.count;
    result_.uncounted_frames = recording.frame_count() - static_cast<std::int64_t>(frames_.size());

    // The unit of each symbol at the end: at least as fine as any of its frames needs.
    absl::flat_hash_map<std::string, int> decimals;
    for (const auto& symbol : machine.engine.symbols()) {
      decimals[symbol->name()] = symbol->grid().qty_decimals();
    }
    Decoder decoder;
    for (TimedFrame& frame : frames_) {
      const std::string_view payload = lines_[frame.line].payload;
      const auto unit = decimals.find(Abseil(NameFrame(payload).symbol));
      if (unit != decimals.end()) frame.qty_decimals = unit->second;
      frame.levels = Decode(decoder, payload, frame.qty_decimals);
      KindTimes& times = TimesOf(frame.kind);
      ++times.frames;
      times.levels += frame.levels;
    }
    ChooseColdSamples();
  }

  void ChooseColdSamples() {
    std::array<std::int64_t, kBenchKinds> seen{};
    for (TimedFrame& frame : frames_) {
      const std::int64_t period = 1 + (TimesOf(frame.kind).frames - 1) / kColdSamples;
      frame.cold_sample = seen[static_cast<std::size_t>(frame.kind)]++ % period == 0;
    }
  }

  void PlayDecoder(bool cold) {
    Decoder decoder;
    for (TimedFrame& frame : frames_) {
      if (cold && frame.cold_sample) Sweep();
      const std::uint64_t begin = stopwatch_.Now();
      (void)Decode(decoder, lines_[frame.line].payload, frame.qty_decimals);
      frame.decode = stopwatch_.Elapsed(begin, stopwatch_.Now());
    }
  }

  void PlayEngine(const EmitPolicy& emit, std::int64_t TimedFrame::*time, bool cold) {
    Machine machine(emit);
    auto next = frames_.begin();
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (next == frames_.end() || next->line != i) {
        lines_[i].FeedTo(machine.engine);
        continue;
      }
      if (cold && next->cold_sample) Sweep();
      const std::uint64_t begin = stopwatch_.Now();
      lines_[i].FeedTo(machine.engine);
      *next.*time = stopwatch_.Elapsed(begin, stopwatch_.Now());
      ++next;
    }
  }

  [[nodiscard]] double PlaySeconds(const EmitPolicy& emit) const {
    Machine machine(emit);
    const auto begin = std::chrono::steady_clock::now();
    for (const LoadedRecording::Line& line : lines_) line.FeedTo(machine.engine);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  void Count(const TimedFrame& frame, StageTimes KindTimes::*caches) {
    StageTimes& times = TimesOf(frame.kind).*caches;
    times.levels += frame.levels;
    const auto add = [&times](BenchStage stage, std::int64_t nanos) {
      times.stages[static_cast<std::size_t>(stage)].Add(nanos);
    };
    add(BenchStage::kDecode, frame.decode);
    add(BenchStage::kBook, frame.no_record - frame.decode);
    add(BenchStage::kFeatures, frame.whole - frame.no_record);
    add(BenchStage::kWhole, frame.whole);
  }

  void Sweep() noexcept {
    volatile std::uint64_t* const words = sweep_.data();
    for (std::size_t i = 0; i < sweep_.size(); i += kCacheLineBytes / sizeof(std::uint64_t)) {
      words[i] = words[i] + 1;
    }
  }

  const std::vector<LoadedRecording::Line>& lines_;
  const Stopwatch& stopwatch_;
  std::vector<std::uint64_t> sweep_;
  std::vector<TimedFrame> frames_;
  BenchResult result_;
};

}  // namespace

std::string_view StageName(BenchStage stage) noexcept {
  switch (stage) {
    case BenchStage::kDecode:
      return kStages[Index(Stage::kDecode)].title;
    case BenchStage::kBook:
      return kStages[Index(Stage::kBook)].title;
    case BenchStage::kFeatures:
      return kStages[Index(Stage::kFeatures)].title;
    case BenchStage::kWhole:
      return "whole frame";
  }
  return "";
}

std::string_view KindName(BenchKind kind) noexcept {
  switch (kind) {
    case BenchKind::kDepth:
      return "depth";
    case BenchKind::kTicker:
      return "bookTicker";
    case BenchKind::kTrade:
      return "trade";
  }
  return "";
}

BenchResult RunBench(const LoadedRecording& recording, const Stopwatch& stopwatch, int rounds,
                     const std::function<void(int)>& progress) {
  Bench bench(recording, stopwatch);
  if (bench.result().records > 0) {
    bench.RunWarm(rounds, progress);
    progress(rounds + 1);
    bench.RunCold();
  }
  return bench.result();
}

}  // namespace thalweg
