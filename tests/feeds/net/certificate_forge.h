// Certificates of every sort, good and bad, for servers that a client should refuse.
//
// Threads: pure. A failure of OpenSSL ends the program: nothing can be tested then.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

namespace thalweg {

struct FreeOpenSsl {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* tls) const { SSL_free(tls); }
};

// A certificate with its key; the issuer of others, or a server.
struct Identity {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> certificate;

  [[nodiscard]] std::string Pem() const;
};

struct CertificateWish {
  std::string name = "localhost";                          // CN
  std::string alternative = "DNS:localhost,IP:127.0.0.1";  // Empty: none.
  std::string usage = "serverAuth";                        // Empty: none is named.
  std::string constraints = "critical,CA:FALSE";
  long begins_in_days = -1;
  long ends_in_days = 30;
  int rsa_bits = 0;  // 0: P-256.
  bool sha1 = false;
};

// Signed by `issuer`, by itself when that is null.
[[nodiscard]] Identity Forge(const CertificateWish& wish, const Identity* issuer);
[[nodiscard]] Identity ForgeAuthority(const std::string& name, const Identity* issuer = nullptr);

// What a server shows: its certificate and those between it and the CA.
struct ServerFace {
  Identity identity;
  std::vector<Identity> between;
  int version_max = TLS1_3_VERSION;
  int version_min = TLS1_2_VERSION;
};

// Accepts anything that OpenSSL can be made to, as a bad server would.
[[nodiscard]] std::unique_ptr<SSL_CTX, FreeOpenSsl> MakeServerContext(const ServerFace& face);

}  // namespace thalweg
