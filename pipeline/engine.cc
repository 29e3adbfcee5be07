#include "pipeline/engine.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/decimal.h"
#include "core/string_view.h"
#include "feeds/decode/json_escapes.h"
#include "feeds/decode/rest_target.h"
#include "feeds/decode/text_cursor.h"

namespace thalweg {
namespace {

// Names of streams are lower case in their ASCII letters, names of symbols upper case.
std::string ToSymbolName(std::string_view stream_symbol) {
  return absl::AsciiStrToUpper(Abseil(stream_symbol));
}

// Of a loss. One of an unknown kind may have been depth.
StreamKind KindOfDrop(std::string_view name) {
  if (name == "bookTicker" || name == "ticker") return StreamKind::kTicker;
  return name == "trade" || name == "aggTrade" ? StreamKind::kTrade : StreamKind::kDepth;
}

// A bucket is at most kTicksMax ticks of whatever tick it is counted in, the finest included.
constexpr Price kBucketSizeMax(kTicksMax.raw());

absl::Status ValidateSizes(const std::string& key, const std::vector<std::string>& sizes) {
  if (sizes.empty() || sizes.size() > quality::kBucketSizesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(key, ": ", sizes.size(), " sizes given, 1 to 8 are allowed"));
  }
  Price before;
  for (const std::string& text : sizes) {
    const absl::StatusOr<Price> size = ParsePositivePrice(text);
    if (!size.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(key, ": ", size.status().message()));
    }
    if (*size <= before) {
      return absl::InvalidArgumentError(
          absl::StrCat(key, ": ", absl::StrJoin(sizes, ","), " is not in ascending order"));
    }
    if (*size > kBucketSizeMax) {
      return absl::InvalidArgumentError(
          absl::StrCat(key, ": ", text, " is not in [0.00000001, ",
                       FormatDecimal(kBucketSizeMax.raw(), kPriceDecimals), "]"));
    }
    before = *size;
  }
  return absl::OkStatus();
}

// Bucket sizes must be whole numbers of a tick that was given.
absl::Status ValidateTick(const EngineOptions& options, const Instrument& instrument) {
  const std::int64_t tick = instrument.tick.raw();
  if (tick == 0) return absl::OkStatus();
  for (const std::string& size : BucketSizesOf(options, instrument.symbol)) {
    if (ParsePositivePrice(size)->raw() % tick == 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("buckets: ", size, " is not a multiple of the tick ",
                     FormatDecimal(tick, kPriceDecimals), " of ", instrument.symbol));
  }
  return absl::OkStatus();
}

// Every list of bucket sizes that a symbol of this engine may have.
std::set<std::vector<std::string>> BucketListsInPlay(const EngineOptions& options) {
  std::set<std::vector<std::string>> lists;
  for (const std::string& symbol : options.symbols) lists.insert(BucketSizesOf(options, symbol));
  if (!lists.empty()) return lists;
  lists.insert(options.bucket_sizes);
  for (const auto& [symbol, sizes] : options.symbol_bucket_sizes) lists.insert(sizes);
  return lists;
}

bool Names(const std::vector<std::string>& symbols, std::string_view name) {
  return std::find(symbols.begin(), symbols.end(), name) != symbols.end();
}

}  // namespace

const std::vector<std::string>& BucketSizesOf(const EngineOptions& options,
                                              const std::string& symbol) {
  const auto own = options.symbol_bucket_sizes.find(symbol);
  return own == options.symbol_bucket_sizes.end() ? options.bucket_sizes : own->second;
}

