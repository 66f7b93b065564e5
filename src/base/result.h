#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <utility>

// What can go wrong outside our control is a value. Each kind has one meaning; the message is a
// sentence that a person can act on, and holds no secret.
namespace hmt::base {

enum class ErrorKind : std::uint8_t {
  invalid,      // the caller's input is wrong; `field` names it
  not_found,    // no such thing, or not the caller's
  conflict,     // the thing is no longer as the caller saw it, or is busy
  refused,      // understood and not allowed
  unavailable,  // not possible now; may be later
  exhausted,    // a stated bound is reached
  corrupt,      // stored or received data breaks its own format
  unsupported,  // well formed, and not something that we do
};

struct Error {
  ErrorKind kind = ErrorKind::invalid;
  std::string message;
  std::string field = {};  // the input that is wrong, by its public name; empty when none is
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string message,
                                                 std::string field = {}) {
  return std::unexpected(Error{kind, std::move(message), std::move(field)});
}

[[nodiscard]] inline std::unexpected<Error> invalid(std::string field, std::string message) {
  return fail(ErrorKind::invalid, std::move(message), std::move(field));
}

}  // namespace hmt::base
