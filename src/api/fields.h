#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>

#include "api/json_value.h"
#include "base/id.h"
#include "base/price.h"
#include "base/time.h"
#include "model/trigger.h"
#include "model/words.h"

// One member of a request body, read as what it ought to be. Errors: invalid, naming the member.
namespace hmt::api {

// "-12" as a number, within the bounds given; nothing for anything else.
std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t min, std::int64_t max);

struct FieldValue {
  const std::string& name;
  const JsonValue& value;

  bool is_null() const { return value.is(JsonValue::Kind::null); }

  // Null leaves these empty, which makes a needed one missing.
  base::Result<void> text(std::optional<std::string>& out) const;
  base::Result<void> price(std::optional<base::Price>& out) const;
  base::Result<void> quantity(std::optional<model::Quantity>& out) const;
  base::Result<void> token(std::optional<model::InstrumentToken>& out) const;
  base::Result<void> version(std::optional<std::int64_t>& out) const;
  base::Result<void> optional_instant(std::optional<base::Instant>& out) const;
  base::Result<void> boolean(bool& out) const;

  template <class Enum>
  base::Result<void> optional_word(std::optional<Enum>& out) const {
    out.reset();
    if (is_null()) return {};
    if (value.is(JsonValue::Kind::string)) out = model::from_word<Enum>(value.text);
    return out ? base::Result<void>{} : unknown_word(known_words<Enum>());
  }

  template <class Enum>
  base::Result<void> word(std::optional<Enum>& out) const {
    if (is_null()) return must_be("given");
    return optional_word(out);
  }

  template <class Enum>
    requires std::is_enum_v<Enum>
  base::Result<void> word(Enum& out) const {
    std::optional<Enum> read;
    auto result = word(read);
    if (read) out = *read;
    return result;
  }

  template <class Tag>
  base::Result<void> id(base::Id<Tag>& out) const {
    if (!value.is(JsonValue::Kind::string)) return must_be("a UUID");
    const auto read = base::Id<Tag>::parse(value.text);
    if (!read) return must_be("a UUID");
    out = *read;
    return {};
  }

  template <class Tag>
  base::Result<void> optional_id(std::optional<base::Id<Tag>>& out) const {
    out.reset();
    if (is_null()) return {};
    return id(out.emplace());
  }

 private:
  base::Result<void> must_be(const std::string& what) const;
  base::Result<void> unknown_word(const std::string& words) const;
  base::Result<void> whole(std::int64_t min, std::int64_t max, std::int64_t& out) const;

  // The words that the vocabulary knows, for the error's message.
  template <class Enum>
  static std::string known_words();
};

template <>
std::string FieldValue::known_words<model::Exchange>();
template <>
std::string FieldValue::known_words<model::Side>();
template <>
std::string FieldValue::known_words<model::Product>();
template <>
std::string FieldValue::known_words<model::Condition>();
template <>
std::string FieldValue::known_words<model::Direction>();
template <>
std::string FieldValue::known_words<model::OnUnknown>();
template <>
std::string FieldValue::known_words<model::Purpose>();

}  // namespace hmt::api
