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

}  // namespace
}  // namespace hmt::identity
