// Readings: where the specification leaves a choice, what this oracle takes it to mean.
//
// --- Frames ---
//
// F1. Only frames with an envelope ({"stream":..., "data":...}) and bare snapshots are read; a bare
// event is an unknown frame. `e` is not needed: the stream's name says what a frame is.
//
// F2. A frame is malformed, too, when its `s` is not the stream's symbol in upper case (ASCII), and
// when a futures symbol's depth event lacks `pu`. The market is decided by the first well-formed
// depth event of a symbol; `pu` is ignored on a spot symbol.
//
// F3. Text that is no JSON still "names symbol and stream" when it holds "stream":"<name>" of a
// symbol seen before; a malformed frame never introduces a symbol. A malformed depth frame of a
// stream that does not feed the book changes nothing, nor does one before the first good one, nor
// one while no book is live: the ids of the next event say whether anything is missing.
//
// F4. A decimal that does not fit int64 in 1e-8, or a price above 2^60 in 1e-8, is malformed, so
// the caps of coins whose base precision is below 8 are not readable here.
//
// F5. "The first frame's symbol" (bare snapshots) and "a second symbol was seen" go by any frame
// with a stream name, also of streams that are not used, and whether `--symbols` admits it or not.
// With `--symbols` naming exactly one symbol a bare snapshot is that symbol's at once, unless
// frames have named another one.
//
// F6. A level array may hold more than two elements; the rest is ignored. A time or id that is no
// JSON integer is malformed; ids are not negative, lastUpdateId is -1 or more.
//
// F7. A snapshot is refused, and changes nothing, when a side is not in order, best first, when a
// price stands twice or a quantity is zero, when it is crossed or locked, and when its id is not
// positive although it has levels.
//
// --- Grid ---
//
// G1. The tick is the common divisor of what was given (else of the bucket sizes) and of every
// price in any well-formed depth, ticker and trade frame and usable snapshot of the symbol so far;
// frames that are then dropped, ignored as too old, or buffered are included, and so are levels
// with quantity zero.
//
// G2. INSTRUMENT_INFERRED stays once set, also when exchangeInfo comes later; an exchangeInfo that
// refines the tick or the unit sets it, one that comes first does not. A coarser unit counts only
// before the first frame, or when a number needs it, which this oracle cannot read (F4).
//
// G3. A coarser tick "from the next synchronisation on" is taken when a snapshot and the events
// that waited for it become the book, whatever was there before; prices that count are then those
// of the snapshot, of these events, and all later ones.
//
// --- Time ---
//
// T1. "The receive time passed since the previous frame": the previous well-formed depth, trade or
// bookTicker frame of the symbol, whether it carried a time or not; never negative. "Agrees": the
// next timed frame, if it is too far ahead as well, lies within 1 h and that receive time of the
// doubted one. A doubted frame leaves the lag as it is, and so does an E that is more than 1 h
// ahead of the clock beside a T that is not.
//
// T2. "Last effective time of its stream" goes by messages that were put in: depth events applied
// or buffered, trades and tickers accepted; not by dropped ones.
//
// T3. Receive times in staleness are compared with the receive time of the frame or snapshot that
// is being processed, also in the rows of buffered events, whose own `recv_ns` is older.
//
// T4. After `#conn <id> close` a stream that no open connection's URL names is stale until its next
// well-formed frame, dropped ones included. A URL without stream names carries nothing.
//
// T5. A loss before the clock exists counts from the clock's first value; `#lost` concerns all
// symbols, also those that appear later, `#drop` its symbol also when nothing else named it yet.
//
// T6. Timer rows: those before the new clock, when a frame moves it, with everything but the clock
// as it was before that frame; staleness in receive time already goes by that frame's. Of a leap of
// the clock that needed two frames only what one of them would have been believed counts as time.
//
// --- Sequencing ---
//
// S1. While no book is live, each event is judged against the newest one before it by the live
// rule: stale is dropped, a gap drops everything before it. So is the first one after a live book
// was given up (a loss that was told, a malformed frame, a snapshot that differs): against the last
// event before it.
//
// S2. A held snapshot survives a gap, a malformed depth frame and `#drop`; it is tried with the
// very event that showed the gap. A snapshot older than a held one is ignored. An id -1 accepts any
// first event.
//
// S3. Ids that restart lower: counted from the first of a run of stale events, live or not, until
// 20 of them and 10 s of the clock; the event that completes the run is the first of the new
// buffer. The newest ticker id is forgotten with all tickers, and the next trade is accepted
// whatever its id. Trades and tickers prove nothing by themselves: duplicates are dropped, however
// many.
//
// S4. A futures fill that is no market order is dropped, but its id counts as seen (no TRADE_GAP at
// the next one; a jump up to it is one).
//
// S5. serve: every event that is kept is applied to the old book, also of a numbering that began
// anew: its id is lower then.
//
// --- Audits ---
//
// A1. Every accepted ticker is remembered until a depth event passes its id; an applied event with
// an equal id is compared with it, and an accepted ticker with the book's id is compared at once. A
// dropped ticker audits nothing, and no ticker audits twice. A served old book is not audited: the
// tickers wait for the new one.
//
// A2. A snapshot of the live book is asked for by the third ticker audit in a row that differs, by
// one that differs while the book is crossed, and by a book that has been crossed for 500 ms of the
// clock, unless one is awaited already; while one is held, the next occasion asks. Events applied
// from then on are retained; a snapshot that is older than the book is rolled through them, and
// ignored when they do not reach back to it. Any answer ends the retention. A snapshot that agrees
// ends the row of tickers, too.
//
// A3. A held snapshot that an event straddles is rolled through that event before it is compared;
// at equal ids it is compared as it is. If it differs, the events it was rolled through, and that
// event, are the waiting events of the coming synchronisation, which make no row a second time:
// where the first-event rule lets one of them continue the snapshot the book is live at once, the
// next depth row is the first after it, else the next event decides.
//
// A4. Equal: the snapshot's edges become the horizon even where they are narrower; between the old
// edge and the new one the book becomes what the snapshot says.
//
// A5. One event that allows both audits: ticker first, snapshot second; the second sets the flag.
//
// --- Features ---
//
// Q1. A thin sweep looked at its side's last level (HORIZON).
//
// Q2. bid_depth_10bps and ask_depth_10bps need the mid: NaN on a one-sided or crossed book.
//
// Q3. If the first book after a synchronisation is crossed, the next one that is not is the e = 0
// entry. ofi_l1_* stays published on a crossed or one-sided book.
//
// Q4. ln(B/A) is taken in extended precision, of the quotient's distance from 1.
//
// Q5. Trades with total quantity 0 in a window have no vwap (NaN).
//
// Q6. Bits 24 + k are computed on a crossed or one-sided book, too, for the sides that are there.
//
// Q7. While a resync is under way WARMUP_* goes by the last synchronisation that was completed.
//
// Q8. TRADE_GAP starts at the clock after the frame that jumped advanced it.
#include "tests/oracle/slow_engine.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "tests/oracle/slow_symbol.h"

