#include <algorithm>
#include <string>
#include <vector>

#include "base/test_fuzz.h"
#include "identity/base64url.h"
#include "identity/publishable.h"
#include "identity/test_tokens.h"
#include "json/value.h"

// Whoever opens the page sees the key: nothing that says of itself that it is secret may pass,
// however it is wrapped. And base64url has one text for each meaning.
namespace {

using namespace hmt;
using namespace hmt::identity;
using base::test::require;

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == '.') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

// What stands in the middle of three parts, whatever the others are.
bool claims_another_role(std::string_view key) {
  const auto parts = parts_of(key);
  if (parts.size() != 3) return false;
  const auto said = base64url_decode(parts[1]);
  const auto claims = said ? json::read(*said) : base::Result<json::Value>(json::Value{});
  if (!claims || !claims->is(json::Value::Kind::object)) return false;
  const auto* role = claims->find("role");
  return role && role->text != "anon";
}

void fuzz_key(std::string_view text) {
  const bool secret = is_secret_key(text);
  require(secret || !claims_another_role(text), "a secret token passes as publishable");
  require(secret || !text.contains("sb_secret_"), "a secret key passes as publishable");
  require(is_secret_key(' ' + std::string(text) + "\r\n") || !secret, "blanks make a key public");
}

void fuzz_claims(std::string_view text) {
  const auto middle = test::base64url(text);
  fuzz_key(test::base64url(R"({"alg":"HS256","typ":"JWT"})") + '.' + middle + ".c2lnbmVk");
  fuzz_key(test::base64url("{}") + '.' + middle + '.');
}

void fuzz_base64(std::string_view text) {
  const auto read = base64url_decode(text);
  require(!read || test::base64url(*read) == text, "two texts have one meaning");
  require(base64url_decode(test::base64url(text)) == std::string(text), "not what was encoded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, text] = base::test::choose(data, size);
  switch (choice % 3) {
    case 0:
      fuzz_key(text);
      break;
    case 1:
      fuzz_claims(text);
      break;
    default:
      fuzz_base64(text);
  }
  return 0;
}
