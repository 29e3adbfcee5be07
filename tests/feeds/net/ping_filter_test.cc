// Pings out, everything else through, wherever the stream is cut. The model reads the whole stream
// at once, frame by frame.
#include "feeds/net/ping_filter.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace thalweg {
namespace {

std::string Frame(int first, const std::string& payload, int length_bytes = 0) {
  std::string frame(1, static_cast<char>(first));
  const std::size_t size = payload.size();
  if (length_bytes == 0) length_bytes = size < 126 ? 1 : size < 65'536 ? 2 : 8;
  if (length_bytes == 1) {
    frame += static_cast<char>(size);
  } else {
    frame += static_cast<char>(length_bytes == 2 ? 126 : 127);
    for (int i = length_bytes - 1; i >= 0; --i) {
      frame += static_cast<char>((static_cast<std::uint64_t>(size) >> (8 * i)) & 0xff);
    }
  }
  return frame + payload;
}

struct Passed {
  std::string bytes;
  std::uint64_t pings = 0;
  std::string newest;
  std::uint64_t messages = 0;
  bool is_in_message = false;
};

constexpr std::string_view kHeader = "HTTP/1.1 101 Switching Protocols\r\nA: \r\r\n\r\n";

TEST(PingFilterTest, WhatFollowsAnAnswerThatIsNoUpgradePassesWhole) {
  for (const std::string status : {"403", "100", "110", "1", ""}) {
    const std::string answer = "HTTP/1.1 " + status + "\r\n\r\n\x89" + std::string(1, '\0') +
                               "\x89\x01xHTTP/1.1 101\r\n\r\n";
    PingFilter filter;
    std::vector<char> out(answer.size() + PingFilter::kHeldMax);
    const std::size_t size = filter.Pass(answer, out.data());
    EXPECT_EQ(std::string(out.data(), size), answer);
    EXPECT_EQ(filter.pings(), 0u);
  }
}

// `cuts`: how many bytes each call gets, in turn.
Passed RunFilter(const std::string& stream, const std::vector<std::size_t>& cuts) {
  PingFilter filter;
  std::vector<char> header(kHeader.size() + PingFilter::kHeldMax);
  EXPECT_EQ(filter.Pass(kHeader, header.data()), kHeader.size());
  EXPECT_FALSE(filter.is_in_message());
  Passed passed;
  std::size_t at = 0;
  for (std::size_t i = 0; at < stream.size(); ++i) {
    const std::string piece = stream.substr(at, cuts[i % cuts.size()]);
    at += piece.size();
    std::vector<char> out(piece.size() + PingFilter::kHeldMax);
    const std::size_t size = filter.Pass(piece, out.data());
    EXPECT_LE(size, out.size());
    passed.bytes.append(out.data(), size);
  }
  passed.pings = filter.pings();
  passed.newest = std::string(filter.newest_payload());
  passed.messages = filter.messages();
  passed.is_in_message = filter.is_in_message();
  return passed;
}

void ExpectAnyCut(const std::string& stream, const Passed& expected) {
  for (std::size_t first = 1; first <= stream.size(); ++first) {
    for (const std::size_t second :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, stream.size()}) {
      SCOPED_TRACE(testing::Message() << "cut at " << first << " then each " << second);
      const Passed passed = RunFilter(stream, {first, second, second, second, second, second});
      ASSERT_EQ(passed.bytes, expected.bytes);
      ASSERT_EQ(passed.pings, expected.pings);
      ASSERT_EQ(passed.newest, expected.newest);
      ASSERT_EQ(passed.messages, expected.messages);
      ASSERT_EQ(passed.is_in_message, expected.is_in_message);
    }
  }
}

TEST(PingFilterTest, FaultN7PingsAreTakenWhereverTheStreamIsCut) {
  const std::string text = Frame(0x81, R"({"stream":"a"})");
  const std::string large = Frame(0x81, std::string(300, 'x'));
  ExpectAnyCut(Frame(0x89, "one") + text + Frame(0x89, "") + large + Frame(0x89, "three"),
               {text + large, 3, "three", 2, false});
}

