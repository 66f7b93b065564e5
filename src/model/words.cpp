#include "model/words.h"

#include <array>
#include <cstddef>

#include "base/ensure.h"

namespace hmt::model {
namespace {

// Each table is in the order of its enum.
template <class Enum>
struct Words;

#define HMT_WORDS(Enum, ...)                                                    \
  template <>                                                                   \
  struct Words<Enum> {                                                          \
    static constexpr auto all = std::to_array<std::string_view>({__VA_ARGS__}); \
  }

HMT_WORDS(Exchange, "NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX");
HMT_WORDS(Side, "BUY", "SELL");
HMT_WORDS(Product, "CNC", "NRML", "MIS", "MTF");
HMT_WORDS(OrderType, "MARKET", "LIMIT", "SL", "SL-M");
HMT_WORDS(Condition, "single", "two-leg");
HMT_WORDS(Direction, ">=", "<=");
HMT_WORDS(OnUnknown, "park", "retry");
HMT_WORDS(Purpose, "entry", "exit");
HMT_WORDS(TriggerStatus, "active", "firing", "triggered", "failed", "cancelled", "expired",
          "needs_attention");
HMT_WORDS(LegState, "armed", "fired", "failed", "dropped");
#undef HMT_WORDS

template <class Enum>
std::string_view word_of(Enum value) {
  const auto index = static_cast<std::size_t>(value);
  base::ensure(index < Words<Enum>::all.size(), "an enum holds one of its own values");
  return Words<Enum>::all[index];
}

}  // namespace

std::string_view word(Exchange v) {
  return word_of(v);
}
std::string_view word(Side v) {
  return word_of(v);
}
std::string_view word(Product v) {
  return word_of(v);
}
std::string_view word(OrderType v) {
  return word_of(v);
}
std::string_view word(Condition v) {
  return word_of(v);
}
std::string_view word(Direction v) {
  return word_of(v);
}
std::string_view word(OnUnknown v) {
  return word_of(v);
}
std::string_view word(Purpose v) {
  return word_of(v);
}
std::string_view word(TriggerStatus v) {
  return word_of(v);
}
std::string_view word(LegState v) {
  return word_of(v);
}

template <class Enum>
std::optional<Enum> from_word(std::string_view text) {
  const auto& all = Words<Enum>::all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

template std::optional<Exchange> from_word<Exchange>(std::string_view);
template std::optional<Side> from_word<Side>(std::string_view);
template std::optional<Product> from_word<Product>(std::string_view);
template std::optional<OrderType> from_word<OrderType>(std::string_view);
template std::optional<Condition> from_word<Condition>(std::string_view);
template std::optional<Direction> from_word<Direction>(std::string_view);
template std::optional<OnUnknown> from_word<OnUnknown>(std::string_view);
template std::optional<Purpose> from_word<Purpose>(std::string_view);
template std::optional<TriggerStatus> from_word<TriggerStatus>(std::string_view);
template std::optional<LegState> from_word<LegState>(std::string_view);

}  // namespace hmt::model