absl::Status ValidateOptions(const EngineOptions& options) {
  const std::set<std::string> names(options.symbols.begin(), options.symbols.end());
  if (names.size() != options.symbols.size()) {
    return absl::InvalidArgumentError("symbols: a symbol is named twice");
  }
  if (names.size() > kSymbolsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("symbols: ", names.size(), " are named, at most ", kSymbolsMax, " can be"));
  }
  if (names.contains("")) return absl::InvalidArgumentError("symbols: an empty name");

  absl::Status status = ValidateSizes("buckets", options.bucket_sizes);
  for (const auto& [symbol, sizes] : options.symbol_bucket_sizes) {
    if (status.ok()) status = ValidateSizes(absl::StrCat("buckets of ", symbol), sizes);
  }
  if (!status.ok()) return status;
  const std::set<std::vector<std::string>> lists = BucketListsInPlay(options);
  for (const std::vector<std::string>& list : lists) {
    if (list.size() != lists.begin()->size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "buckets: every symbol needs the same number of sizes; one without its own has ",
          absl::StrJoin(options.bucket_sizes, ","), " (--symbols admits only the symbols named)"));
    }
  }
  for (const Instrument& instrument : options.instruments) {
    if (status.ok()) status = ValidateTick(options, instrument);
  }
  // A whole exchangeInfo file names symbols that this input never has: only those asked for count.
  for (const Instrument& instrument : options.file_instruments) {
    if (status.ok() && names.contains(instrument.symbol)) {
      status = ValidateTick(options, instrument);
    }
  }
  if (!status.ok()) return status;
  if (options.snapshot_limit && *options.snapshot_limit == 0) {
    return absl::InvalidArgumentError("snapshot-limit: 0 is not in [1, 5000]");
  }
  const Nanos interval = options.emit.interval;
  if (interval != 0 && (interval < kEmitIntervalMin || interval > kEmitIntervalMax)) {
    return absl::InvalidArgumentError("emit: the interval is not in [1ms, 60000ms]");
  }
  if (options.audit_interval != 0 &&
      (options.audit_interval < kAuditIntervalMin || options.audit_interval > kAuditIntervalMax)) {
    return absl::InvalidArgumentError("audit: the interval is not 0 or in [1, 604800] seconds");
  }
  return absl::OkStatus();
}

Catalogue MakeCatalogue(const EngineOptions& options) {
  const std::set<std::vector<std::string>> lists = BucketListsInPlay(options);
  if (lists.size() == 1) return Catalogue(*lists.begin());
  std::vector<std::string> ranks;
  for (std::size_t i = 1; i <= lists.begin()->size(); ++i) ranks.push_back(absl::StrCat("b", i));
  return Catalogue(ranks);
}

Engine::Engine(const EngineOptions& options, const Catalogue& catalogue, EngineOutput& output)
    : options_(options), catalogue_(catalogue), output_(output) {
  for (const std::string& symbol : options_.symbols) AddSymbol(symbol);
}

void Engine::AddSymbol(std::string_view name) { (void)Find(name); }

void Engine::set_stage_clock(StageClock* clock) noexcept {
  stage_clock_ = clock;
  for (const auto& symbol : symbols_) symbol->set_stage_clock(clock);
}

// --- Frames -----------------------------------------------------------------------------------

FrameOutcome Engine::OnFrame(ReceiveTime received, std::string_view payload) {
  ++counts_.frames;
  const FrameHead head = NameFrame(payload);
  switch (head.kind) {
    case FrameKind::kDepth:
    case FrameKind::kBookTicker:
    case FrameKind::kTrade:
    case FrameKind::kAggTrade:
    case FrameKind::kKline:
    case FrameKind::kPartialDepth:
      break;
    case FrameKind::kSnapshot:
      return OnBareSnapshot(received, payload);
    case FrameKind::kServerShutdown:
      output_.OnNotice({.kind = NoticeKind::kServerShutdown, .symbol = {}});
      ++counts_.unused;
      return FrameOutcome::kUnused;
    case FrameKind::kControlReply:
      if (payload.find("\"code\"") != std::string_view::npos) {
        output_.OnNotice(
            {.kind = NoticeKind::kControlError, .symbol = {}, .text = payload.substr(0, 200)});
      }
      ++counts_.unused;
      return FrameOutcome::kUnused;
    case FrameKind::kOther:
      ++counts_.unused;
      return FrameOutcome::kUnused;
    case FrameKind::kUnnamed:
      ++counts_.unnamed;
      output_.OnNotice({.kind = NoticeKind::kUnnamedFrame, .symbol = {}});
      return FrameOutcome::kUnnamed;
  }

  SymbolEngine* const symbol = FindByStream(head);
  if (symbol == nullptr) {
    ++counts_.filtered;
    return FrameOutcome::kFiltered;
  }
  const FrameOutcome outcome = GiveFrame(*symbol, head, received);
  symbol->TellStatus();
  if (stage_clock_ != nullptr && outcome == FrameOutcome::kTaken) stage_clock_->End(Stage::kBook);
  return outcome;
}

