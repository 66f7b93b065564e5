#pragma once
#include "store/contract_fixture.h"

namespace hmt::store {

using testing::ElementsAre;

TEST_P(StoreContract, AClaimTurnsAnActiveTriggerToFiring) {
  const auto before = create(stop_loss(1));
  const auto claimed = claim_of(before, "TAG1");
  ASSERT_EQ(claim_one(claimed), ClaimVerdict::won);

  auto expected = before;
  expected.status = model::TriggerStatus::firing;
  expected.triggered_at = claimed.attempt.created_at;
  expected.triggered_leg = model::LegNumber::one;
  expected.triggered_price = price("1499.95");
  expected.fire_no = 1;
  expected.version = before.version + 1;
  expected.updated_at = claimed.attempt.created_at;
  EXPECT_EQ(stored(before.id), expected);
  EXPECT_THAT(changed_.triggers, ElementsAre(expected));
}

TEST_P(StoreContract, AClaimIsThereAfterARestart) {
  const auto before = create(stop_loss(1));
  const auto claimed = claim_of(before, "TAG1");
  ASSERT_EQ(claim_one(claimed), ClaimVerdict::won);
  const auto row = stored(before.id);
  backend_->reopen();
  EXPECT_EQ(stored(before.id), row);
  EXPECT_THAT(reader()->attempts(before.id, operator_).value(), ElementsAre(claimed.attempt));
}

TEST_P(StoreContract, AClaimWritesItsAttemptAndItsAudit) {
  const auto before = create(stop_loss(1));
  auto claimed = claim_of(before, "TAG1");
  claimed.attempt.state = model::AttemptState::forwarded;
  claimed.attempt.forwarded_at = at_minute(5);
  claimed.attempt.evidence.after_gap = true;
  ASSERT_EQ(claim_one(claimed), ClaimVerdict::won);
  EXPECT_THAT(reader()->attempts(before.id, operator_).value(), ElementsAre(claimed.attempt));
  const auto rows = trail(before.id);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].entry, model::audit_of(claimed));
  EXPECT_EQ(changed_.last_event, rows[1].number);
  EXPECT_EQ(last_event(), rows[1].number);
}

TEST_P(StoreContract, TheSameClaimAgainIsRepeatedAndWritesNothing) {
  const auto before = create(stop_loss(1));
  const auto claimed = claim_of(before, "TAG1");
  ASSERT_EQ(claim_one(claimed), ClaimVerdict::won);
  const auto row = stored(before.id);
  const auto event = last_event();
  EXPECT_EQ(claim_one(claimed), ClaimVerdict::repeated);
  EXPECT_TRUE(changed_.triggers.empty());
  EXPECT_EQ(stored(before.id), row);
  EXPECT_EQ(last_event(), event);
}

TEST_P(StoreContract, ARepeatedClaimIsKnownThoughTheEngineWasStoppedSince) {
  const auto before = create(stop_loss(1));
  const auto claimed = claim_of(before, "TAG1");
  ASSERT_EQ(claim_one(claimed), ClaimVerdict::won);
  ASSERT_TRUE(writer().set_stopped(true, "lunch", operator_, at_minute(6)));
  EXPECT_EQ(claim_one(claimed), ClaimVerdict::repeated);
}

TEST_P(StoreContract, AnEditedTriggerDoesNotFireFromItsOldVersion) {
  const auto before = create(stop_loss(1));
  auto edited = before;
  edited.leg_1.trigger_price = price("1400.00");
  ASSERT_TRUE(writer().edit(edited, before.version, operator_, nullptr, at_minute(1)));
  EXPECT_EQ(claim_one(claim_of(before, "TAG1")), ClaimVerdict::stale);
  EXPECT_EQ(stored(before.id).status, model::TriggerStatus::active);
  EXPECT_TRUE(reader()->attempts(before.id, operator_)->empty());
  EXPECT_THAT(events(before.id), ElementsAre("created", "edited"));
}

TEST_P(StoreContract, ACancelledTriggerAndOneThatNeverWasAreStale) {
  const auto row = create(stop_loss(1));
  ASSERT_TRUE(writer().cancel(row.id, row.version, operator_, nullptr, at_minute(1)));
  EXPECT_EQ(claim_one(claim_of(stored(row.id), "TAG1")), ClaimVerdict::stale);
  EXPECT_EQ(claim_one(claim_of(stop_loss(99), "TAG2")), ClaimVerdict::stale);
}

