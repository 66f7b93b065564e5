#include "feed/backoff.h"

#include <gtest/gtest.h>
#include <set>

namespace hmt::feed {
namespace {

using std::chrono::seconds;

TEST(Backoff, DoublesFromTheConfiguredDelayUpToAMinute) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Backoff backoff({}, seed);
    for (const int low : {5, 10, 20, 40}) {
      const auto wait = backoff.next();
      EXPECT_GE(wait, seconds(low)) << seed;
      EXPECT_LE(wait, base::Duration(seconds(low)) * 5 / 4) << seed;
    }
    for (int i = 0; i < 100; ++i) {
      const auto wait = backoff.next();
      EXPECT_GE(wait, seconds(45)) << seed;
      EXPECT_LE(wait, seconds(60)) << seed;
    }
    backoff.reset();
    EXPECT_LE(backoff.next(), base::Duration(seconds(5)) * 5 / 4);
  }
}

TEST(Backoff, TwoSeedsDoNotComeBackTogether) {
  std::set<base::Duration> waits;
  for (std::uint64_t seed = 0; seed < 50; ++seed) waits.insert(Backoff({}, seed).next());
  EXPECT_GT(waits.size(), 45u);
}

TEST(Backoff, ADelayAboveTheCeilingIsKept) {
  Backoff backoff({.first = seconds(90), .max = seconds(60)}, 1);
  EXPECT_EQ(backoff.next(), seconds(90));
  EXPECT_EQ(backoff.next(), seconds(90));
}

}  // namespace
}  // namespace hmt::feed
