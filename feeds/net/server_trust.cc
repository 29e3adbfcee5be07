#include "feeds/net/server_trust.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "feeds/net/net_stream.h"

namespace thalweg {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

// 112 bits: RSA from 2048 on, no signature with SHA-1. OpenSSL's own default differs by
// distribution.
constexpr int kSecurityLevel = 2;

}  // namespace

ServerTrust::ServerTrust(std::unique_ptr<Context> context) : context_(std::move(context)) {}
ServerTrust::~ServerTrust() = default;

absl::StatusOr<std::unique_ptr<ServerTrust>> ServerTrust::Create(const std::string& ca_path) {
  auto context = std::make_unique<Context>();
  ssl::context& tls = context->tls;
  SSL_CTX_set_security_level(tls.native_handle(), kSecurityLevel);
  if (SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION) != 1) {
    return absl::InternalError("OpenSSL refuses TLS 1.2 as the lowest version");
  }
  error_code error;
  tls.set_verify_mode(ssl::verify_peer, error);
  if (error) return absl::InternalError(absl::StrCat("OpenSSL: ", error.message()));
  // A machine without CAs trusts nobody; that shows at the first handshake.
  tls.set_default_verify_paths(error);
  if (!ca_path.empty()) {
    tls.load_verify_file(ca_path, error);
    if (error) {
      return absl::InvalidArgumentError(absl::StrCat(
          "CA file ", ca_path, ": no certificate in PEM can be read: ", error.message()));
    }
  }
  return std::unique_ptr<ServerTrust>(new ServerTrust(std::move(context)));
}

bool NetStream::ExpectHost(const std::string& host) {
  SSL* const tls = state_->tls->native_handle();
  X509_VERIFY_PARAM* const rules = SSL_get0_param(tls);
  if (IsAddress(host)) return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
  SSL_set_hostflags(tls,
                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return SSL_set1_host(tls, host.c_str()) == 1 && SSL_set_tlsext_host_name(tls, host.c_str()) == 1;
}

std::string NetStream::VerifyFailure() const {
  if (!state_->tls) return {};
  const long result = SSL_get_verify_result(state_->tls->native_handle());
  return result == X509_V_OK ? std::string() : X509_verify_cert_error_string(result);
}

}  // namespace thalweg
