// The fast readers against the general one.
//
// What is proven: whatever a fast reader accepts, simdjson and ParseDecimal read as the same event;
// and the decoder as a whole gives the same verdict as the general reader. How: every recorded
// frame, texts at the borders of each way, and mutants of recorded frames.
#include "feeds/decode/level_scanner.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/decode/decoder.h"
#include "feeds/decode/event_scanner.h"
#include "feeds/decode/general_decoder.h"
#include "tests/feeds/decode/any_event.h"
#include "tests/feeds/decode/padded_text.h"
#include "tests/recorded/recorded_feed.h"
#include "tests/test_part.h"

namespace thalweg {
namespace {

using Way = LevelScanner::Way;

// Every reader, and what each made of one frame.
class Readers {
 public:
  // Compares all readers on one frame. True when a fast reader took it.
  bool Agree(const FrameHead& head, int qty_decimals) {
    const std::optional<Outcome> general = Decode(head, qty_decimals, &general_);
    if (!general.has_value()) return false;
    verdict_ = general->verdict;
    EXPECT_EQ(Decode(head, qty_decimals, &decoder_), general) << head.body;
    switch (head.kind) {
      case FrameKind::kDepth: {
        const bool vector = DepthAgrees(head, qty_decimals, &vector_, *general);
        const bool sequential = DepthAgrees(head, qty_decimals, &sequential_, *general);
        vector_count_ += vector;
        return vector || sequential;
      }
      case FrameKind::kBookTicker: {
        BookTicker ticker;
        return ScanBookTicker(head, qty_decimals, &ticker) && IsSame(Flatten(ticker), *general);
      }
      case FrameKind::kTrade:
      case FrameKind::kAggTrade: {
        Trade trade;
        return ScanTrade(head, qty_decimals, &trade) && IsSame(Flatten(trade), *general);
      }
      default:
        return false;
    }
  }

  [[nodiscard]] std::int64_t vector_count() const { return vector_count_; }
  // The general reader's verdict on the last frame.
  [[nodiscard]] DecodeVerdict verdict() const { return verdict_; }

 private:
  static bool IsSame(const AnyEvent& fast, const Outcome& general) {
    EXPECT_EQ(general.verdict, DecodeVerdict::kOk);
    EXPECT_EQ(fast, general.event);
    return true;
  }

  static bool DepthAgrees(const FrameHead& head, int qty_decimals, LevelScanner* scanner,
                          const Outcome& general) {
    DepthDiff diff;
    if (!ScanDepth(head, qty_decimals, scanner, &diff)) return false;
    if (general.verdict != DecodeVerdict::kOk || Flatten(diff) != general.event) {
      ADD_FAILURE() << "a fast reader took\n"
                    << head.body << "\nwhich is " << Describe(general.verdict);
    }
    return true;
  }

