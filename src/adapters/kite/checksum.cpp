#include "kite/checksum.h"

#include <array>
#include <openssl/evp.h>

#include "base/ensure.h"

namespace hmt::kite {

std::string session_checksum(std::string_view api_key, std::string_view request_token,
                             std::string_view api_secret) {
  std::string text;
  text.reserve(api_key.size() + request_token.size() + api_secret.size());
  text.append(api_key).append(request_token).append(api_secret);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  const int done =
      EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  base::ensure(done == 1, "SHA-256 is always available");
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < length; ++i) {
    out += hex[digest[i] >> 4];
    out += hex[digest[i] & 15];
  }
  return out;
}

}  // namespace hmt::kite
