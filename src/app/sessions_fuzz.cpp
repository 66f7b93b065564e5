#include <string>

#include "app/sessions.h"
#include "base/test_fuzz.h"

// Any file of trading sessions. A calendar that is taken opens and closes within a day of India,
// and is the same from wherever in a session it is asked.
namespace {

using namespace hmt;
using base::test::require;

void ask(const model::Calendar& calendar, model::Exchange exchange, base::Instant at) {
  const auto open = calendar.session_at(exchange, at);
  if (!open) return;
  require(open->from <= at && at < open->until, "a session without its own moment");
  require(open->until - open->from <= std::chrono::days(1), "a session of more than a day");
  require(base::trading_date(open->from) == base::trading_date(at), "a session of another day");
  const auto first = calendar.session_at(exchange, open->from);
  require(first && first->from == open->from, "a session that is closed as it opens");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto calendar = app::parse_sessions(text);
  if (!calendar) {
    require(!calendar.error().message.empty(), "a refusal without words");
    return 0;
  }
  const base::Instant start{std::chrono::sys_days(std::chrono::year(2026) / 1 / 24)};
  for (int hour = 0; hour < 24 * 8; ++hour) {
    for (int exchange = 0; exchange <= static_cast<int>(model::Exchange::mcx); ++exchange) {
      ask(*calendar, static_cast<model::Exchange>(exchange),
          start + std::chrono::hours(hour) + std::chrono::minutes(15));
    }
  }
  return 0;
}
