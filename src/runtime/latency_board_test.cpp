#include "runtime/latency_board.h"

#include <gtest/gtest.h>
#include <random>

namespace hmt::runtime {
namespace {

using namespace std::chrono_literals;

constexpr base::Instant nine{std::chrono::hours(9)};

const StageTimes& of(const Performance& performance, Stage stage) {
  return performance.of_stage.at(static_cast<std::size_t>(stage));
}

TEST(LatencyBoard, ABucketHoldsWhatFallsIntoItAndIsAtMostASixteenthWide) {
  std::mt19937_64 random(20261126);
  for (int i = 0; i < 100'000; ++i) {
    const auto micros = static_cast<std::int64_t>(random() >> (random() % 34 + 30));
    const auto bucket = LatencyBoard::bucket_of(std::chrono::microseconds(micros));
    const auto end = LatencyBoard::end_of(bucket) / 1us;
    const auto begin = bucket == 0 ? 0 : LatencyBoard::end_of(bucket - 1) / 1us;
    ASSERT_LE(begin, micros);
    ASSERT_LT(micros, end);
    if (micros >= 16) {
      ASSERT_LE((end - begin) * 16, begin);
    }
  }
}

TEST(LatencyBoard, AFireIsMeasuredFromHandToHand) {
  LatencyBoard board(nine);
  board.decided("T1", nine, nine + 40us);
  board.durable("T1", nine + 2040us);
  board.sent("T1", nine + 2140us);
  board.answered("T1", nine + 102140us);
  const auto seen = board.read(5, nine + 1min);
  EXPECT_EQ(of(seen, Stage::tick_to_decision).max, 40us);
  EXPECT_EQ(of(seen, Stage::decision_to_durable).max, 2ms);
  EXPECT_EQ(of(seen, Stage::durable_to_sent).max, 100us);
  EXPECT_EQ(of(seen, Stage::sent_to_answered).max, 100ms);
  EXPECT_EQ(of(seen, Stage::tick_to_answered).max, 102140us);
  EXPECT_EQ(of(seen, Stage::tick_to_answered).max_tag, "T1");
  EXPECT_EQ(seen.minutes.size(), 2U);
  EXPECT_EQ(seen.minutes[0].fires, 1);
}

TEST(LatencyBoard, PercentilesAreOfAllFiresAndNeverAveraged) {
  LatencyBoard board(nine);
  // In two minutes: 990 that take 1 ms, and 10 that take a second.
  for (int i = 0; i < 1000; ++i) {
    const auto at = nine + std::chrono::minutes(i % 2);
    board.decided("T" + std::to_string(i), at, at + (i < 990 ? 1ms : 1s));
  }
  const auto times = of(board.read(60, nine + 1min), Stage::tick_to_decision);
  EXPECT_EQ(times.count, 1000);
  EXPECT_GE(times.p50, 1ms);
  EXPECT_LE(times.p99, 1063us);
  EXPECT_GE(times.p999, 1s);
  EXPECT_EQ(times.max, 1s);
  std::int64_t sum = 0;
  for (const auto& bucket : times.buckets) sum += bucket.count;
  EXPECT_EQ(sum, 1000);
}

TEST(LatencyBoard, OnlyTheMinutesThatWereAskedForCount) {
  LatencyBoard board(nine);
  board.decided("T1", nine, nine + 1ms);
  board.ticked(7, nine + 30min);
  board.feed_lost(nine + 30min);
  const auto seen = board.read(10, nine + 30min);
  EXPECT_EQ(of(seen, Stage::tick_to_decision).count, 0);
  ASSERT_EQ(seen.minutes.size(), 10U);
  EXPECT_EQ(seen.minutes.back().ticks, 7);
  EXPECT_EQ(seen.minutes.back().feed_losses, 1);
  EXPECT_EQ(seen.minutes.front().ticks, 0);
}

TEST(LatencyBoard, WhatNeverGetsAnAnswerIsNotMeasuredToItsEnd) {
  LatencyBoard board(nine);
  board.decided("T1", nine, nine + 1ms);
  board.ended("T1");
  board.answered("T1", nine + 1s);
  board.answered("T2", nine + 1s);
  EXPECT_EQ(of(board.read(1, nine), Stage::tick_to_answered).count, 0);
}

TEST(LatencyBoard, FiresUnderWayAndMinutesAreBounded) {
  LatencyBoard board(nine);
  for (std::size_t i = 0; i <= LatencyBoard::under_way_max; ++i) {
    board.decided("T" + std::to_string(i), nine, nine);
  }
  board.answered("T0", nine + 1s);
  EXPECT_EQ(of(board.read(1, nine), Stage::tick_to_answered).count, 0) << "the oldest was given up";
  board.answered("T1", nine + 1s);
  EXPECT_EQ(of(board.read(1, nine), Stage::tick_to_answered).count, 1);
  for (int i = 0; i < 2000; ++i) board.ticked(1, nine + std::chrono::minutes(i));
  EXPECT_EQ(board.read(1440, nine + 1999min).minutes.size(), 1440U);
}

}  // namespace
}  // namespace hmt::runtime
