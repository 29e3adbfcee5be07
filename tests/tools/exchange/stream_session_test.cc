#include "tools/exchange/stream_session.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace thalweg {
namespace {

class StreamSessionTest : public testing::Test {
 protected:
  StreamSession Make(const std::string& target, ErrorShape shape = ErrorShape::kWrapped) {
    return StreamSession(venue_, shape, *ParseStreamTarget(target, Market::kSpot), 0);
  }
  const Venue venue_ = VenueOf(Market::kSpot, 1);
};

TEST_F(StreamSessionTest, ControlMessagesAreAnsweredAsTheExchangeDoes) {
  StreamSession session = Make("/ws/btcusdt@trade");
  const struct {
    const char* request;
    const char* reply;
  } cases[] = {
      {R"({"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","ethusdt@trade"],"id":11})",
       R"({"result":null,"id":11})"},
      {R"({"method":"LIST_SUBSCRIPTIONS","id":12})",
       R"({"result":["btcusdt@trade","btcusdt@depth@100ms","ethusdt@trade"],"id":12})"},
      {R"({"method":"SUBSCRIBE","params":["ethusdt@trade"],"id":-9223372036854775808})",
       R"({"result":null,"id":-9223372036854775808})"},
      {R"({"method":"UNSUBSCRIBE","params":["btcusdt@trade","never@trade"],"id":"a1-b"})",
       R"({"result":null,"id":"a1-b"})"},
      {R"({"id":null,"method":"LIST_SUBSCRIPTIONS","params":[]})",
       R"({"result":["btcusdt@depth@100ms","ethusdt@trade"],"id":null})"},
      {R"({"method":"LIST_SUBSCRIPTIONS"})",
       R"({"result":["btcusdt@depth@100ms","ethusdt@trade"],"id":null})"},
      {R"({"method":"SUBSCRIBE","params":["a\"\n\\@trade"],"id":1})", R"({"result":null,"id":1})"},
      {R"({"method":"LIST_SUBSCRIPTIONS","id":1})",
       R"({"result":["btcusdt@depth@100ms","ethusdt@trade","a\"\u000a\\@trade"],"id":1})"},
      {R"({"method":"GET_PROPERTY","params":["combined"],"id":1})", R"({"result":false,"id":1})"},
      {R"({"method":"SET_PROPERTY","params":["combined",true],"id":2})",
       R"({"result":null,"id":2})"},
      {R"({"method":"GET_PROPERTY","params":["combined"],"id":3})", R"({"result":true,"id":3})"},
  };
  for (const auto& [request, reply] : cases) EXPECT_EQ(session.Answer(request), reply) << request;
  EXPECT_TRUE(session.is_combined());
}

