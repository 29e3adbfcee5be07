// Decimal text: the grammar, the edges of int64 in every unit, and text that comes back as it was.
#include "core/decimal.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>

namespace thalweg {
namespace {

constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kUntouched = -77;

struct Parsed {
  DecimalVerdict verdict;
  std::int64_t units;
  friend bool operator==(const Parsed&, const Parsed&) = default;
};

Parsed Parse(std::string_view text, int decimals) {
  std::int64_t units = kUntouched;
  const DecimalVerdict verdict = ParseDecimal(text, decimals, &units);
  return {verdict, units};
}

Parsed Good(std::int64_t units) { return {DecimalVerdict::kOk, units}; }
Parsed Bad(DecimalVerdict verdict) { return {verdict, kUntouched}; }

// The text of units * 10^-decimals by a way of its own: digits, then a dot put in.
std::string PlainText(std::uint64_t units, int decimals) {
  std::string digits = std::to_string(units);
  const auto places = static_cast<std::size_t>(decimals);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, ".");
  return digits;
}

TEST(ParseDecimalTest, TakesDigitsWithAtMostEightDecimals) {
  EXPECT_EQ(Parse("0", 8), Good(0));
  EXPECT_EQ(Parse("0.0", 8), Good(0));
  EXPECT_EQ(Parse("0.00000000", 8), Good(0));
  EXPECT_EQ(Parse("1", 8), Good(100'000'000));
  EXPECT_EQ(Parse("1.5", 8), Good(150'000'000));
  EXPECT_EQ(Parse("61602.01000000", 8), Good(6'160'201'000'000));
  EXPECT_EQ(Parse("0.00000001", 8), Good(1));
  EXPECT_EQ(Parse("007.50", 2), Good(750));
  EXPECT_EQ(Parse("9", 0), Good(9));
}

TEST(ParseDecimalTest, RefusesWhatIsNotOfTheGrammar) {
  constexpr std::string_view kTexts[] = {
      "",     ".",   "1.",          ".5",          "1..5",        "1.2.3", "-1",      "-0",
      "+1",   "1e5", "1E-2",        "1.5e3",       "NaN",         "nan",   "inf",     "Infinity",
      " 1",   "1 ",  "1. 5",        "\t1",         "1\n",         "1,5",   "0x10",    "1_000",
      "1.5f", "--",  "1.000000000", "0.000000000", "0.123456789", "one",   "\xc2\xb9"};
  for (const std::string_view text : kTexts) {
    for (int decimals = 0; decimals <= kQtyDecimalsMax; ++decimals) {
      EXPECT_EQ(Parse(text, decimals), Bad(DecimalVerdict::kMalformed))
          << "'" << text << "' with " << decimals << " decimals";
    }
  }
  EXPECT_EQ(Parse(std::string_view("1\0", 2), 8), Bad(DecimalVerdict::kMalformed));
}

TEST(ParseDecimalTest, RefusesEveryForeignByteAtEveryPlace) {
  const std::string good = "12.34";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = good;
      text[at] = static_cast<char>(byte);
      const bool digit = byte >= '0' && byte <= '9';
      // A digit in place of the dot makes an integer; a dot in place of a digit makes two dots.
      const bool expected = digit || (at == 2 && byte == '.');
      EXPECT_EQ(Parse(text, 8).verdict == DecimalVerdict::kOk, expected)
          << "byte " << byte << " at " << at;
    }
  }
}

TEST(ParseDecimalTest, NineDecimalsAreMalformedEvenIfTheLastIsZero) {
  EXPECT_EQ(Parse("1.12345678", 8), Good(112'345'678));
  EXPECT_EQ(Parse("1.123456780", 8), Bad(DecimalVerdict::kMalformed));
}

TEST(ParseDecimalTest, RefusesDigitsBelowTheUnitInsteadOfRounding) {
  for (int decimals = 0; decimals < kQtyDecimalsMax; ++decimals) {
    std::string text = "3." + std::string(static_cast<std::size_t>(decimals), '4');
    EXPECT_EQ(Parse(text + "0", decimals).verdict, DecimalVerdict::kOk) << text;
    for (const char digit : {'1', '4', '5', '9'}) {
      EXPECT_EQ(Parse(text + digit, decimals), Bad(DecimalVerdict::kTooFine)) << text << digit;
    }
  }
}

