// A record of a FeatureEngine to look at: its header, the symbol that it is of, and values by
// column.
//
// Columns are found once and then used for every record, as with records of a ring:
//
//   const auto columns = engine->Bind<"mid", "imbalance_l10">();
//   const double mid = columns->Get<"mid">(record);
//
// Lifetime: of the bytes and the symbol until the engine is given anything more (inside a callback,
// until it returns); copy data() to keep them. Threads: the engine's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "core/quality.h"
#include "core/record.h"
#include "core/record_column.h"
#include "pipeline/book_view.h"

namespace thalweg {

class FeatureRecord {
 public:
  // `seq` numbers the engine's records from 1; `publish_ns` and `live_flags` are 0.
  [[nodiscard]] RecordHeader header() const noexcept {
    RecordHeader header;
    std::memcpy(static_cast<void*>(&header), bytes_.data(), sizeof(header));
    return header;
  }
  // Every doubt about the record (core/quality.h, docs/FLAGS.md).
  [[nodiscard]] QualityWord flags() const noexcept {
    QualityWord flags;
    std::memcpy(&flags, bytes_.data() + offsetof(RecordHeader, flags), sizeof(flags));
    return flags;
  }
  [[nodiscard]] bool Has(QualityWord bits) const noexcept { return (flags() & bits) != 0; }
  // "BTCUSDT"
  [[nodiscard]] const std::string& symbol() const noexcept;

  [[nodiscard]] double operator[](RecordColumn column) const noexcept {
    double value;
    std::memcpy(&value, bytes_.data() + column.word() * sizeof(value), sizeof(value));
    return value;
  }

  // The symbol's book: inside a callback the one that the record was made from; polled, the one of
  // the newest record of the same push. Absent while there is none to be trusted.
  [[nodiscard]] std::optional<BookView> book() const noexcept { return BookView::Of(*symbol_); }

  // All bytes, as core/record.h and a ring have them.
  [[nodiscard]] const std::byte* data() const noexcept { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

 private:
  friend class FeatureEngine;
  FeatureRecord() = default;
  FeatureRecord(const SymbolEngine& symbol, std::span<const std::byte> bytes) noexcept
      : symbol_(&symbol), bytes_(bytes) {}

  const SymbolEngine* symbol_ = nullptr;
  std::span<const std::byte> bytes_;
};

}  // namespace thalweg
