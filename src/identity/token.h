#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

// A JSON Web Token in the compact form of a JWS (RFC 7515), taken apart and not yet believed.
namespace hmt::identity {

inline constexpr std::size_t token_bytes_max = 8 << 10;
inline constexpr std::size_t header_bytes_max = 2 << 10;
inline constexpr std::size_t key_id_bytes_max = 128;

struct Token {
  std::string algorithm;  // what the header says: to be compared with the key's, never obeyed
  std::string key_id;     // a word to look up; empty: none
  std::string_view signed_part;  // of the text that was read
  std::string claims;            // JSON, if the signature holds
  std::string signature;
};

// Three parts of canonical base64url, the first of them a header that asks for nothing that we do
// not do: no `crit`, `b64`, `enc`, `zip` or `cty`. Keys that a header brings along (`jwk`, `jku`,
// `x5u`, `x5c`) are not looked at. Errors: refused. REQUIRES: the text outlives the Token.
base::Result<Token> read_token(std::string_view text);

}  // namespace hmt::identity
