#pragma once
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/trigger.h"
#include "store/store.h"

namespace hmt::api {

// A browser comes back from the broker without our sign-in. What proves whose login it ends is a
// random state that the broker hands through: good once, for one connection, in the name of who
// began the login.
struct Login {
  store::Actor actor;
  model::ConnectionId connection;
};

class LoginStates {
 public:
  static constexpr base::Duration lifetime = std::chrono::minutes(10);
  // Past these the oldest of the same actor, and of all, is forgotten.
  static constexpr std::size_t of_one_actor_max = 5;
  static constexpr std::size_t outstanding_max = 4096;

  std::string issue(Login login, base::Duration now);
  std::optional<Login> redeem(std::string_view state, base::Duration now);

 private:
  struct Issued {
    std::string digest;  // a copy of the memory logs nobody in
    Login login;
    base::Duration until{};
  };
  void make_room(const store::Actor& actor);

  std::deque<Issued> issued_;  // oldest first
};

}  // namespace hmt::api
