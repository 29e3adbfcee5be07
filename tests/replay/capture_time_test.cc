#include "replay/capture_time.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg {
namespace {

// -1: refused.
std::int64_t Nanoseconds(std::string_view text) {
  ReceiveTime time{-1};
  const ReceiveTime untouched = time;
  if (!ParseCaptureTime(text, &time)) {
    EXPECT_EQ(time, untouched) << text;
    return -1;
  }
  return time.raw();
}

TEST(CaptureTimeTest, SecondsAndTheirFractionAreExact) {
  EXPECT_EQ(Nanoseconds("1633998512"), 1'633'998'512'000'000'000);
  EXPECT_EQ(Nanoseconds("1633998512.0"), 1'633'998'512'000'000'000);
  EXPECT_EQ(Nanoseconds("1633998512.86375"), 1'633'998'512'863'750'000);
  EXPECT_EQ(Nanoseconds("1633998512.0633569"), 1'633'998'512'063'356'900);
  EXPECT_EQ(Nanoseconds("1633998512.000000001"), 1'633'998'512'000'000'001);
  EXPECT_EQ(Nanoseconds("1633998512.999999999"), 1'633'998'512'999'999'999);
}

// A double has 53 bits: about 240 ns at such a time.
TEST(CaptureTimeTest, NeighbouringNanosecondsStayApart) {
  for (std::int64_t nanos = 0; nanos < 1'000; ++nanos) {
    const std::string digits = std::to_string(1'000 + nanos).substr(1);
    EXPECT_EQ(Nanoseconds("1633998512.123456" + digits), 1'633'998'512'123'456'000 + nanos);
  }
}

TEST(CaptureTimeTest, DigitsBelowANanosecondAreCutOff) {
  EXPECT_EQ(Nanoseconds("1633998512.0000000019"), 1'633'998'512'000'000'001);
  EXPECT_EQ(Nanoseconds("1633998512.99999999999999999999"), 1'633'998'512'999'999'999);
}

TEST(CaptureTimeTest, TheUnitIsToldByTheSizeOfTheWholePart) {
  EXPECT_EQ(Nanoseconds("1723161256137"), 1'723'161'256'137'000'000);
  EXPECT_EQ(Nanoseconds("1723161256137225"), 1'723'161'256'137'225'000);
  EXPECT_EQ(Nanoseconds("1723161256137225402"), 1'723'161'256'137'225'402);
  EXPECT_EQ(Nanoseconds("1723161256137.225402"), 1'723'161'256'137'225'402);
  EXPECT_EQ(Nanoseconds("1723161256137225.4029"), 1'723'161'256'137'225'402);
  EXPECT_EQ(Nanoseconds("1723161256137225402.9"), 1'723'161'256'137'225'402);
}

TEST(CaptureTimeTest, EachUnitBeginsAtTheEarliestTimeThatALineCanHave) {
  const std::int64_t earliest = kCaptureTimeMin.raw();
  EXPECT_EQ(Nanoseconds("100000000"), earliest);
  EXPECT_EQ(Nanoseconds("100000000000"), earliest);
  EXPECT_EQ(Nanoseconds("100000000000000"), earliest);
  EXPECT_EQ(Nanoseconds("100000000000000000"), earliest);
  EXPECT_EQ(Nanoseconds("99999999.999999999"), -1);
  // One less in each unit is read as the unit above it, far beyond 2262.
  EXPECT_EQ(Nanoseconds("99999999999"), -1);
  EXPECT_EQ(Nanoseconds("99999999999999"), -1);
  EXPECT_EQ(Nanoseconds("99999999999999999"), -1);
}

TEST(CaptureTimeTest, TheLatestTimeIsTheLastThatARecordingTakes) {
  EXPECT_EQ(Nanoseconds("4611686018427387903"), kTimeMax);
  EXPECT_EQ(Nanoseconds("4611686018.427387903"), kTimeMax);
  EXPECT_EQ(Nanoseconds("4611686018.427387904"), -1);
  EXPECT_EQ(Nanoseconds("9223372036854775807"), -1);
  EXPECT_EQ(Nanoseconds("9223372036.854775808"), -1);
  EXPECT_EQ(Nanoseconds("9223372036854775808"), -1);
  EXPECT_EQ(Nanoseconds("99999999999999999999999"), -1);
}

TEST(CaptureTimeTest, OtherTextsAreRefused) {
  for (const std::string_view text :
       {"", ".", ".5", "1633998512.", "-1633998512", "+1633998512", "1633998512.1.2", "1.6e9",
        "1633998512 ", " 1633998512", "1633998512,5", "0x61650000", "2021-10-12T00:28:32Z", "nan",
        "1633998512.12a", "0", "0.0"}) {
    EXPECT_EQ(Nanoseconds(text), -1) << text;
  }
}

}  // namespace
}  // namespace thalweg
