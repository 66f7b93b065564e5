#include "identity/publishable.h"

#include "identity/token.h"
#include "json/value.h"

namespace hmt::identity {

bool is_secret_key(std::string_view key) {
  if (key.starts_with("sb_secret_")) return true;
  const auto token = read_token(key);
  if (!token) return false;
  const auto claims = json::read(token->claims);
  if (!claims) return true;
  const auto* role = claims->find("role");
  return !role || role->text != "anon";
}

}  // namespace hmt::identity
