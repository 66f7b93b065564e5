#pragma once
#include <array>
#include <compare>
#include <cstdint>
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
std::size_t hash_of(const Uuid& id);

}  // namespace hmt::base

template <class Tag>
struct std::hash<hmt::base::Id<Tag>> {
  std::size_t operator()(const hmt::base::Id<Tag>& id) const { return hmt::base::hash_of(id.uuid); }
};
