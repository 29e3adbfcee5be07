// The feature contract: every feature's name, unit, group, window, range and meaning, in record
// order.
//
// One table feeds the CSV header, the record layout, `thalweg schema` and docs/FEATURES.md. Within
// a group new features are added at the end; any change of a name, an order or a unit changes the
// schema hash. Columns are found by name, never by a remembered index. Threads: immutable after
// construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "features/schema.h"

namespace thalweg {

enum class FeatureGroup : std::uint8_t {
  kQuote,
  kLiquidity,
  kBuckets,
  kOrderFlow,
  kTrades,
  kAges,
  kTouch,
};
[[nodiscard]] std::string_view GroupName(FeatureGroup group) noexcept;

// One row of the table. A name that ends in "_t" stands for one feature a bucket size.
struct FeatureRow {
  std::string_view name;
  std::string_view unit;  // "quote", "base", "bps", "ticks", "ms", "count", "1" (a pure number)
  FeatureGroup group;
  std::string_view window;  // "10s", or empty
  std::string_view range;   // of values that are not NaN
  std::string_view description;
};

// The table itself.
[[nodiscard]] std::span<const FeatureRow> FeatureRows() noexcept;

struct Feature {
  std::string name;
  const FeatureRow* row;
};

// The table with the names of the bucket sizes put in.
class Catalogue {
 public:
  // `bucket_names`: the suffix of each bucket size, as in the configuration ("10", "0.05"), or its
  // rank ("b1") where sizes differ between symbols. 1 to 8.
  explicit Catalogue(const std::vector<std::string>& bucket_names);

  [[nodiscard]] const std::vector<Feature>& features() const noexcept { return features_; }
  [[nodiscard]] std::size_t bucket_count() const noexcept { return bucket_suffixes_.size(); }
  // What the names of a bucket size's features end in: "t10", or "b1" by rank.
  [[nodiscard]] const std::vector<std::string>& bucket_suffixes() const noexcept {
    return bucket_suffixes_;
  }
  // Header and features with their offsets in the record.
  [[nodiscard]] std::vector<SchemaField> Fields() const;
  [[nodiscard]] RecordSchema Schema() const;
  // Schema().hash
  [[nodiscard]] std::uint64_t schema_hash() const noexcept { return schema_hash_; }
  // The first feature of a group, counted in features from the start of the record's features.
  [[nodiscard]] std::size_t GroupBegin(FeatureGroup group) const noexcept;
  [[nodiscard]] std::size_t GroupSize(FeatureGroup group) const noexcept;

 private:
  std::vector<Feature> features_;
  std::vector<std::string> bucket_suffixes_;
  std::uint64_t schema_hash_;
};

// The sizes used when none are configured.
[[nodiscard]] const std::vector<std::string>& DefaultBucketSizes();

}  // namespace thalweg
