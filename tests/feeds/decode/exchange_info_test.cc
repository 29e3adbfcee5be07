#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "feeds/decode/decoder.h"
#include "replay/recording_reader.h"
#include "tests/recorded/recorded_feed.h"

namespace thalweg {
namespace {

std::string Answer(std::string_view symbols) {
  return R"({"timezone":"UTC","serverTime":1782000000000,"symbols":[)" + std::string(symbols) +
         "]}";
}

constexpr std::string_view kSpot =
    R"({"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","baseAssetPrecision":8,
        "filters":[{"filterType":"NEW_KIND","x":[{"tickSize":"9"}]},
                   {"filterType":"PRICE_FILTER","minPrice":"0.01","tickSize":"0.01000000"},
                   {"filterType":"LOT_SIZE","minQty":"0.00001","stepSize":"0.00001000"},7]})";
constexpr std::string_view kCoinM =
    R"({"symbol":"BTCUSD_PERP","pair":"BTCUSD","contractStatus":"TRADING","baseAssetPrecision":8,
        "filters":[{"tickSize":"0.1","filterType":"PRICE_FILTER"},
                   {"stepSize":"1","filterType":"LOT_SIZE"}]})";

std::vector<Instrument> Decoded(std::string_view body) {
  absl::StatusOr<std::vector<Instrument>> instruments = DecodeExchangeInfo(body);
  EXPECT_TRUE(instruments.ok()) << instruments.status();
  return instruments.ok() ? *std::move(instruments) : std::vector<Instrument>{};
}

std::string WhyNot(std::string_view body) {
  const auto instruments = DecodeExchangeInfo(body);
  EXPECT_FALSE(instruments.ok()) << body;
  return std::string(instruments.status().message());
}