TEST_P(StoreContract, AFiringTriggerCannotBeClaimedUnderAnotherTag) {
  const auto row = create(stop_loss(1));
  ASSERT_EQ(claim_one(claim_of(row, "TAG1")), ClaimVerdict::won);
  EXPECT_EQ(claim_one(claim_of(row, "TAG2")), ClaimVerdict::stale);
  EXPECT_EQ(claim_one(claim_of(stored(row.id), "TAG3")), ClaimVerdict::stale);
  EXPECT_EQ(reader()->attempts(row.id, operator_)->size(), 1U);
}

TEST_P(StoreContract, ATagOfAnotherTriggerIsNotTakenOver) {
  const auto one = create(stop_loss(1));
  const auto two = create(stop_loss(2));
  ASSERT_EQ(claim_one(claim_of(one, "TAG1")), ClaimVerdict::won);
  EXPECT_EQ(claim_one(claim_of(two, "TAG1")), ClaimVerdict::stale);
  EXPECT_EQ(stored(two.id).status, model::TriggerStatus::active);
  EXPECT_EQ(reader()->attempts(one.id, operator_)->size(), 1U);
}

TEST_P(StoreContract, AFireNumberThatStandsAlreadyIsNotUsedAgain) {
  auto row = create(stop_loss(1));
  ASSERT_EQ(claim_one(claim_of(row, "TAG1")), ClaimVerdict::won);
  record({record_of(outcome_of(row, model::TriggerStatus::active), at_minute(6))});
  auto again = claim_of(stored(row.id), "TAG2");
  again.attempt.fire_no = 1;
  EXPECT_EQ(claim_one(again), ClaimVerdict::stale);
  again.attempt.fire_no = 2;
  EXPECT_EQ(claim_one(again), ClaimVerdict::won);
  EXPECT_EQ(stored(row.id).fire_no, 2);
}

TEST_P(StoreContract, AnEngineThatLostItsLeaseClaimsNothing) {
  const auto row = create(stop_loss(1));
  backend_->lease_lapses();
  const auto next = writer().take_lease("second", at_minute(1));
  ASSERT_TRUE(next);
  EXPECT_GT(*next, epoch_);
  EXPECT_EQ(claim_one(claim_of(row, "TAG1")), ClaimVerdict::fenced);
  EXPECT_EQ(stored(row.id), row);
  epoch_ = *next;
  EXPECT_EQ(claim_one(claim_of(row, "TAG1")), ClaimVerdict::won);
}

TEST_P(StoreContract, WithoutALeaseNothingIsClaimedOrRecorded) {
  backend_ = GetParam().make();
  epoch_ = 0;
  const auto row = create(stop_loss(1));
  EXPECT_EQ(claim_one(claim_of(row, "TAG1")), ClaimVerdict::fenced);
  const auto done = writer().record(0, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, base::ErrorKind::refused);
}

TEST_P(StoreContract, ALeaseIsNewAfterARestart) {
  const auto row = create(stop_loss(1));
  const auto first = claim_of(row, "TAG1");
  backend_->reopen();
  backend_->lease_lapses();
  epoch_ = writer().take_lease("restarted", at_minute(2)).value();
  EXPECT_GT(epoch_, first.attempt.lease_epoch);
  EXPECT_EQ(claim_one(first), ClaimVerdict::fenced);
}

TEST_P(StoreContract, AClaimOfAnEarlierLifeIsStaleUnderANewLease) {
  const auto row = create(stop_loss(1));
  ASSERT_EQ(claim_one(claim_of(row, "TAG1")), ClaimVerdict::won);
  backend_->lease_lapses();
  epoch_ = writer().take_lease("restarted", at_minute(2)).value();
  EXPECT_EQ(claim_one(claim_of(row, "TAG1")), ClaimVerdict::stale);
}

TEST_P(StoreContract, NothingIsClaimedWhileTheEngineIsStopped) {
  const auto row = create(stop_loss(1));
  const auto stopped = writer().set_stopped(true, "panic", user(1), at_minute(1));
  ASSERT_TRUE(stopped);
  EXPECT_EQ(*stopped, last_event());
  EXPECT_EQ(claim_one(claim_of(row, "TAG1")), ClaimVerdict::stopped);
  EXPECT_EQ(stored(row.id), row);
  ASSERT_TRUE(writer().set_stopped(false, "", operator_, at_minute(2)));
  EXPECT_EQ(claim_one(claim_of(row, "TAG1")), ClaimVerdict::won);
}

