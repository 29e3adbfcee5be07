// Names, addresses and certificates: what a dial does with them, over loopback sockets.
#include "feeds/net/dialer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/feeds/net/certificate_forge.h"
#include "tests/feeds/net/scripted_server.h"
#include "tests/tools/test_folder.h"

namespace thalweg {
namespace {

constexpr Nanos kPatience = 60 * kSecond;

// A DNS of the test's own.
class BookedResolver : public Resolver {
 public:
  explicit BookedResolver(NetworkLoop& loop) : loop_(loop) {}

  void Resolve(const std::string& host, Answer answer) override {
    ++asked[host];
    const auto found = addresses.find(host);
    if (found == addresses.end()) return;  // Never.
    loop_.Post([result = found->second, answer = std::move(answer)] { answer(result); });
  }

  std::map<std::string, absl::StatusOr<std::vector<std::string>>> addresses;
  std::map<std::string, int> asked;

 private:
  NetworkLoop& loop_;
};

class DialerTest : public testing::Test {
 protected:
  // How the dial ended.
  DialOutcome Dial(const Endpoint& endpoint, const std::string& ca_path = "",
                   DialDeadlines deadlines = {}) {
    auto trust = ServerTrust::Create(ca_path);
    EXPECT_TRUE(trust.ok()) << trust.status();
    Dialer dialer(loop, **trust, resolver, deadlines);
    return DialBy(dialer, endpoint);
  }
  DialOutcome DialBy(Dialer& dialer, const Endpoint& endpoint) {
    std::optional<DialOutcome> outcome;
    LoopTimer too_long(loop);
    too_long.Start(kPatience, [this] { loop.Stop(); });
    auto dial = dialer.Start(endpoint, [&](DialOutcome result) {
      outcome = std::move(result);
      loop.Stop();
    });
    EXPECT_FALSE(outcome.has_value()) << "it never answers inside Start()";
    loop.Run();
    EXPECT_TRUE(outcome.has_value());
    DialOutcome result = outcome ? std::move(*outcome) : DialOutcome();
    dial.reset();
    return result;
  }

  [[nodiscard]] static Endpoint Plain(const std::string& host, std::uint16_t port) {
    Endpoint endpoint;
    endpoint.is_tls = false;
    endpoint.host = host;
    endpoint.port = port;
    return endpoint;
  }

  NetworkLoop loop;
  BookedResolver resolver{loop};
};

void WaitForEnd(int socket, int) { (void)ScriptedServer::ReadRequest(socket); }

TEST_F(DialerTest, ConnectsToAnAddressWithoutAskingAnybody) {
  ScriptedServer server(WaitForEnd);
  const DialOutcome outcome = Dial(Plain("127.0.0.1", server.port()));
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.address, "127.0.0.1");
  ASSERT_NE(outcome.stream, nullptr);
  boost::asio::ip::tcp::no_delay no_delay;
  outcome.stream->socket().get_option(no_delay);
  EXPECT_TRUE(no_delay.value());
  EXPECT_TRUE(resolver.asked.empty());
}

TEST_F(DialerTest, FaultN1AnUnknownNameIsAFailureOfDns) {
  resolver.addresses["localhost"] = absl::UnavailableError("Host not found (authoritative)");
  const DialOutcome outcome = Dial(Plain("localhost", 1));
  EXPECT_EQ(outcome.stage, DialStage::kDns);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(outcome.status.message(),
            "dns failed: host=localhost:1 reason=Host not found (authoritative)");
  EXPECT_EQ(resolver.asked["localhost"], 1) << "how often one asks is for the caller";
}

TEST_F(DialerTest, FaultN1ANameServerThatNeverAnswersIsADeadline) {
  const DialOutcome outcome = Dial(Plain("localhost", 1), "", {.resolve = 20 * kMillisecond});
  EXPECT_EQ(outcome.stage, DialStage::kDns);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(outcome.status.message(), "dns failed: host=localhost:1 reason=no answer in time");
}

TEST_F(DialerTest, FaultN1NoAddressAtAllIsAFailureOfDns) {
  resolver.addresses["localhost"] = std::vector<std::string>{};
  EXPECT_EQ(Dial(Plain("localhost", 1)).stage, DialStage::kDns);
}

TEST_F(DialerTest, FaultN2TheNextAddressIsTriedWhenOneRefuses) {
  ScriptedServer server(WaitForEnd);
  resolver.addresses["localhost"] = std::vector<std::string>{"127.0.0.9", "127.0.0.1", "::1"};
  const DialOutcome outcome = Dial(Plain("localhost", server.port()));
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.address, "127.0.0.1");
}

