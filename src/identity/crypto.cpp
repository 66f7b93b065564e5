#include "identity/crypto.h"

#include <array>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string>
#include <utility>
#include <vector>

#include "base/ensure.h"

namespace hmt::identity {
namespace {

constexpr std::size_t coordinate_bytes = 32;  // of P-256 and Ed25519
constexpr int rsa_bits_min = 2048;
constexpr int rsa_bits_max = 4096;  // past it a key takes long to be looked at
constexpr int exponent_bits_max = 32;

template <auto release>
struct Release {
  void operator()(auto* held) const { release(held); }
};
using Number = std::unique_ptr<BIGNUM, Release<BN_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, Release<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Release<OSSL_PARAM_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Release<ECDSA_SIG_free>>;

// What a refused key or signature leaves in OpenSSL's queue must not look like an error of the TLS
// connections that this thread has too.
struct QuietErrors {
  ~QuietErrors() { ERR_clear_error(); }
};

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number number_of(std::string_view big_endian) {
  Number out(BN_bin2bn(bytes_of(big_endian), static_cast<int>(big_endian.size()), nullptr));
  base::ensure(out != nullptr, "there is memory for a number");
  return out;
}

std::shared_ptr<EVP_PKEY> owned(EVP_PKEY* key) {
  return {key, EVP_PKEY_free};
}

// Null when OpenSSL does not take it as a public key.
std::shared_ptr<EVP_PKEY> public_key_of(const char* kind, OSSL_PARAM* parameters) {
  const KeyContext making(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* made = nullptr;
  if (!making || EVP_PKEY_fromdata_init(making.get()) != 1 ||
      EVP_PKEY_fromdata(making.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
    return nullptr;
  }
  auto key = owned(made);
  const KeyContext checking(EVP_PKEY_CTX_new_from_pkey(nullptr, made, nullptr));
  if (!checking || EVP_PKEY_public_check(checking.get()) != 1) return nullptr;
  return key;
}

bool is_between_one_and_below(const BIGNUM* number, const BIGNUM* order) {
  return !BN_is_zero(number) && !BN_is_negative(number) && BN_cmp(number, order) < 0;
}

// r and s of a JWS as the DER that OpenSSL takes; empty when they are not in their range. The
// range is looked at here and not left to the library: a signature of zeros is the classic way
// around a verification that forgets it.
std::vector<unsigned char> der_of(EVP_PKEY* key, std::string_view signature) {
  if (signature.size() != 2 * coordinate_bytes) return {};
  auto r = number_of(signature.substr(0, coordinate_bytes));
  auto s = number_of(signature.substr(coordinate_bytes));
  BIGNUM* order = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_ORDER, &order) != 1) return {};
  const Number held(order);
  if (!is_between_one_and_below(r.get(), order) || !is_between_one_and_below(s.get(), order)) {
    return {};
  }
  const EcdsaSignature pair(ECDSA_SIG_new());
  if (!pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  std::ignore = r.release();
  std::ignore = s.release();
  std::vector<unsigned char> out(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)));
  auto* end = out.data();
  i2d_ECDSA_SIG(pair.get(), &end);
  return out;
}

// `digest` is null where the algorithm brings its own (Ed25519).
bool verifies(EVP_PKEY* key, const EVP_MD* digest, int rsa_padding, std::string_view bytes,
              const unsigned char* signature, std::size_t size) {
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;  // the context's
  if (!context || EVP_DigestVerifyInit(context.get(), &settings, digest, nullptr, key) != 1) {
    return false;
  }
  if (rsa_padding != 0 && EVP_PKEY_CTX_set_rsa_padding(settings, rsa_padding) != 1) return false;
  return EVP_DigestVerify(context.get(), signature, size, bytes_of(bytes), bytes.size()) == 1;
}

}  // namespace

std::string_view word(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::es256:
      return "ES256";
    case Algorithm::rs256:
      return "RS256";
    case Algorithm::eddsa:
      return "EdDSA";
  }
  std::unreachable();
}

base::Result<PublicKey> PublicKey::p256(std::string_view x, std::string_view y) {
  const QuietErrors quiet;
  if (x.size() != coordinate_bytes || y.size() != coordinate_bytes) {
    return base::invalid("x", "a coordinate of P-256 has 32 bytes");
  }
  auto point = std::string(1, '\x04').append(x).append(y);  // uncompressed
  auto group = std::string("P-256");
  std::array parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size()),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  auto key = public_key_of("EC", parameters.data());
  if (!key) return base::invalid("x", "the point is not on the curve P-256");
  return PublicKey(Algorithm::es256, std::move(key));
}

base::Result<PublicKey> PublicKey::rsa(std::string_view modulus, std::string_view exponent) {
  const QuietErrors quiet;
  const auto n = number_of(modulus);
  const auto e = number_of(exponent);
  if (BN_num_bits(n.get()) < rsa_bits_min || BN_num_bits(n.get()) > rsa_bits_max) {
    return base::invalid("n", "an RSA key has 2048 to 4096 bits");
  }
  if (!BN_is_odd(e.get()) || BN_num_bits(e.get()) < 17 ||
      BN_num_bits(e.get()) > exponent_bits_max) {
    return base::invalid("e",
                         "an RSA key's exponent is odd, 65537 or more, and of 32 bits at most");
  }
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  base::ensure(builder && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) &&
                   OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()),
               "there is memory for a key");
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  auto key = parameters ? public_key_of("RSA", parameters.get()) : nullptr;
  if (!key) return base::invalid("n", "this is not an RSA public key");
  return PublicKey(Algorithm::rs256, std::move(key));
}

base::Result<PublicKey> PublicKey::ed25519(std::string_view x) {
  const QuietErrors quiet;
  auto key =
      x.size() == coordinate_bytes
          ? owned(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size()))
          : nullptr;
  if (!key) return base::invalid("x", "a public key of Ed25519 has 32 bytes");
  return PublicKey(Algorithm::eddsa, std::move(key));
}

bool PublicKey::signed_by_owner(std::string_view bytes, std::string_view signature) const {
  const QuietErrors quiet;
  auto* const key = key_.get();
  if (algorithm_ == Algorithm::es256) {
    const auto der = der_of(key, signature);
    return !der.empty() && verifies(key, EVP_sha256(), 0, bytes, der.data(), der.size());
  }
  if (algorithm_ == Algorithm::eddsa) {
    return verifies(key, nullptr, 0, bytes, bytes_of(signature), signature.size());
  }
  if (signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key))) return false;
  return verifies(key, EVP_sha256(), RSA_PKCS1_PADDING, bytes, bytes_of(signature),
                  signature.size());
}

bool mac_holds(std::string_view secret, std::string_view bytes, std::string_view mac) {
  const QuietErrors quiet;
  std::array<unsigned char, 32> expected{};
  if (secret.size() < shared_secret_bytes_min || mac.size() != expected.size()) return false;
  std::size_t size = 0;
  if (!EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, secret.data(), secret.size(),
                 bytes_of(bytes), bytes.size(), expected.data(), expected.size(), &size)) {
    return false;
  }
  return size == expected.size() &&
         CRYPTO_memcmp(expected.data(), bytes_of(mac), expected.size()) == 0;
}

}  // namespace hmt::identity
