#include "feeds/decode/rest_target.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace thalweg {
namespace {

constexpr std::size_t kSpotDepthDefault = 100;
constexpr std::size_t kFuturesDepthDefault = 500;

}  // namespace

void AppendPercentDecoded(std::string_view text, std::string* plain) {
  plain->reserve(plain->size() + text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '%' && text.size() - i > 2 &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      *plain += static_cast<char>(byte);
      i += 2;
    } else {
      *plain += text[i];
    }
  }
}

std::string PercentDecoded(std::string_view text) {
  std::string plain;
  AppendPercentDecoded(text, &plain);
  return plain;
}

std::optional<std::string_view> QueryText(std::string_view target, std::string_view name) noexcept {
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return pair.substr(equals + 1);
    }
  }
  return std::nullopt;
}

std::optional<std::string> QueryParameter(std::string_view target, std::string_view name) {
  const std::optional<std::string_view> text = QueryText(target, name);
  if (!text.has_value()) return std::nullopt;
  return PercentDecoded(*text);
}

std::vector<std::string> AskedSymbols(std::string_view target) {
  if (std::optional<std::string> symbol = QueryParameter(target, "symbol")) {
    return {*std::move(symbol)};
  }
  std::vector<std::string> symbols;
  bool is_inside = false;
  for (const char c : QueryParameter(target, "symbols").value_or("")) {
    if (c == '"') {
      is_inside = !is_inside;
      if (is_inside) symbols.emplace_back();
    } else if (is_inside) {
      symbols.back() += c;
    }
  }
  return symbols;
}

bool IsFuturesTarget(std::string_view target) noexcept {
  return target.starts_with("/fapi/") || target.starts_with("/dapi/");
}

RestTarget ParseRestTarget(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  RestTarget parsed;
  if (path.ends_with("/exchangeInfo")) parsed.kind = RestKind::kExchangeInfo;
  if (path.ends_with("/depth")) parsed.kind = RestKind::kDepth;
  parsed.symbol = QueryParameter(target, "symbol").value_or("");
  if (parsed.kind != RestKind::kDepth) return parsed;

  const bool futures = path.find("/fapi/") != std::string_view::npos ||
                       path.find("/dapi/") != std::string_view::npos;
  parsed.limit = futures ? kFuturesDepthDefault : kSpotDepthDefault;
  if (const std::optional<std::string> limit = QueryParameter(target, "limit")) {
    std::size_t asked = 0;
    const auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), asked);
    if (error == std::errc() && end == limit->data() + limit->size() && asked > 0) {
      parsed.limit = std::min(asked, futures ? kFuturesDepthMax : kSpotDepthMax);
    }
  }
  return parsed;
}

}  // namespace thalweg
