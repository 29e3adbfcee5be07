// Lines of a recording, one by one, for an engine that a test holds in its hand, and a log of what
// the engine answers.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "pipeline/engine.h"
#include "replay/recording_line.h"

namespace thalweg {

// A record as it was when it was made.
struct LoggedRow {
  std::string symbol;
  RecordHeader header;
  std::vector<double> features;

  [[nodiscard]] bool Has(QualityWord bits) const noexcept { return (header.flags & bits) == bits; }
  [[nodiscard]] bool HasAny(QualityWord bits) const noexcept { return (header.flags & bits) != 0; }
  [[nodiscard]] Trigger trigger() const noexcept { return static_cast<Trigger>(header.trigger); }
};

// Equal to the last bit, NaNs included.
[[nodiscard]] bool SameBits(const LoggedRow& a, const LoggedRow& b) noexcept;

class RowLog final : public EngineOutput {
 public:
  struct Wish {
    std::string symbol;
    SnapshotReason reason;
  };

  void OnRecord(const SymbolEngine& symbol, RecordBuffer& record) override;
  void OnSnapshotWanted(const SymbolEngine& symbol, SnapshotReason reason) override;
  void OnNotice(const Notice& notice) override { notices.push_back(notice.kind); }

  [[nodiscard]] std::int64_t CountOf(NoticeKind kind) const;

  std::vector<LoggedRow> rows;
  std::vector<Wish> wishes;
  std::vector<NoticeKind> notices;
};

// Gives the engine what a line of a recording says. Headers (`#thalweg`) are a player's business
// and have no effect. REQUIRES: the line's text is padded as for decoders.
void GiveParsedLine(ReceiveTime received, const RecordingLine& line, Engine* engine);

// The same with one line of a recording, the text after the receive time, with the padding that
// decoders need.
void GiveLine(ReceiveTime received, std::string_view payload, Engine* engine);

}  // namespace thalweg
