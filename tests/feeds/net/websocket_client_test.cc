// The client against a server that sends any bytes: what RFC 6455 forbids and what it allows, cuts
// at every byte, any split, floods, refusals. No time is measured; waits are for events.
#include "feeds/net/websocket_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "feeds/net/weight_budget.h"
#include "tests/feeds/net/certificate_forge.h"
#include "tests/feeds/net/client_session.h"
#include "tests/feeds/net/kernel_stamps.h"
#include "tests/feeds/net/raw_server.h"
#include "tests/feeds/net/scripted_server.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

using Texts = std::vector<std::string>;

constexpr int kText = 0x81;
constexpr int kBinary = 0x82;
constexpr int kClose = 0x88;
constexpr int kPing = 0x89;
constexpr int kPong = 0x8A;

std::string Text(std::string_view payload) { return ServerFrame(kText, payload); }
std::string GoodClose() { return ServerFrame(kClose, ClosePayload(1'000)); }

// ---- W2: a table of raw frames

struct FrameCase {
  std::string name;
  std::string bytes;     // After the upgrade.
  Texts messages;        // That must have been delivered.
  int code = 1'000;      // Of the end that the client tells,
  int answered = 1'000;  // and of the close frame that it sent.
};

std::vector<FrameCase> GoodCases() {
  std::vector<FrameCase> cases;
  const auto add = [&](const std::string& name, const std::string& bytes, const Texts& messages) {
    cases.push_back({name, bytes + GoodClose(), messages});
  };
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 128u, 65'535u, 65'536u, 1'000'000u}) {
    const std::string payload(size, 'x');
    add(absl::StrCat("text of ", size), Text(payload), {payload});
    add(absl::StrCat("binary of ", size), ServerFrame(kBinary, payload), {payload});
  }
  add("binary that is no UTF-8", ServerFrame(kBinary, "\xff\xfe"), {"\xff\xfe"});
  add("two fragments", ServerFrame(0x01, "he") + ServerFrame(0x80, "llo"), {"hello"});
  add("an empty first fragment", ServerFrame(0x01, "") + ServerFrame(0x80, "llo"), {"llo"});
  add("empty fragments", ServerFrame(0x01, "") + ServerFrame(0x00, "") + ServerFrame(0x80, ""),
      {""});
  add("a ping between fragments",
      ServerFrame(0x01, "he") + ServerFrame(kPing, "p") + ServerFrame(0x80, "llo"), {"hello"});
  add("a pong between fragments",
      ServerFrame(0x01, "he") + ServerFrame(kPong, "p") + ServerFrame(0x80, "llo"), {"hello"});
  add("a character cut by fragments",
      ServerFrame(0x01, "\xE5") + ServerFrame(0x00, "\xB8") + ServerFrame(0x80, "\x81"),
      {"\xE5\xB8\x81"});
  std::string many = ServerFrame(0x01, "a");
  for (int i = 0; i < 200; ++i) many += ServerFrame(0x00, "b") + ServerFrame(kPing, "");
  add("hundreds of fragments and pings", many + ServerFrame(0x80, "c"),
      {"a" + std::string(200, 'b') + "c"});
  add("an empty ping", ServerFrame(kPing, "") + Text("x"), {"x"});
  add("the longest ping", ServerFrame(kPing, std::string(125, 'p')) + Text("x"), {"x"});
  add("a pong that nobody asked for", ServerFrame(kPong, "?") + Text("x"), {"x"});
  add("the longest pong", ServerFrame(kPong, std::string(125, 'p')) + Text("x"), {"x"});
  add("data behind the close", Text("x") + GoodClose() + Text("y"), {"x"});
  for (const int code : {1'000, 1'001, 1'002, 1'003, 1'007, 1'008, 1'009, 1'010, 1'011, 1'012,
                         1'013, 3'000, 4'999}) {
    cases.push_back({absl::StrCat("close with ", code),
                     Text("x") + ServerFrame(kClose, ClosePayload(code, "why")),
                     {"x"},
                     code,
                     code});
  }
  cases.push_back({"close without a code", ServerFrame(kClose, ""), {}, 1'005, 1'000});
  // Beyond what is defined; Beast lets them pass.
  cases.push_back({"close with 5000", ServerFrame(kClose, ClosePayload(5'000)), {}, 5'000, 5'000});
  return cases;
}

std::vector<FrameCase> BadCases() {
  std::vector<FrameCase> cases;
  const auto add = [&](const std::string& name, const std::string& bytes, int code = 1'002) {
    cases.push_back({name, Text("before") + bytes + Text("after"), {"before"}, code, code});
  };
  const std::string mask("\x01\x02\x03\x04");
  add("masked text", "\x81\x81" + mask + "a");
  add("masked ping", "\x89\x81" + mask + "a");
  add("masked close", "\x88\x80" + mask);
  for (const int bits : {0x40, 0x20, 0x10, 0x70}) {
    add(absl::StrCat("reserved bits ", bits, " of text"), ServerFrame(kText | bits, "a"));
    add(absl::StrCat("reserved bits ", bits, " of a ping"), ServerFrame(kPing | bits, "a"));
    add(absl::StrCat("reserved bits ", bits, " of a fragment"),
        ServerFrame(0x01, "a") + ServerFrame(0x80 | bits, "b"));
  }
  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    add(absl::StrCat("opcode ", opcode), ServerFrame(0x80 | opcode, "a"));
  }
  for (const int opcode : {kClose, kPing, kPong}) {
    add(absl::StrCat("control frame of 126 bytes ", opcode),
        ServerFrame(opcode, std::string(126, 'p')));
    add(absl::StrCat("control frame in fragments ", opcode), ServerFrame(opcode & 0x0f, "p"));
  }
  add("a continuation of nothing", ServerFrame(0x00, "a"));
  add("a last continuation of nothing", ServerFrame(0x80, "a"));
  add("text within a message", ServerFrame(0x01, "a") + Text("b"));
  add("binary within a message", ServerFrame(0x01, "a") + ServerFrame(kBinary, "b"));
  add("a short length in two bytes", ServerFrame(kText, "a", 2));
  add("a short length in eight bytes", ServerFrame(kText, "a", 8));
  add("a length of 1000 in eight bytes", ServerFrame(kText, std::string(1'000, 'a'), 8));
  add("a negative length", std::string("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10), 1'009);
  add("text that is no UTF-8", Text("\xff"), 1'007);
  add("an overlong character", Text("\xC0\x80"), 1'007);
  add("a surrogate", Text("\xED\xA0\x80"), 1'007);
  add("beyond U+10FFFF", Text("\xF4\x90\x80\x80"), 1'007);
  add("a character cut by the end", Text("abc\xE5\xB8"), 1'007);
  add("no UTF-8 in the second fragment", ServerFrame(0x01, "ab") + ServerFrame(0x80, "\xff"),
      1'007);
  add("a close of one byte", ServerFrame(kClose, "x"));
  for (const int code : {0, 999, 1'004, 1'005, 1'006, 1'014, 1'015, 1'016, 1'100, 2'999}) {
    add(absl::StrCat("close with ", code), ServerFrame(kClose, ClosePayload(code)));
  }
  add("a close whose reason is no UTF-8", ServerFrame(kClose, ClosePayload(1'000, "\xff")));
  return cases;
}

void ExpectCase(const FrameCase& expected) {
  SCOPED_TRACE(expected.name);
  int answered = -1;
  {
    ClientSession session;
    RawServer server([&](RawConnection& connection, int) {
      if (!connection.Upgrade()) return;
      connection.Send(expected.bytes);
      connection.Drain();
      answered = connection.close_code;
    });
    session.Run(server.port());
    EXPECT_TRUE(session.was_open);
    EXPECT_EQ(session.ends, 1);
    EXPECT_EQ(session.Texts(), expected.messages);
    EXPECT_EQ(session.end.code, expected.code) << session.end.status;
    EXPECT_FALSE(session.end.status.ok());
  }
  EXPECT_EQ(answered, expected.answered);
}

TEST(WebSocketClientTest, FaultW2WhatTheProtocolAllowsIsDelivered) {
  for (const FrameCase& good : GoodCases()) ExpectCase(good);
}

TEST(WebSocketClientTest, FaultW2WhatTheProtocolForbidsEndsTheConnectionWithItsCode) {
  for (const FrameCase& bad : BadCases()) ExpectCase(bad);
}

TEST(WebSocketClientTest, FaultW7TextAndBinaryAreToldApart) {
  ClientSession session;
  RawServer server([&](RawConnection& connection, int) {
    connection.Upgrade();
    connection.Send(ServerFrame(kBinary, "sbe") + Text(R"({"e":"serverShutdown","E":1})") +
                    ServerFrame(kBinary, "sbe") + GoodClose());
    connection.Drain();
  });
  session.Run(server.port());
  ASSERT_EQ(session.messages.size(), 3u);
  EXPECT_TRUE(session.messages[0].is_binary);
  EXPECT_FALSE(session.messages[1].is_binary);
  EXPECT_TRUE(session.messages[2].is_binary);
}

// ---- W1: sizes

TEST(WebSocketClientTest, FaultW1WhatIsTooLargeIsClosedWith1009) {
  const std::string cases[] = {
      ServerFrame(kText, std::string(1'001, 'x')),
      std::string("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10),
      std::string("\x81\x7f\x00\x00\x00\x01\x00\x00\x00\x00", 10),
      ServerFrame(0x01, std::string(600, 'x')) + ServerFrame(0x80, std::string(600, 'x')),
  };
  for (const std::string& bytes : cases) {
    int answered = 0;
    {
      ClientSession session;
      session.options.message_bytes_max = 1'000;
      RawServer server([&](RawConnection& connection, int) {
        connection.Upgrade();
        connection.Send(Text(std::string(1'000, 'y')) + bytes);
        connection.Drain();
        answered = connection.close_code;
      });
      session.Run(server.port());
      EXPECT_EQ(session.Texts(), Texts{std::string(1'000, 'y')});
      EXPECT_EQ(session.end.code, 1'009) << session.end.status;
    }
    EXPECT_EQ(answered, 1'009);
  }
}

TEST(WebSocketClientTest, FaultW1EndlessFragmentsAreCutAtTheLimit) {
  ClientSession session;
  session.options.message_bytes_max = 100'000;
  RawServer server([](RawConnection& connection, int) {
    connection.Upgrade();
    connection.Send(ServerFrame(0x01, "x"));
    while (connection.Send(ServerFrame(0x00, std::string(100, 'x')))) {
    }
  });
  session.Run(server.port());
  EXPECT_TRUE(session.messages.empty());
  EXPECT_EQ(session.end.code, 1'009);
}

TEST(WebSocketClientTest, TheLargestMessageIsTaken) {
  ClientSession session;
  const std::string large(kMessageBytesMax, 'x');
  RawServer server([&](RawConnection& connection, int) {
    connection.Upgrade();
    connection.Send(Text(large) + GoodClose());
    connection.Drain();
  });
  session.Run(server.port());
  ASSERT_EQ(session.messages.size(), 1u);
  EXPECT_EQ(session.messages[0].text, large);
}

// ---- N3, N7: cuts and splits

std::string ScriptedSession() {
  return Text("one") + ServerFrame(kPing, "ping") + Text("") + ServerFrame(0x01, "fo") +
         ServerFrame(0x80, "ur") + Text(std::string(130, 'x'));
}

// How many messages of the scripted session are whole in its first `bytes` bytes.
std::size_t WholeMessages(std::size_t bytes) {
  const std::string parts[] = {Text("one"), ServerFrame(kPing, "ping") + Text(""),
                               ServerFrame(0x01, "fo") + ServerFrame(0x80, "ur"),
                               Text(std::string(130, 'x'))};
  std::size_t count = 0;
  for (const std::string& part : parts) {
    if (bytes < part.size()) break;
    bytes -= part.size();
    ++count;
  }
  return count;
}

TEST(WebSocketClientTest, FaultN3ACutAtEveryByteMakesNoFrame) {
  const Texts all = {"one", "", "four", std::string(130, 'x')};
  const std::string frames = ScriptedSession();
  // The upgrade's answer is as long for every key.
  const std::size_t answer =
      RawConnection::UpgradeAnswer("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n").size();
  for (const bool is_reset : {false, true}) {
    RawServer server([&](RawConnection& connection, int number) {
      const std::string bytes = RawConnection::UpgradeAnswer(connection.ReadRequest()) + frames;
      connection.Send(std::string_view(bytes).substr(0, static_cast<std::size_t>(number)));
      if (is_reset) {
        connection.Reset();
      } else {
        connection.End();
      }
    });
    for (std::size_t cut = 0; cut <= answer + frames.size(); ++cut) {
      SCOPED_TRACE(testing::Message() << "cut at " << cut << (is_reset ? " by RST" : " by FIN"));
      ClientSession session;
      session.Run(server.port());
      const std::size_t whole = cut < answer ? 0 : WholeMessages(cut - answer);
      // A reset may destroy what was not read yet; what is left is whole.
      ASSERT_LE(session.messages.size(), whole);
      if (!is_reset) {
        ASSERT_EQ(session.messages.size(), whole);
        ASSERT_EQ(session.was_open, cut >= answer);
      }
      ASSERT_EQ(
          session.Texts(),
          Texts(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(session.messages.size())));
      ASSERT_EQ(session.ends, 1);
      ASSERT_EQ(session.end.code, kCloseNone);
      ASSERT_FALSE(session.end.status.ok());
    }
  }
}

TEST(WebSocketClientTest, FaultN7AnySplitGivesTheSameMessages) {
  const std::string frames = ScriptedSession() + GoodClose();
  const Texts expected = {"one", "", "four", std::string(130, 'x')};
  for (std::size_t first = 1; first < frames.size(); first += 3) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, frames.size()}) {
      ClientSession session;
      RawServer server([&](RawConnection& connection, int) {
        connection.Upgrade();
        connection.Send(frames.substr(0, first));
        for (std::size_t at = first; at < frames.size(); at += size) {
          connection.Send(std::string_view(frames).substr(at, size));
          std::this_thread::yield();
        }
        connection.Drain();
      });
      session.Run(server.port());
      ASSERT_EQ(session.Texts(), expected) << "first " << first << " then each " << size;
      ASSERT_EQ(session.end.code, 1'000);
    }
  }
}

TEST(WebSocketClientTest, FaultN7AMessageThatIsNotWholeInTimeIsGivenUp) {
  for (const std::string& part :
       {Text("hello").substr(0, 4), Text("hello").substr(0, 1), ServerFrame(0x01, "he")}) {
    ClientSession session;
    session.options.message_deadline = 50 * kMillisecond;
    RawServer server([&](RawConnection& connection, int) {
      connection.Upgrade();
      connection.Send(Text("x") + part);
      // Pings between fragments do not help: the message is what is late.
      const bool is_fragment = part[0] == '\x01';
      while (is_fragment && connection.Send(ServerFrame(kPing, ""))) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      connection.Drain();
    });
    session.Run(server.port());
    EXPECT_EQ(session.Texts(), Texts{"x"});
    EXPECT_EQ(session.end.code, kCloseNone);
    EXPECT_TRUE(absl::IsDeadlineExceeded(session.end.status)) << session.end.status;
  }
}

// ---- W3: pings

TEST(WebSocketClientTest, APingIsAnsweredWithItsPayload) {
  for (const std::string& payload :
       {std::string(), std::string("1782000000000"), std::string(125, '\xff')}) {
    ClientSession session;
    std::optional<ClientFrame> pong;
    RawServer server([&](RawConnection& connection, int) {
      connection.Upgrade();
      connection.Send(ServerFrame(kPing, payload));
      pong = connection.ReadFrame();
      connection.Send(GoodClose());
      connection.Drain();
    });
    session.Run(server.port());
    server.Finish();
    ASSERT_TRUE(pong);
    EXPECT_EQ(pong->opcode, 10);
    EXPECT_EQ(pong->payload, payload);
    EXPECT_EQ(session.pings, 1);
  }
}

TEST(WebSocketClientTest, FaultW3AFloodOfPingsIsAnsweredByFourPongsInAWindow) {
  constexpr int kPings = 5'000;
  ClientSession session;
  session.options.pace_window = kHour;
  int pongs = 0;
  RawServer server([&](RawConnection& connection, int) {
    connection.Upgrade();
    for (int i = 0; i < kPings; ++i) {
      if (i % 100 == 0) connection.Send(Text(absl::StrCat(i)));
      connection.Send(ServerFrame(kPing, absl::StrCat(i)));
    }
    connection.Send(GoodClose());
    connection.Drain();
    pongs = connection.pongs;
  });
  session.Run(server.port());
  server.Finish();
  EXPECT_EQ(session.messages.size(), kPings / 100);  // Data is read on meanwhile.
  EXPECT_EQ(session.end.code, 1'000);
  EXPECT_GE(pongs, 1);
  EXPECT_LE(pongs, static_cast<int>(kClientFramesMax));
  EXPECT_LE(session.counts().pings, kPings);
}

TEST(WebSocketClientTest, FaultW3AfterAFloodTheNewestPingIsAnswered) {
  ClientSession session;
  session.options.pace_window = 100 * kMillisecond;
  int pongs = 0;
  RawServer server([&](RawConnection& connection, int) {
    connection.Upgrade();
    std::string flood;
    for (int i = 1; i <= 1'000; ++i) flood += ServerFrame(kPing, absl::StrCat("ping ", i));
    connection.Send(flood);
    while (const auto frame = connection.ReadFrame()) {
      ++pongs;
      if (frame->payload == "ping 1000") break;
    }
    connection.Send(GoodClose());
    connection.Drain();
  });
  session.Run(server.port());
  EXPECT_EQ(session.end.code, 1'000);
  EXPECT_GE(pongs, 1);
  EXPECT_LT(pongs, 100);
}

TEST(WebSocketClientTest, OurPingAndTextsArriveAndThePongIsTold) {
  ClientSession session;
  session.on_open = [&] {
    session.client().Send("first");
    session.client().Send("second");
    session.client().Ping();
  };
  std::vector<std::string> texts;
  RawServer server([&](RawConnection& connection, int) {
    connection.Upgrade();
    for (int i = 0; i < 3; ++i) {
      const auto frame = connection.ReadFrame();
      if (!frame) return;
      if (frame->opcode == 1) texts.push_back(frame->payload);
      if (frame->opcode == 9) connection.Send(ServerFrame(kPong, frame->payload));
    }
    connection.Send(GoodClose());
    connection.Drain();
  });
  session.Run(server.port());
  server.Finish();
  EXPECT_EQ(texts, (Texts{"first", "second"}));
  EXPECT_EQ(session.pongs, 1);
}

TEST(WebSocketClientTest, ALongTextIsOneFrame) {
  const std::string text(100'000, 'x');
  ClientSession session;
  session.on_open = [&] { session.client().Send(text); };
  std::optional<ClientFrame> frame;
  RawServer server([&](RawConnection& connection, int) {
    connection.Upgrade();
    frame = connection.ReadFrame();
    connection.Send(GoodClose());
    connection.Drain();
  });
  session.Run(server.port());
  server.Finish();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->opcode, 1);
  EXPECT_EQ(frame->payload.size(), text.size());
}

// ---- W4, W5: the upgrade

TEST(WebSocketClientTest, FaultW4NoCompressionIsOfferedAndNoneIsTaken) {
  std::string request;
  RawServer server([&](RawConnection& connection, int number) {
    request = connection.ReadRequest();
    std::string answer = RawConnection::UpgradeAnswer(request);
    if (number == 1)
      answer.insert(answer.size() - 2, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    connection.Send(answer + GoodClose());
    connection.Drain();
  });
  const std::string target = "/stream?streams=btcusdt@depth@100ms/%E5%B8%81@trade";
  ClientSession first;
  first.Run(server.port(), target);
  EXPECT_EQ(first.end.code, 1'000);
  ClientSession second;
  second.Run(server.port(), target);
  EXPECT_FALSE(second.was_open);
  EXPECT_FALSE(second.end.status.ok());
  server.Finish();
  EXPECT_EQ(request.find(absl::StrCat("GET ", target, " HTTP/1.1\r\n")), 0u);
  EXPECT_EQ(request.find("Sec-WebSocket-Extensions"), std::string::npos);
  EXPECT_NE(request.find(absl::StrCat("Host: 127.0.0.1:", server.port())), std::string::npos);
  EXPECT_NE(request.find("User-Agent: thalweg/"), std::string::npos);
}

struct Refusal {
  std::string answer;
  int status;
  std::optional<Nanos> retry_after;
};

TEST(WebSocketClientTest, FaultW5ARefusedUpgradeIsToldWithStatusAndRetryAfter) {
  const auto answer = [](const std::string& status, const std::string& headers = "") {
    return absl::StrCat("HTTP/1.1 ", status, "\r\n", headers, "Content-Length: 2\r\n\r\n{}");
  };
  const Refusal refusals[] = {
      {answer("403 Forbidden"), 403, std::nullopt},
      {answer("429 Too Many Requests", "Retry-After: 7\r\n"), 429, 7 * kSecond},
      {answer("429 Too Many Requests"), 429, std::nullopt},
      {answer("418 I'm a teapot", "Retry-After: 120\r\n"), 418, 120 * kSecond},
      {answer("418 I'm a teapot", "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n"), 418,
       std::nullopt},
      {answer("451 Unavailable For Legal Reasons"), 451, std::nullopt},
      {answer("500 Internal Server Error"), 500, std::nullopt},
      {answer("503 Service Unavailable", "Retry-After: 99999999999999999999\r\n"), 503, kBanMax},
      {answer("200 OK"), 200, std::nullopt},
      // A body that looks like a ping.
      {"HTTP/1.1 418 I'm a teapot\r\nRetry-After: 9\r\nContent-Length: 2\r\n\r\n\x89" +
           std::string(1, '\0'),
       418, 9 * kSecond},
  };
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.answer);
    ClientSession session;
    RawServer server([&](RawConnection& connection, int) {
      (void)connection.ReadRequest();
      connection.Send(refusal.answer);
      connection.Drain();
    });
    session.Run(server.port());
    EXPECT_FALSE(session.was_open);
    EXPECT_FALSE(session.end.was_open);
    EXPECT_EQ(session.end.http_status, refusal.status);
    EXPECT_EQ(session.end.retry_after, refusal.retry_after);
    EXPECT_TRUE(
        absl::StrContains(session.end.status.message(), absl::StrCat("HTTP ", refusal.status)))
        << session.end.status;
  }
}

TEST(WebSocketClientTest, FaultW5ARedirectIsNotFollowed) {
  RawServer other([](RawConnection&, int) {});
  for (const std::string status :
       {"301 Moved Permanently", "302 Found", "307 Temporary Redirect"}) {
    ClientSession session;
    RawServer server([&](RawConnection& connection, int) {
      (void)connection.ReadRequest();
      connection.Send(absl::StrCat("HTTP/1.1 ", status, "\r\nLocation: ws://127.0.0.1:",
                                   other.port(), "/\r\nContent-Length: 0\r\n\r\n"));
      connection.Drain();
    });
    session.Run(server.port());
    EXPECT_EQ(session.end.http_status / 100, 3);
    EXPECT_EQ(server.connections(), 1);
  }
  EXPECT_EQ(other.connections(), 0);
}

TEST(WebSocketClientTest, FaultW5AnswersThatAreNoneEndTheAttempt) {
  const std::string good = RawConnection::UpgradeAnswer("Sec-WebSocket-Key: another\r\n");
  for (const std::string& answer :
       {std::string("HTTP/1.1 101 Switching Protocols\r\n\r\n"), good,
        std::string("rubbish\r\n\r\n"),
        std::string("HTTP/1.1 101 Switching Protocols\r\nX: ") + std::string(1'000'000, 'x') +
            "\r\n\r\n",
        std::string(100'000, '\0'), std::string("HTTP/1.1 200 OK\r\n")}) {
    ClientSession session;
    session.options.upgrade_deadline = 300 * kMillisecond;
    RawServer server([&](RawConnection& connection, int) {
      (void)connection.ReadRequest();
      connection.Send(answer);
      connection.Drain();
    });
    session.Run(server.port());
    EXPECT_FALSE(session.was_open);
    EXPECT_FALSE(session.end.status.ok());
    EXPECT_EQ(session.ends, 1);
  }
}

TEST(WebSocketClientTest, FaultN2AServerThatSaysNothingIsGivenUp) {
  ClientSession session;
  session.options.upgrade_deadline = 50 * kMillisecond;
  RawServer server([](RawConnection& connection, int) {
    (void)connection.ReadRequest();
    connection.Drain();
  });
  session.Run(server.port());
  EXPECT_TRUE(absl::IsDeadlineExceeded(session.end.status)) << session.end.status;
}

TEST(WebSocketClientTest, FaultN2APortWithoutAListenerIsAnEndWithItsReason) {
  std::uint16_t port = 0;
  {
    port = RawServer([](RawConnection&, int) {}).port();
  }
  ClientSession session;
  session.Run(port);
  EXPECT_TRUE(absl::StrContains(session.end.status.message(), "connect failed"))
      << session.end.status;
}

// ---- The end

TEST(WebSocketClientTest, ClosingSaysGoodbyeAndIsNoError) {
  ClientSession session;
  session.on_message = [&] { session.client().Close(kCloseNormal); };
  int code = 0;
  {
    RawServer server([&](RawConnection& connection, int) {
      connection.Upgrade();
      connection.Send(Text("x"));
      const auto frame = connection.ReadFrame();
      if (!frame) return;
      EXPECT_EQ(frame->opcode, 8);
      code = static_cast<unsigned char>(frame->payload[0]) << 8 |
             static_cast<unsigned char>(frame->payload[1]);
      connection.Send(ServerFrame(kClose, frame->payload));
      connection.Drain();
    });
    session.Run(server.port());
  }
  EXPECT_EQ(code, 1'000);
  EXPECT_TRUE(session.end.status.ok()) << session.end.status;
  EXPECT_EQ(session.end.code, 1'000);
  EXPECT_EQ(session.ends, 1);
}

TEST(WebSocketClientTest, AServerThatDoesNotAnswerACloseIsLeft) {
  ClientSession session;
  session.options.close_deadline = 50 * kMillisecond;
  session.on_message = [&] { session.client().Close(kCloseNormal); };
  RawServer server([&](RawConnection& connection, int) {
    connection.Upgrade();
    connection.Send(Text("x"));
    connection.Drain();
  });
  session.Run(server.port());
  EXPECT_TRUE(session.end.status.ok());
  EXPECT_EQ(session.ends, 1);
}

TEST(WebSocketClientTest, FaultN3ACloseByTheExchangeEndsItThoughTheServerLeavesTheSocketToUs) {
  // By TLS, which has an end of its own that such a server does not answer.
  const Identity authority = ForgeAuthority("a CA");
  const auto context = MakeServerContext({Forge({}, &authority), {}});
  ScriptedServer server([&](int socket, int) {
    const std::unique_ptr<SSL, FreeOpenSsl> tls(SSL_new(context.get()));
    SSL_set_fd(tls.get(), socket);
    if (SSL_accept(tls.get()) != 1) return;
    std::string request;
    char byte = 0;
    while (!absl::EndsWith(request, "\r\n\r\n") && SSL_read(tls.get(), &byte, 1) == 1) {
      request += byte;
    }
    const std::string bytes = RawConnection::UpgradeAnswer(request) + Text("x") +
                              ServerFrame(kClose, ClosePayload(1'001, "bye"));
    (void)SSL_write(tls.get(), bytes.data(), static_cast<int>(bytes.size()));
    while (recv(socket, &byte, 1, 0) == 1) {
    }
  });
  const TestFolder folder;
  ClientSession session;
  session.ca_path = folder.Write("ca.pem", authority.Pem());
  session.options.close_deadline = 600 * kSecond;  // Not by that.
  session.Run(server.port());
  EXPECT_EQ(session.Texts(), Texts{"x"});
  EXPECT_EQ(session.end.code, 1'001);
  EXPECT_TRUE(absl::StrContains(session.end.status.message(), "bye")) << session.end.status;
}

// ---- The kernel's time

// When the kernel had a message is told beside when we had it, here for every read, by plain TCP
// and through TLS. So many messages do not fit into one read.
constexpr int kMessagesOfManyReads = 4'000;

std::string ManyMessages() {
  std::string all;
  for (int i = 0; i < kMessagesOfManyReads; ++i) all += Text(std::string(120, 'x'));
  return all + GoodClose();
}

ReceiveTime WallNow() {
  return ReceiveTime(std::chrono::system_clock::now().time_since_epoch() /
                     std::chrono::nanoseconds(1));
}

void ExpectKernelTimes(const ClientSession& session, ReceiveTime sent) {
  ASSERT_EQ(session.message_count, kMessagesOfManyReads);
  int told = 0;
  for (const ClientSession::Message& message : session.messages) {
    if (message.socket_ns == kNoTime) continue;
    ++told;
    EXPECT_GE(message.socket_ns, 0);
    // Unless the wall clock was set meanwhile.
    if (message.received < sent) continue;
    EXPECT_GE(message.received - message.socket_ns, sent);
  }
  EXPECT_EQ(told > 0, KernelStampsTcp());
}

TEST(WebSocketClientTest, TheTimeInTheKernelIsToldWhereItIsKnown) {
  std::atomic<std::int64_t> sent{0};
  RawServer server([&](RawConnection& connection, int) {
    connection.Upgrade();
    sent = WallNow().raw();
    connection.Send(ManyMessages());
    connection.Drain();
  });
  ClientSession session;
  session.options.stamped_reads = 1;
  session.Run(server.port());
  ExpectKernelTimes(session, ReceiveTime(sent));
}

TEST(WebSocketClientTest, TheTimeInTheKernelIsToldThroughTlsToo) {
  std::atomic<std::int64_t> sent{0};
  const Identity authority = ForgeAuthority("a CA");
  const auto context = MakeServerContext({Forge({}, &authority), {}});
  ScriptedServer server([&](int socket, int) {
    const std::unique_ptr<SSL, FreeOpenSsl> tls(SSL_new(context.get()));
    SSL_set_fd(tls.get(), socket);
    if (SSL_accept(tls.get()) != 1) return;
    std::string request;
    char byte = 0;
    while (!absl::EndsWith(request, "\r\n\r\n") && SSL_read(tls.get(), &byte, 1) == 1) {
      request += byte;
    }
    sent = WallNow().raw();
    const std::string bytes = RawConnection::UpgradeAnswer(request) + ManyMessages();
    (void)SSL_write(tls.get(), bytes.data(), static_cast<int>(bytes.size()));
    while (recv(socket, &byte, 1, 0) == 1) {
    }
  });
  const TestFolder folder;
  ClientSession session;
  session.ca_path = folder.Write("ca.pem", authority.Pem());
  session.options.stamped_reads = 1;
  session.Run(server.port());
  ExpectKernelTimes(session, ReceiveTime(sent));
}

// ---- N8: we are too slow

TEST(WebSocketClientTest, FaultN8ASlowReaderShowsAsUnreadBytesAndLosesNothing) {
  constexpr int kMessages = 15'000;
  std::string all;
  for (int i = 0; i < kMessages; ++i) all += Text(absl::StrCat(i, std::string(1'000, 'x')));
  std::atomic<bool> is_full{false};
  ClientSession session;
  session.options.receive_buffer_bytes = 65'536;
  session.on_message = [&] {
    // The first message is handled until the server can send no more.
    while (!is_full.load()) std::this_thread::yield();
  };
  RawServer server([&](RawConnection& connection, int) {
    connection.Upgrade();
    std::size_t sent = 0;
    for (int idle = 0; sent < all.size() && idle < 20;) {
      const std::size_t size = connection.SendSome(std::string_view(all).substr(sent));
      sent += size;
      if (size != 0) {
        idle = 0;
      } else {
        ++idle;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    }
    EXPECT_LT(sent, all.size()) << "the kernel took everything: nothing is tested";
    is_full.store(true);
    connection.Send(std::string_view(all).substr(sent));
    connection.Send(GoodClose());
    connection.Drain();
  });
  session.Run(server.port());
  ASSERT_EQ(session.messages.size(), static_cast<std::size_t>(kMessages));
  for (int i = 0; i < kMessages; ++i) {
    const auto& message = session.messages[static_cast<std::size_t>(i)];
    ASSERT_EQ(message.text.substr(0, message.text.find('x')), absl::StrCat(i));
    if (i > 0) {
      ASSERT_GE(message.monotonic, session.messages[static_cast<std::size_t>(i) - 1].monotonic);
    }
  }
  EXPECT_GT(session.counts().unread_bytes_max, 0);
}

}  // namespace
}  // namespace thalweg
