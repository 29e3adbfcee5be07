// Audits that differ, and what is left of them: a market, an engine, a wrong level in its book, and
// an answer that shows it.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pipeline/engine.h"
#include "tests/pipeline/engine_lines.h"
#include "tests/pipeline/feed_builder.h"
#include "tests/pipeline/wrong_level.h"

namespace thalweg {

class EvidenceLog final : public EngineOutput {
 public:
  void OnRecord(const SymbolEngine&, RecordBuffer&) override {}
  void OnNotice(const Notice& notice) override {
    if (notice.kind == NoticeKind::kAuditDiverged) notices.push_back(Describe(notice));
  }
  void OnDivergence(const SymbolEngine&,
                    const std::shared_ptr<const AuditEvidence>& evidence) override {
    found.push_back(evidence);
  }

  std::vector<std::shared_ptr<const AuditEvidence>> found;
  std::vector<std::string> notices;
};

// When an answer meets the book.
enum class Meeting {
  kRolled,  // It is older, and brought up through the events that were retained.
  kAtOnce,  // It has the book's id.
  kHeld,    // It is newer than the book, and ends inside an event to come.
};

class DivergedMarket {
 public:
  DivergedMarket(FeedBuilder::Numbering numbering, std::uint64_t seed)
      : market("AAAUSDT", numbering, seed, 40), dice(seed), catalogue_(MakeCatalogue(options)) {
    engine = std::make_unique<Engine>(options, catalogue_, log);
  }

  void Give(const std::string& line) {
    GiveLine(ReceiveTime(market.now_ms() * kMillisecond), line, engine.get());
  }
  void GiveDepth() {
    market.Pass(100);
    market.Move(1 + static_cast<int>(dice.Roll(4)));
    Give(market.Depth());
  }
  [[nodiscard]] const SymbolEngine& symbol() const { return *engine->symbols().at(0); }

  // One audit of a book in which one level, somewhere, is another one or not there.
  void Audit(Meeting meeting, std::size_t book_limit, std::size_t answer_limit) {
    GiveDepth();
    Give(market.Rest(book_limit));
    for (int i = 0; i < 3; ++i) GiveDepth();
    const Side side = dice.OneIn(2) ? Side::kBid : Side::kAsk;
    const std::int64_t cents = 10'000 + (side == Side::kBid ? -1 : 1) * (1 + dice.Roll(40));
    const std::int64_t tick_cents = symbol().scale().tick.raw() / 1'000'000;
    PutWrongLevel(symbol(), side, {Ticks(cents / tick_cents), Qty(dice.Roll(3))});
    Give("#audit AAAUSDT");
    for (std::int64_t i = dice.Roll(4); i > 0; --i) GiveDepth();
    if (meeting == Meeting::kHeld) market.Move(2);
    const std::string answer = market.Rest(answer_limit);
    if (meeting == Meeting::kRolled) {
      for (std::int64_t i = 1 + dice.Roll(4); i > 0; --i) GiveDepth();
    }
    Give(answer);
    if (meeting == Meeting::kHeld) GiveDepth();
  }

  FeedBuilder market;
  Dice dice;
  EngineOptions options = [] {
    EngineOptions of_buckets;
    of_buckets.bucket_sizes = {"0.1", "1"};
    return of_buckets;
  }();
  EvidenceLog log;
  std::unique_ptr<Engine> engine;

 private:
  const Catalogue catalogue_;
};

}  // namespace thalweg
