// The whole engine: a recording's text, line by line, as a player gives it; every record that comes
// out must be one that a reader can rely on.
//
// The first line of an input chooses options, a letter an option in any order: `s`erve on gaps, a
// record for `a`ll messages or a `t`imer, `g`: aggTrade feeds the trades, an `i`nstrument is given,
// `w`: only one symbol is wanted, `m`: futures. The rest is the text.

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "core/quality.h"
#include "tests/feeds/decode/padded_text.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/pipeline/engine_lines.h"

namespace thalweg {
namespace {

using fuzz::Require;

constexpr std::string_view kSymbol = "BTCUSDT";

EngineOptions OptionsOf(std::string_view letters) {
  const auto has = [&](char letter) { return letters.find(letter) != std::string_view::npos; };
  EngineOptions options;
  options.bucket_sizes = {"1", "10", "500"};
  if (has('s')) options.on_gap = OnGap::kServe;
  if (has('a')) options.emit = EmitPolicy::All();
  // Seldom enough that an hour of silence is not the whole run.
  if (has('t')) options.emit.interval = kEmitIntervalMax;
  if (has('g')) options.trade_stream = TradeStream::kAggTrade;
  if (has('i')) options.instruments = {*ParseInstrumentOption("BTCUSDT:0.01:0.00001")};
  if (has('w')) options.symbols = {std::string(kSymbol)};
  if (has('m')) options.market = Market::kUsdM;
  return options;
}

// Where the catalogue begins.
constexpr std::size_t kBestBid = 0;
constexpr std::size_t kBestAsk = 2;

constexpr QualityWord kContentBits = quality::kCrossed | quality::kOneSided | quality::kShortBook |
                                     quality::kHorizon | quality::kSweepThin | quality::kQtyCapped;
constexpr QualityWord kHorizonBits = QualityWord{0xFF} << quality::kFirstHorizonBit;

// Every bit that has a name.
QualityWord NamedBits() {
  QualityWord named = 0;
  for (int bit = 0; bit < 64; ++bit) {
    if (!QualityBitName(bit).empty()) named |= QualityWord{1} << bit;
  }
  return named;
}

// Judges records as they come.
class RecordJudge final : public EngineOutput {
 public:
  explicit RecordJudge(const Catalogue& catalogue) : catalogue_(catalogue) {
    Require(catalogue.features()[kBestBid].name == "best_bid" &&
                catalogue.features()[kBestAsk].name == "best_ask",
            "the best prices stand where they are looked for");
  }

  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    const RecordHeader header = record.header();
    CheckHeader(symbol, header);
    CheckFlags(header.flags);
    const std::span<const double> features = std::as_const(record).features();
    Require(features.size() == catalogue_.features().size(), "one value a feature");
    for (std::size_t i = 0; i < features.size(); ++i) {
      CheckValue(features[i], catalogue_.features()[i]);
    }
    CheckBook(header.flags, features);
    CheckPadding(record);
  }

  // A clock that begins anew may go back.
  void OnNotice(const Notice& notice) override {
    if (notice.kind == NoticeKind::kClockRestarted) clocks_.erase(std::string(notice.symbol));
  }

 private:
  void CheckHeader(const SymbolEngine& symbol, const RecordHeader& header) {
    Require(header.schema_hash == catalogue_.schema_hash(), "a record names its schema");
    Require(header.seq == 0 && header.publish_ns == 0 && header.live_flags == 0,
            "what belongs to the output is left to it");
    Require(header.trigger >= 1 && header.trigger <= 4, "a record has a trigger");
    Require(header.symbol_id == Index(symbol.id()), "a record names its symbol");
    Require(static_cast<std::int64_t>(header.update_id) >= 0, "a book has an id");
    const auto [clock, first] = clocks_.emplace(symbol.name(), header.event_ns);
    Require(first || header.event_ns >= clock->second, "the clock of a symbol never goes back");
    clock->second = header.event_ns;
  }

