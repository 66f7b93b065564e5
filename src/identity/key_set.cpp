#include "identity/key_set.h"

#include <algorithm>
#include <optional>

#include "identity/base64url.h"
#include "identity/token.h"
#include "json/value.h"

namespace hmt::identity {
namespace {

using base::ErrorKind;
using json::Value;

std::unexpected<base::Error> corrupt(std::string message) {
  return base::fail(ErrorKind::corrupt, std::move(message));
}

// Empty when it is missing or not text.
std::string_view text_at(const Value& key, std::string_view name) {
  const auto* member = key.find(name);
  return member && member->is(Value::Kind::string) ? std::string_view(member->text)
                                                   : std::string_view();
}

// A member that says something says exactly this.
bool says_only(const Value& key, std::string_view name, std::string_view wanted) {
  return !key.find(name) || text_at(key, name) == wanted;
}

bool may_verify(const Value& key) {
  if (!says_only(key, "use", "sig") || key.find("d") || key.find("k")) return false;
  const auto* operations = key.find("key_ops");
  return !operations || std::ranges::any_of(operations->items, [](const Value& operation) {
    return operation.is(Value::Kind::string) && operation.text == "verify";
  });
}

// By what the key is, never by what it calls itself.
std::optional<PublicKey> key_of(const Value& key) {
  const auto bytes = [&](std::string_view name) {
    return base64url_decode(text_at(key, name)).value_or(std::string());
  };
  const auto kind = text_at(key, "kty");
  const auto curve = text_at(key, "crv");
  auto made = [&]() -> base::Result<PublicKey> {
    if (kind == "EC" && curve == "P-256") return PublicKey::p256(bytes("x"), bytes("y"));
    if (kind == "RSA") return PublicKey::rsa(bytes("n"), bytes("e"));
    if (kind == "OKP" && curve == "Ed25519") return PublicKey::ed25519(bytes("x"));
    return base::fail(ErrorKind::unsupported, "not a kind of key that is used here");
  }();
  if (!made || !says_only(key, "alg", word(made->algorithm()))) return std::nullopt;
  return std::move(*made);
}

}  // namespace

base::Result<KeySet> KeySet::read(std::string_view text) {
  if (text.size() > bytes_max) return corrupt("the key set is larger than 64 KB");
  const auto document = json::read(text, {.depth = 8});
  if (!document) return corrupt("the key set is not JSON");
  const auto* keys = document->find("keys");
  if (!keys || !keys->is(Value::Kind::array)) return corrupt("there is no list `keys` in it");
  if (keys->items.size() > keys_max) return corrupt("the key set holds more than 20 keys");
  KeySet out;
  for (const auto& each : keys->items) {
    const auto id = text_at(each, "kid");
    if (id.empty() || id.size() > key_id_bytes_max || !may_verify(each)) continue;
    auto key = key_of(each);
    if (!key) continue;
    if (!out.keys_.emplace(id, std::move(*key)).second) {
      return corrupt("the key set gives two keys one name");
    }
  }
  return out;
}

const PublicKey* KeySet::find(std::string_view key_id) const {
  const auto found = keys_.find(key_id);
  return found == keys_.end() ? nullptr : &found->second;
}

}  // namespace hmt::identity
