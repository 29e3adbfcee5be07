// The option SYM:TICK:STEP.
#include "core/instrument.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace thalweg {
namespace {

TEST(ParseInstrumentOptionTest, TakesSymbolTickAndStep) {
  const auto parsed = ParseInstrumentOption("BTCUSDT:0.01:0.00001");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->symbol, "BTCUSDT");
  EXPECT_EQ(parsed->tick, Price(1'000'000));
  EXPECT_EQ(parsed->step, Price(1'000));
}

TEST(ParseInstrumentOptionTest, LeavesTheQuantityUnitAtItsFinest) {
  // Books hold quantities off the step, so the step must not become the unit.
  const auto parsed = ParseInstrumentOption("BTCUSDT:0.01:1");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->qty_decimals, kQtyDecimalsMax);
  EXPECT_TRUE(parsed->trading);
}

TEST(ParseInstrumentOptionTest, KeepsTheBytesOfTheSymbol) {
  const auto parsed = ParseInstrumentOption("\xe5\xb8\x81USDT_260925:1:1");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->symbol, "\xe5\xb8\x81USDT_260925");
}

TEST(ParseInstrumentOptionTest, RefusesAnyOtherShape) {
  for (const std::string_view text :
       {"", "BTCUSDT", "BTCUSDT:0.01", "BTCUSDT:0.01:0.001:1", ":0.01:0.001", "::"}) {
    const auto parsed = ParseInstrumentOption(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_NE(parsed.status().message().find("is not SYM:TICK:STEP"), std::string::npos);
  }
}

TEST(ParseInstrumentOptionTest, NamesTheNumberThatIsWrong) {
  for (const std::string_view text : {"A:0:1", "A::1", "A:-1:1", "A:1e2:1", "A: 1:1"}) {
    const auto parsed = ParseInstrumentOption(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().message().find("TICK of '"), 0u) << parsed.status().message();
  }
  for (const std::string_view text : {"A:1:0", "A:1:", "A:1:nan", "A:1:0.000000001"}) {
    const auto parsed = ParseInstrumentOption(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().message().find("STEP of '"), 0u) << parsed.status().message();
  }
}

}  // namespace
}  // namespace thalweg
