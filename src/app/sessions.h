#pragma once
#include <string>

#include "base/result.h"
#include "model/calendar.h"

// Trading sessions out of HMT_SESSIONS: "india" (data/sessions-india.toml, built in), "always", or
// a file of the same form.
namespace hmt::app {

base::Result<model::Calendar> read_sessions(const std::string& setting);

// The text of such a file. Errors: invalid.
base::Result<model::Calendar> parse_sessions(const std::string& text);

// What to say when the listed holidays end before the next month does; empty: nothing.
std::string holidays_end(const model::Calendar& calendar, base::TradingDate today);

}  // namespace hmt::app
