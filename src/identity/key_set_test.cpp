#include "identity/key_set.h"

#include <gtest/gtest.h>

#include "identity/test_tokens.h"

namespace hmt::identity::test {
namespace {

std::size_t kept(const std::vector<std::string>& keys) {
  const auto set = KeySet::read(jwks(keys));
  EXPECT_TRUE(set) << set.error().message;
  return set ? set->size() : 0;
}

bool is_corrupt(std::string_view text) {
  const auto set = KeySet::read(text);
  return !set && set.error().kind == base::ErrorKind::corrupt;
}

TEST(KeySet, TheKeysOfAProjectAreFoundByName) {
  const auto set = KeySet::read(Issuers::get().jwks());
  ASSERT_TRUE(set);
  EXPECT_EQ(set->size(), 3U);
  EXPECT_EQ(set->find("elliptic")->algorithm(), Algorithm::es256);
  EXPECT_EQ(set->find("rsa")->algorithm(), Algorithm::rs256);
  EXPECT_EQ(set->find("edwards")->algorithm(), Algorithm::eddsa);
  EXPECT_EQ(set->find("other"), nullptr);
  EXPECT_EQ(set->find(""), nullptr);
}

TEST(KeySet, AProjectWithoutPublishedKeysHasAnEmptySet) {
  EXPECT_EQ(kept({}), 0U);
}

TEST(KeySet, AKeyThatSaysNothingOfItsUseMayVerify) {
  const auto& key = Issuers::get().elliptic;
  EXPECT_EQ(kept({key.jwk({{"alg", ""}, {"use", ""}, {"key_ops", ""}})}), 1U);
}

TEST(KeySet, KeysForAnythingElseArePassedOver) {
  const auto& issuers = Issuers::get();
  const auto good = TestKey::p256("good").jwk();
  const std::vector<std::string> useless = {
      R"({"kty":"oct","kid":"a","alg":"HS256","use":"sig","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXg"})",
      issuers.elliptic.jwk({{"k", "\"c2VjcmV0\""}}),
      issuers.elliptic.jwk({{"use", "\"enc\""}}),
      issuers.elliptic.jwk({{"use", "[\"sig\"]"}}),
      issuers.elliptic.jwk({{"key_ops", "[\"sign\"]"}}),
      issuers.elliptic.jwk({{"key_ops", "\"verify\""}}),
      issuers.elliptic.jwk({{"kid", ""}}),
      issuers.elliptic.jwk({{"kid", "\"\""}}),
      issuers.elliptic.jwk({{"kid", "7"}}),
      issuers.elliptic.jwk({{"kid", in_quotes(std::string(129, 'k'))}}),
      issuers.elliptic.jwk({{"alg", "\"HS256\""}}),
      issuers.elliptic.jwk({{"alg", "\"RS256\""}}),
      issuers.elliptic.jwk({{"alg", "null"}}),
      issuers.elliptic.jwk({{"crv", "\"P-384\""}}),
      issuers.elliptic.jwk({{"crv", "\"secp256k1\""}}),
      issuers.elliptic.jwk({{"crv", ""}}),
      issuers.elliptic.jwk({{"kty", "\"RSA\""}}),
      issuers.elliptic.jwk({{"kty", ""}}),
      issuers.elliptic.jwk({{"d", "\"AAAA\""}}),
      TestKey::p384("curve").jwk(),
      issuers.rsa.jwk({{"alg", "\"PS256\""}}),
      issuers.rsa.jwk({{"alg", "\"HS256\""}}),
      issuers.rsa.jwk({{"alg", "\"RS512\""}}),
      issuers.rsa.jwk({{"kty", "\"oct\""}}),
      issuers.edwards.jwk({{"crv", "\"X25519\""}}),
      issuers.edwards.jwk({{"crv", "\"Ed448\""}}),
      "7",
      "null",
      "[]",
      "{}"};
  for (const auto& key : useless) EXPECT_EQ(kept({key, good}), 1U) << key;
}

TEST(KeySet, APointThatIsNotOnTheCurveIsNoKey) {
  const auto& key = Issuers::get().elliptic;
  EXPECT_EQ(kept({key.jwk({{"y", in_quotes(base64url(std::string(32, '\x05')))}})}), 0U);
  EXPECT_EQ(kept({key.jwk({{"x", in_quotes(base64url(std::string(32, '\0')))},
                           {"y", in_quotes(base64url(std::string(32, '\0')))}})}),
            0U);
  EXPECT_EQ(kept({key.jwk({{"x", in_quotes(base64url(std::string(32, '\xFF')))}})}), 0U);
  EXPECT_EQ(kept({key.jwk({{"x", in_quotes(base64url(std::string(31, 'x')))}})}), 0U);
  EXPECT_EQ(kept({key.jwk({{"x", in_quotes(base64url(std::string(33, 'x')))}})}), 0U);
  EXPECT_EQ(kept({key.jwk({{"x", ""}})}), 0U);
}

// Of two primes that everybody knows; takes them over.
std::string product(BIGNUM* p, BIGNUM* q) {
  BN_CTX* context = BN_CTX_new();
  BIGNUM* both = BN_new();
  BN_mul(both, p, q, context);
  std::string out(static_cast<std::size_t>(BN_num_bytes(both)), '\0');
  BN_bn2bin(both, reinterpret_cast<unsigned char*>(out.data()));
  for (auto* number : {p, q, both}) BN_free(number);
  BN_CTX_free(context);
  return out;
}

TEST(KeySet, AnRsaKeyThatIsTooWeakOrTooLargeIsNoKey) {
  EXPECT_EQ(kept({TestKey::rsa("weak", 1024).jwk()}), 0U);
  EXPECT_EQ(kept({TestKey::rsa("weak", 2040).jwk()}), 0U);
  const auto& key = Issuers::get().rsa;
  const auto padded = base64url(std::string(200, '\0') + std::string(100, '\x7F'));
  EXPECT_EQ(kept({key.jwk({{"n", in_quotes(padded)}})}), 0U) << "zeros in front do not count";
  const auto of = [&](BIGNUM* p, BIGNUM* q) {
    return kept({key.jwk({{"n", in_quotes(base64url(product(p, q)))}})});
  };
  EXPECT_EQ(of(BN_get_rfc3526_prime_1536(nullptr), BN_get_rfc3526_prime_2048(nullptr)), 1U);
  EXPECT_EQ(of(BN_get_rfc3526_prime_2048(nullptr), BN_get_rfc3526_prime_3072(nullptr)), 0U);
  EXPECT_EQ(kept({key.jwk({{"n", in_quotes(base64url(std::string(9000, '\x7F')))}})}), 0U);
  EXPECT_EQ(kept({key.jwk({{"n", in_quotes(base64url(std::string(256, '\xFF')))}})}), 0U)
      << "divisible by 3";
  EXPECT_EQ(kept({key.jwk({{"n", ""}})}), 0U);
  for (const std::string_view exponent : {"Aw", "AQ", "AQAA", "", "AAAA", "AQAAAAE"}) {
    EXPECT_EQ(kept({key.jwk({{"e", in_quotes(exponent)}})}), 0U) << exponent;
  }
}

TEST(KeySet, WhatIsNotAKeySetIsRefusedWhole) {
  const auto key = TestKey::p256("one").jwk();
  for (const std::string& text :
       std::vector<std::string>{"", "{}", "[]", "null", R"({"keys":{}})", R"({"keys":null})",
                                R"({"keys":[])", "<html>not found</html>", jwks({key, key}),
                                R"({"keys":[],"keys":[]})", jwks({key}) + "x"}) {
    EXPECT_TRUE(is_corrupt(text)) << text;
  }
}

TEST(KeySet, ItsSizeIsBounded) {
  std::vector<std::string> many;
  for (int i = 0; i < 20; ++i) {
    many.push_back(Issuers::get().elliptic.jwk({{"kid", in_quotes("k" + std::to_string(i))}}));
  }
  EXPECT_EQ(kept(many), 20U);
  many.push_back("{}");
  EXPECT_TRUE(is_corrupt(jwks(many)));
  auto large = jwks({many.front()});
  large.insert(large.size() - 1, KeySet::bytes_max - large.size(), ' ');
  EXPECT_FALSE(is_corrupt(large));
  EXPECT_TRUE(is_corrupt(large + " "));
}

}  // namespace
}  // namespace hmt::identity::test
