#include "api/json_writer.h"

namespace hmt::api {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The length of the well-formed UTF-8 sequence at the front of `text`; 0: there is none
// (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool past_end = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || past_end ? 0 : length;
}

void append_ascii(std::string& out, char c) {
  static constexpr char hex[] = "0123456789abcdef";
  if (c == '"' || c == '\\') {
    out.push_back('\\');
    out.push_back(c);
  } else if (c == '\n') {
    out += "\\n";
  } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
    out += "\\u00";
    out.push_back(hex[static_cast<unsigned char>(c) >> 4]);
    out.push_back(hex[static_cast<unsigned char>(c) & 0x0F]);
  } else {
    out.push_back(c);
  }
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  while (!text.empty()) {
    const auto length = sequence_length(text);
    if (length == 1) {
      append_ascii(out, text[0]);
    } else if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out.push_back('"');
  return out;
}

void ObjectWriter::begin(std::string_view name) {
  if (out_.size() > 1) out_.push_back(',');
  out_ += json_string(name);
  out_.push_back(':');
}

ObjectWriter& ObjectWriter::raw(std::string_view name, std::string_view json) {
  begin(name);
  out_ += json;
  return *this;
}

ObjectWriter& ObjectWriter::text(std::string_view name, std::string_view value) {
  return raw(name, json_string(value));
}

ObjectWriter& ObjectWriter::null(std::string_view name) {
  return raw(name, "null");
}

ObjectWriter& ObjectWriter::text_or_null(std::string_view name, std::string_view value) {
  return value.empty() ? null(name) : text(name, value);
}

ObjectWriter& ObjectWriter::number(std::string_view name, std::int64_t value) {
  return raw(name, std::to_string(value));
}

ObjectWriter& ObjectWriter::boolean(std::string_view name, bool value) {
  return raw(name, value ? "true" : "false");
}

ObjectWriter& ObjectWriter::price(std::string_view name, const std::optional<base::Price>& value) {
  return value ? raw(name, value->text()) : null(name);
}

ObjectWriter& ObjectWriter::instant(std::string_view name,
                                    const std::optional<base::Instant>& value) {
  return value ? text(name, base::to_rfc3339(*value)) : null(name);
}

ObjectWriter& ObjectWriter::members_of(std::string_view object) {
  const auto members = object.substr(1, object.size() - 2);
  if (members.empty()) return *this;
  if (out_.size() > 1) out_.push_back(',');
  out_ += members;
  return *this;
}

ArrayWriter& ArrayWriter::add(std::string_view json) {
  if (out_.size() > 1) out_.push_back(',');
  out_ += json;
  return *this;
}

}  // namespace hmt::api
