// An engine to use from a program: made of options, given frames or a source of them, it answers
// with records, by callback or when it is polled, and shows its books.
//
//   absl::StatusOr<thalweg::FeatureEngine> engine = thalweg::FeatureEngine::Make(options);
//   engine->Push(receive_time, frame);
//   while (const thalweg::FeatureRecord* record = engine->Poll()) Use(*record);
//
// It owns everything that an Engine (pipeline/engine.h) needs, and adds nothing to its numbers: the
// same input gives the same records, bit for bit.
//
// Records go to the callback when one is set; else those of the newest push, or step of the source,
// wait to be polled: at most kPolledRecordsMax, of more the oldest are lost and counted.
//
// Threads: one at a time; engines share nothing. Callbacks run inside the call that caused them,
// may look at books and must not give the engine anything. Errors: options and files answer a
// Status; bad input is a notice, a counter and a bit of the quality word. Nothing is thrown but
// std::bad_alloc. Allocation: none between a frame and its record, except where a book, a window, a
// frame to be padded or the records of one push become larger than any before.
// Lifetime: moves keep records, views and callbacks good. What was moved from can only be destroyed
// or assigned to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/record_column.h"
#include "core/units.h"
#include "features/catalogue.h"
#include "pipeline/book_view.h"
#include "pipeline/engine.h"
#include "pipeline/engine_options.h"
#include "pipeline/engine_source.h"
#include "pipeline/feature_record.h"
#include "pipeline/notice.h"

namespace thalweg {

// Twice what a snapshot can set free at once (kKeptDiffsMax events that waited for it).
inline constexpr std::size_t kPolledRecordsMax = 16'384;

// A symbol whose book needs a depth snapshot: its answer is given to the engine with PushRest().
struct SnapshotWish {
  std::string_view symbol;  // "BTCUSDT"
  Market market;            // Whose REST interface has it; kSpot until an event told.
  SnapshotReason reason;
};

class FeatureEngine {
 public:
  // An engine that frames are pushed into. InvalidArgument with key, value and allowed range.
  [[nodiscard]] static absl::StatusOr<FeatureEngine> Make(EngineOptions options);
  // One that a source drives: Make(options, Recordings({"monday.zst", "tuesday.zst"})). Also what
  // stands against opening the source: NotFound with the file.
  [[nodiscard]] static absl::StatusOr<FeatureEngine> Make(EngineOptions options,
                                                          std::unique_ptr<EngineSource> source);
  FeatureEngine(FeatureEngine&&) noexcept;
  FeatureEngine& operator=(FeatureEngine&&) noexcept;
  ~FeatureEngine();

  // --- what it tells; set before anything is given ---

  void set_on_record(std::function<void(const FeatureRecord&)> on_record);
  // state() or quality() of a symbol is another one than its newest record told, as after a gap
  // that makes no record: a record is not to be acted on any more.
  void set_on_status(std::function<void(const SymbolEngine&)> on_status);
  void set_on_snapshot_wanted(std::function<void(const SnapshotWish&)> on_snapshot_wanted);
  // Describe() makes a sentence of a notice.
  void set_on_notice(std::function<void(const Notice&)> on_notice);

  // --- what happened, in the order in which it is to count. REQUIRES: no source ---

  // A WebSocket message. It is copied, since decoders read kPayloadPadding bytes before and behind
  // it; PushPadded() saves the copy. REQUIRES of that: these bytes are readable.
  FrameOutcome Push(ReceiveTime received, std::string_view frame);
  FrameOutcome PushPadded(ReceiveTime received, std::string_view frame);
  // A good answer to GET `target`, "/api/v3/depth?symbol=BTCUSDT&limit=1000": depth and
  // exchangeInfo count, others are skipped.
  void PushRest(ReceiveTime received, std::string_view target, std::string_view body);
  // Streams that no open connection carries are stale until their next frame.
  void PushConnectionOpen(std::int64_t connection, std::string_view url);
  void PushConnectionClosed(std::int64_t connection);
  // Input that is known to be lost: frames of a stream ("depth"), or of whatever stream.
  void PushDropped(std::int64_t count, std::string_view stream, std::string_view symbol);
  void PushLost(std::int64_t count);
  // The wall clock, now and then: asks again for a snapshot that did not come, and streams that are
  // silent become stale in a symbol's quality(). Never changes a record.
  void PushTimer(ReceiveTime now);

  // --- or its source ---

  // Takes the next input of the source. kEnded also without a source.
  SourceStep Step();
  // Steps to the end of the source; what became of it. For callbacks: nobody polls meanwhile.
  [[nodiscard]] absl::Status Run();
  // Why the source ended; OK when it ended well, and before.
  [[nodiscard]] absl::Status status() const;
  // The source has nothing any more.
  [[nodiscard]] bool ended() const noexcept;

  // --- records ---

  // The next record that waits; good until the next call that is not const. Null when there is
  // none: with a source only once it has nothing, now or any more (see ended()). Always null when a
  // callback takes the records.
  [[nodiscard]] const FeatureRecord* Poll();
  // Records made so far, which is also the `seq` of the newest; those of them that were lost
  // because one push made more than kPolledRecordsMax.
  [[nodiscard]] std::uint64_t record_count() const noexcept;
  [[nodiscard]] std::uint64_t lost_count() const noexcept;

  // Where a feature lies in every record. NotFound with the name.
  [[nodiscard]] absl::StatusOr<RecordColumn> Column(std::string_view feature) const;
  // Several at once, by names that the compiler checks from here on.
  template <RecordColumnName... kNames>
  [[nodiscard]] absl::StatusOr<RecordColumns<kNames...>> Bind() const {
    return RecordColumns<kNames...>::Of(*this);
  }

  // --- its state ---

  // The symbol's book as it is now; absent while there is none to be trusted, or no such symbol.
  [[nodiscard]] std::optional<BookView> book(std::string_view symbol) const;
  // Its state, clock and counters; null when it is not followed. Good until the next push.
  [[nodiscard]] const SymbolEngine* FindSymbol(std::string_view symbol) const;
  [[nodiscard]] const EngineOptions& options() const noexcept;
  [[nodiscard]] const Catalogue& catalogue() const noexcept;

 private:
  class State;
  explicit FeatureEngine(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace thalweg
