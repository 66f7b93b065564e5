#include "runtime/clock_watch.h"

#include <gtest/gtest.h>

namespace hmt::runtime {
namespace {

using namespace std::chrono_literals;

struct ClockWatchTest : testing::Test {
  // Both clocks read at once, `paused` apart.
  std::optional<base::Duration> read(base::Duration paused = 0ms) {
    const auto before = steady;
    steady += paused;
    wall += paused;
    return watch.step(wall, before, steady);
  }
  void pass(base::Duration by) {
    steady += by;
    wall += by;
  }

  ClockWatch watch;
  base::Instant wall = base::parse_rfc3339("2026-11-23T04:00:00Z").value();
  base::Duration steady{};
};

TEST_F(ClockWatchTest, TimeThatPassesIsNoStep) {
  EXPECT_FALSE(read());
  pass(1h);
  EXPECT_FALSE(read());
}

TEST_F(ClockWatchTest, AClockThatIsSetIsToldOnceEitherWay) {
  read();
  wall += 1h;
  EXPECT_EQ(read(), 1h);
  EXPECT_FALSE(read());
  wall -= 2h;
  EXPECT_EQ(read(), -2h);
}

TEST_F(ClockWatchTest, SmallCorrectionsAreToldWhenTheyHaveAddedUp) {
  read();
  wall += 400ms;
  EXPECT_FALSE(read());
  wall += 400ms;
  EXPECT_EQ(read(), 800ms);
}

TEST_F(ClockWatchTest, AThreadThatSleptBetweenTheReadingsHasSeenNoStep) {
  read();
  EXPECT_FALSE(read(3s));
  EXPECT_FALSE(read()) << "nor was it one when it is looked at anew";
  wall += 1h;
  EXPECT_FALSE(read(3s)) << "it cannot be told how much of it was sleep";
  EXPECT_EQ(read(), 1h);
}

}  // namespace
}  // namespace hmt::runtime
