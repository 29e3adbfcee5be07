#include "tools/live_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pipeline/engine.h"
#include "tools/config_flags.h"
#include "tools/engine_flags.h"
#include "tools/exit_status.h"
#include "tools/live_run.h"
#include "tools/metrics/metrics_address.h"
#include "tools/network_flags.h"
#include "tools/option_kind.h"
#include "tools/option_value.h"
#include "tools/result_flags.h"
#include "tools/ring_flags.h"
#include "tools/symbol_list.h"

namespace thalweg {
namespace {

// However they are spelt, and whether or not they are there.
bool IsSameFolder(const std::string& a, const std::string& b) {
  std::error_code ignored;
  return std::filesystem::weakly_canonical(a + "/", ignored) ==
         std::filesystem::weakly_canonical(b + "/", ignored);
}

// What `live` and `record` have in common.
struct LiveFlags {
  EngineFlags engine;
  NetworkFlags network;
  ConfigFlags config;
  RingFlags ring{"live"};
  ResultFlags results;
  std::string record_folder;
  std::string sync = "second";
  std::string evidence_folder;
  std::string shards = "1";
  std::string cpus;
  bool busy_poll = false;
  std::string length;
  std::string metrics;
  std::string required;
};

absl::StatusOr<std::vector<int>> ParseCpus(const std::string& text) {
  std::vector<int> cpus;
  const long count = sysconf(_SC_NPROCESSORS_CONF);
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    int cpu = 0;
    if (!absl::SimpleAtoi(part, &cpu) || cpu < 0 || cpu >= count) {
      return NotAllowed("cpus", text,
                        absl::StrCat("a list of numbers in [0, ", count - 1, "], comma separated"));
    }
    cpus.push_back(cpu);
  }
  return cpus;
}

// What is wrong with the names of results when each shard has one.
absl::Status CheckShards(const LiveFlags& flags, const LiveRunOptions& options) {
  if (options.shards > options.engine.symbols.size()) {
    return NotAllowed("shards", flags.shards,
                      absl::StrCat("a number in [1, ", options.engine.symbols.size(),
                                   "], the number of symbols"));
  }
  if (options.shards == 1) return absl::OkStatus();
  for (const auto& [key, path] :
       {std::pair("out", &flags.results.out()), std::pair("ladders", &flags.results.ladders())}) {
    if (path->empty() || absl::StrContains(*path, kShardPlace)) continue;
    return NotAllowed(
        key, *path,
        absl::StrCat("a name with ", kShardPlace, " in it, and there are several shards"));
  }
  return absl::OkStatus();
}

absl::Status SetMetrics(const LiveFlags& flags, LiveRunOptions* options) {
  if (!flags.metrics.empty()) {
    absl::StatusOr<MetricsAddress> address = ParseMetricsAddress(flags.metrics);
    if (!address.ok()) return address.status();
    options->metrics = *std::move(address);
  }
  const std::vector<std::string>& symbols = options->engine.symbols;
  for (std::string& name : SplitSymbolList(flags.required)) {
    if (std::find(symbols.begin(), symbols.end(), name) == symbols.end()) {
      return NotAllowed("required", name, "one of --symbols");
    }
    options->required.insert(std::move(name));
  }
  return absl::OkStatus();
}

absl::StatusOr<LiveRunOptions> ToOptions(const LiveFlags& flags, bool makes_records) {
  LiveRunOptions options;
  absl::StatusOr<EngineOptions> engine = flags.engine.ToOptions();
  if (!engine.ok()) return engine.status();
  options.engine = *std::move(engine);
  if (options.engine.symbols.empty()) {
    return absl::InvalidArgumentError(
        "--symbols is required: the symbols to follow, as BTCUSDT,ETHUSDT");
  }
  if (!options.engine.market) options.engine.market = Market::kSpot;
  if (!makes_records) options.engine.emit = EmitPolicy::None();
  absl::StatusOr<NetworkOptions> network = flags.network.ToOptions(*options.engine.market);
  if (!network.ok()) return network.status();
  options.network = *std::move(network);
  if (makes_records) {
    absl::StatusOr<RingPublisherOptions> rings = flags.ring.ToOptions();
    if (!rings.ok()) return rings.status();
    options.rings = *std::move(rings);
    options.rings->speed_milli = 1'000;
  }
  options.results = flags.results;
  options.inputs.exchange_info = flags.engine.exchange_info_path();
  absl::Status status = options.results.Check(options.inputs, options.engine);
  if (!status.ok()) return status;
  options.record_folder = flags.record_folder;
  options.evidence_folder = flags.evidence_folder;
  if (!flags.evidence_folder.empty() && IsSameFolder(flags.evidence_folder, flags.record_folder)) {
    return NotAllowed("evidence", flags.evidence_folder, "another folder than that of --record");
  }
  if (flags.sync == "flush") {
    options.sync_interval = 0;
  } else if (flags.sync == "never") {
    options.sync_interval = kSyncNever;
  } else if (flags.sync != "second") {
    return NotAllowed("sync", flags.sync, "second, flush or never");
  }
  if (!absl::SimpleAtoi(flags.shards, &options.shards) || options.shards < 1 ||
      options.shards > kShardsMax) {
    return NotAllowed("shards", flags.shards, absl::StrCat("a number in [1, ", kShardsMax, "]"));
  }
  status = CheckShards(flags, options);
  if (!status.ok()) return status;
  absl::StatusOr<std::vector<int>> cpus = ParseCpus(flags.cpus);
  if (!cpus.ok()) return cpus.status();
  options.cpus = *std::move(cpus);
  options.busy_poll = flags.busy_poll;
  status = SetMetrics(flags, &options);
  if (!status.ok()) return status;
  if (!flags.length.empty()) {
    const auto seconds = ParsePositive("for", flags.length, kRunSecondsMax);
    if (!seconds.ok()) return seconds.status();
    options.length = static_cast<Nanos>(*seconds * static_cast<double>(kSecond));
  }
  return options;
}

int Run(const LiveFlags& flags, bool makes_records) {
  const absl::StatusOr<LiveRunOptions> options = ToOptions(flags, makes_records);
  if (!options.ok()) return Fail(flags.config.Explain(options.status()));
  const absl::Status creatable = options->results.CheckCreatable(options->engine);
  if (!creatable.ok()) return FailIo(creatable);
  if (!flags.config.check_only()) return RunLive(*options);
  const absl::StatusOr<std::string> effective = flags.config.Effective();
  if (!effective.ok()) return FailUsage(effective.status());
  std::fwrite(effective->data(), 1, effective->size(), stdout);
  return kExitGood;
}

void AddRunOptions(Command command, LiveFlags& flags, bool needs_record) {
  const char* const recording = "Recording";
  command
      .AddOption("--record", flags.record_folder,
                 "Record into this folder, which is made; nothing in it is ever replaced")
      .Required(needs_record)
      .Group(recording);
  command
      .AddOption("--sync", flags.sync,
                 "What survives a power cut: second, what is older than that; flush, everything\n"
                 "that is in the file; never, the system decides")
      .ShowDefault()
      .Group(recording);
  command
      .AddOption("--evidence", flags.evidence_folder,
                 "Keep small recordings of audits that differ in this folder, which is made")
      .Group(recording);
  const char* const run = "The run";
  command.AddOption("--for", flags.length, "End by itself after so many seconds")
      .TypeName(kNumberWord)
      .Group(run);
  command
      .AddOption("--shards", flags.shards,
                 "Threads that symbols are spread over, each with rings and recording of its own")
      .TypeName(kWholeNumberWord)
      .ShowDefault()
      .Group(run);
  command.AddOption("--cpus", flags.cpus, "Cores that these threads are pinned to, in order: 2,3")
      .Group(run);
  command
      .AddFlag("--busy-poll", flags.busy_poll,
               "These threads never sleep: some microseconds less, for a core each")
      .Group(run);
}

void AddMetricsOptions(Command command, LiveFlags& flags) {
  const char* const group = "Metrics";
  const Option metrics =
      command
          .AddOption("--metrics", flags.metrics,
                     "Serve /metrics (Prometheus) and /health on this port, of this machine alone\n"
                     "unless an address stands before it")
          .TypeName(absl::StrCat(kWholeNumberWord, "|ADDRESS:", kWholeNumberWord))
          .Group(group);
  command
      .AddOption("--required", flags.required,
                 "Symbols without which /health is 503 (default: all of them)")
      .TypeName(kNamesWord)
      .Needs(metrics)
      .Group(group);
}

constexpr char kExitText[] =
    "SIGINT, SIGTERM or SIGHUP ends it well: everything received is used, written and closed.\n\n"
    "Exit status: 0 ended as asked; 1 a symbol that the exchange does not have; 2 wrong usage;\n"
    "3 cannot read or write, a thread failed, or the exchange was not reached in all of --for.";

}  // namespace

