// Publishes what an engine makes on rings in shared memory: feature records, the ladders and the
// tops of the book beside them, and every symbol's present state.
//
// A name, and a ring for each kind of record that is asked for; the other kinds of an earlier
// writer of that name are taken away. A ladder and a tops record follow each depth or timer record,
// after its feature record, with the same header but for `seq` and `schema_hash`. A symbol's state
// and quality word change in every ring's table with each record, and at once when OnStatus() says
// so.
//
// Whoever drives the engine says when a frame begins, beats while there are none, and looks at
// status(). From frame to record nothing here allocates, locks, waits or calls the kernel, but for
// the wake that was asked for (clocks are read in user space).
//
// An id stands for one name as long as a ring exists. A symbol of a later or another engine that
// has the id of another name is not published: status() then says so.
//
// Threads: one. Lifetime: options and catalogue outlive it; the rings are closed by its end and
// stay to be read.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/ring_name.h"
#include "core/ring_writer.h"
#include "features/catalogue.h"
#include "features/schema.h"
#include "features/tops_record.h"
#include "pipeline/engine.h"
#include "pipeline/stage_clock.h"

namespace thalweg {

// Capacity of a ladders or tops ring. With that of feature records, 16,384, all three fit into the
// 64 MB that containers give /dev/shm.
inline constexpr std::uint64_t kRingCapacityOfBooks = 4'096;
// How often a driver beats. Readers take a writer for dead after a second.
inline constexpr Nanos kBeatPeriod = 100 * kMillisecond;
// A record that is published so long after its frame was in memory says so (LAGGED).
inline constexpr Nanos kLaggedAfter = 50 * kMillisecond;

struct RingPublisherOptions {
  std::string name;
  std::string folder{kRingFolder};
  std::uint32_t mode = 0600;  // 0600 or 0640.
  std::vector<RingKind> kinds{kRingKinds.begin(), kRingKinds.end()};
  std::optional<std::uint64_t> capacity;  // Of every ring; absent: the defaults.
  std::size_t tops_levels = kTopsLevelsDefault;
  bool wakes = false;             // Wakes readers that wait: a system call a record.
  std::uint64_t speed_milli = 0;  // RingStatistics::speed_milli
  // Engines of several runs go on beside each other: a symbol of two of them is refused, by
  // status().
  bool interleaved = false;
};

class RingPublisher final : public EngineOutput {
 public:
  // InvalidArgument: an option out of range, or a text that a reader would refuse. Else what
  // RingName::Take() and RingWriter::Create() answer, with path and remedy.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<RingPublisher>> Create(
      const RingPublisherOptions& publishing, const EngineOptions& options,
      const Catalogue& catalogue);

  // CLOCK_MONOTONIC in ns.
  [[nodiscard]] static std::int64_t MonotonicNow() noexcept;

  // The next input is a frame: received at `received`, in memory since `monotonic`. Latencies count
  // from there. Its records are LAGGED when it lagged before, or more than kLaggedAfter since. With
  // TimeStages(), `socket_ns`: how long it had waited in the kernel, or kNoTime.
  void BeginFrame(ReceiveTime received, std::int64_t monotonic, bool is_lagged = false,
                  std::int64_t socket_ns = kNoTime) noexcept;
  // The engine is done with the frame. Due only with TimeStages().
  void EndFrame() noexcept;
  // The next input is none, but may make records all the same.
  void BeginInput(std::int64_t monotonic) noexcept {
    input_begin_ = monotonic;
    is_lagged_ = false;
  }

  // From now on the stages of one frame of `period` are timed, and their times told in the ring.
  // The clock is for the engine, Engine::set_stage_clock(), and for outputs behind this one to
  // Skip(). It lives as long as the publisher.
  [[nodiscard]] StageClock* TimeStages(std::uint32_t period = kTimedFrames) noexcept;

  // EngineOutput
  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override;
  void OnSymbol(const SymbolEngine& symbol) override;
  void OnStatus(const SymbolEngine& symbol) override;
  void OnNotice(const Notice& notice) override;

  // A sign of life is due each kBeatPeriod, frames or not: Beat() gives it, with the statistics.
  [[nodiscard]] bool IsBeatDue(std::int64_t monotonic) const noexcept {
    return monotonic - last_beat_ >= kBeatPeriod;
  }
  void Beat(std::int64_t monotonic) noexcept;
  // Takes over the counts of the engine's symbols.
  void SetCounts(const Engine& engine) noexcept;

  // OK; InvalidArgument: a symbol has the id of another one, and with which option it gets its own;
  // Aborted: another writer has taken the name.
  [[nodiscard]] const absl::Status& status() const noexcept { return status_; }

  // Says that the rings are complete. No call after it does anything.
  void Close() noexcept;
  // Instead of Close(), when who drives the engine has died: every symbol is down, and the rings
  // are those of a dead writer, without a sign of life.
  void Abandon() noexcept;

 private:
  // A ring and the memory in which its records are made; feature records come from the engine.
  struct Ring {
    std::unique_ptr<RingWriter> writer;  // Null: this kind is not published.
    std::uint64_t schema_hash = 0;
    RecordBuffer record{0};
  };
  struct Listed {
    std::string name;
    bool seen = false;                    // A symbol of this name that frames feed was published.
    const SymbolEngine* owner = nullptr;  // Whose records they were, of interleaved runs.
  };

  explicit RingPublisher(RingName name) : name_(std::move(name)) {}

  [[nodiscard]] absl::Status CreateRing(RingKind kind, const RingPublisherOptions& publishing,
                                        const EngineOptions& options, const Catalogue& catalogue);
  [[nodiscard]] Ring& ring(RingKind kind) noexcept {
    return rings_[static_cast<std::size_t>(kind)];
  }
  template <class F>
  void ForEachWriter(const F& f) noexcept {
    for (const Ring& ring : rings_) {
      if (ring.writer) f(*ring.writer);
    }
  }
  void BeginEngine() noexcept;
  void TellAllDown() noexcept;
  // The place of a symbol whose id stands for its own name; null otherwise.
  [[nodiscard]] Listed* Find(const SymbolEngine& symbol) noexcept;
  void Publish(RingWriter& writer, const RecordBuffer& record, const SymbolEngine& symbol) noexcept;
  void SetStatus(const SymbolEngine& symbol, QualityWord quality, std::int64_t event_ns,
                 std::int64_t wall_ns) noexcept;
  void TellStatus(const SymbolEngine& symbol) noexcept;
  void SetCounts(const SymbolEngine& symbol) noexcept;

  RingName name_;
  std::array<Ring, kRingKinds.size()> rings_;
  std::size_t tops_levels_ = 0;
  bool interleaved_ = false;
  std::vector<Listed> listed_;  // By id.
  RingStatistics statistics_;
  std::int64_t input_begin_ = 0;  // 0: its driver does not say.
  bool is_lagged_ = false;
  RingWriter* stages_ring_ = nullptr;  // That tells the stages: the first there is.
  std::optional<StageClock> stage_clock_;
  std::int64_t last_beat_ = 0;
  absl::Status status_;
};

}  // namespace thalweg
