// Which servers are believed: how every TLS connection checks the one that it speaks to.
//
// Always TLS 1.2 or later; always a chain to a CA that is trusted, valid now, made for servers,
// with keys and signatures of at least 112 bits of security; always the name or address that was
// dialled, which is also what the server is asked for (SNI, names only). Nothing switches any of
// this off. Revocation is not checked: there are no lists at hand.
//
// Trusted are the system's CAs (OpenSSL's default store, which SSL_CERT_FILE and SSL_CERT_DIR
// move) and those of one file more. Threads: read-only after Create(). Cold.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace thalweg {

class ServerTrust {
 public:
  // `ca_path`: PEM, one or more certificates, added to the system's; empty: none. InvalidArgument
  // with the path and the reason when it cannot be read.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ServerTrust>> Create(
      const std::string& ca_path);
  ~ServerTrust();

  struct Context;  // feeds/net/net_stream.h
  [[nodiscard]] Context& context() const noexcept { return *context_; }

 private:
  explicit ServerTrust(std::unique_ptr<Context> context);
  const std::unique_ptr<Context> context_;
};

}  // namespace thalweg
