// Books written down as numbers, and features asked for by name.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "book/order_book.h"
#include "features/catalogue.h"
#include "features/scale.h"

namespace thalweg::testing {

// Quantities of tests are in 1e-8, like the default scale's.
inline constexpr std::int64_t kOne = 100'000'000;
inline constexpr Scale kCent{Price(1'000'000), 8};

using Levels = std::vector<TickLevel>;

[[nodiscard]] inline Levels InTicks(
    const std::vector<std::pair<std::int64_t, std::int64_t>>& levels) {
  Levels out;
  for (const auto& [price, qty] : levels) out.push_back({Ticks(price), Qty(qty)});
  return out;
}

// Any book, crossed and one-sided ones too; one bucket size of 1000 ticks unless said.
[[nodiscard]] inline OrderBook MakeBook(const Levels& bids, const Levels& asks,
                                        const std::vector<Ticks>& sizes = {Ticks(1'000)}) {
  OrderBook book(sizes);
  book.Apply(bids, asks, UpdateId(1));
  return book;
}

// Book "A" of the feature definitions, tick 0.01; quantities times `factor`.
[[nodiscard]] inline OrderBook BookA(std::int64_t factor = 1) {
  const std::int64_t one = kOne * factor;
  return MakeBook(
      InTicks({{10'000, 2 * one}, {9'999, 3 * one}, {9'997, 5 * one}, {9'995, 10 * one}}),
      InTicks({{10'002, one}, {10'003, 4 * one}, {10'006, 5 * one}, {10'010, 10 * one}}));
}

// The values of one group by their names in the catalogue.
class Named {
 public:
  Named(FeatureGroup group, std::vector<double> values)
      : group_(group), values_(std::move(values)) {}

  [[nodiscard]] double operator[](std::string_view name) const {
    std::size_t at = 0;
    for (const FeatureRow& row : FeatureRows()) {
      if (row.group != group_) continue;
      if (row.name == name) return values_.at(at);
      ++at;
    }
    ADD_FAILURE() << "no feature " << name;
    return 0.0;
  }
  [[nodiscard]] const std::vector<double>& values() const& { return values_; }
  [[nodiscard]] std::vector<double> values() && { return std::move(values_); }

 private:
  FeatureGroup group_;
  std::vector<double> values_;
};

inline void ExpectClose(double actual, double expected) {
  EXPECT_LE(std::abs(actual - expected), 1e-9 * std::abs(expected))
      << actual << " instead of " << expected;
}

[[nodiscard]] inline std::uint64_t Bits(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

// The only NaN of records.
[[nodiscard]] inline bool IsTheNan(double value) { return Bits(value) == 0x7ff8000000000000; }

// No infinity, no minus zero, and no other NaN than the one.
inline void ExpectPublishable(const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_FALSE(std::isinf(values[i])) << "value " << i;
    EXPECT_FALSE(values[i] == 0.0 && std::signbit(values[i])) << "minus zero at " << i;
    if (std::isnan(values[i])) {
      EXPECT_TRUE(IsTheNan(values[i])) << "another NaN at " << i;
    }
  }
}

}  // namespace thalweg::testing
