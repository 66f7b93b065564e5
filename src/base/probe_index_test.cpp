#include "base/probe_index.h"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace hmt::base {
namespace {

constexpr std::uint64_t seed = 29;

bool has(const ProbeIndex& index, std::uint32_t number, std::uint64_t hash) {
  return index.find(hash, [&](std::uint32_t found) { return found == number; }) == number;
}

// Against a plain set: numbers come and go, and what is in is found, whatever the hashes are.
template <class HashOf>
void hold_against_a_set(std::uint32_t numbers, int steps, const HashOf& hash_of) {
  std::mt19937_64 random(seed);
  ProbeIndex index;
  std::set<std::uint32_t> known;
  for (int step = 0; step < steps; ++step) {
    const auto number = static_cast<std::uint32_t>(random() % numbers);
    const auto hash = hash_of(number);
    ASSERT_EQ(has(index, number, hash), known.contains(number)) << "seed " << seed << ", " << step;
    if (known.insert(number).second) {
      index.insert(number, hash);
    } else {
      known.erase(number);
      index.erase(number, hash);
    }
    ASSERT_EQ(index.size(), known.size());
  }
  std::set<std::uint32_t> left;
  index.each([&](std::uint32_t number) { left.insert(number); });
  EXPECT_EQ(left, known);
  for (const auto number : known) ASSERT_TRUE(has(index, number, hash_of(number))) << number;
}

TEST(ProbeIndex, FindsWhatIsInAmongSpreadHashes) {
  hold_against_a_set(300'000, 400'000, [](std::uint32_t number) {
    return (number + 1) * std::uint64_t{0x9E3779B97F4A7C15} >> 16;
  });
}

TEST(ProbeIndex, FindsWhatIsInWhereMostHashesLeadToItsVeryEnd) {
  hold_against_a_set(400, 20'000,
                     [](std::uint32_t number) { return std::uint64_t{0xFFFF'FFFF} - number % 7; });
}

TEST(ProbeIndex, TellsApartWhatHasOneHash) {
  hold_against_a_set(200, 10'000, [](std::uint32_t) { return std::uint64_t{42}; });
}

}  // namespace
}  // namespace hmt::base
