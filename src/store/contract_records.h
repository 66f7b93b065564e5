#pragma once
#include "store/contract_fixture.h"

namespace hmt::store {

inline TriggerOutcome placed_outcome(const model::Trigger& row) {
  TriggerOutcome out;
  out.id = row.id;
  out.status = model::TriggerStatus::triggered;
  out.leg_1 = model::LegState::fired;
  out.triggered_at = row.triggered_at;
  out.triggered_leg = row.triggered_leg;
  out.triggered_price = row.triggered_price;
  out.order_id = "261123000000001";
  out.order_status = "OPEN";
  return out;
}

TEST_P(StoreContract, AnOutcomeReplacesTheEnginesColumns) {
  const auto row = fire(two_leg(1), "TAG1");
  auto outcome = placed_outcome(row);
  outcome.leg_2 = model::LegState::dropped;
  outcome.order_status = "COMPLETE";
  outcome.filled_quantity = 10;
  outcome.average_price = price("1499.8333333");
  outcome.error_message = "it's \"fine\"; -- really";
  const auto changed = record({record_of(outcome, at_minute(7))});

  auto expected = row;
  expected.status = model::TriggerStatus::triggered;
  expected.leg_1.state = model::LegState::fired;
  expected.leg_2->state = model::LegState::dropped;
  expected.order_id = "261123000000001";
  expected.order_status = "COMPLETE";
  expected.filled_quantity = 10;
  expected.average_price = price("1499.8333333");
  expected.error_message = "it's \"fine\"; -- really";
  expected.version = row.version + 1;
  expected.updated_at = at_minute(7);
  EXPECT_EQ(stored(row.id), expected);
  EXPECT_THAT(changed.triggers, testing::ElementsAre(expected));
}

TEST_P(StoreContract, AnOutcomeAppliesWhateverTheVersion) {
  const auto row = create(stop_loss(1));
  record(
      {record_of(placed_outcome(row), at_minute(7)), record_of(placed_outcome(row), at_minute(8))});
  EXPECT_EQ(stored(row.id).version, row.version + 2);
  EXPECT_EQ(stored(row.id).updated_at, at_minute(8));
}

TEST_P(StoreContract, AnOutcomeArmsNothingThatWasCancelled) {
  const auto row = create(stop_loss(1));
  ASSERT_TRUE(writer().cancel(row.id, {}, {}, nullptr, at_minute(6)));
  record({record_of(outcome_of(row, model::TriggerStatus::active), at_minute(7))});
  EXPECT_EQ(stored(row.id).status, model::TriggerStatus::cancelled);
  record({record_of(placed_outcome(row), at_minute(8))});
  EXPECT_EQ(stored(row.id).status, model::TriggerStatus::triggered) << "an order is told of";
}

TEST_P(StoreContract, AnOutcomeMayTakeBackTheFire) {
  const auto row = fire(stop_loss(1), "TAG1");
  auto back = outcome_of(row, model::TriggerStatus::active);
  record({record_of(back, at_minute(7))});
  const auto now = stored(row.id);
  EXPECT_EQ(now.status, model::TriggerStatus::active);
  EXPECT_EQ(now.triggered_at, std::nullopt);
  EXPECT_EQ(now.triggered_leg, std::nullopt);
  EXPECT_EQ(now.triggered_price, std::nullopt);
  EXPECT_EQ(now.fire_no, 1);
}

TEST_P(StoreContract, ASecondLegsStateIsIgnoredWithoutASecondLeg) {
  const auto row = fire(stop_loss(1), "TAG1");
  auto outcome = placed_outcome(row);
  outcome.leg_2 = model::LegState::failed;
  record({record_of(outcome, at_minute(7))});
  EXPECT_EQ(stored(row.id).leg_2, std::nullopt);
}

TEST_P(StoreContract, AnAttemptIsInsertedThenReplacedByItsTag) {
  const auto row = fire(stop_loss(1), "TAG1");
  auto second = attempt_of(row, epoch_, "TAG1B");
  second.fire_no = 1;
  second.attempt_no = 1;
  record({record_of(second)});
  ASSERT_EQ(reader()->attempts(row.id, operator_)->size(), 2U);

  second.state = model::AttemptState::placed;
  second.order_id = "261123000000001";
  second.order_status = "COMPLETE";
  second.message = "done";
  second.filled_quantity = 10;
  second.average_price = price("0.0000001");
  second.forwarded_at = at_minute(6);
  second.answered_at = at_minute(7);
  record({record_of(second)});
  const auto attempts = reader()->attempts(row.id, operator_).value();
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[1], second);
}

TEST_P(StoreContract, AnAttemptNumberUnderTwoTagsIsRefusedWhole) {
  const auto row = fire(stop_loss(1), "TAG1");
  auto rival = attempt_of(row, epoch_, "TAG2");
  rival.fire_no = 1;
  const auto event = last_event();
  const std::vector<Record> records = {record_of(placed_outcome(row), at_minute(7)),
                                       record_of(rival)};
  const auto done = writer().record(epoch_, records);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(stored(row.id), row);
  EXPECT_EQ(reader()->attempts(row.id, operator_)->size(), 1U);
  EXPECT_EQ(last_event(), event);
}

