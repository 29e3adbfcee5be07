// Names that are slow: who else waits, and how often they are looked up.
#include "feeds/net/resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "absl/status/status.h"

namespace thalweg {
namespace {

class ResolverTest : public testing::Test {
 protected:
  Resolver::Addresses LookUp(const std::string& host) {
    ++lookups;
    if (host == "slow") released.wait();
    if (host == "absent") return absl::UnavailableError("no such host");
    return std::vector<std::string>{"127.0.0.1", host};
  }
  void Ask(const std::string& host) {
    resolver->Resolve(host, [this, host](const Resolver::Addresses& addresses) {
      answers.push_back(addresses.ok() ? addresses->back()
                                       : std::string(addresses.status().message()));
      if (answers.size() == awaited) loop.Stop();
    });
  }
  void Await(std::size_t count) {
    awaited = count;
    LoopTimer too_long(loop);
    too_long.Start(60 * kSecond, [this] { loop.Stop(); });
    if (answers.size() < awaited) loop.Run();
    ASSERT_EQ(answers.size(), count);
  }

  NetworkLoop loop;
  std::promise<void> release;
  std::shared_future<void> released{release.get_future()};
  std::atomic<int> lookups{0};
  std::vector<std::string> answers;
  std::size_t awaited = 0;
  std::unique_ptr<Resolver> resolver =
      MakeSystemResolver(loop, [this](const std::string& host) { return LookUp(host); });
};

TEST_F(ResolverTest, ASlowNameKeepsNoOtherAndIsLookedUpOnceForAllWhoWait) {
  for (int i = 0; i < 10; ++i) Ask("slow");
  Ask("fast");
  Await(1);
  EXPECT_EQ(answers, std::vector<std::string>{"fast"});
  release.set_value();
  Await(11);
  EXPECT_EQ(answers.back(), "slow");
  EXPECT_EQ(lookups.load(), 2);
  Ask("slow");  // What was found is not kept.
  Await(12);
  EXPECT_EQ(lookups.load(), 3);
}

TEST_F(ResolverTest, WhoWaitsIsBoundedAndTheNewestAreAnswered) {
  for (std::size_t i = 0; i < 10 * kLookupWaitersMax; ++i) Ask("slow");
  release.set_value();
  Await(kLookupWaitersMax);
  Ask("absent");
  Await(kLookupWaitersMax + 1);
  EXPECT_EQ(answers.back(), "no such host");
}

TEST_F(ResolverTest, OneThatIsDestroyedAnswersNobody) {
  Ask("fast");
  resolver.reset();
  loop.Post([this] { loop.Stop(); });
  loop.Run();
  EXPECT_TRUE(answers.empty());
}

}  // namespace
}  // namespace thalweg
