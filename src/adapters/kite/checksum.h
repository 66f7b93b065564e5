#pragma once
#include <string>
#include <string_view>

namespace hmt::kite {

// Lower-case hexadecimal SHA-256 of the three texts in a row: the proof that a token exchange comes
// from the app's owner (kite-protocol 1.2).
std::string session_checksum(std::string_view api_key, std::string_view request_token,
                             std::string_view api_secret);

}  // namespace hmt::kite
