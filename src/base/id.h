#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

// Identifiers that cannot be mixed up: each noun has a type of its own.
namespace hmt::base {

// 128 bits, written as 8-4-4-4-12 lower-case hexadecimal.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  // Errors: invalid.
  static Result<Uuid> parse(std::string_view text);
  // A version 4 UUID out of 16 random bytes; the caller brings the randomness.
  static Uuid from_random(const std::array<std::uint8_t, 16>& random);

  std::string text() const;
  bool is_nil() const { return *this == Uuid{}; }
  constexpr auto operator<=>(const Uuid&) const = default;
};

template <class Tag>
struct Id {
  Uuid uuid;

  static Result<Id> parse(std::string_view text) {
    const auto parsed = Uuid::parse(text);
    if (!parsed) return std::unexpected(parsed.error());
    return Id{*parsed};
  }
  std::string text() const { return uuid.text(); }
  constexpr auto operator<=>(const Id&) const = default;
};

// Spreads ids that count up as well as random ones, in every part of the hash.
inline std::size_t hash_of(const Uuid& id) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, id.bytes.data(), sizeof high);
  std::memcpy(&low, id.bytes.data() + sizeof high, sizeof low);
  // Downwards as well as upwards: a multiplication alone leaves the low bits of ids that count up
  // in their last bytes as they were.
  std::uint64_t mixed = low ^ (high * 0x9E3779B97F4A7C15ULL);
  for (const auto factor : {0xFF51AFD7ED558CCDULL, 0xC4CEB9FE1A85EC53ULL}) {
    mixed = (mixed ^ (mixed >> 33)) * factor;
  }
  return mixed ^ (mixed >> 33);
}

}  // namespace hmt::base

template <class Tag>
struct std::hash<hmt::base::Id<Tag>> {
  std::size_t operator()(const hmt::base::Id<Tag>& id) const { return hmt::base::hash_of(id.uuid); }
};
