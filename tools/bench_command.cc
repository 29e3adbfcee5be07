#include "tools/bench_command.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/string_view.h"
#include "core/version.h"
#include "tools/exit_status.h"
#include "tools/latency_bench.h"

namespace thalweg {
namespace {

constexpr int kRoundsDefault = 5;
constexpr int kRoundsMax = 1'000;

struct BenchFlags {
  std::vector<std::string> recordings;
  int rounds = kRoundsDefault;
  bool json = false;
};

struct Percentile {
  double percent;
  const char* title;
  const char* key;
};
constexpr std::array kPercentiles{Percentile{50, "p50", "p50_ns"}, Percentile{90, "p90", "p90_ns"},
                                  Percentile{99, "p99", "p99_ns"},
                                  Percentile{99.9, "p99.9", "p99_9_ns"}};
constexpr std::array kStages{BenchStage::kDecode, BenchStage::kBook, BenchStage::kFeatures,
                             BenchStage::kWhole};
constexpr std::array kKinds{BenchKind::kDepth, BenchKind::kTicker, BenchKind::kTrade};

// As Linux tells it.
std::string CpuModel() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

// A terminal is told which round is running; a pipe is told nothing.
class RoundLine {
 public:
  explicit RoundLine(int rounds) : rounds_(rounds), terminal_(isatty(STDERR_FILENO) == 1) {}
  ~RoundLine() {
    if (terminal_) std::fputs("\r\x1b[K", stderr);
  }
  RoundLine(const RoundLine&) = delete;
  RoundLine& operator=(const RoundLine&) = delete;

  void Show(int round) const {
    if (!terminal_) return;
    if (round <= rounds_) {
      std::fprintf(stderr, "\r\x1b[Kround %d of %d", round, rounds_);
    } else {
      std::fputs("\r\x1b[Kcold caches", stderr);
    }
  }

