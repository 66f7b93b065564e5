#include "identity/users.h"

#include <utility>

namespace hmt::identity {

base::Result<net::Origin> supabase_origin(std::string_view url) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    return base::invalid("url", "the URL of a project starts with https://");
  }
  return net::parse_origin(url);
}

base::Result<std::unique_ptr<Users>> Users::open(net::Loop& loop, Issuer issuer) {
  Policy policy;
  std::unique_ptr<JwksSource> source;
  if (!issuer.url.empty()) {
    const auto origin = supabase_origin(issuer.url);
    if (!origin) return std::unexpected(origin.error());
    while (issuer.url.ends_with('/')) issuer.url.pop_back();
    policy.issuer = issuer.url + "/auth/v1";
    source = std::make_unique<JwksSource>(loop, fetch_jwks_over(loop, *origin));
  }
  return std::make_unique<Users>(loop, std::move(policy), std::move(issuer.secret),
                                 std::move(source));
}

Users::Users(agent::Scheduler& scheduler, Policy policy, agent::Secret secret,
             std::unique_ptr<JwksSource> keys)
    : scheduler_(scheduler),
      policy_(std::move(policy)),
      keys_{nullptr, std::move(secret)},
      source_(std::move(keys)) {}

void Users::start() {
  if (source_) source_->start();
}

base::Result<Claims> Users::check(std::string_view text) {
  const auto token = read_token(text);
  if (!token) return std::unexpected(token.error());
  if (source_) keys_.published = source_->keys();
  auto claims = verify(*token, keys_, policy_, scheduler_.now());
  if (claims || claims.error().kind != base::ErrorKind::not_found) return claims;
  if (source_) return std::unexpected(source_->look_up(token->key_id));
  return base::fail(base::ErrorKind::refused, claims.error().message);
}

}  // namespace hmt::identity
