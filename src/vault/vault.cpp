#include "vault/vault.h"

#include <algorithm>
#include <optional>
#include <sodium.h>
#include <vector>

#include "base/ensure.h"

namespace hmt::vault {
namespace {

using base::ErrorKind;
using base::Result;
using Bytes = std::vector<unsigned char>;
using Name = std::array<unsigned char, 8>;

constexpr std::string_view prefix = "v1.";
constexpr std::size_t name_bytes = Name{}.size();
constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t mac_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t head_bytes = 2 * name_bytes + nonce_bytes;
constexpr std::size_t block_bytes = 64;
constexpr std::size_t text_max =
    2 * (head_bytes + Vault::secret_bytes_max + block_bytes + mac_bytes);
constexpr auto base64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

// What is derived from HMT_SECRET_KEY here. Other rooms have contexts of their own.
constexpr char context[crypto_kdf_CONTEXTBYTES + 1] = "hmt-seal";
enum SubKey : std::uint64_t { sealing = 2, naming_key = 3, naming_places = 4 };

// 32 bytes in memory that is locked where the system allows it, fenced and wiped.
class KeyBytes {
 public:
  static constexpr std::size_t size = 32;

  KeyBytes(const SecretKey& from, SubKey which)
      : bytes_(static_cast<unsigned char*>(sodium_malloc(size))) {
    base::ensure(bytes_ != nullptr, "there is memory for a key");
    crypto_kdf_derive_from_key(bytes_.get(), size, which, context, from.data());
    sodium_mprotect_readonly(bytes_.get());
  }
  const unsigned char* data() const { return bytes_.get(); }

 private:
  struct Free {
    void operator()(unsigned char* bytes) const { sodium_free(bytes); }
  };
  std::unique_ptr<unsigned char, Free> bytes_;
};

static_assert(KeyBytes::size == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(KeyBytes::size >= crypto_generichash_KEYBYTES_MIN);

// Plaintext on its way; wiped when it goes.
class Plaintext {
 public:
  explicit Plaintext(std::size_t size) : bytes_(size) {}
  Plaintext(const Plaintext&) = delete;
  Plaintext& operator=(const Plaintext&) = delete;
  ~Plaintext() { sodium_memzero(bytes_.data(), bytes_.size()); }
  unsigned char* data() { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }

 private:
  Bytes bytes_;
};

// With its length in front, so that no two lists of parts make the same bytes.
void append(Bytes& to, std::string_view part) {
  for (int shift = 0; shift < 32; shift += 8) {
    to.push_back(static_cast<unsigned char>(part.size() >> shift));
  }
  to.insert(to.end(), part.begin(), part.end());
}

Name digest(const KeyBytes& key, std::string_view of) {
  std::array<unsigned char, crypto_generichash_BYTES> whole;
  crypto_generichash(whole.data(), whole.size(), reinterpret_cast<const unsigned char*>(of.data()),
                     of.size(), key.data(), KeyBytes::size);
  Name out;
  std::copy_n(whole.begin(), out.size(), out.begin());
  return out;
}

struct Key {
  KeyBytes seal;
  KeyBytes place_names;
  Name name;

  explicit Key(const SecretKey& from)
      : seal(from, sealing),
        place_names(from, naming_places),
        name(digest(KeyBytes(from, naming_key), "name")) {}

  Name name_of(const Place& place) const {
    Bytes bytes;
    write(bytes, place);
    return digest(place_names, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  // Everything that the secret is bound to.
  Bytes associated(const Place& place, std::span<const unsigned char> names) const {
    Bytes out;
    append(out, "hmt sealed secret, v1");
    write(out, place);
    append(out, {reinterpret_cast<const char*>(names.data()), names.size()});
    return out;
  }

 private:
  static void write(Bytes& to, const Place& place) {
    append(to, place.table);
    append(to, place.user.text());
    append(to, place.connection.text());
    append(to, place.field);
  }
};

std::string printable(const Bytes& bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), base64), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), base64);
  out.pop_back();
  return std::string(prefix) + out;
}

// Nothing when it is not our form, or cut. libsodium takes some bytes that are not base64 for
// others that are, so the text must be the one that its bytes are written as.
std::optional<Bytes> bytes_of(std::string_view sealed) {
  if (sealed.size() <= prefix.size() || sealed.size() > text_max) return std::nullopt;
  const auto text = sealed.substr(prefix.size());
  Bytes out(text.size());
  std::size_t size = 0;
  if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, nullptr,
                        base64) != 0) {
    return std::nullopt;
  }
  out.resize(size);
  const bool whole =
      size > head_bytes + mac_bytes && (size - head_bytes - mac_bytes) % block_bytes == 0;
  return whole && printable(out) == sealed ? std::optional(std::move(out)) : std::nullopt;
}

