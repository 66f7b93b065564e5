#include "feed/quiet.h"

#include <gtest/gtest.h>

namespace hmt::feed {
namespace {

using namespace std::chrono_literals;

struct QuietTest : testing::Test {
  // The connection is given up, and another is open at once.
  void remake(base::Duration now) {
    EXPECT_TRUE(quiet.is_too_long(now, {}));
    EXPECT_FALSE(quiet.is_too_long(now - 1s, {}));
    quiet.given_up({});
    quiet.opened(now);
  }
  Quiet quiet;
};

TEST_F(QuietTest, WhatIsNeverAnsweredIsAskedAgainEveryMinuteAndTold) {
  quiet.opened(1000s);
  remake(1060s);
  EXPECT_FALSE(quiet.lasts(1069s, {}));
  EXPECT_EQ(quiet.lasts(1070s, {}), 70s);
  remake(1120s);
  EXPECT_EQ(quiet.lasts(1120s, {}), 120s);
  remake(1180s);
  quiet.packet(true, 1181s);
  EXPECT_FALSE(quiet.lasts(1181s, {}));
}

TEST_F(QuietTest, WhatIsAnsweredAndNoMoreIsAskedEverMoreSeldom) {
  quiet.opened(0s);
  quiet.packet(true, 0s);
  auto now = 0s;
  for (const auto wait : {60s, 120s, 240s, 480s, 480s}) {
    now += wait;
    remake(now);
    quiet.packet(true, now);
    EXPECT_FALSE(quiet.lasts(now, {}));
  }
  quiet.packet(false, now);
  remake(now + 60s);
  remake(now + 120s);  // without an answer
}

TEST_F(QuietTest, ACloseEndsTheWait) {
  quiet.opened(0s);
  remake(60s);
  EXPECT_TRUE(quiet.lasts(70s, {}));
  quiet.nothing_to_come(70s);
  EXPECT_FALSE(quiet.lasts(90s, {}));
  EXPECT_FALSE(quiet.is_too_long(129s, {}));
}

}  // namespace
}  // namespace hmt::feed
