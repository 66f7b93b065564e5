#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/price.h"
#include "base/time.h"

// Values on their way to the database, as the texts that PostgreSQL reads.
namespace hmt::postgres {

using Field = std::optional<std::string>;  // none: NULL

// PostgreSQL keeps microseconds: what is written is cut to them first, so that what is told and
// what is stored are the same.
base::Instant to_microseconds(base::Instant at);

Field field(std::int64_t value);
Field field(bool value);
// What is not UTF-8, and the zero byte, become U+FFFD: the database takes neither, and an order's
// record must not fail on what a broker wrote.
Field field(std::string_view text);
inline Field field(const std::string& text) {
  return field(std::string_view(text));
}
inline Field field(const char* text) {
  return field(std::string_view(text));
}
inline Field field(std::int32_t value) {
  return field(static_cast<std::int64_t>(value));
}
inline Field field(std::uint32_t value) {
  return field(static_cast<std::int64_t>(value));
}
inline Field field(base::Price price) {
  return price.text();
}
inline Field field(base::Instant at) {
  return base::to_rfc3339_nanos(to_microseconds(at));
}
inline Field field(base::TradingDate date) {
  return date.text();
}
inline Field field(std::nullopt_t) {
  return std::nullopt;
}
template <class Tag>
Field field(const base::Id<Tag>& id) {
  return id.text();
}
template <class Value>
Field field(const std::optional<Value>& value) {
  return value ? field(*value) : Field();
}

// $1, $2, … or the values of one row, from left to right.
class Fields {
 public:
  Fields() = default;
  template <class... Values>
  explicit Fields(const Values&... values) {
    add(values...);
  }
  template <class... Values>
  Fields& add(const Values&... values) {
    (list_.push_back(field(values)), ...);
    return *this;
  }
  // One value: an array of all of them.
  template <class Range>
  Fields& add_array(const Range& range) {
    std::vector<Field> items;
    for (const auto& each : range) items.push_back(field(each));
    list_.emplace_back(array(items));
    return *this;
  }
  void add_all(const Fields& more) {
    list_.insert(list_.end(), more.list_.begin(), more.list_.end());
  }
  void add_ready(std::string text) { list_.emplace_back(std::move(text)); }
  const std::vector<Field>& list() const { return list_; }

  static std::string array(const std::vector<Field>& items);

 private:
  std::vector<Field> list_;
};

// Rows of one width, sent as one array for each column; unnest() makes rows of them again.
class Table {
 public:
  void add(Fields row) { rows_.push_back(std::move(row)); }
  std::size_t size() const { return rows_.size(); }
  void put_into(Fields& out) const;

 private:
  std::vector<Fields> rows_;
};

}  // namespace hmt::postgres
