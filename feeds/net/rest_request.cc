#include "feeds/net/rest_request.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "feeds/decode/rest_target.h"

namespace thalweg {
namespace {

constexpr std::array<std::size_t, 7> kFuturesDepthLimits{5, 10, 20, 50, 100, 500, 1'000};
constexpr std::size_t kPageMax = 1'000;
constexpr std::size_t kFuturesKlinesMax = 1'500;

std::string Path(Market market, std::string_view endpoint) {
  const char* const prefix = market == Market::kSpot   ? "/api/v3/"
                             : market == Market::kUsdM ? "/fapi/v1/"
                                                       : "/dapi/v1/";
  return absl::StrCat(prefix, Abseil(endpoint));
}

std::string SymbolPath(Market market, std::string_view endpoint, std::string_view symbol) {
  return absl::StrCat(Path(market, endpoint), "?symbol=", PercentEncoded(symbol));
}

void AppendPage(std::string* target, const Page& page, std::size_t limit_max) {
  assert(page.limit > 0);
  if (page.from_id) absl::StrAppend(target, "&fromId=", *page.from_id);
  if (page.start_ms) absl::StrAppend(target, "&startTime=", *page.start_ms);
  if (page.end_ms) absl::StrAppend(target, "&endTime=", *page.end_ms);
  absl::StrAppend(target, "&limit=", std::min(page.limit, limit_max));
}

std::int64_t DepthWeightOf(Market market, std::size_t limit) {
  if (market == Market::kSpot) {
    if (limit <= 100) return 5;
    if (limit <= 500) return 25;
    return limit <= 1'000 ? 50 : 250;
  }
  if (limit <= 50) return 2;
  if (limit <= 100) return 5;
  return limit <= 500 ? 10 : 20;
}

std::int64_t FuturesKlinesWeight(std::size_t limit) {
  if (limit < 100) return 1;
  if (limit < 500) return 2;
  return limit <= 1'000 ? 5 : 10;
}

}  // namespace

std::string PercentEncoded(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~') {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    }
  }
  return encoded;
}

RestRequest DepthRequest(Market market, std::string_view symbol, std::size_t limit) {
  assert(limit > 0);
  if (market == Market::kSpot) {
    limit = std::min(limit, kSpotDepthMax);
  } else {
    const auto* const next =
        std::lower_bound(kFuturesDepthLimits.begin(), kFuturesDepthLimits.end(), limit);
    limit = next == kFuturesDepthLimits.end() ? kFuturesDepthMax : *next;
  }
  return {absl::StrCat(SymbolPath(market, "depth", symbol), "&limit=", limit),
          DepthWeightOf(market, limit)};
}

std::vector<RestRequest> ExchangeInfoRequests(Market market, std::span<const std::string> symbols) {
  const std::string path = Path(market, "exchangeInfo");
  if (market != Market::kSpot) return {{path, 1}};
  constexpr std::int64_t kWeight = 20;
  constexpr std::string_view kEnd = "%5D";  // ']'
  std::vector<RestRequest> requests;
  std::string target;
  for (const std::string& symbol : symbols) {
    const std::string quoted = absl::StrCat("%22", PercentEncoded(symbol), "%22");
    if (!target.empty() && target.size() + 1 + quoted.size() + kEnd.size() > kTargetBytesMax) {
      requests.push_back({absl::StrCat(target, Abseil(kEnd)), kWeight});
      target.clear();
    }
    absl::StrAppend(&target, target.empty() ? absl::StrCat(path, "?symbols=%5B") : ",", quoted);
  }
  if (!target.empty()) requests.push_back({absl::StrCat(target, Abseil(kEnd)), kWeight});
  return requests;
}

RestRequest TimeRequest(Market market) { return {Path(market, "time"), 1}; }

RestRequest AggTradesRequest(Market market, std::string_view symbol, const Page& page) {
  RestRequest request{SymbolPath(market, "aggTrades", symbol), market == Market::kSpot ? 4 : 20};
  AppendPage(&request.target, page, kPageMax);
  return request;
}

RestRequest TradesRequest(Market market, std::string_view symbol, std::size_t limit) {
  RestRequest request{SymbolPath(market, "trades", symbol), market == Market::kSpot ? 25 : 5};
  Page page;
  page.limit = limit;
  AppendPage(&request.target, page, kPageMax);
  return request;
}

RestRequest KlinesRequest(Market market, std::string_view symbol, std::string_view interval,
                          const Page& page) {
  const bool is_spot = market == Market::kSpot;
  RestRequest request{SymbolPath(market, "klines", symbol), 2};
  if (!is_spot) request.weight = FuturesKlinesWeight(std::min(page.limit, kFuturesKlinesMax));
  absl::StrAppend(&request.target, "&interval=", PercentEncoded(interval));
  AppendPage(&request.target, {std::nullopt, page.start_ms, page.end_ms, page.limit},
             is_spot ? kPageMax : kFuturesKlinesMax);
  return request;
}

RestRequest BookTickerRequest(Market market, std::string_view symbol) {
  return {SymbolPath(market, "ticker/bookTicker", symbol), 2};
}

}  // namespace thalweg
