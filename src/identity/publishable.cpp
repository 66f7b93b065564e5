#include "identity/publishable.h"

#include <algorithm>
#include <optional>
#include <string>

#include "identity/base64url.h"
#include "json/value.h"

namespace hmt::identity {
namespace {

// What stands between the two dots of a JWT. Its other parts are not looked at: a header that we
// would not obey, or a blank that was pasted along, makes a secret no less one.
std::optional<std::string> claims_of(std::string_view key) {
  const auto first = key.find('.');
  const auto second = key.find('.', first + 1);
  if (key.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return base64url_decode(key.substr(first + 1, second - first - 1));
}

}  // namespace

bool is_secret_key(std::string_view key) {
  if (key.contains("sb_secret_")) return true;
  if (std::ranges::count(key, '.') < 2) return false;
  const auto text = claims_of(key);
  if (!text) return true;
  const auto claims = json::read(*text);
  if (!claims) return true;
  const auto* role = claims->find("role");
  return !role || role->text != "anon";
}

}  // namespace hmt::identity
