#include "tests/feeds/net/certificate_forge.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>

namespace thalweg {
namespace {

constexpr long kDaySeconds = 86'400;

void Must(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "cannot forge: %s\n", what);
  ERR_print_errors_fp(stderr);
  std::abort();
}

void AddExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  Must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, value.c_str());
  X509_EXTENSION_free(extension);
}

}  // namespace

std::string Identity::Pem() const {
  BIO* const text = BIO_new(BIO_s_mem());
  Must(PEM_write_bio_X509(text, certificate.get()) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(text, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(text);
  return pem;
}

Identity Forge(const CertificateWish& wish, const Identity* issuer) {
  static long serial = 0;
  Identity made;
  made.key.reset(
      wish.rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(static_cast<unsigned>(wish.rsa_bits)),
      FreeOpenSsl());
  made.certificate.reset(X509_new(), FreeOpenSsl());
  X509* const certificate = made.certificate.get();
  Must(made.key != nullptr && certificate != nullptr, "a key");
  X509* const signer = issuer == nullptr ? certificate : issuer->certificate.get();
  X509_NAME* const subject = X509_get_subject_name(certificate);
  Must(X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), wish.begins_in_days * kDaySeconds) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), wish.ends_in_days * kDaySeconds) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                      reinterpret_cast<const unsigned char*>(wish.name.c_str()), -1,
                                      -1, 0) == 1 &&
           X509_set_pubkey(certificate, made.key.get()) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(signer)) == 1,
       "a certificate");
  AddExtension(certificate, signer, NID_basic_constraints, wish.constraints);
  AddExtension(certificate, signer, NID_subject_key_identifier, "hash");
  AddExtension(certificate, signer, NID_ext_key_usage, wish.usage);
  AddExtension(certificate, signer, NID_subject_alt_name, wish.alternative);
  EVP_PKEY* const key = issuer == nullptr ? made.key.get() : issuer->key.get();
  Must(X509_sign(certificate, key, wish.sha1 ? EVP_sha1() : EVP_sha256()) > 0, "a signature");
  return made;
}

Identity ForgeAuthority(const std::string& name, const Identity* issuer) {
  CertificateWish wish;
  wish.name = name;
  wish.alternative = "";
  wish.usage = "";
  wish.constraints = "critical,CA:TRUE";
  return Forge(wish, issuer);
}

std::unique_ptr<SSL_CTX, FreeOpenSsl> MakeServerContext(const ServerFace& face) {
  std::unique_ptr<SSL_CTX, FreeOpenSsl> context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* const tls = context.get();
  Must(tls != nullptr, "a context");
  SSL_CTX_set_security_level(tls, 0);
  Must(SSL_CTX_set_cipher_list(tls, "ALL:@SECLEVEL=0") == 1, "ciphers");
  Must(SSL_CTX_set_min_proto_version(tls, face.version_min) == 1 &&
           SSL_CTX_set_max_proto_version(tls, face.version_max) == 1 &&
           SSL_CTX_use_certificate(tls, face.identity.certificate.get()) == 1 &&
           SSL_CTX_use_PrivateKey(tls, face.identity.key.get()) == 1,
       "a server");
  for (const Identity& one : face.between) {
    Must(SSL_CTX_add1_chain_cert(tls, one.certificate.get()) == 1, "a chain");
  }
  return context;
}

}  // namespace thalweg
