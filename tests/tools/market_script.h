// Writes small recordings of one symbol, with ids that are consistent from stream to stream, and
// knows the book that a reader must have after each of them.
//
// Prices are in cents, quantities in thousandths. Deterministic. Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

struct ScriptBook {
  std::map<std::int64_t, std::int64_t, std::greater<>> bids;  // Best first: cents -> thousandths.
  std::map<std::int64_t, std::int64_t> asks;

  friend bool operator==(const ScriptBook&, const ScriptBook&) = default;
};

class MarketScript {
 public:
  static constexpr std::int64_t kFirstMs = 1'732'154'400'000;
  static constexpr std::int64_t kFirstId = 1'000;
  static constexpr std::int64_t kMidCents = 100'000;
  static constexpr int kLevels = 60;  // A side, one a cent.

  struct Names {
    std::string symbol = "DEMOUSDT";
    std::string stream = "demousdt";  // Lower case.
  };
  MarketScript() : MarketScript(Names{}) {}
  explicit MarketScript(Names names);

  // --- Frames, each stamped with the present time ---
  // The book as it is, as a collector stores it, and as a #rest line.
  void Snapshot();
  void RestSnapshot();
  // 100 ms later: a few changes that never cross the book, told by a depth frame.
  void Depth();
  // The same changes without a frame: what a gap is made of.
  void LoseDepth();
  // The touch under the id of the last depth frame.
  void Ticker();
  void Trade();
  void AggTrade();
  // Snapshot, then so many times Depth, Ticker and Trade.
  void Start(int steps);
  void Run(int steps);

  // --- Lines made by hand ---
  void Frame(std::string_view stream_type, std::string_view data);
  void Payload(std::string_view payload);
  void Hash(std::string_view text) { Payload(text); }
  void Line(std::string_view text) { lines_.emplace_back(text); }
  // A depth frame with these texts as levels, which the book of the script does not follow.
  void DepthOf(std::string_view bids, std::string_view asks);
  void TradeOf(std::string_view price, std::string_view qty);
  void Pass(std::int64_t milliseconds) { now_ms_ += milliseconds; }
  void RepeatLine(std::size_t index) { lines_.push_back(lines_.at(index)); }

  [[nodiscard]] std::string SnapshotText() const;
  [[nodiscard]] std::string DepthData(std::int64_t first, std::string_view bids,
                                      std::string_view asks) const;
  [[nodiscard]] std::string TradeData(std::string_view price, std::string_view qty) const;

  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }
  [[nodiscard]] std::vector<std::string>& lines() noexcept { return lines_; }
  [[nodiscard]] std::string text() const;
  [[nodiscard]] const ScriptBook& book() const noexcept { return book_; }
  // The book after the depth frame that ends at `id`.
  [[nodiscard]] const ScriptBook& BookAt(std::int64_t id) const { return books_.at(id); }
  [[nodiscard]] std::int64_t id() const noexcept { return id_; }
  [[nodiscard]] std::int64_t now_ms() const noexcept { return now_ms_; }
  [[nodiscard]] std::int64_t depth_count() const noexcept { return depth_count_; }
  // As `--final-book` writes it.
  [[nodiscard]] std::string FinalBookText() const;

 private:
  struct Change {
    bool bid;
    std::int64_t cents;
    std::int64_t qty;
  };
  std::vector<Change> ChangeBook();

  const Names names_;
  std::vector<std::string> lines_;
  ScriptBook book_;
  std::map<std::int64_t, ScriptBook> books_;
  std::int64_t now_ms_ = kFirstMs;
  std::int64_t id_ = kFirstId;
  std::int64_t trade_id_ = 500;
  std::int64_t depth_count_ = 0;
  std::mt19937 random_{20241121};
};

[[nodiscard]] std::string JoinLines(const std::vector<std::string>& lines);
[[nodiscard]] std::string PriceText(std::int64_t cents);
[[nodiscard]] std::string QtyText(std::int64_t thousandths);

}  // namespace thalweg
