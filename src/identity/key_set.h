#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "identity/crypto.h"

// The public keys of an issuer, as its JWKS lists them (RFC 7517).
namespace hmt::identity {

class KeySet {
 public:
  static constexpr std::size_t bytes_max = 64 << 10;
  static constexpr std::size_t keys_max = 20;

  // A key that cannot verify users' tokens is passed over: symmetric (`oct`), for another use or
  // operation, of an unknown curve, with an algorithm that is not its kind's, without `kid`, too
  // weak, or published together with its private half. Errors: corrupt (not a key set, too large,
  // more than 20 keys, two keys of one name).
  static base::Result<KeySet> read(std::string_view text);

  // Null when no key has that name.
  const PublicKey* find(std::string_view key_id) const;
  std::size_t size() const { return keys_.size(); }

 private:
  std::map<std::string, PublicKey, std::less<>> keys_;
};

}  // namespace hmt::identity
