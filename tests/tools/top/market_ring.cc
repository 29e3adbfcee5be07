#include "tests/tools/top/market_ring.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <span>

#include "absl/strings/str_cat.h"
#include "core/decimal.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

constexpr std::size_t kBuckets = 15;
constexpr double kSizes[] = {10, 50};
constexpr std::uint32_t kComplete = 12;

std::size_t BytesFor(const std::vector<RingField>& fields) {
  std::size_t end = 0;
  for (const RingField& field : fields) {
    end = std::max(end, field.offset + field.count * RingTypeBytes(field.type));
  }
  return (end + 63) / 64 * 64;
}

// Adds a field behind the last.
void Add(const std::string& name, const std::string& type, std::size_t count,
         std::vector<RingField>* fields) {
  const std::size_t offset =
      fields->empty()
          ? sizeof(RecordHeader)
          : fields->back().offset + fields->back().count * RingTypeBytes(fields->back().type);
  fields->push_back({name, type, offset, count, "1", "test"});
}

std::vector<RingField> TopsFields() {
  std::vector<RingField> fields;
  for (std::size_t i = 1; i <= kMarketLevels; ++i) {
    for (const char* name : {"bid_price_", "bid_qty_", "ask_price_", "ask_qty_"}) {
      Add(absl::StrCat(name, i), "f64", 1, &fields);
    }
  }
  return fields;
}

std::vector<RingField> LaddersFields() {
  std::vector<RingField> fields;
  for (const double size : kSizes) {
    const std::string end = absl::StrCat("_t", size);
    for (const char* name : {"size", "bid_label", "ask_label"}) Add(name + end, "f64", 1, &fields);
    for (const char* name : {"complete_bid", "complete_ask"}) Add(name + end, "u32", 1, &fields);
    for (const char* name : {"bid_qty", "bid_notional", "ask_qty", "ask_notional"}) {
      Add(name + end, "f64", kBuckets, &fields);
    }
  }
  return fields;
}

std::vector<RingField> FeatureFields(const Catalogue& catalogue) {
  std::vector<RingField> fields;
  for (const SchemaField& field : catalogue.Fields()) {
    fields.push_back(
        {field.name, std::string(field.type), field.offset, 1, std::string(field.unit), "test"});
  }
  return fields;
}

RingShape ShapeOf(RingKind kind, const std::vector<RingField>& fields, std::uint64_t capacity,
                  std::size_t symbols) {
  RingShape shape;
  shape.kind = kind;
  shape.record_bytes = BytesFor(fields);
  shape.schema = TestSchema(fields);
  shape.schema_hash = RingSchemaHash(fields);
  shape.capacity = capacity;
  shape.stages = kind == RingKind::kFeatures;
  shape.symbols_max = static_cast<std::uint32_t>(std::max<std::size_t>(symbols, 1) + 1);
  return shape;
}

// A record whose fields are set by name.
class Record {
 public:
  Record(const std::vector<RingField>& fields, const RecordHeader& header) : fields_(fields) {
    words_.resize(BytesFor(fields) / 8);
    std::memcpy(words_.data(), &header, sizeof(header));
    for (const RingField& field : fields) {
      for (std::size_t i = 0; i < field.count && field.type == "f64"; ++i) {
        if (field.offset >= sizeof(header)) Set(field.name, kNaN, i);
      }
    }
  }
  template <class T>
  void Set(const std::string& name, T value, std::size_t index = 0) {
    const auto field = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const RingField& f) { return f.name == name; });
    ASSERT_NE(field, fields_.end()) << name;
    std::memcpy(reinterpret_cast<std::byte*>(words_.data()) + field->offset + index * sizeof(T),
                &value, sizeof(T));
  }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::as_bytes(std::span(words_));
  }

 private:
  const std::vector<RingField>& fields_;
  std::vector<std::uint64_t> words_;
};

std::int64_t MonotonicNow() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

}  // namespace

MarketRing::MarketRing(const RingFolder& folder, const std::vector<std::string>& symbols,
                       const std::string& name, std::uint64_t capacity)
    : name_(RingName::Take(name, 0600, folder.path()).value()),
      tops_fields_(TopsFields()),
      ladders_fields_(LaddersFields()),
      catalogue_(DefaultBucketSizes()) {
  const auto create = [&](RingKind kind, const std::vector<RingField>& fields) {
    return RingWriter::Create(name_, ShapeOf(kind, fields, capacity, symbols.size())).value();
  };
  features_ = create(RingKind::kFeatures, FeatureFields(catalogue_));
  ladders_ = create(RingKind::kLadders, ladders_fields_);
  tops_ = create(RingKind::kTops, tops_fields_);
  Beat();
  for (std::uint32_t id = 0; id < symbols.size(); ++id) {
    for (RingWriter* writer : {features_.get(), ladders_.get(), tops_.get()}) {
      writer->AddSymbol(SymbolId{id}, symbols[id]);
    }
    SetStatus(id, 2, 0);
  }
}