TEST_P(StoreContract, AnEngineThatLostItsLeaseRecordsNothing) {
  const auto row = fire(stop_loss(1), "TAG1");
  backend_->lease_lapses();
  ASSERT_TRUE(writer().take_lease("second", at_minute(6)));
  const auto event = last_event();
  const std::vector<Record> records = {
      record_of(placed_outcome(row), at_minute(7), {audit_of(row, "order_placed")})};
  const auto done = writer().record(epoch_, records);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, base::ErrorKind::refused);
  EXPECT_EQ(stored(row.id), row);
  EXPECT_EQ(last_event(), event);
}

TEST_P(StoreContract, ARecordWritesItsAuditInOrder) {
  const auto row = fire(stop_loss(1), "TAG1");
  const auto changed =
      record({record_of(std::vector{audit_of(row, "order_sent"), audit_of(row, "order_placed")})});
  EXPECT_THAT(events(row.id),
              testing::ElementsAre("created", "claimed", "order_sent", "order_placed"));
  EXPECT_EQ(changed.last_event, last_event());
}

TEST_P(StoreContract, AnOutcomeOfARowThatIsGoneLeavesTheRestOfItsRecord) {
  const auto row = fire(stop_loss(1), "TAG1");
  const auto gone = stop_loss(99);
  const auto changed =
      record({record_of(placed_outcome(gone), at_minute(7), {audit_of(gone, "order_placed")})});
  EXPECT_TRUE(changed.triggers.empty());
  EXPECT_EQ(changed.last_event, last_event());
  EXPECT_THAT(events(gone.id), testing::ElementsAre("order_placed"));
}

// Its order is placed, and then somebody deletes the row: the order has its end all the same.
TEST_P(StoreContract, AWinnerThatIsGoneStillSettlesItsGroup) {
  const auto one = create(in_group(stop_loss(1), 7));
  const auto two = create(in_group(stop_loss(2), 7));
  const auto other = create(in_group(stop_loss(3), 8));
  ASSERT_EQ(claim_one(claim_of(one, "TAG1")), ClaimVerdict::won);
  record({record_of(placed_outcome(stored(one.id)), at_minute(7))});
  backend_->delete_by_hand(one.id);
  auto filled = placed_outcome(one);
  filled.group = GroupAction::settle;
  const auto changed = record({record_of(filled, at_minute(8), {audit_of(one, "order_filled")})});
  EXPECT_EQ(stored(two.id).status, model::TriggerStatus::cancelled);
  EXPECT_EQ(stored(two.id).version, two.version + 1);
  EXPECT_EQ(stored(other.id), other);
  EXPECT_THAT(changed.triggers, testing::ElementsAre(stored(two.id)));
  EXPECT_THAT(events(two.id), testing::ElementsAre("created", "cancelled"));
}

TEST_P(StoreContract, AWinnerThatIsGoneStillReleasesItsGroup) {
  const auto one = create(in_group(stop_loss(1), 7));
  const auto two = create(in_group(stop_loss(2), 7));
  ASSERT_EQ(claim_one(claim_of(one, "TAG1")), ClaimVerdict::won);
  record({record_of(placed_outcome(stored(one.id)), at_minute(7))});
  backend_->delete_by_hand(one.id);
  record({record_of(placed_outcome(one), at_minute(8))});
  EXPECT_EQ(claim_one(claim_of(two, "TAG2")), ClaimVerdict::group_taken) << "it may be filled yet";
  auto refused = outcome_of(one, model::TriggerStatus::failed);
  refused.group = GroupAction::release;
  EXPECT_THAT(record({record_of(refused, at_minute(9))}).triggers, testing::IsEmpty());
  EXPECT_EQ(stored(two.id), two);
  EXPECT_EQ(claim_one(claim_of(two, "TAG2")), ClaimVerdict::won);
}

TEST_P(StoreContract, ASettledGroupCancelsTheSiblingsThatAreStillActive) {
  const auto one = fire(in_group(stop_loss(1), 7), "TAG1");
  ASSERT_TRUE(writer().cancel(create(stop_loss(3)).id, {}, operator_, nullptr, at_minute(6)));
  const auto other = create(in_group(stop_loss(4), 8));
  // A sibling cannot join after the win, so the group is made anew around a released winner.
  auto back = outcome_of(one, model::TriggerStatus::active);
  back.group = GroupAction::release;
  record({record_of(back, at_minute(6))});
  const auto two = create(in_group(stop_loss(2), 7));
  ASSERT_EQ(claim_one(claim_of(stored(one.id), "TAG1B")), ClaimVerdict::won);

  auto outcome = placed_outcome(stored(one.id));
  outcome.group = GroupAction::settle;
  const auto changed = record({record_of(outcome, at_minute(8))});
  auto expected = two;
  expected.status = model::TriggerStatus::cancelled;
  expected.version = two.version + 1;
  expected.updated_at = at_minute(8);
  EXPECT_EQ(stored(two.id), expected);
  EXPECT_EQ(stored(other.id), other);
  EXPECT_EQ(changed.triggers.size(), 2U);
  EXPECT_THAT(events(two.id), testing::ElementsAre("created", "cancelled"));
  EXPECT_EQ(changed.last_event, last_event());
}