TEST(ParseDecimalTest, WhatOverflowsItsUnitIsOutOfRangeHoweverFineItIs) {
  EXPECT_EQ(Parse("99999999999999999999.001", 2), Bad(DecimalVerdict::kOutOfRange));
  EXPECT_EQ(Parse("92233720368547758.08001", 2), Bad(DecimalVerdict::kOutOfRange));
  EXPECT_EQ(Parse("92233720368547758.07001", 2), Bad(DecimalVerdict::kTooFine));
}

TEST(ParseDecimalTest, TakesTheLargestValueOfEveryUnitAndRefusesTheNext) {
  constexpr auto kLargest = static_cast<std::uint64_t>(kInt64Max);
  for (int decimals = 0; decimals <= kQtyDecimalsMax; ++decimals) {
    SCOPED_TRACE(decimals);
    EXPECT_EQ(Parse(PlainText(kLargest, decimals), decimals), Good(kInt64Max));
    EXPECT_EQ(Parse(PlainText(kLargest - 1, decimals), decimals), Good(kInt64Max - 1));
    for (const std::uint64_t beyond : {kLargest + 1, kLargest + 2, ~std::uint64_t{0}}) {
      EXPECT_EQ(Parse(PlainText(beyond, decimals), decimals), Bad(DecimalVerdict::kOutOfRange));
    }
  }
}

TEST(ParseDecimalTest, TheExchangesCapFitsExactly) {
  EXPECT_EQ(Parse("92233720368.54775807", 8), Good(kInt64Max));
  EXPECT_EQ(Parse("92233720368.54775808", 8), Bad(DecimalVerdict::kOutOfRange));
  // The cap of an asset with two decimals fits its own unit and no finer one.
  EXPECT_EQ(Parse("92233720368547758.07", 2), Good(kInt64Max));
  EXPECT_EQ(Parse("92233720368547758.07", 3), Bad(DecimalVerdict::kOutOfRange));
}

TEST(ParseDecimalTest, MissingDecimalsCanOverflowToo) {
  EXPECT_EQ(Parse("92233720368", 8), Good(9'223'372'036'800'000'000));
  EXPECT_EQ(Parse("92233720369", 8), Bad(DecimalVerdict::kOutOfRange));
  EXPECT_EQ(Parse("9223372036854775807", 1), Bad(DecimalVerdict::kOutOfRange));
}

TEST(ParseDecimalTest, FaultD3ThirtyDigitsAreOutOfRangeAndNeverWrap) {
  // Some of these wrap to small or to positive numbers in 64 bits.
  for (const std::string_view text :
       {"123456789012345678901234567890", "18446744073709551616", "18446744073709551617",
        "36893488147419103233", "340282366920938463463374607431", "999999999999999999999999999999",
        "184467440737.09551617"}) {
    EXPECT_EQ(Parse(text, 8), Bad(DecimalVerdict::kOutOfRange)) << text;
  }
  EXPECT_EQ(Parse("000000000000000000000000000000001.5", 8), Good(150'000'000));
  EXPECT_EQ(Parse("123456789012345678901234567890x", 8), Bad(DecimalVerdict::kMalformed));
}

TEST(FormatDecimalTest, WritesEightDecimalsInEveryUnit) {
  EXPECT_EQ(FormatEightDecimals(6'160'201, 2), "61602.01000000");
  EXPECT_EQ(FormatEightDecimals(0, 0), "0.00000000");
  EXPECT_EQ(FormatEightDecimals(1, 8), "0.00000001");
  EXPECT_EQ(FormatEightDecimals(7, 0), "7.00000000");
  EXPECT_EQ(FormatEightDecimals(kInt64Max, 8), "92233720368.54775807");
  EXPECT_EQ(FormatEightDecimals(kInt64Max, 0), "9223372036854775807.00000000");
}

