#include "oms/rate.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace hmt::oms {
namespace {

using base::Duration;
using base::Instant;
using namespace std::chrono_literals;

const Instant open = base::parse_rfc3339("2026-11-23T09:15:00+05:30").value();

int take_all(RateLimit& rate, Instant now, int asked) {
  int taken = 0;
  for (int i = 0; i < asked; ++i) taken += rate.take(now) ? 1 : 0;
  return taken;
}

// The most that any window of this length holds, looking from each request on.
int busiest(const std::vector<Instant>& sent, Duration window) {
  int most = 0;
  std::size_t last = 0;
  for (std::size_t first = 0; first < sent.size(); ++first) {
    while (last < sent.size() && sent[last] - sent[first] < window) ++last;
    most = std::max(most, static_cast<int>(last - first));
  }
  return most;
}

TEST(Rate, WhatIsReservedCountsFromTheMomentItLeaves) {
  RateLimit rate;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.reserve(open));
  EXPECT_FALSE(rate.reserve(open + 1500ms)) << "ten may still leave at any moment";
  for (int i = 0; i < 10; ++i) rate.sent(open + 1600ms);
  EXPECT_EQ(rate.next_at(open + 1600ms), open + 2700ms);
  EXPECT_FALSE(rate.reserve(open + 2699ms));
  EXPECT_TRUE(rate.reserve(open + 2700ms));
}

TEST(Rate, WhatIsReservedAndNeverLeavesDoesNotHoldUpTheRestForLong) {
  RateLimit rate;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.reserve(open));
  EXPECT_FALSE(rate.reserve(open + 2999ms));
  EXPECT_TRUE(rate.reserve(open + 3s));
}

TEST(Rate, TenInASecondAndTheEleventhWaits) {
  RateLimit rate;
  EXPECT_EQ(take_all(rate, open, 20), 10);
  EXPECT_EQ(rate.next_at(open), open + 1100ms);
  EXPECT_FALSE(rate.take(open + 1099ms));
  EXPECT_EQ(take_all(rate, open + 1100ms, 20), 10);
}

TEST(Rate, FourHundredInAMinute) {
  RateLimit rate;
  std::vector<Instant> sent;
  for (auto now = open; now < open + 60s; now += 1ms) {
    if (rate.take(now)) sent.push_back(now);
  }
  EXPECT_EQ(sent.size(), 400U);
  EXPECT_EQ(rate.next_at(open + 60s), open + 60s + 100ms);
}

TEST(Rate, FiveThousandInADayAndThenNoneUntilTheNextIndianDay) {
  RateLimit rate({.per_second = 100, .per_minute = 6000, .per_day = 50});
  EXPECT_EQ(take_all(rate, open, 80), 50);
  EXPECT_EQ(rate.used_today(), 50);
  EXPECT_EQ(rate.next_at(open + 1h), std::nullopt);
  EXPECT_FALSE(rate.take(open + 1h));

  const auto midnight = base::parse_rfc3339("2026-11-24T00:00:00+05:30").value();
  EXPECT_FALSE(rate.take(midnight - 1ns));
  EXPECT_EQ(rate.next_at(midnight), midnight);
  EXPECT_TRUE(rate.take(midnight));
  EXPECT_EQ(rate.used_today(), 1);
}

TEST(Rate, MidnightDoesNotForgetTheLastSecond) {
  RateLimit rate;
  const auto midnight = base::parse_rfc3339("2026-11-24T00:00:00+05:30").value();
  EXPECT_EQ(take_all(rate, midnight - 1ms, 20), 10);
  EXPECT_FALSE(rate.take(midnight));
}

TEST(Rate, NothingIsPermittedBeforeTheBrokersCoolDownIsOver) {
  RateLimit rate;
  rate.hold_until(open + 10s);
  rate.hold_until(open + 5s);  // an earlier end does not shorten it
  EXPECT_FALSE(rate.take(open + 9999ms));
  EXPECT_EQ(rate.next_at(open), open + 10s);
  EXPECT_TRUE(rate.take(open + 10s));
}

TEST(Rate, AFreePermitIsFreeNow) {
  RateLimit rate;
  EXPECT_EQ(rate.next_at(open), open);
}

TEST(Rate, ARestartRemembersWhatWasSent) {
  RateLimit rate({.per_second = 10, .per_minute = 12, .per_day = 100});
  rate.restore({open - 30s, open - 1s, open - 10ms, open - 59s, open - 2min, open - 24h}, open);
  EXPECT_EQ(rate.used_today(), 5) << "yesterday's does not count";
  EXPECT_EQ(take_all(rate, open, 20), 8) << "of twelve in a minute four are used";
}

TEST(Rate, ARestartInTheMiddleOfASecondDoesNotAllowASecondTen) {
  RateLimit rate;
  rate.restore(std::vector<Instant>(10, open - 100ms), open);
  EXPECT_FALSE(rate.take(open));
  EXPECT_EQ(rate.next_at(open), open + 1s);
}

