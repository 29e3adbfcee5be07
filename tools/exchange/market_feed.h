// The seeded market (replay/market.h) as the feed of an exchange.
//
// Its snapshots are its true book at the newest id that its frames have named, so they may lie
// within the depth event that comes next, as those of the real exchange do. Threads: one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replay/market.h"
#include "tools/exchange/exchange_feed.h"

namespace thalweg {

class MarketFeed : public ExchangeFeed {
 public:
  // REQUIRES: SyntheticMarket::Validate(options) is OK.
  explicit MarketFeed(MarketOptions options);

  [[nodiscard]] Market market() const override { return options_.market; }
  [[nodiscard]] const std::vector<ListedSymbol>& symbols() const override { return symbols_; }
  [[nodiscard]] EventTime start() const override { return options_.start; }
  [[nodiscard]] std::optional<Nanos> NextAt() override;
  [[nodiscard]] const FeedFrame& Next() override;
  [[nodiscard]] absl::Status status() const override { return absl::OkStatus(); }
  [[nodiscard]] std::optional<ExchangeBook> BookAt(std::string_view symbol,
                                                   std::optional<UpdateId> id) override;
  [[nodiscard]] std::optional<UpdateId> BookId(std::string_view symbol) override;
  [[nodiscard]] absl::Status Change(std::string_view symbol, const MarketRules& rules) override;
  [[nodiscard]] absl::Status Halt(std::string_view symbol, Nanos until) override;
  [[nodiscard]] absl::Status Relist(std::string_view symbol, std::int64_t first) override;

 private:
  // How far the frames of a symbol have told.
  struct Told {
    std::size_t index = 0;
    UpdateId newest;           // Of depth and ticker.
    UpdateId depth_end;        // Of depth alone.
    bool is_relisted = false;  // The next lower id begins them anew.
  };

  [[nodiscard]] Told* Find(std::string_view symbol);
  [[nodiscard]] BookScale ScaleOf(std::size_t index) const;
  [[nodiscard]] std::string RulesOf(std::size_t index, const MarketRules& rules) const;

  MarketOptions options_;
  SyntheticMarket market_;
  std::vector<MarketRules> stated_;  // Changes, by symbol; the market takes them a little later.
  std::vector<ListedSymbol> symbols_;
  std::map<std::string, Told, std::less<>> told_;
  FeedReader decode_;
  std::optional<Nanos> next_at_;
  std::string text_;  // The next frame, with padding around it.
  FeedFrame frame_;
};

}  // namespace thalweg
