#include "base/dense_table.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <string>

namespace hmt::base {
namespace {

struct Price {
  std::string symbol;
  int paise = 0;
};
struct BySymbol {
  static const std::string& key_of(const Price& price) { return price.symbol; }
  static std::size_t hash(const std::string& symbol) { return std::hash<std::string>{}(symbol); }
};
using Prices = DenseTable<Price, BySymbol>;

TEST(DenseTable, FindsWhatWasPutInAndNothingThatWasTakenOut) {
  constexpr std::uint64_t seed = 23;
  std::mt19937_64 random(seed);
  Prices table;
  std::map<std::string, int> known;
  std::size_t numbers = 0;
  std::size_t most = 0;
  for (int step = 0; step < 50'000; ++step) {
    const auto symbol = "SYMBOL" + std::to_string(random() % 2'000);
    const auto number = table.find(symbol);
    ASSERT_EQ(number != Prices::none, known.contains(symbol)) << "seed " << seed << ", " << step;
    if (number == Prices::none) {
      known[symbol] = step;
      numbers = std::max<std::size_t>(numbers, table.insert({symbol, step}) + 1);
      most = std::max(most, known.size());
    } else {
      ASSERT_EQ(table[number].paise, known.at(symbol)) << "seed " << seed << ", " << step;
      known.erase(symbol);
      table.erase(number);
    }
    ASSERT_EQ(table.size(), known.size());
  }
  std::map<std::string, int> left;
  table.each([&](auto number) { left[table[number].symbol] = table[number].paise; });
  EXPECT_EQ(left, known);
  EXPECT_EQ(numbers, most) << "what was given back is used again";
}

TEST(DenseTable, WhatIsTakenOutIsLetGo) {
  struct Held {
    int key = 0;
    std::shared_ptr<int> what;
  };
  struct ByKey {
    static int key_of(const Held& held) { return held.key; }
    static std::size_t hash(int key) { return static_cast<std::size_t>(key); }
  };
  const auto what = std::make_shared<int>(1);
  DenseTable<Held, ByKey> table;
  const auto number = table.insert({7, what});
  EXPECT_EQ(what.use_count(), 2);
  table.erase(number);
  EXPECT_EQ(what.use_count(), 1);
}

TEST(DenseTable, HoldsMoreThanALargePageOfThings) {
  Prices table;
  const auto count = static_cast<int>(3 * large_page / sizeof(Price));
  for (int i = 0; i < count; ++i) table.insert({"SYMBOL" + std::to_string(i), i});
  for (int i = 0; i < count; ++i) {
    const auto number = table.find("SYMBOL" + std::to_string(i));
    ASSERT_NE(number, Prices::none) << i;
    ASSERT_EQ(table[number].paise, i);
  }
}

TEST(DenseTable, AThingStaysWhereItIsWhileOthersCome) {
  Prices table;
  const auto* first = &table[table.insert({"INFY", 150'000})];
  for (int i = 0; i < 10'000; ++i) table.insert({"SYMBOL" + std::to_string(i), i});
  EXPECT_EQ(first, &table[table.find(std::string("INFY"))]);
  EXPECT_EQ(first->paise, 150'000);
}

}  // namespace
}  // namespace hmt::base
