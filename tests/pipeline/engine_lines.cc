#include "tests/pipeline/engine_lines.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "feeds/decode/frame.h"

namespace thalweg {

bool SameBits(const LoggedRow& a, const LoggedRow& b) noexcept {
  return a.symbol == b.symbol && std::memcmp(&a.header, &b.header, sizeof(a.header)) == 0 &&
         a.features.size() == b.features.size() &&
         std::memcmp(a.features.data(), b.features.data(), a.features.size() * sizeof(double)) == 0;
}

void RowLog::OnRecord(const SymbolEngine& symbol, RecordBuffer& record) {
  const std::span<const double> features = std::as_const(record).features();
  rows.push_back({symbol.name(), record.header(), {features.begin(), features.end()}});
}

void RowLog::OnSnapshotWanted(const SymbolEngine& symbol, SnapshotReason reason) {
  wishes.push_back({symbol.name(), reason});
}

std::int64_t RowLog::CountOf(NoticeKind kind) const {
  return std::count(notices.begin(), notices.end(), kind);
}

void GiveParsedLine(ReceiveTime received, const RecordingLine& line, Engine* engine) {
  switch (line.kind) {
    case LineKind::kFrame:
      engine->OnFrame(received, line.payload);
      break;
    case LineKind::kRest:
      engine->OnRest(received, line.target, line.payload);
      break;
    case LineKind::kConnOpen:
      engine->OnConnectionOpen(line.connection, line.url);
      break;
    case LineKind::kConnClose:
      engine->OnConnectionClosed(line.connection);
      break;
    case LineKind::kDrop:
      engine->OnDropped(line.count, line.stream, line.symbol);
      break;
    case LineKind::kLost:
      engine->OnLost(line.count);
      break;
    case LineKind::kAudit:
      engine->OnAuditBegun(line.symbol);
      break;
    default:
      break;
  }
}

void GiveLine(ReceiveTime received, std::string_view payload, Engine* engine) {
  // A recording's line with a time of the right size; the true one is given beside it.
  std::string text(kPayloadPadding, '\0');
  text += "1700000000000000000 ";
  text += payload;
  const std::size_t size = text.size() - kPayloadPadding;
  text.append(kPayloadPadding, '\0');
  GiveParsedLine(received, ParseRecordingLine(std::string_view(text).substr(kPayloadPadding, size)),
                 engine);
}

}  // namespace thalweg
