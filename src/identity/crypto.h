#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"

struct evp_pkey_st;

// All the cryptography of this room, from OpenSSL's EVP. A key knows its algorithm, and nothing
// that comes with a message can change it.
namespace hmt::identity {

enum class Algorithm : std::uint8_t { es256, rs256, eddsa };

// As a token's header calls it: "ES256".
std::string_view word(Algorithm algorithm);

class PublicKey {
 public:
  // The bytes that a JWK holds, decoded. Errors: invalid (wrong length, not on the curve, an RSA
  // key of less than 2048 or more than 4096 bits, an exponent below 65537 or above 32 bits).
  static base::Result<PublicKey> p256(std::string_view x, std::string_view y);
  static base::Result<PublicKey> rsa(std::string_view modulus, std::string_view exponent);
  static base::Result<PublicKey> ed25519(std::string_view x);

  Algorithm algorithm() const { return algorithm_; }

  // Whether the holder of the private key signed these bytes. `signature` is as in a JWS: r and s
  // of ES256 in 64 bytes, an RSA one of the modulus' length in PKCS #1 v1.5 with SHA-256.
  bool signed_by_owner(std::string_view bytes, std::string_view signature) const;

 private:
  using Handle = std::shared_ptr<evp_pkey_st>;
  PublicKey(Algorithm algorithm, Handle key) : algorithm_(algorithm), key_(std::move(key)) {}

  Algorithm algorithm_;
  Handle key_;
};

inline constexpr std::size_t shared_secret_bytes_min = 32;

// HMAC with SHA-256, compared in constant time. False for a secret that is too short.
bool mac_holds(std::string_view secret, std::string_view bytes, std::string_view mac);

}  // namespace hmt::identity
