// The three rings of a writer, made for tests: features of the catalogue, ladders and tops of a few
// symbols whose numbers follow from their prices.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/ring_name.h"
#include "core/ring_writer.h"
#include "features/catalogue.h"
#include "tests/core/ring_testing.h"

namespace thalweg {

inline constexpr std::int64_t kMarketStart = 1'723'136'431'000'000'000;  // 2024-08-08 17:00:31 UTC.
inline constexpr std::size_t kMarketLevels = 20;

class MarketRing {
 public:
  // Writes on all three rings from the beginning; every symbol is live, without a record.
  MarketRing(const RingFolder& folder, const std::vector<std::string>& symbols,
             const std::string& name = "test", std::uint64_t capacity = 64);

  // A record of a symbol on each ring: its touch is at these prices, with quantities 3 and 1.
  void Publish(std::uint32_t symbol, double bid, double ask, std::int64_t event_ns = kMarketStart);
  void SetStatus(std::uint32_t symbol, std::uint32_t state, std::uint64_t quality);
  void SetCounts(std::uint32_t symbol, const RingSymbolCounts& counts);
  void Beat();
  void Close();

  [[nodiscard]] RingWriter& features() { return *features_; }

 private:
  void PublishTops(std::uint32_t symbol, const RecordHeader& header, double bid, double ask);
  void PublishLadders(std::uint32_t symbol, const RecordHeader& header, double bid, double ask);

  RingName name_;
  std::vector<RingField> tops_fields_;
  std::vector<RingField> ladders_fields_;
  Catalogue catalogue_;
  std::unique_ptr<RingWriter> features_;
  std::unique_ptr<RingWriter> ladders_;
  std::unique_ptr<RingWriter> tops_;
};

}  // namespace thalweg
