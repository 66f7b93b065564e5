#include "feed/unlisted.h"

#include <gtest/gtest.h>

namespace hmt::feed {
namespace {

using namespace std::chrono_literals;

// A Sunday evening, an hour of Muhurat trading.
const base::Instant opens =
    base::Instant(std::chrono::sys_days(std::chrono::year(2026) / 11 / 8)) + 12h + 30min;

struct UnlistedTest : testing::Test {
  void trade(base::Duration after, base::Duration age = 1s) {
    unlisted.traded(opens + after - age, opens + after, {});
  }
  bool lasts(base::Duration after) const { return unlisted.lasts(opens + after, {}); }
  Unlisted unlisted;
};

TEST_F(UnlistedTest, TradesOfMoreThanAMinuteAreASession) {
  trade(0s);
  EXPECT_FALSE(lasts(0s));
  trade(59s);
  EXPECT_FALSE(lasts(59s));
  trade(60s);
  EXPECT_TRUE(lasts(60s));
}

TEST_F(UnlistedTest, FridaysLastTradeToldAgainAndAgainIsNone) {
  for (auto after = 0s; after < 10min; after += 10s) trade(after, 27h);
  EXPECT_FALSE(lasts(10min));
}

TEST_F(UnlistedTest, ATradeOfTheFutureIsNone) {
  for (auto after = 0s; after < 10min; after += 10s) trade(after, -16s);
  EXPECT_FALSE(lasts(10min));
}

TEST_F(UnlistedTest, ItIsOverTenMinutesAfterTheLastTradeAndTheNextOneBeginsAnew) {
  trade(0s);
  trade(2min);
  EXPECT_TRUE(lasts(11min + 59s));
  EXPECT_FALSE(lasts(12min));
  trade(13min);
  EXPECT_FALSE(lasts(13min));
  trade(14min);
  EXPECT_TRUE(lasts(14min));
}

}  // namespace
}  // namespace hmt::feed