TEST(FormatDecimalTest, DropsTrailingZerosOfTheFractionOnly) {
  EXPECT_EQ(FormatDecimal(6'160'201, 2), "61602.01");
  EXPECT_EQ(FormatDecimal(100, 0), "100");
  EXPECT_EQ(FormatDecimal(1'000'000'000, 8), "10");
  EXPECT_EQ(FormatDecimal(0, 8), "0");
  EXPECT_EQ(FormatDecimal(10, 8), "0.0000001");
}

TEST(FormatDecimalTest, ParsingGivesBackEveryNumberInEveryUnit) {
  std::mt19937_64 random(20'240'808);
  for (int decimals = 0; decimals <= kQtyDecimalsMax; ++decimals) {
    const auto check = [decimals](std::int64_t units) {
      ASSERT_EQ(Parse(FormatEightDecimals(units, decimals), decimals), Good(units));
      ASSERT_EQ(Parse(FormatDecimal(units, decimals), decimals), Good(units));
      const std::string plain = PlainText(static_cast<std::uint64_t>(units), decimals);
      ASSERT_EQ(Parse(plain, decimals), Good(units));
    };
    for (int n = 0; n <= 18; ++n) {
      for (const std::int64_t near : {-1, 0, 1}) check(PowerOfTen(n) + near);
    }
    for (const std::int64_t edge : {kInt64Max, kInt64Max - 1, std::int64_t{0}}) check(edge);
    for (int i = 0; i < 20'000; ++i) {
      // All magnitudes: a shift by a random number of bits.
      check(static_cast<std::int64_t>((random() >> 1) >> (random() % 63)));
    }
  }
}

TEST(SignificantDecimalsTest, CountsUpToTheLastNonZeroOne) {
  EXPECT_EQ(SignificantDecimals("1.2300"), 2);
  EXPECT_EQ(SignificantDecimals("7.000"), 0);
  EXPECT_EQ(SignificantDecimals("7"), 0);
  EXPECT_EQ(SignificantDecimals("100"), 0);
  EXPECT_EQ(SignificantDecimals("0.00000001"), 8);
  EXPECT_EQ(SignificantDecimals("0.10000000"), 1);
  EXPECT_EQ(SignificantDecimals("0.0"), 0);
}

TEST(SignificantDecimalsTest, IsTheCoarsestUnitThatParses) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 5'000; ++i) {
    const auto units = static_cast<std::uint64_t>(random() >> 30);
    const std::string text = PlainText(units - units % (random() % 2 == 0 ? 1 : 1'000), 8);
    const int decimals = SignificantDecimals(text);
    EXPECT_EQ(Parse(text, decimals).verdict, DecimalVerdict::kOk) << text;
    if (decimals > 0) {
      EXPECT_EQ(Parse(text, decimals - 1).verdict, DecimalVerdict::kTooFine) << text;
    }
  }
}

TEST(ParsePositivePriceTest, TakesPricesUpToTheBound) {
  ASSERT_TRUE(ParsePositivePrice("0.01").ok());
  EXPECT_EQ(*ParsePositivePrice("0.01"), Price(1'000'000));
  EXPECT_EQ(*ParsePositivePrice("0.00000001"), Price(1));
  EXPECT_EQ(*ParsePositivePrice(FormatDecimal(kPriceMax.raw(), kPriceDecimals)), kPriceMax);
}

TEST(ParsePositivePriceTest, SaysWhatIsWrong) {
  const auto message = [](std::string_view text) {
    const auto parsed = ParsePositivePrice(text);
    EXPECT_FALSE(parsed.ok()) << text;
    return parsed.ok() ? std::string() : std::string(parsed.status().message());
  };
  EXPECT_NE(message("0").find("'0' is not positive"), std::string::npos);
  EXPECT_NE(message("0.000").find("not positive"), std::string::npos);
  EXPECT_NE(message("ten").find("'ten' is not a plain decimal"), std::string::npos);
  EXPECT_NE(message("-1").find("not a plain decimal"), std::string::npos);
  EXPECT_NE(message("0.000000001").find("at most eight decimals"), std::string::npos);
  EXPECT_NE(message("99999999999999999999").find("too large"), std::string::npos);
  const std::string beyond = FormatDecimal(kPriceMax.raw() + 1, kPriceDecimals);
  EXPECT_NE(message(beyond).find("too large"), std::string::npos);
}

}  // namespace
}  // namespace thalweg
