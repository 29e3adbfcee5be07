#include "tools/info_command.h"

#include <cstdio>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "core/decimal.h"
#include "feeds/decode/frame.h"
#include "replay/feed_shape.h"
#include "replay/recording_player.h"
#include "tools/exit_status.h"
#include "tools/notice_log.h"
#include "tools/progress.h"

namespace thalweg {
namespace {

struct InfoFlags {
  std::vector<std::string> recordings;
  std::string beside;
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
  if (book.bucket_repairs > 0) line("buckets repaired", absl::StrCat(book.bucket_repairs));
  if (const auto lag = symbol.lag_range()) {
    line("clock offset", absl::StrFormat("receive minus exchange time %.3f to %.3f ms",
                                         static_cast<double>(lag->least) / 1e6,
                                         static_cast<double>(lag->greatest) / 1e6));
  }
}

// A feed's shape as lines: what, and how much.
std::vector<std::pair<const char*, std::string>> ShapeLines(const FeedShape& shape) {
  const auto counts = [](const CountHistogram& histogram) {
    return absl::StrFormat("mean %.1f, p10 %d, p50 %d, p90 %d, p99 %d, max %d", histogram.mean(),
                           histogram.Percentile(0.1), histogram.Percentile(0.5),
                           histogram.Percentile(0.9), histogram.Percentile(0.99),
                           histogram.Percentile(1));
  };
  const auto percent = [](std::int64_t part, std::int64_t whole) {
    return whole == 0 ? std::string("-")
                      : absl::StrFormat("%.2f %%", 100.0 * static_cast<double>(part) /
                                                       static_cast<double>(whole));
  };
  std::vector<std::pair<const char*, std::string>> lines;
  lines.emplace_back("levels a message", counts(shape.levels));
  lines.emplace_back("ids a message", counts(shape.update_ids));
  lines.emplace_back("deletes", percent(shape.deletes, shape.level_updates));
  static constexpr const char* kWithinNames[] = {"within 1 tick",     "within 10 ticks",
                                                 "within 100 ticks",  "within 1000 ticks",
                                                 "within 10^4 ticks", "within 10^5 ticks"};
  static_assert(std::size(kWithinNames) == FeedShape::kWithinTicks.size());
  for (std::size_t i = 0; i < FeedShape::kWithinTicks.size(); ++i) {
    lines.emplace_back(kWithinNames[i], percent(shape.within[i], shape.measured));
  }
  lines.emplace_back("spread of 1 tick", percent(shape.one_tick_spreads, shape.two_sided_events));
  lines.emplace_back("touch moved", percent(shape.touch_moves, shape.two_sided_events));
  lines.emplace_back("trades a second", counts(shape.trades_second));
  lines.emplace_back("trades, Fano",
                     absl::StrFormat("%.1f in 1 s, %.1f in 100 ms", shape.trades_second.fano(),
                                     shape.trades_tenth.fano()));
  const double seconds = shape.seconds();
  lines.emplace_back("bookTickers",
                     seconds == 0 ? "-"
                                  : absl::StrFormat("%.1f a second",
                                                    static_cast<double>(shape.tickers) / seconds));
  return lines;
}

void PrintShape(const FeedShape& shape) {
  std::printf("  shape\n");
  for (const auto& [what, text] : ShapeLines(shape)) {
    std::printf("    %-18s %s\n", what, text.c_str());
  }
}

// The shapes of two recordings in two columns: of the symbols that both have, else of the first of
// each. False when one of them has none.
bool PrintBeside(const RecordingShape& one, const RecordingShape& other,
                 const std::string& other_name) {
  if (one.symbols().empty() || other.symbols().empty()) return false;
  const auto print = [&](const std::string& symbol, const FeedShape& shape,
                         const std::string& other_symbol, const FeedShape& other_shape) {
    const auto left = ShapeLines(shape);
    const auto right = ShapeLines(other_shape);
    std::printf("\n%-18s %-54s %s\n", "shape", symbol.c_str(),
                absl::StrCat(other_symbol, " of ", other_name).c_str());
    for (std::size_t i = 0; i < left.size(); ++i) {
      std::printf("%-18s %-54s %s\n", left[i].first, left[i].second.c_str(),
                  right[i].second.c_str());
    }
  };
  bool printed = false;
  for (const auto& [symbol, shape] : one.symbols()) {
    const auto same = other.symbols().find(symbol);
    if (same == other.symbols().end()) continue;
    print(symbol, shape, symbol, same->second);
    printed = true;
  }
  if (!printed) {
    print(one.symbols().begin()->first, one.symbols().begin()->second,
          other.symbols().begin()->first, other.symbols().begin()->second);
  }
  return true;
}

// Stream names beyond these are counted together: a name is whatever a file says.
constexpr std::size_t kStreamNamesMax = 10'000;

// What is read off the lines of a recording as they go by.
struct Contents {
  std::map<std::string, std::int64_t> streams;
  std::int64_t frames = 0;
  std::optional<ReceiveTime> first;
  ReceiveTime last;
  RecordingShape shape;

