#include "app/users.h"

namespace hmt::app {

base::Result<std::unique_ptr<identity::Users>> open_users(net::Loop& loop, const Users& users) {
  auto opened = identity::Users::open(loop, {users.supabase_url, agent::Secret(users.jwt_secret)});
  if (!opened) return base::invalid("SUPABASE_URL", opened.error().message);
  return opened;
}

std::unique_ptr<api::Authenticator> sign_in_of(identity::Users& who, const Users& users) {
  auto check = [&who](std::string_view token) -> base::Result<api::SignedIn> {
    const auto claims = who.check(token);
    if (!claims) return std::unexpected(claims.error());
    return api::SignedIn{{claims->subject}, claims->expires_at};
  };
  return std::make_unique<api::UserTokens>(check, agent::Secret(users.service_role_key));
}

}  // namespace hmt::app
