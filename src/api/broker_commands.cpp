#include "api/broker_commands.h"

#include <algorithm>
#include <array>

#include "api/fields.h"

namespace hmt::api {
namespace {

using base::invalid;
using base::Result;
using runtime::ConnectionChange;
using Kind = JsonValue::Kind;

constexpr std::size_t secret_characters_max = 256;

// Printable and without spaces: what a copy and paste took along too much is told at once.
Result<void> read_secret(const JsonValue& value, std::optional<agent::Secret>& out) {
  const auto& text = value.text;
  const bool good = value.is(Kind::string) && !text.empty() &&
                    text.size() <= secret_characters_max &&
                    std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  if (!good) {
    return invalid(value.name, value.name + " must be text of 1 to 256 characters, without spaces");
  }
  out.emplace(text);
  return {};
}

Result<void> read_name(const JsonValue& value, std::optional<std::string>& out) {
  if (auto read = FieldValue{value.name, value}.text(out); !read) return read;
  if (!out) return invalid(value.name, "name must be text of 1 to 64 characters");
  return {};
}

struct Field {
  std::string_view name;
  bool creates;
  Result<void> (*read)(const JsonValue&, ConnectionChange&);
};

constexpr auto fields = std::to_array<Field>({
    {"name", true,
     [](const JsonValue& value, ConnectionChange& out) { return read_name(value, out.name); }},
    {"api_key", true,
     [](const JsonValue& value, ConnectionChange& out) { return read_secret(value, out.api_key); }},
    {"api_secret", true,
     [](const JsonValue& value, ConnectionChange& out) {
       return read_secret(value, out.api_secret);
     }},
    {"enabled", false,
     [](const JsonValue& value, ConnectionChange& out) {
       return FieldValue{value.name, value}.boolean(out.enabled.emplace());
     }},
    {"version", false, [](const JsonValue&, ConnectionChange&) { return Result<void>{}; }},
});

Result<ConnectionChange> read_fields(const JsonValue& body, bool creates) {
  if (!body.is(Kind::object)) return invalid("", "the body is one JSON object");
  ConnectionChange out;
  for (const auto& member : body.members) {
    const auto* const field = std::ranges::find(fields, member.name, &Field::name);
    if (field == fields.end() || (creates && !field->creates)) {
      return invalid(member.name, "there is no such field");
    }
    if (auto read = field->read(member, out); !read) return std::unexpected(read.error());
  }
  return out;
}

}  // namespace

Result<ConnectionChange> connection_new(const JsonValue& body) {
  auto out = read_fields(body, true);
  if (!out) return out;
  if (!out->name) return invalid("name", "name is missing: your own word for this connection");
  if (!out->api_key) return invalid("api_key", "api_key is missing: of your Kite Connect app");
  return out;
}

Result<ConnectionChange> connection_edit(const JsonValue& body) {
  return read_fields(body, false);
}

Result<SessionGiven> session_given(const JsonValue& body) {
  if (!body.is(Kind::object)) return invalid("", "the body is one JSON object");
  SessionGiven out;
  for (const auto& member : body.members) {
    const bool request = member.name == "request_token";
    if (!request && member.name != "access_token") {
      return invalid(member.name, "there is no such field");
    }
    if (auto read = read_secret(member, request ? out.request_token : out.access_token); !read) {
      return std::unexpected(read.error());
    }
  }
  if (out.request_token.has_value() == out.access_token.has_value()) {
    return invalid("request_token", "give either request_token or access_token");
  }
  return out;
}

}  // namespace hmt::api
