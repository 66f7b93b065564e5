#include "identity/users.h"

#include <gtest/gtest.h>

#include "agent/manual_scheduler.h"
#include "identity/test_tokens.h"
#include "net/test_peers.h"

namespace hmt::identity::test {
namespace {

using base::ErrorKind;

class UsersTest : public testing::Test {
 protected:
  // An issuer whose answers the test gives by hand.
  std::unique_ptr<JwksSource> issuer_keys() {
    return std::make_unique<JwksSource>(
        clock, [this](JwksDone done) { questions.push_back(std::move(done)); });
  }
  Users with_keys(std::string secret = {}) {
    return {clock, policy(), agent::Secret(std::move(secret)), issuer_keys()};
  }
  void publish(const std::string& keys) {
    ASSERT_FALSE(questions.empty());
    auto done = std::move(questions.back());
    questions.pop_back();
    done(keys);
  }
  static ErrorKind kind(const base::Result<Claims>& claims) {
    return claims ? ErrorKind::invalid : claims.error().kind;
  }

  agent::ManualScheduler clock{now};
  std::vector<JwksDone> questions;
  const Issuers& issuers = Issuers::get();
};

TEST_F(UsersTest, ATokenWaitsForTheKeysAndIsThenTaken) {
  auto users = with_keys();
  users.start();
  EXPECT_EQ(kind(users.check(issuers.elliptic.token())), ErrorKind::unavailable);
  publish(issuers.jwks());
  const auto claims = users.check(issuers.elliptic.token());
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->subject.text(), user_id);
  EXPECT_EQ(claims->expires_at, now + 1h);
}

TEST_F(UsersTest, TheClockIsReadForEveryToken) {
  auto users = with_keys();
  users.start();
  publish(issuers.jwks());
  EXPECT_TRUE(users.check(issuers.rsa.token()));
  clock.step_wall_clock(2h);
  EXPECT_EQ(kind(users.check(issuers.rsa.token())), ErrorKind::refused);
}

TEST_F(UsersTest, ARevokedKeySignsNobodyInAnyMore) {
  auto users = with_keys();
  users.start();
  publish(issuers.jwks());
  EXPECT_TRUE(users.check(issuers.rsa.token()));
  clock.advance(9min);
  publish(jwks({issuers.elliptic.jwk()}));
  EXPECT_TRUE(users.check(issuers.elliptic.token()));
  EXPECT_EQ(kind(users.check(issuers.rsa.token())), ErrorKind::refused);
  clock.advance(11min);
  EXPECT_EQ(kind(users.check(issuers.elliptic.token())), ErrorKind::unavailable)
      << "keys that could not be refreshed are not used on";
}

TEST_F(UsersTest, ATokenOfAnUnknownKeyIsLookedUpAndThenRefused) {
  auto users = with_keys();
  users.start();
  publish(issuers.jwks());
  const auto stranger = TestKey::p256("stranger");
  EXPECT_EQ(kind(users.check(stranger.token())), ErrorKind::refused) << "asked moments ago";
  clock.advance(30s);
  EXPECT_EQ(kind(users.check(stranger.token())), ErrorKind::unavailable);
  publish(issuers.jwks());
  EXPECT_EQ(kind(users.check(stranger.token())), ErrorKind::refused);
}

TEST_F(UsersTest, RubbishIsRefusedWithoutAskingAnybody) {
  auto users = with_keys();
  for (const std::string& rubbish :
       std::vector<std::string>{"", "x", "a.b.c", issuers.rsa.token({}, {{"alg", "\"none\""}}),
                                issuers.rsa.token({}, {{"kid", ""}}), hmac_token(shared_secret)}) {
    EXPECT_EQ(kind(users.check(rubbish)), ErrorKind::refused) << rubbish;
  }
  EXPECT_TRUE(questions.empty());
}

TEST_F(UsersTest, TokensOfTheSharedSecretNeedNoKeys) {
  auto users = with_keys(shared_secret);
  EXPECT_TRUE(users.check(hmac_token(shared_secret)));
  EXPECT_EQ(kind(users.check(issuers.rsa.token())), ErrorKind::unavailable);
  publish(issuers.jwks());
  EXPECT_TRUE(users.check(hmac_token(shared_secret)));
  EXPECT_TRUE(users.check(issuers.rsa.token()));
  EXPECT_EQ(kind(users.check(hmac_token(shared_secret, {}, {{"kid", "\"rsa\""}}))),
            ErrorKind::refused);
}

TEST_F(UsersTest, WithASecretAloneNothingIsLookedUp) {
  Users users(clock, policy(), agent::Secret(shared_secret), nullptr);
  users.start();
  EXPECT_TRUE(users.check(hmac_token(shared_secret)));
  EXPECT_EQ(kind(users.check(issuers.rsa.token())), ErrorKind::refused);
}

TEST_F(UsersTest, TheIssuerIsTheProjectsUrlWithoutTheSlashAtItsEnd) {
  net::test::TestLoop loop;
  net::Loop& on = loop;
  const auto expires = on.now() + 1h;
  const auto token = [&](const std::string& from) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(expires).time_since_epoch();
    return hmac_token(
        shared_secret,
        {{"iss", in_quotes(from)}, {"exp", std::to_string(seconds.count())}, {"iat", ""}});
  };
  for (const auto& url : {project, project + "/", project + "//"}) {
    auto users = Users::open(on, {url, agent::Secret(shared_secret)});
    ASSERT_TRUE(users) << url;
    EXPECT_TRUE((*users)->check(token(issuer))) << url;
    EXPECT_FALSE((*users)->check(token("https://other.example/auth/v1"))) << url;
  }
  auto any = Users::open(on, {"", agent::Secret(shared_secret)});
  EXPECT_TRUE((*any)->check(token("https://other.example/auth/v1")));
}

TEST(SupabaseOrigin, OnlyHttpsLeavesThisMachine) {
  for (const std::string_view good :
       {"https://project.supabase.co", "https://project.supabase.co/", "https://localhost",
        "http://127.0.0.1:54321", "http://localhost:54321", "http://[::1]:54321",
        "https://gateway.example/supabase"}) {
    EXPECT_TRUE(supabase_origin(good)) << good;
  }
  for (const std::string_view bad :
       {"", "project.supabase.co", "http://project.supabase.co", "ws://127.0.0.1",
        "wss://a.example", "ftp://a.example", "https://", "https://a@b.example",
        "https://a.example?x=1", "http://127.0.0.1.example", "https://a.example#x"}) {
    EXPECT_FALSE(supabase_origin(bad)) << bad;
  }
}

}  // namespace
}  // namespace hmt::identity::test
