// The order flow of one symbol of a synthetic exchange: what makers and takers do to its true book,
// one depth interval after another, and the lines that this makes.
//
// Makers place, change and cancel levels at distances from the touch that are those of a real feed;
// density pulls the book back to its shape: a place in a wide gap gets a level, in a narrow one
// loses it. Takers come in clusters that keep their side. Moves take the levels of one side up to a
// new price, and the other side follows to within a tick. Activity is log-normal with a slow and a
// fast part. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "replay/market.h"
#include "replay/market_frames.h"
#include "replay/market_random.h"
#include "replay/true_book.h"

namespace thalweg {

class MarketSymbol {
 public:
  // `last_id`: the last update id given out, of this symbol on spot, of all symbols on futures.
  // Both outlive the symbol.
  MarketSymbol(const MarketOptions& options, std::size_t index, std::int64_t* last_id);

  // Makes the lines of the next depth interval, which replace those before.
  void Step();

  // As of SyntheticMarket, all from the next interval on. `until`: since the market's start.
  void Change(const MarketRules& rules);
  void Halt(Nanos until);
  void Relist(std::int64_t first) { relisted_from_ = first; }
  // Those that count, or will with the next interval.
  [[nodiscard]] MarketRules next_rules() const;

  struct Line {
    ReceiveTime received;
    std::size_t begin = 0;  // In the text of all lines of the interval.
    std::size_t end = 0;
    std::optional<UpdateId> depth_end;
  };
  [[nodiscard]] const std::vector<Line>& lines() const noexcept { return lines_; }
  [[nodiscard]] std::string_view text(const Line& line) const noexcept {
    return std::string_view(text_).substr(line.begin, line.end - line.begin);
  }
  // Position in lines() of the first line not yet handed out; the caller's to move.
  std::size_t next_line = 0;

  [[nodiscard]] const TrueBook& book() const noexcept { return book_; }
  [[nodiscard]] const MarketWriting& writing() const noexcept { return writing_; }

 private:
  // What the regime in force does to the flow; rates in Q16.
  struct Mood {
    std::int64_t messages = kQ16;
    std::int64_t takers = kQ16;
    std::int64_t moves = kQ16;
    std::int64_t up = kQ16 / 2;            // Share of moves that go up.
    std::int64_t open_spread = kQ16 / 40;  // Share of moves after which the spread stays open.
    std::int64_t sparse = 1;               // Factor on the distance between levels.
    std::size_t levels_max = 0;  // More than these on a side are cancelled from its far end.
    std::optional<Side> absent;  // No level on this side.
  };
  [[nodiscard]] Mood MoodAt(Nanos since_start) const;

  // The number of actions of one interval.
  struct Plan {
    std::int64_t far = 0;
    std::int64_t touch = 0;
    std::int64_t takers = 0;
    std::int64_t moves = 0;
  };
  [[nodiscard]] Plan PlanInterval(const Mood& mood);

  // One of the actions left, each equally likely.
  void Act(Plan* left);
  void ActFar();
  void ActAtTouch();
  void Take();
  void Move();
  void Follow(Side gave_way, std::int64_t old_best, std::int64_t ground);
  void Fill(Aggressor aggressor, Ticks price, std::int64_t qty);
  void CancelAll(Side side);
  void CancelBeyond(Side side, std::size_t levels);
  void KeepToMood();
  void CloseSpread();
  void OpenBook();
  void OpenAnew(std::int64_t first);
  [[nodiscard]] UnitChange NextUnits() const;
  [[nodiscard]] bool Conforms(const UnitChange& change) const;
  void Conform(const UnitChange& change);
  void TakeRules(const UnitChange& change);

  void Set(Side side, std::int64_t key, std::int64_t qty);
  [[nodiscard]] std::optional<std::int64_t> BestKey(Side side) const;
  [[nodiscard]] std::int64_t DrawFarQty();
  [[nodiscard]] std::int64_t DrawTouchQty();
  [[nodiscard]] std::int64_t LevelGap(std::int64_t distance) const;
  [[nodiscard]] std::int64_t Scaled(std::int64_t btc_ticks) const;

  void TellTouch();
  void TellDepth();
  void KeepSnapshotsComing();
  // Begins a line that is sent at `at`; its text is appended to text_ before EndLine().
  void BeginLine(Nanos at);
  void EndLine();

  const MarketOptions& options_;
  const Price start_price_;
  MarketWriting writing_;
  const std::int64_t activity_percent_;
  std::int64_t start_ticks_;
  Ticks floor_;  // Where moves down end; takers may go a little below.
  std::int64_t* const last_id_;
  const Nanos phase_;
  MarketRandom random_;
  TrueBook book_;

  std::optional<MarketRules> next_rules_;
  std::optional<std::int64_t> relisted_from_;

  Nanos now_ = 0;  // Since the market's start.
  std::int64_t interval_number_ = 0;
  Mood mood_;
  std::int64_t slow_ = 0;  // Parts of the log of activity, normal, in Q16.
  std::int64_t fast_ = 0;
  std::int64_t taker_slow_ = 0;
  Aggressor last_taker_ = Aggressor::kBuyer;
  Side last_move_ = Side::kBid;

  std::vector<std::int64_t> touched_[2];  // Keys of levels changed since the last depth event.
  UpdateId told_id_;                      // `u` of the last depth event.
  UpdateId ticker_id_;
  MarketLevel told_bid_, told_ask_;
  TradeId trade_id_;
  MarketDepth depth_;                   // Scratch.
  std::vector<std::int64_t> followed_;  // Scratch.

  struct Answer {
    Nanos at;
    std::string text;
  };
  std::optional<Answer> answer_;  // A snapshot on its way.
  std::optional<Nanos> next_snapshot_;

  std::string text_;
  std::vector<Line> lines_;
  ReceiveTime last_received_;
};

}  // namespace thalweg