void MarketRing::Publish(std::uint32_t symbol, double bid, double ask, std::int64_t event_ns) {
  RecordHeader header;
  header.schema_hash = catalogue_.schema_hash();
  header.recv_ns = event_ns + 12'000'000;
  header.event_ns = event_ns;
  header.update_id = 50'123'456'789;
  header.symbol_id = symbol;
  header.trigger = 1;
  const std::vector<RingField> fields = FeatureFields(catalogue_);
  Record record(fields, header);
  const std::map<std::string, double> values{
      {"best_bid", bid},
      {"best_bid_qty", 3},
      {"best_ask", ask},
      {"best_ask_qty", 1},
      {"mid", (bid + ask) / 2},
      {"spread_ticks", std::round((ask - bid) * 100)},
      {"spread_bps", 2e4 * (ask - bid) / (bid + ask)},
      {"weighted_mid", (bid + 3 * ask) / 4},
      {"imbalance_l1", 0.5},
      {"imbalance_l5", 0.25},
      {"imbalance_l10", -0.75},
      {"imbalance_l20", 0},
      {"imbalance_10bps", -0.1},
      {"buy_vol_1s", 0.5},
      {"buy_vol_10s", 12.345678},
      {"buy_vol_60s", 12'345.678},
      {"sell_vol_1s", 1.5},
      {"sell_vol_10s", 0},
      {"sell_vol_60s", 1'234'567},
      {"trade_imbalance_1s", -0.5},
      {"trade_imbalance_10s", 1},
      {"trade_imbalance_60s", -0.98},
      {"depth_age_ms", 0},
      {"ticker_age_ms", 24},
      {"trade_age_ms", 1'500},
  };
  for (const auto& [name, value] : values) record.Set(name, value);
  features_->Publish(record.bytes(), SymbolId{symbol});
  PublishTops(symbol, header, bid, ask);
  PublishLadders(symbol, header, bid, ask);
}

void MarketRing::PublishTops(std::uint32_t symbol, const RecordHeader& header, double bid,
                             double ask) {
  Record record(tops_fields_, header);
  for (std::size_t i = 0; i < kMarketLevels; ++i) {
    const auto away = static_cast<double>(i);
    record.Set(absl::StrCat("bid_price_", i + 1), bid - away * 0.01);
    record.Set(absl::StrCat("bid_qty_", i + 1), 3 - away / 10);
    record.Set(absl::StrCat("ask_price_", i + 1), ask + away * 0.01);
    record.Set(absl::StrCat("ask_qty_", i + 1), 1 + away / 10);
  }
  tops_->Publish(record.bytes(), SymbolId{symbol});
}

void MarketRing::PublishLadders(std::uint32_t symbol, const RecordHeader& header, double bid,
                                double ask) {
  Record record(ladders_fields_, header);
  for (const double size : kSizes) {
    const std::string end = absl::StrCat("_t", size);
    record.Set("size" + end, size);
    record.Set("bid_label" + end, std::floor(bid / size) * size);
    record.Set("ask_label" + end, std::ceil(ask / size) * size);
    record.Set("complete_bid" + end, std::uint32_t{kBuckets});
    record.Set("complete_ask" + end, kComplete);
    for (std::size_t i = 0; i < kBuckets; ++i) {
      const auto away = static_cast<double>(i);
      record.Set("bid_qty" + end, size * (1 + away), i);
      record.Set("bid_notional" + end, size * (1 + away) * bid, i);
      record.Set("ask_qty" + end, size / (1 + away), i);
      record.Set("ask_notional" + end, size / (1 + away) * ask, i);
    }
  }
  ladders_->Publish(record.bytes(), SymbolId{symbol});
}

void MarketRing::SetStatus(std::uint32_t symbol, std::uint32_t state, std::uint64_t quality) {
  RingStatus status;
  status.state = state;
  status.quality = quality;
  status.update_id = 50'123'456'789;
  status.event_ns = kMarketStart;
  for (RingWriter* writer : {features_.get(), ladders_.get(), tops_.get()}) {
    writer->SetStatus(SymbolId{symbol}, status);
  }
}

void MarketRing::SetCounts(std::uint32_t symbol, const RingSymbolCounts& counts) {
  features_->SetCounts(SymbolId{symbol}, counts);
}

void MarketRing::Beat() {
  for (RingWriter* writer : {features_.get(), ladders_.get(), tops_.get()}) {
    writer->Beat(MonotonicNow());
  }
}

void MarketRing::Close() {
  for (RingWriter* writer : {features_.get(), ladders_.get(), tops_.get()}) writer->Close();
}

}  // namespace thalweg
