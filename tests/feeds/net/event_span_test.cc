// The ids of frames, of good ones and of all that can be wrong with them.
#include "feeds/net/event_span.h"

#include <gtest/gtest.h>

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

TEST(EventSpanTest, AreReadOfWhatHasIdsInARow) {
  EventSpanReader spans;
  const auto spot = spans.Read(Depth(10, 15));
  ASSERT_TRUE(spot);
  EXPECT_EQ(spot->before, 9);
  EXPECT_EQ(spot->last, 15);
  const auto futures = spans.Read(Depth(10, 15, 4));
  ASSERT_TRUE(futures);
  EXPECT_EQ(futures->before, 4);
  EXPECT_TRUE(futures->names_before);
  EXPECT_EQ(spans.Read(R"({"stream":"btcusdt@bookTicker","data":{"u":7,"s":"B"}})"),
            (EventSpan{INT64_MIN, 7, false}));
  EXPECT_EQ(spans.Read(Trade(7))->before, 6);
  const auto aggregate = spans.Read(
      R"({"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","s":"BTCUSDT","a":9,"f":3,"l":4}})");
  ASSERT_TRUE(aggregate);
  EXPECT_EQ(aggregate->last, 9);
  for (const std::string_view none :
       {"", "{", "{}", "[]", "null",
        R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","s":"B","U":1}})",
        R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","s":"B","U":"x","u":2}})",
        R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}})",
        R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthU)"}) {
    EXPECT_FALSE(spans.Read(none)) << none;
  }
}

// A copy of it may be whole: one that is cut has no ids.
TEST(EventSpanTest, AreReadOfWholeFramesOnly) {
  EventSpanReader spans;
  for (const std::string& whole : {Depth(10, 15, 4), Depth(10, 15), Trade(7)}) {
    EXPECT_TRUE(spans.Read(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(spans.Read(std::string_view(whole).substr(0, size))) << whole.substr(0, size);
    }
  }
  EXPECT_FALSE(spans.Read(Depth(15, 10))) << "it ends before it begins";
  EXPECT_FALSE(spans.Read(Trade(-7)));
  // The same in another order of keys.
  EXPECT_TRUE(spans.Read(
      R"({"data":{"e":"trade","E":1,"s":"B","t":7,"p":"1","q":"1","T":1},"stream":"b@trade"})"));
}

}  // namespace
}  // namespace thalweg
