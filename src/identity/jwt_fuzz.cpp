#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "identity/test_tokens.h"
#include "identity/verify.h"
#include "json/value.h"

// Whatever a stranger sends as a token or an issuer as a key set. The first byte chooses which:
// 0 a token, 1 header and claims that are signed here (so that the fuzzer gets past the signature),
// 2 a key set. `jwt_corpus` holds one of each, and a token of each algorithm.
namespace {

using namespace hmt;
using namespace hmt::identity;

constexpr std::string_view published =
    R"({"keys":[{"kty":"EC","crv":"P-256","kid":"elliptic","alg":"ES256","use":"sig","x":"q)"
    R"(a2EvFGcvM8dkThiy5hjkLRI2TxAIlLp9-dThuGRIuo","y":"sSkShUXWuJE9GmZzogUsQsA7K72NC7b5uMs)"
    R"(xBU3MXWA"},{"kty":"RSA","kid":"rsa","alg":"RS256","use":"sig","e":"AQAB","n":"4POhGJ)"
    R"(b2mLSWnHw7kNt62A6jsu0yE0ALRL9RTkPToltQfHQ3BFydbzQ9N-jDRFsUMVx16dylUanO9IOPnzn6rnEZir)"
    R"(547Z7oab3GCmgpWVuS1sWAsA-Mh-fBzQSj5iO-2YSDLEa3kSnuW74biIMvYX4PxTxmWn3j0Z9Yf0oBizezYd)"
    R"(hXmnDDnbZIfVqhg42aJ2lWMSu2HH1n4RoS2-dzwlF6CSDyBjK3U0VEfh8ACmNe_-CR4QQ654DHvnGGm96oPX)"
    R"(-ZAVBHPgi7kQGYLrFzfIV8KHpqy3bLDxF4_BNYiEt4sOj3_wO3LzYvIhAgyAf3PNSwAVEH54E_gdfH-Rs2xw)"
    R"("},{"kty":"OKP","crv":"Ed25519","kid":"edwards","alg":"EdDSA","use":"sig","x":"Ubhys)"
    R"(tvb5LnkWbfTSTpGc8sYJLusHZXJOtstPx3hIZE"}]})";

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

const Keys& keys() {
  static const Keys keys = test::keys_of(std::string(published), test::shared_secret);
  return keys;
}

// What must be so of every token that was taken, whatever led there.
void look_at(std::string_view text, const Claims& claims) {
  require(text.size() <= token_bytes_max, "a token of more than 8 KB was taken");
  require(!claims.subject.is_nil(), "nobody was signed in");
  require(claims.expires_at > test::now - std::chrono::seconds(60), "an ended token was taken");
  require(claims.expires_at <= test::now + std::chrono::days(7) + std::chrono::seconds(60),
          "a token without an end was taken");
  const auto token = read_token(text);
  const auto said = json::read(token->claims);
  require(said->find("role")->text == "authenticated", "a role that is no user's was taken");
  require(said->find("iss")->text == test::issuer, "another issuer's token was taken");
}

void fuzz_token(std::string_view text) {
  // The fuzzer has no private key, so that what is taken is the corpus's own.
  const auto claims = verify(text, keys(), test::policy(), test::now);
  if (!claims) return;
  look_at(text, *claims);
  require(claims->subject.text() == test::user_id, "a forged token was taken");
}

void fuzz_sealed(std::string_view text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return;
  const auto token =
      test::hmac_sealed(test::shared_secret, text.substr(0, end), text.substr(end + 1));
  const auto claims = verify(token, keys(), test::policy(), test::now);
  if (claims) look_at(token, *claims);
}

void fuzz_key_set(std::string_view text) {
  const auto set = KeySet::read(text);
  if (!set) return;
  require(set->size() <= KeySet::keys_max, "too many keys were taken");
  for (const std::string_view name : {"elliptic", "rsa", "edwards"}) {
    const auto* key = set->find(name);
    if (key) require(!key->signed_by_owner("x", text.substr(0, 64)), "a signature out of nothing");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      fuzz_token(text);
      break;
    case 1:
      fuzz_sealed(text);
      break;
    default:
      fuzz_key_set(text);
  }
  return 0;
}
