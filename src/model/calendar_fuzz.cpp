#include <array>
#include <vector>

#include "base/test_fuzz.h"
#include "model/calendar.h"

// Any calendar and any moment of the years that we know, against a list that is read from its end:
// what was said last holds.
namespace {

using namespace hmt;
using base::test::Bytes;
using base::test::require;

struct Said {
  model::Exchange exchange;
  std::optional<base::TradingDate> day;  // none: Monday to Friday
  std::vector<model::Session> sessions;
};

std::vector<model::Session> read_sessions(Bytes& bytes) {
  std::vector<model::Session> out(bytes.take(1) % 4);
  for (auto& session : out) {
    session.opens = std::chrono::minutes(bytes.take(2) % 1500);
    session.closes = std::chrono::minutes(bytes.take(2) % 1500);
  }
  return out;
}

Said read_said(Bytes& bytes) {
  Said said;
  const auto byte = bytes.take(1);
  said.exchange = static_cast<model::Exchange>(byte % 3);
  if (byte >= 128) said.day = base::TradingDate{static_cast<std::int32_t>(bytes.take(1) % 10)};
  said.sessions = read_sessions(bytes);
  return said;
}

void tell(model::Calendar& calendar, const Said& said) {
  if (said.day) {
    calendar.set_day(said.exchange, *said.day, said.sessions);
  } else {
    calendar.set_weekly(said.exchange, said.sessions);
  }
}

const Said* last_said(const std::vector<Said>& all, model::Exchange exchange, int day,
                      bool special) {
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    const bool fits = special ? at->day && at->day->days == day : !at->day;
    if (at->exchange == exchange && fits) return &*at;
  }
  return nullptr;
}

// Day 0 of the calendar was a Thursday; minutes since its midnight in India.
bool is_open(const std::vector<Said>& all, model::Exchange exchange, std::int64_t minute) {
  const auto day = static_cast<int>(minute / 1440);
  const auto* said = last_said(all, exchange, day, true);
  if (!said && day % 7 != 2 && day % 7 != 3) said = last_said(all, exchange, day, false);
  if (!said) return false;
  const base::Duration time = std::chrono::minutes(minute % 1440);
  for (const auto& session : said->sessions) {
    if (session.opens <= time && time < session.closes) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes({reinterpret_cast<const char*>(data), size});
  model::Calendar calendar;
  std::vector<Said> all;
  for (auto count = bytes.take(1) % 8; count > 0; --count) {
    all.push_back(read_said(bytes));
    tell(calendar, all.back());
  }
  while (!bytes.empty()) {
    const auto exchange = static_cast<model::Exchange>(bytes.take(1) % 3);
    const auto minute = static_cast<std::int64_t>(bytes.take(2) % (12 * 1440));
    const auto at = base::Instant{} - base::ist_offset + std::chrono::minutes(minute);
    const auto open = calendar.session_at(exchange, at);
    require(open.has_value() == is_open(all, exchange, minute), "a session is open to one alone");
    require(!open || (open->from <= at && at < open->until), "a session without its own moment");
  }
  return 0;
}
