#include "tools/metrics/process_statistics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

namespace thalweg {
namespace {

// Of /proc/self/stat (proc(5)), numbered from the state, which is the first behind the name.
struct Stat {
  std::int64_t user_ticks = 0;      // 14: utime
  std::int64_t kernel_ticks = 0;    // 15: stime
  std::int64_t threads = 0;         // 20
  std::int64_t start_ticks = 0;     // 22, since the machine's boot
  std::int64_t virtual_bytes = 0;   // 23
  std::int64_t resident_pages = 0;  // 24
};

std::optional<Stat> ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  // The name stands in parentheses and may hold any of them.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream words(text.substr(name_end + 1));
  Stat stat;
  std::string word;
  for (int number = 3; number <= 24; ++number) {
    if (!(words >> word)) return std::nullopt;
    const auto value = [&] {
      return static_cast<std::int64_t>(std::strtoll(word.c_str(), nullptr, 10));
    };
    if (number == 14) stat.user_ticks = value();
    if (number == 15) stat.kernel_ticks = value();
    if (number == 20) stat.threads = value();
    if (number == 22) stat.start_ticks = value();
    if (number == 23) stat.virtual_bytes = value();
    if (number == 24) stat.resident_pages = value();
  }
  return stat;
}

double SecondsOf(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// When the machine was booted, in seconds since the epoch: as of the first look, so that a clock
// that is set later makes no new beginning of the process.
double BootTime() {
  static const double time = SecondsOf(CLOCK_REALTIME) - SecondsOf(CLOCK_BOOTTIME);
  return time;
}

std::optional<std::int64_t> OpenFiles() {
  std::error_code error;
  std::int64_t count = 0;
  std::filesystem::directory_iterator at("/proc/self/fd", error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) ++count;
  if (error) return std::nullopt;
  return count - 1;  // One of them is the look itself.
}

}  // namespace

void AddProcessStatistics(PrometheusText& text) {
  const std::optional<Stat> stat = ReadStat();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  text.Begin("process_cpu_seconds_total", MetricType::kCounter,
             "Processor time used, of the program and of the kernel for it.");
  if (stat) text.Add({}, static_cast<double>(stat->user_ticks + stat->kernel_ticks) / ticks);
  text.Begin("process_open_fds", MetricType::kGauge, "Open file descriptors.");
  if (const auto open = OpenFiles()) text.Add({}, *open);
  rlimit limit{};
  text.Begin("process_max_fds", MetricType::kGauge, "File descriptors that may be open.");
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    text.Add({}, limit.rlim_cur == RLIM_INFINITY ? -1 : static_cast<std::int64_t>(limit.rlim_cur));
  }
  text.Begin("process_resident_memory_bytes", MetricType::kGauge, "Memory in use.");
  if (stat) text.Add({}, stat->resident_pages * static_cast<std::int64_t>(sysconf(_SC_PAGESIZE)));
  text.Begin("process_virtual_memory_bytes", MetricType::kGauge, "Memory that has addresses.");
  if (stat) text.Add({}, stat->virtual_bytes);
  text.Begin("process_threads", MetricType::kGauge, "Threads.");
  if (stat) text.Add({}, stat->threads);
  text.Begin("process_start_time_seconds", MetricType::kGauge,
             "When the process began, since the epoch.");
  if (stat) text.Add({}, BootTime() + static_cast<double>(stat->start_ticks) / ticks);
}

}  // namespace thalweg
