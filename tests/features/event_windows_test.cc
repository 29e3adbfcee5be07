// Windows against plain lists, summed from scratch after every step.
#include "features/event_windows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <random>

namespace thalweg {
namespace {

using Sum = std::int64_t;
constexpr std::array<Nanos, 3> kSpans{7, 40, 1'000};
using Windows = EventWindows<Sum, kSpans.size()>;

// Every entry there ever was; a window is what the definition says.
class PlainList {
 public:
  void Add(std::int64_t time, Sum value) { entries_.push_back({time, value}); }
  void Clear() { entries_.clear(); }
  void Scale(Sum factor) {
    for (Entry& entry : entries_) entry.value *= factor;
  }
  // At the bound: the oldest time leaves, with all its entries.
  void DropOldestTime() {
    const std::int64_t oldest = entries_.front().time;
    while (!entries_.empty() && entries_.front().time == oldest) entries_.pop_front();
  }
  // Only to keep a long test short: nothing this old is in any window.
  void Forget(std::int64_t edge) {
    while (!entries_.empty() && entries_.front().time <= edge) entries_.pop_front();
  }

  [[nodiscard]] Sum SumOf(std::int64_t now, Nanos span) const {
    Sum sum = 0;
    for (const Entry& entry : entries_) {
      if (entry.time > now - span) sum += entry.value;
    }
    return sum;
  }
  [[nodiscard]] std::int64_t Largest(std::int64_t now, Nanos span) const {
    std::int64_t largest = 0;
    for (const Entry& entry : entries_) {
      if (entry.time > now - span) largest = std::max(largest, entry.value);
    }
    return largest;
  }
  [[nodiscard]] std::size_t DistinctTimes() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      count += i == 0 || entries_[i].time != entries_[i - 1].time;
    }
    return count;
  }

