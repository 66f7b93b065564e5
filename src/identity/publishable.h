#pragma once
#include <string_view>

namespace hmt::identity {

// Whether a key of a Supabase project is one that nobody may see: `sb_secret_…`, or a JWT whose
// role is another one than `anon`. It judges what the key says of itself, for a configuration's
// sake; no signature is checked.
bool is_secret_key(std::string_view key);

}  // namespace hmt::identity
