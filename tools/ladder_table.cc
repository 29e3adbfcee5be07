#include "tools/ladder_table.h"

#include <array>
#include <string>
#include <string_view>

#include "core/quality.h"
#include "features/book_picture.h"

namespace thalweg {
namespace {

constexpr std::array<std::string_view, 2> kSideNames{"bid", "ask"};  // By Side.

void Cell(double value, TextFile& file) {
  file.Text(",");
  file.Number(value);
}

// Fifteen cells, NaN where the ladder is shorter.
template <class Value>
void Cells(const CompactLadder& ladder, TextFile& file, const Value& value) {
  for (int i = 0; i < kLadderBuckets; ++i) {
    Cell(i < ladder.count ? value(ladder.buckets[static_cast<std::size_t>(i)]) : kNaN, file);
  }
}

Wide TotalQty(const CompactLadder& ladder) {
  Wide sum = 0;
  for (int i = 0; i < ladder.count; ++i) {
    sum += ladder.buckets[static_cast<std::size_t>(i)].bucket.qty;
  }
  return sum;
}

void WriteSide(const CompactLadder& ladder, const Scale& scale, TextFile& file) {
  Wide qty = 0;
  Wide notional = 0;
  Cells(ladder, file, [&](const CompactBucket& b) { return scale.ToQuote(b.label); });
  Cells(ladder, file, [&](const CompactBucket& b) { return scale.ToBase(b.bucket.qty); });
  Cells(ladder, file, [&](const CompactBucket& b) { return scale.ToBase(qty += b.bucket.qty); });
  Cells(ladder, file, [&](const CompactBucket& b) {
    return scale.ToQuoteNotional(notional += b.bucket.notional);
  });
}

}  // namespace

void WriteLadderHeader(TextFile& file) {
  file.Text(
      "event_ns,update_id,symbol,tick_size,best_bid,best_ask,spread,spread_pct,imbalance,"
      "depth_ratio,complete_levels_bid,complete_levels_ask");
  for (const std::string_view side : kSideNames) {
    for (const std::string_view column : {"price", "qty", "cum_qty", "cum_usd"}) {
      for (int i = 1; i <= kLadderBuckets; ++i) {
        file.Text(",");
        file.Text(side);
        file.Text("_");
        file.Text(column);
        file.Text("_");
        file.Integer(i);
      }
    }
  }
  file.EndLine();
}

void WriteLadderRows(const SymbolEngine& symbol, const RecordBuffer& record, TextFile& file) {
  const RecordHeader header = record.header();
  const auto trigger = static_cast<Trigger>(header.trigger);
  const OrderBook* const book = symbol.book();
  if (trigger != Trigger::kDepth && trigger != Trigger::kTimer) return;
  if (book == nullptr || (header.flags & quality::kBookInvalid) != 0) return;

  const Scale& scale = symbol.scale();
  const BookPicture picture(*book, scale);
  const bool both = !picture.empty(Side::kBid) && !picture.empty(Side::kAsk);
  const auto best = [&](Side side) {
    return picture.empty(side) ? kNaN : scale.ToQuote(picture.top(side)[0].price);
  };
  for (int i = 0; i < book->bucket_size_count(); ++i) {
    const CompactLadder bids = book->compact(Side::kBid, i);
    const CompactLadder asks = book->compact(Side::kAsk, i);
    const Wide bid_qty = TotalQty(bids);
    const Wide ask_qty = TotalQty(asks);
    file.Integer(header.event_ns);
    file.Text(",");
    file.Unsigned(header.update_id);
    file.Text(",");
    file.Text(symbol.name());
    Cell(scale.ToQuote(book->bucket_size(i)), file);
    Cell(best(Side::kBid), file);
    Cell(best(Side::kAsk), file);
    Cell(both ? scale.ToQuote(Ticks(picture.spread())) : kNaN, file);
    Cell(picture.two_sided() ? 200.0 * Ratio(picture.spread(), picture.mid2()) : kNaN, file);
    Cell(picture.two_sided() ? Imbalance(bid_qty, ask_qty) : kNaN, file);
    Cell(picture.two_sided() ? Ratio(bid_qty, ask_qty) : kNaN, file);
    file.Text(",");
    file.Integer(book->complete_compact(Side::kBid, i, bids));
    file.Text(",");
    file.Integer(book->complete_compact(Side::kAsk, i, asks));
    WriteSide(bids, scale, file);
    WriteSide(asks, scale, file);
    file.EndLine();
  }
}

}  // namespace thalweg
