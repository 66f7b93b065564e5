#include "trigger/levels.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

namespace hmt::trigger {
namespace {

// Beside a sorted set: whatever comes and goes, the nearest is the smallest, and every leg stands
// where it was last told to.
class Checked {
  auto placing() {
    return [this](std::uint32_t leg, std::uint32_t place) { places_[leg] = place; };
  }

 public:
  void push(std::uint32_t key, std::uint32_t leg) {
    levels_.push({key, leg}, placing());
    keys_[leg] = key;
    sorted_.insert(key);
  }

  void remove(std::uint32_t leg) {
    levels_.remove(places_.at(leg), placing());
    places_.erase(leg);
    sorted_.erase(sorted_.find(keys_.at(leg)));
    keys_.erase(leg);
  }

  testing::AssertionResult holds() const {
    if (levels_.empty() != sorted_.empty()) return testing::AssertionFailure() << "emptiness";
    if (!sorted_.empty() && levels_.nearest().key != *sorted_.begin()) {
      return testing::AssertionFailure() << "the nearest is not the smallest";
    }
    for (const auto& [leg, key] : keys_) {
      const auto& node = levels_.at(places_.at(leg));
      if (node.leg != leg || node.key != key) {
        return testing::AssertionFailure() << "leg " << leg << " is not where it was told";
      }
    }
    return testing::AssertionSuccess();
  }

  std::uint32_t any_leg(std::mt19937& random) const {
    return std::next(keys_.begin(), static_cast<std::ptrdiff_t>(random() % keys_.size()))->first;
  }
  std::size_t size() const { return keys_.size(); }

 private:
  Levels levels_;
  std::map<std::uint32_t, std::uint32_t> places_;
  std::map<std::uint32_t, std::uint32_t> keys_;
  std::multiset<std::uint32_t> sorted_;
};

TEST(Levels, TheNearestIsAlwaysTheSmallestWhateverIsTakenOut) {
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    Checked levels;
    std::uint32_t next_leg = 0;
    for (; next_leg < 60; ++next_leg) levels.push(random() % 80, next_leg);
    for (int step = 0; step < 200; ++step) {
      if (random() % 2 == 0 || levels.size() == 0) {
        levels.push(random() % 80, next_leg++);
      } else {
        levels.remove(levels.any_leg(random));
      }
      ASSERT_TRUE(levels.holds()) << "seed " << seed << ", step " << step;
    }
    while (levels.size() > 0) {
      levels.remove(levels.any_leg(random));
      ASSERT_TRUE(levels.holds()) << "seed " << seed << ", emptying";
    }
  }
}

}  // namespace
}  // namespace hmt::trigger
