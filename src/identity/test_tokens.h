#pragma once
#include <algorithm>
#include <memory>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ensure.h"
#include "identity/verify.h"

// For tests: issuers with keys of their own, and tokens true and forged.
namespace hmt::identity::test {

using namespace std::chrono_literals;

inline const std::string project = "https://project.example";
inline const std::string issuer = project + "/auth/v1";
inline const std::string user_id = "6f1d2c3b-0a49-4e58-9c77-0123456789ab";
inline const std::string shared_secret = "a-shared-secret-of-more-than-32-bytes";
inline constexpr std::int64_t now_seconds = 1'795'000'000;
inline const base::Instant now{std::chrono::seconds(now_seconds)};

inline std::string base64url(std::string_view bytes) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto some = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < some.size() ? static_cast<std::uint8_t>(some[i]) : 0U);
    }
    for (std::size_t i = 0; i <= some.size(); ++i) out += digits[bits >> (18 - 6 * i) & 63];
  }
  return out;
}

// Members of a JSON object, by name, as JSON; `changes` replace, add, or (empty) remove.
using Members = std::vector<std::pair<std::string, std::string>>;

inline std::string object(Members members, const Members& changes = {}) {
  for (const auto& [name, value] : changes) {
    const auto found = std::ranges::find(members, name, &Members::value_type::first);
    found == members.end() ? void(members.emplace_back(name, value)) : void(found->second = value);
  }
  std::string out;
  for (const auto& [name, value] : members) {
    if (!value.empty()) out += (out.empty() ? "\"" : ",\"") + name + "\":" + value;
  }
  return "{" + out + "}";
}

inline std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}

// What Supabase puts into the token of a user who has just signed in.
inline std::string claims(const Members& changes = {}) {
  return object({{"iss", in_quotes(issuer)},
                 {"sub", in_quotes(user_id)},
                 {"aud", "\"authenticated\""},
                 {"exp", std::to_string(now_seconds + 3600)},
                 {"iat", std::to_string(now_seconds)},
                 {"email", "\"trader@example.com\""},
                 {"app_metadata", R"({"provider":"email","providers":["email"]})"},
                 {"user_metadata", "{}"},
                 {"role", "\"authenticated\""},
                 {"aal", "\"aal1\""},
                 {"session_id", "\"27f1ca92-4c5f-4b7e-8b4f-9f5f3f3b2f10\""},
                 {"is_anonymous", "false"}},
                changes);
}

