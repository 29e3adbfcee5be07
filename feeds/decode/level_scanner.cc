#include "feeds/decode/level_scanner.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <limits>
#include <string_view>
#include <type_traits>

#include "feeds/decode/decoder.h"
#include "feeds/decode/frame.h"
#include "feeds/decode/text_cursor.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace thalweg {
namespace {

// Frames are far smaller; a larger one allocates once.
constexpr std::size_t kWarmLevels = 4'096;
// The vector kernel writes levels in pairs, the index dots in fours.
constexpr std::size_t kSlack = 64;
// The shortest level, with its comma: ["1","0"],
constexpr std::size_t kLevelBytesMin = 10;

template <class T>
void GrowTo(std::size_t size, std::vector<T>* buffer) {
  if (buffer->size() < size) buffer->resize(std::max(size, 2 * buffer->size()));
}

// Takes `[[price,qty],...]` or `[]` at the cursor.
bool TakeSide(TextCursor* cursor, int qty_decimals, std::vector<Level>* levels,
              std::size_t* count) noexcept {
  *count = 0;
  if (!cursor->Take('[')) return false;
  if (*cursor->at() == ']') return cursor->Take(']');
  std::size_t at = 0;
  while (true) {
    std::int64_t price = 0;
    std::int64_t qty = 0;
    if (!cursor->inside() || at == kFrameLevelsMax) return false;
    if (!cursor->Take("[\"") || !cursor->TakeDecimal(kPriceDecimals, &price) ||
        !cursor->Take("\",\"") || !cursor->inside() || !cursor->TakeDecimal(qty_decimals, &qty) ||
        !cursor->Take("\"]")) {
      return false;
    }
    if (price > kPriceMax.raw()) return false;
    (*levels)[at++] = Level{Price(price), Qty(qty)};
    const char next = *cursor->at();
    if (!cursor->Take(",")) {
      *count = at;
      return next == ']' && cursor->Take(']');
    }
  }
}

#if defined(__x86_64__)

// How the numbers of one side are written: decimals in the text, and the unit wanted.
struct NumberShape {
  unsigned price_decimals;
  unsigned qty_decimals;       // in the text
  unsigned qty_unit_decimals;  // of the unit
};

constexpr unsigned kWholeDigitsMax = 7;
constexpr std::size_t kDot = 7;  // A number is loaded so that its dot is byte 7 of 16.
constexpr std::uint8_t kNothing = 0x80;

using Shuffle = std::array<std::uint8_t, 16>;

// The shuffle that brings 16 loaded bytes into the form of two numbers of eight digits: the whole
// part of `whole` digits, and the first decimals as a number of `unit` digits. A length of 0 takes
// the dot itself, which then fails as a digit.
constexpr Shuffle ShuffleOf(unsigned decimals, unsigned unit, unsigned whole) {
  Shuffle shuffle{};
  shuffle.fill(kNothing);
  for (unsigned i = 0; i < whole; ++i) shuffle[7 - i] = static_cast<std::uint8_t>(kDot - 1 - i);
  if (whole == 0) shuffle[7] = kDot;
  for (unsigned i = 0; i < unit && i < decimals; ++i) {
    shuffle[16 - unit + i] = static_cast<std::uint8_t>(kDot + 1 + i);
  }
  return shuffle;
}

using ShuffleTable = std::array<Shuffle, kWholeDigitsMax + 1>;  // by digits of the whole part

constexpr std::array<std::array<ShuffleTable, 9>, 9> MakeShuffles() {
  std::array<std::array<ShuffleTable, 9>, 9> tables{};
  for (unsigned decimals = 0; decimals <= 8; ++decimals) {
    for (unsigned unit = 0; unit <= 8; ++unit) {
      for (unsigned whole = 0; whole <= kWholeDigitsMax; ++whole) {
        tables[decimals][unit][whole] = ShuffleOf(decimals, unit, whole);
      }
    }
  }
  return tables;
}

// By decimals of the text, then of the unit: 10 kB, of which a symbol uses two lines of 128 bytes.
alignas(64) constexpr std::array<std::array<ShuffleTable, 9>, 9> kShuffles = MakeShuffles();

// Bytes that must be '0' because the unit is coarser than the text.
constexpr Shuffle ZeroMaskOf(unsigned decimals, unsigned unit) {
  Shuffle mask{};
  for (unsigned i = unit; i < decimals; ++i) mask[kDot + 1 + i] = 0xFF;
  return mask;
}

[[gnu::target("avx2,bmi,bmi2")]] inline __m256i LoadTwo(const void* low,
                                                        const void* high) noexcept {
  return _mm256_inserti128_si256(
      _mm256_castsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(low))),
      _mm_loadu_si128(static_cast<const __m128i*>(high)), 1);
}

