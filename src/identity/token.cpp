#include "identity/token.h"

#include <algorithm>
#include <array>
#include <optional>

#include "identity/base64url.h"
#include "json/value.h"

namespace hmt::identity {
namespace {

using base::ErrorKind;

std::unexpected<base::Error> refuse(std::string message) {
  return base::fail(ErrorKind::refused, std::move(message));
}

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_key_id(std::string_view text) {
  return !text.empty() && text.size() <= key_id_bytes_max &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

// The text of a member; nothing when it is another thing than text.
std::optional<std::string> text_of(const json::Value& value) {
  if (!value.is(json::Value::Kind::string)) return std::nullopt;
  return value.text;
}

base::Result<void> read_header(std::string_view json, Token& out) {
  const auto header = json::read(json, {.depth = 8});
  if (!header || !header->is(json::Value::Kind::object)) {
    return refuse("the token's header is not a JSON object");
  }
  // Each would change how the rest is to be read.
  for (const std::string_view name : {"crit", "b64", "enc", "zip", "cty"}) {
    if (header->find(name)) return refuse("the token's header asks for what is not done here");
  }
  const auto* type = header->find("typ");
  if (type && !same_letters(type->text, "JWT") && !same_letters(type->text, "at+jwt")) {
    return refuse("the token is not a signed JWT");
  }
  const auto* algorithm = header->find("alg");
  const auto said = algorithm ? text_of(*algorithm) : std::nullopt;
  if (!said) return refuse("the token does not say how it is signed");
  out.algorithm = *said;
  if (const auto* key = header->find("kid")) {
    const auto id = text_of(*key);
    if (!id || !is_key_id(*id)) return refuse("the token names its key in no usable way");
    out.key_id = *id;
  }
  return {};
}

}  // namespace

base::Result<Token> read_token(std::string_view text) {
  if (text.size() > token_bytes_max) return refuse("the token is longer than 8 KB");
  const auto first = text.find('.');
  const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) {
    return refuse("the token is not a signed JWT: it does not have three parts");
  }
  if (first > header_bytes_max) return refuse("the token's header is too long");
  const auto header = base64url_decode(text.substr(0, first));
  auto claims = base64url_decode(text.substr(first + 1, second - first - 1));
  auto signature = base64url_decode(text.substr(second + 1));
  if (!header || !claims || !signature) {
    return refuse("the token is not a signed JWT: its parts are not base64url");
  }
  Token out;
  if (auto read = read_header(*header, out); !read) return std::unexpected(read.error());
  out.signed_part = text.substr(0, second);
  out.claims = std::move(*claims);
  out.signature = std::move(*signature);
  return out;
}

}  // namespace hmt::identity