TEST(DecodeExchangeInfoTest, SpotSymbolGivesItsGrid) {
  const std::vector<Instrument> instruments = Decoded(Answer(kSpot));
  ASSERT_EQ(instruments.size(), 1u);
  EXPECT_EQ(instruments[0].symbol, "BTCUSDT");
  EXPECT_EQ(instruments[0].tick, Price(1'000'000));
  EXPECT_EQ(instruments[0].step, Price(1'000));
  EXPECT_EQ(instruments[0].qty_decimals, 8);
  EXPECT_TRUE(instruments[0].trading);
}

TEST(DecodeExchangeInfoTest, CoinMarginedStatusHasItsOwnName) {
  const std::vector<Instrument> instruments = Decoded(Answer(kCoinM));
  ASSERT_EQ(instruments.size(), 1u);
  EXPECT_EQ(instruments[0].tick, Price(10'000'000));
  EXPECT_EQ(instruments[0].step, Price(100'000'000));
  EXPECT_TRUE(instruments[0].trading);
}

TEST(DecodeExchangeInfoTest, UnknownStatusIsNotTradingAndNoError) {
  const std::vector<Instrument> instruments =
      Decoded(Answer(R"({"symbol":"A","status":"CANCEL_ONLY"},{"symbol":"B","status":"NEW"},
                        {"symbol":"C","contractStatus":"PENDING_TRADING"})"));
  ASSERT_EQ(instruments.size(), 3u);
  for (const Instrument& instrument : instruments) EXPECT_FALSE(instrument.trading);
}

TEST(DecodeExchangeInfoTest, SymbolWithoutFiltersOrWithDisabledTickHasTickZero) {
  const std::vector<Instrument> instruments = Decoded(Answer(
      R"({"symbol":"A"},
         {"symbol":"B","filters":[{"filterType":"PRICE_FILTER","tickSize":"0.00000000"}]})"));
  ASSERT_EQ(instruments.size(), 2u);
  EXPECT_EQ(instruments[0].tick, Price(0));
  EXPECT_EQ(instruments[1].tick, Price(0));
  EXPECT_EQ(instruments[0].qty_decimals, 8);
}

TEST(DecodeExchangeInfoTest, PrecisionIsCappedAtEight) {
  const std::vector<Instrument> instruments = Decoded(
      Answer(R"({"symbol":"A","baseAssetPrecision":18},{"symbol":"B","baseAssetPrecision":2})"));
  ASSERT_EQ(instruments.size(), 2u);
  EXPECT_EQ(instruments[0].qty_decimals, 8);
  EXPECT_EQ(instruments[1].qty_decimals, 2);
}

TEST(DecodeExchangeInfoTest, AnythingElseIsRefusedWithTheReason) {
  EXPECT_NE(WhyNot("<html>").find("not JSON"), std::string::npos);
  EXPECT_NE(WhyNot("").find("not JSON"), std::string::npos);
  EXPECT_NE(WhyNot("[]").find("no JSON object"), std::string::npos);
  EXPECT_NE(WhyNot("{}").find("'symbols' is missing"), std::string::npos);
  EXPECT_NE(WhyNot(R"({"symbols":{}})").find("'symbols' is missing"), std::string::npos);
  EXPECT_NE(WhyNot(R"({"code":-1121,"msg":"Invalid symbol."})").find("-1121 (Invalid symbol.)"),
            std::string::npos);
  EXPECT_NE(WhyNot(Answer("5")).find("entry 0"), std::string::npos);
  EXPECT_NE(WhyNot(Answer(R"({"status":"TRADING"})")).find("no 'symbol'"), std::string::npos);
  EXPECT_NE(WhyNot(Answer(R"({"symbol":"A","baseAssetPrecision":"8"})")).find("'A'"),
            std::string::npos);
}

TEST(DecodeExchangeInfoTest, MalformedTickIsNamedWithItsSymbol) {
  for (const std::string_view tick : {"1e-8", "-0.01", "", "0.123456789", "x"}) {
    const std::string why =
        WhyNot(Answer(R"({"symbol":"ABC","filters":[{"filterType":"PRICE_FILTER","tickSize":")" +
                      std::string(tick) + R"("}]})"));
    EXPECT_NE(why.find("'ABC'"), std::string::npos) << why;
    EXPECT_NE(why.find("PRICE_FILTER.tickSize"), std::string::npos) << why;
  }
}

TEST(DecodeExchangeInfoTest, AnOddSymbolIsLeftOutAndTheOthersStay) {
  for (const std::string_view odd :
       {"5", R"({"status":"TRADING"})", R"({"symbol":""})",
        R"({"symbol":"ODD","baseAssetPrecision":"8"})",
        R"({"symbol":"ODD","baseAssetPrecision":-1})",
        R"({"symbol":"ODD","filters":[{"filterType":"PRICE_FILTER","tickSize":"0.0000000001"}]})",
        R"({"symbol":"ODD","filters":[{"filterType":"PRICE_FILTER"}]})",
        R"({"symbol":"ODD","filters":[{"filterType":"LOT_SIZE","stepSize":"1e-3"}]})"}) {
    const std::string answer =
        Answer(std::string(kSpot) + "," + std::string(odd) + "," + std::string(kCoinM));
    std::vector<std::string> left_out;
    const auto instruments = DecodeExchangeInfo(answer, &left_out);
    ASSERT_TRUE(instruments.ok()) << odd;
    ASSERT_EQ(instruments->size(), 2u) << odd;
    EXPECT_EQ((*instruments)[0].symbol, "BTCUSDT");
    EXPECT_EQ((*instruments)[1].symbol, "BTCUSD_PERP");
    ASSERT_EQ(left_out.size(), 1u) << odd;
    const bool named = odd.find("ODD") != std::string_view::npos;
    EXPECT_NE(left_out[0].find(named ? "'ODD'" : "entry 1"), std::string::npos) << left_out[0];
    EXPECT_EQ(Decoded(answer).size(), 2u);
  }
}

TEST(DecodeExchangeInfoTest, AnswerWithoutSymbolsIsGoodAndEmpty) {
  EXPECT_TRUE(Decoded(Answer("")).empty());
}

TEST(DecodeExchangeInfoTest, CutAnywhereIsNoExchangeInfo) {
  const std::string whole = Answer(kSpot);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(DecodeExchangeInfo(whole.substr(0, size)).ok()) << size;
  }
}

TEST(DecodeExchangeInfoTest, RecordedAnswersAreReadWhole) {
  const struct {
    const char* file;
    std::size_t symbols;
  } kAnswers[] = {{"cryptofeed-binance-spot-2021-10-12/BINANCE.0.gz", 1695},
                  {"cryptofeed-binance-usdm-2021-07-22/BINANCE_FUTURES.0.gz", 122}};
  for (const auto& answer : kAnswers) {
    const std::string path = RecordedDataFolder() / answer.file;
    const auto reader = RecordingReader::Open(path, {});
    if (!reader.ok()) GTEST_SKIP() << reader.status();
    std::string_view line;
    ASSERT_EQ((*reader)->Next(&line), ReadVerdict::kLine);
    const std::vector<Instrument> instruments = Decoded(std::string(line.substr(line.find('{'))));
    EXPECT_EQ(instruments.size(), answer.symbols);
    for (const Instrument& instrument : instruments) {
      EXPECT_GT(instrument.tick, Price(0)) << instrument.symbol;
      EXPECT_GT(instrument.step, Price(0)) << instrument.symbol;
    }
  }
}

TEST(DecodeExchangeInfoTest, ASymbolThatIsNotListedIsAnErrorOfItsOwn) {
  EXPECT_TRUE(SaysUnknownSymbol(R"({"code":-1121,"msg":"Invalid symbol."})"));
  for (const char* const other :
       {"", "{", "[]", "{}", R"({"code":-1003,"msg":"Too many requests."})", R"({"code":"-1121"})",
        R"({"symbols":[]})"}) {
    EXPECT_FALSE(SaysUnknownSymbol(other)) << other;
  }
}

}  // namespace
}  // namespace thalweg