 private:
  int rounds_;
  bool terminal_;
};

struct Report {
  const BenchFlags& flags;
  const LoadedRecording& recording;
  const Stopwatch& stopwatch;
  const BenchResult& result;
};

double LevelNanos(const StageTimes& times, BenchStage stage) {
  return static_cast<double>(times.of(stage).sum()) / static_cast<double>(times.levels);
}

// The others are differences of two plays: nothing runs at their speed.
bool IsTimed(BenchStage stage) {
  return stage == BenchStage::kDecode || stage == BenchStage::kWhole;
}

double FramesPerSecond(const LatencyHistogram& histogram) {
  return histogram.sum() > 0 ? 1e9 / histogram.mean() : 0;
}

void PrintHeader(const Report& report) {
  const auto line = [](const char* name, const std::string& text) {
    std::printf("%-10s %s\n", name, text.c_str());
  };
  line("processor", absl::StrCat(CpuModel(), ", ", std::thread::hardware_concurrency(), " cores"));
  line("program", std::string(VersionText()));
#ifndef NDEBUG
  line("", "This build checks assertions: a release build is faster.");
#endif
  line("recording", absl::StrJoin(report.flags.recordings, " "));
  line("",
       absl::StrFormat("%d frames, %.1f MB of payload, in memory", report.recording.frame_count(),
                       static_cast<double>(report.recording.payload_bytes()) / 1e6));
  if (report.recording.is_cut()) {
    line("", absl::StrCat("Only its first ", kLoadedBytesMax >> 20, " MiB are used."));
  }
  line("clock",
       absl::StrFormat("%s; the %.1f ns that reading it costs are taken off",
                       Abseil(report.stopwatch.name()), report.stopwatch.overhead_nanos()));
  line("rounds", absl::StrCat(report.flags.rounds));
}

void PrintRow(const char* caches, BenchStage stage, const StageTimes& times) {
  const LatencyHistogram& histogram = times.of(stage);
  std::printf("%-5s %-20s", caches, std::string(StageName(stage)).c_str());
  for (const Percentile& percentile : kPercentiles) {
    std::printf(" %8lld", static_cast<long long>(histogram.Percentile(percentile.percent)));
  }
  std::printf(" %9lld %9.0f", static_cast<long long>(histogram.greatest()), histogram.mean());
  if (times.levels > 0) {
    std::printf(" %9.1f", LevelNanos(times, stage));
  } else {
    std::printf(" %9s", "-");
  }
  if (IsTimed(stage)) std::printf(" %11.0f", FramesPerSecond(histogram));
  std::printf("\n");
}

void PrintKind(BenchKind kind, const KindTimes& times) {
  if (times.frames == 0) return;
  std::printf("\n%s: %lld frames", std::string(KindName(kind)).c_str(),
              static_cast<long long>(times.frames));
  if (times.levels > 0) {
    std::printf(", %.1f levels a frame",
                static_cast<double>(times.levels) / static_cast<double>(times.frames));
  }
  std::printf("; ns a frame\n%-26s", "");
  for (const Percentile& percentile : kPercentiles) std::printf(" %8s", percentile.title);
  std::printf(" %9s %9s %9s %11s\n", "max", "mean", "ns/level", "frames/s");
  for (const BenchStage stage : kStages) PrintRow("warm", stage, times.warm);
  for (const BenchStage stage : kStages) PrintRow("cold", stage, times.cold);
}

void PrintTable(const Report& report) {
  PrintHeader(report);
  for (const BenchKind kind : kKinds) {
    PrintKind(kind, report.result.kinds[static_cast<std::size_t>(kind)]);
  }
  std::printf(
      "\nall kinds, played without a clock inside: %.0f frames/s with a record for each frame,\n"
      "%.0f frames/s with records for depth events only\n",
      report.result.frames_per_second_all_records, report.result.frames_per_second_depth_records);
  std::printf(
      "\nEach frame makes a record with the whole catalogue. Stages come from three plays: "
      "decoding\n"
      "alone, an engine that makes no records, one that makes them. \"sequence and book\" and\n"
      "\"features and record\" are the differences for each frame; what belongs to the frame and\n"
      "not to decoding or its record counts as book (buckets, audits, windows). Cold: %zu MiB "
      "were\n"
      "written before the frame (one play, at most %lld frames of a kind, evenly spread). Not\n"
      "counted: %lld frames that make no record of their own.\n",
      kSweepBytes >> 20, static_cast<long long>(kColdSamples),
      static_cast<long long>(report.result.uncounted_frames));
}

std::string JsonText(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string JsonRow(const char* caches, BenchStage stage, const StageTimes& times) {
  const LatencyHistogram& histogram = times.of(stage);
  std::string row = absl::StrCat("{\"caches\":\"", caches, "\",\"stage\":\"",
                                 Abseil(StageName(stage)), "\",\"samples\":", histogram.count());
  for (const Percentile& percentile : kPercentiles) {
    absl::StrAppend(&row, ",\"", percentile.key, "\":", histogram.Percentile(percentile.percent));
  }
  absl::StrAppend(&row, ",\"max_ns\":", histogram.greatest());
  absl::StrAppendFormat(&row, ",\"mean_ns\":%.2f", histogram.mean());
  if (times.levels > 0) {
    absl::StrAppendFormat(&row, ",\"ns_per_level\":%.3f", LevelNanos(times, stage));
  }
  if (IsTimed(stage)) {
    absl::StrAppendFormat(&row, ",\"frames_per_s\":%.0f", FramesPerSecond(histogram));
  }
  return row + "}";
}

void PrintJson(const Report& report) {
  std::vector<std::string> recordings;
  recordings.reserve(report.flags.recordings.size());
  for (const std::string& path : report.flags.recordings) recordings.push_back(JsonText(path));
  std::vector<std::string> kinds;
  for (const BenchKind kind : kKinds) {
    const KindTimes& times = report.result.kinds[static_cast<std::size_t>(kind)];
    if (times.frames == 0) continue;
    std::vector<std::string> rows;
    rows.reserve(2 * kStages.size());
    for (const BenchStage stage : kStages) rows.push_back(JsonRow("warm", stage, times.warm));
    for (const BenchStage stage : kStages) rows.push_back(JsonRow("cold", stage, times.cold));
    kinds.push_back(absl::StrCat("{\"kind\":\"", Abseil(KindName(kind)),
                                 "\",\"frames\":", times.frames, ",\"levels\":", times.levels,
                                 ",\"rows\":[\n", absl::StrJoin(rows, ",\n"), "]}"));
  }
  const std::string cpu = JsonText(CpuModel());
  const std::string program = JsonText(VersionText());
  const std::string clock = JsonText(report.stopwatch.name());
  absl::PrintF(
      "{\"processor\":%s,\"cores\":%d,\"program\":%s,\"recordings\":[%s],\n"
      "\"frames\":%d,\"payload_bytes\":%d,\"cut\":%s,\"uncounted_frames\":%d,\n"
      "\"clock\":%s,\"clock_overhead_ns\":%.2f,\"rounds\":%d,\"cold_sweep_bytes\":%d,\n"
      "\"frames_per_s_all_records\":%.0f,\"frames_per_s_depth_records\":%.0f,\n"
      "\"kinds\":[%s]}\n",
      cpu, std::thread::hardware_concurrency(), program, absl::StrJoin(recordings, ","),
      report.recording.frame_count(), report.recording.payload_bytes(),
      report.recording.is_cut() ? "true" : "false", report.result.uncounted_frames, clock,
      report.stopwatch.overhead_nanos(), report.flags.rounds, kSweepBytes,
      report.result.frames_per_second_all_records, report.result.frames_per_second_depth_records,
      absl::StrJoin(kinds, ",\n"));
}

int FailData(const std::string& message) {
  std::fprintf(stderr, "thalweg: %s\n", message.c_str());
  return kExitBadData;
}

int RunBenchCommand(const BenchFlags& flags) {
  const absl::StatusOr<LoadedRecording> recording = LoadedRecording::Load(flags.recordings);
  if (!recording.ok()) return FailIo(recording.status());
  const std::string names = absl::StrJoin(flags.recordings, " ");
  if (recording->frame_count() == 0) return FailData(absl::StrCat(names, ": no frame at all"));

  const Stopwatch stopwatch;
  BenchResult result;
  {
    const RoundLine line(flags.rounds);
    result =
        RunBench(*recording, stopwatch, flags.rounds, [&line](int round) { line.Show(round); });
  }
  if (result.records == 0) {
    return FailData(absl::StrCat(
        names,
        ": the book never synchronised, so no frame made a record: no snapshot is there that the "
        "depth events continue (`thalweg info` tells what is in it)"));
  }
  const Report report{flags, *recording, stopwatch, result};
  if (flags.json) {
    PrintJson(report);
  } else {
    PrintTable(report);
  }
  return kExitGood;
}

}  // namespace

void AddBenchCommand(CommandLine& line, int* exit_status) {
  auto flags = std::make_shared<BenchFlags>();
  const Command command = line.AddSubcommand(
      "bench", "Latency by stage, and throughput, of a recording on this machine");
  command.Footer(
      "The recordings are read into memory and played again and again; docs/PERFORMANCE.md "
      "explains "
      "the\ntable. Compare figures of one machine only, quiet, and best pinned to a core:\n\n"
      "  taskset -c 1 thalweg bench btcusdt_20240808.gz btcusdt_20240809.gz\n\n"
      "Exit status: 0 good; 1 no frame, or no book that synchronised; 2 wrong usage; 3 cannot be "
      "read.");
  command.AddOption("RECORDING", flags->recordings, "Recordings, as for replay").Required();
  command.AddOption("--rounds", flags->rounds, "How often everything is played")
      .Range(1, kRoundsMax)
      .ShowDefault();
  command.AddFlag("--json", flags->json, "As JSON");
  command.OnRun([flags, exit_status] { *exit_status = RunBenchCommand(*flags); });
}

}  // namespace thalweg
