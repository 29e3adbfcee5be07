// The server of metrics against whoever can reach its port: what is answered to requests of every
// kind, and that bounds hold. Deadlines are the servers' own; a test waits for their effect, which
// is the end of a connection.
#include "tools/metrics/metrics_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/string_view.h"

namespace thalweg {
namespace {

constexpr char kMetricsBody[] = "# the metrics\n";
constexpr char kHealthBody[] = "{\"status\":\"down\"}\n";

// A connection to the server, byte by byte.
class Visitor {
 public:
  explicit Visitor(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // A server that neither answers nor ends the connection fails the test, late.
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Visitor() { ::close(socket_); }
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

  // False when the server has ended the connection.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void EndSending() { ::shutdown(socket_, SHUT_WR); }

  // Everything until the server ends the connection.
  std::string ReadAll() {
    while (Fill()) {
    }
    return std::exchange(unread_, "");
  }
  // One answer; empty at the end.
  std::string ReadAnswer(bool has_body = true) {
    std::size_t end = 0;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) return "";
    }
    end += 4;
    const std::size_t at = unread_.find("Content-Length: ");
    if (has_body && at < end) end += std::stoul(unread_.substr(at + 16));
    while (unread_.size() < end) {
      if (!Fill()) return "";
    }
    std::string answer = unread_.substr(0, end);
    unread_.erase(0, end);
    return answer;
  }
  // The server has ended the connection, with or without an answer before.
  bool IsEnded() {
    while (Fill()) {
    }
    return ended_;
  }

 private:
  bool Fill() {
    char bytes[4096];
    const ssize_t got = ::recv(socket_, bytes, sizeof(bytes), 0);
    if (got > 0) unread_.append(bytes, static_cast<std::size_t>(got));
    // A reset is an end too; a timeout is none.
    if (got == 0 || (got < 0 && errno == ECONNRESET)) ended_ = true;
    return got > 0;
  }