 private:
  struct Entry {
    std::int64_t time;
    std::int64_t value;
  };
  std::deque<Entry> entries_;
};

void ExpectEqual(const Windows& windows, const PlainList& list, std::int64_t now) {
  for (std::size_t i = 0; i < kSpans.size(); ++i) {
    ASSERT_EQ(windows.sum(i), list.SumOf(now, kSpans[i])) << "window " << i << " at " << now;
  }
}

TEST(EventWindowsTest, EntryLeavesExactlyOneSpanAfterItsTime) {
  Windows windows(kSpans);
  windows.Add(EventTime(100), 5);
  windows.AdvanceTo(EventTime(106));
  EXPECT_EQ(windows.sum(0), 5);
  windows.AdvanceTo(EventTime(107));  // 107 - 7 = 100: the window is open at its old end.
  EXPECT_EQ(windows.sum(0), 0);
  EXPECT_EQ(windows.sum(1), 5);
}

TEST(EventWindowsTest, LateEntryOfATimeThatShortWindowsHaveLeftEntersOnlyTheLongOnes) {
  Windows windows(kSpans);
  windows.Add(EventTime(100), 5);
  windows.AdvanceTo(EventTime(120));
  windows.Add(EventTime(100), 3);  // Joins the cell.
  EXPECT_EQ(windows.sum(0), 0);
  EXPECT_EQ(windows.sum(1), 8);
  windows.Add(EventTime(105), 1);  // A cell of its own, expired for the shortest at once.
  windows.AdvanceTo(EventTime(120));
  EXPECT_EQ(windows.sum(0), 0);
  EXPECT_EQ(windows.sum(1), 9);
  windows.AdvanceTo(EventTime(145));
  EXPECT_EQ(windows.sum(1), 0);
  EXPECT_EQ(windows.sum(2), 9);
}

TEST(EventWindowsTest, EqualsAPlainListUnderRandomTimes) {
  for (const std::uint32_t seed : {1u, 2u, 3u, 4u}) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    Windows windows(kSpans);
    PlainList list;
    std::int64_t now = 0;
    std::int64_t last = 0;
    for (int step = 0; step < 20'000; ++step) {
      // Dense and sparse stretches; the dense ones make the ring grow while it is wrapped around.
      const bool dense = step / 2'000 % 2 == 1;
      now += static_cast<std::int64_t>(random() % (dense ? 2 : 30));
      for (auto n = random() % 3; n > 0; --n) {
        const auto late = static_cast<std::int64_t>(random() % 3 == 0 ? random() % 60 : 0);
        last = std::max(last, now - late);
        const Sum value = static_cast<Sum>(random() % 201) - 100;
        EXPECT_TRUE(windows.Add(EventTime(last), value));
        list.Add(last, value);
      }
      if (random() % 997 == 0) {
        windows.Clear();
        list.Clear();
      }
      if (random() % 4'001 == 0) {
        windows.Transform([](Sum& sum) { sum *= 10; });
        list.Scale(10);
      }
      list.Forget(now - kSpans.back());
      windows.AdvanceTo(EventTime(now));
      ExpectEqual(windows, list, now);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(EventWindowsTest, AnyNumberOfEntriesOfOneTimeTakeOneCell) {
  Windows windows(kSpans, 1);
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(windows.Add(EventTime(5), 1));
  EXPECT_EQ(windows.sum(0), 100'000);
  windows.AdvanceTo(EventTime(12));
  EXPECT_EQ(windows.sum(0), 0);
  EXPECT_EQ(windows.sum(1), 100'000);
}

TEST(EventWindowsTest, AtTheBoundTheOldestTimeLeavesAllWindowsAndAddSaysSo) {
  for (const std::size_t bound : {std::size_t{256}, std::size_t{1'024}}) {
    SCOPED_TRACE(bound);
    std::mt19937 random(9);
    constexpr std::array<Nanos, 3> kLong{100, 3'000, 1'000'000};
    EventWindows<Sum, 3> windows(kLong, bound);
    PlainList list;
    std::size_t early = 0;
    for (std::int64_t now = 1; now < 9'000; ++now) {
      // Every third time has two entries: a cell leaves with both.
      for (std::int64_t n = now % 3 == 0 ? 2 : 1; n > 0; --n) {
        const Sum value = static_cast<Sum>(random() % 100);
        const std::size_t times = list.DistinctTimes();
        const bool joins = n == 1 && now % 3 == 0;
        const bool full = times == bound && !joins;
        if (full) list.DropOldestTime();
        list.Add(now, value);
        ASSERT_EQ(windows.Add(EventTime(now), value), !full) << now;
        early += full;
      }
      windows.AdvanceTo(EventTime(now));
      for (std::size_t i = 0; i < kLong.size(); ++i) {
        ASSERT_EQ(windows.sum(i), list.SumOf(now, kLong[i])) << "window " << i << " at " << now;
      }
      if (bound > 256 && now > 2'000) break;  // The list is slow to count.
    }
    EXPECT_GT(early, 500u);
  }
}

TEST(EventWindowsTest, DefaultBoundHoldsAMillionTimes) {
  EventWindows<Sum, 1> windows({std::int64_t{1} << 40});
  constexpr auto kMax = static_cast<std::int64_t>(kWindowCellsMax);
  for (std::int64_t time = 1; time <= kMax; ++time) ASSERT_TRUE(windows.Add(EventTime(time), 1));
  EXPECT_EQ(windows.sum(0), kMax);
  EXPECT_FALSE(windows.Add(EventTime(kMax + 1), 1));
  EXPECT_EQ(windows.sum(0), kMax);
}

TEST(EventWindowsTest, ClearForgetsAndGoesOn) {
  Windows windows(kSpans);
  windows.Add(EventTime(10), 5);
  windows.Clear();
  for (std::size_t i = 0; i < kSpans.size(); ++i) EXPECT_EQ(windows.sum(i), 0);
  windows.Add(EventTime(10), 2);  // The same time is a cell of its own now.
  EXPECT_EQ(windows.sum(0), 2);
  windows.AdvanceTo(EventTime(17));
  EXPECT_EQ(windows.sum(0), 0);
  EXPECT_EQ(windows.sum(2), 2);
}

TEST(EventWindowsTest, TransformReachesSumsAndWhatWillLeaveThem) {
  Windows windows(kSpans);
  windows.Add(EventTime(1), 5);
  windows.Add(EventTime(2), 7);
  windows.Transform([](Sum& sum) { sum *= 100; });
  EXPECT_EQ(windows.sum(0), 1'200);
  windows.AdvanceTo(EventTime(8));
  EXPECT_EQ(windows.sum(0), 700);
  windows.AdvanceTo(EventTime(9));
  EXPECT_EQ(windows.sum(0), 0);
  EXPECT_EQ(windows.sum(1), 1'200);
}

TEST(WindowMaximumTest, IsZeroWithoutAnEntry) {
  WindowMaximum maximum(10);
  EXPECT_EQ(maximum.value(), 0);
  maximum.Add(EventTime(1), 5);
  maximum.AdvanceTo(EventTime(10));
  EXPECT_EQ(maximum.value(), 5);
  maximum.AdvanceTo(EventTime(11));
  EXPECT_EQ(maximum.value(), 0);
}

TEST(WindowMaximumTest, EqualsAPlainListUnderRandomTimes) {
  for (const std::uint32_t seed : {1u, 2u, 3u, 4u}) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    constexpr Nanos kSpan = 1'200;
    WindowMaximum maximum(kSpan);
    PlainList list;
    std::int64_t now = 0;
    std::int64_t last = 0;
    for (int step = 0; step < 20'000; ++step) {
      now += static_cast<std::int64_t>(random() % 3);
      const auto late = static_cast<std::int64_t>(random() % 5 == 0 ? random() % 2'000 : 0);
      last = std::max(last, now - late);
      // Long falls keep every entry, so that the ring grows; then jumps that clear it.
      const bool falling = step / 1'500 % 2 == 0;
      const std::int64_t value =
          falling ? 3'000 - step % 1'500 : static_cast<std::int64_t>(random() % 4'000);
      maximum.Add(EventTime(last), value);
      list.Add(last, value);
      if (step == 10'000) {
        maximum.Scale(1);
        maximum.Scale(10);
        list.Scale(10);
      }
      list.Forget(now - kSpan);
      maximum.AdvanceTo(EventTime(now));
      ASSERT_EQ(maximum.value(), list.Largest(now, kSpan)) << "step " << step;
    }
  }
}

TEST(WindowMaximumTest, AtTheBoundTheOldestValueLeavesEarly) {
  constexpr std::int64_t kBound = 256;
  WindowMaximum maximum(std::int64_t{1} << 40, kBound);
  for (std::int64_t i = 1; i <= 3 * kBound; ++i) {
    maximum.Add(EventTime(i), 10'000 - i);
    const std::int64_t oldest = std::max<std::int64_t>(1, i - kBound + 1);
    ASSERT_EQ(maximum.value(), 10'000 - oldest) << i;
  }
}

}  // namespace
}  // namespace thalweg
