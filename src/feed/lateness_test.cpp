#include "feed/lateness.h"

#include <gtest/gtest.h>

namespace hmt::feed {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t ten = 1'795'410'000;
constexpr base::Duration start = 500s;  // of a machine that was just switched on

struct LatenessTest : testing::Test {
  // A packet of `second` of the market comes `at` after the start.
  bool falls_behind(std::uint32_t second, base::Duration at) {
    const auto behind = least_late.behind(ten + second, start + at);
    return lateness.seen(ten + second, start + at, behind, {}).has_value();
  }
  LeastLate least_late;
  Lateness lateness;
};

TEST_F(LatenessTest, PacketsInTimeAreNeverLateHoweverWrongAClockIs) {
  for (std::uint32_t second = 0; second < 100; ++second) {
    EXPECT_FALSE(falls_behind(second, std::chrono::seconds(second) + 900ms));
  }
}

TEST_F(LatenessTest, PacketsThatComeLaterAndLaterAreNoticed) {
  std::uint32_t second = 0;
  // A wire that carries two thirds of what is sent.
  while (second < 30 && !falls_behind(second, second * 1500ms)) ++second;
  EXPECT_EQ(second, 9u);  // 4.5 s behind, after 4.0 s the packet before
}

TEST_F(LatenessTest, WhatWaitedOutAPauseAndComesAtOnceIsNot) {
  EXPECT_FALSE(falls_behind(0, 0s));
  for (std::uint32_t second = 1; second < 20; ++second) EXPECT_FALSE(falls_behind(second, 20s));
  EXPECT_FALSE(falls_behind(20, 20s + 500ms));
  EXPECT_FALSE(falls_behind(21, 21s));
}

TEST_F(LatenessTest, AConnectionThatIsAsLateAsTheOneBeforeItFallsBehindFromItsFirstPacketsOn) {
  EXPECT_FALSE(falls_behind(0, 0s));
  lateness = {};
  EXPECT_FALSE(falls_behind(1, 31s)) << "one may have waited out a pause";
  EXPECT_TRUE(falls_behind(2, 32s));
  lateness = {};
  EXPECT_FALSE(falls_behind(3, 18s)) << "within what may fire, each is measured by itself";
  EXPECT_FALSE(falls_behind(4, 19s));
}

TEST_F(LatenessTest, TwoClocksThatDriftApartForAWeekMakeNothingLate) {
  constexpr std::uint32_t week = 7 * 24 * 3600;
  for (std::uint32_t second = 0; second < week; second += 600) {
    const auto drifted = std::chrono::seconds(second) + second * 50us;
    EXPECT_LT(least_late.behind(ten + second, start + drifted), 2s);
  }
}

TEST_F(LatenessTest, AMachineWhoseClockStoodStillMeasuresAnewFromTheFirstPacketOfNow) {
  EXPECT_EQ(least_late.behind(ten, start), 0s);
  EXPECT_EQ(least_late.behind(ten + 3600, start + 1s), 0s) << "an hour has passed elsewhere";
  EXPECT_GT(least_late.behind(ten + 2, start + 2s), 3598s) << "what waited meanwhile";
}

TEST_F(LatenessTest, ATimeThatIsRepeatedSaysNothing) {
  EXPECT_FALSE(falls_behind(0, 0s));
  for (auto at = 1s; at < 60s; ++at) EXPECT_FALSE(falls_behind(0, at));
}

}  // namespace
}  // namespace hmt::feed
