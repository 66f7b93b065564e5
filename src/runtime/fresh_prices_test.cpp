#include "runtime/fresh_prices.h"

#include <gtest/gtest.h>

namespace hmt::runtime {
namespace {

using namespace std::chrono_literals;

constexpr model::InstrumentToken infy = 408065;

struct FreshPricesTest : testing::Test {
  FreshPricesTest() { trigger.uuid.bytes.fill(1); }
  model::Tick tick(model::WirePrice last) const {
    model::Tick out;
    out.token = infy;
    out.last = last;
    out.freshness = model::Freshness::fresh;
    out.received_at = now;
    return out;
  }
  model::WirePrice standing(base::Duration later = 0s) const {
    const auto* found = prices.standing(infy, now + later);
    return found ? found->last : 0;
  }

  FreshPrices prices;
  model::TriggerId trigger;
  base::Instant now = base::parse_rfc3339("2026-11-23T04:00:00Z").value();
};

TEST_F(FreshPricesTest, TheLastOneStandsForAMinute) {
  prices.note(tick(150'000));
  prices.note(tick(150'100));
  EXPECT_EQ(standing(), 150'100);
  EXPECT_EQ(standing(60s), 150'100);
  EXPECT_EQ(standing(61s), 0);
  EXPECT_TRUE(prices.all_standing(now + 61s).empty());
}

TEST_F(FreshPricesTest, AnOldPriceDoesNotStand) {
  auto old = tick(150'000);
  old.freshness = model::Freshness::no_time;
  prices.note(old);
  EXPECT_EQ(standing(), 0);
}

TEST_F(FreshPricesTest, AClockThatIsSetMakesThemNeitherYoungerNorOlder) {
  prices.note(tick(150'000));
  prices.clock_stepped(-10min);
  EXPECT_EQ(standing(-10min + 60s), 150'000);
  EXPECT_EQ(standing(-10min + 61s), 0);
}

TEST_F(FreshPricesTest, AFireThatIsLostComesBackToThePriceItFiredOn) {
  prices.note(tick(150'000));
  prices.unwatched(infy, 1s);
  EXPECT_EQ(standing(), 0) << "nobody watches it";
  prices.fire_lost(trigger, 1s);
  prices.armed(trigger, infy, 2s);
  EXPECT_EQ(standing(), 150'000);
}

TEST_F(FreshPricesTest, NotWhatIsArmedForAnotherReasonNorTooLate) {
  prices.note(tick(150'000));
  prices.unwatched(infy, 1s);
  prices.armed(trigger, infy, 1s);
  EXPECT_EQ(standing(), 0) << "it was not lost";
  prices.fire_lost(trigger, 1s);
  prices.armed(trigger, infy, 4s);
  EXPECT_EQ(standing(), 0) << "it took too long";
}

TEST_F(FreshPricesTest, ANewerPriceIsNotReplacedByTheOneThatFired) {
  prices.note(tick(150'000));
  prices.unwatched(infy, 1s);
  prices.fire_lost(trigger, 1s);
  prices.note(tick(151'000));
  prices.armed(trigger, infy, 1s);
  EXPECT_EQ(standing(), 151'000);
}

}  // namespace
}  // namespace hmt::runtime
