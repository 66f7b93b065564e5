#include "api/login_states.h"

#include <gtest/gtest.h>

namespace hmt::api {
namespace {

using namespace std::chrono_literals;

store::Actor actor_of(int n) {
  return {"user:" + std::to_string(n), model::UserId{}};
}
Login login_of(int n) {
  auto id = *model::ConnectionId::parse("c0000000-0000-4000-8000-000000000000");
  id.uuid.bytes[15] = static_cast<std::uint8_t>(n);
  return {actor_of(n), id};
}

TEST(LoginStates, AStateBringsBackWhoBeganAndForWhichConnectionOnce) {
  LoginStates states;
  const auto first = states.issue(login_of(1), 0s);
  const auto second = states.issue(login_of(2), 0s);
  EXPECT_NE(first, second);
  EXPECT_EQ(first.size(), 64U);
  const auto login = states.redeem(second, 1s);
  ASSERT_TRUE(login);
  EXPECT_EQ(login->actor.name, "user:2");
  EXPECT_EQ(login->connection, login_of(2).connection);
  EXPECT_FALSE(states.redeem(second, 1s)) << "it is good once";
  EXPECT_TRUE(states.redeem(first, 1s)) << "another's is untouched";
}

TEST(LoginStates, AStateIsGoodForTenMinutes) {
  LoginStates states;
  const auto early = states.issue(login_of(1), 0s);
  const auto late = states.issue(login_of(1), 1s);
  EXPECT_FALSE(states.redeem(early, 600s));
  EXPECT_TRUE(states.redeem(late, 600s));
}

TEST(LoginStates, AGuessIsNoState) {
  LoginStates states;
  const auto state = states.issue(login_of(1), 0s);
  for (const std::string& guess : {std::string(), std::string("x"), state.substr(1), state + "0"}) {
    EXPECT_FALSE(states.redeem(guess, 1s)) << guess;
  }
  EXPECT_TRUE(states.redeem(state, 1s));
}

TEST(LoginStates, WhoBeginsManyLoginsForgetsTheirOwnOldestAndNobodyElses) {
  LoginStates states;
  const auto annas = states.issue(login_of(1), 0s);
  std::vector<std::string> bens;
  for (std::size_t i = 0; i <= LoginStates::of_one_actor_max; ++i) {
    bens.push_back(states.issue(login_of(2), 0s));
  }
  EXPECT_TRUE(states.redeem(annas, 1s));
  EXPECT_FALSE(states.redeem(bens.front(), 1s));
  for (std::size_t i = 1; i < bens.size(); ++i) EXPECT_TRUE(states.redeem(bens[i], 1s)) << i;
}

TEST(LoginStates, LoginsOfManyDoNotFillTheMemory) {
  LoginStates states;
  const auto first = states.issue(login_of(1), 0s);
  const auto second = states.issue(login_of(1), 0s);
  for (int i = 2; i < static_cast<int>(LoginStates::outstanding_max) + 1; ++i) {
    states.issue({actor_of(i), {}}, 0s);
  }
  EXPECT_FALSE(states.redeem(first, 1s));
  EXPECT_TRUE(states.redeem(second, 1s));
}

}  // namespace
}  // namespace hmt::api
