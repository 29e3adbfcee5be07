#include "tools/engine_flags.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "feeds/decode/decoder.h"
#include "pipeline/engine.h"
#include "tools/bucket_lists.h"
#include "tools/option_kind.h"
#include "tools/option_value.h"
#include "tools/symbol_list.h"

namespace thalweg {
namespace {

absl::StatusOr<EmitPolicy> ParseEmit(const std::string& text) {
  if (text == "depth") return EmitPolicy{true, false, false, 0};
  if (text == "ticker") return EmitPolicy{false, true, false, 0};
  if (text == "trade") return EmitPolicy{false, false, true, 0};
  if (text == "all") return EmitPolicy::All();
  std::int64_t milliseconds = 0;
  const absl::string_view number = absl::StripSuffix(text, "ms");
  if (number.size() != text.size() && absl::SimpleAtoi(number, &milliseconds) &&
      milliseconds >= kEmitIntervalMin / kMillisecond &&
      milliseconds <= kEmitIntervalMax / kMillisecond) {
    return EmitPolicy{false, false, false, milliseconds * kMillisecond};
  }
  return NotAllowed("emit", text, "depth, ticker, trade, all or <N>ms with N in [1, 60000]");
}

absl::StatusOr<std::vector<Instrument>> ReadExchangeInfo(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return absl::NotFoundError(absl::StrCat("--exchange-info: ", path, " is a directory"));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("--exchange-info: cannot read ", path));
  const std::string body{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return absl::DataLossError(absl::StrCat("--exchange-info: cannot read ", path));
  std::vector<std::string> left_out;
  absl::StatusOr<std::vector<Instrument>> instruments = DecodeExchangeInfo(body, &left_out);
  if (instruments.ok()) {
    for (const std::string& why : left_out) {
      std::fprintf(stderr, "thalweg: --exchange-info: %s: left out: %s\n", path.c_str(),
                   why.c_str());
    }
    return instruments;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--exchange-info: ", path, ": ", instruments.status().message()));
}

}  // namespace

void EngineFlags::AddTo(Command command) {
  const char* const group = "What the records are made of";
  symbols_option_ =
      command
          .AddOption("--symbols", symbols_, "Only these, comma separated; numbered in this order")
          .TypeName(kNamesWord)
          .Group(group);
  command.AddOption("--market", market_, "spot, usdm or coinm; default: told from the depth events")
      .Group(group);
  command
      .AddOption("--instrument", instruments_,
                 "SYM:TICK:STEP, like BTCUSDT:0.01:0.00001; repeatable; outranks other sources")
      .OneValueAtATime()
      .Group(group);
  command.AddOption("--exchange-info", exchange_info_, "A saved exchangeInfo answer with the ticks")
      .Group(group);
  command
      .AddOption("--buckets", buckets_,
                 "1 to 8 bucket sizes in quote units, ascending; or SYM=sizes;SYM=sizes")
      .TypeName(kSizesWord)
      .ShowDefault()
      .Group(group);
  command
      .AddOption("--bucket-rounding", bucket_rounding_,
                 "outward: bids down, asks up; floor: both down, as older collectors do")
      .ShowDefault()
      .Group(group);
  command.AddOption("--trade-stream", trade_stream_, "trade or aggTrade; the other one is ignored")
      .ShowDefault()
      .Group(group);
  command
      .AddOption("--snapshot-limit", snapshot_limit_,
                 "Levels a side that snapshots are asked with; in a recording, those that do not\n"
                 "say it (default 1000, or 5000 when a side has more than 1000)")
      .TypeName(kWholeNumberWord)
      .Group(group);
  command
      .AddOption("--on-gap", on_gap_,
                 "blank: no book features after a gap until it is whole again;\n"
                 "serve: the old book goes on, flagged RESYNCING")
      .ShowDefault()
      .Group(group);
  command
      .AddOption("--emit", emit_,
                 "Which messages make a record: depth, ticker, trade, all, or <N>ms of event time")
      .ShowDefault()
      .Group(group);
  command
      .AddOption(
          "--audit", audit_,
          "Seconds of event time between snapshots that audit a live book; another one when\n"
          "the price comes near its known edge. 0: neither")
      .TypeName(kWholeNumberWord)
      .ShowDefault()
      .Group(group);
}

absl::StatusOr<EngineOptions> EngineFlags::ToOptions() const {
  EngineOptions options;
  if (symbols_option_.is_given()) {
    absl::StatusOr<std::vector<std::string>> symbols = ParseSymbolList(symbols_);
    if (!symbols.ok()) return symbols.status();
    options.symbols = *std::move(symbols);
  }

  options.market = MarketOfWord(market_);
  if (!options.market && !market_.empty()) {
    return NotAllowed("market", market_, "spot, usdm or coinm");
  }

  for (const std::string& text : instruments_) {
    absl::StatusOr<Instrument> instrument = ParseInstrumentOption(text);
    if (!instrument.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--instrument: ", instrument.status().message()));
    }
    const auto is_of_it = [&](const Instrument& other) {
      return other.symbol == instrument->symbol;
    };
    if (std::any_of(options.instruments.begin(), options.instruments.end(), is_of_it)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--instrument: '", text, "': ", instrument->symbol, " is named twice"));
    }
    options.instruments.push_back(*std::move(instrument));
  }
  if (!exchange_info_.empty()) {
    absl::StatusOr<std::vector<Instrument>> instruments = ReadExchangeInfo(exchange_info_);
    if (!instruments.ok()) return instruments.status();
    options.file_instruments = *std::move(instruments);
  }
  if (!buckets_.empty()) {
    const absl::StatusOr<BucketLists> lists = ParseBuckets(buckets_);
    if (!lists.ok()) return lists.status();
    SetBuckets(*lists, &options);
  }

  if (bucket_rounding_ == "floor") {
    options.bucket_rounding = BucketRounding::kFloor;
  } else if (bucket_rounding_ != "outward") {
    return NotAllowed("bucket-rounding", bucket_rounding_, "outward or floor");
  }
  if (trade_stream_ == "aggTrade") {
    options.trade_stream = TradeStream::kAggTrade;
  } else if (trade_stream_ != "trade") {
    return NotAllowed("trade-stream", trade_stream_, "trade or aggTrade");
  }
  if (!snapshot_limit_.empty()) {
    std::int64_t limit = 0;
    if (!absl::SimpleAtoi(snapshot_limit_, &limit) || limit < 1 || limit > 5'000) {
      return NotAllowed("snapshot-limit", snapshot_limit_, "a number in [1, 5000]");
    }
    options.snapshot_limit = static_cast<std::size_t>(limit);
  }
  if (on_gap_ == "serve") {
    options.on_gap = OnGap::kServe;
  } else if (on_gap_ != "blank") {
    return NotAllowed("on-gap", on_gap_, "blank or serve");
  }
  const absl::StatusOr<EmitPolicy> emit = ParseEmit(emit_);
  if (!emit.ok()) return emit.status();
  options.emit = *emit;
  std::int64_t audit_seconds = 0;
  if (!absl::SimpleAtoi(audit_, &audit_seconds) || audit_seconds < 0 ||
      audit_seconds > kAuditIntervalMax / kSecond) {
    return NotAllowed("audit", audit_, "a number in [0, 604800]");
  }
  options.audit_interval = audit_seconds * kSecond;

  const absl::Status status = ValidateOptions(options);
  if (!status.ok()) return absl::InvalidArgumentError(absl::StrCat("--", status.message()));
  return options;
}

}  // namespace thalweg
