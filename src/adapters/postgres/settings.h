#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

// Where the database is and who we are there.
namespace hmt::postgres {

using Clock = std::chrono::steady_clock;

// The parts of a libpq URL, with our own answers where it gives none. It holds the password: it is
// never printed, and `without_secrets` cleans what libpq says.
class Settings {
 public:
  // `postgresql://…` with everything that libpq understands, such as sslmode. Errors: invalid; the
  // message does not repeat the text.
  static base::Result<Settings> parse(const std::string& url);

  // "database at host": for messages.
  const std::string& place() const { return place_; }
  std::string without_secrets(std::string text) const;

  // libpq's keywords and values, with the host's addresses looked up on a thread of its own so that
  // a name server that does not answer costs no more than the deadline. Errors: unavailable.
  base::Result<std::vector<std::pair<std::string, std::string>>> resolved(
      Clock::time_point deadline) const;

 private:
  std::string value(std::string_view keyword) const;
  void set_default(const std::string& keyword, const std::string& value);

  std::vector<std::pair<std::string, std::string>> values_;
  std::vector<std::string> secrets_;
  std::string place_;
};

}  // namespace hmt::postgres
