#include "tools/metrics/metrics_address.h"

#include <gtest/gtest.h>

#include <string>

namespace thalweg {
namespace {

TEST(MetricsAddressTest, APortAloneMeansThisMachineAlone) {
  EXPECT_EQ(*ParseMetricsAddress("9464"), (MetricsAddress{"127.0.0.1", 9464}));
  EXPECT_EQ(*ParseMetricsAddress("0"), (MetricsAddress{"127.0.0.1", 0}));
  EXPECT_EQ(*ParseMetricsAddress("localhost:1"), (MetricsAddress{"127.0.0.1", 1}));
}

TEST(MetricsAddressTest, AnotherAddressIsWrittenOut) {
  EXPECT_EQ(*ParseMetricsAddress("0.0.0.0:9464"), (MetricsAddress{"0.0.0.0", 9464}));
  EXPECT_EQ(*ParseMetricsAddress("10.0.0.1:65535"), (MetricsAddress{"10.0.0.1", 65535}));
  EXPECT_EQ(*ParseMetricsAddress("[::1]:9464"), (MetricsAddress{"::1", 9464}));
  EXPECT_EQ(*ParseMetricsAddress("[::]:9464"), (MetricsAddress{"::", 9464}));
}

TEST(MetricsAddressTest, EverythingElseIsRefusedWithWhatIsAllowed) {
  for (const std::string text : {"",
                                 ":",
                                 ":9464",
                                 "65536",
                                 "-1",
                                 "+1",
                                 " 1",
                                 "1 ",
                                 "x",
                                 "9464x",
                                 "127.0.0.1:",
                                 "127.0.0.1",
                                 "example.com:9464",
                                 "127.1:9464",
                                 "::1:9464",
                                 "[127.0.0.1]:9464",
                                 "[::1]",
                                 "[::1:9464",
                                 "::1]:9464",
                                 "http://127.0.0.1:9464",
                                 "127.0.0.1:9464/metrics",
                                 "0x1:1"}) {
    const auto address = ParseMetricsAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_NE(address.status().message().find("'" + text + "' is not PORT"), std::string::npos);
  }
}

}  // namespace
}  // namespace thalweg
