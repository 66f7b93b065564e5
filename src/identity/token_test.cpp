#include "identity/token.h"

#include <gtest/gtest.h>

#include "identity/test_tokens.h"

namespace hmt::identity::test {
namespace {

std::string encoded(std::string_view header, std::string_view payload = "{}",
                    std::string_view signature = "s") {
  return base64url(header) + '.' + base64url(payload) + '.' + base64url(signature);
}

bool is_read(std::string_view text) {
  const auto token = read_token(text);
  if (!token) EXPECT_EQ(token.error().kind, base::ErrorKind::refused);
  return token.has_value();
}
bool header_is_read(std::string_view header) {
  return is_read(encoded(header));
}

TEST(ReadToken, ATokenIsTakenApart) {
  const auto text = encoded(R"({"alg":"ES256","kid":"k1","typ":"JWT"})", R"({"a":1})", "abc");
  const auto token = read_token(text);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->algorithm, "ES256");
  EXPECT_EQ(token->key_id, "k1");
  EXPECT_EQ(token->claims, R"({"a":1})");
  EXPECT_EQ(token->signature, "abc");
  EXPECT_EQ(token->signed_part, text.substr(0, text.rfind('.')));
}

TEST(ReadToken, ItHasThreePartsAndNoMore) {
  const auto good = encoded(R"({"alg":"HS256"})");
  EXPECT_TRUE(is_read(good));
  for (const std::string& text : std::vector<std::string>{
           "", ".", "..", "...", "a", good + ".", "." + good, good + ".c2ln", good + ".." + good,
           good.substr(0, good.rfind('.')), good.substr(good.find('.') + 1), good + " ", " " + good,
           good + "=", good + "\n", good + "\xC3\xA9"}) {
    EXPECT_FALSE(is_read(text)) << text;
  }
  EXPECT_FALSE(is_read(good + std::string(1, '\0')));
}

TEST(ReadToken, AnEncryptedTokenIsNotOpened) {
  const auto header = base64url(R"({"alg":"RSA-OAEP","enc":"A256GCM"})");
  EXPECT_FALSE(is_read(header + ".a2V5.aXY.dGV4dA.dGFn"));
  EXPECT_FALSE(header_is_read(R"({"alg":"ES256","enc":"A256GCM"})"));
  EXPECT_FALSE(header_is_read(R"({"alg":"ES256","zip":"DEF"})"));
  EXPECT_FALSE(header_is_read(R"({"alg":"ES256","cty":"JWT"})")) << "a token in a token";
  EXPECT_FALSE(header_is_read(R"({"alg":"ES256","typ":"JWE"})"));
  EXPECT_FALSE(header_is_read(R"({"alg":"ES256","typ":7})"));
}

TEST(ReadToken, WhatAHeaderDeclaresCriticalIsNeverUnderstood) {
  EXPECT_FALSE(header_is_read(R"({"alg":"ES256","crit":["exp"],"exp":1})"));
  EXPECT_FALSE(header_is_read(R"({"alg":"ES256","crit":[]})"));
  EXPECT_FALSE(header_is_read(R"({"alg":"ES256","crit":null})"));
  EXPECT_FALSE(header_is_read(R"({"alg":"ES256","b64":false,"crit":["b64"]})"));
  EXPECT_FALSE(header_is_read(R"({"alg":"ES256","b64":false})"));
  EXPECT_FALSE(header_is_read(R"({"alg":"ES256","b64":true})"));
}

TEST(ReadToken, AHeaderIsOneStrictJsonObject) {
  EXPECT_TRUE(header_is_read(R"( { "alg" : "ES256" } )"));
  for (const std::string_view header : {"",
                                        "7",
                                        "null",
                                        "[]",
                                        "\"ES256\"",
                                        "{",
                                        "{}",
                                        R"({"kid":"k"})",
                                        R"({"alg":null})",
                                        R"({"alg":["ES256"]})",
                                        R"({"alg":256})",
                                        R"({"alg":"none","alg":"ES256"})",
                                        R"({"alg":"ES256","\u0061lg":"none"})",
                                        R"({"alg":"ES256"}{})",
                                        R"({"alg":"ES256",})",
                                        R"({'alg':'ES256'})",
                                        "{\"alg\":\"ES256\",\"x\":\"\xFF\"}",
                                        "{\"alg\":\"ES256\",\"x\":\"\xC0\xAE\"}",
                                        R"({"alg":"ES256","x":"\ud800"})",
                                        "\xEF\xBB\xBF{\"alg\":\"ES256\"}"}) {
    EXPECT_FALSE(header_is_read(header)) << header;
  }
}

TEST(ReadToken, AKeysNameIsAWordOfAtMost128Characters) {
  const auto named = [](std::string_view json) {
    return header_is_read(R"({"alg":"ES256","kid":)" + std::string(json) + "}");
  };
  EXPECT_TRUE(named(in_quotes(std::string(128, 'k'))));
  EXPECT_FALSE(named(in_quotes(std::string(129, 'k'))));
  for (const std::string_view kid : {"\"\"", "7", "null", "[\"k\"]", "{}", "\"a b\"", "\"a\\nb\"",
                                     "\"a\\u0000\"", "\"k\xC3\xA9\""}) {
    EXPECT_FALSE(named(kid)) << kid;
  }
}

TEST(ReadToken, LongTokensAreNotLookedInto) {
  const auto fill = [](std::size_t size) {
    auto text = encoded(R"({"alg":"HS256"})", "{}", "");
    text.insert(text.rfind('.'), size - text.size(), 'A');
    return text;
  };
  // One of four neighbouring lengths is no length of base64url.
  EXPECT_TRUE(is_read(fill(token_bytes_max)) || is_read(fill(token_bytes_max - 1)));
  EXPECT_FALSE(is_read(fill(token_bytes_max + 1)));
  EXPECT_FALSE(is_read(fill(token_bytes_max + 2)));
  EXPECT_FALSE(is_read(fill(1 << 20)));
  EXPECT_FALSE(header_is_read(R"({"alg":"ES256","x":")" + std::string(1700, 'x') + "\"}"));
}

}  // namespace
}  // namespace hmt::identity::test
