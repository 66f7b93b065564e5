#include "app/users.h"

#include <gtest/gtest.h>

#include "identity/test_tokens.h"
#include "net/http_server.h"
#include "net/test_peers.h"

// The whole way of a token, from an issuer on a real socket to who is asking.
namespace hmt::app {
namespace {

using base::ErrorKind;
using namespace identity::test;

class SignInTest : public testing::Test {
 protected:
  SignInTest() {
    const auto address = server.listen("127.0.0.1:0");
    EXPECT_TRUE(address);
    settings.supabase_url = "http://" + *address;
    settings.service_role_key = "service-role-key-0123456789";
  }

  void open() {
    auto opened = open_users(loop, settings);
    ASSERT_TRUE(opened) << opened.error().message;
    users = std::move(*opened);
    sign_in = sign_in_of(*users, settings);
  }
  base::Result<api::Identity> as(const std::string& credential) {
    return sign_in->authenticate({{"Authorization", "Bearer " + credential}});
  }
  // Tokens of now, from the issuer of these settings.
  Members current(Members more = {}) {
    const auto second =
        std::chrono::floor<std::chrono::seconds>(static_cast<net::Loop&>(loop).now())
            .time_since_epoch()
            .count();
    more.insert(more.begin(), {{"iss", in_quotes(settings.supabase_url + "/auth/v1")},
                               {"iat", std::to_string(second)},
                               {"exp", std::to_string(second + 3600)}});
    return more;
  }

  net::test::TestLoop loop;
  net::HttpServer server{loop, {}, [this](net::Incoming, net::Responder responder) {
                           ++asked;
                           responder.send({200, {}, jwks({key.jwk()})});
                         }};
  const TestKey key = TestKey::p256("current");
  int asked = 0;
  Users settings;
  std::unique_ptr<identity::Users> users;
  std::unique_ptr<api::Authenticator> sign_in;
};

TEST_F(SignInTest, AUserSignsInWithTheIssuersToken) {
  open();
  users->start();
  const auto token = key.token(current());
  EXPECT_EQ(as(token).error().kind, ErrorKind::unavailable) << "before the keys are there";
  EXPECT_TRUE(loop.run_until([&] { return as(token).has_value(); }));
  const auto identity = as(token);
  EXPECT_EQ(identity->actor.name, "user:" + user_id);
  EXPECT_EQ(identity->actor.user->text(), user_id);
  EXPECT_TRUE(identity->owns_rows);
  EXPECT_FALSE(identity->is_operator());
  EXPECT_GT(*identity->expires_at, static_cast<net::Loop&>(loop).now() + 59min);
  EXPECT_EQ(asked, 1);
}

TEST_F(SignInTest, TheSharedSecretSignsInWithoutAnIssuer) {
  settings.supabase_url.clear();
  settings.jwt_secret = shared_secret;
  open();
  users->start();
  EXPECT_TRUE(as(hmac_token(shared_secret, current())));
  EXPECT_EQ(as(hmac_token("another-secret-of-32-bytes-at-least", current())).error().kind,
            ErrorKind::refused);
  EXPECT_EQ(as(key.token(current())).error().kind, ErrorKind::refused);
}

TEST_F(SignInTest, TheOperatorIsWhoBringsTheKeyAndNobodyWithAnotherToken) {
  settings.jwt_secret = shared_secret;
  // A project's service key is a token of its secret: as the configured key it is the operator's,
  // and any other such token is nobody's.
  settings.service_role_key = hmac_token(shared_secret, current({{"role", "\"service_role\""}}));
  open();
  const auto identity = as(settings.service_role_key);
  ASSERT_TRUE(identity);
  EXPECT_TRUE(identity->is_operator());
  EXPECT_FALSE(identity->owns_rows);
  EXPECT_FALSE(identity->expires_at);
  const auto other =
      hmac_token(shared_secret, current({{"role", "\"service_role\""}, {"ref", "\"project\""}}));
  EXPECT_EQ(as(other).error().kind, ErrorKind::refused);
  EXPECT_EQ(as(settings.service_role_key + "x").error().kind, ErrorKind::refused);
  EXPECT_EQ(sign_in->authenticate({}).error().kind, ErrorKind::not_found);
}

TEST_F(SignInTest, AWrongUrlIsNamedByItsSetting) {
  settings.supabase_url = "http://project.example";
  EXPECT_EQ(open_users(loop, settings).error().field, "SUPABASE_URL");
}

}  // namespace
}  // namespace hmt::app
