#include "api/login_states.h"

#include <algorithm>
#include <utility>

#include "api/secret.h"

namespace hmt::api {

std::string LoginStates::issue(Login login, base::Duration now) {
  auto state = random_token();
  make_room(login.actor);
  issued_.push_back({sha256_hex(state), std::move(login), now + lifetime});
  return state;
}

std::optional<Login> LoginStates::redeem(std::string_view state, base::Duration now) {
  while (!issued_.empty() && issued_.front().until <= now) issued_.pop_front();
  const auto found = std::ranges::find(issued_, sha256_hex(state), &Issued::digest);
  if (found == issued_.end()) return std::nullopt;
  auto login = std::move(found->login);
  issued_.erase(found);
  return login;
}

void LoginStates::make_room(const store::Actor& actor) {
  const auto is_theirs = [&](const Issued& other) { return other.login.actor.name == actor.name; };
  const auto theirs = std::ranges::count_if(issued_, is_theirs);
  if (static_cast<std::size_t>(theirs) >= of_one_actor_max) {
    issued_.erase(std::ranges::find_if(issued_, is_theirs));
  }
  if (issued_.size() >= outstanding_max) issued_.pop_front();
}

}  // namespace hmt::api
