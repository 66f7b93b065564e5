#pragma once
#include <cstdio>
#include <filesystem>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string>

// For tests: a certificate authority of our own, in a directory that goes with it.
namespace hmt::net::test {

class TestAuthority {
 public:
  TestAuthority() {
    std::string form = (std::filesystem::temp_directory_path() / "hmt-tls-XXXXXX").string();
    directory_ = ::mkdtemp(form.data());
    key_.reset(EVP_EC_gen("P-256"));
    certificate_ = make("HMT test authority", key_.get(), {});
    write_certificate(ca_file(), certificate_.get());
  }
  ~TestAuthority() { std::filesystem::remove_all(directory_); }
  TestAuthority(const TestAuthority&) = delete;

  std::string ca_file() const { return directory_ / "ca.pem"; }
  std::string certificate_file() const { return directory_ / "server.pem"; }
  std::string key_file() const { return directory_ / "server.key"; }

  // `names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1".
  void issue(const std::string& names) {
    const Key key(EVP_EC_gen("P-256"));
    const auto certificate = make("server", key.get(), names);
    write_certificate(certificate_file(), certificate.get());
    const File file(std::fopen(key_file().c_str(), "w"));
    PEM_write_PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }

 private:
  template <auto release>
  struct Release {
    void operator()(auto* held) const { release(held); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
  using Certificate = std::unique_ptr<X509, Release<X509_free>>;
  using File = std::unique_ptr<std::FILE, Release<std::fclose>>;

  // For itself when `names` is empty.
  Certificate make(const char* common_name, EVP_PKEY* key, const std::string& names) {
    Certificate out(X509_new());
    X509_set_version(out.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(out.get()), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(out.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(out.get()), 3600);
    X509_set_pubkey(out.get(), key);
    auto* subject = X509_get_subject_name(out.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
    auto* issuer = names.empty() ? out.get() : certificate_.get();
    X509_set_issuer_name(out.get(), X509_get_subject_name(issuer));
    if (names.empty()) {
      extend(out.get(), NID_basic_constraints, "critical,CA:TRUE");
    } else {
      extend(out.get(), NID_subject_alt_name, names.c_str());
    }
    X509_sign(out.get(), key_.get(), EVP_sha256());
    return out;
  }

  static void extend(X509* certificate, int kind, const char* value) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  static void write_certificate(const std::string& path, X509* certificate) {
    const File file(std::fopen(path.c_str(), "w"));
    PEM_write_X509(file.get(), certificate);
  }

  std::filesystem::path directory_;
  Key key_;
  Certificate certificate_;
  long serial_ = 0;
};

}  // namespace hmt::net::test
