// A shard that keeps what it is told and checks the rules of the seam: ids are unique, frames and
// closes are of connections that are open.
//
// Threads: any.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "feeds/net/event_span.h"
#include "pipeline/shard_input.h"

namespace thalweg {

class KeptShard : public ShardInput {
 public:
  struct Rest {
    std::string target;
    std::string body;
  };

  void OnConnectionOpen(std::int64_t connection, ReceiveTime received,
                        std::string_view url) override {
    const std::lock_guard lock(mutex_);
    EXPECT_GT(received.raw(), 0);
    EXPECT_TRUE(seen_.insert(connection).second) << "connection " << connection << " twice";
    open_.insert(connection);
    open_max_ = std::max(open_max_, open_.size());
    urls_.emplace_back(url);
    events_.push_back(absl::StrCat("open ", connection));
  }
  void OnFrame(std::int64_t connection, ReceiveTime received, std::int64_t monotonic,
               std::string_view payload) override {
    const std::lock_guard lock(mutex_);
    EXPECT_TRUE(open_.count(connection)) << "a frame of connection " << connection;
    EXPECT_GT(received.raw(), 0);
    EXPECT_GT(monotonic, 0);
    frames_.emplace_back(payload);
    CheckIds(payload);
  }
  void OnConnectionClosed(std::int64_t connection, ReceiveTime, int code) override {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(open_.erase(connection), 1u) << "connection " << connection << " is not open";
    events_.push_back(absl::StrCat("close ", connection, " ", code));
  }
  void OnLag(std::int64_t connection, bool is_lagging) override {
    const std::lock_guard lock(mutex_);
    lags_.push_back(absl::StrCat(is_lagging ? "lags " : "reads ", connection));
  }
  bool OnRest(ReceiveTime, std::string_view target, std::string_view body) override {
    const std::lock_guard lock(mutex_);
    if (answers_to_lose_ > 0) return --answers_to_lose_, false;
    rest_.push_back({std::string(target), std::string(body)});
    return true;
  }
  std::optional<SnapshotOrder> TakeOrder() override {
    const std::lock_guard lock(mutex_);
    if (orders_.empty()) return std::nullopt;
    SnapshotOrder order = orders_.front();
    orders_.pop_front();
    return order;
  }

  // As when there is no room for the next ones.
  void LoseAnswers(int count) {
    const std::lock_guard lock(mutex_);
    answers_to_lose_ = count;
  }
  void Order(const std::string& symbol, SnapshotNeed need = SnapshotNeed::kNoBook) {
    const std::lock_guard lock(mutex_);
    orders_.push_back({symbol, need});
  }
  [[nodiscard]] std::vector<std::string> frames() const { return Copy(frames_); }
  [[nodiscard]] std::vector<std::string> events() const { return Copy(events_); }
  [[nodiscard]] std::vector<std::string> lags() const { return Copy(lags_); }
  [[nodiscard]] std::vector<std::string> urls() const { return Copy(urls_); }
  [[nodiscard]] std::vector<Rest> rest() const { return Copy(rest_); }
  [[nodiscard]] std::size_t frame_count() const {
    const std::lock_guard lock(mutex_);
    return frames_.size();
  }
  [[nodiscard]] std::size_t rest_count() const {
    const std::lock_guard lock(mutex_);
    return rest_.size();
  }
  // Events of depth that do not continue the one before, of all streams.
  [[nodiscard]] std::int64_t gaps() const {
    const std::lock_guard lock(mutex_);
    return gaps_;
  }
  [[nodiscard]] std::int64_t depth_events() const {
    const std::lock_guard lock(mutex_);
    return depth_events_;
  }
  [[nodiscard]] std::size_t open_max() const {
    const std::lock_guard lock(mutex_);
    return open_max_;
  }
  [[nodiscard]] std::size_t open_count() const {
    const std::lock_guard lock(mutex_);
    return open_.size();
  }

 private:
  template <class T>
  [[nodiscard]] T Copy(const T& kept) const {
    const std::lock_guard lock(mutex_);
    return kept;
  }

  void CheckIds(std::string_view payload) {
    if (payload.find("@depth") == std::string_view::npos) return;
    const auto span = spans_.Read(payload);
    if (!span) return;
    ++depth_events_;
    const std::string stream(payload.substr(0, payload.find(',')));
    const auto [last, is_first] = last_.try_emplace(stream, span->last);
    if (is_first || span->last <= last->second) return;
    if (span->before > last->second) ++gaps_;
    last->second = span->last;
  }

  mutable std::mutex mutex_;
  std::deque<SnapshotOrder> orders_;
  int answers_to_lose_ = 0;
  std::set<std::int64_t> seen_;
  std::set<std::int64_t> open_;
  std::size_t open_max_ = 0;
  std::vector<std::string> urls_;
  std::vector<std::string> frames_;
  std::vector<std::string> events_;
  std::vector<std::string> lags_;
  std::vector<Rest> rest_;
  std::map<std::string, std::int64_t> last_;
  EventSpanReader spans_;
  std::int64_t gaps_ = 0;
  std::int64_t depth_events_ = 0;
};

}  // namespace thalweg