TEST(Rate, WhatIsReadFromTheRecordsAgainIsCountedOnce) {
  RateLimit rate({.per_second = 10, .per_minute = 12, .per_day = 100});
  const std::vector<Instant> before = {open - 59s, open - 30s, open - 1s};
  rate.restore(before, open);
  rate.restore(before, open);
  EXPECT_EQ(rate.used_today(), 3);
  EXPECT_EQ(take_all(rate, open, 20), 9);
}

TEST(Rate, AStartInTheSameProcessCountsWhatItSentItselfOnce) {
  RateLimit rate({.per_second = 3, .per_minute = 5, .per_day = 100});
  rate.restore({open - 30s}, open);
  ASSERT_TRUE(rate.reserve(open));
  rate.sent(open + 200ms);
  ASSERT_TRUE(rate.reserve(open + 300ms));  // on its way while the engine starts anew
  rate.restore({open - 30s, open, open + 300ms}, open + 400ms);
  EXPECT_EQ(rate.used_today(), 3);
  EXPECT_EQ(take_all(rate, open + 500ms, 5), 1) << "of three in a second";
  EXPECT_EQ(take_all(rate, open + 1210ms, 5), 0) << "the first left 200 ms after it was recorded";
  rate.sent(open + 1210ms);
  EXPECT_EQ(take_all(rate, open + 10s, 5), 1) << "of five in a minute";
}

TEST(Rate, RecordsThatKnowOfMoreAreBelieved) {
  RateLimit rate({.per_second = 10, .per_minute = 5, .per_day = 100});
  ASSERT_TRUE(rate.take(open - 1s));
  rate.restore({open - 50s, open - 40s, open - 1s}, open);
  EXPECT_EQ(rate.used_today(), 3);
  EXPECT_EQ(take_all(rate, open, 5), 2);
  EXPECT_EQ(rate.next_at(open), open + 10s + RateRule{}.jitter);
}

TEST(Rate, WhatAFasterClockSentCountsAsSentNow) {
  RateLimit rate;
  rate.restore(std::vector<Instant>(10, open + 1h), open);
  EXPECT_EQ(rate.next_at(open), open + 1100ms);
}

TEST(Rate, AClockThatStepsBackGivesNoPermitTwice) {
  RateLimit rate;
  EXPECT_EQ(take_all(rate, open, 10), 10);
  EXPECT_EQ(take_all(rate, open - 10s, 10), 0);
  EXPECT_EQ(take_all(rate, open - 24h, 10), 0);
  EXPECT_EQ(rate.used_today(), 10);
  EXPECT_EQ(take_all(rate, open + 1100ms, 10), 10);
}

TEST(Rate, ARuleOfNothingPermitsNothing) {
  RateLimit no_seconds({.per_second = 0});
  RateLimit no_minutes({.per_minute = 0});
  RateLimit no_days({.per_day = 0});
  for (auto* rate : {&no_seconds, &no_minutes, &no_days}) {
    EXPECT_FALSE(rate->take(open));
    EXPECT_EQ(rate->next_at(open), std::nullopt);
  }
}

// Whatever the pattern of demand, no window of any alignment holds more than the rule.
TEST(Rate, NoWindowEverHoldsMoreThanTheRule) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    const RateRule rule{.per_second = static_cast<int>(1 + random() % 12),
                        .per_minute = static_cast<int>(1 + random() % 80),
                        .per_day = 400,
                        .jitter = std::chrono::milliseconds(random() % 40)};
    RateLimit rate(rule);
    std::vector<Instant> sent;
    auto now = open;
    for (int i = 0; i < 3000; ++i) {
      const bool burst = random() % 4 != 0;
      now += std::chrono::microseconds(random() % (burst ? 20'000 : 900'000));
      if (random() % 200 == 0) now -= 3s;
      const auto promised = rate.next_at(now);
      const bool taken = rate.take(now);
      ASSERT_EQ(taken, promised && *promised <= now) << "seed " << seed << ", request " << i;
      if (taken) sent.push_back(std::max(now, sent.empty() ? now : sent.back()));
    }
    ASSERT_LE(busiest(sent, 1s + rule.jitter), rule.per_second) << "seed " << seed;
    ASSERT_LE(busiest(sent, 60s + rule.jitter), rule.per_minute) << "seed " << seed;
    ASSERT_LE(static_cast<int>(sent.size()), rule.per_day) << "seed " << seed;
  }
}

// A caller that always waits for `next_at` gets nearly all that the rule allows.
TEST(Rate, SaturatedItUsesAtLeastNinetyNinePercentOfWhatIsAllowed) {
  RateLimit rate;
  auto now = open;
  int taken = 0;
  while (now < open + 12min) {
    ASSERT_TRUE(rate.take(now)) << "next_at promised a permit";
    ++taken;
    now = std::max(now, *rate.next_at(now));
  }
  EXPECT_GE(taken, 400 * 12 * 99 / 100);
  EXPECT_LE(taken, 400 * 12);

  RateLimit seconds_only({.per_second = 10, .per_minute = 100'000, .per_day = 100'000});
  taken = 0;
  for (now = open; now < open + 110s; now = std::max(now, *seconds_only.next_at(now))) {
    taken += seconds_only.take(now) ? 1 : 0;
  }
  EXPECT_GE(taken, 990) << "ten in each 1.1 s";
}

}  // namespace
}  // namespace hmt::oms
