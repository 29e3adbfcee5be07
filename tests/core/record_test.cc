// The bytes of a record: sizes, the header's picture, the one NaN.
#include "core/record.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>

namespace thalweg {
namespace {

TEST(RecordTest, SizeIsHeaderPlusFeaturesRoundedUpToLines) {
  EXPECT_EQ(RecordBytes(0), 64u);
  EXPECT_EQ(RecordBytes(1), 128u);
  EXPECT_EQ(RecordBytes(8), 128u);
  EXPECT_EQ(RecordBytes(9), 192u);
  EXPECT_EQ(RecordBytes(110), 960u);
  for (std::size_t count = 0; count < 300; ++count) {
    const std::size_t needed = 64 + 8 * count;
    EXPECT_EQ(RecordBytes(count) % kRecordAlignment, 0u);
    EXPECT_GE(RecordBytes(count), needed);
    EXPECT_LT(RecordBytes(count), needed + kRecordAlignment);
  }
}

TEST(RecordTest, HeaderStandsInMemoryAsDocumented) {
  RecordHeader header;
  header.schema_hash = 0x0102030405060708;
  header.seq = 0x11;
  header.recv_ns = -2;
  header.event_ns = 0x22;
  header.publish_ns = 0x33;
  header.update_id = 0x44;
  header.flags = 0x55;
  header.symbol_id = 0x66778899;
  header.trigger = 0x0a0b;
  header.live_flags = 0x0c0d;
  std::array<unsigned char, 64> bytes{};
  std::memcpy(bytes.data(), &header, sizeof header);
  const std::array<unsigned char, 64> expected{
      8,    7,    6,    5,    4,    3,    2,    1,     // schema_hash, lowest byte first
      0x11, 0,    0,    0,    0,    0,    0,    0,     // seq
      0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  // recv_ns
      0x22, 0,    0,    0,    0,    0,    0,    0,     // event_ns
      0x33, 0,    0,    0,    0,    0,    0,    0,     // publish_ns
      0x44, 0,    0,    0,    0,    0,    0,    0,     // update_id
      0x55, 0,    0,    0,    0,    0,    0,    0,     // flags
      0x99, 0x88, 0x77, 0x66, 0x0b, 0x0a, 0x0d, 0x0c,  // symbol_id, trigger, live_flags
  };
  EXPECT_EQ(bytes, expected);
}

TEST(RecordTest, NanIsTheCanonicalQuietOne) {
  std::array<unsigned char, 8> bytes{};
  std::memcpy(bytes.data(), &kNaN, sizeof kNaN);
  EXPECT_EQ(bytes, (std::array<unsigned char, 8>{0, 0, 0, 0, 0, 0, 0xf8, 0x7f}));
  EXPECT_TRUE(std::isnan(kNaN));
}

TEST(RecordTest, TriggersHaveTheirNumbersAndNames) {
  EXPECT_EQ(static_cast<int>(Trigger::kDepth), 1);
  EXPECT_EQ(static_cast<int>(Trigger::kTicker), 2);
  EXPECT_EQ(static_cast<int>(Trigger::kTrade), 3);
  EXPECT_EQ(static_cast<int>(Trigger::kTimer), 4);
  EXPECT_EQ(TriggerName(Trigger::kDepth), "depth");
  EXPECT_EQ(TriggerName(Trigger::kTicker), "ticker");
  EXPECT_EQ(TriggerName(Trigger::kTrade), "trade");
  EXPECT_EQ(TriggerName(Trigger::kTimer), "timer");
  EXPECT_EQ(TriggerName(static_cast<Trigger>(9)), "");
}

}  // namespace
}  // namespace thalweg
