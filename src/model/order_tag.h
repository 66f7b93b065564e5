#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/ensure.h"

namespace hmt::model {

// The only key that a client may choose at the broker: at most 20 upper-case alphanumerics
// (kite-protocol 3.4). Ours is made by oms/tag.h, one for each attempt. Its characters stand in it,
// for an order hands it on through every room.
class OrderTag {
 public:
  static constexpr std::size_t size_max = 20;

  constexpr OrderTag() = default;  // none
  // REQUIRES: no more than `size_max` characters.
  template <std::convertible_to<std::string_view> Text>
  constexpr OrderTag(const Text& text) : OrderTag(copy_of(text)) {}

  // Nothing when the text is longer than any tag.
  static constexpr std::optional<OrderTag> from_text(std::string_view text) {
    if (text.size() > size_max) return std::nullopt;
    return OrderTag(text);
  }

  constexpr operator std::string_view() const { return {characters_.data(), size_}; }
  constexpr bool empty() const { return size_ == 0; }
  std::string text() const { return std::string(std::string_view(*this)); }

  // A tag's own characters are as good as random in their middle: the trigger's bits.
  std::size_t hash() const {
    std::array<std::uint64_t, 3> words{};
    std::memcpy(words.data(), characters_.data(), size_max);
    constexpr std::uint64_t odd = 0x9E37'79B9'7F4A'7C15;
    const auto mixed = (words[0] ^ std::rotl(words[1] * odd, 32) ^ words[2]) * odd;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
  }

  friend constexpr bool operator==(const OrderTag&, const OrderTag&) = default;
  friend constexpr auto operator<=>(const OrderTag& a, const OrderTag& b) {
    return std::string_view(a) <=> std::string_view(b);
  }
  template <std::convertible_to<std::string_view> Text>
    requires(!std::same_as<Text, OrderTag>)
  friend constexpr bool operator==(const OrderTag& tag, const Text& text) {
    return std::string_view(tag) == std::string_view(text);
  }
  friend std::string operator+(std::string left, const OrderTag& tag) {
    return left.append(std::string_view(tag));
  }
  friend std::string operator+(const OrderTag& tag, std::string_view right) {
    return tag.text().append(right);
  }

 private:
  static constexpr OrderTag copy_of(std::string_view text) {
    base::ensure(text.size() <= size_max, "an order's tag has at most 20 characters");
    OrderTag tag;
    std::ranges::copy(text, tag.characters_.begin());
    tag.size_ = static_cast<std::uint8_t>(text.size());
    return tag;
  }

  std::array<char, size_max> characters_{};  // zeros behind the last
  std::uint8_t size_ = 0;
};

}  // namespace hmt::model

template <>
struct std::hash<hmt::model::OrderTag> {
  std::size_t operator()(const hmt::model::OrderTag& tag) const { return tag.hash(); }
};
