// An independent, slow recomputation of feature rows from a recording: the oracle of the fast
// engine.
//
// It was written from the specification alone and shares no code with what it checks. Books are
// sorted maps, windows are lists of all past entries, and every number of a row is computed from
// them anew: nothing is kept up to date, nothing is cached. Sums are exact integers; doubles begin
// at the final division. Where the specification leaves a choice, the block "Readings" at the top
// of slow_engine.cc says which one was taken.
//
// Rows: one for each accepted depth, ticker and trade message from its symbol's first
// synchronisation on, and those of the timer; the caller filters them.
// Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "simdjson.h"

namespace thalweg::oracle {

enum class OnGap { kBlank, kServe };

struct SlowOptions {
  // Bucket sizes in quote units, ascending, as in the configuration.
  std::vector<std::string> bucket_sizes = {"10", "50", "100", "500", "1000"};
  // Given ticks, by symbol, as decimal text. Symbols that are not in it: exchangeInfo, else
  // inferred.
  std::map<std::string, std::string> ticks;
  std::string trade_stream = "trade";  // or "aggTrade"
  // What a snapshot line without a request was limited to. Empty: 1000, or 5000 when a side is
  // longer.
  std::optional<std::int64_t> snapshot_limit;
  OnGap on_gap = OnGap::kBlank;
  // Rows at its multiples on the event clock, too.
  std::optional<std::int64_t> timer_ns;
  // Empty: all.
  std::vector<std::string> symbols;
  // Without rows only books, audits and counts are kept: for long runs.
  bool compute_rows = true;
  bool make_ladders = false;
};

struct SlowRow {
  std::int64_t event_ns = 0;
  std::int64_t recv_ns = 0;
  std::int64_t update_id = 0;
  std::string trigger;  // "depth", "ticker", "trade", "timer"
  std::string symbol;
  std::uint64_t flags = 0;
  std::vector<double> features;  // in the order of SlowColumns()
};

// One row of the ladder file; `values` in the order of SlowLadderColumns().
struct SlowLadderRow {
  std::int64_t event_ns = 0;
  std::int64_t update_id = 0;
  std::string symbol;
  std::vector<double> values;
};

// What happened, for tests that want to know that a recording went as it should.
struct SlowCounts {
  std::int64_t depth_applied = 0;
  std::int64_t depth_stale = 0;
  std::int64_t gaps = 0;
  std::int64_t synchronisations = 0;
  std::int64_t ticker_audits = 0;
  std::int64_t ticker_audits_equal = 0;
  std::int64_t snapshot_audits = 0;
  std::int64_t snapshot_audits_equal = 0;
  std::int64_t snapshots_too_old = 0;
  std::int64_t tickers_dropped = 0;
  std::int64_t trades_dropped = 0;
  std::int64_t crossed_rows = 0;
};

// Names of the columns, in order.
[[nodiscard]] std::vector<std::string> SlowColumns(const std::vector<std::string>& bucket_sizes);
// Names of the ladder file's columns after `event_ns`, `update_id`, `symbol`.
[[nodiscard]] std::vector<std::string> SlowLadderColumns();

class SlowSymbol;

class SlowEngine {
 public:
  explicit SlowEngine(SlowOptions options);
  ~SlowEngine();
  SlowEngine(const SlowEngine&) = delete;
  SlowEngine& operator=(const SlowEngine&) = delete;

  // One line of a recording: its receive time in ns and the text after it, a frame or `#...`.
  void Line(std::int64_t recv_ns, std::string_view payload);

  [[nodiscard]] std::vector<SlowRow> TakeRows();
  [[nodiscard]] std::vector<SlowLadderRow> TakeLadders();

  // In order of first appearance.
  [[nodiscard]] std::vector<std::string> SymbolNames() const;
  // The text of `--final-book`: empty when there is no synchronised book.
  [[nodiscard]] std::string FinalBook(const std::string& symbol) const;
  [[nodiscard]] SlowCounts Counts(const std::string& symbol) const;
  // Frames that were no JSON, no known stream or malformed.
  [[nodiscard]] std::int64_t unused_frames() const { return unused_frames_; }

 private:
  struct InstrumentFact {
    std::optional<std::int64_t> tick;
    int qty_decimals = 8;
    bool trading = true;
  };
  struct PendingSnapshot {
    std::int64_t recv_ns;
    std::string body;
  };

  void Frame(std::int64_t recv_ns, std::string_view payload);
  void StreamFrame(std::int64_t recv_ns, const std::string& stream, simdjson::dom::element data);
  void BrokenFrame(std::string_view payload);
  void Command(std::int64_t recv_ns, std::string_view text);
  void Header(std::string_view json);
  void Rest(std::int64_t recv_ns, std::string_view target, std::string_view body);
  void RestDepth(std::int64_t recv_ns, std::string_view target, std::string_view body);
  void ExchangeInfo(std::string_view target, std::string_view body);
  void Connection(std::string_view id, std::string_view what, std::string_view rest);
  void Drop(std::string_view kind, std::string_view symbol);
  void BareSnapshot(std::int64_t recv_ns, std::string_view body);
  void GiveSnapshot(std::int64_t recv_ns, SlowSymbol* symbol, std::string_view body,
                    std::optional<std::int64_t> limit);
  // The symbol's engine, made when it is not there; null when the symbol is not admitted.
  SlowSymbol* SymbolOf(const std::string& name);
  SlowSymbol* FindSymbol(const std::string& name);
  void NoteName(const std::string& name);

  SlowOptions options_;
  simdjson::dom::parser parser_;
  std::vector<std::unique_ptr<SlowSymbol>> symbols_;
  std::set<std::string> names_seen_;  // admitted or not
  bool lost_ = false;
  std::vector<PendingSnapshot> pending_snapshots_;
  std::map<std::string, InstrumentFact> instruments_;
  std::map<std::string, std::set<std::string>> open_connections_;  // id -> stream names
  std::string run_;
  std::vector<SlowRow> rows_;
  std::vector<SlowLadderRow> ladders_;
  std::int64_t unused_frames_ = 0;
};

}  // namespace thalweg::oracle