TEST_F(DialerTest, FaultN2WhenAllRefuseTheLastOneIsNamed) {
  std::uint16_t port = 0;
  {
    ScriptedServer server(WaitForEnd);
    port = server.port();
  }
  resolver.addresses["localhost"] = std::vector<std::string>{"127.0.0.1", "127.0.0.2", "::1"};
  const DialOutcome outcome = Dial(Plain("localhost", port));
  EXPECT_EQ(outcome.stage, DialStage::kConnect);
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnavailable);
  // The families in turn: 127.0.0.1, ::1, 127.0.0.2.
  EXPECT_NE(outcome.status.message().find("address=127.0.0.2 reason=Connection refused"),
            absl::string_view::npos)
      << outcome.status;
}

TEST_F(DialerTest, LegsOfOneHostBeginWithDifferentAddresses) {
  ScriptedServer server(WaitForEnd);
  resolver.addresses["localhost"] = std::vector<std::string>{"127.0.0.9", "127.0.0.1", "127.0.0.8"};
  Endpoint endpoint = Plain("localhost", server.port());
  for (const std::size_t first : {1u, 4u}) {
    endpoint.first_address = first;
    const DialOutcome outcome = Dial(endpoint);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.address, "127.0.0.1");
  }
}

TEST_F(DialerTest, FaultN2ABlackHoleCostsOneDeadlineAndTheOtherAddressIsTried) {
  ScriptedServer server(WaitForEnd);
  // A listener whose queue is full answers no SYN.
  const int hole = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(server.port());
  inet_pton(AF_INET, "127.0.0.7", &name.sin_addr);
  auto* const address = reinterpret_cast<sockaddr*>(&name);
  ASSERT_EQ(bind(hole, address, sizeof name), 0);
  ASSERT_EQ(listen(hole, 0), 0);
  std::vector<int> fillers;
  for (int i = 0; i < 8; ++i) {
    fillers.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    (void)connect(fillers.back(), address, sizeof name);
  }
  resolver.addresses["localhost"] = std::vector<std::string>{"127.0.0.7"};
  const DialOutcome alone =
      Dial(Plain("localhost", server.port()), "", {.connect = 50 * kMillisecond});
  EXPECT_EQ(alone.status.code(), absl::StatusCode::kDeadlineExceeded) << alone.status;
  EXPECT_EQ(alone.stage, DialStage::kConnect);
  resolver.addresses["localhost"] = std::vector<std::string>{"127.0.0.7", "127.0.0.1"};
  const DialOutcome both =
      Dial(Plain("localhost", server.port()), "", {.connect = 50 * kMillisecond});
  EXPECT_TRUE(both.status.ok()) << both.status;
  EXPECT_EQ(both.address, "127.0.0.1");
  for (const int filler : fillers) close(filler);
  close(hole);
}

TEST_F(DialerTest, FaultN2OneDialTriesThreeAddressesAndTheNextOneOthersFirst) {
  ScriptedServer server(WaitForEnd);
  resolver.addresses["localhost"] =
      std::vector<std::string>{"127.0.0.9", "127.0.0.8", "127.0.0.7", "127.0.0.1"};
  auto trust = *ServerTrust::Create("");
  Dialer dialer(loop, *trust, resolver);
  const Endpoint endpoint = Plain("localhost", server.port());
  const DialOutcome first = DialBy(dialer, endpoint);
  EXPECT_FALSE(first.status.ok());
  EXPECT_EQ(first.address, "127.0.0.7");
  EXPECT_EQ(DialBy(dialer, endpoint).address, "127.0.0.1");
  // It connects, but its owner has heard nothing from it: now all have failed, and are as good.
  dialer.NoteFailure("127.0.0.1");
  EXPECT_EQ(DialBy(dialer, endpoint).address, "127.0.0.7");
  EXPECT_EQ(DialBy(dialer, endpoint).address, "127.0.0.1");
}

