#include "replay/audit_recording.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/decimal.h"
#include "core/string_view.h"
#include "core/version.h"
#include "feeds/decode/rest_target.h"
#include "replay/json_text.h"
#include "replay/recorded_options.h"
#include "replay/recording_line.h"

namespace thalweg {
namespace {

// One level's quantity, where a level has to stand so that an edge is there.
constexpr Qty kMark{1};

std::string Quoted(std::string_view text) {
  std::string quoted;
  AppendJsonText(text, &quoted);
  return quoted;
}

// For a target: a symbol is opaque UTF-8.
std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
    absl::StrAppend(&encoded, is_plain ? std::string(1, c)
                                       : absl::StrFormat("%%%02X", static_cast<unsigned char>(c)));
  }
  return encoded;
}

std::string LevelsJson(const std::vector<Level>& levels, int qty_decimals) {
  std::string json = "[";
  for (const Level& level : levels) {
    absl::StrAppend(&json, json.size() == 1 ? "" : ",", "[\"",
                    FormatDecimal(level.price.raw(), kPriceDecimals), "\",\"",
                    FormatDecimal(level.qty.raw(), qty_decimals), "\"]");
  }
  return json + "]";
}

class Writing {
 public:
  Writing(const AuditEvidence& evidence, std::vector<AuditLine>* lines)
      : evidence_(evidence),
        is_futures_(evidence.market != Market::kSpot),
        path_(evidence.market == Market::kSpot   ? "/api/v3/"
              : evidence.market == Market::kUsdM ? "/fapi/v1/"
                                                 : "/dapi/v1/"),
        lines_(*lines) {}

  void Header(ReceiveTime received, const EngineOptions& options, const std::string& run) {
    std::string text;
    AppendHeaderText(
        absl::StrCat("{\"program\":", Quoted(VersionText()), ",\"run\":", Quoted(run),
                     ",\"shard\":0,\"segment\":1,\"run_segment\":1,\"market\":\"",
                     Abseil(MarketWord(evidence_.market)), "\",\"symbols\":[",
                     Quoted(evidence_.instrument.symbol),
                     "],\"repeats\":0,\"options\":", RecordedOptionsJson(options), "}"),
        &text);
    Add(received, std::move(text));
  }

  void Instrument(ReceiveTime received) {
    const thalweg::Instrument& instrument = evidence_.instrument;
    std::string text;
    AppendRestText(absl::StrCat(path_, "exchangeInfo"),
                   absl::StrCat("{\"symbols\":[{\"symbol\":", Quoted(instrument.symbol),
                                ",\"status\":\"", instrument.trading ? "TRADING" : "BREAK",
                                "\",\"baseAssetPrecision\":", instrument.qty_decimals,
                                ",\"filters\":[{\"filterType\":\"PRICE_FILTER\",\"tickSize\":\"",
                                FormatDecimal(instrument.tick.raw(), kPriceDecimals), "\"}]}]}"),
                   &text);
    Add(received, std::move(text));
  }

  void Snapshot(ReceiveTime received, UpdateId id, std::size_t limit,
                const std::vector<Level>& bids, const std::vector<Level>& asks) {
    const int decimals = evidence_.instrument.qty_decimals;
    std::string text;
    AppendRestText(
        absl::StrCat(path_, "depth?symbol=", PercentEncoded(evidence_.instrument.symbol),
                     "&limit=", limit),
        absl::StrCat("{\"lastUpdateId\":", id.raw(), ",\"bids\":", LevelsJson(bids, decimals),
                     ",\"asks\":", LevelsJson(asks, decimals), "}"),
        &text);
    Add(received, std::move(text));
  }

  void Event(const AuditEvidence::Event& event) {
    const std::int64_t time = event.effective_time.raw() / kMillisecond;
    std::string text = absl::StrCat("{\"e\":\"depthUpdate\",\"E\":", time);
    if (is_futures_) absl::StrAppend(&text, ",\"T\":", time);
    absl::StrAppend(&text, ",\"s\":", Quoted(evidence_.instrument.symbol),
                    ",\"U\":", event.ids.first.raw(), ",\"u\":", event.ids.last.raw());
    if (is_futures_) absl::StrAppend(&text, ",\"pu\":", event.ids.previous->raw());
    absl::StrAppend(&text, ",\"b\":", LevelsJson(event.bids, event.qty_decimals),
                    ",\"a\":", LevelsJson(event.asks, event.qty_decimals), "}");
    Add(event.receive_time, std::move(text));
  }

  void Begin(ReceiveTime received) {
    std::string text;
    AppendAuditText(evidence_.instrument.symbol, &text);
    Add(received, std::move(text));
  }

 private:
  void Add(ReceiveTime received, std::string text) {
    lines_.push_back({received, std::move(text)});
  }

  const AuditEvidence& evidence_;
  const bool is_futures_;
  const std::string path_;
  std::vector<AuditLine>& lines_;
};

// --- The book ------------------------------------------------------------------------------------

// A book as an answer and one event that together are it, known edges included.
struct Opening {
  std::size_t limit = 0;
  std::array<std::vector<Level>, 2> shown;    // By Side: of the answer,
  std::array<std::vector<Level>, 2> changes;  // and of the event.
};

