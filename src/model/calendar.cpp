#include "model/calendar.h"

#include <algorithm>
#include <utility>

namespace hmt::model {
namespace {

bool is_weekend(base::TradingDate date) {
  const std::chrono::weekday day{std::chrono::sys_days(std::chrono::days(date.days))};
  return day == std::chrono::Saturday || day == std::chrono::Sunday;
}

}  // namespace

Calendar Calendar::always() {
  Calendar calendar;
  calendar.always_ = true;
  return calendar;
}

void Calendar::set_weekly(Exchange exchange, std::vector<Session> sessions) {
  weekly_[exchange] = std::move(sessions);
}

void Calendar::set_day(Exchange exchange, base::TradingDate date, std::vector<Session> sessions) {
  days_[{exchange, date}] = std::move(sessions);
}

const std::vector<Session>& Calendar::sessions_on(Exchange exchange, base::TradingDate date) const {
  static const std::vector<Session> none;
  if (const auto special = days_.find({exchange, date}); special != days_.end()) {
    return special->second;
  }
  const auto weekly = weekly_.find(exchange);
  return weekly == weekly_.end() || is_weekend(date) ? none : weekly->second;
}

bool Calendar::trades_on(Exchange exchange, base::TradingDate date) const {
  return always_ || !sessions_on(exchange, date).empty();
}

std::optional<base::TradingDate> Calendar::last_day_set() const {
  std::optional<base::TradingDate> last;
  for (const auto& [day, sessions] : days_) last = std::max(last, std::optional(day.second));
  return last;
}

std::optional<Calendar::Open> Calendar::session_at(Exchange exchange, base::Instant at) const {
  const auto time = base::time_of_day_ist(at);
  const auto midnight = at - time;
  if (always_) return Open{midnight, midnight + std::chrono::days(1)};
  for (const auto& session : sessions_on(exchange, base::trading_date(at))) {
    if (time >= session.opens && time < session.closes) {
      return Open{midnight + session.opens, midnight + session.closes};
    }
  }
  return std::nullopt;
}

std::vector<Exchange> Calendar::open_at(base::Instant at) const {
  std::vector<Exchange> out;
  for (int each = 0; each <= static_cast<int>(Exchange::mcx); ++each) {
    const auto exchange = static_cast<Exchange>(each);
    if (session_at(exchange, at)) out.push_back(exchange);
  }
  return out;
}

Exchange exchange_of(Segment segment) {
  switch (segment) {
    case Segment::nse:
      return Exchange::nse;
    case Segment::nfo:
      return Exchange::nfo;
    case Segment::cds:
      return Exchange::cds;
    case Segment::bse:
      return Exchange::bse;
    case Segment::bfo:
      return Exchange::bfo;
    case Segment::bcd:
      return Exchange::bcd;
    case Segment::mcx:
      return Exchange::mcx;
    case Segment::mcx_sx:
      return Exchange::mcx;
    case Segment::indices:
      return Exchange::nse;
  }
  std::unreachable();
}

}  // namespace hmt::model
