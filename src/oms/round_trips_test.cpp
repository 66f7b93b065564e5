#include "oms/round_trips.h"

#include <gtest/gtest.h>

namespace hmt::oms {
namespace {

using namespace std::chrono_literals;

RoundTrips after_trips(std::initializer_list<base::Duration> trips) {
  RoundTrips out;
  for (const auto trip : trips) out.add(trip);
  return out;
}

TEST(RoundTrips, BeforeThereAreTenNothingIsSure) {
  auto trips = after_trips({50ms, 50ms, 50ms, 50ms, 50ms, 50ms, 50ms, 50ms, 50ms});
  EXPECT_EQ(trips.surely(), 0ms);
  trips.add(50ms);
  EXPECT_EQ(trips.surely(), 50ms);
}

TEST(RoundTrips, AnUnevenWireIsTrustedForLessThanItsShortestTrip) {
  const auto trips =
      after_trips({58ms, 50ms, 55ms, 51ms, 57ms, 52ms, 56ms, 53ms, 54ms, 90ms, 59ms, 300ms});
  EXPECT_EQ(trips.surely(), 41ms) << "the ten shortest are 9 ms apart";
}

TEST(RoundTrips, AWireOfWhichNothingCanBeSaidIsNotTrusted) {
  EXPECT_EQ(after_trips({1ms, 9ms, 9ms, 9ms, 9ms, 9ms, 9ms, 9ms, 9ms, 9ms}).surely(), 0ms);
}

TEST(RoundTrips, AQuickerTripIsBelievedAtOnceAndASlowerWireNever) {
  auto trips = after_trips({50ms, 50ms, 50ms, 50ms, 50ms, 50ms, 50ms, 50ms, 50ms, 50ms});
  for (int i = 0; i < 100; ++i) trips.add(80ms);
  EXPECT_EQ(trips.surely(), 50ms);
  trips.add(45ms);
  EXPECT_EQ(trips.surely(), 40ms);
}

}  // namespace
}  // namespace hmt::oms
