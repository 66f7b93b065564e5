#pragma once
#include "store/contract_fixture.h"

// Broker connections: whose they are, and what a change of one says.
namespace hmt::store {

inline model::BrokerConnection connection_of(std::uint32_t n, std::uint32_t owner) {
  model::BrokerConnection out;
  out.id = connection_id(n);
  out.user_id = user_id(owner);
  out.name = "my Kite";
  out.api_key = "sealed key";
  out.api_secret = "sealed secret";
  return out;
}

TEST_P(StoreContract, AConnectionIsKeptAsItWasGivenSealsIncluded) {
  auto wanted = connection_of(1, 1);
  wanted.access_token = "sealed token";
  wanted.session_expires_at = at_minute(60);
  const auto put = writer().put_connection(wanted, {}, "connection_added", user(1), at_minute(1));
  ASSERT_TRUE(put) << put.error().message;
  wanted.created_at = wanted.updated_at = at_minute(1);
  EXPECT_EQ(*put, wanted);
  backend_->reopen();
  EXPECT_EQ(reader()->connection(wanted.id, operator_).value(), wanted);
  EXPECT_EQ(trail().back().entry.event, "connection_added");
  EXPECT_EQ(trail().back().entry.actor, user(1).name);
  EXPECT_EQ(trail().back().entry.user_id, user_id(1));
}

TEST_P(StoreContract, AConnectionThatChangesKeepsItsOwnerAndGrowsItsVersion) {
  ASSERT_TRUE(
      writer().put_connection(connection_of(1, 1), {}, "connection_added", user(1), at_minute(1)));
  auto renamed = connection_of(1, 2);
  renamed.name = "second name";
  renamed.enabled = false;
  const auto put =
      writer().put_connection(renamed, 1, "connection_changed", operator_, at_minute(2));
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_EQ(put->user_id, user_id(1));
  EXPECT_EQ(put->version, 2);
  EXPECT_FALSE(put->enabled);
  EXPECT_EQ(put->created_at, at_minute(1));
  const auto late =
      writer().put_connection(renamed, 1, "connection_changed", user(1), at_minute(3));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(late.error().field, "version");
}

TEST_P(StoreContract, AUserHasTheirOwnConnectionsAndNoOthers) {
  ASSERT_TRUE(
      writer().put_connection(connection_of(1, 1), {}, "connection_added", user(1), at_minute(1)));
  // Whoever it names, it is the user's who makes it.
  ASSERT_TRUE(
      writer().put_connection(connection_of(2, 1), {}, "connection_added", user(2), at_minute(1)));
  EXPECT_EQ(reader()->connection(connection_id(2), user(2))->user_id, user_id(2));
  EXPECT_EQ(reader()->connections(user(1))->size(), 1U);
  EXPECT_EQ(reader()->connections(operator_)->size(), 2U);
  const auto seen = reader()->connection(connection_id(1), user(2));
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().kind, base::ErrorKind::not_found);
  auto stolen = connection_of(1, 2);
  EXPECT_EQ(writer().put_connection(stolen, {}, "x", user(2), at_minute(2)).error().kind,
            base::ErrorKind::not_found);
  EXPECT_EQ(writer().remove_connection(connection_id(1), user(2), at_minute(2)).error().kind,
            base::ErrorKind::not_found);
}

TEST_P(StoreContract, AConnectionGoesOnlyWhenNothingStandsOnIt) {
  ASSERT_TRUE(
      writer().put_connection(connection_of(1, 1), {}, "connection_added", user(1), at_minute(1)));
  const auto row = create(stop_loss(1));
  const auto held = writer().remove_connection(connection_id(1), user(1), at_minute(2));
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().kind, base::ErrorKind::conflict);
  ASSERT_TRUE(writer().cancel(row.id, {}, operator_, nullptr, at_minute(3)));
  ASSERT_TRUE(writer().bind_account(connection_id(1), "kite", "AB1234", at_minute(3)));
  ASSERT_TRUE(writer().remove_connection(connection_id(1), user(1), at_minute(4)));
  EXPECT_TRUE(writer().bind_account(connection_id(2), "kite", "AB1234", at_minute(5)));
  EXPECT_EQ(trail().back().entry.event, "connection_removed");
  EXPECT_TRUE(reader()->connections(operator_)->empty());
}

TEST_P(StoreContract, CountsAreOfTheUsersOwnTriggers) {
  create(stop_loss(1));
  fire(stop_loss(2), "TAG2");
  const auto cancelled = create(stop_loss(3));
  ASSERT_TRUE(writer().cancel(cancelled.id, {}, operator_, nullptr, at_minute(2)));
  const auto failed = fire(stop_loss(4), "TAG4");
  record({record_of(outcome_of(failed, model::TriggerStatus::failed), at_minute(3))});
  const auto triggered = fire(stop_loss(5), "TAG5");
  record({record_of(outcome_of(triggered, model::TriggerStatus::triggered), at_minute(3))});
  auto strange = stop_loss(6);
  strange.user_id = user_id(2);
  strange.broker_connection_id = connection_id(2);
  create(strange);
  EXPECT_EQ(reader()->counts(user(1)).value(),
            (TriggerCounts{.active = 1, .triggered = 1, .failed = 1}));
  EXPECT_EQ(reader()->counts(user(2)).value().active, 1);
  EXPECT_EQ(reader()->counts(operator_).value().active, 2);
}

TEST_P(StoreContract, RecoveryOfOneConnectionLeavesTheOthersOut) {
  const auto mine = create(stop_loss(1));
  const auto fired = fire(stop_loss(2), "TAG2");
  auto other = stop_loss(3);
  other.user_id = user_id(2);
  other.broker_connection_id = connection_id(2);
  create(in_group(other, 9));
  const auto found = whole_recovery(*reader(), base::trading_date(at_minute(0)), connection_id(1));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->triggers.size(), 2U);
  EXPECT_EQ(found->triggers[0].id, mine.id);
  EXPECT_EQ(found->triggers[1].id, fired.id);
  EXPECT_EQ(found->attempts.size(), 1U);
  const auto theirs = whole_recovery(*reader(), base::trading_date(at_minute(0)), connection_id(2));
  EXPECT_EQ(theirs->triggers.size(), 1U);
  EXPECT_TRUE(theirs->attempts.empty());
}

TEST_P(StoreContract, ActiveRowsAreTheOnesThatAnEngineMustHold) {
  const auto first = create(stop_loss(2));
  const auto second = create(stop_loss(1));
  const auto fired = fire(stop_loss(3), "TAG3");
  ASSERT_TRUE(writer().edit(first, first.version, operator_, nullptr, at_minute(2)));
  EXPECT_EQ(reader()->active_rows({}, 10).value(),
            (std::vector<Held>{{second.id, second.version, connection_id(1)},
                               {first.id, first.version + 1, connection_id(1)}}));
  EXPECT_EQ(reader()->active_rows({}, 1)->front().id, second.id);
  EXPECT_EQ(reader()->active_rows(second.id, 1)->front().id, first.id);
  EXPECT_TRUE(reader()->active_rows(first.id, 1)->empty());
}

}  // namespace hmt::store
