// `thalweg exchange`, the program: its port, its end, and what it says to wrong wishes.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tools/exchange/exchange_testing.h"
#include "tests/tools/program.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

ProgramResult RunExchange(std::vector<std::string> options) {
  options.insert(options.begin(), "exchange");
  return RunThalweg(options);
}

TEST(ExchangeCommandTest, ItSaysItsPortAndEndsByItself) {
  const TestFolder folder;
  const std::string recording = folder.Write("demo.txt", DemoRecording());
  const ProgramResult result =
      RunExchange({"--recording", recording, "--for", "0.05", "--port-file", folder.PathOf("port"),
                   "--final-book", folder.PathOf("book")});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  const std::string port = ReadWholeFile(folder.PathOf("port"));
  EXPECT_GT(std::stoi(port), 0);
  EXPECT_EQ(result.out, "port " + port);
  // Nobody subscribed: nothing was sent.
  EXPECT_EQ(ReadWholeFile(folder.PathOf("book")), "");
}

TEST(ExchangeCommandTest, CertificatesAreMadeOnceAndServed) {
  const TestFolder folder;
  const ProgramResult made = RunExchange({"--make-ca", folder.PathOf("ca")});
  EXPECT_EQ(made.exit_status, 0) << made.err;
  EXPECT_EQ(made.out, "ca " + folder.PathOf("ca/ca.pem") + "\ncert " +
                          folder.PathOf("ca/server.pem") + "\nkey " +
                          folder.PathOf("ca/server.key") + "\n");
  const ProgramResult again = RunExchange({"--make-ca", folder.PathOf("ca")});
  EXPECT_EQ(again.exit_status, 3);
  EXPECT_NE(again.err.find(folder.PathOf("ca/ca.pem")), std::string::npos) << again.err;
  const ProgramResult served =
      RunExchange({"--tls", "--cert", folder.PathOf("ca/server.pem"), "--key",
                   folder.PathOf("ca/server.key"), "--levels", "100", "--for", "0.05"});
  EXPECT_EQ(served.exit_status, 0) << served.err;
}

TEST(ExchangeCommandTest, WrongWishesAreRefusedWithWhatIsAllowed) {
  const TestFolder folder;
  const std::string recording = folder.Write("demo.txt", DemoRecording());
  const std::string script = folder.Write("faults.txt", "drop@frame=1\nmore@frame=2\n");
  const struct {
    std::vector<std::string> options;
    int exit_status;
    std::string remark;
  } cases[] = {
      {{"--port", "70000"}, 2, "--port: '70000' is not a whole number in [0, 65535]"},
      {{"--address", "0.0.0.0"}, 2, "is not one of the loopback"},
      {{"--speed", "0"}, 2, "--speed: '0' is not a number above 0"},
      {{"--time-scale", "0"}, 2, "--time-scale: '0' is not a whole number in [1, 10000]"},
      {{"--for", "x"}, 2, "--for: 'x' is not a number above 0"},
      {{"--fault", "drop@when=1"}, 2, "fault 'drop@when=1': after '@' stands one of"},
      {{"--faults", script}, 2, "faults.txt:2: fault 'more@frame=2': there is no kind 'more'"},
      {{"--faults", folder.PathOf("absent")}, 3, "absent"},
      {{"--tls"}, 2, "--tls, --cert and --key go together"},
      {{"--tls", "--cert", recording, "--key", recording}, 2, "no certificate in PEM"},
      {{"--recording", folder.PathOf("absent")}, 3, "absent"},
      {{"--recording", recording, "--seed", "4"}, 2, "--seed"},
      {{"--instrument", "X"}, 2, "X"},
      {{"--symbols", "A,B", "--final-book", "book"}, 2, "--final-book: 'book'"},
      {{"--levels", "5"}, 2, "levels"},
  };
  for (const auto& [options, exit_status, remark] : cases) {
    const ProgramResult result = RunExchange(options);
    EXPECT_EQ(result.exit_status, exit_status) << result.err;
    EXPECT_NE(result.err.find(remark), std::string::npos) << result.err;
  }
}

}  // namespace
}  // namespace thalweg