class TestKey {
 public:
  static TestKey p256(std::string id) { return {std::move(id), "ES256", EVP_EC_gen("P-256")}; }
  static TestKey p384(std::string id) { return {std::move(id), "ES384", EVP_EC_gen("P-384")}; }
  static TestKey rsa(std::string id, unsigned bits = 2048) {
    return {std::move(id), "RS256", EVP_RSA_gen(bits)};
  }
  static TestKey ed25519(std::string id) {
    return {std::move(id), "EdDSA", EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
  }

  const std::string& id() const { return id_; }
  EVP_PKEY* key() const { return key_.get(); }

  std::string header(const Members& changes = {}) const {
    return object({{"alg", in_quotes(algorithm_)}, {"kid", in_quotes(id_)}, {"typ", "\"JWT\""}},
                  changes);
  }
  std::string token(const Members& claim_changes = {}, const Members& header_changes = {}) const {
    return sealed(header(header_changes), claims(claim_changes));
  }
  // Whatever the header and the claims are, signed by this key.
  std::string sealed(std::string_view header_json, std::string_view claims_json) const {
    const auto signed_part = base64url(header_json) + '.' + base64url(claims_json);
    return signed_part + '.' + base64url(signature_of(signed_part));
  }

  std::string signature_of(std::string_view bytes, int rsa_padding = RSA_PKCS1_PADDING) const {
    const auto der = raw_signature_of(bytes, rsa_padding);
    return algorithm_.starts_with("ES") ? jws_form(der) : der;
  }
  // As OpenSSL gives it: DER for ECDSA.
  std::string raw_signature_of(std::string_view bytes, int rsa_padding = RSA_PKCS1_PADDING) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    EVP_PKEY_CTX* settings = nullptr;
    EVP_DigestSignInit(context.get(), &settings, algorithm_ == "EdDSA" ? nullptr : EVP_sha256(),
                       nullptr, key());
    if (algorithm_ == "RS256") EVP_PKEY_CTX_set_rsa_padding(settings, rsa_padding);
    std::size_t size = 0;
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    EVP_DigestSign(context.get(), nullptr, &size, data, bytes.size());
    std::string out(size, '\0');
    const int done = EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()),
                                    &size, data, bytes.size());
    base::ensure(done == 1, "the key signs");
    out.resize(size);
    return out;
  }

  Members public_members() const {
    if (algorithm_ == "RS256") {
      return {{"kty", "\"RSA\""},
              {"n", in_quotes(number(OSSL_PKEY_PARAM_RSA_N))},
              {"e", in_quotes(number(OSSL_PKEY_PARAM_RSA_E))}};
    }
    if (algorithm_ == "EdDSA") {
      std::string x(32, '\0');
      auto size = x.size();
      EVP_PKEY_get_raw_public_key(key(), reinterpret_cast<unsigned char*>(x.data()), &size);
      return {{"kty", "\"OKP\""}, {"crv", "\"Ed25519\""}, {"x", in_quotes(base64url(x))}};
    }
    return {{"kty", "\"EC\""},
            {"crv", algorithm_ == "ES256" ? "\"P-256\"" : "\"P-384\""},
            {"x", in_quotes(number(OSSL_PKEY_PARAM_EC_PUB_X))},
            {"y", in_quotes(number(OSSL_PKEY_PARAM_EC_PUB_Y))}};
  }
  std::string jwk(const Members& changes = {}) const {
    auto members = public_members();
    members.insert(members.end(), {{"kid", in_quotes(id_)},
                                   {"alg", in_quotes(algorithm_)},
                                   {"use", "\"sig\""},
                                   {"key_ops", "[\"verify\"]"}});
    return object(std::move(members), changes);
  }

  // The public key in the forms in which it is commonly mistaken for a secret.
  std::string pem() const {
    BIO* memory = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(memory, key());
    return taken(memory);
  }
  std::string der() const {
    BIO* memory = BIO_new(BIO_s_mem());
    i2d_PUBKEY_bio(memory, key());
    return taken(memory);
  }

 private:
  TestKey(std::string id, std::string algorithm, EVP_PKEY* key)
      : id_(std::move(id)), algorithm_(std::move(algorithm)), key_(key, EVP_PKEY_free) {}

  static std::string taken(BIO* memory) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(memory, &data);
    std::string out(data, static_cast<std::size_t>(size));
    BIO_free(memory);
    return out;
  }

  std::string number(const char* name) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key(), name, &value);
    // A coordinate keeps its leading zeros.
    const int least = algorithm_ == "RS256" ? 0 : (EVP_PKEY_get_bits(key()) + 7) / 8;
    std::string out(static_cast<std::size_t>(std::max(least, BN_num_bytes(value))), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
    BN_free(value);
    return base64url(out);
  }

  std::string jws_form(const std::string& der) const {
    const auto* from = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &from, static_cast<long>(der.size()));
    const int half = (EVP_PKEY_get_bits(key()) + 7) / 8;
    std::string out(static_cast<std::size_t>(2 * half), '\0');
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, half);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + half, half);
    ECDSA_SIG_free(pair);
    return out;
  }

  std::string id_;
  std::string algorithm_;
  std::shared_ptr<EVP_PKEY> key_;
};

inline std::string hmac(std::string_view secret, std::string_view bytes,
                        const char* digest = "SHA256") {
  std::string out(64, '\0');
  std::size_t size = 0;
  EVP_Q_mac(nullptr, "HMAC", nullptr, digest, nullptr, secret.data(), secret.size(),
            reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
            reinterpret_cast<unsigned char*>(out.data()), out.size(), &size);
  out.resize(size);
  return out;
}

inline std::string hmac_sealed(std::string_view secret, std::string_view header_json,
                               std::string_view claims_json, const char* digest = "SHA256") {
  const auto signed_part = base64url(header_json) + '.' + base64url(claims_json);
  return signed_part + '.' + base64url(hmac(secret, signed_part, digest));
}
inline std::string hmac_token(std::string_view secret, const Members& claim_changes = {},
                              const Members& header_changes = {}) {
  return hmac_sealed(secret, object({{"alg", "\"HS256\""}, {"typ", "\"JWT\""}}, header_changes),
                     claims(claim_changes));
}

inline std::string jwks(const std::vector<std::string>& keys) {
  std::string out;
  for (const auto& key : keys) out += (out.empty() ? "" : ",") + key;
  return R"({"keys":[)" + out + "]}";
}

// The keys of the issuer, made once: an RSA key takes a while.
struct Issuers {
  TestKey elliptic = TestKey::p256("elliptic");
  TestKey rsa = TestKey::rsa("rsa");
  TestKey edwards = TestKey::ed25519("edwards");

  static const Issuers& get() {
    static const Issuers issuers;
    return issuers;
  }
  std::string jwks() const { return test::jwks({elliptic.jwk(), rsa.jwk(), edwards.jwk()}); }
};

inline Keys keys_of(const std::string& jwks, std::string secret = {}) {
  auto set = KeySet::read(jwks);
  base::ensure(set.has_value(), "the test's key set can be read");
  return {std::make_shared<const KeySet>(std::move(*set)), agent::Secret(std::move(secret))};
}

inline Policy policy() {
  Policy out;
  out.issuer = issuer;
  return out;
}

}  // namespace hmt::identity::test