std::unexpected<base::Error> cannot_open(const Place& place, std::string_view why) {
  return base::fail(ErrorKind::corrupt,
                    "the sealed " + place.field + " of broker connection " +
                        place.connection.text() + " " + std::string(why),
                    place.field);
}

}  // namespace

struct Vault::Keys {
  std::vector<Key> all;  // the current one first

  const Key* find(std::span<const unsigned char> name) const {
    const auto found = std::ranges::find_if(
        all, [&](const Key& key) { return std::ranges::equal(key.name, name); });
    return found == all.end() ? nullptr : &*found;
  }
};

Vault::Vault(const SecretKey& current, std::span<const SecretKey> former)
    : keys_(std::make_unique<Keys>()) {
  base::ensure(sodium_init() >= 0, "libsodium starts");
  keys_->all.emplace_back(current);
  for (const auto& key : former) keys_->all.emplace_back(key);
}

Vault::~Vault() = default;
Vault::Vault(Vault&&) noexcept = default;
Vault& Vault::operator=(Vault&&) noexcept = default;

std::string Vault::seal(const agent::Secret& secret, const Place& place) const {
  const auto plain = secret.reveal();
  base::ensure(plain.size() <= secret_bytes_max, "a secret is at most 4096 bytes");
  Plaintext padded((plain.size() / block_bytes + 1) * block_bytes);
  std::ranges::copy(plain, padded.data());
  std::size_t size = 0;
  base::ensure(sodium_pad(&size, padded.data(), plain.size(), block_bytes, padded.size()) == 0 &&
                   size == padded.size(),
               "the padding fits");

  const auto& key = keys_->all.front();
  const auto place_name = key.name_of(place);
  Bytes out(head_bytes + padded.size() + mac_bytes);
  std::ranges::copy(key.name, out.begin());
  std::ranges::copy(place_name, out.begin() + name_bytes);
  auto* nonce = out.data() + 2 * name_bytes;
  randombytes_buf(nonce, nonce_bytes);
  const auto bound = key.associated(place, std::span(out).first(2 * name_bytes));
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + head_bytes, nullptr, padded.data(),
                                             padded.size(), bound.data(), bound.size(), nullptr,
                                             nonce, key.seal.data());
  return printable(out);
}

Result<agent::Secret> Vault::open(std::string_view sealed, const Place& place) const {
  const auto bytes = bytes_of(sealed);
  if (!bytes) {
    return cannot_open(place,
                       "is damaged: it is cut, or not in the form of this version. Set it again");
  }
  const auto names = std::span(*bytes).first(2 * name_bytes);
  const auto* key = keys_->find(names.first(name_bytes));
  if (!key) {
    return cannot_open(place,
                       "was sealed with another key: put the HMT_SECRET_KEY that it was sealed "
                       "with into HMT_SECRET_KEY_BEFORE, or set it again");
  }
  if (!std::ranges::equal(key->name_of(place), names.last(name_bytes))) {
    return cannot_open(place,
                       "was sealed for another row, user or field, and copied here: set it again");
  }
  Plaintext plain(bytes->size() - head_bytes - mac_bytes);
  const auto bound = key->associated(place, names);
  const auto* nonce = bytes->data() + 2 * name_bytes;
  const auto* cipher = bytes->data() + head_bytes;
  std::size_t size = 0;
  const bool holds = crypto_aead_xchacha20poly1305_ietf_decrypt(
                         plain.data(), nullptr, nullptr, cipher, bytes->size() - head_bytes,
                         bound.data(), bound.size(), nonce, key->seal.data()) == 0 &&
                     sodium_unpad(&size, plain.data(), plain.size(), block_bytes) == 0;
  if (!holds) {
    return cannot_open(place, "is damaged: its bytes are not those that were sealed. Set it again");
  }
  return agent::Secret(std::string(reinterpret_cast<const char*>(plain.data()), size));
}

bool Vault::is_current(std::string_view sealed) const {
  const auto bytes = bytes_of(sealed);
  return bytes && keys_->find(std::span(*bytes).first(name_bytes)) == &keys_->all.front();
}

}  // namespace hmt::vault
