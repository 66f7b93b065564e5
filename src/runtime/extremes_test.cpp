#include "runtime/extremes.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace hmt::runtime {
namespace {

using namespace std::chrono_literals;
using Seen = Extremes::Seen;

constexpr base::Instant nine{9h};

// What a person would do with the whole list.
std::optional<Seen> naive(const std::vector<Seen>& all, base::Instant moment, bool lowest) {
  std::optional<Seen> best;
  for (const auto& each : all) {
    if (each.at < moment) continue;
    if (!best || (lowest ? each.price <= best->price : each.price >= best->price)) best = each;
  }
  return best;
}

TEST(Extremes, AreThoseOfTheWholeListSinceAnyMoment) {
  const auto seed = static_cast<std::uint32_t>(std::random_device{}());
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    Extremes extremes;
    std::vector<Seen> all;
    std::vector<Seen> untold;
    model::WirePrice price = 10'000;
    auto at = nine;
    for (int tick = 0; tick < 200; ++tick) {
      price += static_cast<model::WirePrice>(random() % 21) - 10;
      at += std::chrono::milliseconds(random() % 3);  // several may come in one
      all.push_back({price, at});
      untold.push_back({price, at});
      if (random() % 4 != 0) continue;
      extremes.saw(untold);
      untold.clear();
    }
    extremes.saw(untold);
    for (int question = 0; question < 50; ++question) {
      const auto moment = nine + std::chrono::milliseconds(random() % 250);
      EXPECT_EQ(extremes.lowest_since(moment), naive(all, moment, true));
      EXPECT_EQ(extremes.highest_since(moment), naive(all, moment, false));
    }
    EXPECT_EQ(extremes.since(), all.front().at);
  }
}

TEST(Extremes, NothingIsKnownBeforeThereWasAPrice) {
  const Extremes extremes;
  EXPECT_FALSE(extremes.since());
  EXPECT_FALSE(extremes.lowest_since(nine));
}

TEST(Extremes, ALongClimbIsForgottenFromItsBeginningAndItSaysSo) {
  Extremes extremes;
  for (unsigned i = 0; i < 1000; ++i) {
    const Seen seen{1000 + i, nine + std::chrono::seconds(i)};
    extremes.saw(std::span(&seen, 1));
  }
  // Each of these prices was the lowest of all after it.
  const auto since = *extremes.since();
  EXPECT_EQ(since, nine + std::chrono::seconds(1000 - Extremes::steps_max));
  EXPECT_EQ(extremes.lowest_since(nine)->at, since);
  EXPECT_EQ(extremes.highest_since(nine)->price, 1999U);
}

}  // namespace
}  // namespace hmt::runtime
