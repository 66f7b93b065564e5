#pragma once
#include <string_view>

namespace hmt::identity {

// Whether a key of a Supabase project is one that nobody may see: one with `sb_secret_` in it, or a
// JWT (a text with two dots or more) that does not say of itself that its role is `anon`, whatever
// was pasted around it. It judges for a configuration's sake; no signature is checked.
bool is_secret_key(std::string_view key);

}  // namespace hmt::identity
