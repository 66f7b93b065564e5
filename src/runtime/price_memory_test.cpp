#include "runtime/price_memory.h"

#include <gtest/gtest.h>

#include "runtime/test_world.h"

namespace hmt::runtime {
namespace {

using namespace std::chrono_literals;

constexpr base::Instant nine{std::chrono::hours(9)};

model::Tick tick(model::WirePrice paise, base::Instant at,
                 model::Freshness freshness = model::Freshness::fresh,
                 model::InstrumentToken token = infy) {
  model::Tick out;
  out.token = token;
  out.last = paise;
  out.received_at = at;
  out.freshness = freshness;
  return out;
}

model::Trigger pair(base::Instant changed_at) {
  model::Trigger out;
  out.instrument_token = infy;
  out.condition = model::Condition::two_leg;
  out.side = model::Side::sell;
  out.leg_1.trigger_price = model::Price::from_paise(140'000);
  out.leg_2 = out.leg_1;
  out.leg_2->trigger_price = model::Price::from_paise(160'000);
  out.updated_at = changed_at;
  return out;
}

TEST(PriceMemory, EachLegHasThePriceThatCameNearestSinceTheTriggerWasChanged) {
  PriceMemory memory;
  memory.note(tick(139'000, nine));  // before
  memory.note(tick(150'000, nine + 2s));
  memory.note(tick(145'000, nine + 3s));
  memory.note(tick(155'000, nine + 4s));
  const auto seen = memory.approach(pair(nine + 1s));
  EXPECT_EQ(seen.observed_since, nine + 1s);
  EXPECT_EQ(seen.leg_1->price.text(), "1450.00");
  EXPECT_EQ(seen.leg_1->at, nine + 3s);
  EXPECT_EQ(seen.leg_2->price.text(), "1550.00");
}

TEST(PriceMemory, OnlyFreshPricesCountAndTheLastOtherOneIsTold) {
  PriceMemory memory;
  memory.note(tick(150'000, nine + 1s));
  memory.note(tick(139'000, nine + 2s, model::Freshness::cached));
  const auto seen = memory.approach(pair(nine));
  EXPECT_EQ(seen.leg_1->price.text(), "1500.00");
  EXPECT_EQ(seen.unfresh->price.text(), "1390.00");
  EXPECT_EQ(seen.unfresh->because, model::Freshness::cached);
  EXPECT_FALSE(memory.approach(pair(nine + 3s)).unfresh) << "it came before the change";
}

TEST(PriceMemory, NothingIsClaimedOfWhatWasNotSeen) {
  PriceMemory memory;
  EXPECT_FALSE(memory.approach(pair(nine)).observed_since);
  memory.note(tick(150'000, nine + 5s));
  EXPECT_EQ(memory.approach(pair(nine)).observed_since, nine + 5s);
  memory.note_gap(infy, nine + 6s, nine + 9s);
  ASSERT_EQ(memory.approach(pair(nine)).gaps.size(), 1U);
  EXPECT_TRUE(memory.approach(pair(nine + 10s)).gaps.empty());
  memory.forget(infy);
  EXPECT_FALSE(memory.approach(pair(nine)).observed_since);
}

TEST(PriceMemory, OfManyGapsTheLatestAreTold) {
  PriceMemory memory;
  memory.note(tick(150'000, nine));
  for (int n = 1; n <= 9; ++n) memory.note_gap(infy, nine + n * 1min, nine + n * 1min + 5s);
  const auto gaps = memory.approach(pair(nine)).gaps;
  ASSERT_EQ(gaps.size(), 8U);
  EXPECT_EQ(gaps.front().from, nine + 2min);
}

TEST(PriceMemory, MinutesAreMadeOfTheirTicks) {
  PriceMemory memory;
  for (const auto paise : {150'000U, 151'000U, 149'000U, 150'500U}) memory.note(tick(paise, nine));
  memory.note(tick(150'700, nine + 61s));
  const auto minutes = memory.minutes_of(infy, nine, nine + 1h);
  ASSERT_EQ(minutes.size(), 2U);
  EXPECT_EQ(minutes[0].open.text(), "1500.00");
  EXPECT_EQ(minutes[0].high.text(), "1510.00");
  EXPECT_EQ(minutes[0].low.text(), "1490.00");
  EXPECT_EQ(minutes[0].close.text(), "1505.00");
  EXPECT_EQ(minutes[1].start, nine + 1min);
  EXPECT_EQ(memory.minutes_of(infy, nine + 1min, nine + 1h).size(), 1U);
  EXPECT_EQ(memory.minutes_of(infy, nine, nine + 1min).size(), 1U);
}

TEST(PriceMemory, LongerIntervalsBeginWhereIndiasClockDoes) {
  PriceMemory memory;
  // 09:14 to 09:16 in India.
  const base::Instant quarter_past = base::Instant(9h + 15min) - base::ist_offset;
  memory.note(tick(100'000, quarter_past - 1min));
  memory.note(tick(110'000, quarter_past));
  memory.note(tick(105'000, quarter_past + 1min));
  const auto minutes = memory.minutes_of(infy, base::Instant{}, nine);
  const auto quarters = in_intervals(minutes, model::Interval::fifteen_minutes);
  ASSERT_EQ(quarters.size(), 2U);
  EXPECT_EQ(quarters[1].start, quarter_past);
  EXPECT_EQ(quarters[1].open.text(), "1100.00");
  EXPECT_EQ(quarters[1].low.text(), "1050.00");
  const auto days = in_intervals(minutes, model::Interval::day);
  ASSERT_EQ(days.size(), 1U);
  EXPECT_EQ(days[0].start, base::Instant{} - base::ist_offset);
}

TEST(PriceMemory, CandlesAreBounded) {
  PriceMemory memory;
  for (unsigned minute = 0; minute < 1000; ++minute) {
    memory.note(tick(150'000, nine + std::chrono::minutes(minute)));
  }
  const auto minutes = memory.minutes_of(infy, base::Instant{}, nine + 24h);
  EXPECT_EQ(minutes.size(), PriceMemory::candles_max);
  EXPECT_EQ(minutes.back().start, nine + 999min) << "the oldest go";
  for (model::InstrumentToken i = 1; i <= 1000; ++i) {
    memory.note(tick(100, nine, model::Freshness::fresh, i << 8 | 1));
  }
  EXPECT_TRUE(memory.minutes_of(1000U << 8 | 1, nine, nine + 1h).empty());
  memory.forget(1U << 8 | 1);
  memory.note(tick(100, nine, model::Freshness::fresh, 1000U << 8 | 1));
  EXPECT_EQ(memory.minutes_of(1000U << 8 | 1, nine, nine + 1h).size(), 1U);
}

}  // namespace
}  // namespace hmt::runtime
