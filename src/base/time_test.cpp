#include "base/time.h"

#include <gtest/gtest.h>
#include <random>

namespace hmt::base {
namespace {

Instant at(std::string_view text) {
  return parse_rfc3339(text).value();
}

TEST(Time, OneInstantHasManyWritings) {
  const auto open = at("2026-11-23T03:45:00Z");
  EXPECT_EQ(at("2026-11-23T09:15:00+05:30"), open);
  EXPECT_EQ(at("2026-11-23T09:15:00+0530"), open);
  EXPECT_EQ(at("2026-11-23 09:15:00.000+05:30"), open);
  EXPECT_EQ(at("2026-11-23t03:45:00z"), open);
  EXPECT_EQ(at("2026-11-22T22:45:00-05:00"), open);
  EXPECT_EQ(at("2026-11-23T03:45:00.123456789Z"), open + 123'456'789ns);
  EXPECT_EQ(at("2026-11-23T03:45:00.5Z"), open + 500ms);
  EXPECT_EQ(at("2026-11-23T03:45:00.0000000009Z"), open) << "finer than we hold";
}

TEST(Time, IsWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(to_rfc3339(at("2026-11-23T09:15:00.1239+05:30")), "2026-11-23T03:45:00.123Z");
  EXPECT_EQ(to_rfc3339(Instant{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(at("2028-02-29T23:59:59.999Z")), "2028-02-29T23:59:59.999Z");
  EXPECT_EQ(to_rfc3339(Instant{} - 1ms), "1969-12-31T23:59:59.999Z");
}

TEST(Time, WhatIsNoTimeIsRefused) {
  for (const auto* text : {"",
                           "2026-11-23",
                           "2026-11-23T09:15:00",
                           "2026-11-23T09:15Z",
                           "2026-11-23T24:00:00Z",
                           "2026-11-23T09:60:00Z",
                           "2026-11-23T09:15:60Z",
                           "2026-13-01T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-00-10T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "2026-11-23T09:15:00.Z",
                           "2026-11-23T09:15:00+5:30",
                           "2026-11-23T09:15:00+15:00",
                           "2026-11-23T09:15:00+05:60",
                           "2026-11-23T09:15:00Z ",
                           " 2026-11-23T09:15:00Z",
                           "2026/11/23T09:15:00Z",
                           "26-11-23T09:15:00Z",
                           "1969-12-31T23:59:59Z",
                           "2201-01-01T00:00:00Z",
                           "-026-11-23T09:15:00Z",
                           "2026-11-23T09:15:00+05:30:00"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Time, EveryMillisecondSurvivesItsText) {
  constexpr std::uint64_t seed = 7;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 50'000; ++i) {
    const auto instant = Instant{} + std::chrono::milliseconds(random() % 7'000'000'000'000);
    ASSERT_EQ(at(to_rfc3339(instant)), instant) << "seed " << seed;
    const auto whole = std::chrono::floor<std::chrono::seconds>(instant);
    ASSERT_EQ(parse_broker_time(to_broker_time(instant)).value(), Instant(whole));
  }
}

TEST(Time, TheBrokerWritesIndianTimeWithoutAZone) {
  EXPECT_EQ(parse_broker_time("2026-11-23 09:15:00").value(), at("2026-11-23T09:15:00+05:30"));
  EXPECT_EQ(to_broker_time(at("2026-11-22T20:00:00Z")), "2026-11-23 01:30:00");
  for (const auto* text : {"", "2026-11-23", "2026-11-23T09:15:00", "2026-11-23 09:15:00Z",
                           "2026-11-23 09:15:00.0", "09:16:39", "2026-02-30 09:15:00"}) {
    EXPECT_FALSE(parse_broker_time(text)) << text;
  }
}

TEST(TradingDate, TurnsAtIndianMidnight) {
  const auto midnight = at("2026-11-23T00:00:00+05:30");
  EXPECT_EQ(trading_date(midnight).text(), "2026-11-23");
  EXPECT_EQ(trading_date(midnight - 1ns).text(), "2026-11-22");
  EXPECT_EQ(trading_date(at("2026-11-22T18:29:59.999Z")).text(), "2026-11-22");
  EXPECT_EQ(trading_date(at("2026-11-22T18:30:00Z")).text(), "2026-11-23");
  EXPECT_EQ(trading_date(midnight).days, trading_date(midnight - 1ns).days + 1);
}

TEST(TradingDate, TheTimeOfDayCountsFromIndianMidnight) {
  const auto midnight = at("2026-11-23T00:00:00+05:30");
  EXPECT_EQ(time_of_day_ist(midnight), 0ns);
  EXPECT_EQ(time_of_day_ist(midnight - 1ns), 24h - 1ns);
  EXPECT_EQ(time_of_day_ist(at("2026-11-23T03:45:00Z")), 9h + 15min);
}

}  // namespace
}  // namespace hmt::base