// Where the dots of a text are, and how many of them come before its first colon.
struct DotIndex {
  std::size_t count = 0;
  std::size_t before_colon = 0;
  bool has_colon = false;
};

[[gnu::target("avx2,bmi,bmi2")]] inline std::uint64_t EqualBytes(__m256i low, __m256i high,
                                                                 __m256i wanted) noexcept {
  const auto mask = [](int bits) {
    return static_cast<std::uint64_t>(static_cast<unsigned>(bits));
  };
  const int low_bits = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
  const int high_bits = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
  return mask(low_bits) | mask(high_bits) << 32;
}

// Writes the offsets of all dots; `dots` has room for one a byte, and kSlack more.
[[gnu::target("avx2,bmi,bmi2,popcnt")]] DotIndex IndexDots(const char* text, std::size_t size,
                                                           std::uint32_t* dots) noexcept {
  DotIndex index;
  std::size_t count = 0;
  const __m256i dot = _mm256_set1_epi8('.');
  const __m256i colon = _mm256_set1_epi8(':');
  for (std::size_t block = 0; block < size; block += 64) {
    const auto* at = reinterpret_cast<const __m256i*>(text + block);
    const __m256i low = _mm256_loadu_si256(at);
    const __m256i high = _mm256_loadu_si256(at + 1);
    std::uint64_t dot_bits = EqualBytes(low, high, dot);
    std::uint64_t colon_bits = EqualBytes(low, high, colon);
    if (size - block < 64) {
      const std::uint64_t inside = (std::uint64_t{1} << (size - block)) - 1;
      dot_bits &= inside;
      colon_bits &= inside;
    }
    if (colon_bits != 0 && !index.has_colon) {
      index.has_colon = true;
      const std::uint64_t before = (colon_bits & (0 - colon_bits)) - 1;
      index.before_colon =
          count + static_cast<std::size_t>(__builtin_popcountll(dot_bits & before));
    }
    const auto found = static_cast<std::size_t>(__builtin_popcountll(dot_bits));
    std::uint32_t* out = dots + count;
    // Four at a time without asking: a block of 64 bytes holds four to eight dots.
    for (std::size_t done = 0; done < found; done += 4) {
      for (std::size_t i = 0; i < 4; ++i) {
        out[done + i] = static_cast<std::uint32_t>(block + _tzcnt_u64(dot_bits));
        dot_bits = _blsr_u64(dot_bits);
      }
    }
    count += found;
  }
  index.count = count;
  return index;
}

// Separators as words: the five bytes before a price, the three before a quantity.
constexpr std::uint64_t WordOf(std::string_view text) {
  std::uint64_t word = 0;
  for (std::size_t i = text.size(); i-- > 0;)
    word = word << 8 | static_cast<unsigned char>(text[i]);
  return word;
}
constexpr std::uint64_t kBeforeFirstPrice = WordOf("\":[[\"");
constexpr std::uint64_t kBeforePrice = WordOf("\"],[\"");
constexpr std::uint64_t kBeforeQty = WordOf("\",\"");
constexpr std::size_t kBeforePriceBytes = 5;
constexpr std::size_t kBeforeQtyBytes = 3;

