#include <boost/json/basic_parser_impl.hpp>
#include <optional>

#include "json/value.h"

namespace hmt::json {
namespace {

namespace library = boost::json;
using base::Error;
using base::ErrorKind;

// Builds the value; `open_` holds the containers that are not closed yet, outermost first.
class Builder {
 public:
  static constexpr std::size_t max_array_size = 10'000;
  static constexpr std::size_t max_object_size = 1'000;
  static constexpr std::size_t max_string_size = 64 << 10;
  static constexpr std::size_t max_key_size = 256;

  explicit Builder(Limits limits) : limits_(limits) {}

  Value take() { return std::move(done_); }
  const std::optional<Error>& error() const { return error_; }

  bool on_document_begin(library::error_code&) { return true; }
  bool on_document_end(library::error_code&) { return true; }
  bool on_array_begin(library::error_code&) { return open(Value::Kind::array); }
  bool on_array_end(std::size_t, library::error_code&) { return close(); }
  bool on_object_begin(library::error_code&) { return open(Value::Kind::object); }
  bool on_object_end(std::size_t, library::error_code&) { return close(); }
  bool on_string_part(library::string_view part, std::size_t, library::error_code&) {
    return gather(part);
  }
  bool on_string(library::string_view part, std::size_t, library::error_code&) {
    gather(part);
    return add({.kind = Value::Kind::string, .text = std::exchange(gathered_, {})});
  }
  bool on_key_part(library::string_view part, std::size_t, library::error_code&) {
    return gather(part);
  }
  bool on_key(library::string_view part, std::size_t, library::error_code& failed) {
    gather(part);
    if (open_.back().find(gathered_) != nullptr) {
      return refuse("\"" + gathered_ + "\" is given twice", gathered_, failed);
    }
    open_.back().members.push_back({.name = std::exchange(gathered_, {})});
    return true;
  }
  bool on_number_part(library::string_view part, library::error_code&) { return gather(part); }
  bool on_int64(std::int64_t, library::string_view rest, library::error_code& failed) {
    return number(rest, failed);
  }
  bool on_uint64(std::uint64_t, library::string_view rest, library::error_code& failed) {
    return number(rest, failed);
  }
  bool on_double(double, library::string_view rest, library::error_code& failed) {
    return number(rest, failed);
  }
  bool on_bool(bool value, library::error_code&) {
    return add({.kind = Value::Kind::boolean, .boolean = value});
  }
  bool on_null(library::error_code&) { return add({}); }
  bool on_comment_part(library::string_view, library::error_code&) { return true; }
  bool on_comment(library::string_view, library::error_code&) { return true; }

 private:
  bool gather(library::string_view part) {
    gathered_.append(part.data(), part.size());
    return true;
  }

  bool number(library::string_view rest, library::error_code& failed) {
    gather(rest);
    if (gathered_.size() > limits_.number_characters) {
      return refuse("a number is too long", {}, failed);
    }
    return add({.kind = Value::Kind::number, .text = std::exchange(gathered_, {})});
  }

  bool open(Value::Kind kind) {
    open_.push_back({.kind = kind});
    return true;
  }

  bool close() {
    auto value = std::move(open_.back());
    open_.pop_back();
    return add(std::move(value));
  }

  bool add(Value value) {
    if (open_.empty()) {
      done_ = std::move(value);
    } else if (open_.back().is(Value::Kind::array)) {
      open_.back().items.push_back(std::move(value));
    } else {
      value.name = std::move(open_.back().members.back().name);
      open_.back().members.back() = std::move(value);
    }
    return true;
  }

  bool refuse(std::string message, std::string field, library::error_code& failed) {
    error_ = Error{ErrorKind::invalid, std::move(message), std::move(field)};
    failed = library::make_error_code(library::error::syntax);
    return false;
  }

  Limits limits_;
  Value done_;
  std::vector<Value> open_;
  std::string gathered_;
  std::optional<Error> error_;
};

}  // namespace

const Value* Value::find(std::string_view wanted) const {
  for (const auto& member : members) {
    if (member.name == wanted) return &member;
  }
  return nullptr;
}

base::Result<Value> read(std::string_view text, Limits limits) {
  library::parse_options options;
  options.max_depth = limits.depth;
  library::basic_parser<Builder> parser(options, limits);
  library::error_code failed;
  const auto used = parser.write_some(false, text.data(), text.size(), failed);
  if (!failed && used == text.size()) return parser.handler().take();
  if (parser.handler().error()) return std::unexpected(*parser.handler().error());
  if (!failed) failed = library::make_error_code(library::error::extra_data);
  return base::fail(ErrorKind::invalid, "this is not JSON that can be taken: " + failed.message() +
                                            " at byte " + std::to_string(used));
}

}  // namespace hmt::json
