// Two connections on one stream, one ahead of the other by any amount: what comes out has no gap.
#include "feeds/net/changeover.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"

namespace thalweg {
namespace {

std::string Depth(std::int64_t first, std::int64_t last, std::int64_t previous = -1) {
  return absl::StrCat(R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1,)",
                      R"("s":"BTCUSDT","U":)", first, R"(,"u":)", last,
                      previous >= 0 ? absl::StrCat(",\"pu\":", previous) : "",
                      R"(,"b":[["1.0","2.0"]],"a":[]}})");
}
std::string Trade(std::int64_t id) {
  return absl::StrCat(R"({"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":)",
                      id, R"(,"p":"1","q":"1","T":1,"m":true,"M":true}})");
}

TEST(ChangeoverTest, SpansAreReadOfWhatHasIdsInARow) {
  const auto spot = SpanOfFrame(Depth(10, 15));
  ASSERT_TRUE(spot);
  EXPECT_EQ(spot->before, 9);
  EXPECT_EQ(spot->last, 15);
  const auto futures = SpanOfFrame(Depth(10, 15, 4));
  ASSERT_TRUE(futures);
  EXPECT_EQ(futures->before, 4);
  EXPECT_EQ(SpanOfFrame(Trade(7))->before, 6);
  const auto aggregate = SpanOfFrame(
      R"({"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","s":"BTCUSDT","a":9,"f":3,"l":4}})");
  ASSERT_TRUE(aggregate);
  EXPECT_EQ(aggregate->last, 9);
  for (const std::string_view none :
       {"", "{", "{}", "[]", "null", R"({"stream":"btcusdt@bookTicker","data":{"u":7,"s":"B"}})",
        R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","s":"B","U":1}})",
        R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","s":"B","U":"x","u":2}})",
        R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}})",
        R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthU)"}) {
    EXPECT_FALSE(SpanOfFrame(none)) << none;
  }
  // Cut anywhere: never a crash, and an id only where it is whole.
  const std::string whole = Depth(10, 15, 4);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto span = SpanOfFrame(std::string_view(whole).substr(0, size));
    if (span) {
      EXPECT_EQ(span->last, 15);
    }
  }
}

TEST(ChangeoverTest, ItWaitsForTheEventBeforeTheSuccessorsFirst) {
  Changeover change(1, 0);
  change.Hold(0, ReceiveTime(5), 6, Depth(20, 25), kSecond);
  EXPECT_FALSE(change.MayEnd(kSecond));  // Nothing is known of the old one.
  change.OnOldFrame(0, Depth(10, 14));
  EXPECT_FALSE(change.MayEnd(kSecond));
  change.OnOldFrame(0, Depth(15, 19));
  EXPECT_TRUE(change.MayEnd(kSecond));
  const auto held = change.Release();
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0].payload, Depth(20, 25));
  EXPECT_EQ(held[0].received.raw(), 5);
  EXPECT_EQ(held[0].monotonic, 6);
  EXPECT_FALSE(change.MayEnd(kSecond));
}

TEST(ChangeoverTest, ItDoesNotEndBeforeTheOverlapNorWithoutAFrameOfTheSuccessor) {
  Changeover change(2, 100);
  change.OnOldFrame(0, Depth(10, 19));
  EXPECT_FALSE(change.MayEnd(100 + 60 * kSecond));
  EXPECT_TRUE(change.old_is_alive());
  EXPECT_FALSE(change.new_is_alive());
  change.Hold(0, ReceiveTime(1), 1, Depth(15, 19), 200);
  EXPECT_FALSE(change.MayEnd(100 + kOverlap - 1));
  EXPECT_TRUE(change.MayEnd(100 + kOverlap));
}

TEST(ChangeoverTest, AStreamWhoseOldConnectionStaysBehindDoesNotKeepTheOthersForEver) {
  Changeover change(1, 0);
  change.Hold(0, ReceiveTime(1), 1, Depth(20, 25), kSecond);
  EXPECT_FALSE(change.MayEnd(kSecond + kJoinDeadline - 1));
  EXPECT_TRUE(change.MayEnd(kSecond + kJoinDeadline));
}

TEST(ChangeoverTest, FaultN9AStreamThatTheOldConnectionDeliversMustHaveBegun) {
  Changeover change(3, 0);
  change.Hold(0, ReceiveTime(1), 1, Depth(20, 25), kSecond / 10);
  change.OnOldFrame(0, Depth(15, 19));
  change.OnOldFrame(1, Depth(7, 8));  // Of the third stream neither says anything.
  EXPECT_FALSE(change.MayEnd(kSecond));
  change.OnOldFrame(1, Depth(9, 9));
  change.Hold(1, ReceiveTime(1), 1, Depth(10, 12), kSecond);
  EXPECT_TRUE(change.MayEnd(kSecond));
}

