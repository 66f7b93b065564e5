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
    return lateness.seen(ten + second, start + at, {}).has_value();
  }
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

TEST_F(LatenessTest, ATimeThatIsRepeatedSaysNothing) {
  EXPECT_FALSE(falls_behind(0, 0s));
  for (auto at = 1s; at < 60s; ++at) EXPECT_FALSE(falls_behind(0, at));
}

}  // namespace
}  // namespace hmt::feed
