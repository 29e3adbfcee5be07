// What the network's side of a shard does where there is room and where there is none, without
// threads: the test takes inputs out of the queue as an engine would.
#include "pipeline/shard_intake.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {
namespace {

using Told = std::vector<std::string>;

std::string Depth(const std::string& symbol, int id) {
  return R"({"stream":")" + symbol + R"(@depth@100ms","data":{"e":"depthUpdate","u":)" +
         std::to_string(id) + "}}";
}
std::string Ticker(const std::string& symbol, int id) {
  return R"({"stream":")" + symbol + R"(@bookTicker","data":{"u":)" + std::to_string(id) + "}}";
}
std::string Trade(const std::string& symbol, int id) {
  return R"({"stream":")" + symbol + R"(@trade","data":{"e":"trade","t":)" + std::to_string(id) +
         "}}";
}

class ShardIntakeTest : public testing::Test {
 protected:
  ShardIntakeTest() { Make({8, 4, 2, 1}); }

  void Make(std::array<std::size_t, kInputSizes> counts) {
    intake_ = nullptr;
    pool_ = InputPool::Create({counts}, kSymbols.size() + 1).value();
    queue_ = std::make_unique<InputQueue>(1, pool_->input_count());
    orders_ = std::make_unique<SnapshotOrders>(kSymbols);
    intake_ = std::make_unique<ShardIntake>(kSymbols, *pool_, *queue_, *orders_);
  }

  void Frame(std::string_view payload, std::int64_t connection = 1) {
    ++now_;
    intake_->OnFrame(connection, ReceiveTime(now_), now_, payload);
  }
  void Open(std::int64_t connection) {
    intake_->OnConnectionOpen(connection, ReceiveTime(++now_), "wss://h");
  }
  void Close(std::int64_t connection) {
    intake_->OnConnectionClosed(connection, ReceiveTime(++now_), 1006);
  }

  // What the engine would get, and uses, at most so many.
  Told Take(std::size_t count = SIZE_MAX) {
    Told told;
    std::array<LiveInput*, 1> input;
    while (told.size() < count && queue_->Take(input) == 1) {
      told.push_back(TextOf(*input[0]));
      pool_->Release(*input[0]);
      pool_->Return(InputPool::Returner::kEngine, input[0]);
    }
    return told;
  }

  static std::string TextOf(const LiveInput& input) {
    switch (input.kind) {
      case InputKind::kFrame:
        return std::string(input.payload);
      case InputKind::kRest:
        return "rest " + std::string(input.name) + " " + std::string(input.payload);
      case InputKind::kConnectionOpen:
        return "open " + std::to_string(input.connection) + " " + std::string(input.payload);
      case InputKind::kConnectionClosed:
        return "close " + std::to_string(input.connection) + " " + std::to_string(input.code);
      case InputKind::kDropped:
        return "drop " + std::to_string(input.count) + " " + std::string(input.name) + " " +
               std::string(input.payload);
      case InputKind::kLost:
        return "lost " + std::to_string(input.count);
      case InputKind::kDigest:
        break;
    }
    return "?";
  }

