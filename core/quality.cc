#include "core/quality.h"

#include "absl/strings/str_cat.h"

namespace thalweg {
namespace {

struct BitName {
  int bit;
  std::string_view name;
};

constexpr std::array kBitNames{
    BitName{0, "BOOK_INVALID"},    BitName{1, "RESYNCING"},     BitName{2, "FIRST_AFTER_RESYNC"},
    BitName{3, "CROSSED"},         BitName{4, "ONE_SIDED"},     BitName{5, "SHORT_BOOK"},
    BitName{6, "HORIZON"},         BitName{7, "SWEEP_THIN"},    BitName{8, "STALE_DEPTH"},
    BitName{9, "STALE_TICKER"},    BitName{10, "STALE_TRADE"},  BitName{11, "TRADE_GAP"},
    BitName{12, "DROPPED_INPUT"},  BitName{13, "HALTED"},       BitName{14, "INSTRUMENT_INFERRED"},
    BitName{15, "AUDIT_DIVERGED"}, BitName{16, "QTY_CAPPED"},   BitName{24, "HORIZON_B1"},
    BitName{25, "HORIZON_B2"},     BitName{26, "HORIZON_B3"},   BitName{27, "HORIZON_B4"},
    BitName{28, "HORIZON_B5"},     BitName{29, "HORIZON_B6"},   BitName{30, "HORIZON_B7"},
    BitName{31, "HORIZON_B8"},     BitName{32, "WARMUP_100ms"}, BitName{33, "WARMUP_1s"},
    BitName{34, "WARMUP_5s"},      BitName{35, "WARMUP_10s"},   BitName{36, "WARMUP_60s"},
    BitName{37, "WARMUP_300s"},    BitName{38, "WARMUP_VPIN"},  BitName{39, "WARMUP_INTENSITY"},
};

}  // namespace

std::string_view QualityBitName(int bit) noexcept {
  for (const BitName& entry : kBitNames) {
    if (entry.bit == bit) return entry.name;
  }
  return {};
}

std::string DescribeQuality(QualityWord word) {
  std::string text;
  for (int bit = 0; bit < 64; ++bit) {
    if ((word >> bit & 1) == 0) continue;
    if (!text.empty()) text += '|';
    const std::string_view name = QualityBitName(bit);
    if (name.empty()) {
      absl::StrAppend(&text, "bit", bit);
    } else {
      text += name;
    }
  }
  return text;
}

}  // namespace thalweg