FrameOutcome Engine::GiveFrame(SymbolEngine& symbol, const FrameHead& head, ReceiveTime received) {
  const FrameKind trades =
      options_.trade_stream == TradeStream::kTrade ? FrameKind::kTrade : FrameKind::kAggTrade;
  if (head.kind == FrameKind::kDepth) {
    symbol.OnDepth(head, decoder_, received);
  } else if (head.kind == FrameKind::kBookTicker) {
    symbol.OnTicker(head, decoder_, received);
  } else if (head.kind == trades) {
    symbol.OnTrade(head, decoder_, received);
  } else {
    symbol.OnUnusedFrame();
    ++counts_.unused;
    return FrameOutcome::kUnused;
  }
  return FrameOutcome::kTaken;
}

const SymbolEngine* Engine::FindSymbol(std::string_view name) const {
  const auto known = by_name_.find(Abseil(name));
  return known == by_name_.end() ? nullptr : known->second.engine;
}

SymbolEngine* Engine::FindByStream(const FrameHead& head) {
  // The stream's symbol counts: a payload that names another one, be it by its case, is malformed,
  // and its stream's loss.
  if (head.stream_symbol.empty()) {
    return HasEscapes(head.symbol) ? FindNamed(Unescaped(head.symbol)) : FindNamed(head.symbol);
  }
  if (IsSymbolOfStream(head.stream_symbol, head.symbol)) return FindNamed(head.symbol);
  return FindNamed(ToSymbolName(Unescaped(head.stream_symbol)));
}

SymbolEngine* Engine::FindNamed(std::string_view name) {
  const Known* const known = Find(name);
  if (known == nullptr) return nullptr;
  NoteName(name, known->engine);
  return known->engine;
}

Engine::Known* Engine::Find(std::string_view name) {
  if (name.empty()) return nullptr;
  const auto found = by_name_.find(Abseil(name));
  if (found != by_name_.end()) return &found->second;
  if (by_name_.size() >= kSymbolsMax) {
    if (!too_many_told_) output_.OnNotice({.kind = NoticeKind::kTooManySymbols, .symbol = name});
    too_many_told_ = true;
    return nullptr;
  }
  const bool wanted = options_.symbols.empty() || Names(options_.symbols, name);
  SymbolEngine* const engine = wanted ? Make(name) : nullptr;
  if (engine == nullptr) filtered_names_.emplace_back(name);
  return &by_name_.emplace(std::string(name), Known{engine}).first->second;
}

SymbolEngine* Engine::Make(std::string_view name) {
  const auto id = static_cast<SymbolId>(symbols_.size());
  symbols_.push_back(
      std::make_unique<SymbolEngine>(id, std::string(name), options_, catalogue_, output_));
  SymbolEngine* const symbol = symbols_.back().get();
  symbol->set_stage_clock(stage_clock_);
  if (lost_ > 0) symbol->OnLost(lost_);
  const auto stated = exchange_info_.find(Abseil(name));
  if (stated != exchange_info_.end()) {
    symbol->OnInstrument(stated->second, InstrumentSource::kExchangeInfo);
  }
  symbol->BeginStatus();
  output_.OnSymbol(*symbol);
  return symbol;
}

// --- Snapshots and instruments ----------------------------------------------------------------

// A collector's snapshot does not say whose it is: it belongs to the input's one symbol.
FrameOutcome Engine::OnBareSnapshot(ReceiveTime received, std::string_view payload) {
  Source& source = *source_;
  if (source.several) {
    ++counts_.unattributed_snapshots;
    output_.OnNotice({.kind = NoticeKind::kSnapshotUnattributed, .symbol = {}});
    return FrameOutcome::kUnused;
  }
  SymbolEngine* symbol = source.engine;
  if (!source.named && options_.symbols.size() == 1) {
    symbol = Find(options_.symbols.front())->engine;
  }
  if (symbol != nullptr) {
    symbol->OnSnapshot(payload, decoder_, std::nullopt, received);
    symbol->TellStatus();
    return FrameOutcome::kTaken;
  }
  if (source.named) {
    ++counts_.filtered;
    return FrameOutcome::kFiltered;
  }
  // Nothing has named a symbol yet: a newer one replaces it, the first frame takes it.
  source.waiting.assign(payload.size() + 2 * kPayloadPadding, '\0');
  std::memcpy(source.waiting.data() + kPayloadPadding, payload.data(), payload.size());
  source.waiting_received = received;
  return FrameOutcome::kTaken;
}

