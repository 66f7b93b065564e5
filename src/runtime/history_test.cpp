#include "runtime/history.h"

#include <gtest/gtest.h>

#include "agent/manual_scheduler.h"
#include "runtime/test_world.h"

namespace hmt::runtime {
namespace {

using namespace std::chrono_literals;

constexpr base::Instant nine{std::chrono::hours(9)};

class HistoryTest : public ::testing::Test {
 protected:
  CandleQuery query(int minute) const {
    return {infy, model::Interval::minute, nine + std::chrono::minutes(minute), nine + 1h};
  }
  void ask(const CandleQuery& what) {
    history.ask([this]() -> broker::OrderGateway* { return gone ? nullptr : &gateway; }, what,
                [this](base::Result<std::vector<model::Candle>> candles) {
                  answers.push_back(candles ? "came" : candles.error().message);
                });
    scheduler.run_ready();
  }
  std::size_t asked() const { return ledger.asked.size(); }

  agent::ManualScheduler scheduler{nine};
  Ledger ledger;
  LedgerGateway gateway{scheduler, ledger, {}};
  History history{scheduler};
  std::vector<std::string> answers;
  bool gone = false;
};

TEST_F(HistoryTest, TheBrokerIsAskedAtMostThreeTimesASecond) {
  for (int i = 0; i < 6; ++i) ask(query(i));
  EXPECT_EQ(asked(), 1U);
  scheduler.advance(1s);
  EXPECT_EQ(asked(), 3U);
  scheduler.advance(1s);
  EXPECT_EQ(asked(), 6U);
  EXPECT_EQ(answers.size(), 6U);
}

TEST_F(HistoryTest, WhatWasJustReadIsNotAskedForAgain) {
  ask(query(0));
  scheduler.advance(1s);
  ask(query(0));
  EXPECT_EQ(asked(), 1U);
  EXPECT_EQ(answers.size(), 2U);
  scheduler.advance(16s);
  ask(query(0));
  EXPECT_EQ(asked(), 2U);
}

TEST_F(HistoryTest, TooManyAtOnceAreTurnedAway) {
  for (std::size_t i = 0; i <= History::waiting_max + 1; ++i) ask(query(static_cast<int>(i)));
  ASSERT_EQ(answers.size(), 2U) << "the first was asked for, the last turned away";
  EXPECT_EQ(answers.back(), "too many charts ask the broker at once");
}

TEST_F(HistoryTest, AConnectionThatIsGoneWhenItsTurnComesIsAnError) {
  ask(query(0));
  ask(query(1));
  gone = true;
  scheduler.advance(1s);
  EXPECT_EQ(answers.back(), "the broker connection is gone");
  EXPECT_EQ(asked(), 1U);
}

}  // namespace
}  // namespace hmt::runtime
