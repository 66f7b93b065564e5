#include "oms/rate.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace hmt::oms {
namespace {

using base::Duration;
using base::Instant;
using namespace std::chrono_literals;

const Instant open = base::parse_rfc3339("2026-11-23T09:15:00+05:30").value();

// To a broker so near that every request arrives as it leaves.
constexpr RateRule no_wire{.on_its_way_max = {}, .margin_per_mille = 0};

RateRule no_wire_with(int per_second, int per_minute, int per_day) {
  auto rule = no_wire;
  rule.per_second = per_second;
  rule.per_minute = per_minute;
  rule.per_day = per_day;
  return rule;
}

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
  RateLimit rate(no_wire);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.reserve(open));
  EXPECT_FALSE(rate.reserve(open + 1500ms)) << "ten may still leave at any moment";
  for (int i = 0; i < 10; ++i) rate.sent(open + 1600ms);
  EXPECT_EQ(rate.next_at(open + 1600ms), open + 2600ms);
  EXPECT_FALSE(rate.reserve(open + 2599ms));
  EXPECT_TRUE(rate.reserve(open + 2600ms));
}

TEST(Rate, WhatIsReservedAndNeverLeavesDoesNotHoldUpTheRestForLong) {
  RateLimit rate;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.reserve(open));
  EXPECT_FALSE(rate.reserve(open + 2999ms));
  EXPECT_TRUE(rate.reserve(open + 3s));
}

TEST(Rate, TenInASecondAndTheEleventhWaits) {
  RateLimit rate(no_wire);
  EXPECT_EQ(take_all(rate, open, 20), 10);
  EXPECT_EQ(rate.next_at(open), open + 1s);
  EXPECT_FALSE(rate.take(open + 999ms));
  EXPECT_EQ(take_all(rate, open + 1s, 20), 10);
}

TEST(Rate, FourHundredInAMinute) {
  RateLimit rate(no_wire);
  std::vector<Instant> sent;
  for (auto now = open; now < open + 60s; now += 10ms) {
    if (rate.take(now)) sent.push_back(now);
  }
  EXPECT_EQ(sent.size(), 400U);
  EXPECT_EQ(rate.next_at(open + 60s - 10ms), open + 60s);
}

// ---- the wire

// Ten that leave together and are answered together.
void ten_answered(RateLimit& rate, Instant now, Duration trip, bool accepted = true) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(rate.reserve(now));
    rate.sent(now);
  }
  for (int i = 0; i < 10; ++i) rate.answered(now, now + trip, accepted);
}

TEST(Rate, AnOrderMayHaveArrivedAsLateAsItsAnswerCame) {
  RateLimit rate;
  ten_answered(rate, open, 80ms, false);
  EXPECT_EQ(rate.next_at(open + 80ms), open + 80ms + 1001ms);
}

TEST(Rate, AnOrderWithoutAnAnswerHasArrivedAfterHalfASecond) {
  RateLimit rate;
  EXPECT_EQ(take_all(rate, open, 20), 10);
  EXPECT_EQ(rate.next_at(open), open + 500ms + 1001ms);
  rate.answered(open, open + 30s, true);
  EXPECT_EQ(take_all(rate, open + 1501ms, 20), 10) << "an answer so late tells nothing";
}

TEST(Rate, WhatTheWireTakesEachTimeIsNotWaitedFor) {
  RateLimit rate;
  ten_answered(rate, open, 80ms);
  EXPECT_EQ(rate.next_at(open + 80ms), open + 1001ms);
  ten_answered(rate, open + 2s, 110ms);
  EXPECT_EQ(rate.next_at(open + 2s + 110ms), open + 2s + 30ms + 1001ms)
      << "these may have been 30 ms longer on their way out";
}

TEST(Rate, ARefusalTellsNothingOfTheWire) {
  RateLimit rate;
  ten_answered(rate, open, 80ms);
  ten_answered(rate, open + 2s, 1ms, false);
  EXPECT_EQ(rate.next_at(open + 2s + 1ms), open + 2s + 1ms + 1001ms);
  ten_answered(rate, open + 4s, 80ms);
  EXPECT_EQ(rate.next_at(open + 4s + 80ms), open + 4s + 1001ms) << "the wire is what it was";
}

