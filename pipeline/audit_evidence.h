// What is left of an audit that differed, so that it can be looked into: enough to come to the same
// difference again (replay/audit_recording.h writes it as a recording).
//
// The book is the one that was found wrong, as it was then. The events that it was audited through
// are in it already: quantities are absolute, so that applying them to it again ends at the same
// book.
//
// Prices are in 1e-8, quantities in units of 10^-qty_decimals. A value of its own: made on the
// engine's thread, which allocates for it, because a divergence is a fault and rare; read on any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "book/book_difference.h"
#include "book/sequencing.h"
#include "core/events.h"
#include "core/instrument.h"
#include "core/units.h"
#include "pipeline/engine_options.h"

namespace thalweg {

struct AuditEvidence {
  // An event that was retained.
  struct Event {
    DiffIds ids;
    EventTime effective_time;
    ReceiveTime receive_time;
    int qty_decimals = 0;  // Of its own.
    std::vector<Level> bids;
    std::vector<Level> asks;
  };
  // One of the book; best first.
  struct Half {
    std::vector<Level> levels;
    std::optional<Price> known_edge;
  };

  Instrument instrument;  // As it is used: tick and unit of the book.
  Market market = Market::kSpot;
  UpdateId id;           // Of both when they were compared.
  EventTime clock;       // Then,
  ReceiveTime received;  // and of the input that led to it.

  std::int64_t differing_levels = 0;
  Side first_side = Side::kBid;  // The first of these: bids before asks, nearest to the touch.
  Price first_price;
  Qty first_in_book;  // 0: no level.
  Qty first_in_answer;

  std::array<Half, 2> book;   // By Side.
  std::vector<Event> events;  // One unbroken chain; the last ends at `id`, if there is one.
  UpdateId answer_id;
  std::size_t answer_limit = 0;
  std::vector<Level> answer_bids;
  std::vector<Level> answer_asks;
};

// "1 level differs, the first: bid 999.4 is 0.00000007 in the book and 1000 in the snapshot".
[[nodiscard]] std::string Describe(const AuditEvidence& evidence);

}  // namespace thalweg