// Reads a side's levels from their dots (two a level, price first). Every check is or-ed into an
// error that is looked at once, after the last level.
class SideKernel {
 public:
  [[gnu::target("avx2,bmi,bmi2")]] static bool Read(const char* text, const std::uint32_t* dots,
                                                    std::size_t levels, std::size_t first_price,
                                                    const NumberShape& shape, Level* out) noexcept {
    const ShuffleTable& price_shuffles = kShuffles[shape.price_decimals][kPriceDecimals];
    const ShuffleTable& qty_shuffles = kShuffles[shape.qty_decimals][shape.qty_unit_decimals];
    const Shuffle zero_bytes = ZeroMaskOf(shape.qty_decimals, shape.qty_unit_decimals);
    const __m256i must_be_zero = LoadTwo(zero_bytes.data(), zero_bytes.data());
    const __m256i zero_digit = _mm256_set1_epi8('0');
    const __m256i nine = _mm256_set1_epi8(9);
    const __m256i tens = _mm256_set1_epi16(0x010A);               // 10, 1
    const __m256i hundreds = _mm256_set1_epi32(0x00010064);       // 100, 1
    const __m256i ten_thousands = _mm256_set1_epi32(0x00012710);  // 10'000, 1
    const __m256i units =
        _mm256_set_epi64x(kPowersOfTen[shape.qty_unit_decimals], kPowersOfTen[kPriceDecimals],
                          kPowersOfTen[shape.qty_unit_decimals], kPowersOfTen[kPriceDecimals]);
    // From a price's dot to the quantity's first digit, and from there to the next price's.
    const std::size_t to_qty = 1 + shape.price_decimals + kBeforeQtyBytes;
    const std::size_t to_price = 1 + shape.qty_decimals + kBeforePriceBytes;

    __m256i vector_error = _mm256_setzero_si256();
    std::uint64_t error = 0;
    std::uint64_t expected = kBeforeFirstPrice;
    std::size_t price0 = first_price;
    for (std::size_t i = 0; i < levels; i += 2) {
      const std::size_t price_dot0 = dots[2 * i];
      const std::size_t qty_dot0 = dots[2 * i + 1];
      // The last level of an odd number stands in for its own neighbour.
      const bool paired = i + 1 < levels;
      const std::size_t price_dot1 = paired ? dots[2 * i + 2] : price_dot0;
      const std::size_t qty_dot1 = paired ? dots[2 * i + 3] : qty_dot0;
      const std::size_t price1 = paired ? qty_dot0 + to_price : price0;
      const std::size_t qty0 = price_dot0 + to_qty;
      const std::size_t qty1 = price_dot1 + to_qty;
      const std::size_t price_size0 = price_dot0 - price0;
      const std::size_t price_size1 = price_dot1 - price1;
      const std::size_t qty_size0 = qty_dot0 - qty0;
      const std::size_t qty_size1 = qty_dot1 - qty1;
      // A size above seven, or a wrapped one; zero fails as a digit (ShuffleOf).
      error |= (price_size0 | price_size1 | qty_size0 | qty_size1) & ~std::size_t{kWholeDigitsMax};

      const std::uint64_t five = FirstBytes(kBeforePriceBytes);
      const std::uint64_t three = FirstBytes(kBeforeQtyBytes);
      error |= (LoadWord(text + price0 - kBeforePriceBytes) & five) ^ expected;
      error |=
          (LoadWord(text + price1 - kBeforePriceBytes) & five) ^ (paired ? kBeforePrice : expected);
      error |= (LoadWord(text + qty0 - kBeforeQtyBytes) & three) ^ kBeforeQty;
      error |= (LoadWord(text + qty1 - kBeforeQtyBytes) & three) ^ kBeforeQty;
      expected = kBeforePrice;

      __m256i prices = LoadTwo(text + price_dot0 - kDot, text + price_dot1 - kDot);
      __m256i qtys = LoadTwo(text + qty_dot0 - kDot, text + qty_dot1 - kDot);
      prices = _mm256_sub_epi8(prices, zero_digit);
      qtys = _mm256_sub_epi8(qtys, zero_digit);
      vector_error = _mm256_or_si256(vector_error, _mm256_and_si256(qtys, must_be_zero));
      prices = _mm256_shuffle_epi8(prices, LoadTwo(price_shuffles[price_size0 & 7].data(),
                                                   price_shuffles[price_size1 & 7].data()));
      qtys = _mm256_shuffle_epi8(
          qtys, LoadTwo(qty_shuffles[qty_size0 & 7].data(), qty_shuffles[qty_size1 & 7].data()));
      vector_error = _mm256_or_si256(vector_error, _mm256_or_si256(_mm256_subs_epu8(prices, nine),
                                                                   _mm256_subs_epu8(qtys, nine)));

      // 16 digits -> 8 pairs -> 4 fours; then both registers share one, and it is two eights a
      // number.
      prices = _mm256_madd_epi16(_mm256_maddubs_epi16(prices, tens), hundreds);
      qtys = _mm256_madd_epi16(_mm256_maddubs_epi16(qtys, tens), hundreds);
      const __m256i eights = _mm256_madd_epi16(_mm256_packus_epi32(prices, qtys), ten_thousands);
      const __m256i values =
          _mm256_add_epi64(_mm256_mul_epu32(eights, units), _mm256_srli_epi64(eights, 32));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), values);
      price0 = qty_dot1 + to_price;
    }
    return error == 0 && _mm256_testz_si256(vector_error, vector_error) != 0;
  }
};

static_assert(sizeof(Level) == 16 && std::is_trivially_copyable_v<Level>);

// The decimals of the number whose dot is at `dot`; 0 or 9 and more are no regular number.
unsigned DecimalsAt(const char* dot) noexcept {
  const unsigned count = LeadingDigits(LoadWord(dot + 1));
  return count == 8 && dot[9] != '"' ? 0 : count;
}

#endif

}  // namespace

LevelScanner::LevelScanner(Way way)
    : way_(way), bids_(kWarmLevels + kSlack), asks_(kWarmLevels + kSlack) {
  dots_.resize(16 * kWarmLevels + kSlack);
}

bool LevelScanner::HasVectorWay() noexcept {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                          __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
  return has;
#else
  return false;
#endif
}