void Engine::BeginSource(std::int64_t number, bool continues) {
  if (number == source_number_) return;
  Source& next = sources_[number];
  if (continues && !source_->named && !next.named) {
    next.waiting = std::move(source_->waiting);
    next.waiting_received = source_->waiting_received;
  }
  source_number_ = number;
  source_ = &next;
}

// A frame of the source named this symbol.
void Engine::NoteName(std::string_view name, SymbolEngine* engine) {
  Source& source = *source_;
  if (source.named) {
    source.several = source.several || source.symbol != name;
    return;
  }
  source.named = true;
  source.symbol = name;
  source.engine = engine;
  const std::vector<char> snapshot = std::exchange(source.waiting, {});
  if (snapshot.empty() || engine == nullptr) return;
  engine->OnSnapshot({snapshot.data() + kPayloadPadding, snapshot.size() - 2 * kPayloadPadding},
                     decoder_, std::nullopt, source.waiting_received);
}

void Engine::OnRest(ReceiveTime received, std::string_view target, std::string_view body) {
  const RestTarget asked = ParseRestTarget(target);
  switch (asked.kind) {
    case RestKind::kDepth: {
      Known* const known = asked.symbol.empty() ? nullptr : Find(asked.symbol);
      if (known == nullptr || known->engine == nullptr) break;
      known->engine->OnSnapshot(body, decoder_, asked.limit, received);
      known->engine->TellStatus();
      break;
    }
    case RestKind::kExchangeInfo:
      OnExchangeInfo(target, body);
      break;
    case RestKind::kOther:
      break;
  }
}

void Engine::OnExchangeInfo(std::string_view target, std::string_view body) {
  const std::vector<std::string> asked = AskedSymbols(target);
  if (asked.size() == 1 && SaysUnknownSymbol(body)) return OnDelisted(asked.front());
  std::vector<std::string> left_out;
  const absl::StatusOr<std::vector<Instrument>> instruments = DecodeExchangeInfo(body, &left_out);
  if (!instruments.ok()) {
    output_.OnNotice({.kind = NoticeKind::kExchangeInfoUnusable,
                      .symbol = {},
                      .text = Standard(instruments.status().message())});
    return;
  }
  for (const std::string& why : left_out) {
    output_.OnNotice({.kind = NoticeKind::kInstrumentUnusable, .symbol = {}, .text = why});
  }
  std::set<std::string_view> listed;
  for (const Instrument& instrument : *instruments) {
    listed.insert(instrument.symbol);
    exchange_info_.insert_or_assign(instrument.symbol, instrument);
    const auto known = by_name_.find(instrument.symbol);
    if (known != by_name_.end() && known->second.engine != nullptr) {
      known->second.engine->OnInstrument(instrument, InstrumentSource::kExchangeInfo);
    }
  }
  // Which symbol could not be read is not known: then none is missed.
  if (left_out.empty()) MissSymbols(asked, IsFuturesTarget(target), listed);
  // Together: an answer may name a symbol twice.
  for (const auto& symbol : symbols_) symbol->TellStatus();
}

// Symbols that were listed, were asked about and are listed no more. Without names that is the
// whole list of futures; the one of spot may be another exchange's, or a part, in a recording.
void Engine::MissSymbols(const std::vector<std::string>& asked, bool is_futures,
                         const std::set<std::string_view>& listed) {
  std::vector<std::string> missed;
  for (const auto& [name, instrument] : exchange_info_) {
    const bool is_asked = asked.empty() ? is_futures : Names(asked, name);
    if (is_asked && instrument.trading && !listed.contains(name)) missed.push_back(name);
  }
  for (const std::string& name : missed) OnDelisted(name);
}

