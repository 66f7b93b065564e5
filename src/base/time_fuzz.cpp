#include <algorithm>
#include <cctype>
#include <ctime>
#include <optional>
#include <string>

#include "base/id.h"
#include "base/test_fuzz.h"
#include "base/time.h"

// Any text as a time or an id: what is read is written again as it was, and is what the C library
// makes of the same fields.
namespace {

using namespace hmt::base;
using hmt::base::test::require;

constexpr std::string_view digits = "0123456789";

// Like "dddd-dd-dd": a 'd' stands for a digit.
bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (shape[i] == 'd' ? !digits.contains(text[i]) : text[i] != shape[i]) return false;
  }
  return true;
}

int number(std::string_view text) {
  return std::stoi(std::string(text));
}

// Seconds since 1970 of "YYYY-MM-DD HH:MM:SS" as if it were UTC; nothing for a day that is none.
std::optional<std::int64_t> by_c_library(std::string_view text) {
  if (!has_shape(text, "dddd-dd-dd dd:dd:dd")) return std::nullopt;
  const int year = number(text.substr(0, 4));
  if (year < 1970 || year > 2200) return std::nullopt;
  std::tm fields{};
  fields.tm_year = year - 1900;
  fields.tm_mon = number(text.substr(5, 2)) - 1;
  fields.tm_mday = number(text.substr(8, 2));
  fields.tm_hour = number(text.substr(11, 2));
  fields.tm_min = number(text.substr(14, 2));
  fields.tm_sec = number(text.substr(17, 2));
  auto normal = fields;
  const auto seconds = ::timegm(&normal);
  if (normal.tm_mon != fields.tm_mon || normal.tm_mday != fields.tm_mday ||
      normal.tm_hour != fields.tm_hour || normal.tm_min != fields.tm_min ||
      normal.tm_sec != fields.tm_sec) {
    return std::nullopt;
  }
  return seconds;
}

std::int64_t seconds_of(Instant at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

void fuzz_broker_time(std::string_view text) {
  const auto read = parse_broker_time(text);
  const auto expected = by_c_library(text);
  require(read.has_value() == expected.has_value(), "a broker's time is taken by one reader alone");
  if (!read) return;
  require(seconds_of(*read) == *expected - 330 * 60, "a broker's time is two times");
  require(to_broker_time(*read) == text, "a broker's time is written otherwise");
  require(trading_date(*read).text() == text.substr(0, 10), "a time lies in another day");
}

void fuzz_rfc3339(std::string_view text) {
  const auto read = parse_rfc3339(text);
  if (!read) return;
  std::string clock(text.substr(0, 19));
  clock[10] = ' ';
  const auto local = by_c_library(clock);
  require(local.has_value(), "a time that no calendar has was taken");
  const auto west = text.size() > 19 && text.find('-', 19) != std::string_view::npos;
  const auto zone = text.find_first_of("+-", 19);
  std::int64_t offset = 0;
  if (zone != std::string_view::npos) {
    const auto minutes = text.substr(text.size() - 2);
    offset = number(text.substr(zone + 1, 2)) * 3600 + number(minutes) * 60;
  }
  require(seconds_of(*read) == *local - (west ? -offset : offset), "a time is two times");
  const auto written = to_rfc3339_nanos(*read);
  if (written < "1970" || written >= "2201") return;  // the zone led out of the years we know
  require(parse_rfc3339(written) == *read, "a written time is read as another");
  require(to_rfc3339(*read) == written.substr(0, 23) + 'Z', "two forms of a time differ");
}

void fuzz_id(std::string_view text) {
  const auto read = Uuid::parse(text);
  if (!read) return;
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  require(read->text() == lower, "an id is written as another");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, text] = hmt::base::test::choose(data, size);
  switch (choice % 3) {
    case 0:
      fuzz_broker_time(text);
      break;
    case 1:
      fuzz_rfc3339(text);
      break;
    default:
      fuzz_id(text);
  }
  return 0;
}
