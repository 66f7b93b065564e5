#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/instrument.h"

namespace hmt::model {

// A stretch of one Indian calendar day in which prices may fire triggers.
struct Session {
  base::Duration opens{};   // since midnight, Indian time
  base::Duration closes{};  // exclusive
  bool operator==(const Session&) const = default;
};

// When each exchange trades. Data, not code: sessions by market, holidays, and special days that
// override both. Markets are named by exchange ("NSE", "MCX", …) or by exchange and segment where
// they differ.
class Calendar {
 public:
  // Every instant is in session: simulators and tests.
  static Calendar always();

  void set_weekly(Exchange exchange, std::vector<Session> sessions);  // Monday to Friday
  void set_day(Exchange exchange, base::TradingDate date,
               std::vector<Session> sessions);  // empty: closed

  // The session of `exchange` that holds `at`, as instants; nothing when it is closed.
  struct Open {
    base::Instant from{};
    base::Instant until{};
  };
  std::optional<Open> session_at(Exchange exchange, base::Instant at) const;
  std::vector<Exchange> open_at(base::Instant at) const;
  // Whether `exchange` has a session on that day at all.
  bool trades_on(Exchange exchange, base::TradingDate date) const;
  // The last day that was set by itself: what comes after it, nobody has listed. Nothing: none was.
  std::optional<base::TradingDate> last_day_set() const;

 private:
  const std::vector<Session>& sessions_on(Exchange exchange, base::TradingDate date) const;

  bool always_ = false;
  std::map<Exchange, std::vector<Session>> weekly_;
  std::map<std::pair<Exchange, base::TradingDate>, std::vector<Session>> days_;
};

// The exchange whose sessions rule a token's prices. Indices follow NSE.
Exchange exchange_of(Segment segment);

}  // namespace hmt::model
