#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/price.h"
#include "base/result.h"

// JSON of the simulated broker, in both directions. Numbers stay text, so that no price becomes a
// binary floating point number on its way.
namespace hmt::sim {

// A parsed value. Members keep their order; of a name that comes twice the first counts.
struct Json {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  bool truth = false;
  std::string text;                // of a string, decoded; of a number, as it was sent
  std::vector<Json> items;         // of an array, and the values of an object
  std::vector<std::string> names;  // of an object: one for each item

  bool is(Kind wanted) const { return kind == wanted; }
  const Json* find(std::string_view name) const;  // null pointer: no such member
};

// One whole document, at most 64 levels deep. Errors: invalid.
base::Result<Json> parse_json(std::string_view text);

// Appends one document, member by member; the caller keeps it well nested.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view text);
  JsonWriter& string_or_null(std::string_view text);  // empty: null
  JsonWriter& number(std::int64_t value);
  JsonWriter& price(base::Price value);  // shortest: 1573.15, 72
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& raw(std::string_view json);  // a document that is already text

  std::string take() { return std::move(text_); }

 private:
  void separate();
  std::string text_;
  bool needs_comma_ = false;
};

// Without zeros at the end: "1573.15", "72", as the broker writes its numbers.
std::string short_decimal(base::Price price);

}  // namespace hmt::sim
