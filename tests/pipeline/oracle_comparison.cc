#include "tests/pipeline/oracle_comparison.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/decimal.h"
#include "core/quality.h"
#include "core/string_view.h"
#include "features/ratio.h"

namespace thalweg {
namespace {

constexpr double kTolerance = 1e-12;  // Relative.
// Absolute, of imbalance_exp_h10: the one column whose sums are not integers, in [-1, 1].
constexpr double kCancelled = 1e-14;

oracle::SlowOptions SlowOptionsOf(const OracleComparison::Settings& settings) {
  const EngineOptions& options = settings.engine;
  oracle::SlowOptions slow;
  slow.bucket_sizes = options.bucket_sizes;
  for (const Instrument& instrument : options.instruments) {
    slow.ticks[instrument.symbol] = FormatDecimal(instrument.tick.raw(), kPriceDecimals);
  }
  slow.trade_stream = options.trade_stream == TradeStream::kTrade ? "trade" : "aggTrade";
  if (options.snapshot_limit) {
    slow.snapshot_limit = static_cast<std::int64_t>(*options.snapshot_limit);
  }
  slow.on_gap = options.on_gap == OnGap::kServe ? oracle::OnGap::kServe : oracle::OnGap::kBlank;
  if (options.emit.interval != 0) slow.timer_ns = options.emit.interval;
  slow.symbols = options.symbols;
  slow.make_ladders = settings.ladders;
  return slow;
}

bool SameDouble(double a, double b) noexcept {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

// The cells of one side of a ladder row, from integers: labels, quantities, and both cumulated.
void AppendCells(const CompactLadder& ladder, const Scale& scale, std::vector<double>* cells) {
  const Wide qty_unit = PowerOfTen(kQtyDecimalsMax - scale.qty_decimals);  // In 1e-8.
  const auto append = [&](auto cell) {
    for (int i = 0; i < kLadderBuckets; ++i) {
      cells->push_back(i < ladder.count ? cell(ladder.buckets[static_cast<std::size_t>(i)]) : kNaN);
    }
  };
  Wide qty = 0;
  Wide notional = 0;
  append([&](const CompactBucket& b) { return scale.ToQuote(b.label); });
  append([&](const CompactBucket& b) { return Ratio(b.bucket.qty * qty_unit, kPriceOne); });
  append(
      [&](const CompactBucket& b) { return Ratio((qty += b.bucket.qty) * qty_unit, kPriceOne); });
  append([&](const CompactBucket& b) {
    notional += b.bucket.notional;
    return Ratio(notional * scale.tick.raw() * qty_unit, Wide{kPriceOne} * kPriceOne);
  });
}

Wide TotalQty(const CompactLadder& ladder) {
  Wide sum = 0;
  for (int i = 0; i < ladder.count; ++i) {
    sum += ladder.buckets[static_cast<std::size_t>(i)].bucket.qty;
  }
  return sum;
}

// One ladder row of a book, in the oracle's columns.
std::vector<double> LadderRow(const OrderBook& book, int size_index, const Scale& scale) {
  const CompactLadder bids = book.compact(Side::kBid, size_index);
  const CompactLadder asks = book.compact(Side::kAsk, size_index);
  const bool both = !book.one_sided();
  const bool two_sided = both && !book.crossed();
  const auto best = [&](Side side) {
    return book.ladder(side).empty() ? kNaN : scale.ToQuote(book.ladder(side).best());
  };
  Wide spread = 0;
  Wide mid2 = 0;
  if (both) {
    spread = book.ladder(Side::kAsk).best() - book.ladder(Side::kBid).best();
    mid2 = book.ladder(Side::kAsk).best().raw() + book.ladder(Side::kBid).best().raw();
  }
  std::vector<double> cells{
      scale.ToQuote(book.bucket_size(size_index)),
      best(Side::kBid),
      best(Side::kAsk),
      both ? Ratio(spread * scale.tick.raw(), kPriceOne) : kNaN,
      two_sided ? 2e2 * Ratio(spread, mid2) : kNaN,
      two_sided ? Imbalance(TotalQty(bids), TotalQty(asks)) : kNaN,
      two_sided ? Ratio(TotalQty(bids), TotalQty(asks)) : kNaN,
      static_cast<double>(book.complete_compact(Side::kBid, size_index, bids)),
      static_cast<double>(book.complete_compact(Side::kAsk, size_index, asks))};
  AppendCells(bids, scale, &cells);
  AppendCells(asks, scale, &cells);
  return cells;
}

}  // namespace

void OracleComparison::Log::OnRecord(const SymbolEngine& symbol, RecordBuffer& record) {
  rows.OnRecord(symbol, record);
  const OrderBook* const book = symbol.book();
  const bool due = rows.rows.back().trigger() == Trigger::kDepth && book != nullptr;
  if (!ladders_wanted_ || !due) return;
  for (int i = 0; i < book->bucket_size_count(); ++i) {
    ladders.push_back(LadderRow(*book, i, symbol.scale()));
  }
}

OracleComparison::OracleComparison(const Settings& settings)
    : options_(settings.engine),
      catalogue_(MakeCatalogue(options_)),
      log_(settings.ladders),
      engine_(options_, catalogue_, log_),
      slow_(SlowOptionsOf(settings)),
      columns_(oracle::SlowColumns(options_.bucket_sizes)),
      ladder_columns_(oracle::SlowLadderColumns()) {}

std::string OracleComparison::Line(ReceiveTime received, std::string_view payload) {
  log_.rows.rows.clear();
  log_.ladders.clear();
  GiveLine(received, payload, &engine_);
  slow_.Line(received.raw(), payload);
  const std::vector<oracle::SlowRow> wanted = slow_.TakeRows();
  const std::vector<LoggedRow>& rows = log_.rows.rows;
  for (std::size_t i = 0; i < std::min(rows.size(), wanted.size()); ++i) {
    ++row_count_;
    for (int bit = 0; bit < 64; ++bit) rows_with_bit_[bit] += rows[i].header.flags >> bit & 1;
    std::string difference = CompareRow(rows[i], wanted[i]);
    if (!difference.empty()) return absl::StrCat("row ", i, " of this line: ", difference);
  }
  if (rows.size() != wanted.size()) {
    return absl::StrCat(rows.size(), " rows, the oracle has ", wanted.size());
  }
  return CompareLadders();
}

std::size_t OracleComparison::CountRowsWith(QualityWord bits) const {
  std::size_t count = 0;
  for (const auto& [bit, rows] : rows_with_bit_) {
    if ((bits >> bit & 1) != 0) count += rows;
  }
  return count;
}

std::string OracleComparison::CompareRow(const LoggedRow& row, const oracle::SlowRow& wanted) {
  const auto differ = [](std::string_view name, const auto& value, const auto& expected) {
    return absl::StrCat(Abseil(name), " is ", value, ", the oracle has ", expected);
  };
  const RecordHeader& header = row.header;
  if (row.symbol != wanted.symbol) return differ("symbol", row.symbol, wanted.symbol);
  const std::string trigger(TriggerName(row.trigger()));
  if (trigger != wanted.trigger) return differ("trigger", trigger, wanted.trigger);
  if (header.event_ns != wanted.event_ns) {
    return differ("event_ns", header.event_ns, wanted.event_ns);
  }
  if (header.recv_ns != wanted.recv_ns) return differ("recv_ns", header.recv_ns, wanted.recv_ns);
  const auto wanted_id = static_cast<std::uint64_t>(wanted.update_id);
  if (header.update_id != wanted_id) return differ("update_id", header.update_id, wanted_id);
  if (header.flags != wanted.flags) {
    return differ("flags", DescribeQuality(header.flags & ~wanted.flags) + " more",
                  DescribeQuality(wanted.flags & ~header.flags) + " more");
  }
  if (row.features.size() != wanted.features.size()) {
    return differ("feature count", row.features.size(), wanted.features.size());
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::string difference = CompareValue(columns_[i], row.features[i], wanted.features[i]);
    if (!difference.empty()) return difference;
  }
  return "";
}

std::string OracleComparison::CompareValue(std::string_view column, double value, double wanted) {
  if (SameDouble(value, wanted)) return "";
  const double relative = std::abs(value - wanted) / std::max(std::abs(value), std::abs(wanted));
  const bool cancels = column == "imbalance_exp_h10" && std::abs(value - wanted) <= kCancelled;
  if (relative <= kTolerance || cancels) {
    double& greatest = inexact_columns_[std::string(column)];
    greatest = std::max(greatest, relative);
    return "";
  }
  return absl::StrFormat("%s is %.17g, the oracle has %.17g", Abseil(column), value, wanted);
}

std::string OracleComparison::CompareLadders() {
  const std::vector<oracle::SlowLadderRow> wanted = slow_.TakeLadders();
  if (log_.ladders.size() != wanted.size()) {
    return absl::StrCat(log_.ladders.size(), " ladder rows, the oracle has ", wanted.size());
  }
  for (std::size_t row = 0; row < wanted.size(); ++row) {
    for (std::size_t i = 0; i < ladder_columns_.size(); ++i) {
      std::string difference =
          CompareValue(ladder_columns_[i], log_.ladders[row][i], wanted[row].values[i]);
      if (!difference.empty()) return absl::StrCat("ladder row ", row, ": ", difference);
    }
  }
  return "";
}

}  // namespace thalweg
