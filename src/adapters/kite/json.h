#pragma once
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>

#include "base/price.h"

// Reading the broker's JSON, for the .cpp files of this room only. Numbers stay text until they are
// exact values: no binary floating point.
namespace hmt::kite {

namespace ondemand = simdjson::ondemand;

// Calls `use` with the object that `text` is; false when `text` is not one whole JSON object. It is
// checked to its end first, because reading on demand alone does not notice a cut tail.
template <class Use>
bool with_object(std::string_view text, Use&& use) {
  const simdjson::padded_string padded(text);
  simdjson::dom::parser checker;
  if (checker.parse(padded).error() != simdjson::SUCCESS) return false;
  ondemand::parser parser;
  ondemand::document document;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return false;
  ondemand::object root;
  if (document.get_object().get(root) != simdjson::SUCCESS) return false;
  use(root);
  return true;
}

template <class Visit>
void each_field(ondemand::object object, Visit&& visit) {
  for (auto entry : object) {
    std::string_view key;
    ondemand::value value;
    if (entry.unescaped_key().get(key) != simdjson::SUCCESS) return;
    if (entry.value().get(value) != simdjson::SUCCESS) return;
    visit(key, value);
  }
}

inline std::optional<ondemand::value> member(ondemand::object& object, std::string_view key) {
  ondemand::value value;
  if (object.find_field_unordered(key).get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

inline std::optional<ondemand::object> as_object(std::optional<ondemand::value> value) {
  ondemand::object object;
  if (!value || value->get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
  return object;
}

inline bool is_type(ondemand::value& value, ondemand::json_type type) {
  ondemand::json_type found;
  return value.type().get(found) == simdjson::SUCCESS && found == type;
}

// A number's own characters.
inline std::string_view number_text(ondemand::value& value) {
  auto token = value.raw_json_token();
  const auto end = token.find_last_not_of(" \t\r\n");
  return token.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

// The text of a string or a number; empty for anything else, null among it.
inline std::string text_of(ondemand::value& value) {
  if (is_type(value, ondemand::json_type::number)) return std::string(number_text(value));
  if (!is_type(value, ondemand::json_type::string)) return {};
  std::string_view text;
  return value.get_string().get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

inline std::string text_of(std::optional<ondemand::value> value) {
  return value ? text_of(*value) : std::string();
}

// What the broker says to people, as every database takes it: of a length that a person reads,
// whole characters, and none that is no character (PostgreSQL refuses the whole row for a NUL).
inline std::string words_of(std::string text) {
  constexpr std::size_t size_max = 500;
  std::ranges::replace(text, '\0', ' ');
  if (text.size() <= size_max) return text;
  auto end = size_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

inline std::string words_of(ondemand::value& value) {
  return words_of(text_of(value));
}

// An order's number; what is none, as too long a one, is empty.
inline std::string order_id_of(ondemand::value& value) {
  constexpr std::size_t size_max = 100;
  auto text = text_of(value);
  const bool is_one = text.size() <= size_max && text.find('\0') == std::string::npos;
  return is_one ? text : std::string();
}

inline std::optional<base::Price> price_of(ondemand::value& value) {
  const auto price = base::Price::parse_rounded(text_of(value));
  return price ? std::optional(*price) : std::nullopt;
}

// A whole number, written as one or with zeros behind a point.
inline std::optional<std::int64_t> integer_of(ondemand::value& value) {
  const auto text = text_of(value);
  std::int64_t number = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view tail(end, last);
  const bool whole = tail.empty() || (tail[0] == '.' && tail.size() > 1 &&
                                      tail.find_first_not_of('0', 1) == std::string_view::npos);
  return whole ? std::optional(number) : std::nullopt;
}

}  // namespace hmt::kite