TEST_P(StoreContract, TheSwitchOutlivesARestart) {
  ASSERT_TRUE(writer().set_stopped(true, "holiday", operator_, at_minute(1)));
  backend_->reopen();
  const auto recovery = whole_recovery(*reader(), {0}).value();
  EXPECT_TRUE(recovery.stopped);
  EXPECT_EQ(recovery.stopped_why, "holiday");
  ASSERT_TRUE(writer().set_stopped(false, "back", operator_, at_minute(2)));
  EXPECT_FALSE(whole_recovery(*reader(), {0})->stopped);
  EXPECT_EQ(whole_recovery(*reader(), {0})->stopped_why, "");
}

TEST_P(StoreContract, OneOfAGroupWinsAndItsSiblingDoesNot) {
  const auto one = create(in_group(stop_loss(1), 7));
  const auto two = create(in_group(stop_loss(2), 7));
  ASSERT_EQ(claim_one(claim_of(two, "TAG2")), ClaimVerdict::won);
  EXPECT_EQ(claim_one(claim_of(one, "TAG1")), ClaimVerdict::group_taken);
  EXPECT_EQ(stored(one.id), one);
}

TEST_P(StoreContract, TwoOfAGroupInOneBatchTheFirstWins) {
  const auto one = create(in_group(stop_loss(1), 7));
  const auto two = create(in_group(stop_loss(2), 7));
  const auto three = create(in_group(stop_loss(3), 8));
  EXPECT_THAT(claim({claim_of(two, "TAG2"), claim_of(one, "TAG1"), claim_of(three, "TAG3")}),
              ElementsAre(ClaimVerdict::won, ClaimVerdict::group_taken, ClaimVerdict::won));
  EXPECT_EQ(changed_.triggers.size(), 2U);
}

TEST_P(StoreContract, TheWinnerOfAGroupMayFireAgainBeforeItIsReleased) {
  const auto one = create(in_group(two_leg(1), 7));
  ASSERT_EQ(claim_one(claim_of(one, "TAG1")), ClaimVerdict::won);
  auto back = outcome_of(one, model::TriggerStatus::active);
  back.leg_1 = model::LegState::failed;
  record({record_of(back, at_minute(6))});
  EXPECT_EQ(claim_one(claim_of(stored(one.id), "TAG2")), ClaimVerdict::won);
}

TEST_P(StoreContract, EachClaimOfABatchIsJudgedByItselfInOrder) {
  const auto one = create(stop_loss(1));
  const auto two = create(stop_loss(2));
  auto old = claim_of(two, "TAG2");
  old.version = two.version + 5;
  auto fenced = claim_of(two, "TAG3");
  fenced.attempt.lease_epoch = epoch_ - 1;
  EXPECT_THAT(claim({claim_of(one, "TAG1"), claim_of(one, "TAG1"), claim_of(one, "TAG9"), old,
                     fenced, claim_of(two, "TAG2")}),
              ElementsAre(ClaimVerdict::won, ClaimVerdict::repeated, ClaimVerdict::stale,
                          ClaimVerdict::stale, ClaimVerdict::fenced, ClaimVerdict::won));
  EXPECT_EQ(changed_.triggers.size(), 2U);
  EXPECT_EQ(changed_.last_event, last_event());
}

TEST_P(StoreContract, AnEmptyBatchIsNothing) {
  const auto event = last_event();
  EXPECT_TRUE(claim({}).empty());
  EXPECT_EQ(changed_.last_event, 0);
  EXPECT_EQ(last_event(), event);
}

TEST_P(StoreContract, ManyTriggersFireInOneBatch) {
  std::vector<Claim> claims;
  for (std::uint32_t n = 1; n <= 64; ++n)
    claims.push_back(claim_of(create(stop_loss(n)), tag_of(n)));
  const auto verdicts = claim(claims);
  EXPECT_EQ(verdicts, std::vector(64, ClaimVerdict::won));
  EXPECT_EQ(changed_.triggers.size(), 64U);
}

}  // namespace hmt::store