namespace thalweg::oracle {
namespace {

using simdjson::dom::element;

std::string AsciiUpper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

// What stands before the next `separator`; `*text` is left at what follows it.
std::string_view TakeWord(std::string_view* text, char separator = ' ') {
  const std::size_t end = std::min(text->find(separator), text->size());
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return word;
}

// "BTCUSDT" and "depth@100ms" of "btcusdt@depth@100ms"; an empty symbol when there is none.
struct StreamName {
  std::string symbol;
  std::string kind;
};
StreamName SplitStream(std::string_view stream) {
  const std::size_t at = stream.find('@');
  if (at == std::string_view::npos || at == 0 || stream[0] == '!') return {};
  return {AsciiUpper(stream.substr(0, at)), std::string(stream.substr(at + 1))};
}

// A diff depth stream; `depth5`, `depth10@100ms` and the like are pictures of a part.
bool IsDiffDepth(const std::string& kind) { return kind == "depth" || kind.starts_with("depth@"); }

std::string_view QueryValue(std::string_view target, std::string_view name) {
  TakeWord(&target, '?');
  while (!target.empty()) {
    std::string_view value = TakeWord(&target, '&');
    if (TakeWord(&value, '=') == name) return value;
  }
  return {};
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string WithoutPercents(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const int high = text.size() > 2 && text[0] == '%' ? HexDigit(text[1]) : -1;
    const int low = high >= 0 ? HexDigit(text[2]) : -1;
    plain += low >= 0 ? static_cast<char>(16 * high + low) : text[0];
    text.remove_prefix(low >= 0 ? 3 : 1);
  }
  return plain;
}

std::optional<Int> PlainInteger(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  Int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::set<std::string> StreamsOfUrl(std::string_view url) {
  std::string_view encoded = QueryValue(url, "streams");
  const std::string_view path = url.substr(0, url.find('?'));
  const std::size_t raw = path.find("/ws/");
  if (encoded.empty() && raw != std::string::npos) encoded = path.substr(raw + 4);
  const std::string plain = WithoutPercents(encoded);
  std::string_view list = plain;
  std::set<std::string> streams;
  while (!list.empty()) streams.insert(std::string(TakeWord(&list, '/')));
  return streams;
}

// PRICE_FILTER.tickSize; empty when it is not stated or 0.
std::optional<Int> TickOf(element symbol) {
  simdjson::dom::array filters;
  if (symbol.at_key("filters").get_array().get(filters) != simdjson::SUCCESS) return std::nullopt;
  for (const element filter : filters) {
    if (TextField(filter, "filterType").value_or("") != "PRICE_FILTER") continue;
    const std::optional<Int> tick = ParseUnits(TextField(filter, "tickSize").value_or(""));
    if (tick && *tick > 0) return tick;
  }
  return std::nullopt;
}

bool IsTrading(element symbol) {
  const std::optional<std::string_view> spot = TextField(symbol, "status");
  const std::optional<std::string_view> futures = TextField(symbol, "contractStatus");
  return spot.value_or(futures.value_or("TRADING")) == "TRADING";
}

int QtyDecimalsOf(element symbol) {
  Int decimals = 8;
  if (symbol.at_key("baseAssetPrecision").get_int64().get(decimals) != simdjson::SUCCESS) return 8;
  return static_cast<int>(std::clamp<Int>(decimals, 0, 8));
}

}  // namespace

SlowEngine::SlowEngine(SlowOptions options) : options_(std::move(options)) {}
SlowEngine::~SlowEngine() = default;

void SlowEngine::Line(Int recv_ns, std::string_view payload) {
  if (payload.starts_with('#')) {
    Command(recv_ns, payload.substr(1));
  } else {
    Frame(recv_ns, payload);
  }
}

// --- Frames --------------------------------------------------------------------------------------

void SlowEngine::Frame(Int recv_ns, std::string_view payload) {
  element root;
  if (parser_.parse(payload.data(), payload.size()).get(root) != simdjson::SUCCESS ||
      !root.is_object()) {
    if (payload.starts_with("{\"lastUpdateId\"")) {
      BareSnapshot(recv_ns, payload);
    } else {
      BrokenFrame(payload);
    }
    return;
  }
  const std::optional<std::string_view> stream = TextField(root, "stream");
  element data;
  if (CountOf(root, "stream") > 1) {
    ++unused_frames_;
  } else if (stream && CountOf(root, "data") == 1 &&
             root.at_key("data").get(data) == simdjson::SUCCESS) {
    StreamFrame(recv_ns, std::string(*stream), data);
  } else if (stream) {
    BrokenFrame(payload);
  } else if (root.at_key("lastUpdateId").error() == simdjson::SUCCESS) {
    BareSnapshot(recv_ns, payload);
  } else {
    ++unused_frames_;
  }
}

void SlowEngine::StreamFrame(Int recv_ns, const std::string& stream, element data) {
  const StreamName name = SplitStream(stream);
  if (name.symbol.empty()) {
    ++unused_frames_;
    return;
  }
  NoteName(name.symbol);
  const bool is_depth = IsDiffDepth(name.kind);
  const bool is_ticker = name.kind == "bookTicker";
  const bool is_trade = name.kind == options_.trade_stream;
  if (!is_depth && !is_ticker && !is_trade) {
    ++unused_frames_;
    return;
  }
  const bool named = TextField(data, "s").value_or("") == name.symbol;
  const auto depth = is_depth && named ? DecodeDepth(data) : std::nullopt;
  const auto ticker = is_ticker && named ? DecodeTicker(data) : std::nullopt;
  const char* id_key = options_.trade_stream == "aggTrade" ? "a" : "t";
  const auto trade = is_trade && named ? DecodeTrade(data, id_key) : std::nullopt;
  if (!depth && !ticker && !trade) {
    ++unused_frames_;
    SlowSymbol* known = FindSymbol(name.symbol);
    if (is_depth && known != nullptr) known->BrokenDepth(stream);
    return;
  }
  SlowSymbol* symbol = SymbolOf(name.symbol);
  if (symbol == nullptr) return;
  if (depth) symbol->Depth(recv_ns, stream, *depth);
  if (ticker) symbol->Ticker(recv_ns, *ticker);
  if (trade) symbol->Trade(recv_ns, *trade);
}

void SlowEngine::BrokenFrame(std::string_view payload) {
  ++unused_frames_;
  constexpr std::string_view kKey = "\"stream\":\"";
  const std::size_t key = payload.find(kKey);
  if (key == std::string_view::npos) return;
  const std::string_view rest = payload.substr(key + kKey.size());
  const std::size_t end = rest.find('"');
  if (end == std::string_view::npos) return;
  const std::string stream(rest.substr(0, end));
  const StreamName name = SplitStream(stream);
  SlowSymbol* symbol = FindSymbol(name.symbol);
  if (symbol != nullptr && IsDiffDepth(name.kind)) symbol->BrokenDepth(stream);
}

// --- Snapshots -----------------------------------------------------------------------------------

void SlowEngine::NoteName(const std::string& name) {
  names_seen_.insert(name);
  if (pending_snapshots_.empty()) return;
  const std::vector<PendingSnapshot> waiting = std::exchange(pending_snapshots_, {});
  SlowSymbol* symbol = SymbolOf(name);
  if (symbol == nullptr) return;
  for (const PendingSnapshot& snapshot : waiting) {
    GiveSnapshot(snapshot.recv_ns, symbol, snapshot.body, std::nullopt);
  }
}

void SlowEngine::BareSnapshot(Int recv_ns, std::string_view body) {
  if (names_seen_.size() > 1) {
    ++unused_frames_;
  } else if (options_.symbols.size() == 1 && names_seen_.empty()) {
    GiveSnapshot(recv_ns, SymbolOf(options_.symbols[0]), body, std::nullopt);
  } else if (names_seen_.empty()) {
    pending_snapshots_.push_back({recv_ns, std::string(body)});
  } else if (SlowSymbol* symbol = SymbolOf(*names_seen_.begin())) {
    GiveSnapshot(recv_ns, symbol, body, std::nullopt);
  }
}

void SlowEngine::GiveSnapshot(Int recv_ns, SlowSymbol* symbol, std::string_view body,
                              std::optional<Int> limit) {
  // A parser of its own: the caller may be in the middle of a frame.
  simdjson::dom::parser parser;
  element root;
  const bool parsed = parser.parse(body.data(), body.size()).get(root) == simdjson::SUCCESS;
  std::optional<SlowSnapshot> snapshot =
      parsed && root.is_object() ? DecodeSnapshot(root) : std::nullopt;
  if (!snapshot) {
    ++unused_frames_;
    return;
  }
  snapshot->limit = limit;
  symbol->Snapshot(recv_ns, *snapshot);
}

// --- Lines that are no frames --------------------------------------------------------------------

void SlowEngine::Command(Int recv_ns, std::string_view text) {
  const std::string_view word = TakeWord(&text);
  if (word == "thalweg") {
    TakeWord(&text);
    Header(text);
  } else if (word == "rest") {
    if (TakeWord(&text) != "GET") return;
    const std::string_view target = TakeWord(&text);
    Rest(recv_ns, target, text);
  } else if (word == "conn") {
    const std::string_view id = TakeWord(&text);
    const std::string_view what = TakeWord(&text);
    Connection(id, what, text);
  } else if (word == "drop") {
    TakeWord(&text);
    const std::string_view kind = TakeWord(&text);
    Drop(kind, text);
  } else if (word == "lost") {
    lost_ = true;
    for (const auto& symbol : symbols_) symbol->InputLost();
  }
}

void SlowEngine::Header(std::string_view json) {
  element root;
  if (parser_.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return;
  const std::string run(TextField(root, "run").value_or(""));
  if (run == run_) return;
  run_ = run;
  symbols_.clear();
  names_seen_.clear();
  lost_ = false;
  pending_snapshots_.clear();
  instruments_.clear();
  open_connections_.clear();
}

void SlowEngine::Rest(Int recv_ns, std::string_view target, std::string_view body) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (path.ends_with("/depth")) {
    RestDepth(recv_ns, target, body);
  } else if (path.ends_with("/exchangeInfo")) {
    ExchangeInfo(target, body);
  }
}

void SlowEngine::RestDepth(Int recv_ns, std::string_view target, std::string_view body) {
  const std::string name = WithoutPercents(QueryValue(target, "symbol"));
  SlowSymbol* symbol = name.empty() ? nullptr : SymbolOf(name);
  if (symbol == nullptr) return;
  GiveSnapshot(recv_ns, symbol, body, PlainInteger(QueryValue(target, "limit")));
}

// Who is asked about, was listed and is not any more does not trade. Without names that is
// everybody, on futures.
void SlowEngine::ExchangeInfo(std::string_view target, std::string_view body) {
  element root;
  simdjson::dom::array symbols;
  std::string question = WithoutPercents(QueryValue(target, "symbols"));
  if (question.empty()) question = "\"" + WithoutPercents(QueryValue(target, "symbol")) + "\"";
  const bool asks_all = question == "\"\"";
  const auto is_asked = [&](const std::string& name) {
    if (asks_all) return target.find("/fapi/") == 0 || target.find("/dapi/") == 0;
    return question.find("\"" + name + "\"") != std::string::npos;
  };
  const auto delist = [&](const std::string& name) {
    instruments_[name].trading = false;
    if (SlowSymbol* symbol = FindSymbol(name)) symbol->Delist();
  };
  Int code = 0;
  if (!asks_all && std::count(question.begin(), question.end(), '"') == 2 &&
      parser_.parse(body.data(), body.size()).get(root) == simdjson::SUCCESS &&
      root.at_key("code").get(code) == simdjson::SUCCESS && code == -1'121) {
    return delist(
        question.substr(question.find('"') + 1, question.rfind('"') - question.find('"') - 1));
  }
  if (parser_.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root.at_key("symbols").get_array().get(symbols) != simdjson::SUCCESS) {
    ++unused_frames_;
    return;
  }
  std::set<std::string> listed;
  for (const element entry : symbols) {
    const std::string name(TextField(entry, "symbol").value_or(""));
    listed.insert(name);
    const InstrumentFact fact{TickOf(entry), QtyDecimalsOf(entry), IsTrading(entry)};
    instruments_[name] = fact;
    SlowSymbol* symbol = FindSymbol(name);
    if (symbol != nullptr) symbol->SetInstrument(fact.tick, fact.qty_decimals, fact.trading);
  }
  for (const auto& [name, fact] : instruments_) {
    if (is_asked(name) && !listed.contains(name)) delist(name);
  }
}

void SlowEngine::Connection(std::string_view id, std::string_view what, std::string_view rest) {
  if (what == "open") {
    open_connections_[std::string(id)] = StreamsOfUrl(rest);
    return;
  }
  if (what != "close") return;
  open_connections_.erase(std::string(id));
  const auto carried = [&](const std::string& stream) {
    return std::any_of(open_connections_.begin(), open_connections_.end(),
                       [&](const auto& connection) { return connection.second.contains(stream); });
  };
  for (const auto& symbol : symbols_) symbol->ConnectionClosed(carried);
}

void SlowEngine::Drop(std::string_view kind, std::string_view symbol_name) {
  SlowSymbol* symbol = SymbolOf(std::string(symbol_name));
  if (symbol == nullptr) return;
  symbol->InputLost();
  if (kind.starts_with("depth")) symbol->DepthLost();
}

// --- Symbols -------------------------------------------------------------------------------------

SlowSymbol* SlowEngine::FindSymbol(const std::string& name) {
  for (const auto& symbol : symbols_) {
    if (symbol->name() == name) return symbol.get();
  }
  return nullptr;
}

SlowSymbol* SlowEngine::SymbolOf(const std::string& name) {
  if (SlowSymbol* known = FindSymbol(name)) return known;
  const auto& admitted = options_.symbols;
  if (!admitted.empty() && std::find(admitted.begin(), admitted.end(), name) == admitted.end()) {
    return nullptr;
  }
  symbols_.push_back(std::make_unique<SlowSymbol>(name, options_, &rows_, &ladders_));
  SlowSymbol* symbol = symbols_.back().get();
  if (lost_) symbol->InputLost();
  const auto fact = instruments_.find(name);
  if (fact != instruments_.end()) {
    symbol->SetInstrument(fact->second.tick, fact->second.qty_decimals, fact->second.trading);
  }
  return symbol;
}

// --- Results -------------------------------------------------------------------------------------

std::vector<SlowRow> SlowEngine::TakeRows() { return std::exchange(rows_, {}); }
std::vector<SlowLadderRow> SlowEngine::TakeLadders() { return std::exchange(ladders_, {}); }

std::vector<std::string> SlowEngine::SymbolNames() const {
  std::vector<std::string> names;
  for (const auto& symbol : symbols_) names.push_back(symbol->name());
  return names;
}

std::string SlowEngine::FinalBook(const std::string& name) const {
  for (const auto& symbol : symbols_) {
    if (symbol->name() == name) return symbol->FinalBook();
  }
  return "";
}

SlowCounts SlowEngine::Counts(const std::string& name) const {
  for (const auto& symbol : symbols_) {
    if (symbol->name() == name) return symbol->counts();
  }
  return {};
}

}  // namespace thalweg::oracle
