#include "api/fields.h"

#include <charconv>
#include <limits>
#include <vector>

namespace hmt::api {
namespace {

using base::invalid;
using base::Result;
using Kind = JsonValue::Kind;

template <class Enum>
std::string listed(Enum last) {
  std::string out;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (i > 0) out += ", ";
    out += model::word(static_cast<Enum>(i));
  }
  return out;
}

}  // namespace

std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t min,
                                         std::int64_t max) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (number < min || number > max) return std::nullopt;
  return number;
}

Result<void> FieldValue::must_be(const std::string& what) const {
  return invalid(name, name + " must be " + what);
}

Result<void> FieldValue::unknown_word(const std::string& words) const {
  return must_be("one of " + words);
}

Result<void> FieldValue::whole(std::int64_t min, std::int64_t max, std::int64_t& out) const {
  const auto read =
      value.is(Kind::number) ? whole_number(value.text, min, max) : std::optional<std::int64_t>{};
  if (!read) {
    return must_be("a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  out = *read;
  return {};
}

Result<void> FieldValue::text(std::optional<std::string>& out) const {
  out.reset();
  if (is_null()) return {};
  if (!value.is(Kind::string) || value.text.empty() || value.text.size() > 64) {
    return must_be("text of 1 to 64 characters");
  }
  out = value.text;
  return {};
}

Result<void> FieldValue::price(std::optional<base::Price>& out) const {
  out.reset();
  if (is_null()) return {};
  const bool readable = value.is(Kind::number) || value.is(Kind::string);
  const auto read = readable ? base::Price::parse(value.text)
                             : Result<base::Price>(base::fail(base::ErrorKind::invalid, ""));
  if (!read) {
    return must_be("a price such as 1573.15: digits with at most 7 decimals, at most 100000000");
  }
  out = *read;
  return {};
}

Result<void> FieldValue::quantity(std::optional<model::Quantity>& out) const {
  out.reset();
  if (is_null()) return {};
  return whole(1, 10'000'000, out.emplace());
}

Result<void> FieldValue::token(std::optional<model::InstrumentToken>& out) const {
  out.reset();
  if (is_null()) return {};
  std::int64_t read = 0;
  auto result = whole(1, std::numeric_limits<model::InstrumentToken>::max(), read);
  if (result) out = static_cast<model::InstrumentToken>(read);
  return result;
}

Result<void> FieldValue::version(std::optional<std::int64_t>& out) const {
  return whole(1, std::numeric_limits<std::int64_t>::max(), out.emplace());
}

Result<void> FieldValue::optional_instant(std::optional<base::Instant>& out) const {
  out.reset();
  if (is_null()) return {};
  const auto read = value.is(Kind::string)
                        ? base::parse_rfc3339(value.text)
                        : Result<base::Instant>(base::fail(base::ErrorKind::invalid, ""));
  if (!read) return must_be("a time such as 2026-11-23T09:15:00+05:30");
  out = *read;
  return {};
}

Result<void> FieldValue::boolean(bool& out) const {
  if (!value.is(Kind::boolean)) return must_be("true or false");
  out = value.boolean;
  return {};
}

template <>
std::string FieldValue::known_words<model::Exchange>() {
  return listed(model::Exchange::mcx);
}
template <>
std::string FieldValue::known_words<model::Side>() {
  return listed(model::Side::sell);
}
template <>
std::string FieldValue::known_words<model::Product>() {
  return listed(model::Product::mtf);
}
template <>
std::string FieldValue::known_words<model::Condition>() {
  return listed(model::Condition::two_leg);
}
template <>
std::string FieldValue::known_words<model::Direction>() {
  return listed(model::Direction::falling);
}
template <>
std::string FieldValue::known_words<model::OnUnknown>() {
  return listed(model::OnUnknown::retry);
}
template <>
std::string FieldValue::known_words<model::Purpose>() {
  return listed(model::Purpose::exit);
}

}  // namespace hmt::api