  static void CheckFlags(QualityWord flags) {
    static const QualityWord kNamed = NamedBits();
    Require((flags & ~kNamed) == 0, "only bits with a name are set");
    const bool invalid = (flags & quality::kBookInvalid) != 0;
    Require(!invalid || (flags & quality::kResyncing) != 0, "an invalid book is being resynced");
    Require(!invalid || (flags & (kContentBits | kHorizonBits)) == 0,
            "nothing is said of the content of an invalid book");
    Require((flags & (quality::kCrossed | quality::kOneSided)) !=
                (quality::kCrossed | quality::kOneSided),
            "a book with one side is not crossed");
    for (std::size_t i = 1; i < quality::kWarmupWindows.size(); ++i) {
      const QualityWord shorter = QualityWord{1}
                                  << (quality::kFirstWarmupBit + static_cast<int>(i) - 1);
      Require((flags & shorter) == 0 || (flags & shorter << 1) != 0,
              "no window is warm before a shorter one");
    }
  }

  static void CheckValue(double value, const Feature& feature) {
    if (value != value) {
      Require(std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(kNaN),
              "there is one NaN");
      return;
    }
    Require(value - value == 0, feature.name + " is finite");
    Require(std::bit_cast<std::uint64_t>(value) != std::bit_cast<std::uint64_t>(-0.0),
            feature.name + " is no negative zero");
    const std::string_view range = feature.row->range;
    // A level at price 0 and a fill of quantity 0 are accepted (docs/NUMBERS.md): what is positive
    // otherwise is 0 then.
    if (range == "> 0" || range == ">= 0") Require(value >= 0, feature.name + " is not negative");
    if (range == "[-1, 1]") Require(value >= -1 && value <= 1, feature.name + " is in [-1, 1]");
  }

  // Features of a book that cannot be trusted are not there; a mid needs two sides that do not
  // cross.
  void CheckBook(QualityWord flags, std::span<const double> features) const {
    if ((flags & quality::kBookInvalid) != 0) {
      for (std::size_t i = 0; i < catalogue_.GroupBegin(FeatureGroup::kTrades); ++i) {
        Require(features[i] != features[i], "an invalid book has no features");
      }
      return;
    }
    const double bid = features[kBestBid];
    const double ask = features[kBestAsk];
    const bool one_sided = bid != bid || ask != ask;
    Require(one_sided == ((flags & quality::kOneSided) != 0),
            "ONE_SIDED is a side without a price");
    Require((bid >= ask) == ((flags & quality::kCrossed) != 0),
            "CROSSED is a bid at or above the ask");
  }

  void CheckPadding(const RecordBuffer& record) const {
    const std::span<const std::byte> bytes = record.bytes();
    Require(bytes.size() == RecordBytes(catalogue_.features().size()), "a record has its size");
    const std::size_t used = sizeof(RecordHeader) + catalogue_.features().size() * sizeof(double);
    for (const std::byte byte : bytes.subspan(used)) Require(byte == std::byte{0}, "padding is 0");
  }

  const Catalogue& catalogue_;
  std::map<std::string, std::int64_t> clocks_;
};

void CheckSymbols(const Engine& engine) {
  for (const auto& symbol : engine.symbols()) {
    const OrderBook* const book = symbol->book();
    if (book == nullptr) continue;
    Require(book->CheckBuckets(), "buckets are what the levels say");
    Require(symbol->state() != SymbolState::kDown, "a symbol with a book is not down");
  }
}

// A line in memory of its own, with the padding that is promised and not a byte more.
void Give(std::string_view text, Engine* engine, std::int64_t* source) {
  const PaddedText padded(text);
  const RecordingLine line = ParseRecordingLine(padded.view());
  if (line.kind == LineKind::kMalformed) return;
  if (line.kind == LineKind::kHeader) {
    ++*source;
    engine->BeginSource(*source, *source % 2 == 0);
  }
  GiveParsedLine(line.receive_time, line, engine);
  engine->OnTimer(line.receive_time);
}

void Play(std::string_view text, Engine* engine) {
  std::int64_t source = 0;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    Give(text.substr(0, newline), engine, &source);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  }
  CheckSymbols(*engine);
}

}  // namespace
}  // namespace thalweg

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  const std::string_view input = fuzz::TextOf(data, size);
  const std::size_t newline = std::min(input.find('\n'), input.size());
  const EngineOptions options = OptionsOf(input.substr(0, newline));
  fuzz::Require(ValidateOptions(options).ok(), "the options are good");
  const Catalogue catalogue = MakeCatalogue(options);
  RecordJudge judge(catalogue);
  Engine engine(options, catalogue, judge);
  Play(input.substr(std::min(newline + 1, input.size())), &engine);
  return 0;
}
