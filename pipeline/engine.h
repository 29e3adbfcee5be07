// The engine: a step machine that turns frames into records. No clock, socket, file or thread of
// its own; live feeds, replays, exchanges in a box and simulations drive this same code.
//
// In: frames with their receive time, REST answers, connections opened and closed, losses, timer
// ticks, in the order in which they are to count. Out, through EngineOutput: records, wishes for
// snapshots, notices. The same input gives the same records, bit for bit.
//
// Symbols are independent of each other: each has its own clock, book, windows and quality.
// Threads: one. Lifetime: options, catalogue and output outlive the engine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "feeds/decode/decoder.h"
#include "pipeline/engine_options.h"
#include "pipeline/symbol_engine.h"

namespace thalweg {

// More symbols than an exchange lists; what comes beyond is counted and not followed.
inline constexpr std::size_t kSymbolsMax = 8'192;
// Open at once; more than a recording of one exchange has, unless nobody says that they close.
inline constexpr std::size_t kConnectionsMax = 1'024;

// Where an engine's results go. Called from inside the engine's functions; must not call back into
// it.
class EngineOutput {
 public:
  virtual ~EngineOutput() = default;
  // A record, complete but for `seq` and `publish_ns`, which belong to the output. `record` and
  // `symbol` live on; the contents of the record until the next one of that symbol.
  virtual void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) = 0;
  // A symbol was made, with the next id: ids count from 0 in every engine. It is there before
  // anything else is told of it but notices.
  virtual void OnSymbol(const SymbolEngine& symbol) { (void)symbol; }
  // The symbol's state() or quality() is another one than its newest record, or the call before,
  // has told. Once an input at most, at its end, after the records that it made.
  virtual void OnStatus(const SymbolEngine& symbol) { (void)symbol; }
  // The engine needs a depth snapshot of the symbol; it is given to it with OnRest().
  virtual void OnSnapshotWanted(const SymbolEngine& symbol, SnapshotReason reason) {
    (void)symbol, (void)reason;
  }
  virtual void OnNotice(const Notice& notice) { (void)notice; }
  // A snapshot of the same id has other levels than the book, which is lost for it. Told after its
  // notice.
  virtual void OnDivergence(const SymbolEngine& symbol,
                            const std::shared_ptr<const AuditEvidence>& evidence) {
    (void)symbol, (void)evidence;
  }
};

// What became of a frame.
enum class FrameOutcome : std::uint8_t {
  kTaken,     // It was given to its symbol.
  kFiltered,  // Of a symbol that was not asked for.
  kUnused,    // Of a stream that feeds nothing: well-formed, of no use.
  kUnnamed,   // Too broken to say what it is.
};

struct EngineCounts {
  std::int64_t frames = 0;
  std::int64_t filtered = 0;
  std::int64_t unused = 0;
  std::int64_t unnamed = 0;
  std::int64_t unattributed_snapshots = 0;
};

// InvalidArgument with key, value and allowed range when the options cannot be used.
[[nodiscard]] absl::Status ValidateOptions(const EngineOptions& options);

// The catalogue that the options lead to: bucket columns carry the sizes, or ranks where sizes
// differ between symbols.
[[nodiscard]] Catalogue MakeCatalogue(const EngineOptions& options);

class Engine {
 public:
  // REQUIRES: ValidateOptions(options) is OK, `catalogue` is MakeCatalogue(options).
  Engine(const EngineOptions& options, const Catalogue& catalogue, EngineOutput& output);

  // Numbers a symbol before its first frame appears (from a recording's header). No effect on
  // symbols known already or not asked for.
  void AddSymbol(std::string_view name);

  // What follows comes from this file (or connection). It matters to snapshots that do not say
  // whose they are: they belong to the one symbol of their source. `continues`: it goes on where
  // the source before ended. Without a call all is one source.
  void BeginSource(std::int64_t number, bool continues);

  // Is told where the stages of each frame end; it outlives the engine. Without a call nobody times
  // them. No record depends on it.
  void set_stage_clock(StageClock* clock) noexcept;

