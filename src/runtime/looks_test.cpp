#include <gmock/gmock.h>

#include "agent/metrics.h"
#include "runtime/test_world.h"

// What people may look at of the running engine.
namespace hmt::runtime {
namespace {

using testing::HasSubstr;

class Looks : public World {
 protected:
  Approach approach() {
    std::optional<Approach> out;
    life->runtime.approach(row(), [&](base::Result<Approach> seen) { out = std::move(*seen); });
    settle();
    return out.value_or(Approach{});
  }
  Candles candles(store::Actor actor = {}) {
    std::optional<Candles> out;
    const auto at = life->clock.now();
    life->runtime.candles(infy, model::Interval::minute, at - std::chrono::hours(1),
                          at + std::chrono::hours(1), std::move(actor),
                          [&](base::Result<Candles> seen) { out = std::move(*seen); });
    settle();
    pass(seconds(1));
    return out.value_or(Candles{});
  }
  // As GET /metrics tells them; the process counts through all of its tests.
  static std::map<std::string, int> fires_by_stage() {
    std::map<std::string, int> out;
    const auto text = agent::metrics_text();
    for (const std::string stage : {"tick_to_decision", "decision_to_durable", "durable_to_sent",
                                    "sent_to_answered", "tick_to_answered"}) {
      const auto line = "hmt_fire_stage_seconds_count{stage=\"" + stage + "\"} ";
      const auto at = text.find(line);
      EXPECT_NE(at, std::string::npos) << stage;
      if (at != std::string::npos) out[stage] = std::stoi(text.substr(at + line.size()));
    }
    return out;
  }
};

TEST_F(Looks, ATriggerThatDidNotFireTellsHowNearThePriceCameSinceItWasArmed) {
  live();
  create(stop_loss());
  EXPECT_FALSE(approach().observed_since);
  tick_and_settle("1520");
  tick_and_settle("1500.05");
  tick_and_settle("1510");
  const auto seen = approach();
  ASSERT_TRUE(seen.leg_1);
  EXPECT_EQ(seen.leg_1->price.text(), "1500.05");
  EXPECT_FALSE(seen.leg_2);
}

TEST_F(Looks, AFireIsMeasuredOnItsWholeWay) {
  live();
  create(stop_loss());
  tick_and_settle("1500");
  ASSERT_EQ(orders(), 1);
  const auto performance = life->runtime.performance(5);
  for (const auto& times : performance.of_stage) EXPECT_EQ(times.count, 1);
  EXPECT_EQ(performance.minutes.back().fires, 1);
}

TEST_F(Looks, EachStageOfAFireIsCountedOnceInWhatPrometheusReads) {
  live();
  create(stop_loss());
  const auto before = fires_by_stage();
  tick_and_settle("1500");
  ASSERT_EQ(orders(), 1);
  for (auto [stage, count] : before) EXPECT_EQ(fires_by_stage().at(stage), count + 1) << stage;
}

TEST_F(Looks, AnOrderThatGetsNoAnswerIsMeasuredUpToItsDurableClaim) {
  live();
  create(stop_loss());
  ledger.mood = Ledger::Mood::takes_without_a_word;
  tick_and_settle("1500");
  ASSERT_EQ(orders(), 1);
  const auto seen = life->runtime.performance(5);
  const auto count = [&](Stage stage) {
    return seen.of_stage.at(static_cast<std::size_t>(stage)).count;
  };
  EXPECT_EQ(count(Stage::decision_to_durable), 1);
  EXPECT_EQ(count(Stage::tick_to_answered), 0);
}

TEST_F(Looks, CandlesAreTheBrokersWhereThereIsALiveConnectionAndElseMadeOfTicks) {
  live();
  create(stop_loss());
  tick_and_settle("1510");
  const auto brokers = candles();
  EXPECT_EQ(brokers.source, CandleSource::broker);
  EXPECT_EQ(brokers.candles.size(), 1U);
  // Somebody without a connection.
  const auto own = candles(user(7));
  EXPECT_EQ(own.source, CandleSource::ticks);
  EXPECT_THAT(own.why_not_broker, HasSubstr("no live broker connection"));
  ASSERT_EQ(own.candles.size(), 1U);
  EXPECT_EQ(own.candles[0].close.text(), "1510.00");
}

TEST_F(Looks, ScreensCannotTakeTheFeedsRoomFromTriggers) {
  live();
  create(stop_loss());
  for (std::uint64_t screen = 1; screen <= 6; ++screen) {
    std::vector<model::InstrumentToken> tokens;
    for (std::uint32_t i = 0; i < 600; ++i) {
      tokens.push_back(static_cast<model::InstrumentToken>(screen * 1000 + i + 10'000) << 8 | 1);
    }
    life->runtime.want_prices(screen, tokens);
  }
  pass(seconds(1));
  EXPECT_EQ(standing().subscribed_instruments, 2001) << "2,000 for screens, and the trigger's";
  life->runtime.want_prices(1, {});
  pass(seconds(1));
  EXPECT_EQ(standing().subscribed_instruments, 1501);
}

}  // namespace
}  // namespace hmt::runtime
