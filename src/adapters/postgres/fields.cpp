#include "postgres/fields.h"

#include <chrono>

namespace hmt::postgres {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

// The size of the UTF-8 character that stands at `at`; 0: none does.
std::size_t character_at(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first == 0) return 0;
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_continuation(text, at + i)) return 0;
  }
  // Too long a form, a surrogate, or beyond the last character.
  const auto second = static_cast<unsigned char>(text[at + 1]);
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) {
    return 0;
  }
  return size;
}

}  // namespace

base::Instant to_microseconds(base::Instant at) {
  return std::chrono::floor<std::chrono::microseconds>(at);
}

Field field(std::int64_t value) {
  return std::to_string(value);
}

Field field(bool value) {
  return value ? "t" : "f";
}

Field field(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto size = character_at(text, at);
    out += size == 0 ? replacement : text.substr(at, size);
    at += size == 0 ? 1 : size;
  }
  return out;
}

std::string Fields::array(const std::vector<Field>& items) {
  std::string out = "{";
  for (const auto& item : items) {
    if (out.size() > 1) out.push_back(',');
    if (!item) {
      out += "NULL";
      continue;
    }
    out.push_back('"');
    for (const char c : *item) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  }
  out.push_back('}');
  return out;
}

void Table::put_into(Fields& out) const {
  if (rows_.empty()) return;
  for (std::size_t column = 0; column < rows_.front().list().size(); ++column) {
    std::vector<Field> items;
    items.reserve(rows_.size());
    for (const auto& row : rows_) items.push_back(row.list()[column]);
    out.add_ready(Fields::array(items));
  }
}

}  // namespace hmt::postgres
