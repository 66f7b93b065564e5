#include <gtest/gtest.h>
#include <set>

#include "identity/test_tokens.h"
#include "identity/verify.h"

// Forged tokens in bulk: whatever is changed about a token that holds, it does not hold any more.
namespace hmt::identity::test {
namespace {

const Issuers& issuers() {
  return Issuers::get();
}
const Keys& keys() {
  static const Keys keys = keys_of(issuers().jwks(), shared_secret);
  return keys;
}
bool is_taken(std::string_view token) {
  return verify(token, keys(), policy(), now).has_value();
}

// One that holds under each kind of key; short, because each of its bits has its turn.
std::vector<std::string> true_tokens() {
  const Members less = {{"email", ""}, {"app_metadata", ""}, {"user_metadata", ""},
                        {"aal", ""},   {"session_id", ""},   {"is_anonymous", ""},
                        {"iat", ""}};
  return {issuers().elliptic.token(less), issuers().rsa.token(less), issuers().edwards.token(less),
          hmac_token(shared_secret, less)};
}

TEST(Forged, EveryFlippedBitOfATokenIsNoticed) {
  for (const auto& token : true_tokens()) {
    ASSERT_TRUE(is_taken(token));
    // Of the long one, an RSA token, one bit of each byte.
    const bool is_long = token.size() > 600;
    for (std::size_t at = 0; at < token.size(); ++at) {
      for (std::size_t bit = is_long ? at % 8 : 0; bit < 8; bit += is_long ? 8 : 1) {
        auto changed = token;
        changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
        EXPECT_FALSE(is_taken(changed)) << "byte " << at << ", bit " << bit;
      }
    }
  }
}

TEST(Forged, EveryOtherLetterOfASignatureIsNoticed) {
  const auto token = hmac_token(shared_secret);
  for (auto at = token.rfind('.'); at < token.size(); ++at) {
    for (const char letter : std::string_view(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. ")) {
      auto changed = token;
      changed[at] = letter;
      if (changed != token) EXPECT_FALSE(is_taken(changed)) << "byte " << at << ' ' << letter;
    }
  }
}

TEST(Forged, EveryCutAndEveryDoubledByteIsNoticed) {
  for (const auto& token : true_tokens()) {
    for (std::size_t at = 0; at < token.size(); ++at) {
      EXPECT_FALSE(is_taken(token.substr(0, at)));
      EXPECT_FALSE(is_taken(token.substr(at + 1)));
      auto doubled = token;
      doubled.insert(at, 1, token[at]);
      EXPECT_FALSE(is_taken(doubled)) << at;
      auto missing = token;
      missing.erase(at, 1);
      EXPECT_FALSE(is_taken(missing)) << at;
    }
  }
}

// ---- a corpus: each forger does one thing that was done to somebody once

using Corpus = std::set<std::string>;

void forge_headers(Corpus& out) {
  const std::vector<Members> changes = {{{"alg", "\"none\""}},
                                        {{"alg", "\"None\""}},
                                        {{"alg", "\"NONE\""}},
                                        {{"alg", "\"nonE\""}},
                                        {{"alg", "\"\""}},
                                        {{"alg", "null"}},
                                        {{"alg", "[]"}},
                                        {{"alg", ""}},
                                        {{"alg", "\"HS384\""}},
                                        {{"alg", "\"HS512\""}},
                                        {{"alg", "\"RS384\""}},
                                        {{"alg", "\"PS256\""}},
                                        {{"alg", "\"ES384\""}},
                                        {{"alg", "\"ES256K\""}},
                                        {{"crit", "[]"}},
                                        {{"crit", "[\"b64\"]"}},
                                        {{"crit", "[\"exp\"]"}},
                                        {{"b64", "false"}},
                                        {{"b64", "true"}},
                                        {{"cty", "\"JWT\""}},
                                        {{"zip", "\"DEF\""}},
                                        {{"enc", "\"A128CBC-HS256\""}},
                                        {{"typ", "\"JWE\""}},
                                        {{"typ", "1"}},
                                        {{"kid", "\"../../dev/null\""}},
                                        {{"kid", "\"'OR'1'='1\""}},
                                        {{"kid", "\"unknown\""}},
                                        {{"kid", "7"}},
                                        {{"kid", "[]"}},
                                        {{"kid", "\"\""}}};
  for (const auto& change : changes) {
    for (const auto* key : {&issuers().elliptic, &issuers().rsa, &issuers().edwards}) {
      const auto header = key->header(change);
      out.insert(key->sealed(header, claims()));
      out.insert(base64url(header) + '.' + base64url(claims()) + '.');
    }
  }
}

void forge_claims(Corpus& out) {
  const std::vector<Members> changes = {{{"iss", "\"https://evil.example/auth/v1\""}},
                                        {{"iss", ""}},
                                        {{"aud", "\"anon\""}},
                                        {{"aud", ""}},
                                        {{"role", "\"service_role\""}},
                                        {{"role", "\"anon\""}},
                                        {{"role", "[\"authenticated\"]"}},
                                        {{"role", ""}},
                                        {{"sub", "\"admin\""}},
                                        {{"sub", ""}},
                                        {{"sub", "\"00000000-0000-0000-0000-000000000000\""}},
                                        {{"exp", std::to_string(now_seconds - 3600)}},
                                        {{"exp", ""}},
                                        {{"exp", "\"never\""}},
                                        {{"exp", "1e99"}},
                                        {{"nbf", std::to_string(now_seconds + 600)}},
                                        {{"iat", std::to_string(now_seconds + 600)}}};
  for (const auto& change : changes) {
    for (const auto* key : {&issuers().elliptic, &issuers().rsa, &issuers().edwards}) {
      out.insert(key->token(change));
    }
    out.insert(hmac_token(shared_secret, change));
  }
}

void forge_with_other_keys(Corpus& out) {
  const auto curve = TestKey::p256("elliptic");
  const auto rsa = TestKey::rsa("rsa");
  const auto edwards = TestKey::ed25519("edwards");
  for (const auto* key : {&curve, &rsa, &edwards}) {
    out.insert(key->token());
    out.insert(key->token({}, {{"jwk", key->jwk()}}));
    out.insert(key->token({}, {{"jku", "\"https://evil.example\""}, {"kid", "\"evil\""}}));
    out.insert(key->token({}, {{"x5c", "[\"MIIB\"]"}, {"kid", ""}}));
    for (const std::string name : {"elliptic", "rsa", "edwards"}) {
      out.insert(key->token({}, {{"kid", in_quotes(name)}}));
    }
  }
  for (const auto* key : {&issuers().elliptic, &issuers().rsa, &issuers().edwards}) {
    for (const auto& secret : {key->pem(), key->der(), key->jwk(), std::string(), key->id()}) {
      out.insert(hmac_token(secret, {}, {{"kid", in_quotes(key->id())}}));
      out.insert(hmac_token(secret));
    }
    for (const std::string name : {"elliptic", "rsa", "edwards"}) {
      if (name != key->id()) out.insert(key->token({}, {{"kid", in_quotes(name)}}));
    }
  }
  for (const std::string secret :
       {"secret", "password", "your-256-bit-secret", "hmt", "supabase"}) {
    out.insert(hmac_token(secret));
  }
}

void forge_shapes(Corpus& out) {
  for (const auto& token : true_tokens()) {
    const auto first = token.find('.');
    const auto last = token.rfind('.');
    const auto header = token.substr(0, first);
    const auto payload = token.substr(first + 1, last - first - 1);
    const auto signature = token.substr(last + 1);
    for (const auto& shape :
         {header + '.' + payload, header + '.' + payload + '.', header + ".." + signature,
          '.' + payload + '.' + signature, token + '.', token + '.' + signature, token + "=",
          header + "=." + payload + '.' + signature, header + '.' + payload + "==." + signature,
          payload + '.' + header + '.' + signature, token + "\n", "Bearer " + token, token + token,
          header + '.' + payload + ".." + signature,
          header + '.' + payload + '.' + base64url(std::string(64, '\0')),
          header + '.' + payload + '.' + base64url(std::string(256, '\xFF')),
          header + '.' + base64url("{}") + '.' + signature,
          header + '.' + base64url(claims({{"sub", in_quotes(std::string(36, 'a'))}})) + '.' +
              signature,
          "{\"payload\":\"" + payload + "\",\"protected\":\"" + header + "\",\"signature\":\"" +
              signature + "\"}"}) {
      out.insert(shape);
    }
  }
}

TEST(Forged, NoneOfTheCorpusIsTaken) {
  Corpus corpus;
  forge_headers(corpus);
  forge_claims(corpus);
  forge_with_other_keys(corpus);
  forge_shapes(corpus);
  EXPECT_GE(corpus.size(), 300U);
  for (const auto& token : corpus) {
    const auto taken = verify(token, keys(), policy(), now);
    EXPECT_FALSE(taken) << token;
  }
  for (const auto& token : true_tokens()) EXPECT_TRUE(is_taken(token)) << "the forger's originals";
}

}  // namespace
}  // namespace hmt::identity::test