void Engine::OnDelisted(const std::string& name) {
  Instrument& instrument = exchange_info_[name];
  instrument.symbol = name;
  instrument.trading = false;
  const auto known = by_name_.find(name);
  if (known == by_name_.end() || known->second.engine == nullptr) return;
  known->second.engine->OnDelisted();
  known->second.engine->TellStatus();
}

// --- Connections, losses, time ----------------------------------------------------------------

void Engine::OnConnectionOpen(std::int64_t connection, std::string_view url) {
  const auto is = [](std::optional<std::int64_t> number) {
    return [number](const OpenConnection& open) { return open.number == number; };
  };
  // One that is told twice, one that has closed, or a new one; where nothing ever closes, the
  // oldest.
  auto open = std::find_if(connections_.begin(), connections_.end(), is(connection));
  if (open == connections_.end()) {
    open = std::find_if(connections_.begin(), connections_.end(), is(std::nullopt));
  }
  if (open == connections_.end()) {
    if (connections_.size() < kConnectionsMax) {
      open = connections_.emplace(connections_.end());
    } else {
      open = connections_.begin() + oldest_connection_;
      oldest_connection_ = (oldest_connection_ + 1) % std::ssize(connections_);
    }
  }
  open->number = connection;
  open->streams.clear();
  if (const std::optional<std::string_view> streams = QueryText(url, "streams")) {
    AppendPercentDecoded(*streams, &open->streams);
  } else if (const std::size_t ws = url.find("/ws/"); ws != std::string_view::npos) {
    AppendPercentDecoded(url.substr(ws + 4, url.find('?') - (ws + 4)), &open->streams);
  }
}

void Engine::OnConnectionClosed(std::int64_t connection) {
  for (OpenConnection& open : connections_) {
    if (open.number == connection) open.number.reset();
  }
  carried_.assign(symbols_.size(), {});
  for (const OpenConnection& open : connections_) {
    if (open.number.has_value()) MarkCarried(open.streams);
  }
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    for (std::size_t kind = 0; kind < kStreamKinds; ++kind) {
      if (!carried_[i][kind]) symbols_[i]->OnStreamClosed(static_cast<StreamKind>(kind));
    }
    symbols_[i]->TellStatus();
  }
}

// Of "btcusdt@depth@100ms/btcusdt@trade".
void Engine::MarkCarried(std::string_view streams) {
  for (const absl::string_view stream : absl::StrSplit(Abseil(streams), '/')) {
    const std::size_t at = stream.find('@');
    if (at == absl::string_view::npos) continue;
    carried_name_ = Standard(stream.substr(0, at));
    absl::AsciiStrToUpper(&carried_name_);
    const auto known = by_name_.find(carried_name_);
    if (known == by_name_.end() || known->second.engine == nullptr) continue;
    const SymbolEngine& symbol = *known->second.engine;
    const std::string_view type = Standard(stream.substr(at + 1));
    for (std::size_t kind = 0; kind < kStreamKinds; ++kind) {
      bool& carried = carried_[Index(symbol.id())][kind];
      carried = carried || symbol.UsesStream(type, static_cast<StreamKind>(kind));
    }
  }
}

void Engine::OnDropped(std::int64_t count, std::string_view stream, std::string_view symbol) {
  Known* const known = Find(symbol);
  if (known == nullptr || known->engine == nullptr) return;
  known->engine->OnDropped(KindOfDrop(stream), count);
  known->engine->TellStatus();
}

void Engine::OnLost(std::int64_t count) {
  if (__builtin_add_overflow(lost_, count, &lost_)) lost_ = INT64_MAX;
  for (const auto& symbol : symbols_) {
    symbol->OnLost(count);
    symbol->TellStatus();
  }
  output_.OnNotice({.kind = NoticeKind::kInputLost, .symbol = {}, .a = count});
}

void Engine::OnAuditBegun(std::string_view symbol) {
  Known* const known = Find(symbol);
  if (known != nullptr && known->engine != nullptr) known->engine->BeginAudit();
}

void Engine::OnTimer(ReceiveTime now) {
  for (const auto& symbol : symbols_) {
    symbol->OnTimer(now);
    symbol->TellStatus();
  }
}

}  // namespace thalweg
