#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// JSON as it was written: a number keeps its text, so that no price ever passes through a binary
// floating point number, and members keep their order.
namespace hmt::json {

struct Value {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  bool boolean = false;
  std::string text = {};  // of a string, decoded; of a number, as it was written
  std::vector<Value> items = {};
  std::vector<Value> members = {};
  std::string name = {};  // of a member of an object

  bool is(Kind wanted) const { return kind == wanted; }
  // Null when there is no such member.
  const Value* find(std::string_view wanted) const;
};

struct Limits {
  std::size_t depth = 32;
  std::size_t number_characters = 40;
};

// One whole JSON text in strict UTF-8. Refused: what RFC 8259 does not know, repeated member names,
// and what is past the limits. Errors: invalid; `field` is the repeated name, if that is the fault.
base::Result<Value> read(std::string_view text, Limits limits = {});

}  // namespace hmt::json
