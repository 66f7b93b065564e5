#include "identity/verify.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "json/value.h"

namespace hmt::identity {
namespace {

using base::Duration;
using base::ErrorKind;
using base::Instant;
using json::Value;

constexpr std::string_view hs256 = "HS256";
constexpr std::int64_t seconds_max = 9'000'000'000;  // the year 2255: fits into nanoseconds

std::unexpected<base::Error> refuse(std::string message) {
  return base::fail(ErrorKind::refused, std::move(message));
}

bool is_known(std::string_view algorithm) {
  constexpr std::array known = {Algorithm::es256, Algorithm::rs256, Algorithm::eddsa};
  return std::ranges::any_of(known, [&](Algorithm each) { return word(each) == algorithm; });
}

// Which key the token has to hold under is decided by its name and by what is configured; the
// algorithm it claims may only agree.
base::Result<void> check_signature(const Token& token, const Keys& keys) {
  const auto wrong = refuse("the token's signature does not hold");
  const auto* key = keys.published ? keys.published->find(token.key_id) : nullptr;
  if (key) {
    if (token.algorithm != word(key->algorithm())) {
      return refuse("the token is not signed the way its key signs");
    }
    if (!key->signed_by_owner(token.signed_part, token.signature)) return wrong;
    return {};
  }
  if (token.algorithm == hs256 && !keys.shared.empty()) {
    if (!mac_holds(keys.shared.reveal(), token.signed_part, token.signature)) return wrong;
    return {};
  }
  if (!is_known(token.algorithm)) return refuse("tokens that are signed this way are not taken");
  if (token.key_id.empty()) return refuse("the token does not name its key");
  return base::fail(ErrorKind::not_found, "the token is signed with a key that is not known here");
}

// RFC 7519 NumericDate, fractions of a second dropped. Nothing for anything else.
std::optional<Instant> time_of(const Value& value) {
  if (!value.is(Value::Kind::number)) return std::nullopt;
  const std::string_view text = value.text;
  const auto whole = text.substr(0, text.find('.'));
  if (whole.starts_with('-') || text.find_first_of("eE") != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t seconds = 0;
  const auto* end = whole.data() + whole.size();
  const auto [stop, failed] = std::from_chars(whole.data(), end, seconds);
  if (failed != std::errc{} || stop != end || seconds > seconds_max) return std::nullopt;
  return Instant(std::chrono::seconds(seconds));
}

// A list of one says the same as its one; a list of more is for others too.
bool is_exactly(const Value* value, std::string_view wanted) {
  if (value && value->is(Value::Kind::array)) {
    value = value->items.size() == 1 ? value->items.data() : nullptr;
  }
  return value && value->is(Value::Kind::string) && value->text == wanted;
}

base::Result<Instant> check_times(const Value& claims, const Policy& policy, Instant now) {
  const auto* expiry = claims.find("exp");
  const auto expires = expiry ? time_of(*expiry) : std::nullopt;
  if (!expires) return refuse("the token does not say when it ends");
  if (*expires + policy.leeway <= now) return refuse("the token has expired: sign in again");
  if (*expires - now > policy.lifetime_max + policy.leeway) {
    return refuse("the token lives too long: access tokens of at most a week are taken");
  }
  for (const std::string_view name : {"nbf", "iat"}) {
    const auto* member = claims.find(name);
    if (!member) continue;
    const auto from = time_of(*member);
    if (!from || *from > *expires) return refuse("the token's times make no sense");
    if (*from > now + policy.leeway) return refuse("the token is not valid yet: check the clock");
  }
  return *expires;
}

base::Result<Claims> check_claims(std::string_view text, const Policy& policy, Instant now) {
  const auto claims = json::read(text);
  if (!claims || !claims->is(Value::Kind::object)) {
    return refuse("the token's claims are not a JSON object");
  }
  if (!policy.issuer.empty()) {
    const auto* issuer = claims->find("iss");
    if (!issuer || !issuer->is(Value::Kind::string) || issuer->text != policy.issuer) {
      return refuse("the token comes from another issuer");
    }
  }
  if (!is_exactly(claims->find("aud"), policy.audience)) {
    return refuse("the token is for another audience");
  }
  const auto* role = claims->find("role");
  if (!role || !role->is(Value::Kind::string) || role->text != policy.role) {
    return refuse("the token is not a signed-in user's");
  }
  const auto expires = check_times(*claims, policy, now);
  if (!expires) return std::unexpected(expires.error());
  const auto* subject = claims->find("sub");
  const bool is_text = subject && subject->is(Value::Kind::string);
  const auto user = base::Uuid::parse(is_text ? std::string_view(subject->text) : "");
  // The nil UUID owns the rows of single-user mode: no user is it.
  if (!user || user->is_nil()) return refuse("the token's subject is not a user's id");
  return Claims{*user, *expires};
}

}  // namespace

base::Result<Claims> verify(const Token& token, const Keys& keys, const Policy& policy,
                            Instant now) {
  if (auto holds = check_signature(token, keys); !holds) return std::unexpected(holds.error());
  return check_claims(token.claims, policy, now);
}

base::Result<Claims> verify(std::string_view text, const Keys& keys, const Policy& policy,
                            Instant now) {
  const auto token = read_token(text);
  if (!token) return std::unexpected(token.error());
  return verify(*token, keys, policy, now);
}

}  // namespace hmt::identity
