#include "tools/exchange/fault.h"

#include <gtest/gtest.h>

#include <string>

namespace thalweg {
namespace {

TEST(FaultTest, AFaultSaysWhatAndWhen) {
  const auto stall = ParseFault("stall:for=1.5,stream=btcusdt@depth@100ms,lose=yes@time=30");
  ASSERT_TRUE(stall.ok()) << stall.status();
  EXPECT_EQ(stall->kind, FaultKind::kStall);
  EXPECT_EQ(stall->trigger, FaultTrigger::kTime);
  EXPECT_EQ(stall->time, 30 * kSecond);
  EXPECT_EQ(stall->length, 1'500 * kMillisecond);
  EXPECT_EQ(stall->stream, "btcusdt@depth@100ms");
  EXPECT_TRUE(stall->is_lost);
  const auto drop = ParseFault("drop@frame=7");
  ASSERT_TRUE(drop.ok()) << drop.status();
  EXPECT_EQ(drop->at, 7);
  EXPECT_EQ(drop->count, 1);
  const auto garbage = ParseFault("snapshot-garbage@request=2");
  ASSERT_TRUE(garbage.ok()) << garbage.status();
  EXPECT_EQ(garbage->how, "truncated");
}

TEST(FaultTest, AWrongOneIsRefusedWithWhatIsAllowed) {
  const struct {
    const char* text;
    const char* remark;
  } cases[] = {
      {"", "it must say when"},
      {"drop", "it must say when"},
      {"drop@", "after '@' stands one of frame,id,time"},
      {"drop@frame", "after '@' stands one of frame,id,time"},
      {"drop@frame=0", "a whole number from 1"},
      {"drop@frame=x", "a whole number from 1"},
      {"drop@request=1", "after '@' stands one of frame,id,time"},
      {"dorp@frame=1", "there are drop, duplicate"},
      {"drop:for=1@frame=1", "'for=1' is no argument of drop, which takes stream"},
      {"drop:count@frame=1", "'count' is no argument"},
      {"drop:count=0@frame=1", "a value that is not allowed"},
      {"delay@frame=1", "delay needs for="},
      {"delay:for=-1@frame=1", "a value that is not allowed"},
      {"delay:for=nan@frame=1", "a value that is not allowed"},
      {"malformed:how=ugly@frame=1", "how: truncated,garbage,utf8,binary,huge"},
      {"refuse:status=99@attempt=1", "a value that is not allowed"},
      {"id-reset:to=5@frame=1", "id-reset needs symbol="},
  };
  for (const auto& [text, remark] : cases) {
    const auto fault = ParseFault(text);
    ASSERT_FALSE(fault.ok()) << text;
    EXPECT_NE(fault.status().message().find(remark), std::string::npos) << fault.status();
  }
}

TEST(FaultTest, AScriptHasAFaultALineAndErrorsNameTheirLine) {
  const auto faults = ParseFaultScript("f.txt", "# what goes wrong\n\n drop@frame=1 \ncut@id=5\n");
  ASSERT_TRUE(faults.ok()) << faults.status();
  ASSERT_EQ(faults->size(), 2u);
  EXPECT_EQ((*faults)[1].kind, FaultKind::kCut);
  const auto wrong = ParseFaultScript("f.txt", "drop@frame=1\n\nnothing@frame=1\n");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.status().message().find("f.txt:3: fault 'nothing@frame=1'"), 0u)
      << wrong.status();
}

}  // namespace
}  // namespace thalweg