  // One WebSocket message, or a collector's bare snapshot.
  // REQUIRES: kPayloadPadding readable bytes around `payload`.
  FrameOutcome OnFrame(ReceiveTime received, std::string_view payload);
  // A REST answer: depth snapshots and exchangeInfo count, others are skipped. Same padding.
  // exchangeInfo also where it says that it knows no such symbol.
  void OnRest(ReceiveTime received, std::string_view target, std::string_view body);
  void OnConnectionOpen(std::int64_t connection, std::string_view url);
  void OnConnectionClosed(std::int64_t connection);
  // Frames lost before the engine; lines missing from the input (all symbols).
  void OnDropped(std::int64_t count, std::string_view stream, std::string_view symbol);
  void OnLost(std::int64_t count);
  // What a recording of an audit says: events of the symbol's book, if it is live, are retained
  // from here on for a snapshot that is to come.
  void OnAuditBegun(std::string_view symbol);
  // The wall clock moved on: streams that are silent become stale in quality(). Never changes a
  // record.
  void OnTimer(ReceiveTime now);

  [[nodiscard]] const std::vector<std::unique_ptr<SymbolEngine>>& symbols() const noexcept {
    return symbols_;
  }
  // The symbol of that name; null when it is not followed.
  [[nodiscard]] const SymbolEngine* FindSymbol(std::string_view name) const;
  [[nodiscard]] const EngineCounts& counts() const noexcept { return counts_; }
  // Names that appeared and were not asked for, as far as remembered (kSymbolsMax).
  [[nodiscard]] const std::vector<std::string>& filtered_symbols() const noexcept {
    return filtered_names_;
  }

 private:
  // A connection keeps its place, and the place its memory, for one that comes later.
  struct OpenConnection {
    std::optional<std::int64_t> number;  // Absent: it has closed.
    std::string streams;                 // Of its url: "btcusdt@depth@100ms/btcusdt@trade".
  };

  // A symbol that was named somewhere.
  struct Known {
    SymbolEngine* engine = nullptr;  // Null: not asked for.
  };

  // What is known of a symbol; it is made when it is new, and null when there are too many, or
  // when the name is empty: nothing is of no symbol.
  Known* Find(std::string_view name);
  SymbolEngine* FindByStream(const FrameHead& head);
  FrameOutcome GiveFrame(SymbolEngine& symbol, const FrameHead& head, ReceiveTime received);
  // The engine of the symbol that a frame of the present source named.
  SymbolEngine* FindNamed(std::string_view name);
  void NoteName(std::string_view name, SymbolEngine* engine);
  SymbolEngine* Make(std::string_view name);
  FrameOutcome OnBareSnapshot(ReceiveTime received, std::string_view payload);
  void OnExchangeInfo(std::string_view target, std::string_view body);
  void MissSymbols(const std::vector<std::string>& asked, bool is_futures,
                   const std::set<std::string_view>& listed);
  void OnDelisted(const std::string& name);
  void MarkCarried(std::string_view streams);

  const EngineOptions& options_;
  const Catalogue& catalogue_;
  EngineOutput& output_;
  Decoder decoder_;
  StageClock* stage_clock_ = nullptr;
  std::vector<std::unique_ptr<SymbolEngine>> symbols_;
  absl::flat_hash_map<std::string, Known> by_name_;
  std::vector<std::string> filtered_names_;
  std::int64_t lost_ = 0;  // Of all symbols, also of those yet to come.
  bool too_many_told_ = false;
  absl::flat_hash_map<std::string, Instrument> exchange_info_;  // For symbols yet to come.
  std::vector<OpenConnection> connections_;
  std::ptrdiff_t oldest_connection_ = 0;  // Where there are kConnectionsMax.
  // By symbol and kind: what open connections carry. Made anew when one closes.
  std::vector<std::array<bool, kStreamKinds>> carried_;
  std::string carried_name_;

  // A file or a connection: a bare snapshot belongs to the one symbol that its frames name.
  struct Source {
    bool named = false;              // A frame named a symbol.
    bool several = false;            // Frames named more than one.
    std::string symbol;              // The first one,
    SymbolEngine* engine = nullptr;  // null when it is not asked for.
    std::vector<char>
        waiting;  // A snapshot that came before any frame, with padding on both sides.
    ReceiveTime waiting_received;
  };
  std::map<std::int64_t, Source> sources_;
  std::int64_t source_number_ = 0;
  Source* source_ = &sources_[0];

  EngineCounts counts_;
};

}  // namespace thalweg
