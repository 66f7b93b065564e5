#include "api/secret.h"

#include <sodium.h>

#include "base/ensure.h"

namespace hmt::api {
namespace {

static_assert(Sha256{}.size() == crypto_hash_sha256_BYTES);

void need_sodium() {
  static const bool ready = sodium_init() >= 0;
  base::ensure(ready, "libsodium starts");
}

std::string hex(const unsigned char* bytes, std::size_t count) {
  std::string out(count * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes, count);
  out.pop_back();
  return out;
}

}  // namespace

std::string random_token() {
  need_sodium();
  std::array<unsigned char, 32> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  return hex(bytes.data(), bytes.size());
}

base::Uuid random_uuid() {
  need_sodium();
  std::array<std::uint8_t, 16> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  return base::Uuid::from_random(bytes);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  // Digests of equal length are compared, so that not even the length can be felt.
  const auto left = sha256(a);
  const auto right = sha256(b);
  return sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

Sha256 sha256(std::string_view bytes) {
  Sha256 out;
  crypto_hash_sha256(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size());
  return out;
}

std::string sha256_hex(std::string_view bytes) {
  const auto digest = sha256(bytes);
  return hex(digest.data(), digest.size());
}

std::string sha256_base64(std::string_view bytes) {
  const auto digest = sha256(bytes);
  std::string out(sodium_base64_ENCODED_LEN(digest.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), digest.data(), digest.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();
  return out;
}

}  // namespace hmt::api
