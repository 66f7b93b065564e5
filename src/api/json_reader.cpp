#include <boost/json/basic_parser_impl.hpp>
#include <optional>

#include "api/json_value.h"

namespace hmt::api {
namespace {

namespace json = boost::json;
using base::Error;
using base::ErrorKind;

// Builds the value; `open_` holds the containers that are not closed yet, outermost first.
class Builder {
 public:
  static constexpr std::size_t max_array_size = 10'000;
  static constexpr std::size_t max_object_size = 1'000;
  static constexpr std::size_t max_string_size = 64 << 10;
  static constexpr std::size_t max_key_size = 256;

  explicit Builder(JsonLimits limits) : limits_(limits) {}

  JsonValue take() { return std::move(done_); }
  const std::optional<Error>& error() const { return error_; }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) { return open(JsonValue::Kind::array); }
  bool on_array_end(std::size_t, json::error_code&) { return close(); }
  bool on_object_begin(json::error_code&) { return open(JsonValue::Kind::object); }
  bool on_object_end(std::size_t, json::error_code&) { return close(); }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    return gather(part);
  }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    gather(part);
    return add({.kind = JsonValue::Kind::string, .text = std::exchange(gathered_, {})});
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return gather(part); }
  bool on_key(json::string_view part, std::size_t, json::error_code& failed) {
    gather(part);
    if (open_.back().find(gathered_) != nullptr) {
      return refuse("\"" + gathered_ + "\" is given twice", gathered_, failed);
    }
    open_.back().members.push_back({.name = std::exchange(gathered_, {})});
    return true;
  }
  bool on_number_part(json::string_view part, json::error_code&) { return gather(part); }
  bool on_int64(std::int64_t, json::string_view rest, json::error_code& failed) {
    return number(rest, failed);
  }
  bool on_uint64(std::uint64_t, json::string_view rest, json::error_code& failed) {
    return number(rest, failed);
  }
  bool on_double(double, json::string_view rest, json::error_code& failed) {
    return number(rest, failed);
  }
  bool on_bool(bool value, json::error_code&) {
    return add({.kind = JsonValue::Kind::boolean, .boolean = value});
  }
  bool on_null(json::error_code&) { return add({}); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  bool gather(json::string_view part) {
    gathered_.append(part.data(), part.size());
    return true;
  }

  bool number(json::string_view rest, json::error_code& failed) {
    gather(rest);
    if (gathered_.size() > limits_.number_characters) {
      return refuse("a number is too long", {}, failed);
    }
    return add({.kind = JsonValue::Kind::number, .text = std::exchange(gathered_, {})});
  }

  bool open(JsonValue::Kind kind) {
    open_.push_back({.kind = kind});
    return true;
  }

  bool close() {
    auto value = std::move(open_.back());
    open_.pop_back();
    return add(std::move(value));
  }

  bool add(JsonValue value) {
    if (open_.empty()) {
      done_ = std::move(value);
    } else if (open_.back().is(JsonValue::Kind::array)) {
      open_.back().items.push_back(std::move(value));
    } else {
      value.name = std::move(open_.back().members.back().name);
      open_.back().members.back() = std::move(value);
    }
    return true;
  }

  bool refuse(std::string message, std::string field, json::error_code& failed) {
    error_ = Error{ErrorKind::invalid, std::move(message), std::move(field)};
    failed = json::make_error_code(json::error::syntax);
    return false;
  }

  JsonLimits limits_;
  JsonValue done_;
  std::vector<JsonValue> open_;
  std::string gathered_;
  std::optional<Error> error_;
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view wanted) const {
  for (const auto& member : members) {
    if (member.name == wanted) return &member;
  }
  return nullptr;
}

base::Result<JsonValue> read_json(std::string_view text, JsonLimits limits) {
  json::parse_options options;
  options.max_depth = limits.depth;
  json::basic_parser<Builder> parser(options, limits);
  json::error_code failed;
  const auto used = parser.write_some(false, text.data(), text.size(), failed);
  if (!failed && used == text.size()) return parser.handler().take();
  if (parser.handler().error()) return std::unexpected(*parser.handler().error());
  if (!failed) failed = json::make_error_code(json::error::extra_data);
  return base::fail(ErrorKind::invalid, "this is not JSON that can be taken: " + failed.message() +
                                            " at byte " + std::to_string(used));
}

}  // namespace hmt::api