  void OnLine(const RecordingLine& line, const RecordingPlayer& player) {
    if (!first) first = line.receive_time;
    last = std::max(last, line.receive_time);
    if (line.kind != LineKind::kFrame) return;
    ++frames;
    const FrameHead head = NameFrame(line.payload);
    const std::string name = StreamName(head);
    const bool is_new = streams.size() >= kStreamNamesMax && !streams.contains(name);
    ++streams[is_new ? "(others)" : name];
    const SymbolEngine* const symbol = player.FindSymbol(head.symbol);
    if (symbol != nullptr) shape.OnFrame(head, *symbol);
  }
};

void PrintContents(const Contents& contents, const RecordingPlayer& player) {
  if (contents.first) {
    std::printf("%s to %s, %.1f s\n", TimeText(*contents.first).c_str(),
                TimeText(contents.last).c_str(),
                static_cast<double>(contents.last - *contents.first) / 1e9);
  }
  const PlayerCounts& counts = player.counts();
  std::printf("%lld lines, %lld frames, %lld malformed lines\n\nstreams\n",
              static_cast<long long>(counts.lines), static_cast<long long>(contents.frames),
              static_cast<long long>(counts.malformed_lines));
  for (const auto& [name, count] : contents.streams) {
    std::printf("  %-32s %lld\n", name.c_str(), static_cast<long long>(count));
  }
  for (const Engine* engine : player.engines()) {
    for (const auto& symbol : engine->symbols()) {
      PrintSymbol(*symbol);
      const auto shape = contents.shape.symbols().find(symbol->name());
      if (shape != contents.shape.symbols().end()) PrintShape(shape->second);
    }
  }
}

int RunInfo(const InfoFlags& flags) {
  EngineOptions options;
  options.emit = EmitPolicy::None();
  const Catalogue catalogue = MakeCatalogue(options);

  // Plays recordings, looks at their lines, and prints when `print` is set.
  const auto look = [&](const std::vector<std::string>& recordings, bool print,
                        Contents* contents) {
    InfoOutput output;
    RecordingPlayer* playing = nullptr;
    Progress progress;
    NoticeLog log([&playing] { return playing->position(); }, progress);
    if (flags.verbose) output.log = &log;
    RecordingPlayer player(options, catalogue, output,
                           {.merge = flags.merge, .salvage = flags.salvage},
                           [&log](const FileMessage& message) { log.TellFile(message); });
    playing = &player;
    player.set_line_watcher([&](const RecordingLine& line) {
      contents->OnLine(line, player);
      progress.Show(player.position(), contents->frames);
    });
    absl::Status status = player.Run(recordings);
    progress.Clear();
    log.Finish();
    if (print && contents->first) PrintContents(*contents, player);
    return status;
  };

  Contents contents;
  const absl::Status status = look(flags.recordings, true, &contents);
  if (!status.ok()) return FailIo(status);
  if (flags.beside.empty()) return kExitGood;
  Contents beside;
  const absl::Status beside_status = look({flags.beside}, false, &beside);
  if (!beside_status.ok()) return FailIo(beside_status);
  if (PrintBeside(contents.shape, beside.shape, flags.beside)) return kExitGood;
  std::fprintf(stderr, "thalweg: --beside %s: nothing to compare, a recording has no symbol\n",
               flags.beside.c_str());
  return kExitBadData;
}

}  // namespace

void AddInfoCommand(CommandLine& line, int* exit_status) {
  auto flags = std::make_shared<InfoFlags>();
  const Command command = line.AddSubcommand(
      "info",
      "What is in a recording: streams, symbols, spans, gaps, snapshot reach, clock offset,\n"
      "and what its feed is like: levels a message, distances from the touch, trades a second");
  command.Footer(
      "  thalweg info day.zst\n\nExit status: 0 read to its end; 1 nothing to put beside; 3 cannot "
      "be read.");
  command.AddOption("RECORDING", flags->recordings, "Recordings, as for replay").Required();
  command.AddFlag("--salvage", flags->salvage, "Step over damage");
  command.AddFlag("--merge", flags->merge, "Interleave the recordings by receive time");
  command.AddOption("--beside", flags->beside,
                    "Another recording: the shapes of symbols that both have stand side by side,\n"
                    "else those of the first of each");
  command.AddFlag("--notices", flags->verbose, "Tell what happened where, as replay does");
  command.OnRun([flags, exit_status] { *exit_status = RunInfo(*flags); });
}

}  // namespace thalweg