  const std::vector<std::string> kSymbols{"AAAUSDT", "BBBUSDT", "CCCUSDT"};
  std::unique_ptr<InputPool> pool_;
  std::unique_ptr<InputQueue> queue_;
  std::unique_ptr<SnapshotOrders> orders_;
  std::unique_ptr<ShardIntake> intake_;
  std::int64_t now_ = 0;
};

TEST_F(ShardIntakeTest, TheTimeInTheKernelIsOfTheNextFrameAlone) {
  Frame(Depth("aaausdt", 1));
  intake_->OnSocketTime(40'000);
  Frame(Depth("aaausdt", 2));
  Frame(Depth("bbbusdt", 3));
  intake_->OnSocketTime(50'000);
  Frame("no JSON");
  Frame(Depth("bbbusdt", 4));
  intake_->OnSocketTime(kNoTime);
  Frame(Depth("cccusdt", 5));
  std::array<LiveInput*, 8> inputs;
  ASSERT_EQ(queue_->Take(inputs), 5u);
  const std::vector<Nanos> times{kNoTime, 40'000, kNoTime, kNoTime, kNoTime};
  for (std::size_t i = 0; i < times.size(); ++i) EXPECT_EQ(inputs[i]->socket_ns, times[i]) << i;
}

TEST_F(ShardIntakeTest, WhatOneConnectionTellsComesOutInThatOrderWithItsStamps) {
  Open(7);
  Frame(Depth("aaausdt", 1), 7);
  Frame("{?", 7);
  Close(7);
  std::array<LiveInput*, 8> inputs;
  ASSERT_EQ(queue_->Take(inputs), 4u);
  EXPECT_EQ(TextOf(*inputs[0]), "open 7 wss://h");
  EXPECT_EQ(TextOf(*inputs[1]), Depth("aaausdt", 1));
  EXPECT_EQ(TextOf(*inputs[2]), "{?");
  EXPECT_EQ(TextOf(*inputs[3]), "close 7 1006");
  EXPECT_EQ(inputs[1]->received, ReceiveTime(2));
  EXPECT_EQ(inputs[1]->monotonic, 2);
  EXPECT_EQ(inputs[1]->connection, 7);
}

// What a replay of the recording reads is what the engine is given.
TEST_F(ShardIntakeTest, FaultF8TextsAreGivenAsARecordingHoldsThem) {
  Frame("{\"e\":\"depth\nUpdate\"}\r");
  Frame(" \r\n [1,\n2]");
  Frame("#lost 7 nothing");
  Frame("");
  Frame(" \n");
  EXPECT_TRUE(intake_->OnRest(ReceiveTime(5), "/x", "\n{\"a\":\n1}"));
  EXPECT_EQ(Take(), (Told{"{\"e\":\"depth Update\"} ", "[1, 2]", "rest /x {\"a\": 1}"}));
  EXPECT_FALSE(intake_->OnRest(ReceiveTime(5), "/x", "<html>"));
  EXPECT_EQ(Take(), Told{});
  EXPECT_EQ(intake_->counts().strange_frames, 3);
  EXPECT_EQ(intake_->counts().lost_answers, 1);
  EXPECT_EQ(intake_->counts().lost_frames, 0);
}

TEST_F(ShardIntakeTest, AnswersAndOrdersPassThrough) {
  intake_->OnRest(ReceiveTime(5), "/api/v3/depth?symbol=AAAUSDT", "{}");
  EXPECT_EQ(Take(), (Told{"rest /api/v3/depth?symbol=AAAUSDT {}"}));
  EXPECT_FALSE(intake_->TakeOrder());
  orders_->Order(1, SnapshotNeed::kDoubt);
  EXPECT_EQ(intake_->TakeOrder()->symbol, "BBBUSDT");
}

TEST_F(ShardIntakeTest, FaultN8FramesOfAConnectionThatLagsAreMarked) {
  const auto marks = [&] {
    std::vector<bool> lagged;
    std::array<LiveInput*, 1> input;
    while (queue_->Take(input) == 1) {
      lagged.push_back(input[0]->is_lagged);
      pool_->Release(*input[0]);
      pool_->Return(InputPool::Returner::kEngine, input[0]);
    }
    return lagged;
  };
  Frame(Depth("AAAUSDT", 1), 1);
  intake_->OnLag(2, true);
  Frame(Depth("AAAUSDT", 2), 1);
  EXPECT_EQ(marks(), (std::vector<bool>{false, false}));
  Frame(Depth("BBBUSDT", 1), 2);
  EXPECT_EQ(marks(), std::vector<bool>{true});
  intake_->OnLag(2, false);
  Frame(Depth("BBBUSDT", 2), 2);
  // A connection that is closed lags no more, and memory that was used before forgets it.
  intake_->OnLag(1, true);
  Close(1);
  Frame(Depth("AAAUSDT", 3), 1);
  EXPECT_EQ(marks(), (std::vector<bool>{false, false, false}));
}

TEST_F(ShardIntakeTest, FaultQ1DepthWithoutRoomIsDroppedAndToldBeforeTheNextFrame) {
  for (int id = 1; id <= 9; ++id) Frame(Depth("aaausdt", id));
  // Half of the room is its share: 8 inputs, of which it may hold 4.
  EXPECT_EQ(Take(), (Told{Depth("aaausdt", 1), Depth("aaausdt", 2), Depth("aaausdt", 3),
                          Depth("aaausdt", 4)}));
  Frame(Depth("aaausdt", 10));
  EXPECT_EQ(Take(), (Told{"drop 5 depth AAAUSDT", Depth("aaausdt", 10)}));
  EXPECT_EQ(intake_->counts().frames, 10);
  EXPECT_EQ(intake_->counts().lost_frames, 5);
}

TEST_F(ShardIntakeTest, FaultQ1LossesAreToldWithoutAFrameToo) {
  for (int id = 1; id <= 5; ++id) Frame(Depth("aaausdt", id));
  EXPECT_EQ(Take().size(), 4u);
  EXPECT_FALSE(intake_->TakeOrder());
  EXPECT_EQ(Take(), (Told{"drop 1 depth AAAUSDT"}));
}

TEST_F(ShardIntakeTest, FaultQ1AFrameBehindALossThatCannotBeToldIsLostAsWell) {
  for (int id = 1; id <= 5; ++id) Frame(Depth("aaausdt", id));
  EXPECT_EQ(Take(1).size(), 1u);  // Room for one, which is not ample.
  Frame(Depth("aaausdt", 6));
  EXPECT_EQ(Take().size(), 3u);
  Frame(Depth("aaausdt", 7));
  EXPECT_EQ(Take(), (Told{"drop 2 depth AAAUSDT", Depth("aaausdt", 7)}));
}

TEST_F(ShardIntakeTest, FaultQ1OfBookTickersTheNewestIsKeptAndTheOthersAreTold) {
  for (int id = 1; id <= 9; ++id) Frame(Ticker("aaausdt", id));
  EXPECT_EQ(Take().size(), 4u);
  Frame(Depth("aaausdt", 10));
  EXPECT_EQ(Take(),
            (Told{"drop 4 bookTicker AAAUSDT", Ticker("aaausdt", 9), Depth("aaausdt", 10)}));
  EXPECT_EQ(intake_->counts().lost_frames, 4);
}

TEST_F(ShardIntakeTest, FaultQ1OneKeptBookTickerIsNoLoss) {
  for (int id = 1; id <= 4; ++id) Frame(Depth("aaausdt", id));
  Frame(Ticker("aaausdt", 5));
  EXPECT_EQ(Take().size(), 4u);
  Frame(Ticker("aaausdt", 6));
  EXPECT_EQ(Take(), (Told{Ticker("aaausdt", 5), Ticker("aaausdt", 6)}));
  EXPECT_EQ(intake_->counts().lost_frames, 0);
}

TEST_F(ShardIntakeTest, FaultQ1ABookTickerThatIsTooLongToKeepIsToldAsLost) {
  Make({1, 1, 1, 1});
  const std::string ticker = Ticker("aaausdt", 1) + std::string(kKeptTickerBytes, ' ');
  Frame(ticker);
  Frame(ticker);
  EXPECT_EQ(Take(), (Told{ticker}));
  Frame(Depth("aaausdt", 2));
  EXPECT_EQ(Take()[0], "drop 1 bookTicker AAAUSDT");
}

TEST_F(ShardIntakeTest, FaultQ1LossesOfEveryKindAreToldByName) {
  Make({32, 4, 2, 1});
  for (int id = 1; id <= 16; ++id) Frame(Depth("aaausdt", id));
  for (int id = 1; id <= 3; ++id) Frame(Trade("aaausdt", id));
  Frame(R"({"stream":"aaausdt@aggTrade","data":{"e":"aggTrade"}})");
  EXPECT_EQ(Take().size(), 16u);
  (void)intake_->TakeOrder();
  EXPECT_EQ(Take(), (Told{"drop 3 trade AAAUSDT", "drop 1 aggTrade AAAUSDT"}));
}

TEST_F(ShardIntakeTest, FaultQ1WhatCannotBeNamedOrIsNotFollowedIsToldAsLost) {
  for (int id = 1; id <= 6; ++id) Frame(Depth("zzzusdt", id));
  Frame("{?");
  for (int id = 1; id <= 4; ++id) Frame(Depth("aaausdt", id));
  Frame(R"({"stream":"aaausdt@kline_1m","data":{"e":"kline"}})");
  EXPECT_EQ(Take(), (Told{Depth("zzzusdt", 1), Depth("zzzusdt", 2), Depth("zzzusdt", 3),
                          Depth("zzzusdt", 4), Depth("aaausdt", 1), Depth("aaausdt", 2)}));
  Frame(Depth("bbbusdt", 1));
  EXPECT_EQ(Take(), (Told{"lost 4", "drop 2 depth AAAUSDT", Depth("bbbusdt", 1)}));
}

TEST_F(ShardIntakeTest, FaultQ1AFrameLargerThanAllThatIsLookedAtIsStillNamed) {
  const std::string large = Depth("aaausdt", 1) + std::string(kInputTextBytes[3] - 100, ' ');
  Frame(large);
  Frame(large);
  EXPECT_EQ(Take(), (Told{large}));
  Frame(Depth("aaausdt", 2));
  EXPECT_EQ(Take(), (Told{"drop 1 depth AAAUSDT", Depth("aaausdt", 2)}));
}

TEST_F(ShardIntakeTest, FaultQ1ConnectionEventsWaitBehindTheLossesAndBeforeTheFrames) {
  Open(1);
  for (int id = 1; id <= 3; ++id) Frame(Depth("aaausdt", id));
  for (int id = 1; id <= 2; ++id) Frame(Depth("bbbusdt", id));
  Frame(Depth("cccusdt", 1));
  Frame(Depth("aaausdt", 4));  // Lost: its share is used up, one input is left.
  Close(1);                    // Behind the loss; there is no room for both.
  Open(2);
  Frame(Depth("bbbusdt", 3), 2);  // No connection 2 so far: lost.
  EXPECT_EQ(intake_->counts().waiting_events, 2);
  Told told = Take();
  (void)intake_->TakeOrder();
  for (const std::string& more : Take()) told.push_back(more);
  Frame(Depth("bbbusdt", 4), 2);
  for (const std::string& more : Take()) told.push_back(more);
  const auto at = [&](const std::string& text) {
    return std::find(told.begin(), told.end(), text) - told.begin();
  };
  EXPECT_LT(at("drop 1 depth AAAUSDT"), at("close 1 1006"));
  EXPECT_LT(at("close 1 1006"), static_cast<std::ptrdiff_t>(told.size()));
  EXPECT_LT(at("open 2 wss://h"), at(Depth("bbbusdt", 4)));
  EXPECT_LT(at("drop 1 depth BBBUSDT"), at(Depth("bbbusdt", 4)));
  EXPECT_LT(at(Depth("bbbusdt", 4)), static_cast<std::ptrdiff_t>(told.size()));
  EXPECT_EQ(intake_->counts().waiting_events, 0);
}

// Fills every input of the smallest size.
TEST_F(ShardIntakeTest, FaultQ1AConnectionWhoseOpeningWaitsWhenItClosesHasNeverBeen) {
  for (int i = 0; i < 20; ++i) intake_->OnRest(ReceiveTime(1), "/a", "{}");
  Open(5);
  Open(6);
  Frame(Depth("aaausdt", 1), 5);
  Close(5);
  EXPECT_EQ(intake_->counts().waiting_events, 1);
  for (int i = 0; i < 5; ++i) {
    (void)Take();
    (void)intake_->TakeOrder();
  }
  Frame(Depth("bbbusdt", 1), 6);
  EXPECT_EQ(Take(), (Told{Depth("bbbusdt", 1)}));
}

TEST_F(ShardIntakeTest, FaultQ1AnswersWaitForRoomAndThoseBeyondTheBoundAreCounted) {
  Make({8, 1, 1, 1});
  const std::string body = "{" + std::string(1'000, 'b') + "}";
  for (std::size_t i = 0; i < kWaitingAnswersMax + 3; ++i) {
    EXPECT_EQ(intake_->OnRest(ReceiveTime(1), "/" + std::to_string(i), body),
              i < kWaitingAnswersMax + 1);
  }
  EXPECT_EQ(intake_->counts().lost_answers, 2);
  for (std::size_t i = 0; i < kWaitingAnswersMax + 1; ++i) {
    EXPECT_EQ(Take(), (Told{"rest /" + std::to_string(i) + " " + body}));
    (void)intake_->TakeOrder();
  }
  EXPECT_EQ(intake_->counts().waiting_answers, 0);
  EXPECT_EQ(Take(), Told{});
}

TEST_F(ShardIntakeTest, FaultQ4AHotSymbolTakesHalfOfTheRoomAndStarvesNobody) {
  Make({64, 4, 2, 1});
  int others = 0;
  for (int id = 1; id <= 10'000; ++id) {
    Frame(Depth("aaausdt", id));
    if (id % 100 == 0) {
      Frame(Depth("bbbusdt", ++others));
      Frame(Depth("cccusdt", others));
      (void)Take(10);  // The engine is ten times too slow.
    }
  }
  const Told rest = Take();
  for (const std::string& text : rest) EXPECT_EQ(text.find("BBBUSDT"), std::string::npos) << text;
  EXPECT_GT(intake_->counts().lost_frames, 8'000);
  (void)intake_->TakeOrder();
  for (const std::string& text : Take()) {
    EXPECT_TRUE(text.starts_with("drop") && text.ends_with("AAAUSDT")) << text;
  }
}

// What is told as lost and what comes out add up to what was told, at every room and every pace.
TEST_F(ShardIntakeTest, FaultQ1EveryFrameComesOutOnceOrIsToldOnceAsLost) {
  for (std::size_t room = 1; room <= 12; ++room) {
    for (std::size_t pace = 1; pace <= 5; ++pace) {
      SCOPED_TRACE(testing::Message() << room << " inputs, one in " << pace);
      Make({room, 1, 1, 1});
      constexpr int kCount = 300;
      std::int64_t lost = 0;
      int last = 0;
      int came = 0;
      const auto use = [&](const Told& told) {
        for (const std::string& text : told) {
          if (text.starts_with("drop ")) {
            lost += std::stoi(text.substr(5));
            continue;
          }
          ++came;
          const int id = std::stoi(text.substr(text.find("\"u\":") + 4));
          ASSERT_GT(id, last) << "order";
          last = id;
        }
      };
      for (int id = 1; id <= kCount; ++id) {
        Frame(id % 3 == 0 ? Ticker("aaausdt", id) : Depth("aaausdt", id));
        if (static_cast<std::size_t>(id) % pace == 0) use(Take(1));
      }
      for (int i = 0; i < 20; ++i) {
        use(Take());
        (void)intake_->TakeOrder();
      }
      use(Take());
      ASSERT_EQ(came + lost, kCount);
      ASSERT_EQ(lost, intake_->counts().lost_frames);
    }
  }
}

}  // namespace
}  // namespace thalweg