TEST_P(StoreContract, AKeptGroupLeavesItsSiblingsActive) {
  const auto one = create(in_group(stop_loss(1), 7));
  const auto two = create(in_group(stop_loss(2), 7));
  ASSERT_EQ(claim_one(claim_of(one, "TAG1")), ClaimVerdict::won);
  record({record_of(placed_outcome(stored(one.id)), at_minute(8))});
  EXPECT_EQ(stored(two.id), two);
  EXPECT_EQ(claim_one(claim_of(two, "TAG2")), ClaimVerdict::group_taken);
}

TEST_P(StoreContract, AReleasedGroupLetsItsSiblingFire) {
  const auto one = create(in_group(stop_loss(1), 7));
  const auto two = create(in_group(stop_loss(2), 7));
  ASSERT_EQ(claim_one(claim_of(one, "TAG1")), ClaimVerdict::won);
  auto refused = outcome_of(one, model::TriggerStatus::failed);
  refused.leg_1 = model::LegState::failed;
  refused.group = GroupAction::release;
  record({record_of(refused, at_minute(6))});
  EXPECT_EQ(claim_one(claim_of(two, "TAG2")), ClaimVerdict::won);
}

TEST_P(StoreContract, OnlyTheWinnerReleasesItsGroup) {
  const auto one = create(in_group(stop_loss(1), 7));
  const auto two = create(in_group(stop_loss(2), 7));
  const auto three = create(in_group(stop_loss(3), 7));
  ASSERT_EQ(claim_one(claim_of(one, "TAG1")), ClaimVerdict::won);
  auto other = outcome_of(two, model::TriggerStatus::failed);
  other.group = GroupAction::release;
  record({record_of(other, at_minute(6))});
  EXPECT_EQ(claim_one(claim_of(three, "TAG3")), ClaimVerdict::group_taken);
}

TEST_P(StoreContract, AnExpiryHoldsOnlyForTheVersionItWasDecidedOn) {
  const auto row = create(stop_loss(1));
  const auto changed =
      record({record_of(Expiry{row.id, row.version}, at_minute(9), {audit_of(row, "expired")})});
  ASSERT_EQ(changed.triggers.size(), 1U);
  EXPECT_EQ(stored(row.id).status, model::TriggerStatus::expired);
  EXPECT_EQ(stored(row.id).version, row.version + 1);
  EXPECT_EQ(stored(row.id).updated_at, at_minute(9));

  const auto other = create(stop_loss(2));
  const auto skipped = record(
      {record_of(Expiry{other.id, other.version + 1}, at_minute(9), {audit_of(other, "expired")})});
  EXPECT_TRUE(skipped.triggers.empty());
  EXPECT_EQ(stored(other.id), other);
  EXPECT_THAT(events(other.id), testing::ElementsAre("created"));
}

TEST_P(StoreContract, WhatHasExpiredIsNotArmedAgainByALateOutcome) {
  const auto row = create(stop_loss(1));
  record({record_of(Expiry{row.id, row.version}, at_minute(9), {audit_of(row, "expired")})});
  record({record_of(outcome_of(row, model::TriggerStatus::active), at_minute(10))});
  EXPECT_EQ(stored(row.id).status, model::TriggerStatus::expired);
  record({record_of(outcome_of(row, model::TriggerStatus::needs_attention), at_minute(11))});
  EXPECT_EQ(stored(row.id).status, model::TriggerStatus::needs_attention)
      << "but that a person has to look is said of anything";
}

TEST_P(StoreContract, AFiringTriggerDoesNotExpire) {
  const auto row = fire(stop_loss(1), "TAG1");
  record({record_of(Expiry{row.id, row.version}, at_minute(9))});
  EXPECT_EQ(stored(row.id).status, model::TriggerStatus::firing);
}

TEST_P(StoreContract, RecordsOfOneBatchSeeEachOther) {
  const auto row = fire(stop_loss(1), "TAG1");
  auto back = outcome_of(row, model::TriggerStatus::active);
  const auto changed = record(
      {record_of(back, at_minute(6)), record_of(Expiry{row.id, row.version + 1}, at_minute(7))});
  ASSERT_EQ(changed.triggers.size(), 1U);
  EXPECT_EQ(changed.triggers[0].status, model::TriggerStatus::expired);
  EXPECT_EQ(stored(row.id), changed.triggers[0]);
}

}  // namespace hmt::store
