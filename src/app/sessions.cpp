#include "app/sessions.h"

#include <fstream>
#include <sstream>

#include "app/toml_text.h"

namespace hmt::app {

extern const char sessions_india[];  // generated from data/sessions-india.toml

namespace {

using base::Result;

std::optional<base::Duration> clock_time(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto digit = [&](std::size_t i) {
    return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 99;
  };
  const int hour = digit(0) * 10 + digit(1);
  const int minute = digit(3) * 10 + digit(4);
  const auto time = std::chrono::hours(hour) + std::chrono::minutes(minute);
  if (minute > 59 || time > std::chrono::days(1)) return std::nullopt;
  return time;
}

std::optional<model::Session> session(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto opens = clock_time(text.substr(0, dash));
  const auto closes = clock_time(text.substr(dash + 1));
  if (!opens || !closes || *opens >= *closes) return std::nullopt;
  return model::Session{*opens, *closes};
}

std::unexpected<base::Error> wrong(const std::string& what) {
  return base::invalid("HMT_SESSIONS", "The sessions file is wrong: " + what);
}

Result<std::vector<model::Session>> sessions_of(const toml::node_view<const toml::node>& node) {
  std::vector<model::Session> out;
  const auto* list = node.as_array();
  if (!list) return wrong("sessions are a list such as [\"09:15-15:30\"]");
  for (const auto& each : *list) {
    const auto parsed = session(each.value_or(std::string_view{}));
    if (!parsed) return wrong("a session is written like \"09:15-15:30\"");
    if (!out.empty() && parsed->opens < out.back().closes) {
      return wrong("a day's sessions follow one another");
    }
    out.push_back(*parsed);
  }
  return out;
}

Result<base::TradingDate> date_of(const toml::node& node) {
  const auto at =
      base::parse_rfc3339(std::string(node.value_or(std::string_view{})) + "T12:00:00+05:30");
  if (!at) return wrong("a day is written like \"2026-01-26\"");
  return base::trading_date(*at);
}

Result<std::vector<model::Exchange>> exchanges_of(const toml::node_view<const toml::node>& node) {
  std::vector<model::Exchange> out;
  const auto* list = node.as_array();
  if (!list) return wrong("exchanges are a list such as [\"NSE\"]");
  for (const auto& each : *list) {
    const auto exchange = model::from_word<model::Exchange>(each.value_or(std::string_view{}));
    if (!exchange) return wrong("an exchange is NSE, BSE, NFO, BFO, CDS, BCD or MCX");
    out.push_back(*exchange);
  }
  return out;
}

// A table with `exchanges`, `days` and, when they are open at all, `sessions`.
Result<void> set_special_days(model::Calendar& calendar, const toml::table& table) {
  const toml::node_view<const toml::node> view(table);
  const auto exchanges = exchanges_of(view["exchanges"]);
  if (!exchanges) return std::unexpected(exchanges.error());
  std::vector<model::Session> sessions;
  if (view["sessions"]) {
    auto listed = sessions_of(view["sessions"]);
    if (!listed) return std::unexpected(listed.error());
    sessions = std::move(*listed);
  }
  const auto* days = view["days"].as_array();
  if (!days) return wrong("days are a list such as [\"2026-01-26\"]");
  for (const auto& day : *days) {
    const auto date = date_of(day);
    if (!date) return std::unexpected(date.error());
    for (const auto exchange : *exchanges) calendar.set_day(exchange, *date, sessions);
  }
  return {};
}

}  // namespace

Result<model::Calendar> parse_sessions(const std::string& text) {
  const auto table = parse_toml(text);
  if (!table) return wrong(table.error().message);
  model::Calendar calendar;
  for (const auto& [key, value] : *table) {
    const auto* section = value.as_table();
    if (!section) return wrong("each part is a table such as [NSE]");
    if (const auto exchange = model::from_word<model::Exchange>(key.str())) {
      auto weekly = sessions_of(toml::node_view<const toml::node>(*section)["weekly"]);
      if (!weekly) return std::unexpected(weekly.error());
      calendar.set_weekly(*exchange, std::move(*weekly));
    } else if (auto set = set_special_days(calendar, *section); !set) {
      return std::unexpected(set.error());
    }
  }
  return calendar;
}

// The exchanges list a year's holidays in the December before it.
std::string holidays_end(const model::Calendar& calendar, base::TradingDate today) {
  constexpr int days_ahead = 31;
  const auto last = calendar.last_day_set();
  if (!last) return {};
  const auto year = last->text().substr(0, 4);
  if (base::TradingDate{today.days + days_ahead}.text().substr(0, 4) <= year) return {};
  return "no holidays are listed after those of " + year;
}

Result<model::Calendar> read_sessions(const std::string& setting) {
  if (setting == "always") return model::Calendar::always();
  if (setting == "india") return parse_sessions(sessions_india);
  std::ifstream file(setting);
  if (!file) return base::invalid("HMT_SESSIONS", "india, always, or a file that can be read");
  std::ostringstream text;
  text << file.rdbuf();
  return parse_sessions(text.str());
}

}  // namespace hmt::app