bool IsInside(Side side, Price price, std::optional<Price> edge) noexcept {
  if (!edge) return true;
  return side == Side::kBid ? price >= *edge : price <= *edge;
}

// A side is known to the worst level of an answer that has as many as were asked for: one has to
// stand there.
void MarkEdge(Side side, const AuditEvidence::Half& half, Opening* opening) {
  std::vector<Level>& shown = opening->shown[static_cast<std::size_t>(side)];
  if (!half.known_edge || (!shown.empty() && shown.back().price == *half.known_edge)) return;
  shown.push_back({*half.known_edge, kMark});
  opening->changes[static_cast<std::size_t>(side)].push_back({*half.known_edge, Qty()});
}

Opening OpeningOf(const AuditEvidence& evidence) {
  const AuditEvidence::Half& bids = evidence.book[static_cast<std::size_t>(Side::kBid)];
  const AuditEvidence::Half& asks = evidence.book[static_cast<std::size_t>(Side::kAsk)];
  Opening opening;
  auto& [shown_bids, shown_asks] = opening.shown;
  auto& [bid_changes, ask_changes] = opening.changes;
  // Asks beyond the bids' edge, then bids below all of these: no answer is crossed, and both edges
  // can be marked.
  for (const Level& level : asks.levels) {
    const bool is_shown = IsInside(Side::kAsk, level.price, asks.known_edge) &&
                          (!bids.known_edge || level.price > *bids.known_edge);
    (is_shown ? shown_asks : ask_changes).push_back(level);
  }
  // Known zones that have nothing in common with each other are of no book that lives.
  const bool edges_cross =
      bids.known_edge && asks.known_edge && *bids.known_edge >= *asks.known_edge;
  if (!edges_cross) MarkEdge(Side::kAsk, asks, &opening);
  for (const Level& level : bids.levels) {
    const bool is_shown = IsInside(Side::kBid, level.price, bids.known_edge) &&
                          (shown_asks.empty() || level.price < shown_asks.front().price);
    (is_shown ? shown_bids : bid_changes).push_back(level);
  }
  MarkEdge(Side::kBid, bids, &opening);

  // As many as the limit on a side with an edge, fewer on one without.
  opening.limit = evidence.market == Market::kSpot ? kSpotDepthMax : kFuturesDepthMax;
  for (std::size_t i = 0; i < 2; ++i) {
    if (evidence.book[i].known_edge && !opening.shown[i].empty()) {
      opening.limit = std::min(opening.limit, opening.shown[i].size());
    }
  }
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<Level>& shown = opening.shown[i];
    if (evidence.book[i].known_edge || shown.size() < opening.limit) continue;
    const auto rest = shown.begin() + static_cast<std::ptrdiff_t>(opening.limit) - 1;
    opening.changes[i].insert(opening.changes[i].end(), rest, shown.end());
    shown.erase(rest, shown.end());
  }
  return opening;
}

// Of what the engine had, what concerns this symbol.
EngineOptions OptionsOf(const EngineOptions& options, const std::string& symbol) {
  EngineOptions own = options;
  own.symbols = {symbol};
  own.bucket_sizes = BucketSizesOf(options, symbol);
  own.symbol_bucket_sizes.clear();
  const auto is_of_another = [&](const Instrument& instrument) {
    return instrument.symbol != symbol;
  };
  std::erase_if(own.instruments, is_of_another);
  std::erase_if(own.file_instruments, is_of_another);
  return own;
}

// The id that the book had before the first event that was retained.
UpdateId FirstId(const AuditEvidence& evidence) {
  if (evidence.events.empty()) return evidence.id;
  const DiffIds& ids = evidence.events.front().ids;
  return ids.previous ? *ids.previous : UpdateId(ids.first.raw() - 1);
}

}  // namespace

std::vector<AuditLine> AuditRecording(const AuditEvidence& evidence, const EngineOptions& options,
                                      const std::string& run) {
  std::vector<AuditLine> lines;
  const UpdateId id = FirstId(evidence);
  const UpdateId before(id.raw() - 1);
  if (before.raw() <= 0 || (evidence.answer_bids.empty() && evidence.answer_asks.empty())) {
    return lines;
  }
  Opening opening = OpeningOf(evidence);
  AuditEvidence::Event rest{{id, id, std::nullopt},
                            evidence.clock,
                            evidence.received,
                            evidence.instrument.qty_decimals,
                            std::move(opening.changes[0]),
                            std::move(opening.changes[1])};
  if (evidence.market != Market::kSpot) rest.ids.previous = before;
  if (!evidence.events.empty()) {
    rest.effective_time = evidence.events.front().effective_time;
    rest.receive_time = evidence.events.front().receive_time;
  }

  const ReceiveTime begun = rest.receive_time;
  Writing writing(evidence, &lines);
  writing.Header(begun, OptionsOf(options, evidence.instrument.symbol), run);
  writing.Instrument(begun);
  writing.Snapshot(begun, before, opening.limit, opening.shown[0], opening.shown[1]);
  writing.Event(rest);
  writing.Begin(begun);
  for (const AuditEvidence::Event& event : evidence.events) writing.Event(event);
  writing.Snapshot(evidence.received, evidence.answer_id, evidence.answer_limit,
                   evidence.answer_bids, evidence.answer_asks);
  return lines;
}

}  // namespace thalweg
