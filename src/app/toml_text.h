#pragma once
#include <string_view>
#include <toml++/toml.h>

#include "base/result.h"

// TOML as the operator wrote it. For the .cpp files of this room only.
namespace hmt::app {

// Errors: invalid; the message says what and in which line.
base::Result<toml::table> parse_toml(std::string_view text);

}  // namespace hmt::app
