#include "tools/top/quality_words.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "core/string_view.h"
#include "pipeline/symbol_engine.h"

namespace thalweg {
namespace {

struct Word {
  QualityWord bits;
  std::string_view text;
  Style style;
};

// The gravest first.
constexpr std::array kWords{
    Word{quality::kBookInvalid, "no book", Style::kAlarm},
    Word{quality::kCrossed, "crossed", Style::kAlarm},
    Word{quality::kAuditDiverged, "audit differs", Style::kAlarm},
    Word{quality::kResyncing, "resyncing", Style::kWarning},
    Word{quality::kOneSided, "one-sided", Style::kWarning},
    Word{quality::kHalted, "halted", Style::kWarning},
    Word{quality::kDroppedInput, "input lost", Style::kWarning},
    Word{quality::kTradeGap, "trade gap", Style::kWarning},
    Word{quality::kStaleDepth, "depth stale", Style::kWarning},
    Word{quality::kStaleTicker, "ticker stale", Style::kWarning},
    Word{quality::kStaleTrade, "trades stale", Style::kQuiet},
    Word{quality::kHorizon, "horizon", Style::kQuiet},
    Word{0xffULL << quality::kFirstHorizonBit, "b-horizon", Style::kQuiet},
    Word{quality::kShortBook, "short book", Style::kQuiet},
    Word{quality::kSweepThin, "thin", Style::kQuiet},
    Word{quality::kQtyCapped, "qty capped", Style::kQuiet},
    Word{quality::kInstrumentInferred, "tick inferred", Style::kQuiet},
    Word{quality::kFirstAfterResync, "first after resync", Style::kQuiet},
};

constexpr QualityWord kWarmups = ((1ULL << quality::kWarmupWindows.size()) - 1)
                                 << quality::kFirstWarmupBit;
constexpr std::string_view kWarmupPrefix = "WARMUP_";

std::string WarmupWord(QualityWord quality) {
  int bit = quality::kFirstWarmupBit;
  while ((quality >> bit & 1) == 0) ++bit;
  return absl::StrCat("warm-up ", Abseil(QualityBitName(bit).substr(kWarmupPrefix.size())));
}

}  // namespace

std::string QualityWords::Fit(std::size_t width) const {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string more = i == 0 ? words[i] : absl::StrCat(text, ", ", words[i]);
    const std::size_t left = words.size() - i - 1;
    const std::string end = left == 0 ? "" : absl::StrCat(" +", left);
    if (i > 0 && more.size() + end.size() > width) {
      return absl::StrCat(text, " +", words.size() - i);
    }
    text = more;
  }
  return text;
}

QualityWords DescribeInWords(QualityWord quality) {
  QualityWords described;
  quality &= ~(quality::kWarmupVpin | quality::kWarmupIntensity);
  for (const Word& word : kWords) {
    if ((quality & word.bits) == 0) continue;
    if (described.words.empty()) described.style = word.style;
    described.words.emplace_back(word.text);
    quality &= ~word.bits;
  }
  if ((quality & kWarmups) != 0) described.words.push_back(WarmupWord(quality));
  quality &= ~kWarmups;
  if (quality != 0) described.words.push_back(DescribeQuality(quality));
  return described;
}

std::string StateWord(std::uint32_t state) {
  switch (static_cast<SymbolState>(state)) {
    case SymbolState::kDown:
      return "down";
    case SymbolState::kBuffering:
      return "buffering";
    case SymbolState::kLive:
      return "live";
    case SymbolState::kResync:
      return "resync";
    case SymbolState::kHalted:
      return "halted";
  }
  return absl::StrCat("state ", state);
}

Style StateStyle(std::uint32_t state) noexcept {
  if (state == static_cast<std::uint32_t>(SymbolState::kLive)) return Style::kBid;
  if (state == static_cast<std::uint32_t>(SymbolState::kDown)) return Style::kAlarm;
  return Style::kWarning;
}

}  // namespace thalweg