  int socket_;
  std::string unread_;
  bool ended_ = false;
};

int StatusOf(const std::string& answer) {
  if (answer.compare(0, 9, "HTTP/1.1 ") != 0) return 0;
  return std::stoi(answer.substr(9, 3));
}

std::string BodyOf(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

std::string Get(std::string_view target, std::string_view host = "127.0.0.1") {
  return absl::StrCat("GET ", Abseil(target), " HTTP/1.1\r\nHost: ", Abseil(host), "\r\n\r\n");
}

class MetricsServerTest : public testing::Test {
 protected:
  MetricsServer& Start(MetricsServerOptions options = {}) {
    auto server = MetricsServer::Create(
        options, [this](MetricsRoute route, const MetricsServerCounts&) -> MetricsPage {
          const auto text = [](const char* body) {
            return std::make_shared<const std::string>(body);
          };
          if (route == MetricsRoute::kHealth) return {503, "application/json", text(kHealthBody)};
          return {200, "text/plain; version=0.0.4", page_ ? page_ : text(kMetricsBody)};
        });
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    return *server_;
  }
  // What a connection of its own is answered to these bytes, until it ends.
  std::string Ask(std::string_view bytes) {
    Visitor visitor(server_->port());
    visitor.Send(bytes);
    visitor.EndSending();
    return visitor.ReadAll();
  }

  std::shared_ptr<const std::string> page_;  // Instead of kMetricsBody.
  std::unique_ptr<MetricsServer> server_;
};

TEST_F(MetricsServerTest, ServesTwoPagesAndNoOther) {
  Start();
  EXPECT_EQ(server_->Url(), absl::StrCat("http://127.0.0.1:", server_->port()));
  const std::string metrics = Ask(Get("/metrics"));
  EXPECT_EQ(StatusOf(metrics), 200) << metrics;
  EXPECT_EQ(BodyOf(metrics), kMetricsBody);
  EXPECT_TRUE(absl::StrContains(metrics, "\r\nContent-Type: text/plain; version=0.0.4\r\n"));
  const std::string health = Ask(Get("/health"));
  EXPECT_EQ(StatusOf(health), 503);
  EXPECT_EQ(BodyOf(health), kHealthBody);
  EXPECT_EQ(StatusOf(Ask(Get("/"))), 404);
}

TEST_F(MetricsServerTest, HeadIsAnsweredLikeGetWithoutTheBody) {
  Start();
  Visitor visitor(server_->port());
  visitor.Send("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string head = visitor.ReadAnswer(false);
  EXPECT_EQ(StatusOf(head), 200);
  EXPECT_TRUE(
      absl::StrContains(head, absl::StrCat("Content-Length: ", sizeof(kMetricsBody) - 1, "\r\n")));
  visitor.Send(Get("/metrics"));
  EXPECT_EQ(BodyOf(visitor.ReadAnswer()), kMetricsBody);
}

TEST_F(MetricsServerTest, AConnectionIsKeptWhileItIsWanted) {
  Start();
  Visitor visitor(server_->port());
  for (int i = 0; i < 5; ++i) {
    visitor.Send(Get("/metrics"));
    EXPECT_EQ(BodyOf(visitor.ReadAnswer()), kMetricsBody);
  }
  visitor.Send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(absl::StrContains(visitor.ReadAll(), "Connection: close\r\n"));
  // As HTTP/1.0 has it, which knows no Host.
  EXPECT_EQ(BodyOf(Ask("GET /metrics HTTP/1.0\r\n\r\n")), kMetricsBody);
  EXPECT_EQ(server_->counts().answers, 7);
  EXPECT_EQ(server_->counts().accepted, 2);
}

TEST_F(MetricsServerTest, APortThatIsTakenIsAnErrorWithItsReason) {
  Start();
  MetricsServerOptions options;
  options.address.port = server_->port();
  const auto second = MetricsServer::Create(options, nullptr);
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
  EXPECT_TRUE(absl::StrContains(second.status().message(), absl::StrCat(server_->port())));
}

// --- H1: there is no key ------------------------------------------------------------------------

TEST_F(MetricsServerTest, FaultH1WithoutAKeyNothingIsReachedButOnThisMachineUnlessAnAddressSaysSo) {
  EXPECT_EQ(MetricsServerOptions().address.host, "127.0.0.1");
  EXPECT_EQ(ParseMetricsAddress("9464")->host, "127.0.0.1");
  EXPECT_EQ(ParseMetricsAddress("0.0.0.0:9464")->host, "0.0.0.0");
  Start();
  // What looks like a key changes nothing and is not answered.
  for (const char* field : {"Authorization: Basic YWRtaW46YWRtaW4=", "Authorization: Bearer x",
                            "Cookie: session=1", "X-Api-Key: 1"}) {
    const std::string answer =
        Ask(absl::StrCat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n", field, "\r\n\r\n"));
    EXPECT_EQ(StatusOf(answer), 200) << field;
    EXPECT_EQ(BodyOf(answer), kMetricsBody);
    EXPECT_FALSE(absl::StrContains(answer, "WWW-Authenticate"));
    EXPECT_FALSE(absl::StrContains(answer, "Set-Cookie"));
  }
}

// --- H2: targets --------------------------------------------------------------------------------

// Spellings that lead some server to a file, or to a page by another way.
std::vector<std::string> HostileTargets() {
  const std::vector<std::string> steps{
      "..",       ".",     "%2e%2e",   "%2E%2E",       "%2e.",         ".%2e", "%252e%252e",
      "..%2f",    "..%5c", "..\\",     "%c0%ae%c0%ae", "%u002e%u002e", "..;",  "....",
      "..%00",    "%00",   "..%c0%af", "..%ef%bc%8f",  "..//",         "...",  "~root",
      "..%0d%0a", "%0a",   "%",        "%zz",          "%2",           "*",    "?",
  };
  const std::vector<std::string> ends{"/metrics", "/etc/passwd", "/health", "/proc/self/environ"};
  std::vector<std::string> targets{
      "",
      "*",
      "metrics",
      "/",
      "//metrics",
      "/metrics/",
      "/Metrics",
      "/METRICS",
      "/metrics?",
      "/metrics?a=b",
      "/metrics#",
      "/metrics;a",
      "/metrics.",
      "/metricss",
      "/metric",
      "/metrics%20",
      "/%6detrics",
      "/metrics%00",
      "/metrics/../metrics",
      "/./metrics",
      "/health/",
      "/healthz",
      "/health?x",
      "/%68ealth",
      "http://127.0.0.1/metrics",
      "http://localhost/metrics",
      "https://localhost/metrics",
      "http://evil.example/metrics",
      "file:///etc/passwd",
      "ftp://localhost/metrics",
      "localhost:80",
      "127.0.0.1:9464",
      "?",
      "#",
      "/?file=/etc/passwd",
      "/index.html",
      "/favicon.ico",
      "/debug/pprof",
      "/.git/config",
      "/api/v1/query",
      "/cgi-bin/sh",
      "\\metrics",
      "/\\metrics",
      "C:\\windows",
      "/dev/shm/thalweg.live",
      "/metrics|ls",
      "/metrics`id`",
      "/$(id)",
      "/${jndi:ldap://x}",
      "/metrics\"",
      "/metrics'",
      "/<script>",
      "/metrics@evil",
      "/metrics,health",
      "/metrics&health",
      "/metrics+health",
      std::string("/metrics") + std::string(4000, '/'),
      "/" + std::string(7000, 'a'),
      "/metrics?" + std::string(7000, 'b'),
  };
  for (const std::string& step : steps) {
    for (const std::string& end : ends) {
      targets.push_back("/" + step + end);
      targets.push_back("/metrics/" + step + end);
    }
  }
  return targets;
}

TEST_F(MetricsServerTest, FaultH2NoSpellingOfATargetLeadsAnywhere) {
  Start();
  const std::vector<std::string> targets = HostileTargets();
  EXPECT_GE(targets.size(), 200u);
  for (const std::string& target : targets) {
    const std::string answer = Ask(Get(target));
    const int status = StatusOf(answer);
    EXPECT_TRUE(status == 404 || status == 400) << target.substr(0, 80) << "\n" << answer;
    // Nothing of what was asked comes back.
    EXPECT_EQ(BodyOf(answer), status == 404 ? "Not Found\n" : "Bad Request\n");
  }
  EXPECT_EQ(server_->counts().answers, 0);
  // The server is as it was.
  EXPECT_EQ(BodyOf(Ask(Get("/metrics"))), kMetricsBody);
}

TEST_F(MetricsServerTest, FaultH2EveryByteInATargetIsRefusedOrFoundNowhere) {
  Start();
  for (int byte = 0; byte < 256; ++byte) {
    if (byte == ' ') continue;  // Ends the target: a matter of the version that follows.
    const std::string target = std::string("/metrics") + static_cast<char>(byte);
    const std::string answer = Ask(Get(target));
    EXPECT_TRUE(StatusOf(answer) == 404 || StatusOf(answer) == 400) << byte << "\n" << answer;
  }
  EXPECT_EQ(server_->counts().answers, 0);
}

// --- H3: bounds ---------------------------------------------------------------------------------

TEST_F(MetricsServerTest, FaultH3AHeaderThatIsTooLongIsRefused) {
  Start();
  for (const std::string& request : {
           absl::StrCat("GET /", std::string(20'000, 'a'), " HTTP/1.1\r\nHost: x\r\n\r\n"),
           absl::StrCat("GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ", std::string(9'000, 'a'),
                        "\r\n\r\n"),
           absl::StrCat("GET /metrics HTTP/1.1\r\n", std::string(20'000, 'a')),
           std::string(10 << 20, 'A'),
       }) {
    Visitor visitor(server_->port());
    visitor.Send(request);
    const std::string answer = visitor.ReadAll();
    // A request line that is none is refused for that.
    EXPECT_TRUE(StatusOf(answer) == 431 || StatusOf(answer) == 400 || answer.empty())
        << answer.substr(0, 100);
  }
  std::string many = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 2'000; ++i) absl::StrAppend(&many, "X-", i, ": y\r\n");
  EXPECT_EQ(StatusOf(Ask(many + "\r\n")), 431);
  // 8 KiB are enough for who means well.
  EXPECT_EQ(StatusOf(Ask(absl::StrCat("GET /metrics HTTP/1.1\r\nHost: localhost\r\nCookie: ",
                                      std::string(7'000, 'c'), "\r\n\r\n"))),
            200);
  EXPECT_EQ(server_->counts().answers, 1);
}

TEST_F(MetricsServerTest, FaultH3NoBodyIsTakenInWhateverFormItIsAnnounced) {
  Start();
  for (const char* fields : {
           "Content-Length: 5\r\n",
           "Content-Length: 99999999999\r\n",
           "Transfer-Encoding: chunked\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: identity\r\n",
           "Transfer-Encoding: gzip\r\n",
           "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n",
           "Content-Length: 5\r\nExpect: 100-continue\r\n",
       }) {
    Visitor visitor(server_->port());
    visitor.Send(absl::StrCat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n", fields, "\r\n"));
    // A bomb behind it is not unpacked, and not read as a request.
    visitor.Send("ffffffff\r\n");
    visitor.Send(Get("/metrics"));
    const std::string answer = visitor.ReadAll();
    EXPECT_TRUE(StatusOf(answer) == 413 || StatusOf(answer) == 400) << fields << answer;
    EXPECT_FALSE(absl::StrContains(answer, kMetricsBody)) << fields;
  }
  EXPECT_EQ(server_->counts().answers, 0);
  EXPECT_EQ(StatusOf(Ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")),
            200);
}

// Two servers in a row could see different requests in these.
TEST_F(MetricsServerTest, FaultH3RequestsThatSmuggleAnotherAreRefusedAndEndTheConnection) {
  Start();
  const std::string second = Get("/metrics");
  for (const std::string& first : {
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
                        "Content-Length: 5\r\n\r\nabcd"),
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4, 4\r\n\r\nabcd"),
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: -4\r\n\r\n"),
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: +4\r\n\r\n"),
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x4\r\n\r\n"),
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\r\nContent-Length : 4\r\n\r\nabcd"),
           absl::StrCat(
               "GET /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n\r\n"),
           absl::StrCat(
               "GET /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n"),
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
                        "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n"),
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"),
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\r\n: nameless\r\n\r\n"),
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n"),
           absl::StrCat("GET /x HTTP/1.1\r\nHost: localhost\r\nX: a", std::string(1, '\0'),
                        "b\r\n\r\n"),
           absl::StrCat("GET /x HTTP/2.0\r\nHost: localhost\r\n\r\n"),
           absl::StrCat("GET /x HTTP/1.1 \r\nHost: localhost\r\n\r\n"),
           absl::StrCat("GET  /x HTTP/1.1\r\nHost: localhost\r\n\r\n"),
           absl::StrCat("GET /x\r\n\r\n"),
           absl::StrCat("\x16\x03\x01\x02"),
           absl::StrCat("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
       }) {
    const std::string answer = Ask(first + second);
    EXPECT_TRUE(StatusOf(answer) == 400 || StatusOf(answer) == 413) << first << "\n" << answer;
    EXPECT_FALSE(absl::StrContains(answer, kMetricsBody)) << first;
  }
  EXPECT_EQ(server_->counts().answers, 0);
}

TEST_F(MetricsServerTest, FaultH3AHeaderThatDoesNotComeWholeInTimeEndsTheConnection) {
  MetricsServerOptions options;
  options.header_deadline = 50 * kMillisecond;
  Start(options);
  Visitor silent(server_->port());
  EXPECT_TRUE(silent.IsEnded());
  // A byte now and then does not help.
  Visitor slow(server_->port());
  const std::string request = Get("/metrics");
  bool is_open = true;
  for (std::size_t sent = 0; is_open; ++sent) {
    // Fields without end: it never gets done.
    is_open = slow.Send(sent < 20 ? std::string_view(request).substr(sent, 1) : "x");
    usleep(10'000);
  }
  EXPECT_EQ(server_->counts().answers, 0);
  // Nor does a whole request help the next one.
  Visitor second(server_->port());
  second.Send(request);
  EXPECT_EQ(BodyOf(second.ReadAnswer()), kMetricsBody);
  second.Send(request.substr(0, 20));
  EXPECT_TRUE(second.IsEnded());
  EXPECT_GE(server_->counts().expired, 3);
}

TEST_F(MetricsServerTest, FaultH3WhoDoesNotTakeHisAnswerLosesTheConnection) {
  MetricsServerOptions options;
  options.write_deadline = 50 * kMillisecond;
  page_ = std::make_shared<const std::string>(std::size_t{64} << 20, 'm');
  Start(options);
  Visitor lazy(server_->port());
  lazy.Send(Get("/metrics"));
  while (server_->counts().expired == 0) usleep(1'000);
  EXPECT_LT(lazy.ReadAll().size(), page_->size());
  EXPECT_EQ(server_->counts().connections, 0);
}

TEST_F(MetricsServerTest, FaultH3ConnectionsBeyondTheBoundAreClosedUnheard) {
  MetricsServerOptions options;
  options.connections_max = 3;
  options.header_deadline = 600 * kSecond;
  Start(options);
  std::vector<std::unique_ptr<Visitor>> idle;
  for (int i = 0; i < 3; ++i) {
    idle.push_back(std::make_unique<Visitor>(server_->port()));
    idle.back()->Send(Get("/metrics"));
    EXPECT_EQ(BodyOf(idle.back()->ReadAnswer()), kMetricsBody);
  }
  for (int i = 0; i < 1'000; ++i) {
    Visitor more(server_->port());
    EXPECT_TRUE(more.IsEnded());
  }
  EXPECT_EQ(server_->counts().refused, 1'000);
  EXPECT_EQ(server_->counts().connections, 3);
  // Who is in stays in, and a place that is left is free.
  idle[0]->Send(Get("/metrics"));
  EXPECT_EQ(BodyOf(idle[0]->ReadAnswer()), kMetricsBody);
  idle.pop_back();
  while (server_->counts().connections == 3) usleep(1'000);
  EXPECT_EQ(BodyOf(Ask(Get("/metrics"))), kMetricsBody);
}

TEST_F(MetricsServerTest, FaultH3RequestsSentAheadAreAnsweredOneByOneUpToABound) {
  MetricsServerOptions options;
  options.requests_max = 100;
  Start(options);
  std::string ahead;
  for (int i = 0; i < 100'000; ++i) ahead += Get("/metrics");
  Visitor visitor(server_->port());
  std::thread sender([&] { visitor.Send(ahead); });
  int answers = 0;
  while (BodyOf(visitor.ReadAnswer()) == kMetricsBody) ++answers;
  sender.join();
  // What was on its way when the connection was reset may be lost.
  EXPECT_LE(answers, 100);
  EXPECT_EQ(server_->counts().answers, 100);
}

// --- H4: who asks, and how ----------------------------------------------------------------------

TEST_F(MetricsServerTest, FaultH4AHostThatIsNoneOfThisMachinesIsMisdirected) {
  Start();
  char own[256] = {};
  gethostname(own, sizeof(own) - 1);
  for (const std::string& host : {
           std::string("localhost"),
           std::string("LOCALHOST:9464"),
           std::string("127.0.0.1"),
           absl::StrCat("127.0.0.1:", server_->port()),
           std::string("[::1]"),
           std::string("[::1]:9464"),
           std::string("10.1.2.3:9464"),
           std::string(own),
           absl::StrCat(own, ":9464"),
       }) {
    EXPECT_EQ(StatusOf(Ask(Get("/metrics", host))), 200) << host;
  }
  for (const std::string& host : {
           std::string("evil.example"),
           std::string("evil.example:9464"),
           std::string("localhost.evil.example"),
           std::string("127.0.0.1.evil.example"),
           std::string("127.0.0.1.nip.io:9464"),
           std::string("localhost."),
           std::string(""),
           std::string("localhost:"),
           std::string("localhost:x"),
           std::string("localhost:123456"),
           std::string("[::1"),
           std::string("[::1]x"),
           std::string("[::1]:"),
           std::string("[]"),
           std::string("[localhost]"),
           std::string("::1"),
           std::string("0x7f.1"),
           std::string("127.1"),
           std::string("2130706433"),
           std::string("user@localhost"),
           std::string("localhost/metrics"),
           std::string("localhost, evil.example"),
           absl::StrCat(own, ".evil.example"),
       }) {
    const std::string answer = Ask(Get("/metrics", host));
    EXPECT_EQ(StatusOf(answer), 421) << host << "\n" << answer;
    EXPECT_FALSE(absl::StrContains(answer, kMetricsBody));
  }
  EXPECT_EQ(StatusOf(Ask("GET /metrics HTTP/1.1\r\n\r\n")), 400);
}

TEST_F(MetricsServerTest, FaultH4NoVerbButGetAndHeadIsServed) {
  Start();
  for (const char* verb :
       {"POST",     "PUT",   "DELETE", "OPTIONS", "TRACE", "CONNECT",  "PATCH",
        "PROPFIND", "MKCOL", "COPY",   "MOVE",    "LOCK",  "PURGE",    "get",
        "Get",      "GETT",  "GE",     "HEAD1",   "X",     "M-SEARCH", "SUBSCRIBE"}) {
    const std::string answer =
        Ask(absl::StrCat(verb, " /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    EXPECT_EQ(StatusOf(answer), 405) << verb << "\n" << answer;
    EXPECT_TRUE(absl::StrContains(answer, "\r\nAllow: GET, HEAD\r\n")) << verb;
  }
  // Names that override it do not.
  EXPECT_EQ(StatusOf(Ask("POST /metrics HTTP/1.1\r\nHost: localhost\r\n"
                         "X-HTTP-Method-Override: GET\r\n\r\n")),
            405);
  EXPECT_EQ(server_->counts().answers, 0);
}

TEST_F(MetricsServerTest, FaultH4NoPageOfAnotherSiteMayReadAnAnswer) {
  Start();
  for (const char* fields :
       {"Origin: http://evil.example\r\n", "Origin: null\r\n",
        "Origin: http://evil.example\r\nAccess-Control-Request-Method: GET\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n",
        "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\n"}) {
    const std::string answer =
        Ask(absl::StrCat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n", fields, "\r\n"));
    EXPECT_EQ(StatusOf(answer), 200);
    EXPECT_FALSE(absl::StrContains(absl::AsciiStrToLower(answer), "access-control")) << answer;
    EXPECT_TRUE(absl::StrContains(answer, "X-Content-Type-Options: nosniff\r\n"));
    EXPECT_TRUE(absl::StrContains(answer, "Cache-Control: no-store\r\n"));
  }
}

}  // namespace
}  // namespace thalweg