TEST_F(DialerTest, WithoutTlsAnAddressBeyondThisMachineIsNeverTried) {
  resolver.addresses["localhost"] =
      std::vector<std::string>{"192.0.2.1", "::ffff:192.0.2.1", "nonsense"};
  const DialOutcome outcome = Dial(Plain("localhost", 1));
  EXPECT_EQ(outcome.stage, DialStage::kDns);
  EXPECT_EQ(outcome.status.message(), "dns failed: host=localhost:1 reason=no address");
}

TEST_F(DialerTest, ADialThatIsDestroyedCallsNobody) {
  ScriptedServer server(WaitForEnd);
  auto trust = *ServerTrust::Create("");
  Dialer dialer(loop, *trust, resolver);
  resolver.addresses["localhost"] = std::vector<std::string>{"127.0.0.1"};
  for (const char* const host : {"localhost", "127.0.0.1"}) {
    bool is_called = false;
    auto dial =
        dialer.Start(Plain(host, server.port()), [&](const DialOutcome&) { is_called = true; });
    dial.reset();
    LoopTimer later(loop);
    later.Start(50 * kMillisecond, [this] { loop.Stop(); });
    loop.Run();
    EXPECT_FALSE(is_called) << host;
  }
}

// ---- TLS

// Shows a face to every client and remembers the names that it was asked for.
class TlsServer {
 public:
  explicit TlsServer(const ServerFace& face)
      : context_(MakeServerContext(face)), server_([this](int socket, int) { Serve(socket); }) {
    // OpenSSL writes into sockets whose client is gone.
    std::signal(SIGPIPE, SIG_IGN);
  }

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  // Once that many clients have said theirs; with fewer after a while.
  [[nodiscard]] std::vector<std::string> WaitForNames(std::size_t count) {
    std::unique_lock lock(mutex_);
    said_.wait_for(lock, std::chrono::nanoseconds(kPatience),
                   [&] { return names_.size() >= count; });
    return names_;
  }

 private:
  void Serve(int socket) {
    const std::unique_ptr<SSL, FreeOpenSsl> tls(SSL_new(context_.get()));
    SSL_set_fd(tls.get(), socket);
    const bool is_open = SSL_accept(tls.get()) == 1;
    {
      const char* const name = SSL_get_servername(tls.get(), TLSEXT_NAMETYPE_host_name);
      const std::lock_guard lock(mutex_);
      names_.emplace_back(name == nullptr ? "" : name);
    }
    said_.notify_all();
    char byte = 0;
    if (is_open) (void)SSL_read(tls.get(), &byte, 1);
  }

  const std::unique_ptr<SSL_CTX, FreeOpenSsl> context_;
  std::mutex mutex_;
  std::condition_variable said_;
  std::vector<std::string> names_;
  ScriptedServer server_;
};

class DialerTlsTest : public DialerTest {
 protected:
  DialerTlsTest() {
    resolver.addresses["localhost"] = std::vector<std::string>{"127.0.0.1"};
    resolver.addresses["api.example.com"] = std::vector<std::string>{"127.0.0.1"};
  }

  DialOutcome DialFace(const ServerFace& face, const std::string& host = "localhost") {
    TlsServer server(face);
    Endpoint endpoint;
    endpoint.host = host;
    endpoint.port = server.port();
    DialOutcome outcome = Dial(endpoint, ca_path_);
    if (outcome.stream) outcome.stream->Abort();
    port_ = server.port();
    return outcome;
  }
  void ExpectRefused(const ServerFace& face, const std::string& reason,
                     const std::string& host = "localhost") {
    const DialOutcome outcome = DialFace(face, host);
    EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnauthenticated) << outcome.status;
    EXPECT_EQ(outcome.stage, DialStage::kTls);
    EXPECT_EQ(outcome.stream, nullptr);
    const std::string begin = "tls verify failed: host=" + host + ":" + std::to_string(port_) +
                              " address=127.0.0.1 reason=";
    const std::string text(outcome.status.message());
    EXPECT_TRUE(text.starts_with(begin)) << text;
    EXPECT_NE(text.find(reason, begin.size()), std::string::npos) << text;
  }
  [[nodiscard]] ServerFace Face(const CertificateWish& wish) {
    return {Forge(wish, &authority_), {}};
  }

  TestFolder folder_;
  const Identity authority_ = ForgeAuthority("a CA");
  const std::string ca_path_ = folder_.Write("ca.pem", authority_.Pem());
  std::uint16_t port_ = 0;
};

