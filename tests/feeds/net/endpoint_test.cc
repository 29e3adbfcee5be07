#include "feeds/net/endpoint.h"

#include <gtest/gtest.h>

#include <string>

namespace thalweg {
namespace {

absl::StatusOr<Endpoint> Rest(std::string_view url) { return ParseEndpoint(url, Protocol::kRest); }

TEST(EndpointTest, AUrlIsTakenApartAndPutTogether) {
  const auto plain = Rest("https://api.binance.com");
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_TRUE(plain->is_tls);
  EXPECT_EQ(plain->host, "api.binance.com");
  EXPECT_EQ(plain->port, 443);
  EXPECT_EQ(plain->prefix, "");
  EXPECT_EQ(plain->HostHeader(), "api.binance.com");
  EXPECT_EQ(plain->Url(), "https://api.binance.com");

  const auto full = ParseEndpoint("WSS://Stream.Example.com:9443/a/b//", Protocol::kWebSocket);
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_EQ(full->host, "stream.example.com");
  EXPECT_EQ(full->port, 9'443);
  EXPECT_EQ(full->prefix, "/a/b");
  EXPECT_EQ(full->Url(), "wss://stream.example.com:9443/a/b");

  const auto ipv6 = Rest("http://[::1]:8080/");
  ASSERT_TRUE(ipv6.ok()) << ipv6.status();
  EXPECT_EQ(ipv6->host, "::1");
  EXPECT_EQ(ipv6->HostHeader(), "[::1]:8080");
  EXPECT_EQ(ipv6->Url(), "http://[::1]:8080");
}

TEST(EndpointTest, WithoutTlsOnlyThisMachineIsReached) {
  for (const char* const host :
       {"127.0.0.1", "127.0.0.1:80", "127.200.3.4:9", "localhost", "LOCALHOST:1", "[::1]"}) {
    EXPECT_TRUE(Rest(std::string("http://") + host).ok()) << host;
    EXPECT_TRUE(ParseEndpoint(std::string("ws://") + host, Protocol::kWebSocket).ok()) << host;
  }
  for (const char* const host :
       {"api.binance.com", "10.0.0.1", "128.0.0.1", "0.0.0.0", "[::]", "[::2]",
        "[::ffff:127.0.0.1]", "localhost.example.com", "127.0.0.1.example.com", "mylocalhost"}) {
    const auto refused = Rest(std::string("http://") + host);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument) << host;
    EXPECT_TRUE(Rest(std::string("https://") + host).ok()) << host;
  }
}

TEST(EndpointTest, WhatIsNoBaseUrlIsRefusedByItsText) {
  for (const char* const url : {"",
                                "api.binance.com",
                                "https:/api.binance.com",
                                "https://",
                                "https:///x",
                                "ftp://a.com",
                                "wss://a.com",
                                "https://a.com:0",
                                "https://a.com:65536",
                                "https://a.com:",
                                "https://a.com:x",
                                "https://a.com:1:2",
                                "https://user@a.com",
                                "https://user:secret@a.com",
                                "https://a.com?x=1",
                                "https://a.com/x?y",
                                "https://a.com/#f",
                                "https://a.com/a b",
                                "https://a..com",
                                "https://-a.com",
                                "https://a.com.",
                                "https://1.2.3",
                                "https://127.1",
                                "https://1.2.3.400",
                                "https://[::1",
                                "https://[zz]",
                                "https://[::1]x",
                                "https://::1",
                                "https://a.com/\x01",
                                "https://a.com\r\nHost: b.com",
                                "https://\xe5\xb8\x81.com"}) {
    const auto refused = Rest(url);
    ASSERT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument) << url;
    EXPECT_NE(std::string(refused.status().message()).find(url), std::string::npos) << url;
  }
  EXPECT_FALSE(Rest("https://" + std::string(kBaseUrlBytesMax, 'a')).ok());
  EXPECT_FALSE(ParseEndpoint("https://a.com", Protocol::kWebSocket).ok());
}

TEST(EndpointTest, BinancesOwnAreTheDefaults) {
  const auto url = [](Market market, Protocol protocol) {
    return DefaultEndpoint(market, protocol).Url();
  };
  EXPECT_EQ(url(Market::kSpot, Protocol::kRest), "https://api.binance.com");
  EXPECT_EQ(url(Market::kSpot, Protocol::kWebSocket), "wss://stream.binance.com:9443");
  EXPECT_EQ(url(Market::kUsdM, Protocol::kRest), "https://fapi.binance.com");
  EXPECT_EQ(url(Market::kUsdM, Protocol::kWebSocket), "wss://fstream.binance.com");
  EXPECT_EQ(url(Market::kCoinM, Protocol::kRest), "https://dapi.binance.com");
  EXPECT_EQ(url(Market::kCoinM, Protocol::kWebSocket), "wss://dstream.binance.com");
  for (const Market market : {Market::kSpot, Market::kUsdM, Market::kCoinM}) {
    for (const Protocol protocol : {Protocol::kRest, Protocol::kWebSocket}) {
      const Endpoint endpoint = DefaultEndpoint(market, protocol);
      const auto parsed = ParseEndpoint(endpoint.Url(), protocol);
      ASSERT_TRUE(parsed.ok()) << parsed.status();
      EXPECT_EQ(*parsed, endpoint);
    }
  }
}

}  // namespace
}  // namespace thalweg
