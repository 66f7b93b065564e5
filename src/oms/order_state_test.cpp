#include "oms/order_state.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace hmt::oms {
namespace {

using model::Attempt;
using model::BrokerOrder;
using model::OrderSource;
using model::Price;

BrokerOrder news(std::string status, model::Quantity filled = 0, std::string message = "") {
  BrokerOrder out;
  out.order_id = "240101000000001";
  out.status = std::move(status);
  out.filled_quantity = filled;
  out.status_message = std::move(message);
  if (filled > 0) out.average_price = Price::from_rupees(1000 + filled);
  return out;
}

struct Told {
  Attempt attempt;
  Merged last;
};

Told tell(const std::vector<BrokerOrder>& story, OrderSource source = OrderSource::stream) {
  Told told;
  for (const auto& each : story) told.last = merge(told.attempt, each, source);
  return told;
}

TEST(OrderState, OnlyFourWordsAreFinal) {
  EXPECT_EQ(phase_of("COMPLETE"), Phase::complete);
  EXPECT_EQ(phase_of("REJECTED"), Phase::rejected);
  EXPECT_EQ(phase_of("CANCELLED"), Phase::cancelled);
  EXPECT_EQ(phase_of("CANCELLED AMO"), Phase::cancelled);
  for (const auto* word : {"", "UNKNOWN", "PUT ORDER REQ RECEIVED", "VALIDATION PENDING",
                           "OPEN PENDING", "OPEN", "TRIGGER PENDING", "CANCEL PENDING", "MODIFIED",
                           "AMO REQ RECEIVED", "complete", "A WORD OF TOMORROW"}) {
    EXPECT_EQ(phase_of(word), Phase::working) << word;
  }
}

TEST(OrderState, ALaterStateRanksAboveAnEarlierOne) {
  const std::vector<std::string> life = {"UNKNOWN",
                                         "PUT ORDER REQ RECEIVED",
                                         "AMO REQ RECEIVED",
                                         "MODIFY AMO REQ RECEIVED",
                                         "A WORD OF TOMORROW",
                                         "VALIDATION PENDING",
                                         "OPEN PENDING",
                                         "MODIFY VALIDATION PENDING",
                                         "MODIFY PENDING",
                                         "MODIFIED",
                                         "TRIGGER PENDING",
                                         "OPEN",
                                         "CANCEL PENDING",
                                         "CANCELLED AMO"};
  for (std::size_t i = 1; i < life.size(); ++i) {
    EXPECT_LT(rank_of(life[i - 1]), rank_of(life[i])) << life[i];
  }
}

TEST(OrderState, AnOrderIsFollowedToItsFill) {
  const auto told =
      tell({news("PUT ORDER REQ RECEIVED"), news("OPEN"), news("OPEN", 40), news("COMPLETE", 100)});
  EXPECT_EQ(told.attempt.order_id, "240101000000001");
  EXPECT_EQ(told.attempt.order_status, "COMPLETE");
  EXPECT_EQ(told.attempt.filled_quantity, 100);
  EXPECT_EQ(told.attempt.average_price, Price::from_rupees(1100));
  EXPECT_FALSE(told.last.contradiction);
}

TEST(OrderState, LateNewsOfAnEarlierStateChangesNothing) {
  auto told = tell({news("COMPLETE", 100)});
  const auto before = told.attempt;
  for (const auto& late : {news("OPEN", 40), news("OPEN PENDING"), news("TRIGGER PENDING"),
                           news("A WORD OF TOMORROW"), news("")}) {
    const auto merged = merge(told.attempt, late, OrderSource::book);
    EXPECT_FALSE(merged.changed) << late.status;
    EXPECT_FALSE(merged.contradiction) << late.status;
    EXPECT_EQ(told.attempt, before) << late.status;
  }
}

TEST(OrderState, TheSameNewsTwiceChangesNothing) {
  auto told = tell({news("REJECTED", 0, "Insufficient funds")});
  EXPECT_TRUE(told.last.changed);
  const auto again =
      merge(told.attempt, news("REJECTED", 0, "Insufficient funds"), OrderSource::book);
  EXPECT_FALSE(again.changed);
}

TEST(OrderState, ARejectionKeepsTheBrokersWords) {
  const auto told = tell({news("OPEN PENDING", 0, "in passing"),
                          news("REJECTED", 0, "RMS:Margin Exceeds"), news("REJECTED")});
  EXPECT_EQ(told.attempt.message, "RMS:Margin Exceeds");
}

TEST(OrderState, WordsOfAnEarlierStateDoNotOutliveIt) {
  Attempt attempt;
  attempt.order_status = "UNKNOWN";
  attempt.message = "timed out: looking it up";
  merge(attempt, news("OPEN"), OrderSource::book);
  EXPECT_EQ(attempt.order_status, "OPEN");
  EXPECT_EQ(attempt.message, "");
}

TEST(OrderState, AReplyWithoutAStatusTellsTheOrderIdOnly) {
  Attempt attempt;
  attempt.order_status = "UNKNOWN";
  BrokerOrder reply;
  reply.order_id = "240101000000001";
  EXPECT_TRUE(merge(attempt, reply, OrderSource::reply).changed);
  EXPECT_EQ(attempt.order_id, "240101000000001");
  EXPECT_EQ(attempt.order_status, "UNKNOWN");
}

TEST(OrderState, APartFillThatIsCancelledKeepsItsFill) {
  const auto told = tell({news("OPEN", 40), news("CANCEL PENDING", 40), news("CANCELLED", 40)});
  EXPECT_EQ(told.attempt.order_status, "CANCELLED");
  EXPECT_EQ(told.attempt.filled_quantity, 40);
  EXPECT_FALSE(told.last.contradiction);
}

TEST(OrderState, AFinalStateWithFewerFillsThanWereSeenIsAContradiction) {
  const auto told = tell({news("OPEN", 40), news("CANCELLED", 0, "by the exchange")});
  EXPECT_TRUE(told.last.contradiction);
  EXPECT_EQ(told.attempt.order_status, "CANCELLED");
  EXPECT_EQ(told.attempt.filled_quantity, 40) << "a fill is never taken back";
}

TEST(OrderState, MoreFillsThanTheFinalStateAdmitsAreAContradiction) {
  const auto told = tell({news("CANCELLED", 0), news("OPEN", 40)});
  EXPECT_TRUE(told.last.contradiction);
  EXPECT_EQ(told.attempt.order_status, "CANCELLED");
  EXPECT_EQ(told.attempt.filled_quantity, 40);
}

TEST(OrderState, AnotherFinalStateFromTheStreamIsNotBelievedButReported) {
  const auto told = tell({news("REJECTED", 0, "no"), news("COMPLETE", 100)});
  EXPECT_TRUE(told.last.contradiction);
  EXPECT_FALSE(told.last.changed);
  EXPECT_EQ(told.attempt.order_status, "REJECTED");
  EXPECT_EQ(told.attempt.filled_quantity, 0);
}

TEST(OrderState, TheBookWithMoreFillsOverrulesAFinalState) {
  auto told = tell({news("REJECTED", 0, "no"), news("COMPLETE", 100)});
  const auto merged = merge(told.attempt, news("COMPLETE", 100), OrderSource::book);
  EXPECT_TRUE(merged.contradiction);
  EXPECT_TRUE(merged.changed);
  EXPECT_EQ(told.attempt.order_status, "COMPLETE");
  EXPECT_EQ(told.attempt.filled_quantity, 100);
  EXPECT_EQ(told.attempt.average_price, Price::from_rupees(1100));
  EXPECT_EQ(told.attempt.message, "");

  const auto back = merge(told.attempt, news("REJECTED", 0, "no"), OrderSource::book);
  EXPECT_TRUE(back.contradiction);
  EXPECT_EQ(told.attempt.order_status, "COMPLETE") << "and never the other way";
}

TEST(OrderState, NewsOfAnotherOrderUnderTheSameTagIsNotMergedButReported) {
  auto told = tell({news("OPEN", 10)});
  const auto before = told.attempt;
  auto rival = news("COMPLETE", 100);
  rival.order_id = "240101000000002";
  const auto merged = merge(told.attempt, rival, OrderSource::book);
  EXPECT_TRUE(merged.contradiction);
  EXPECT_FALSE(merged.changed);
  EXPECT_EQ(told.attempt, before);
}

TEST(OrderState, NewsWithoutAnOrderIdIsOfTheOrderThatIsKnown) {
  auto told = tell({news("OPEN", 10)});
  auto nameless = news("COMPLETE", 100);
  nameless.order_id.clear();
  EXPECT_TRUE(merge(told.attempt, nameless, OrderSource::book).changed);
  EXPECT_EQ(told.attempt.order_id, "240101000000001");
  EXPECT_EQ(told.attempt.filled_quantity, 100);
}

TEST(OrderState, OnlyTheOrdersOwnFieldsAreTouched) {
  Attempt attempt;
  attempt.tag = "T1";
  attempt.state = model::AttemptState::unknown;
  attempt.fire_no = 3;
  auto expected = attempt;
  merge(attempt, news("COMPLETE", 5), OrderSource::book);
  expected.order_id = attempt.order_id;
  expected.order_status = attempt.order_status;
  expected.filled_quantity = attempt.filled_quantity;
  expected.average_price = attempt.average_price;
  expected.message = attempt.message;
  EXPECT_EQ(attempt, expected);
}

// One order's life as the broker lived it: states forward with loops of modification, fills that
// grow, an end or none yet.
std::vector<BrokerOrder> random_life(std::mt19937_64& random) {
  const auto one_in = [&](std::uint64_t n) { return random() % n == 0; };
  std::vector<BrokerOrder> life;
  for (const auto* word :
       {"", "PUT ORDER REQ RECEIVED", "AMO REQ RECEIVED", "A NEW WORD", "ANOTHER NEW WORD",
        "VALIDATION PENDING", "OPEN PENDING", "TRIGGER PENDING", "MODIFY VALIDATION PENDING",
        "MODIFIED", "TRIGGER PENDING", "OPEN"}) {
    if (!one_in(3)) life.push_back(news(word, 0, one_in(4) ? "a remark" : ""));
  }
  if (one_in(3)) {  // we hear of its beginning only
    life.resize(std::min<std::size_t>(life.size(), 1 + random() % 6));
    return life;
  }
  model::Quantity filled = 0;
  for (auto fills = random() % 4; fills > 0; --fills) {
    filled += static_cast<model::Quantity>(1 + random() % 50);
    life.push_back(news("OPEN", filled));
    if (one_in(3)) life.back().average_price.reset();
    if (one_in(4)) life.push_back(news("MODIFY PENDING", filled));
  }
  if (one_in(3)) life.push_back(news("CANCEL PENDING", filled));
  const auto end = random() % 5;
  if (end == 0) life.push_back(news("COMPLETE", filled + 1));
  if (end == 1) life.push_back(news("CANCELLED", filled, "cancelled by the exchange"));
  if (end == 2) life.push_back(news("CANCELLED AMO", filled));
  if (end == 3) life.push_back(news("REJECTED", filled, one_in(2) ? "RMS: no" : ""));
  return life;
}

TEST(OrderState, TheOrderAndTheNumberOfTheNewsDoNotMatter) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    std::mt19937_64 random(seed);
    const auto life = random_life(random);
    const auto truth = tell(life).attempt;

    auto shuffled = life;
    for (const auto& each : life) {
      if (random() % 2 == 0) shuffled.push_back(each);
    }
    std::ranges::shuffle(shuffled, random);

    Attempt attempt;
    for (const auto& each : shuffled) {
      const auto before = attempt;
      const auto merged = merge(attempt, each, static_cast<OrderSource>(random() % 3));
      ASSERT_FALSE(merged.contradiction) << "seed " << seed;
      ASSERT_EQ(merged.changed, attempt != before) << "seed " << seed;
      ASSERT_GE(attempt.filled_quantity, before.filled_quantity) << "seed " << seed;
      ASSERT_TRUE(!is_terminal(phase_of(before.order_status)) ||
                  phase_of(attempt.order_status) == phase_of(before.order_status))
          << "seed " << seed;
      ASSERT_FALSE(merge(attempt, each, OrderSource::book).changed) << "seed " << seed;
    }
    ASSERT_EQ(attempt, truth) << "seed " << seed << ": " << attempt.order_status << " '"
                              << attempt.message << "' against " << truth.order_status << " '"
                              << truth.message << "'";
  }
}

}  // namespace
}  // namespace hmt::oms