TEST_F(DialerTlsTest, AGoodServerIsBelievedByNameAndByAddress) {
  const ServerFace good = Face({});
  EXPECT_TRUE(DialFace(good).status.ok());
  EXPECT_TRUE(DialFace(good, "127.0.0.1").status.ok());
}

TEST_F(DialerTlsTest, FaultN6SelfSigned) {
  ExpectRefused({Forge({}, nullptr), {}}, "self-signed certificate");
}

TEST_F(DialerTlsTest, FaultN6UnknownAuthority) {
  const Identity other = ForgeAuthority("another CA");
  ExpectRefused({Forge({}, &other), {}}, "unable to get local issuer certificate");
  ExpectRefused({Forge({}, &other), {other}}, "self-signed certificate in certificate chain");
}

TEST_F(DialerTlsTest, FaultN6AnAuthorityThatOnlyHasTheNameOfATrustedOne) {
  const Identity other = ForgeAuthority("a CA");
  ExpectRefused({Forge({}, &other), {}}, "certificate");
}

TEST_F(DialerTlsTest, FaultN6Expired) {
  CertificateWish wish;
  wish.begins_in_days = -30;
  wish.ends_in_days = -1;
  ExpectRefused(Face(wish), "certificate has expired");
}

TEST_F(DialerTlsTest, FaultN6NotYetValid) {
  CertificateWish wish;
  wish.begins_in_days = 1;
  ExpectRefused(Face(wish), "certificate is not yet valid");
}

TEST_F(DialerTlsTest, FaultN6WrongHost) {
  const ServerFace good = Face({});
  ExpectRefused(good, "hostname mismatch", "api.example.com");
  CertificateWish wish;
  wish.alternative = "DNS:localhost";
  ExpectRefused(Face(wish), "IP address mismatch", "127.0.0.1");
  wish.alternative = "DNS:example.com,DNS:*.com,DNS:a*.example.com";
  ExpectRefused(Face(wish), "hostname mismatch", "api.example.com");
  // A name that only the subject has, as certificates of old had it.
  wish.name = "api.example.com";
  wish.alternative = "";
  ExpectRefused(Face(wish), "hostname mismatch", "api.example.com");
}

TEST_F(DialerTlsTest, AWildcardOfAWholeLabelIsAName) {
  CertificateWish wish;
  wish.alternative = "DNS:*.example.com";
  EXPECT_TRUE(DialFace(Face(wish), "api.example.com").status.ok());
}

TEST_F(DialerTlsTest, FaultN6ACertificateForClients) {
  CertificateWish wish;
  wish.usage = "clientAuth";
  ExpectRefused(Face(wish), "certificate purpose");
}

TEST_F(DialerTlsTest, FaultN6OldVersionsOnly) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    ServerFace old = Face({});
    old.version_min = old.version_max = version;
    ExpectRefused(old, "protocol version");
  }
}

TEST_F(DialerTlsTest, FaultN6AWeakKey) {
  CertificateWish wish;
  wish.rsa_bits = 1'024;
  ExpectRefused(Face(wish), "EE certificate key too weak");
}

TEST_F(DialerTlsTest, FaultN6AWeakSignature) {
  CertificateWish wish;
  wish.sha1 = true;
  ExpectRefused(Face(wish), "CA signature digest algorithm too weak");
}

TEST_F(DialerTlsTest, FaultN6ABrokenChain) {
  const Identity between = ForgeAuthority("between", &authority_);
  const Identity server = Forge({}, &between);
  ExpectRefused({server, {}}, "unable to get local issuer certificate");
  EXPECT_TRUE(DialFace({server, {between}}).status.ok());
}

TEST_F(DialerTlsTest, FaultN6ASignerThatIsNoAuthority) {
  CertificateWish wish;
  wish.name = "a server";
  const Identity leaf = Forge(wish, &authority_);
  ExpectRefused({Forge({}, &leaf), {leaf}}, "invalid CA certificate");
}