// Of the 80 ms of an order that is taken the broker may need 70; one that it refuses at the door,
// and counts, may have been on its way for all of its 20.
TEST(Rate, ARefusalComesBackSoonerThanAnOrderIsTakenAndMayHaveArrivedAsLate) {
  RateLimit rate;
  ten_answered(rate, open, 80ms);
  ten_answered(rate, open + 2s, 20ms, false);
  EXPECT_EQ(rate.next_at(open + 2s + 20ms), open + 2s + 20ms + 1001ms);
}

TEST(Rate, AnAnswerToWhatIsNotCountedAnyMoreIsPassedOver) {
  RateLimit rate;
  rate.answered(open, open + 10ms, true);
  EXPECT_EQ(take_all(rate, open, 20), 10);
  rate.answered(open - 1ms, open + 10ms, true);
  rate.answered(open + 1ms, open + 10ms, true);
  EXPECT_EQ(rate.next_at(open + 10ms), open + 1501ms);
}

TEST(Rate, WhatTheRecordsKnowToHaveLeftLaterHasNoAnswerYet) {
  RateLimit rate({.per_second = 1});
  ASSERT_TRUE(rate.take(open));
  rate.answered(open, open + 10ms, true);
  rate.restore({open + 20ms}, open + 30ms);
  EXPECT_EQ(rate.next_at(open + 30ms), open + 20ms + 1501ms);
}

// What one order has before it: a quick way and a slow one, and sometimes a packet is lost.
struct Way {
  std::mt19937_64 random;
  Duration least;
  Duration spread;
  Duration take() {
    const auto more = Duration(
        static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(spread.count() + 1)));
    return least + more + (random() % 100 == 0 ? Duration(250ms) : Duration{});
  }
};

// The moments at which a broker sees the orders of somebody who always has one more. What it takes
// costs it some time, what it refuses none.
std::vector<Instant> arrivals(std::uint64_t seed, RateLimit& rate, int orders) {
  std::mt19937_64 random(seed);
  Way way{random, std::chrono::milliseconds(random() % 60),
          std::chrono::milliseconds(random() % 60)};
  const auto thinks = std::chrono::milliseconds(random() % 60);
  struct Answer {
    Instant left_at;
    bool accepted;
  };
  std::vector<Instant> out;
  std::multimap<Instant, Answer> answers;  // by when each comes
  for (auto now = open; static_cast<int>(out.size()) < orders;) {
    for (; !answers.empty() && answers.begin()->first <= now; answers.erase(answers.begin())) {
      rate.answered(answers.begin()->second.left_at, now, answers.begin()->second.accepted);
    }
    while (rate.reserve(now)) {
      const auto arrives = rate.sent(now) + way.take();
      const bool accepted = random() % 4 != 0;
      out.push_back(arrives);
      answers.emplace(arrives + (accepted ? thinks : Duration{}) + way.take(),
                      Answer{now, accepted});
    }
    const auto next_permit = *rate.next_at(now);
    now = answers.empty() ? next_permit : std::min(next_permit, answers.begin()->first);
  }
  std::ranges::sort(out);
  return out;
}

TEST(Rate, NoWireBringsTheBrokerMoreThanTheRule) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RateLimit rate;
    const auto seen = arrivals(seed, rate, 450);
    ASSERT_LE(busiest(seen, 1s), 10) << "seed " << seed;
    ASSERT_LE(busiest(seen, 60s), 400) << "seed " << seed;
  }
}

// ---- the day, holds and restarts

TEST(Rate, FiveThousandInADayAndThenNoneUntilTheNextIndianDay) {
  RateLimit rate(no_wire_with(100, 6000, 50));
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
  RateLimit rate(no_wire_with(10, 12, 100));
  rate.restore({open - 30s, open - 1s, open - 10ms, open - 59s, open - 2min, open - 24h}, open);
  EXPECT_EQ(rate.used_today(), 5) << "yesterday's does not count";
  EXPECT_EQ(take_all(rate, open, 20), 8) << "of twelve in a minute four are used";
}

