#include "identity/publishable.h"

#include <gtest/gtest.h>

#include "identity/test_tokens.h"

namespace hmt::identity {
namespace {

TEST(Publishable, AKeyIsSecretByItsNameOrByItsRole) {
  const auto key = [](const char* role) { return test::hmac_token("secret", {{"role", role}}); };
  EXPECT_TRUE(is_secret_key("sb_secret_abc"));
  EXPECT_TRUE(is_secret_key(key("\"service_role\"")));
  EXPECT_TRUE(is_secret_key(key("\"authenticated\"")));
  EXPECT_FALSE(is_secret_key(key("\"anon\"")));
  EXPECT_FALSE(is_secret_key("sb_publishable_abc"));
  EXPECT_FALSE(is_secret_key("a-key-of-another-issuer"));
  EXPECT_FALSE(is_secret_key(""));
}

TEST(Publishable, WhatIsPastedAroundASecretKeyMakesItNoLessSecret) {
  const auto service = test::hmac_token("secret", {{"role", "\"service_role\""}});
  for (const auto& key : {std::string("sb_secret_abc"), service}) {
    EXPECT_TRUE(is_secret_key(' ' + key));
    EXPECT_TRUE(is_secret_key(key + "\r\n"));
    EXPECT_TRUE(is_secret_key('"' + key + '"'));
  }
}

TEST(Publishable, ATokenThatWeWouldNotTakeIsStillReadForItsRole) {
  const auto claims = test::base64url(R"({"role":"service_role"})");
  const auto header = test::base64url(R"({"alg":"HS256","typ":"JWT","cty":"JWT"})");
  EXPECT_TRUE(is_secret_key(header + '.' + claims + ".c2ln"));
  EXPECT_TRUE(is_secret_key("." + claims + "."));
  EXPECT_TRUE(is_secret_key(header + ".not base64url.c2ln"));
}

}  // namespace
}  // namespace hmt::identity
