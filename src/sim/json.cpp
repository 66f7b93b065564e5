#include "sim/json.h"

#include <algorithm>
#include <cstdio>
#include <simdjson.h>

namespace hmt::sim {
namespace {

using Value = simdjson::ondemand::value;

constexpr int depth_max = 64;

Json read(Value value, int depth);

std::string_view trimmed(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' ||
                            token.back() == '\t')) {
    token.remove_suffix(1);
  }
  return token;
}

Json read_array(simdjson::ondemand::array array, int depth) {
  Json out{.kind = Json::Kind::array, .text = {}, .items = {}, .names = {}};
  for (auto item : array) out.items.push_back(read(item.value(), depth + 1));
  return out;
}

Json read_object(simdjson::ondemand::object object, int depth) {
  Json out{.kind = Json::Kind::object, .text = {}, .items = {}, .names = {}};
  for (auto field : object) {
    const std::string_view name = field.unescaped_key();
    out.names.emplace_back(name);
    out.items.push_back(read(field.value(), depth + 1));
  }
  return out;
}

Json read(Value value, int depth) {
  using Type = simdjson::ondemand::json_type;
  if (depth > depth_max) throw simdjson::simdjson_error(simdjson::DEPTH_ERROR);
  Json out;
  switch (Type type = value.type(); type) {
    case Type::array:
      return read_array(value.get_array(), depth);
    case Type::object:
      return read_object(value.get_object(), depth);
    case Type::string:
      out.kind = Json::Kind::string;
      out.text = std::string_view(value.get_string());
      return out;
    case Type::number: {
      out.kind = Json::Kind::number;
      out.text = trimmed(value.raw_json_token());
      [[maybe_unused]] const double checked = value.get_double();  // throws on a malformed number
      return out;
    }
    case Type::boolean:
      out.kind = Json::Kind::boolean;
      out.truth = value.get_bool();
      return out;
    case Type::null:
      if (!value.is_null()) throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
      return out;
  }
  return out;
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out += code;
    } else {
      out += c;
    }
  }
}

}  // namespace

const Json* Json::find(std::string_view name) const {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? nullptr : &items[static_cast<std::size_t>(found - names.begin())];
}

base::Result<Json> parse_json(std::string_view text) {
  const auto invalid = [](std::string message) {
    return std::unexpected(base::Error{base::ErrorKind::invalid, std::move(message)});
  };
  try {
    simdjson::ondemand::parser parser;
    const simdjson::padded_string padded(text);
    auto document = parser.iterate(padded).value();
    // A bare scalar is no message of this protocol, and on-demand cannot read one as a value.
    const simdjson::ondemand::json_type type = document.type();
    Json out;
    if (type == simdjson::ondemand::json_type::array) {
      out = read_array(document.get_array(), 0);
    } else if (type == simdjson::ondemand::json_type::object) {
      out = read_object(document.get_object(), 0);
    } else {
      return invalid("neither an object nor an array");
    }
    const bool ended = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    if (!ended) return invalid("text after the JSON document");
    return out;
  } catch (const simdjson::simdjson_error& error) {
    return invalid(error.what());
  }
}

void JsonWriter::separate() {
  if (needs_comma_) text_ += ',';
  needs_comma_ = true;
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  text_ += '{';
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  text_ += '}';
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  text_ += '[';
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  text_ += ']';
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  string(name);
  text_ += ':';
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  separate();
  text_ += '"';
  append_escaped(text_, text);
  text_ += '"';
  return *this;
}

JsonWriter& JsonWriter::string_or_null(std::string_view text) {
  return text.empty() ? null() : string(text);
}

JsonWriter& JsonWriter::number(std::int64_t value) {
  return raw(std::to_string(value));
}

JsonWriter& JsonWriter::price(base::Price value) {
  return raw(short_decimal(value));
}

JsonWriter& JsonWriter::boolean(bool value) {
  return raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::null() {
  return raw("null");
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  text_ += json;
  return *this;
}

std::string short_decimal(base::Price price) {
  std::string text = price.text();
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace hmt::sim
