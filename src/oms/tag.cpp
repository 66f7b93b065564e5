#include "oms/tag.h"

#include <algorithm>
#include <cstddef>
#include <sodium.h>
#include <vector>

#include "base/ensure.h"

namespace hmt::oms {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static_assert(alphabet.size() == 32);

constexpr std::size_t trigger_digits = 13;
constexpr std::size_t mac_digits = 4;

// Writes `value` as `count` digits, and says where they end.
char* put_digits(char* at, std::uint64_t value, std::size_t count) {
  for (std::size_t i = count; i-- > 0; value >>= 5) at[i] = alphabet[value & 31];
  return at + count;
}

char* put_start(char* at, std::uint64_t trigger_bits) {
  *at = 'T';
  return put_digits(at + 1, trigger_bits, trigger_digits);
}

// The value of base-32 digits; nothing when one is foreign or the value does not fit 64 bits.
std::optional<std::uint64_t> read_digits(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char digit : digits) {
    const auto at = alphabet.find(digit);
    if (at == std::string_view::npos || value >> 59 != 0) return std::nullopt;
    value = value << 5 | at;
  }
  return value;
}

std::uint8_t* put_bytes(std::uint8_t* at, std::uint64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
  return at + count;
}

// Every field has its own width, and the account, which has not, its length in front.
std::uint64_t mac_of(const TagKey& key, const TagScope& scope, const TagParts& parts) {
  const auto size = scope.account.size() + 22;
  std::array<std::uint8_t, 64> usual;
  std::vector<std::uint8_t> larger(size > usual.size() ? size : 0);
  auto* const text = larger.empty() ? usual.data() : larger.data();
  auto* end = put_bytes(text, scope.account.size(), 8);
  end = std::ranges::copy(scope.account, end).out;
  end = put_bytes(end, static_cast<std::uint32_t>(scope.date.days), 4);
  end = put_bytes(end, parts.trigger_bits, 8);
  put_bytes(end, std::uint64_t{parts.attempt_mod_32} << 8 | parts.fire_mod_32, 2);

  static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == 8);
  std::array<std::uint8_t, crypto_shorthash_BYTES> hash{};
  crypto_shorthash(hash.data(), text, size, key.bytes.data());
  return (std::uint64_t{hash[0]} << 16 | std::uint64_t{hash[1]} << 8 | hash[2]) & 0xF'FFFF;
}

}  // namespace

std::uint64_t tag_bits(model::TriggerId id) {
  std::array<std::uint8_t, crypto_generichash_BYTES_MIN> hash{};
  const auto& bytes = id.uuid.bytes;
  const int failed =
      crypto_generichash(hash.data(), hash.size(), bytes.data(), bytes.size(), nullptr, 0);
  base::ensure(failed == 0, "a keyless hash of 16 bytes cannot fail");
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) bits = bits << 8 | hash[i];
  return bits;
}

model::OrderTag make_tag(const TagKey& key, const TagScope& scope, model::TriggerId trigger,
                         std::int32_t fire_no, std::int32_t attempt_no) {
  return make_tag(key, scope, tag_bits(trigger), fire_no, attempt_no);
}

model::OrderTag make_tag(const TagKey& key, const TagScope& scope, std::uint64_t trigger_bits,
                         std::int32_t fire_no, std::int32_t attempt_no) {
  const TagParts parts{trigger_bits, static_cast<std::uint8_t>(fire_no & 31),
                       static_cast<std::uint8_t>(attempt_no & 31)};
  std::array<char, model::OrderTag::size_max> tag{};
  auto* end = put_start(tag.data(), parts.trigger_bits);
  end = put_digits(end, parts.fire_mod_32, 1);
  end = put_digits(end, parts.attempt_mod_32, 1);
  end = put_digits(end, mac_of(key, scope, parts), mac_digits);
  return std::string_view(tag.data(), end);
}

std::string tag_start(model::TriggerId trigger) {
  std::array<char, 1 + trigger_digits> start{};
  return {start.data(), put_start(start.data(), tag_bits(trigger))};
}

std::optional<TagParts> read_tag(const TagKey& key, const TagScope& scope, std::string_view tag) {
  if (tag.size() != model::OrderTag::size_max || tag.front() != 'T') return std::nullopt;
  const auto trigger = read_digits(tag.substr(1, trigger_digits));
  const auto fire = read_digits(tag.substr(14, 1));
  const auto attempt = read_digits(tag.substr(15, 1));
  const auto mac = read_digits(tag.substr(16, mac_digits));
  if (!trigger || !fire || !attempt || !mac) return std::nullopt;
  const TagParts parts{*trigger, static_cast<std::uint8_t>(*fire),
                       static_cast<std::uint8_t>(*attempt)};
  if (mac_of(key, scope, parts) != *mac) return std::nullopt;
  return parts;
}

}  // namespace hmt::oms
