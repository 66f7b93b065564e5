#include "api/auth.h"

#include <algorithm>
#include <utility>

#include "api/secret.h"
#include "base/ensure.h"

namespace hmt::api {

using base::ErrorKind;

namespace {

std::unexpected<base::Error> sign_in_first() {
  return base::fail(ErrorKind::not_found,
                    "sign in with the header \"Authorization: Bearer TOKEN\"");
}

// What stands in the Authorization header behind the scheme, which may be in any case.
std::optional<std::string_view> credentials_of(const net::Headers& headers,
                                               std::string_view scheme) {
  auto value = net::header(headers, "Authorization");
  if (value.size() <= scheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    const char lower =
        value[i] >= 'A' && value[i] <= 'Z' ? static_cast<char>(value[i] + ('a' - 'A')) : value[i];
    if (lower != scheme[i]) return std::nullopt;
  }
  value.remove_prefix(scheme.size());
  return value;
}

}  // namespace

std::optional<std::string_view> bearer(const net::Headers& headers) {
  return credentials_of(headers, "bearer ");
}

std::optional<KiteSignIn> kite_sign_in(const net::Headers& headers) {
  const auto pair = credentials_of(headers, "token ");
  if (!pair) return std::nullopt;
  const auto colon = pair->find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return KiteSignIn{pair->substr(0, colon), pair->substr(colon + 1)};
}

std::string kite_api_key(const std::optional<model::UserId>& user) {
  return user ? user->text() : "hmt";
}

AdminToken::AdminToken(std::string token) : token_(std::move(token)) {
  base::ensure(!token_.empty(), "the admin token is not empty");
}

base::Result<Identity> AdminToken::authenticate(const net::Headers& headers) {
  if (net::header(headers, "Authorization").empty()) return sign_in_first();
  const auto token = bearer(headers);
  if (!token || !equal_in_constant_time(*token, token_)) {
    return base::fail(ErrorKind::refused, "the token is not the one of this engine");
  }
  return Identity{};
}

UserTokens::UserTokens(CheckUserToken check, agent::Secret operator_key)
    : check_(std::move(check)), operator_key_(std::move(operator_key)) {
  base::ensure(!operator_key_.empty(), "the operator's key is not empty");
}

base::Result<Identity> UserTokens::authenticate(const net::Headers& headers) {
  if (net::header(headers, "Authorization").empty()) return sign_in_first();
  const auto token = bearer(headers);
  if (!token) return base::fail(ErrorKind::refused, "the token is not a bearer token");
  // First, and whole: the key may have the form of a token, and must never be judged as one.
  if (equal_in_constant_time(*token, operator_key_.reveal())) {
    Identity operator_of_many;
    operator_of_many.owns_rows = false;
    return operator_of_many;
  }
  const auto user = check_(*token);
  if (!user) return std::unexpected(user.error());
  return Identity{{"user:" + user->user.text(), user->user}, user->expires_at, true};
}

void LockOut::failed(const std::string& peer, base::Duration now) {
  auto& times = failures_[peer];
  times.push_back(now);
  if (times.size() > failures_max) times.pop_front();
  if (failures_.size() > peers_max) forget_quietest();
}

std::optional<base::Duration> LockOut::locked_for(const std::string& peer, base::Duration now) {
  const auto found = failures_.find(peer);
  if (found == failures_.end()) return std::nullopt;
  auto& times = found->second;
  while (!times.empty() && times.front() + window <= now) times.pop_front();
  if (times.empty()) {
    failures_.erase(found);
    return std::nullopt;
  }
  if (times.size() < failures_max) return std::nullopt;
  return times.front() + window - now;
}

void LockOut::forget_quietest() {
  failures_.erase(
      std::ranges::min_element(failures_, {}, [](const auto& peer) { return peer.second.back(); }));
}

std::string StreamTickets::issue(Identity identity, base::Duration now) {
  auto ticket = random_token();
  if (tickets_.size() == outstanding_max) tickets_.pop_front();
  tickets_.push_back({sha256_hex(ticket), std::move(identity), now + lifetime});
  return ticket;
}

std::optional<Identity> StreamTickets::redeem(std::string_view ticket, base::Duration now) {
  while (!tickets_.empty() && tickets_.front().until <= now) tickets_.pop_front();
  const auto found = std::ranges::find(tickets_, sha256_hex(ticket), &Ticket::digest);
  if (found == tickets_.end()) return std::nullopt;
  auto identity = std::move(found->identity);
  tickets_.erase(found);
  return identity;
}

}  // namespace hmt::api
