#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/price.h"
#include "base/time.h"

namespace hmt::api {

// `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD: words of brokers
// and databases are not trusted to be.
std::string json_string(std::string_view text);

// Writes one JSON object, member by member. Prices are numbers with their exact decimals, instants
// are RFC 3339 text, what is absent is null.
class ObjectWriter {
 public:
  ObjectWriter& text(std::string_view name, std::string_view value);
  ObjectWriter& text_or_null(std::string_view name, std::string_view value);  // empty: null
  ObjectWriter& number(std::string_view name, std::int64_t value);
  ObjectWriter& boolean(std::string_view name, bool value);
  ObjectWriter& price(std::string_view name, const std::optional<base::Price>& value);
  ObjectWriter& instant(std::string_view name, const std::optional<base::Instant>& value);
  ObjectWriter& null(std::string_view name);
  ObjectWriter& raw(std::string_view name, std::string_view json);
  // All members of another written object.
  ObjectWriter& members_of(std::string_view object);

  std::string done() { return std::move(out_) + "}"; }

 private:
  void begin(std::string_view name);
  std::string out_ = "{";
};

// Writes one JSON array of written values.
class ArrayWriter {
 public:
  ArrayWriter& add(std::string_view json);
  std::string done() { return std::move(out_) + "]"; }

 private:
  std::string out_ = "[";
};

}  // namespace hmt::api
