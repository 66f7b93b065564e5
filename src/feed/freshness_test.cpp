#include "feed/freshness.h"

#include <gtest/gtest.h>

namespace hmt::feed {
namespace {

using model::Freshness;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Monday, 23 November 2026, 10:00:00 Indian time.
const base::Instant ten =
    base::Instant(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)) + minutes(4 * 60 + 30);
const model::Calendar::Open market{ten - minutes(45), ten + minutes(330)};
const model::InstrumentToken infy = 1594 * 256 + 1;
const model::InstrumentToken nifty = 1001 * 256 + 9;

std::uint32_t epoch(base::Instant at) {
  return static_cast<std::uint32_t>(std::chrono::floor<seconds>(at).time_since_epoch().count());
}

model::Tick tick(base::Duration trade_age, base::Duration exchange_age,
                 model::InstrumentToken token = infy) {
  model::Tick out;
  out.token = token;
  out.last = 157315;
  out.last_trade_time = epoch(ten - trade_age);
  out.exchange_time = epoch(ten - exchange_age);
  return out;
}

Seen running(base::Duration newest_age = minutes(5)) {
  return {.exchange_time = epoch(ten - newest_age), .first = false, .cached = false};
}

struct Row {
  const char* what;
  model::Tick tick;
  Seen seen;
  std::optional<model::Calendar::Open> session;
  Freshness expected;
};

model::Tick without_price() {
  auto out = tick(seconds(1), seconds(1));
  out.last = 0;
  return out;
}

model::Tick without_times() {
  auto out = tick(seconds(1), seconds(1));
  out.last_trade_time = 0;
  out.exchange_time = 0;
  return out;
}

model::Tick never_traded() {
  auto out = tick(seconds(1), seconds(1));
  out.last_trade_time = 0;
  return out;
}

TEST(Freshness, EveryRowOfTheTable) {
  const model::Calendar::Open whole_day{ten - hours(10), ten + hours(14)};
  const Row rows[]{
      {"a trade of this second", tick({}, {}), running(), market, Freshness::fresh},
      {"an old trade of today, new depth", tick(minutes(40), {}), running(), market,
       Freshness::fresh},
      {"the first packet, recent", tick(seconds(15), seconds(15)), Seen{}, market,
       Freshness::fresh},
      {"no price", without_price(), running(), market, Freshness::no_price},
      {"LTP or quote mode", without_times(), running(), market, Freshness::no_time},
      {"older than one seen", tick(seconds(3), seconds(3)), running(seconds(2)), market,
       Freshness::out_of_order},
      {"as old as one seen", tick(seconds(2), seconds(2)), running(seconds(2)), market,
       Freshness::fresh},
      {"the market is closed", tick({}, {}), running(), std::nullopt, Freshness::out_of_session},
      {"traded in the pre-open", tick(minutes(46), {}), running(), market,
       Freshness::out_of_session},
      {"traded at the open", tick(minutes(45), {}), running(), market, Freshness::fresh},
      {"yesterday's trade", tick(hours(18), {}), running(), market, Freshness::out_of_session},
      {"not traded today", never_traded(), running(), market, Freshness::out_of_session},
      {"the exchange's clock is a little ahead", tick(seconds(-5), seconds(-5)), running(), market,
       Freshness::fresh},
      {"a trade of the future", tick(seconds(-6), {}), running(), market,
       Freshness::out_of_session},
      {"a packet of the future", tick({}, seconds(-6)), running(), market,
       Freshness::out_of_session},
      {"an index has no trades", tick(hours(100), seconds(1), nifty), running(), market,
       Freshness::fresh},
      {"an index value of before the open", tick({}, minutes(46), nifty), running(hours(2)), market,
       Freshness::out_of_session},
      {"the cached first packet", tick(seconds(16), seconds(16)), Seen{}, market,
       Freshness::cached},
      {"always open: old trade", tick(hours(30), {}), running(), whole_day, Freshness::fresh},
      {"always open: cached", tick(seconds(16), seconds(16)), Seen{}, whole_day, Freshness::cached},
      {"always open: future", tick(seconds(-6), seconds(-6)), running(), whole_day,
       Freshness::out_of_session},
  };
  for (auto row : rows) {
    EXPECT_EQ(judge(row.tick, row.seen, row.session, ten, {}), row.expected) << row.what;
  }
}

TEST(Freshness, AfterTheCachedPacketTheMarketsOwnPacketsAreFresh) {
  Seen seen;
  EXPECT_EQ(judge(tick(minutes(10), minutes(10)), seen, market, ten, {}), Freshness::cached);
  EXPECT_EQ(judge(tick(minutes(10), minutes(10)), seen, market, ten, {}), Freshness::cached)
      << "the same packet twice is no newer";
  EXPECT_EQ(judge(tick(seconds(20), seconds(20)), seen, market, ten, {}), Freshness::fresh);
}

TEST(Freshness, AQuotePacketBeforeTheCachedFullOneDoesNotMakeThatFresh) {
  Seen seen;
  EXPECT_EQ(judge(without_times(), seen, market, ten, {}), Freshness::no_time);
  EXPECT_EQ(judge(tick(minutes(10), minutes(10)), seen, market, ten, {}), Freshness::cached);
}

TEST(Freshness, AResubscriptionMakesTheNextPacketAFirstOneAgain) {
  auto seen = running(minutes(1));
  seen.first = true;
  EXPECT_EQ(judge(tick(minutes(2), minutes(2)), seen, market, ten, {}), Freshness::out_of_order);
  seen.first = true;
  EXPECT_EQ(judge(tick(minutes(1), minutes(1)), seen, market, ten, {}), Freshness::cached);
  seen.first = true;
  EXPECT_EQ(judge(tick({}, {}), seen, market, ten, {}), Freshness::fresh);
}

TEST(Freshness, APacketOfTheFarFutureDoesNotSilenceThoseOfThePresent) {
  auto seen = running();
  EXPECT_EQ(judge(tick({}, hours(-5)), seen, market, ten, {}), Freshness::out_of_session);
  EXPECT_EQ(judge(tick({}, {}), seen, market, ten, {}), Freshness::fresh);
}

}  // namespace
}  // namespace hmt::feed
