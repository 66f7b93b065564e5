#include "model/calendar.h"

#include <gtest/gtest.h>

namespace hmt::model {
namespace {

using namespace std::chrono_literals;

base::Instant ist(std::string_view date_and_time) {
  return base::parse_broker_time(date_and_time).value();
}

// Equity trades in the day, commodities to shortly before midnight.
Calendar india() {
  Calendar calendar;
  calendar.set_weekly(Exchange::nse, {{9h, 9h + 8min}, {9h + 15min, 15h + 30min}});
  calendar.set_weekly(Exchange::mcx, {{9h, 23h + 55min}});
  return calendar;
}

bool is_open(const Calendar& calendar, Exchange exchange, std::string_view at) {
  return calendar.session_at(exchange, ist(at)).has_value();
}

TEST(Calendar, ASessionOpensOnTheSecondAndClosesOnTheSecond) {
  const auto calendar = india();
  EXPECT_FALSE(is_open(calendar, Exchange::nse, "2026-11-23 09:14:59"));
  EXPECT_TRUE(is_open(calendar, Exchange::nse, "2026-11-23 09:15:00"));
  EXPECT_TRUE(is_open(calendar, Exchange::nse, "2026-11-23 15:29:59"));
  EXPECT_FALSE(is_open(calendar, Exchange::nse, "2026-11-23 15:30:00"));
}

TEST(Calendar, ADayMayHaveMoreThanOneSession) {
  const auto calendar = india();
  const auto pre_open = calendar.session_at(Exchange::nse, ist("2026-11-23 09:05:00"));
  ASSERT_TRUE(pre_open);
  EXPECT_EQ(pre_open->from, ist("2026-11-23 09:00:00"));
  EXPECT_EQ(pre_open->until, ist("2026-11-23 09:08:00"));
  EXPECT_FALSE(is_open(calendar, Exchange::nse, "2026-11-23 09:08:00"));
}

TEST(Calendar, EachExchangeHasItsOwn) {
  const auto calendar = india();
  EXPECT_TRUE(is_open(calendar, Exchange::mcx, "2026-11-23 23:54:59"));
  EXPECT_FALSE(is_open(calendar, Exchange::nse, "2026-11-23 23:54:59"));
  EXPECT_FALSE(is_open(calendar, Exchange::cds, "2026-11-23 12:00:00")) << "nothing is known of it";
}

TEST(Calendar, TheOpenExchangesAreThoseInASession) {
  const auto calendar = india();
  const std::vector both = {Exchange::nse, Exchange::mcx};
  EXPECT_EQ(calendar.open_at(ist("2026-11-23 12:00:00")), both);
  EXPECT_EQ(calendar.open_at(ist("2026-11-23 15:30:00")), std::vector{Exchange::mcx});
  EXPECT_TRUE(calendar.open_at(ist("2026-11-22 12:00:00")).empty()) << "Sunday";
  EXPECT_EQ(Calendar::always().open_at(ist("2026-11-22 12:00:00")).size(), 7u);
}

TEST(Calendar, ADayIsOneOfTradingWhenItHasASession) {
  auto calendar = india();
  const auto trades_on = [&](std::string_view day) {
    return calendar.trades_on(Exchange::nse,
                              base::trading_date(ist(std::string(day) + " 12:00:00")));
  };
  EXPECT_TRUE(trades_on("2026-11-23"));
  EXPECT_FALSE(trades_on("2026-11-22")) << "Sunday";
  calendar.set_day(Exchange::nse, base::trading_date(ist("2026-11-22 12:00:00")), {{18h, 19h}});
  calendar.set_day(Exchange::nse, base::trading_date(ist("2026-11-23 12:00:00")), {});
  EXPECT_TRUE(trades_on("2026-11-22")) << "a special session";
  EXPECT_FALSE(trades_on("2026-11-23")) << "a holiday";
  EXPECT_FALSE(calendar.trades_on(Exchange::cds, base::trading_date(ist("2026-11-23 12:00:00"))));
  EXPECT_TRUE(
      Calendar::always().trades_on(Exchange::cds, base::trading_date(ist("2026-11-22 12:00:00"))));
}

TEST(Calendar, KnowsHowFarItsHolidaysAreListed) {
  auto calendar = india();
  EXPECT_EQ(calendar.last_day_set(), std::nullopt);
  const auto christmas = base::trading_date(ist("2026-12-25 12:00:00"));
  calendar.set_day(Exchange::nse, christmas, {});
  calendar.set_day(Exchange::mcx, base::trading_date(ist("2026-11-24 12:00:00")), {{17h, 23h}});
  EXPECT_EQ(calendar.last_day_set(), christmas);
}

TEST(Calendar, TheWeekendIsIndias) {
  const auto calendar = india();
  EXPECT_TRUE(is_open(calendar, Exchange::mcx, "2026-11-20 23:00:00")) << "Friday night";
  EXPECT_FALSE(is_open(calendar, Exchange::mcx, "2026-11-21 12:00:00")) << "Saturday";
  EXPECT_FALSE(is_open(calendar, Exchange::mcx, "2026-11-22 12:00:00")) << "Sunday";
  EXPECT_TRUE(is_open(calendar, Exchange::mcx, "2026-11-23 12:00:00")) << "Monday";
}

TEST(Calendar, ADayTurnsAtIndianMidnightAlthoughUtcIsADayBehind) {
  Calendar calendar;
  calendar.set_weekly(Exchange::mcx, {{0h, 1h}, {23h, 24h}});
  const auto friday = calendar.session_at(Exchange::mcx, ist("2026-11-20 23:59:59"));
  ASSERT_TRUE(friday);
  EXPECT_EQ(friday->until, ist("2026-11-21 00:00:00"));
  EXPECT_FALSE(is_open(calendar, Exchange::mcx, "2026-11-21 00:00:00")) << "Saturday has begun";
  EXPECT_FALSE(is_open(calendar, Exchange::mcx, "2026-11-22 23:59:59")) << "still Sunday";
  const auto monday = calendar.session_at(Exchange::mcx, ist("2026-11-23 00:00:00"));
  ASSERT_TRUE(monday) << "although it is Sunday in UTC";
  EXPECT_EQ(monday->from, ist("2026-11-23 00:00:00"));
}

TEST(Calendar, AHolidayClosesOneExchangeForOneDay) {
  auto calendar = india();
  calendar.set_day(Exchange::nse, base::trading_date(ist("2026-11-24 00:00:00")), {});
  EXPECT_FALSE(is_open(calendar, Exchange::nse, "2026-11-24 12:00:00"));
  EXPECT_TRUE(is_open(calendar, Exchange::mcx, "2026-11-24 12:00:00"));
  EXPECT_TRUE(is_open(calendar, Exchange::nse, "2026-11-23 12:00:00"));
  EXPECT_TRUE(is_open(calendar, Exchange::nse, "2026-11-25 12:00:00"));
}

TEST(Calendar, ASpecialSessionOpensASundayAndReplacesAWeekday) {
  auto calendar = india();
  const std::vector<Session> muhurat = {{18h, 19h}};
  calendar.set_day(Exchange::nse, base::trading_date(ist("2026-11-08 00:00:00")), muhurat);
  calendar.set_day(Exchange::nse, base::trading_date(ist("2026-11-25 00:00:00")), muhurat);
  EXPECT_TRUE(is_open(calendar, Exchange::nse, "2026-11-08 18:30:00"));
  EXPECT_FALSE(is_open(calendar, Exchange::nse, "2026-11-08 12:00:00"));
  EXPECT_TRUE(is_open(calendar, Exchange::nse, "2026-11-25 18:30:00"));
  EXPECT_FALSE(is_open(calendar, Exchange::nse, "2026-11-25 12:00:00"));
}

TEST(Calendar, AlwaysIsAlways) {
  const auto open = Calendar::always().session_at(Exchange::bcd, ist("2026-11-22 03:00:00"));
  ASSERT_TRUE(open);
  EXPECT_EQ(open->from, ist("2026-11-22 00:00:00"));
  EXPECT_EQ(open->until, ist("2026-11-23 00:00:00"));
}

TEST(Calendar, IndicesFollowNse) {
  EXPECT_EQ(exchange_of(Segment::indices), Exchange::nse);
  EXPECT_EQ(exchange_of(Segment::nse), Exchange::nse);
  EXPECT_EQ(exchange_of(Segment::nfo), Exchange::nfo);
  EXPECT_EQ(exchange_of(Segment::cds), Exchange::cds);
  EXPECT_EQ(exchange_of(Segment::bse), Exchange::bse);
  EXPECT_EQ(exchange_of(Segment::bfo), Exchange::bfo);
  EXPECT_EQ(exchange_of(Segment::bcd), Exchange::bcd);
  EXPECT_EQ(exchange_of(Segment::mcx), Exchange::mcx);
  EXPECT_EQ(exchange_of(Segment::mcx_sx), Exchange::mcx);
}

}  // namespace
}  // namespace hmt::model