TEST(ChangeoverTest, AStreamThatNeverBeginsDoesNotKeepTheOthersForEver) {
  Changeover change(2, 0);
  change.Restart(kSecond);
  change.Hold(0, ReceiveTime(1), 1, Depth(20, 25), kSecond);
  change.OnOldFrame(0, Depth(15, 19));
  change.OnOldFrame(1, R"({"stream":"btcusdt@bookTicker","data":{"u":7,"s":"BTCUSDT"}})");
  EXPECT_FALSE(change.MayEnd(kSecond + kJoinDeadline - 1));
  EXPECT_TRUE(change.MayEnd(kSecond + kJoinDeadline));
}

TEST(ChangeoverTest, WhatIsHeldIsBounded) {
  Changeover::Options options;
  options.frames_max = 3;
  Changeover by_count(1, 0, options);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(by_count.MayEnd(0));
    EXPECT_FALSE(by_count.is_full());
    by_count.Hold(0, ReceiveTime(1), 1, Depth(20, 25), 0);
  }
  EXPECT_TRUE(by_count.MayEnd(0));
  EXPECT_TRUE(by_count.is_full());
  options.frames_max = 1'000;
  options.bytes_max = 100;
  Changeover by_bytes(1, 0, options);
  by_bytes.Hold(0, ReceiveTime(1), 1, std::string(99, 'x'), 0);
  EXPECT_FALSE(by_bytes.MayEnd(0));
  by_bytes.Hold(7, ReceiveTime(1), 1, "x", 0);
  EXPECT_TRUE(by_bytes.MayEnd(0));
}

// What a book would say of the frames in the order in which they are handed on.
struct GapCheck {
  std::int64_t last = -1;
  std::int64_t gaps = 0;
  void On(const std::string& payload) {
    const auto span = SpanOfFrame(payload);
    if (!span || span->last <= last) return;
    if (last >= 0 && span->before > last) ++gaps;
    last = span->last;
  }
};

TEST(ChangeoverTest, FaultN9NoGapWhicheverConnectionIsAheadAndByHowMuch) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    // Events every 100 ms; each connection delivers each of them late by its own, in order.
    constexpr int kEvents = 100;
    const bool is_futures = seed % 2 == 0;
    std::vector<std::string> depth;
    for (int i = 0; i < kEvents; ++i) {
      depth.push_back(is_futures ? Depth(i * 10 + 7, i * 10 + 9, i * 10 - 1)
                                 : Depth(i * 10, i * 10 + 9));
    }
    const int opened = 20;  // The successor has events from this one on.
    const Nanos old_lag = static_cast<Nanos>(random() % 400) * kMillisecond;
    const Nanos new_lag = static_cast<Nanos>(random() % 400) * kMillisecond;
    struct Arrival {
      Nanos time;
      bool is_old;
      int event;
    };
    std::vector<Arrival> arrivals;
    Nanos old_time = 0;
    Nanos new_time = 0;
    for (int i = 0; i < kEvents; ++i) {
      const Nanos sent = i * 100 * kMillisecond;
      old_time = std::max(old_time, sent + old_lag + static_cast<Nanos>(random() % 50'000'000));
      new_time = std::max(new_time, sent + new_lag + static_cast<Nanos>(random() % 50'000'000));
      arrivals.push_back({old_time, true, i});
      if (i >= opened) arrivals.push_back({new_time, false, i});
    }
    std::stable_sort(arrivals.begin(), arrivals.end(),
                     [](const Arrival& a, const Arrival& b) { return a.time < b.time; });
    GapCheck book;
    std::optional<Changeover> change;
    bool is_over = false;
    for (const Arrival& arrival : arrivals) {
      const std::string& payload = depth[static_cast<std::size_t>(arrival.event)];
      if (!change && arrival.time >= opened * 100 * kMillisecond) {
        change.emplace(1, opened * 100 * kMillisecond);
      }
      if (arrival.is_old) {
        if (is_over) continue;
        book.On(payload);
        if (change) change->OnOldFrame(0, payload);
      } else if (is_over) {
        book.On(payload);
      } else {
        change->Hold(0, ReceiveTime(1), 1, payload, arrival.time);
      }
      if (change && !is_over && change->MayEnd(arrival.time)) {
        is_over = true;
        for (const auto& held : change->Release()) book.On(held.payload);
      }
    }
    ASSERT_TRUE(is_over);
    ASSERT_EQ(book.gaps, 0);
    ASSERT_EQ(book.last, kEvents * 10 - 1);
  }
}

}  // namespace
}  // namespace thalweg
