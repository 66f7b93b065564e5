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

TEST(Checks, TwoOrdersOfOneFireAreSeen) {
  Checks checks;
  const oms::TagKey key;
  const oms::TagScope scope{"AB1234", {}};
  checks.use_scope(key, scope);
  model::TriggerId id;
  id.uuid.bytes.fill(7);
  model::OrderRequest request;
  request.tag = oms::make_tag(key, scope, id, 1, 0);
  checks.accepted(request);
  EXPECT_TRUE(checks.violations().empty());
  request.tag = oms::make_tag(key, scope, id, 1, 1);
  checks.accepted(request);
  ASSERT_EQ(checks.violations().size(), 1U);
  EXPECT_EQ(checks.violations().front().rule, "I1");
}

TEST(Checks, AByteAfterStopWasAnsweredIsSeen) {
  Checks checks;
  const oms::TagKey key;
  const oms::TagScope scope{"AB1234", {}};
  checks.use_scope(key, scope);
  model::TriggerId id;
  id.uuid.bytes.fill(7);
  model::OrderRequest request;
  request.tag = oms::make_tag(key, scope, id, 1, 0);
  checks.stop_answered();
  checks.first_byte(request);
  ASSERT_EQ(checks.violations().size(), 1U);
  EXPECT_EQ(checks.violations().front().rule, "I4");
}

}  // namespace
}  // namespace hmt::world