TEST(PingFilterTest, TheAnswerToTheUpgradePassesWhereverItIsCut) {
  const std::string stream = std::string(kHeader) + Frame(0x89, "p") + Frame(0x81, "x");
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    PingFilter filter;
    std::vector<char> out(stream.size() + 2 * PingFilter::kHeldMax);
    std::size_t size = filter.Pass(std::string_view(stream).substr(0, cut), out.data());
    size += filter.Pass(std::string_view(stream).substr(cut), out.data() + size);
    ASSERT_EQ(std::string(out.data(), size), std::string(kHeader) + Frame(0x81, "x"));
    ASSERT_EQ(filter.pings(), 1u);
    ASSERT_EQ(filter.messages(), 1u);
  }
}

TEST(PingFilterTest, FaultW2APingBetweenFragmentsIsTakenAndTheMessageGoesOn) {
  const std::string a = Frame(0x01, "he");
  const std::string b = Frame(0x00, "ll");
  const std::string c = Frame(0x80, "o");
  ExpectAnyCut(a + Frame(0x89, "p") + b + Frame(0x89, "q") + c, {a + b + c, 2, "q", 1, false});
  ExpectAnyCut(a + Frame(0x89, "p") + b, {a + b, 1, "p", 0, true});
}

TEST(PingFilterTest, FaultW2WhatIsNoGoodPingIsLeftToBeast) {
  const std::string cases[] = {
      Frame(0x09, "p"),  // Not final.
      Frame(0xC9, "p"),
      Frame(0xA9, "p"),
      Frame(0x99, "p"),                    // Reserved bits.
      Frame(0x89, std::string(126, 'p')),  // Too long.
      Frame(0x89, "p", 2),
      Frame(0x89, "p", 8),  // A length in too many bytes.
      Frame(0x8A, "pong"),
      Frame(0x88, "\x03\xe8"),  // Pong and close.
      Frame(0x83, "?"),
      Frame(0x8B, "?"),  // Unknown opcodes.
  };
  for (const std::string& bad : cases) {
    const Passed passed = RunFilter(bad, {1});
    EXPECT_EQ(passed.bytes, bad);
    EXPECT_EQ(passed.pings, 0u);
    ExpectAnyCut(bad, passed);
  }
}

TEST(PingFilterTest, AfterAMaskedFrameEverythingPassesUnread) {
  const std::string stream = std::string("\x89\x81maskp", 7) + Frame(0x89, "p");
  ExpectAnyCut(stream, {stream, 0, "", 0, true});
}

TEST(PingFilterTest, LengthsOfAnySizeAreFollowed) {
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 65'535u, 65'536u, 70'000u}) {
    const std::string frame = Frame(0x82, std::string(size, '\x89'));
    const std::string stream = frame + Frame(0x89, "p") + frame;
    const Passed passed = RunFilter(stream, {4'096});
    EXPECT_EQ(passed.bytes, frame + frame) << size;
    EXPECT_EQ(passed.pings, 1u);
    EXPECT_EQ(passed.messages, 2u);
  }
}

TEST(PingFilterTest, FaultW1ADeclaredLengthOfExabytesNeedsNoMemoryAndNeverEnds) {
  const std::string stream = std::string("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10) + "abc";
  ExpectAnyCut(stream, {stream, 0, "", 0, true});
}

TEST(PingFilterTest, RandomStreamsAgreeWithTheModelForEverySeed) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    std::string stream;
    Passed expected;
    for (int frame = 0; frame < 30; ++frame) {
      const std::string payload(random() % 200, static_cast<char>('a' + random() % 26));
      if (random() % 3 == 0) {
        const std::string ping = payload.substr(0, 125);
        stream += Frame(0x89, ping);
        ++expected.pings;
        expected.newest = ping;
        continue;
      }
      const bool is_last = random() % 2 == 0;
      const int opcode = expected.is_in_message ? 0 : 1;
      const std::string data = Frame((is_last ? 0x80 : 0) | opcode, payload);
      stream += data;
      expected.bytes += data;
      expected.is_in_message = !is_last;
      if (is_last) ++expected.messages;
    }
    std::vector<std::size_t> cuts;
    for (int i = 0; i < 50; ++i) cuts.push_back(1 + random() % 100);
    const Passed passed = RunFilter(stream, cuts);
    ASSERT_EQ(passed.bytes, expected.bytes);
    ASSERT_EQ(passed.pings, expected.pings);
    ASSERT_EQ(passed.newest, expected.newest);
    ASSERT_EQ(passed.messages, expected.messages);
    ASSERT_EQ(passed.is_in_message, expected.is_in_message);
  }
}

}  // namespace
}  // namespace thalweg
