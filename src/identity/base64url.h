#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace hmt::identity {

// RFC 4648 section 5 without padding, in its one canonical form: every text that is taken has
// exactly one meaning, and every meaning exactly one text. Nothing for anything else.
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace hmt::identity
