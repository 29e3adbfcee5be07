#include "tools/info_command.h"

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "core/decimal.h"
#include "feeds/decode/frame.h"
#include "replay/recording_player.h"
#include "tools/exit_status.h"
#include "tools/notice_log.h"

namespace thalweg {
namespace {

struct InfoFlags {
  std::vector<std::string> recordings;
  bool salvage = false;
  bool merge = false;
  bool verbose = false;
};

// Notices are counted; the first few are told when asked for.
class InfoOutput final : public EngineOutput {
 public:
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override {
    (void)symbol, (void)record;
  }
  void OnNotice(const Notice& notice) override {
    if (log != nullptr) log->Tell(notice);
  }
  NoticeLog* log = nullptr;
};

std::string StreamName(const FrameHead& head) {
  if (!head.stream_type.empty()) {
    return absl::StrCat(std::string(head.stream_symbol), "@", std::string(head.stream_type));
  }
  switch (head.kind) {
    case FrameKind::kSnapshot:
      return "(snapshot without a request)";
    case FrameKind::kControlReply:
      return "(control reply)";
    case FrameKind::kServerShutdown:
      return "(server shutdown)";
    case FrameKind::kUnnamed:
      return "(too broken to name)";
    case FrameKind::kDepth:
      return absl::StrCat(std::string(head.symbol), " depth");
    case FrameKind::kBookTicker:
      return absl::StrCat(std::string(head.symbol), " bookTicker");
    case FrameKind::kTrade:
      return absl::StrCat(std::string(head.symbol), " trade");
    case FrameKind::kAggTrade:
      return absl::StrCat(std::string(head.symbol), " aggTrade");
    case FrameKind::kKline:
      return absl::StrCat(std::string(head.symbol), " kline");
    case FrameKind::kPartialDepth:
      return absl::StrCat(std::string(head.symbol), " partial depth");
    case FrameKind::kOther:
      break;
  }
  return std::string(head.stream_symbol.empty() ? "(other)" : head.stream_symbol);
}

std::string TimeText(ReceiveTime time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E3S UTC", absl::FromUnixNanos(time.raw()),
                          absl::UTCTimeZone());
}

std::string_view MarketName(Market market) {
  switch (market) {
    case Market::kSpot:
      return "spot";
    case Market::kUsdM:
      return "USD-M futures";
    case Market::kCoinM:
      return "COIN-M futures";
  }
  return "";
}

std::string PriceText(Price price) { return FormatDecimal(price.raw(), kPriceDecimals); }

// "1000 of 1000 asked for, 61631.55 to 61837.63: limited" or "...: the whole side".
std::string ReachText(std::size_t levels, std::size_t limit, Price best, Price worst) {
  if (levels == 0) return "empty";
  return absl::StrCat(levels, " levels to ", PriceText(worst), " (best ", PriceText(best), "), ",
                      levels >= limit ? "unknown beyond" : "the whole side");
}

void PrintSymbol(const SymbolEngine& symbol) {
  const SymbolCounts& counts = symbol.counts();
  const BookCounts& book = symbol.book_counts();
  std::printf("\n%s (%s)\n", symbol.name().c_str(),
              std::string(MarketName(symbol.market())).c_str());
  const auto line = [](const char* name, const std::string& text) {
    std::printf("  %-18s %s\n", name, text.c_str());
  };
  if (symbol.grid().settled()) {
    line("tick", absl::StrCat(PriceText(symbol.scale().tick),
                              symbol.grid().inferred() ? " (inferred)" : ""));
  }
  line("depth events",
       absl::StrCat(counts.depth_frames, ": ", book.applied, " applied, ", book.stale, " stale, ",
                    book.gaps, " gaps, ", book.synchronisations, " synchronisations"));
  if (const auto first = symbol.first_applied()) {
    line("first applied", absl::StrCat("U ", first->first.raw(), ", u ", first->last.raw()));
  }
  line("update id", absl::StrCat(symbol.update_id().raw()));
  if (const OrderBook* levels = symbol.book()) {
    line("levels", absl::StrCat(levels->ladder(Side::kBid).level_count(), " bids, ",
                                levels->ladder(Side::kAsk).level_count(), " asks"));
  }
  line("snapshots", absl::StrCat(counts.snapshots, ", ", counts.refused_snapshots, " refused, ",
                                 book.snapshots_unused, " not used"));
  if (const auto reach = symbol.snapshot_reach()) {
    line("  bids reach",
         ReachText(reach->bid_levels, reach->limit, reach->best_bid, reach->worst_bid));
    line("  asks reach",
         ReachText(reach->ask_levels, reach->limit, reach->best_ask, reach->worst_ask));
  }
  line("bookTicker", absl::StrCat(counts.ticker_frames, ", audits ", counts.ticker_audits_equal,
                                  " of ", counts.ticker_audits, " equal"));
  line("trades", absl::StrCat(counts.trade_frames, ", ", counts.duplicate_trades, " duplicates, ",
                              counts.trade_gaps, " id gaps"));
  line("malformed frames", absl::StrCat(counts.malformed_frames));
  if (const auto lag = symbol.lag_range()) {
    line("clock offset", absl::StrFormat("receive minus exchange time %.3f to %.3f ms",
                                         static_cast<double>(lag->least) / 1e6,
                                         static_cast<double>(lag->greatest) / 1e6));
  }
}

int RunInfo(const InfoFlags& flags) {
  EngineOptions options;
  options.emit = EmitPolicy::None();
  const Catalogue catalogue = MakeCatalogue(options);

  InfoOutput output;
  RecordingPlayer* playing = nullptr;
  NoticeLog log([&playing] { return playing->position(); });
  if (flags.verbose) output.log = &log;
  RecordingPlayer player(options, catalogue, output,
                         {.merge = flags.merge, .salvage = flags.salvage},
                         [&log](std::string_view message) { log.TellFile(message); });
  playing = &player;

  std::map<std::string, std::int64_t> streams;
  std::int64_t frames = 0;
  std::optional<ReceiveTime> first;
  ReceiveTime last;
  player.set_line_watcher([&](const RecordingLine& line) {
    if (!first) first = line.receive_time;
    last = std::max(last, line.receive_time);
    if (line.kind != LineKind::kFrame) return;
    ++frames;
    ++streams[StreamName(NameFrame(line.payload))];
  });
  const absl::Status status = player.Run(flags.recordings);
  log.Finish();

  if (first) {
    std::printf("%s to %s, %.1f s\n", TimeText(*first).c_str(), TimeText(last).c_str(),
                static_cast<double>(last - *first) / 1e9);
  }
  const PlayerCounts& counts = player.counts();
  std::printf("%lld lines, %lld frames, %lld malformed lines\n\nstreams\n",
              static_cast<long long>(counts.lines), static_cast<long long>(frames),
              static_cast<long long>(counts.malformed_lines));
  for (const auto& [name, count] : streams) {
    std::printf("  %-32s %lld\n", name.c_str(), static_cast<long long>(count));
  }
  for (const Engine* engine : player.engines()) {
    for (const auto& symbol : engine->symbols()) PrintSymbol(*symbol);
  }
  return status.ok() ? static_cast<int>(kExitGood) : FailIo(status);
}

}  // namespace

void AddInfoCommand(CLI::App& app, int* exit_status) {
  auto flags = std::make_shared<InfoFlags>();
  CLI::App* const command = app.add_subcommand(
      "info",
      "What is in a recording: streams, symbols, spans, gaps, snapshot reach, clock offset");
  command->footer("  thalweg info day.zst\n\nExit status: 0 read to its end; 3 cannot be read.");
  command->add_option("RECORDING", flags->recordings, "Recordings, as for replay")->required();
  command->add_flag("--salvage", flags->salvage, "Step over damage");
  command->add_flag("--merge", flags->merge, "Interleave the recordings by receive time");
  command->add_flag("--notices", flags->verbose, "Tell what happened where, as replay does");
  command->callback([flags, exit_status] { *exit_status = RunInfo(*flags); });
}

}  // namespace thalweg
