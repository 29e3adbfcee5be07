#include "feeds/net/stream_plan.h"

#include <algorithm>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "feeds/net/rest_request.h"

namespace thalweg {
namespace {

constexpr std::string_view kStreamsQuery = "/stream?streams=";

// Streams of every symbol that are served on one path.
struct StreamGroup {
  std::string path;
  struct Type {
    std::string name;
    StreamKind kind;
  };
  std::vector<Type> types;
};

std::vector<StreamGroup> GroupsOf(const StreamPlanOptions& options) {
  StreamGroup all{"",
                  {{options.depth_stream, StreamKind::kDepth},
                   {"bookTicker", StreamKind::kTicker},
                   {options.trade_stream, StreamKind::kTrade}}};
  if (options.market != Market::kUsdM) return {all};
  all.path = "/public";
  if (options.trade_stream != "aggTrade") return {all};
  StreamGroup trades{"/market", {all.types.back()}};
  all.types.pop_back();
  return {all, trades};
}

std::size_t StreamsMax(const StreamPlanOptions& options) {
  const std::size_t limit = options.market == Market::kSpot ? kSpotStreamsMax : kFuturesStreamsMax;
  if (options.streams_per_connection == 0) return limit;
  return std::min(limit, options.streams_per_connection);
}

bool IsSymbolByte(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != '\x7f' &&
         std::string_view("/@?&#%\"\\").find(c) == std::string_view::npos;
}

absl::Status CheckSymbols(const std::vector<std::string>& symbols) {
  if (symbols.empty()) return absl::InvalidArgumentError("no symbol to subscribe to: name one");
  std::set<std::string> seen;
  for (const std::string& symbol : symbols) {
    if (symbol.empty() || symbol.size() > kSymbolBytesMax || !IsUtf8(symbol) ||
        !std::all_of(symbol.begin(), symbol.end(), IsSymbolByte)) {
      return absl::InvalidArgumentError(
          absl::StrCat("symbol '", symbol, "' cannot be one of the exchange's: 1 to ",
                       kSymbolBytesMax, " bytes of UTF-8, without blanks and /@?&#%\"\\"));
    }
    if (!seen.insert(StreamSymbol(symbol)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("symbol '", symbol, "' is named twice: name it once"));
    }
  }
  return absl::OkStatus();
}

// "%E5%B8%81usdt@depth@100ms": what follows the symbol needs no encoding, and the exchange takes it
// as it is.
std::string EncodedName(const std::string& stream) {
  const std::size_t at = stream.find('@');
  return absl::StrCat(PercentEncoded(std::string_view(stream).substr(0, at)),
                      Abseil(std::string_view(stream).substr(at)));
}

// As many of the first streams as the target has room for; at least one.
std::size_t StreamsInTarget(const ConnectionPlan& plan) {
  std::size_t bytes = plan.path.size() + kStreamsQuery.size();
  std::size_t count = 0;
  for (const PlannedStream& stream : plan.streams) {
    bytes += EncodedName(stream.name).size() + 1;
    if (count != 0 && bytes > kStreamTargetBytesMax) break;
    ++count;
  }
  return count;
}

std::string TargetOf(const ConnectionPlan& plan, std::size_t count) {
  std::string target = absl::StrCat(plan.path, Abseil(kStreamsQuery));
  for (std::size_t i = 0; i < count; ++i) {
    absl::StrAppend(&target, i == 0 ? "" : "/", EncodedName(plan.streams[i].name));
  }
  return target;
}

// How many bytes the UTF-8 character at the front has; 0: it is none.
std::size_t Utf8Length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) ||
      (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f)) {
    return 0;
  }
  return size;
}

}  // namespace

std::string ConnectionPlan::Target() const { return TargetOf(*this, in_target); }
std::string ConnectionPlan::WholeTarget() const { return TargetOf(*this, streams.size()); }

absl::StatusOr<std::vector<ConnectionPlan>> PlanStreams(const StreamPlanOptions& options,
                                                        const std::vector<std::string>& symbols) {
  if (options.trade_stream != "trade" && options.trade_stream != "aggTrade") {
    return absl::InvalidArgumentError(absl::StrCat("trade stream '", options.trade_stream,
                                                   "' does not exist: trade or aggTrade"));
  }
  if (absl::Status status = CheckSymbols(symbols); !status.ok()) return status;
  std::vector<ConnectionPlan> plans;
  for (const StreamGroup& group : GroupsOf(options)) {
    // Where fewer than a symbol's streams fit, they still share a connection.
    const std::size_t most = std::max(StreamsMax(options), group.types.size());
    bool is_new = true;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      if (is_new || plans.back().streams.size() + group.types.size() > most) {
        plans.push_back({group.path, {}, 0});
        is_new = false;
      }
      for (const StreamGroup::Type& type : group.types) {
        plans.back().streams.push_back(
            {absl::StrCat(StreamSymbol(symbols[i]), "@", type.name), i, type.kind});
      }
    }
  }
  for (ConnectionPlan& plan : plans) plan.in_target = StreamsInTarget(plan);
  return plans;
}

std::string StreamSymbol(std::string_view symbol) {
  // Not the locale's idea of lower case, and no byte of a character beyond ASCII.
  return absl::AsciiStrToLower(Abseil(symbol));
}

bool IsUtf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t size = Utf8Length(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string ControlRequest(std::string_view method, const std::vector<std::string_view>& streams,
                           std::int64_t id) {
  std::string text = absl::StrCat("{\"method\":\"", Abseil(method), "\"");
  for (std::size_t i = 0; i < streams.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? ",\"params\":[\"" : "\",\"", Abseil(streams[i]));
  }
  absl::StrAppend(&text, streams.empty() ? "" : "\"]", ",\"id\":", id, "}");
  return text;
}

}  // namespace thalweg
