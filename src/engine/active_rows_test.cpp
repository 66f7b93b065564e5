#include "engine/active_rows.h"

#include <gmock/gmock.h>

#include "engine/test_desk.h"

namespace hmt::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<model::TriggerId> members(const ActiveRows& rows, model::GroupId group) {
  std::vector<model::TriggerId> out;
  rows.each_member(group, [&](auto row) { out.push_back(rows.id(row)); });
  return out;
}

void expect_kept(const model::Trigger& trigger, const char* of_what) {
  ActiveRows rows;
  const auto row = rows.put(trigger);
  EXPECT_EQ(rows.whole(row), trigger) << of_what;
  EXPECT_EQ(rows.version(row), trigger.version) << of_what;
  EXPECT_EQ(rows.group(row), trigger.parent_id) << of_what;
}

TEST(ActiveRows, ARowIsGivenBackAsItWasPut) {
  auto row = in_group(stop_and_target(3), 4);
  row.on_unknown = model::OnUnknown::retry;
  row.purpose = model::Purpose::entry;
  row.expires_at = monday_morning() + minutes(5);
  row.created_at = monday_morning();
  row.updated_at = monday_morning() + seconds(1);
  row.version = 12;
  row.fire_no = 3;
  expect_kept(row, "a two-leg row with all that a person can say");
  row = stop_loss();
  row.direction = model::Direction::rising;
  row.leg_1.order_price.reset();
  expect_kept(row, "a market order that rises");
  row.exchange = model::Exchange::mcx;
  row.leg_1.product = model::Product::mtf;
  row.leg_1.state = LegState::dropped;
  expect_kept(row, "the last of each word");
}

TEST(ActiveRows, WhatDoesNotFitIsKeptAllTheSame) {
  auto row = stop_loss();
  row.order_id = "ORDER-1";
  row.order_status = "REJECTED";
  row.error_message = "Insufficient funds";
  row.triggered_leg = model::LegNumber::one;
  expect_kept(row, "the words about an earlier order");
  row = in_group(stop_loss());
  row.leg_1.quantity = 5'000'000'000;
  expect_kept(row, "a quantity beyond 32 bits");
  row = stop_loss();
  row.version = std::int64_t{1} << 40;
  expect_kept(row, "a version beyond 32 bits");
}

TEST(ActiveRows, NothingIsLeftOfOneThatIsErased) {
  ActiveRows rows;
  auto before = stop_loss(1);
  before.error_message = "Insufficient funds";
  rows.erase(rows.put(before));
  EXPECT_EQ(rows.find(before.id), ActiveRows::none);
  auto after = stop_loss(2);
  after.error_message = "The market was closed";
  EXPECT_EQ(rows.whole(rows.put(after)), after);
}

TEST(ActiveRows, WhatRowsShareStaysForAsLongAsOneOfThemDoes) {
  ActiveRows rows;
  for (std::uint8_t number = 1; number <= 3; ++number) rows.put(stop_loss(number));
  rows.erase(rows.find(trigger_id(1)));
  rows.erase(rows.find(trigger_id(2)));
  auto other = stop_loss(4);
  other.trading_symbol = "SBIN";
  rows.put(other);
  EXPECT_EQ(rows.whole(rows.find(trigger_id(3))), stop_loss(3));
}

TEST(ActiveRows, ARowIsFoundByTheBitsInItsTags) {
  ActiveRows rows;
  for (std::uint8_t number = 1; number <= 3; ++number) rows.put(stop_loss(number));
  const auto bits = oms::tag_bits(trigger_id(2));
  EXPECT_EQ(rows.find_by_tag_bits(bits), rows.find(trigger_id(2)));
  rows.erase(rows.find(trigger_id(2)));
  EXPECT_EQ(rows.find_by_tag_bits(bits), ActiveRows::none);
}

TEST(ActiveRows, AGroupTellsItsMembersInTheOrderOfArmingAndKeepsItsWinner) {
  ActiveRows rows;
  const auto group = numbered<model::GroupId>(1);
  for (const auto& row : {stop_loss(5), stop_loss(2), stop_loss(9)}) rows.put(in_group(row));
  EXPECT_THAT(members(rows, group), ElementsAre(trigger_id(5), trigger_id(2), trigger_id(9)));

  rows.win(group, trigger_id(2));
  rows.erase(rows.find(trigger_id(2)));
  EXPECT_THAT(members(rows, group), ElementsAre(trigger_id(5), trigger_id(9)));
  EXPECT_TRUE(rows.is_group_won(rows.find(trigger_id(9))));

  rows.erase(rows.find(trigger_id(9)));
  rows.put(in_group(stop_loss(6)));
  EXPECT_THAT(members(rows, group), ElementsAre(trigger_id(5), trigger_id(6)));
  rows.erase(rows.find(trigger_id(6)));
  rows.erase(rows.find(trigger_id(5)));
  EXPECT_THAT(members(rows, group), IsEmpty());
  EXPECT_EQ(rows.winner_of(group), trigger_id(2)) << "nobody is left, and it is won still";
  EXPECT_TRUE(rows.is_group_won(rows.put(in_group(stop_loss(7)))));

  rows.forget_winner(group);
  EXPECT_FALSE(rows.is_group_won(rows.find(trigger_id(7))));
}

TEST(ActiveRows, TheSoonestExpiryComesFirstAndOfOneInstantTheFirstThatWasArmed) {
  ActiveRows rows;
  const auto expiring = [](std::uint8_t number, int in_minutes) {
    auto row = stop_loss(number);
    row.expires_at = monday_morning() + minutes(in_minutes);
    return row;
  };
  for (const auto& row : {expiring(1, 9), expiring(8, 5), expiring(3, 5), expiring(4, 7)})
    rows.put(row);
  EXPECT_FALSE(
      rows.is_expired(rows.find(trigger_id(8)), monday_morning() + minutes(5) - seconds(1)));
  EXPECT_TRUE(rows.is_expired(rows.find(trigger_id(8)), monday_morning() + minutes(5)));
  std::vector<model::TriggerId> order;
  while (rows.next_expiry()) {
    const auto row = rows.next_to_expire();
    order.push_back(rows.id(row));
    rows.erase(row);
  }
  EXPECT_THAT(order, ElementsAre(trigger_id(8), trigger_id(3), trigger_id(4), trigger_id(1)));
}

}  // namespace
}  // namespace hmt::engine
