// A synthetic market and an engine that is fed by it, for tests.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/engine.h"
#include "replay/market.h"
#include "replay/recording_line.h"

namespace thalweg {

// Gives the lines of a market to whoever takes them, parsed and padded as a reader's are.
class MarketLines {
 public:
  explicit MarketLines(const MarketOptions& options) : market_(options), start_(options.start) {}

  // The next line; lives until the next call.
  const RecordingLine& Next() {
    line_ = market_.Next();
    text_.assign(kPayloadPadding, ' ');
    text_ += std::to_string(line_.received.raw());
    text_ += ' ';
    text_ += line_.text;
    const std::size_t bytes = text_.size() - kPayloadPadding;
    text_.append(kPayloadPadding, ' ');
    parsed_ = ParseRecordingLine(std::string_view(text_).substr(kPayloadPadding, bytes));
    return parsed_;
  }
  [[nodiscard]] const MarketLine& line() const noexcept { return line_; }
  [[nodiscard]] const SyntheticMarket& market() const noexcept { return market_; }
  // Since the market's start.
  [[nodiscard]] Nanos age() const noexcept { return line_.received.raw() - start_.raw(); }

 private:
  SyntheticMarket market_;
  EventTime start_;
  MarketLine line_;
  std::string text_;
  RecordingLine parsed_;
};

inline void GiveTo(Engine& engine, const RecordingLine& line) {
  switch (line.kind) {
    case LineKind::kFrame:
      engine.OnFrame(line.receive_time, line.payload);
      break;
    case LineKind::kRest:
      engine.OnRest(line.receive_time, line.target, line.payload);
      break;
    case LineKind::kConnOpen:
      engine.OnConnectionOpen(line.connection, line.url);
      break;
    default:
      break;
  }
}

[[nodiscard]] inline MarketOptions MarketOf(std::string_view symbols, std::string_view regimes,
                                            std::uint64_t seed) {
  MarketOptions options;
  options.seed = seed;
  std::size_t begin = 0;
  while (begin <= symbols.size()) {
    const std::size_t end = std::min(symbols.find(',', begin), symbols.size());
    options.symbols.push_back(*ParseMarketSymbol(symbols.substr(begin, end - begin)));
    begin = end + 1;
  }
  options.regimes = *ParseRegimes(regimes);
  return options;
}

// Every regime, each for some seconds.
inline constexpr std::string_view kAllRegimes =
    "calm:8,burst:5,trend:5,crash:8,thin:8,one-sided:10,calm:6";

}  // namespace thalweg
