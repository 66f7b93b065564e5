#include "agent/manual_scheduler.h"

#include <gtest/gtest.h>
#include <string>

namespace hmt::agent {
namespace {

using namespace std::chrono_literals;

struct ManualSchedulerTest : testing::Test {
  base::Instant start = base::parse_rfc3339("2026-11-23T09:15:00+05:30").value();
  ManualScheduler scheduler{start};
  std::string seen;
};

TEST_F(ManualSchedulerTest, NothingRunsUntilItIsTold) {
  scheduler.post([&] { seen += 'a'; });
  scheduler.after(0s, [&] { seen += 'b'; });
  EXPECT_EQ(seen, "");
  scheduler.run_ready();
  EXPECT_EQ(seen, "a");
  scheduler.advance(0s);
  EXPECT_EQ(seen, "ab");
  EXPECT_TRUE(scheduler.idle());
}

TEST_F(ManualSchedulerTest, EachTimerRunsAtItsOwnMomentInOrder) {
  base::Duration at_b{};
  base::Instant wall_b{};
  scheduler.after(2s, [&] {
    seen += 'b';
    at_b = scheduler.steady();
    wall_b = scheduler.now();
  });
  scheduler.after(1s, [&] {
    seen += 'a';
    // A timer that is set by a timer, between two others.
    scheduler.after(500ms, [&] { seen += 'n'; });
  });
  scheduler.after(2s, [&] { seen += 'c'; });
  scheduler.advance(5s);
  EXPECT_EQ(seen, "anbc");
  EXPECT_EQ(at_b, 2s);
  EXPECT_EQ(wall_b, start + 2s);
  EXPECT_EQ(scheduler.steady(), 5s);
  EXPECT_EQ(scheduler.now(), start + 5s);
}

TEST_F(ManualSchedulerTest, ATimerIsNotEarly) {
  scheduler.after(1s, [&] { seen += 'a'; });
  scheduler.advance(1s - 1ns);
  EXPECT_EQ(seen, "");
  scheduler.advance(1ns);
  EXPECT_EQ(seen, "a");
}

TEST_F(ManualSchedulerTest, ACancelledTimerNeverRuns) {
  const auto first = scheduler.after(1s, [&] { seen += 'a'; });
  TimerId second = 0;
  scheduler.after(1s, [&] { scheduler.cancel(second); });
  second = scheduler.after(1s, [&] { seen += 'b'; });
  scheduler.cancel(first);
  scheduler.cancel(first);
  scheduler.cancel(12345);
  scheduler.advance(2s);
  EXPECT_EQ(seen, "");
  EXPECT_TRUE(scheduler.idle());
}

TEST_F(ManualSchedulerTest, TheWallClockMayJumpWithoutMovingTimers) {
  scheduler.after(10s, [&] { seen += 'a'; });
  scheduler.step_wall_clock(1h);
  scheduler.advance(9s);
  EXPECT_EQ(seen, "");
  scheduler.step_wall_clock(-2h);
  scheduler.advance(1s);
  EXPECT_EQ(seen, "a");
  EXPECT_EQ(scheduler.now(), start - 1h + 10s);
  EXPECT_EQ(scheduler.steady(), 10s);
}

TEST_F(ManualSchedulerTest, WhatATaskPostsRunsInTheSameTurn) {
  scheduler.post([&] {
    seen += 'a';
    scheduler.post([&] { seen += 'c'; });
  });
  scheduler.post([&] { seen += 'b'; });
  scheduler.run_ready();
  EXPECT_EQ(seen, "abc");
}

}  // namespace
}  // namespace hmt::agent