TEST_F(StreamSessionTest, WrongControlMessagesAreRefusedWithTheirCodeAndChangeNothing) {
  StreamSession session = Make("/stream?streams=btcusdt@trade");
  const std::string long_id(37, 'a');
  const struct {
    std::string request;
    int code;
    std::string id;
  } cases[] = {
      {"", 3, "null"},
      {"hello", 3, "null"},
      {R"({"method":"SUBSCRIBE","params":["a@trade"],"id":1)", 3, "null"},
      {"[]", 2, "null"},
      {"7", 2, "null"},
      {R"({"id":1})", 2, "1"},
      {R"({"method":7,"id":1})", 2, "1"},
      {R"({"method":"subscribe","params":["a@trade"],"id":1})", 2, "1"},
      {R"({"method":"SUBSCRIBE","id":1})", 2, "1"},
      {R"({"method":"SUBSCRIBE","params":[],"id":1})", 2, "1"},
      {R"({"method":"SUBSCRIBE","params":"a@trade","id":1})", 2, "1"},
      {R"({"method":"SUBSCRIBE","params":["a@trade",5],"id":1})", 2, "1"},
      {R"({"method":"SUBSCRIBE","params":["a@trade"],"id":1.5})", 2, "null"},
      {R"({"method":"SUBSCRIBE","params":["a@trade"],"id":[1]})", 2, "null"},
      {R"({"method":"SUBSCRIBE","params":["a@trade"],"id":""})", 2, "null"},
      {absl::StrCat(R"({"method":"SUBSCRIBE","params":["a@trade"],"id":")", long_id, "\"}"), 2,
       "null"},
      {R"({"method":"SUBSCRIBE","params":["a@trade"],"id":1,"more":2})", 2, "1"},
      {R"({"method":"LIST_SUBSCRIPTIONS","params":["a"],"id":1})", 2, "1"},
      {R"({"method":"GET_PROPERTY","params":["combined",true],"id":1})", 2, "1"},
      {R"({"method":"GET_PROPERTY","params":[7],"id":1})", 2, "1"},
      {R"({"method":"GET_PROPERTY","params":["speed"],"id":1})", 0, "1"},
      {R"({"method":"SET_PROPERTY","params":["speed",true],"id":1})", 0, "1"},
      {R"({"method":"SET_PROPERTY","params":["combined","false"],"id":1})", 1, "1"},
      {R"({"method":"SET_PROPERTY","params":["combined"],"id":1})", 2, "1"},
  };
  for (const auto& [request, code, id] : cases) {
    const std::string reply = session.Answer(request);
    EXPECT_TRUE(reply.starts_with(absl::StrCat(R"({"error":{"code":)", code, R"(,"msg":")")))
        << request << " -> " << reply;
    EXPECT_TRUE(reply.ends_with(absl::StrCat(R"("},"id":)", id, "}"))) << request << " " << reply;
  }
  EXPECT_EQ(session.streams(), std::vector<std::string>{"btcusdt@trade"});
  EXPECT_TRUE(session.is_combined());

  const std::string flat = Make("/ws", ErrorShape::kFlat).Answer(R"({"id":7})");
  EXPECT_TRUE(flat.starts_with(R"({"code":2,"msg":")")) << flat;
  EXPECT_TRUE(flat.ends_with(R"(","id":7})")) << flat;
}

TEST_F(StreamSessionTest, TheThousandAndTwentyFifthStreamIsRefusedWithItsWholeRequest) {
  StreamSession session = Make("/ws");
  std::string params;
  for (int i = 0; i < 1'023; ++i) absl::StrAppend(&params, i == 0 ? "" : ",", "\"s", i, "@trade\"");
  ASSERT_EQ(
      session.Answer(absl::StrCat(R"({"method":"SUBSCRIBE","params":[)", params, R"(],"id":1})")),
      R"({"result":null,"id":1})");
  EXPECT_TRUE(session.Answer(R"({"method":"SUBSCRIBE","params":["x@trade","y@trade"],"id":2})")
                  .starts_with(R"({"error":{"code":4,)"));
  EXPECT_EQ(session.streams().size(), 1'023u);
  EXPECT_EQ(session.Answer(R"({"method":"SUBSCRIBE","params":["x@trade","s1@trade"],"id":3})"),
            R"({"result":null,"id":3})");
  EXPECT_EQ(session.streams().size(), 1'024u);
}

TEST_F(StreamSessionTest, ASixthFrameInASecondIsTooMuch) {
  StreamSession session = Make("/ws");
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(session.CountClientFrame(i * 100 * kMillisecond));
  // A second after the first one there is room for one more, wherever a clock's second begins.
  EXPECT_TRUE(session.CountClientFrame(kSecond));
  EXPECT_FALSE(session.CountClientFrame(kSecond + 50 * kMillisecond));
}

TEST_F(StreamSessionTest, OnlyAPongWithThePingsPayloadKeepsTheConnection) {
  StreamSession session = Make("/ws");
  EXPECT_EQ(session.next_ping(), 20 * kSecond);
  EXPECT_FALSE(session.pong_deadline().has_value());
  session.OnPingSent("first", 20 * kSecond);
  EXPECT_EQ(session.next_ping(), 40 * kSecond);
  session.OnPong("");
  session.OnPong("other");
  EXPECT_EQ(session.pong_deadline(), 80 * kSecond);
  session.OnPingSent("second", 40 * kSecond);
  session.OnPong("second");
  EXPECT_FALSE(session.pong_deadline().has_value());
  EXPECT_EQ(session.end_of_life(), 24 * kHour);
}

TEST(StreamTargetTest, AddressesAreThoseOfRawAndCombinedStreams) {
  const auto streams = [](const char* target, Market market = Market::kSpot) {
    const auto parsed = ParseStreamTarget(target, market);
    return parsed ? parsed->streams : std::vector<std::string>{"none"};
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(streams("/ws/btcusdt@depth@100ms"), List{"btcusdt@depth@100ms"});
  EXPECT_EQ(streams("/ws/a@trade/b@trade"), (List{"a@trade", "b@trade"}));
  EXPECT_EQ(streams("/ws"), List{});
  EXPECT_EQ(streams("/stream?streams=a@trade/b@trade/a@trade"), (List{"a@trade", "b@trade"}));
  EXPECT_EQ(streams("/stream?streams=a%40trade%2Fb@trade"), (List{"a@trade", "b@trade"}));
  EXPECT_EQ(streams("/stream"), List{});
  EXPECT_EQ(streams("/"), List{"none"});
  EXPECT_EQ(streams("/wsx/a"), List{"none"});
  EXPECT_EQ(streams("/public/ws/a@depth"), List{"none"});
  EXPECT_EQ(streams("/public/ws/a@depth", Market::kUsdM), List{"a@depth"});
  EXPECT_FALSE(ParseStreamTarget("/ws/a@trade", Market::kSpot)->unit.has_value());
  EXPECT_EQ(ParseStreamTarget("/stream?streams=a@trade&timeUnit=MICROSECOND", Market::kSpot)->unit,
            TimeUnit::kMicrosecond);
  EXPECT_EQ(ParseStreamTarget("/ws/a@trade?timeUnit=microsecond", Market::kSpot)->unit,
            TimeUnit::kMicrosecond);
  EXPECT_FALSE(ParseStreamTarget("/ws/a?timeUnit=NANOSECOND", Market::kSpot).has_value());
}

}  // namespace
}  // namespace thalweg
