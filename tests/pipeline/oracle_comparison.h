// The engine and the slow oracle side by side, given the same lines, compared after each.
//
// Header fields, flags and NaNs must be equal; values equal within 1e-12 relative. Columns that are
// not equal to the last bit are remembered, with their greatest relative difference.
// Threads: one.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/engine.h"
#include "tests/oracle/slow_engine.h"
#include "tests/pipeline/engine_lines.h"

namespace thalweg {

class OracleComparison {
 public:
  struct Settings {
    EngineOptions engine;
    // Also compares the compact ladders of every depth row.
    bool ladders = false;
  };
  // The oracle is given the same options. REQUIRES: no file instruments, one list of bucket sizes.
  explicit OracleComparison(const Settings& settings);

  // Gives the line to both. Empty: they answered alike; else what differs first.
  [[nodiscard]] std::string Line(ReceiveTime received, std::string_view payload);

  [[nodiscard]] std::size_t row_count() const noexcept { return row_count_; }
  // Rows so far that have any of these bits.
  [[nodiscard]] std::size_t CountRowsWith(QualityWord bits) const;
  // By column name: the greatest relative difference seen, where there was one.
  [[nodiscard]] const std::map<std::string, double>& inexact_columns() const noexcept {
    return inexact_columns_;
  }
  [[nodiscard]] const Engine& engine() const noexcept { return engine_; }
  [[nodiscard]] const RowLog& log() const noexcept { return log_.rows; }
  [[nodiscard]] const oracle::SlowEngine& slow() const noexcept { return slow_; }

 private:
  // Takes a picture of the ladders while the engine's book stands as its record says.
  class Log final : public EngineOutput {
   public:
    explicit Log(bool ladders) : ladders_wanted_(ladders) {}
    void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override;
    void OnSnapshotWanted(const SymbolEngine& symbol, SnapshotReason reason) override {
      rows.OnSnapshotWanted(symbol, reason);
    }
    void OnNotice(const Notice& notice) override { rows.OnNotice(notice); }

    RowLog rows;
    std::vector<std::vector<double>> ladders;

   private:
    bool ladders_wanted_;
  };

  [[nodiscard]] std::string CompareRow(const LoggedRow& row, const oracle::SlowRow& wanted);
  [[nodiscard]] std::string CompareValue(std::string_view column, double value, double wanted);
  [[nodiscard]] std::string CompareLadders();

  EngineOptions options_;
  Catalogue catalogue_;
  Log log_;
  Engine engine_;
  oracle::SlowEngine slow_;
  std::vector<std::string> columns_;
  std::vector<std::string> ladder_columns_;
  std::map<std::string, double> inexact_columns_;
  std::map<int, std::size_t> rows_with_bit_;
  std::size_t row_count_ = 0;
};

}  // namespace thalweg