  Decoder decoder_;
  GeneralDecoder general_;
  LevelScanner vector_{Way::kVector};
  LevelScanner sequential_{Way::kSequential};
  std::int64_t vector_count_ = 0;
  DecodeVerdict verdict_ = DecodeVerdict::kOk;
};

std::string DepthFrame(std::string_view bids, std::string_view asks) {
  return R"({"stream":"xusdt@depth","data":{"e":"depthUpdate","E":1723161255208,"s":"XUSDT",)"
         R"("U":1,"u":2,"b":)" +
         std::string(bids) + R"(,"a":)" + std::string(asks) + "}}";
}

std::string Levels(int count, std::string_view price, std::string_view qty) {
  std::string levels = "[";
  for (int i = 0; i < count; ++i) {
    if (i != 0) levels += ',';
    levels.append("[\"").append(price).append("\",\"").append(qty).append("\"]");
  }
  return levels + "]";
}

bool AllAgreeOn(std::string_view payload, int qty_decimals, Readers* readers) {
  const PaddedText text(payload);
  return readers->Agree(NameFrame(text.view()), qty_decimals);
}

TEST(LevelScannerTest, EveryCountOfLevelsOnEitherSide) {
  Readers readers;
  for (int bids = 0; bids <= 9; ++bids) {
    for (int asks = 0; asks <= 9; ++asks) {
      const std::string frame = DepthFrame(Levels(bids, "61737.63000000", "0.12345678"),
                                           Levels(asks, "61737.64", "12345.0"));
      EXPECT_TRUE(AllAgreeOn(frame, 8, &readers)) << frame;
      EXPECT_EQ(readers.verdict(), DecodeVerdict::kOk);
    }
  }
  EXPECT_EQ(readers.vector_count(), LevelScanner::HasVectorWay() ? 100 : 0);
}

TEST(LevelScannerTest, EveryWidthOfNumbersInEveryUnit) {
  Readers readers;
  for (int whole = 1; whole <= 20; ++whole) {
    for (int decimals = 0; decimals <= 9; ++decimals) {
      for (int used = 0; used <= decimals; ++used) {
        std::string qty(static_cast<std::size_t>(whole), '7');
        if (decimals != 0) {
          qty += '.' + std::string(static_cast<std::size_t>(used), '3') +
                 std::string(static_cast<std::size_t>(decimals - used), '0');
        }
        for (int unit = 0; unit <= 8; ++unit) {
          AllAgreeOn(DepthFrame(Levels(3, "1.5", qty), "[]"), unit, &readers);
          AllAgreeOn(DepthFrame(Levels(2, qty, "1.5"), Levels(1, "9.1", qty)), unit, &readers);
        }
      }
    }
  }
}

TEST(LevelScannerTest, MixedWidthsGoAnotherWayAndStayExact) {
  Readers readers;
  for (const std::string_view levels :
       {R"([["1.5","2.5"],["10.25","2.5"]])", R"([["1.5","2"],["10.25","2.5"]])",
        R"([["1","2"],["10","20"]])", R"([["1","2.5"],["10","20.5"]])", R"([["12345678.1","2.5"]])",
        R"([["1.5","12345678901.5"],["1.6","0.5"]])", R"([["0.00000001","92233720368.54775807"]])",
        R"([["0007.5","00.1"]])"}) {
    EXPECT_TRUE(AllAgreeOn(DepthFrame(levels, "[]"), 8, &readers)) << levels;
    EXPECT_EQ(readers.verdict(), DecodeVerdict::kOk) << levels;
    EXPECT_TRUE(AllAgreeOn(DepthFrame("[]", levels), 8, &readers)) << levels;
  }
}

TEST(LevelScannerTest, EveryByteOfALevelIsChecked) {
  Readers readers;
  const std::string frame =
      DepthFrame(R"([["61737.63","0.500"],["61737.62","1.250"],["7.01","22.000"]])",
                 R"([["61738.00","3.125"],["61739.10","0.000"]])");
  ASSERT_TRUE(AllAgreeOn(frame, 3, &readers));
  const std::size_t begin = frame.find("\"b\":");
  for (std::size_t at = begin; at < frame.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = frame;
      changed[at] = static_cast<char>(byte);
      AllAgreeOn(changed, 3, &readers);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(LevelScannerTest, FaultD6ArraysThatLookClosedOnlyByPaddingAreNotTaken) {
  const std::string whole =
      DepthFrame(Levels(5, "61737.63000000", "1.00000000"), Levels(4, "61738.1", "2.5"));
  Readers readers;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    PaddedText text(whole.substr(0, size));
    text.FillAfter(std::string_view(whole).substr(size));
    const FrameHead head = NameFrame(text.view());
    if (head.kind != FrameKind::kDepth) continue;
    EXPECT_FALSE(readers.Agree(head, 8)) << size;
    EXPECT_NE(readers.verdict(), DecodeVerdict::kOk) << size;
  }
}

TEST(LevelScannerTest, LongFramesGrowTheBuffers) {
  Readers readers;
  const std::string frame =
      DepthFrame(Levels(20'000, "61737.63000000", "0.12345678"), Levels(30'001, "1.5", "2.25"));
  EXPECT_TRUE(AllAgreeOn(frame, 8, &readers));
  EXPECT_EQ(readers.verdict(), DecodeVerdict::kOk);
}

TEST(LevelScannerTest, MoreLevelsThanTheBoundAreRefused) {
  Readers readers;
  const int most = static_cast<int>(kFrameLevelsMax);
  EXPECT_TRUE(AllAgreeOn(DepthFrame("[]", Levels(most, "1.5", "2.5")), 8, &readers));
  EXPECT_EQ(readers.verdict(), DecodeVerdict::kOk);
  EXPECT_FALSE(AllAgreeOn(DepthFrame("[]", Levels(most + 1, "1.5", "2.5")), 8, &readers));
  EXPECT_EQ(readers.verdict(), DecodeVerdict::kTooManyLevels);
  EXPECT_FALSE(AllAgreeOn(DepthFrame(Levels(most + 1, "1", "2"), "[]"), 8, &readers));
  EXPECT_EQ(readers.verdict(), DecodeVerdict::kTooManyLevels);
}

TEST(LevelScannerTest, RandomBytesAndDotsAreHarmless) {
  Readers readers;
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    constexpr std::string_view kAlphabet = "[]{}\",:.0123456789eE-+ basuU\\\n\xff";
    std::string noise(random() % 200, ' ');
    for (char& c : noise) c = kAlphabet[random() % kAlphabet.size()];
    AllAgreeOn(DepthFrame(noise, "[]"), 8, &readers);
    AllAgreeOn(noise, 8, &readers);
  }
  AllAgreeOn(DepthFrame(std::string(300'000, '.'), "[]"), 8, &readers);
  AllAgreeOn(DepthFrame(std::string(300'000, '['), "[]"), 8, &readers);
}

// The recording of one market, and how each of its frames is expected to be read.
class RecordedFramesTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::vector<std::string> files = RecordedFiles(GetParam());
    if (files.empty()) GTEST_SKIP() << "no " << GetParam() << " in " << RecordedDataFolder();
    feed_.emplace(files, TakeShortPart() ? 5'000 : 0);
  }
  std::optional<RecordedFeed> feed_;
};

bool HasFastReader(FrameKind kind) {
  return kind == FrameKind::kDepth || kind == FrameKind::kBookTicker || kind == FrameKind::kTrade;
}

TEST_P(RecordedFramesTest, FaultD7AllReadersAgreeOnEveryFrame) {
  Readers readers;
  std::int64_t frames = 0;
  std::int64_t fast = 0;
  std::int64_t expected_fast = 0;
  for (const auto& [received, payload] : feed_->lines()) {
    const FrameHead head = NameFrame(payload);
    ASSERT_NE(head.kind, FrameKind::kUnnamed) << payload;
    ++frames;
    expected_fast += HasFastReader(head.kind);
    fast += readers.Agree(head, kQtyDecimalsMax);
    ASSERT_EQ(readers.verdict(), DecodeVerdict::kOk) << payload;
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(frames, 500);
  EXPECT_EQ(fast, expected_fast) << "regular frames went the slow way";
}

// One to three changes of a text, each of a kind that damaged or hostile feeds show.
class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  std::string Mutate(std::string_view original) {
    std::string text(original);
    for (auto changes = 1 + random_() % 3; changes != 0 && !text.empty(); --changes) {
      Change(&text);
    }
    return text;
  }

 private:
  void Change(std::string* text) {
    constexpr std::string_view kTelling = "0123456789.\"[]{},: -+eE\\tfnabuUsTpq\n\x80";
    const std::size_t at = random_() % text->size();
    const char telling = kTelling[random_() % kTelling.size()];
    switch (random_() % 8) {
      case 0:
        (*text)[at] = static_cast<char>((*text)[at] ^ (1 << random_() % 8));
        break;
      case 1:
        text->erase(at, 1);
        break;
      case 2:
        text->insert(at, 1, telling);
        break;
      case 3:
        (*text)[at] = telling;
        break;
      case 4:
        text->erase(at, random_() % 12);
        break;
      case 5:
        text->insert(at, text->substr(random_() % text->size(), random_() % 24));
        break;
      case 6:
        ChangeDigit(text, at);
        break;
      default:
        if (random_() % 4 == 0) text->resize(at);
        break;
    }
  }

  void ChangeDigit(std::string* text, std::size_t at) {
    at = text->find_first_of("0123456789", at);
    if (at != std::string::npos) (*text)[at] = static_cast<char>('0' + random_() % 10);
  }

  std::mt19937 random_;
};

// Where the short part is asked for, a tenth of the mutants.
int MutantsPerRecording() { return TakeShortPart() ? 5'000 : 50'000; }

TEST_P(RecordedFramesTest, FaultD7AllReadersAgreeOnMutants) {
  constexpr std::size_t kLongestSample =
      1'500;  // Long frames would be mutated in their middle only.
  std::vector<std::string_view> samples;
  std::size_t seen[16] = {};
  for (const auto& [received, payload] : feed_->lines()) {
    const FrameHead head = NameFrame(payload);
    std::size_t& count = seen[static_cast<std::size_t>(head.kind)];
    if (HasFastReader(head.kind) && payload.size() < kLongestSample && count++ % 53 == 0) {
      samples.push_back(payload);
    }
  }
  ASSERT_FALSE(samples.empty());
  Readers readers;
  Mutator mutator(20'240'808);
  constexpr int kUnits[] = {8, 8, 3, 5, 0};
  const int mutants = MutantsPerRecording();
  for (int i = 0; i < mutants; ++i) {
    const std::string_view original = samples[static_cast<std::size_t>(i) % samples.size()];
    PaddedText text(mutator.Mutate(original), i % 2 == 0 ? '\0' : '7');
    if (i % 3 == 0) text.FillAfter("}}");
    readers.Agree(NameFrame(text.view()), kUnits[i % 5]);
    ASSERT_FALSE(HasFailure()) << "mutant " << i << ": " << text.view();
  }
}

INSTANTIATE_TEST_SUITE_P(Collectors, RecordedFramesTest,
                         testing::Values("spot-btcusdt-2024-08-08", "spot-nexousdt-2024-07-23",
                                         "usdm-btcusdt-2023-04-04", "usdm-ethusdt-2024-08-08",
                                         "coinm-btcusd_perp-2024-08-08"),
                         [](const auto& info) {
                           return std::to_string(info.index) + "_" +
                                  std::string(info.param).substr(0, 4);
                         });

}  // namespace
}  // namespace thalweg
