#pragma once
#include <string>
#include <string_view>

namespace hmt::agent {

// Appends `text` as a JSON string, with its quotes: what is not UTF-8 becomes U+FFFD.
void append_quoted(std::string& out, std::string_view text);

}  // namespace hmt::agent