bool LevelScanner::Scan(const char* begin, const char* end, int qty_decimals,
                        Sides* sides) noexcept {
  assert(qty_decimals >= 0 && qty_decimals <= kQtyDecimalsMax);
  if (begin >= end) return false;
  if (static_cast<std::size_t>(end - begin) > std::numeric_limits<std::uint32_t>::max() - 64) {
    return false;
  }
  if (way_ != Way::kSequential && HasVectorWay() && ScanByVector(begin, end, qty_decimals, sides)) {
    return true;
  }
  return way_ != Way::kVector && ScanSequentially(begin, end, qty_decimals, sides);
}

bool LevelScanner::ScanSequentially(const char* begin, const char* end, int qty_decimals,
                                    Sides* sides) noexcept {
  const std::size_t levels_max =
      std::min(kFrameLevelsMax, static_cast<std::size_t>(end - begin) / kLevelBytesMin + 1);
  GrowTo(levels_max, &bids_);
  GrowTo(levels_max, &asks_);
  TextCursor cursor(begin, end);
  std::size_t bids = 0;
  std::size_t asks = 0;
  if (!TakeSide(&cursor, qty_decimals, &bids_, &bids) || !cursor.inside() ||
      !cursor.Take(",\"a\":") || !TakeSide(&cursor, qty_decimals, &asks_, &asks)) {
    return false;
  }
  *sides = Sides{{bids_.data(), bids}, {asks_.data(), asks}, cursor.at()};
  return true;
}

#if defined(__x86_64__)

namespace {

// Takes one side, whose dots are [first, last) of `dots`, at `*at`: its opening bracket before the
// call, the byte after its closing one after it.
bool ReadSide(const char* text, const std::uint32_t* dots, std::size_t count, int qty_decimals,
              std::size_t* at, Level* out) noexcept {
  if (text[*at] != '[') return false;
  if (count == 0) {
    if (text[*at + 1] != ']') return false;
    *at += 2;
    return true;
  }
  const NumberShape shape{DecimalsAt(text + dots[0]), DecimalsAt(text + dots[1]),
                          static_cast<unsigned>(qty_decimals)};
  if (shape.price_decimals == 0 || shape.qty_decimals == 0) return false;
  if (!SideKernel::Read(text, dots, count / 2, *at + 3, shape, out)) return false;
  const std::size_t end = dots[count - 1] + 1 + shape.qty_decimals;
  if ((LoadWord(text + end) & FirstBytes(3)) != WordOf("\"]]")) return false;
  *at = end + 3;
  return true;
}

// Whether the first level's quantity has a dot. Without one the vector way has nothing to hold on
// to (COIN-M counts contracts), and looking costs less than trying.
bool HasDottedQty(const char* begin, const char* end) noexcept {
  constexpr std::ptrdiff_t kFirstLevelBytes = 64;
  const char* const bound = end - begin > kFirstLevelBytes ? begin + kFirstLevelBytes : end;
  int quotes = 0;  // The quantity stands between the third quote and the fourth.
  for (const char* at = begin; at != bound; ++at) {
    quotes += *at == '"';
    if (quotes == 3 && *at == '.') return true;
    if (quotes == 4) return false;
  }
  return true;
}

}  // namespace

bool LevelScanner::ScanByVector(const char* begin, const char* end, int qty_decimals,
                                Sides* sides) noexcept {
  if (!HasDottedQty(begin, end)) return false;
  const auto size = static_cast<std::size_t>(end - begin);
  GrowTo(size + kSlack, &dots_);
  const DotIndex index = IndexDots(begin, size, dots_.data());
  const std::size_t bid_dots = index.before_colon;
  const std::size_t ask_dots = index.count - bid_dots;
  if (!index.has_colon || bid_dots % 2 != 0 || ask_dots % 2 != 0 ||
      std::max(bid_dots, ask_dots) / 2 > kFrameLevelsMax) {
    return false;
  }
  GrowTo(bid_dots / 2 + kSlack, &bids_);
  GrowTo(ask_dots / 2 + kSlack, &asks_);
  std::size_t at = 0;
  if (!ReadSide(begin, dots_.data(), bid_dots, qty_decimals, &at, bids_.data())) return false;
  constexpr std::string_view kAsksKey = ",\"a\":";
  if (at + kAsksKey.size() >= size) return false;
  if ((LoadWord(begin + at) & FirstBytes(kAsksKey.size())) != WordOf(kAsksKey)) return false;
  at += kAsksKey.size();
  if (!ReadSide(begin, dots_.data() + bid_dots, ask_dots, qty_decimals, &at, asks_.data())) {
    return false;
  }
  *sides = Sides{{bids_.data(), bid_dots / 2}, {asks_.data(), ask_dots / 2}, begin + at};
  return true;
}

#else

bool LevelScanner::ScanByVector(const char*, const char*, int, Sides*) noexcept { return false; }

#endif

}  // namespace thalweg
