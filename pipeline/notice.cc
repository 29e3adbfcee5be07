#include "pipeline/notice.h"

#include "absl/strings/str_cat.h"
#include "core/decimal.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

std::string Text(const Notice& n) {
  const std::string price = FormatDecimal(n.price.raw(), kPriceDecimals);
  switch (n.kind) {
    case NoticeKind::kMalformedFrame:
      return absl::StrCat("malformed frame, not used: ", Abseil(Describe(n.verdict)));
    case NoticeKind::kUnnamedFrame:
      return "a frame too broken to name its symbol and stream, not used";
    case NoticeKind::kSequenceGap:
      return absl::StrCat("gap: book at ", n.a, ", next event begins at ", n.b, "; resyncing");
    case NoticeKind::kIdsRestarted:
      return absl::StrCat("update ids began anew: book at ", n.a, ", events now at ", n.b,
                          "; resyncing");
    case NoticeKind::kSynchronised:
      return absl::StrCat("synchronised with the event that ends at ", n.a);
    case NoticeKind::kSnapshotRefused:
      return absl::StrCat("snapshot refused: ", Abseil(n.text));
    case NoticeKind::kSnapshotMalformed:
      return absl::StrCat("malformed snapshot, not used: ", Abseil(Describe(n.verdict)));
    case NoticeKind::kSnapshotTooOld:
      return absl::StrCat("snapshot ", n.a, " is older than the events at hand, not used");
    case NoticeKind::kSnapshotUnattributed:
      return "a snapshot that names no symbol, in a recording of several symbols: refused "
             "(name one with --symbols, or record snapshots as #rest lines)";
    case NoticeKind::kAuditDiverged:
      return absl::StrCat("audit diverged at ", n.a, ": ", Abseil(n.text));
    case NoticeKind::kBucketsRepaired:
      return absl::StrCat("buckets differed from the raw levels at ", n.a,
                          " and were made anew: records before may be wrong; please report this");
    case NoticeKind::kCrossed:
      return absl::StrCat("book crossed at ", n.a);
    case NoticeKind::kInstrumentInferred:
      return absl::StrCat("tick ", price, " inferred from the snapshot");
    case NoticeKind::kTickRefined:
      return absl::StrCat("a price off the grid refined the tick to ", price);
    case NoticeKind::kUnitRefined:
      return absl::StrCat("a finer quantity refined the quantity unit to ", n.a, " decimals");
    case NoticeKind::kUnitCoarsened:
      return absl::StrCat("a quantity did not fit its unit: now the ", n.a,
                          " decimals that exchangeInfo states");
    case NoticeKind::kTickCoarser:
      return absl::StrCat("exchangeInfo states the coarser tick ", price,
                          ": counts from the next synchronisation");
    case NoticeKind::kSourcesDisagree:
      return absl::StrCat("exchangeInfo states the tick ", price,
                          ", a source that outranks it states another: not used");
    case NoticeKind::kExchangeInfoUnusable:
      return absl::StrCat("exchangeInfo not used: ", Abseil(n.text));
    case NoticeKind::kInstrumentUnusable:
      return absl::StrCat("a symbol of exchangeInfo left out: ", Abseil(n.text));
    case NoticeKind::kHalted:
      return "not trading by exchangeInfo: HALTED";
    case NoticeKind::kTrading:
      return "trading again by exchangeInfo";
    case NoticeKind::kTimeDisbelieved:
      return absl::StrCat("exchange time ", n.a, " ns is more than an hour ahead of the clock at ",
                          n.b, " ns: not believed until the next frame agrees");
    case NoticeKind::kClockRestarted:
      return absl::StrCat("the first exchange time, ", n.a,
                          " ns, was wrong: the clock restarts at ", n.b, " ns");
    case NoticeKind::kTradeGap:
      return absl::StrCat("trade gap: last id ", n.a, ", next id ", n.b);
    case NoticeKind::kInputLost:
      return absl::StrCat(n.a, " lost before they were recorded");
    case NoticeKind::kWindowOverflow:
      return "a window is full, its oldest entries left early";
    case NoticeKind::kTooManySymbols:
      return "too many symbols, not followed";
    case NoticeKind::kControlError:
      return absl::StrCat("the exchange answered: ", Abseil(n.text));
    case NoticeKind::kServerShutdown:
      return "the server announced its shutdown";
    case NoticeKind::kDelisted:
      return "no longer listed by exchangeInfo: HALTED";
  }
  return "";
}

}  // namespace

bool IsDefect(NoticeKind kind) noexcept {
  switch (kind) {
    case NoticeKind::kMalformedFrame:
    case NoticeKind::kUnnamedFrame:
    case NoticeKind::kSequenceGap:
    case NoticeKind::kIdsRestarted:
    case NoticeKind::kSnapshotMalformed:
    case NoticeKind::kBucketsRepaired:
      return true;
    default:
      return false;
  }
}

std::string Describe(const Notice& notice) {
  if (notice.symbol.empty()) return Text(notice);
  return absl::StrCat(Abseil(notice.symbol), ": ", Text(notice));
}

}  // namespace thalweg
