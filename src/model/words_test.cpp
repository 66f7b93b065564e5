#include "model/words.h"

#include <gtest/gtest.h>

#include "model/attempt.h"

namespace hmt::model {
namespace {

// Every value has the word of the tables, and the word leads back to the value.
template <class Enum>
void expect_words(std::initializer_list<std::string_view> words) {
  std::uint8_t value = 0;
  for (const auto text : words) {
    EXPECT_EQ(word(static_cast<Enum>(value)), text);
    EXPECT_EQ(from_word<Enum>(text), static_cast<Enum>(value));
    ++value;
  }
  for (const auto* text : {"", " ", "nse", "Buy", "ACTIVE", "SL-L", "none"}) {
    EXPECT_EQ(from_word<Enum>(text), std::nullopt) << text;
  }
}

TEST(Words, AreThoseOfTheTablesAndTheBroker) {
  expect_words<Exchange>({"NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX"});
  expect_words<Side>({"BUY", "SELL"});
  expect_words<Product>({"CNC", "NRML", "MIS", "MTF"});
  expect_words<OrderType>({"MARKET", "LIMIT", "SL", "SL-M"});
  expect_words<Condition>({"single", "two-leg"});
  expect_words<Direction>({">=", "<="});
  expect_words<OnUnknown>({"park", "retry"});
  expect_words<Purpose>({"entry", "exit"});
  expect_words<TriggerStatus>(
      {"active", "firing", "triggered", "failed", "cancelled", "expired", "needs_attention"});
  expect_words<LegState>({"armed", "fired", "failed", "dropped"});
}

TEST(Words, OfAnAttempt) {
  std::uint8_t value = 0;
  for (const auto* text : {"queued", "forwarded", "withdrawn", "not_placed", "refused", "unknown",
                           "placed", "absent"}) {
    EXPECT_EQ(word(static_cast<AttemptState>(value)), text);
    EXPECT_EQ(attempt_state_from_word(text), static_cast<AttemptState>(value));
    ++value;
  }
  EXPECT_EQ(attempt_state_from_word("PLACED"), std::nullopt);
  EXPECT_EQ(word(Severity::alarm), "alarm");
}

TEST(WordsDeathTest, AValueOutsideItsEnumIsABug) {
  EXPECT_DEATH(word(static_cast<Side>(9)), "one of its own values");
}

}  // namespace
}  // namespace hmt::model
