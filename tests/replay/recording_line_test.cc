#include "replay/recording_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>

namespace thalweg {
namespace {

constexpr std::string_view kDigest = "00112233445566778899aabbccddeeff";

LineKind KindOf(std::string_view line) { return ParseRecordingLine(line).kind; }

std::int64_t TimeOf(std::string_view line) { return ParseRecordingLine(line).receive_time.raw(); }

TEST(RecordingLineTest, AnObjectOrAnArrayAfterTheTimeIsAFrame) {
  const RecordingLine object = ParseRecordingLine(R"(1723161255030314667 {"stream":"x"})");
  EXPECT_EQ(object.kind, LineKind::kFrame);
  EXPECT_EQ(object.receive_time, ReceiveTime(1723161255030314667));
  EXPECT_EQ(object.payload, R"({"stream":"x"})");
  EXPECT_EQ(ParseRecordingLine("1723161255030314667 [1,2]").payload, "[1,2]");
}

TEST(RecordingLineTest, BlanksInsideThePayloadStay) {
  const RecordingLine line = ParseRecordingLine(R"(1680652700423575 {"lastUpdateId": 1, "E": 2} )");
  EXPECT_EQ(line.kind, LineKind::kFrame);
  EXPECT_EQ(line.payload, R"({"lastUpdateId": 1, "E": 2} )");
}

TEST(RecordingLineTest, TimesAreNanosecondsMicrosecondsOrMillisecondsByTheirSize) {
  EXPECT_EQ(TimeOf("1723161255030314667 {}"), 1723161255030314667);
  EXPECT_EQ(TimeOf("1723161255030314 {}"), 1723161255030314000);
  EXPECT_EQ(TimeOf("1723161255030 {}"), 1723161255030000000);
  EXPECT_EQ(TimeOf("0 {}"), 0);
  EXPECT_EQ(TimeOf("7 {}"), 7'000'000);
}

TEST(RecordingLineTest, TheBordersBetweenTheUnitsAreExact) {
  EXPECT_EQ(TimeOf("100000000000000000 {}"), 100'000'000'000'000'000);
  EXPECT_EQ(TimeOf("100000000000000 {}"), 100'000'000'000'000'000);
  EXPECT_EQ(TimeOf("4611686018427387903 {}"), kTimeMax);
  EXPECT_EQ(TimeOf("4611686018427387 {}"), 4611686018427387000);
  EXPECT_EQ(TimeOf("4611686018427 {}"), 4611686018427000000);
}

TEST(RecordingLineTest, ATimeThatDoesNotFitIsMalformed) {
  for (const std::string_view line : {
           "4611686018427387904 {}",   // One above the largest.
           "9223372036854775807 {}",   // The largest number.
           "9999999999999999999 {}",   // 19 digits.
           "4611686018427388 {}",      // In us.
           "99999999999999999 {}",     // In us, the largest.
           "4611686018428 {}",         // In ms.
           "99999999999999 {}",        // In ms, the largest.
           "18446744073709551617 {}",  // 2^64 + 1: 20 digits.
           "00000000000000000001 {}",  // 20 digits.
           "123456789012345678901234 {}",
       }) {
    const RecordingLine parsed = ParseRecordingLine(line);
    EXPECT_EQ(parsed.kind, LineKind::kMalformed) << line;
    EXPECT_FALSE(parsed.reason.empty()) << line;
  }
  EXPECT_EQ(KindOf(std::string(1'000'000, '1') + " {}"), LineKind::kMalformed);
}

TEST(RecordingLineTest, EveryNumberOfDigitsIsReadAsItIs) {
  std::string digits;
  std::int64_t value = 0;
  for (int count = 1; count <= 13; ++count) {
    const int digit = count % 9 + 1;
    digits += static_cast<char>('0' + digit);
    value = value * 10 + digit;
    if (count <= 12) {
      EXPECT_EQ(TimeOf(digits + " {}"), value * kMillisecond) << digits;
    }
  }
}

TEST(RecordingLineTest, ACharacterBesideTheDigitsIsNoDigit) {
  // '/' and ':' stand before '0' and after '9'; the others differ from digits in one bit.
  for (const char c : std::string_view("/:;<=>? pqryYZ\x10\xb0\0", 17)) {
    for (std::size_t at = 0; at < 19; ++at) {
      std::string line = "1723161255030314667 {}";
      line[at] = c;
      EXPECT_EQ(KindOf(line), LineKind::kMalformed) << line;
    }
  }
}

TEST(RecordingLineTest, WhatIsNotTimeBlankAndPayloadIsMalformedWithAReason) {
  for (const std::string_view line : {
           "",
           " ",
           "{}",
           "x",
           "-1 {}",
           "+1 {}",
           " 1 {}",
           "1",
           "1 ",
           "1{}",
           "1\t{}",
           "1  {}",
           "1 x",
           "1 \"text\"",
           "1 1",
           "1.5 {}",
           "1: {}",
           "1 \xef\xbb\xbf{}",
           "\xef\xbb\xbf"
           "1 {}",
           "#lost 1 x",
       }) {
    const RecordingLine parsed = ParseRecordingLine(line);
    EXPECT_EQ(parsed.kind, LineKind::kMalformed) << line;
    EXPECT_FALSE(parsed.reason.empty()) << line;
  }
}

TEST(RecordingLineTest, HeaderHoldsItsJson) {
  const RecordingLine line = ParseRecordingLine(R"(1723161255030314667 #thalweg 1 {"run": "a"})");
  EXPECT_EQ(line.kind, LineKind::kHeader);
  EXPECT_EQ(line.receive_time, ReceiveTime(1723161255030314667));
  EXPECT_EQ(line.payload, R"({"run": "a"})");
}

TEST(RecordingLineTest, RestHoldsTargetAndBody) {
  const RecordingLine line = ParseRecordingLine(
      R"(1723161255030314667 #rest GET /api/v3/depth?symbol=BTCUSDT&limit=1000 {"a": [1, 2]})");
  EXPECT_EQ(line.kind, LineKind::kRest);
  EXPECT_EQ(line.target, "/api/v3/depth?symbol=BTCUSDT&limit=1000");
  EXPECT_EQ(line.payload, R"({"a": [1, 2]})");
  EXPECT_EQ(KindOf("1 #rest GET /api/v3/klines []"), LineKind::kRest);
}

TEST(RecordingLineTest, ConnectionOpensAndCloses) {
  const RecordingLine open =
      ParseRecordingLine("1 #conn 12 open wss://host:9443/stream?streams=a/b");
  EXPECT_EQ(open.kind, LineKind::kConnOpen);
  EXPECT_EQ(open.connection, 12);
  EXPECT_EQ(open.url, "wss://host:9443/stream?streams=a/b");
  const RecordingLine close = ParseRecordingLine("1 #conn 12 close 1006");
  EXPECT_EQ(close.kind, LineKind::kConnClose);
  EXPECT_EQ(close.connection, 12);
}

TEST(RecordingLineTest, DropAndLostHoldWhatIsMissing) {
  const RecordingLine drop = ParseRecordingLine("1 #drop 3 depth BTCUSDT");
  EXPECT_EQ(drop.kind, LineKind::kDrop);
  EXPECT_EQ(drop.count, 3);
  EXPECT_EQ(drop.stream, "depth");
  EXPECT_EQ(drop.symbol, "BTCUSDT");
  const RecordingLine lost = ParseRecordingLine("1 #lost 9223372036854775807 no space left");
  EXPECT_EQ(lost.kind, LineKind::kLost);
  EXPECT_EQ(lost.count, INT64_MAX);
  EXPECT_EQ(lost.reason, "no space left");
}

TEST(RecordingLineTest, DigestHoldsRecordsAndHex) {
  const std::string text = "1 #digest 64950 " + std::string(kDigest);
  const RecordingLine line = ParseRecordingLine(text);
  EXPECT_EQ(line.kind, LineKind::kDigest);
  EXPECT_EQ(line.count, 64950);
  EXPECT_EQ(line.digest, kDigest);
}

TEST(RecordingLineTest, AuditHoldsItsSymbol) {
  const RecordingLine line = ParseRecordingLine("1 #audit BTCUSDT");
  EXPECT_EQ(line.kind, LineKind::kAudit);
  EXPECT_EQ(line.symbol, "BTCUSDT");
}

TEST(RecordingLineTest, OtherHashLinesAreKnownAsSuch) {
  for (const std::string_view line :
       {"1 #sbe AAECAw==", "1 #", "1 # a remark", "1 #dropped 1", "1 #Lost 1 x", "1 ##lost"}) {
    EXPECT_EQ(KindOf(line), LineKind::kOtherHash) << line;
    EXPECT_EQ(TimeOf(line), kMillisecond) << line;
  }
}

TEST(RecordingLineTest, BrokenHashLinesAreMalformedWithAReasonThatNamesThem) {
  for (const std::string_view rest : {
           "#audit",
           "#audit A B",
           "#thalweg",
           "#thalweg 1",
           "#thalweg 1 ",
           "#thalweg x {}",
           "#thalweg 01x {}",
           "#thalweg 1 [1]",
           "#thalweg {}",
           "#rest",
           "#rest GET",
           "#rest GET /x",
           "#rest GET /x ",
           "#rest POST /x {}",
           "#rest GET x {}",
           "#rest GET  {}",
           "#rest GET /x text",
           "#conn",
           "#conn 1",
           "#conn x open wss://h",
           "#conn -1 open wss://h",
           "#conn 1 open",
           "#conn 1 open ",
           "#conn 1 open a b",
           "#conn 1 close",
           "#conn 1 close x",
           "#conn 1 close 10 1",
           "#conn 1 reopen wss://h",
           "#conn 9223372036854775808 close 1000",
           "#drop",
           "#drop 1",
           "#drop 1 depth",
           "#drop 1 depth ",
           "#drop x depth A",
           "#drop -1 depth A",
           "#drop 1.5 depth A",
           "#drop 1 depth A B",
           "#drop  1 depth A",
           "#drop 9223372036854775808 depth A",
           "#drop 1  A",
           "#lost",
           "#lost 1",
           "#lost 1 ",
           "#lost x y",
           "#lost 99999999999999999999 y",
           "#lost -1 y",
           "#digest",
           "#digest 1",
           "#digest x 00112233445566778899aabbccddeeff",
           "#digest 1 00112233445566778899aabbccddeef",
           "#digest 1 00112233445566778899aabbccddeeff0",
           "#digest 1 00112233445566778899aabbccddeefg",
           "#digest 1 ",
       }) {
    const std::string text = "1723161255030314667 " + std::string(rest);
    const RecordingLine parsed = ParseRecordingLine(text);
    EXPECT_EQ(parsed.kind, LineKind::kMalformed) << rest;
    const std::string_view word = rest.substr(0, rest.find(' '));
    EXPECT_TRUE(parsed.reason.starts_with(word)) << rest << ": " << parsed.reason;
  }
}

TEST(RecordingLineTest, AHeaderOfAnotherVersionIsNotReadAsOneOfThis) {
  for (const std::string_view rest :
       {"#thalweg 2 {\"run\":\"x\"}", "#thalweg 2", "#thalweg 0 {}"}) {
    const std::string text = "1723161255030314667 " + std::string(rest);
    const RecordingLine parsed = ParseRecordingLine(text);
    EXPECT_EQ(parsed.kind, LineKind::kUnknownVersion) << rest;
    EXPECT_EQ(parsed.count, rest[9] - '0') << rest;
  }
  const std::string text = "1723161255030314667 #thalweg 2 {}";
  const absl::Status status = UnknownVersionError("day.zst", 7, ParseRecordingLine(text));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message().substr(0, 11), "day.zst:7: ");
  EXPECT_NE(status.message().find("version 2"), absl::string_view::npos) << status;
}

TEST(RecordingLineTest, AnyBytesAreTakenWithoutHarm) {
  std::mt19937 random(1);
  using std::string_view_literals::operator""sv;
  constexpr std::string_view kAlphabet = "01234567 #{}[]openclosedepth/GET?&=\0\xff"sv;
  constexpr std::string_view kStarts[] = {"",         "1 ",       "1 #thalweg 1 ", "1 #rest GET ",
                                          "1 #conn ", "1 #drop ", "1 #lost ",      "1 #digest "};
  for (int round = 0; round < 20'000; ++round) {
    // Of just its size on the heap, so that a sanitizer sees a read past its end.
    std::string text(random() % 60, ' ');
    for (char& c : text) c = kAlphabet[random() % kAlphabet.size()];
    text.insert(0, kStarts[random() % std::size(kStarts)]);
    const std::unique_ptr<char[]> exact(new char[text.size()]);
    text.copy(exact.get(), text.size());
    const RecordingLine parsed = ParseRecordingLine({exact.get(), text.size()});
    EXPECT_TRUE(parsed.kind != LineKind::kMalformed || !parsed.reason.empty()) << text;
  }
}

// --- Lines put together -----------------------------------------------------------------------

constexpr ReceiveTime kTime{1723161255030314667};

std::string LineOf(std::string_view text, ReceiveTime received = kTime) {
  std::string line;
  AppendLine(received, text, &line);
  EXPECT_LE(line.size(), text.size() + kLineFrameBytesMax);
  EXPECT_EQ(line.find('\n'), line.size() - 1) << "just one newline, at the end";
  line.pop_back();
  return line;
}

TEST(RecordingLineTest, AFrameIsWrittenAsItsTimeABlankAndThePayload) {
  EXPECT_EQ(LineOf(R"({"stream":"x"})"), R"(1723161255030314667 {"stream":"x"})");
  std::string text = "before\n";
  AppendLine(kTime, "{}", &text);
  EXPECT_EQ(text, "before\n1723161255030314667 {}\n");
}

TEST(RecordingLineTest, ANewlineInAPayloadIsWrittenAsABlank) {
  EXPECT_EQ(LineOf("{\n\"a\":\r\n1}\n"), "1723161255030314667 { \"a\":\r 1} ");
  EXPECT_EQ(LineOf("{}\r"), "1723161255030314667 {} ");
  EXPECT_EQ(LineOf("{}\r\n"), "1723161255030314667 {}\r ");
}

TEST(RecordingLineTest, TimesBefore1973AreWrittenInMilliseconds) {
  EXPECT_EQ(LineOf("{}", ReceiveTime(100'000'000'000'000'000)), "100000000000000000 {}");
  EXPECT_EQ(LineOf("{}", ReceiveTime(99'999'999'999'999'999)), "99999999999 {}");
  EXPECT_EQ(LineOf("{}", ReceiveTime(1'999'999)), "1 {}");
  EXPECT_EQ(LineOf("{}", ReceiveTime(0)), "0 {}");
  EXPECT_EQ(LineOf("{}", ReceiveTime(INT64_MIN)), "0 {}");
  EXPECT_EQ(LineOf("{}", ReceiveTime(INT64_MAX)), "9223372036854775807 {}");
  EXPECT_EQ(TimeOf(LineOf("{}", ReceiveTime(99'999'999'999'999'999))), 99'999'999'999'000'000);
}

TEST(RecordingLineTest, EveryKindOfTextIsReadAsItWasWritten) {
  const auto parse = [](const auto& append) {
    static std::string line;  // What is read points into it.
    std::string text;
    append(&text);
    line = LineOf(text);
    return ParseRecordingLine(line);
  };
  const RecordingLine header = parse([](auto* out) { AppendHeaderText(R"({"run":"a b"})", out); });
  EXPECT_EQ(header.kind, LineKind::kHeader);
  EXPECT_EQ(header.payload, R"({"run":"a b"})");
  const RecordingLine rest = parse(
      [](auto* out) { AppendRestText("/api/v3/depth?symbol=A&limit=5", R"({"b": []})", out); });
  EXPECT_EQ(rest.kind, LineKind::kRest);
  EXPECT_EQ(rest.target, "/api/v3/depth?symbol=A&limit=5");
  EXPECT_EQ(rest.payload, R"({"b": []})");
  const RecordingLine open = parse([](auto* out) { AppendConnOpenText(7, "wss://h/ws/a", out); });
  EXPECT_EQ(open.kind, LineKind::kConnOpen);
  EXPECT_EQ(open.connection, 7);
  EXPECT_EQ(open.url, "wss://h/ws/a");
  const RecordingLine close = parse([](auto* out) { AppendConnCloseText(INT64_MAX, 1006, out); });
  EXPECT_EQ(close.kind, LineKind::kConnClose);
  EXPECT_EQ(close.connection, INT64_MAX);
  const RecordingLine drop = parse([](auto* out) { AppendDropText(3, "depth", "币安", out); });
  EXPECT_EQ(drop.kind, LineKind::kDrop);
  EXPECT_EQ(drop.count, 3);
  EXPECT_EQ(drop.stream, "depth");
  EXPECT_EQ(drop.symbol, "币安");
  const RecordingLine lost = parse([](auto* out) { AppendLostText(12, "disk full", out); });
  EXPECT_EQ(lost.kind, LineKind::kLost);
  EXPECT_EQ(lost.count, 12);
  EXPECT_EQ(lost.reason, "disk full");
  const RecordingLine digest = parse([](auto* out) { AppendDigestText(64950, kDigest, out); });
  EXPECT_EQ(digest.kind, LineKind::kDigest);
  EXPECT_EQ(digest.count, 64950);
  EXPECT_EQ(digest.digest, kDigest);
  const RecordingLine audit = parse([](auto* out) { AppendAuditText("币安", out); });
  EXPECT_EQ(audit.kind, LineKind::kAudit);
  EXPECT_EQ(audit.symbol, "币安");
  for (const RecordingLine& line : {header, rest, open, close, drop, lost, digest, audit}) {
    EXPECT_EQ(line.receive_time, kTime);
  }
}

TEST(RecordingLineTest, RandomPayloadsAreReadAsTheyWereWritten) {
  std::mt19937 random(3);
  using std::string_view_literals::operator""sv;
  constexpr std::string_view kAlphabet = "{}[]\",:0123456789abc #\r\n\t\0\xff\xc3\xa9"sv;
  for (int round = 0; round < 20'000; ++round) {
    std::string payload(1 + random() % 80, '{');
    for (std::size_t i = 1; i < payload.size(); ++i) {
      payload[i] = kAlphabet[random() % kAlphabet.size()];
    }
    std::string expected = payload;
    if (expected.back() == '\r') expected.back() = ' ';
    std::replace(expected.begin(), expected.end(), '\n', ' ');
    const ReceiveTime received(100'000'000'000'000'000 + static_cast<std::int64_t>(random()));
    const bool as_rest = round % 2 == 0;
    std::string text;
    if (as_rest) AppendRestText("/x", payload, &text);
    const std::string line = LineOf(as_rest ? text : payload, received);
    const RecordingLine parsed = ParseRecordingLine(line);
    ASSERT_EQ(parsed.kind, as_rest ? LineKind::kRest : LineKind::kFrame) << line;
    ASSERT_EQ(parsed.receive_time, received);
    ASSERT_EQ(parsed.payload, expected);
  }
}

}  // namespace
}  // namespace thalweg
