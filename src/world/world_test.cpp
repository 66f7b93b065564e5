#include "world/world.h"

#include <gtest/gtest.h>
#include <numeric>

namespace hmt::world {
namespace {

using std::chrono::minutes;

Length short_day() {
  return {.day = minutes(20), .calm = minutes(1)};
}

TEST(World, ASeedIsAWholeRun) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto once = World(seed, short_day()).run();
    const auto again = World(seed, short_day()).run();
    EXPECT_EQ(once.trace, again.trace) << "seed " << seed;
    EXPECT_EQ(once.happened, again.happened) << "seed " << seed;
  }
}

TEST(World, AnotherSeedIsAnotherRun) {
  EXPECT_NE(World(1, short_day()).run().trace, World(2, short_day()).run().trace);
}

TEST(World, TradersTradeAndThingsGoWrongInIt) {
  std::size_t orders = 0;
  std::uint64_t faults = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const auto report = World(seed, short_day()).run();
    orders += report.orders;
    faults += std::accumulate(report.faults.begin(), report.faults.end(), std::uint64_t{});
  }
  EXPECT_GT(orders, 0U);
  EXPECT_GT(faults, 0U);
}

class WorldChecks : public testing::Test {
 protected:
  WorldChecks() {
    checks.use_scope(key, scope);
    id.uuid.bytes.fill(7);
  }
  // Of the first fire.
  model::OrderRequest order(std::int32_t attempt_no) const {
    model::OrderRequest out;
    out.tag = oms::make_tag(key, scope, id, 1, attempt_no);
    return out;
  }
  void expect_violated(const char* rule) const {
    ASSERT_EQ(checks.violations().size(), 1U);
    EXPECT_EQ(checks.violations().front().rule, rule);
  }
  const oms::TagKey key;
  const oms::TagScope scope{"AB1234", {}};
  model::TriggerId id;
  Checks checks;
};

TEST_F(WorldChecks, SeeTwoOrdersOfOneFire) {
  checks.accepted(order(0));
  EXPECT_TRUE(checks.violations().empty());
  checks.accepted(order(1));
  expect_violated("I1");
}

TEST_F(WorldChecks, SeeAByteThatLeavesAfterStopWasAnswered) {
  checks.first_byte(order(0));
  EXPECT_TRUE(checks.violations().empty());
  checks.stop_answered();
  checks.first_byte(order(1));
  expect_violated("I4");
}

TEST_F(WorldChecks, SeeAByteThatLeavesAfterItsCancelWasAnswered) {
  checks.cancel_answered(id);
  checks.first_byte(order(0));
  expect_violated("I4");
}

}  // namespace
}  // namespace hmt::world
