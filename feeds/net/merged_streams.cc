#include "feeds/net/merged_streams.h"

#include <algorithm>
#include <utility>

#include "core/string_view.h"
#include "feeds/decode/json_escapes.h"

namespace thalweg {
namespace {

constexpr std::string_view kCombined = R"({"stream":")";

}  // namespace

std::string_view StreamNameIn(std::string_view frame) noexcept {
  if (!frame.starts_with(kCombined)) return {};
  const std::size_t end = frame.find('"', kCombined.size());
  if (end == std::string_view::npos) return {};
  return frame.substr(kCombined.size(), end - kCombined.size());
}

MergedStreams::MergedStreams(ConnectionPlan plan, ShardInput& shard,
                             std::function<void(std::size_t symbol, bool comes)> on_depth)
    : plan_(std::move(plan)),
      shard_(shard),
      on_depth_(std::move(on_depth)),
      has_come_(plan_.streams.size()),
      given_(plan_.streams.size()),
      merge_(plan_.streams.size(),
             [this](std::size_t stream, const LegFrame& frame) { Give(stream, frame); }) {
  for (std::size_t i = 0; i < plan_.streams.size(); ++i) by_name_[plan_.streams[i].name] = i;
}

std::size_t MergedStreams::Open(std::int64_t connection, ReceiveTime received,
                                std::string_view url) {
  shard_.OnConnectionOpen(connection, received, url);
  open_.push_back(connection);
  return merge_.Join();
}

void MergedStreams::OnFrame(std::size_t leg, std::size_t stream, const LegFrame& frame, Nanos now) {
  merge_.OnFrame(leg, stream, frame, now);
}

// What waited for the leg is given before the shard hears that it is closed.
void MergedStreams::Close(std::size_t leg, std::int64_t connection, ReceiveTime received, int code,
                          Nanos now) {
  merge_.Leave(leg, now, received);
  std::erase(open_, connection);
  shard_.OnConnectionClosed(connection, received, code);
  if (merge_.leg_count() == 0) ForgetStreams();
}

std::size_t MergedStreams::Find(std::string_view name) const {
  const auto found = by_name_.find(Abseil(name));
  if (found != by_name_.end()) return found->second;
  if (!HasEscapes(name)) return plan_.streams.size();
  const auto unescaped = by_name_.find(Unescaped(name));
  return unescaped == by_name_.end() ? plan_.streams.size() : unescaped->second;
}

std::int64_t MergedStreams::frames_of(std::size_t symbol) const noexcept {
  std::int64_t frames = 0;
  for (std::size_t i = 0; i < given_.size(); ++i) {
    if (plan_.streams[i].symbol == symbol) frames += given_[i];
  }
  return frames;
}

void MergedStreams::Give(std::size_t stream, const LegFrame& frame) {
  if (stream < given_.size()) ++given_[stream];
  if (stream < has_come_.size() && !has_come_[stream]) {
    has_come_[stream] = true;
    const PlannedStream& planned = plan_.streams[stream];
    if (planned.kind == StreamKind::kDepth) on_depth_(planned.symbol, true);
  }
  // One that waited may be of a connection that has ended meanwhile; the shard knows the others.
  const bool is_open = std::find(open_.begin(), open_.end(), frame.connection) != open_.end();
  shard_.OnSocketTime(frame.socket_ns);
  shard_.OnFrame(is_open ? frame.connection : open_.front(), frame.received, frame.monotonic,
                 frame.payload);
}

void MergedStreams::ForgetStreams() {
  for (std::size_t i = 0; i < has_come_.size(); ++i) {
    const PlannedStream& planned = plan_.streams[i];
    if (has_come_[i] && planned.kind == StreamKind::kDepth) on_depth_(planned.symbol, false);
    has_come_[i] = false;
  }
}

}  // namespace thalweg