TEST(Rate, ARestartInTheMiddleOfASecondDoesNotAllowASecondTen) {
  RateLimit rate;
  rate.restore(std::vector<Instant>(10, open - 100ms), open);
  EXPECT_FALSE(rate.take(open));
  EXPECT_EQ(rate.next_at(open), open + 1401ms) << "nobody knows how long they were on their way";
}

TEST(Rate, WhatIsReadFromTheRecordsAgainIsCountedOnce) {
  RateLimit rate(no_wire_with(10, 12, 100));
  const std::vector<Instant> before = {open - 59s, open - 30s, open - 1s};
  rate.restore(before, open);
  rate.restore(before, open);
  EXPECT_EQ(rate.used_today(), 3);
  EXPECT_EQ(take_all(rate, open, 20), 9);
}

TEST(Rate, AStartInTheSameProcessCountsWhatItSentItselfOnce) {
  RateLimit rate(no_wire_with(3, 5, 100));
  rate.restore({open - 30s}, open);
  ASSERT_TRUE(rate.reserve(open));
  rate.sent(open + 200ms);
  ASSERT_TRUE(rate.reserve(open + 300ms));  // on its way while the engine starts anew
  rate.restore({open - 30s, open, open + 300ms}, open + 400ms);
  EXPECT_EQ(rate.used_today(), 3);
  EXPECT_EQ(take_all(rate, open + 500ms, 5), 1) << "of three in a second";
  EXPECT_EQ(take_all(rate, open + 1190ms, 5), 0) << "the first left 200 ms after it was recorded";
  rate.sent(open + 1190ms);
  EXPECT_EQ(take_all(rate, open + 10s, 5), 1) << "of five in a minute";
}

TEST(Rate, RecordsThatKnowOfMoreAreBelieved) {
  RateLimit rate(no_wire_with(10, 5, 100));
  ASSERT_TRUE(rate.take(open - 1s));
  rate.restore({open - 50s, open - 40s, open - 1s}, open);
  EXPECT_EQ(rate.used_today(), 3);
  EXPECT_EQ(take_all(rate, open, 5), 2);
  EXPECT_EQ(rate.next_at(open), open + 10s);
}

TEST(Rate, WhatAFasterClockSentCountsAsSentNow) {
  RateLimit rate;
  rate.restore(std::vector<Instant>(10, open + 1h), open);
  EXPECT_EQ(rate.next_at(open), open + 1501ms);
}

TEST(Rate, AClockThatStepsBackGivesNoPermitTwice) {
  RateLimit rate;
  EXPECT_EQ(take_all(rate, open, 10), 10);
  EXPECT_EQ(take_all(rate, open - 10s, 10), 0);
  EXPECT_EQ(take_all(rate, open - 24h, 10), 0);
  EXPECT_EQ(rate.used_today(), 10);
  EXPECT_EQ(take_all(rate, open + 1501ms, 10), 10);
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
                        .on_its_way_max = std::chrono::milliseconds(random() % 40)};
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
    ASSERT_LE(busiest(sent, 1s + rule.on_its_way_max), rule.per_second) << "seed " << seed;
    ASSERT_LE(busiest(sent, 60s + rule.on_its_way_max), rule.per_minute) << "seed " << seed;
    ASSERT_LE(static_cast<int>(sent.size()), rule.per_day) << "seed " << seed;
  }
}

// A caller that always waits for `next_at`, and gets its answers at once.
TEST(Rate, SaturatedItUsesAtLeastNinetyNinePercentOfWhatIsAllowed) {
  const auto sent_until = [](RateLimit& rate, Instant end) {
    int sent = 0;
    for (auto now = open; now < end; now = std::max(now, *rate.next_at(now))) {
      EXPECT_TRUE(rate.reserve(now)) << "next_at promised a permit";
      rate.answered(rate.sent(now), now, true);
      ++sent;
    }
    return sent;
  };
  RateLimit rate;
  const int of_minutes = sent_until(rate, open + 12min);
  EXPECT_GE(of_minutes, 400 * 12 * 99 / 100);
  EXPECT_LE(of_minutes, 400 * 12);

  RateLimit seconds_only({.per_second = 10, .per_minute = 100'000, .per_day = 100'000});
  EXPECT_GE(sent_until(seconds_only, open + 100s), 990);
}

}  // namespace
}  // namespace hmt::oms
