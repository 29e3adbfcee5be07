#include "pipeline/schema_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "core/decimal.h"
#include "core/string_view.h"
#include "core/version.h"
#include "features/ladder_record.h"
#include "features/tops_record.h"

namespace thalweg {
namespace {

std::string Quoted(std::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(Abseil(text), {{"\\", "\\\\"}, {"\"", "\\\""}}),
                      "\"");
}

std::string List(const std::vector<std::string>& texts) {
  return absl::StrCat("[",
                      absl::StrJoin(texts, ",",
                                    [](std::string* out, const std::string& text) {
                                      absl::StrAppend(out, Quoted(text));
                                    }),
                      "]");
}

// As `--emit` has it; combinations that it has not are joined by commas.
std::string EmitText(const EmitPolicy& emit) {
  if (emit.interval > 0) return absl::StrCat(emit.interval / kMillisecond, "ms");
  std::vector<std::string> kinds;
  if (emit.depth) kinds.emplace_back("depth");
  if (emit.ticker) kinds.emplace_back("ticker");
  if (emit.trade) kinds.emplace_back("trade");
  if (kinds.empty()) return "none";
  return kinds.size() == 3 ? "all" : absl::StrJoin(kinds, ",");
}

bool IsAdmitted(const EngineOptions& options, const std::string& symbol) {
  return options.symbols.empty() ||
         std::find(options.symbols.begin(), options.symbols.end(), symbol) != options.symbols.end();
}

// What the options state of instruments: of a whole exchangeInfo file those that can appear.
std::string InstrumentsJson(const EngineOptions& options) {
  std::vector<std::string> entries;
  const auto add = [&](const std::vector<Instrument>& instruments, absl::string_view source) {
    for (const Instrument& instrument : instruments) {
      if (!IsAdmitted(options, instrument.symbol)) continue;
      entries.push_back(absl::StrCat("{\"symbol\":", Quoted(instrument.symbol), ",\"tick\":\"",
                                     FormatDecimal(instrument.tick.raw(), kPriceDecimals),
                                     "\",\"qty_decimals\":", instrument.qty_decimals,
                                     ",\"trading\":", instrument.trading ? "true" : "false",
                                     ",\"source\":\"", source, "\"}"));
    }
  };
  add(options.instruments, "option");
  add(options.file_instruments, "file");
  return absl::StrCat("[", absl::StrJoin(entries, ","), "]");
}

std::string ConfigurationJson(const EngineOptions& options) {
  return absl::StrCat("{\"emit\":", Quoted(EmitText(options.emit)),
                      ",\"market\":", options.market ? Quoted(MarketWord(*options.market)) : "null",
                      ",\"bucket_rounding\":\"",
                      options.bucket_rounding == BucketRounding::kFloor ? "floor" : "outward",
                      "\",\"trade_stream\":\"",
                      options.trade_stream == TradeStream::kAggTrade ? "aggTrade" : "trade",
                      "\",\"on_gap\":\"", options.on_gap == OnGap::kServe ? "serve" : "blank",
                      "\",\"snapshot_limit\":",
                      options.snapshot_limit ? absl::StrCat(*options.snapshot_limit) : "null",
                      ",\"instruments\":", InstrumentsJson(options), "}");
}

std::string BucketSizesJson(const EngineOptions& options) {
  std::vector<std::string> entries;
  const auto add = [&](std::string_view name, const std::vector<std::string>& sizes) {
    entries.push_back(absl::StrCat(Quoted(name), ":", List(sizes)));
  };
  for (const auto& [symbol, sizes] : options.symbol_bucket_sizes) {
    if (IsAdmitted(options, symbol)) add(symbol, sizes);
  }
  const auto has_none = [&](const std::string& symbol) {
    return !options.symbol_bucket_sizes.contains(symbol);
  };
  if (options.symbols.empty() ||
      std::any_of(options.symbols.begin(), options.symbols.end(), has_none)) {
    add("*", options.bucket_sizes);
  }
  return absl::StrCat("{", absl::StrJoin(entries, ","), "}");
}

std::string FieldJson(const SchemaField& field) {
  return absl::StrCat("{\"name\":", Quoted(field.name), ",\"type\":", Quoted(field.type),
                      ",\"offset\":", field.offset, ",\"count\":", field.count,
                      ",\"unit\":", Quoted(field.unit), ",\"group\":", Quoted(field.group),
                      ",\"window\":", Quoted(field.window), ",\"range\":", Quoted(field.range),
                      ",\"description\":", Quoted(field.description), "}");
}

}  // namespace

RecordSchema SchemaOf(RingKind kind, const Catalogue& catalogue, std::size_t tops_levels) {
  switch (kind) {
    case RingKind::kFeatures:
      break;
    case RingKind::kLadders:
      return LadderSchema(catalogue.bucket_suffixes());
    case RingKind::kTops:
      return TopsSchema(tops_levels);
  }
  return catalogue.Schema();
}

std::string SchemaText(const RecordSchema& schema, const EngineOptions& options) {
  std::string text = absl::StrCat(
      "{\"record\":", Quoted(RingKindName(schema.kind)), ",\"schema_hash\":\"",
      absl::Hex(schema.hash, absl::kZeroPad16), "\",\"record_bytes\":", schema.record_bytes,
      ",\"levels\":", schema.levels, ",\"program\":", Quoted(VersionText()),
      ",\"symbols\":", List(options.symbols), ",\"configuration\":", ConfigurationJson(options),
      ",\"bucket_sizes\":", BucketSizesJson(options), ",\"fields\":[\n");
  for (const SchemaField& field : schema.fields) {
    const bool last = &field == &schema.fields.back();
    absl::StrAppend(&text, FieldJson(field), last ? "\n" : ",\n");
  }
  return absl::StrCat(text, "]}");
}

}  // namespace thalweg