TEST_F(DialerTlsTest, FaultN6TheNameIsAskedForAndAnAddressIsNot) {
  TlsServer server(Face({}));
  for (const char* const host : {"localhost", "127.0.0.1"}) {
    Endpoint endpoint;
    endpoint.host = host;
    endpoint.port = server.port();
    const DialOutcome outcome = Dial(endpoint, ca_path_);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    outcome.stream->Abort();
  }
  EXPECT_EQ(server.WaitForNames(2), (std::vector<std::string>{"localhost", ""}));
}

TEST_F(DialerTlsTest, FaultN6ATestAuthorityIsNotTrustedWithoutItsFile) {
  TlsServer server(Face({}));
  Endpoint endpoint;
  endpoint.host = "localhost";
  endpoint.port = server.port();
  EXPECT_EQ(Dial(endpoint).status.code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(DialerTlsTest, AServerThatSpeaksNoTlsIsRefused) {
  ScriptedServer server(
      [](int socket, int) { ScriptedServer::Write(socket, "HTTP/1.1 400 Bad Request\r\n\r\n"); });
  Endpoint endpoint;
  endpoint.host = "localhost";
  endpoint.port = server.port();
  const DialOutcome outcome = Dial(endpoint, ca_path_);
  EXPECT_FALSE(outcome.status.ok());
  EXPECT_EQ(outcome.stage, DialStage::kTls);
}

TEST_F(DialerTlsTest, AHandshakeThatNeverEndsIsADeadlineAndOneThatIsCutALoss) {
  ScriptedServer silent(WaitForEnd);
  Endpoint endpoint;
  endpoint.host = "localhost";
  endpoint.port = silent.port();
  const DialOutcome late = Dial(endpoint, ca_path_, {.handshake = 50 * kMillisecond});
  EXPECT_EQ(late.status.code(), absl::StatusCode::kDeadlineExceeded) << late.status;
  EXPECT_EQ(late.stage, DialStage::kTls);
  ScriptedServer cutting([](int socket, int) {
    char byte = 0;
    (void)recv(socket, &byte, 1, 0);
  });
  endpoint.port = cutting.port();
  const DialOutcome cut = Dial(endpoint, ca_path_);
  EXPECT_FALSE(cut.status.ok());
  EXPECT_EQ(cut.stage, DialStage::kTls);
}

TEST_F(DialerTlsTest, FaultN2AnAddressWhoseHandshakeFailsIsFollowedByTheNextAndLaterComesLast) {
  TlsServer good(Face({}));
  ScriptedServer cutting(
      [](int socket, int) {
        char byte = 0;
        (void)recv(socket, &byte, 1, 0);
      },
      "127.0.0.2", good.port());
  resolver.addresses["localhost"] = std::vector<std::string>{"127.0.0.2", "127.0.0.1"};
  auto trust = *ServerTrust::Create(ca_path_);
  Dialer dialer(loop, *trust, resolver);
  Endpoint endpoint;
  endpoint.host = "localhost";
  endpoint.port = good.port();
  for (int i = 0; i < 3; ++i) {
    const DialOutcome outcome = DialBy(dialer, endpoint);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.address, "127.0.0.1");
    outcome.stream->Abort();
  }
  EXPECT_EQ(cutting.connections(), 1);
}

TEST_F(DialerTlsTest, FaultN6ARefusedCertificateEndsTheDialThoughThereAreOtherAddresses) {
  TlsServer good(Face({}));
  ScriptedServer other(WaitForEnd, "127.0.0.2", good.port());
  resolver.addresses["other.example.com"] = std::vector<std::string>{"127.0.0.1", "127.0.0.2"};
  Endpoint endpoint;
  endpoint.host = "other.example.com";
  endpoint.port = good.port();
  EXPECT_EQ(Dial(endpoint, ca_path_).status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(other.connections(), 0);
}

TEST(ServerTrustTest, AFileWithoutCertificatesIsRefusedByItsName) {
  TestFolder folder;
  for (const std::string& path : {folder.PathOf("absent.pem"), folder.Write("words", "hello\n")}) {
    const auto trust = ServerTrust::Create(path);
    EXPECT_EQ(trust.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(trust.status().message().find(path), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace thalweg