void AddLiveCommand(CommandLine& line, int* exit_status) {
  auto flags = std::make_shared<LiveFlags>();
  const Command command =
      line.AddSubcommand("live", "Binance -> books and features on rings, now; and recorded");
  command.Footer(
      absl::StrCat("  thalweg live --symbols BTCUSDT,ETHUSDT\n"
                   "  thalweg live --symbols BTCUSDT --record recordings --emit all\n"
                   "  thalweg live --config live.toml --check-config\n\n",
                   kExitText));
  flags->results.AddTo(command);
  flags->ring.AddTo(command);
  AddRunOptions(command, *flags, false);
  AddMetricsOptions(command, *flags);
  flags->network.AddTo(command);
  flags->engine.AddTo(command);
  flags->config.AddTo(command);
  command.OnRun([flags, exit_status] { *exit_status = Run(*flags, true); });
}

void AddRecordCommand(CommandLine& line, int* exit_status) {
  auto flags = std::make_shared<LiveFlags>();
  const Command command = line.AddSubcommand("record", "Binance -> recordings, without features");
  command.Footer(absl::StrCat("  thalweg record --symbols BTCUSDT,ETHUSDT --record recordings\n\n",
                              kExitText));
  AddRunOptions(command, *flags, true);
  AddMetricsOptions(command, *flags);
  flags->network.AddTo(command);
  flags->engine.AddTo(command);
  flags->config.AddTo(command);
  command.OnRun([flags, exit_status] { *exit_status = Run(*flags, false); });
}

}  // namespace thalweg
