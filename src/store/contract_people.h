#pragma once
#include "store/contract_fixture.h"

namespace hmt::store {

inline Idempotency key_of(const std::string& key, const std::string& hash) {
  return {key, hash,
          [](const model::Trigger& row) { return "{\"id\":\"" + row.id.text() + "\"}"; }};
}

inline model::Trigger with_everything(std::uint32_t n) {
  auto out = in_group(two_leg(n), 7);
  out.trading_symbol = "M&M'; DROP TABLE hmt_gtt_orders; --\n\"x\" \xE2\x82\xB9";
  out.exchange = model::Exchange::cds;
  out.instrument_token = 4294967043U;  // the largest of its segment
  out.leg_1.product = model::Product::mtf;
  out.leg_1.trigger_price = price("0.0000001");
  out.leg_1.order_price = price("83.0025");
  out.leg_1.quantity = 10'000'000;
  out.leg_2->product = model::Product::nrml;
  out.leg_2->trigger_price = price("99999999.99");
  out.leg_2->order_price.reset();
  out.leg_2->quantity = 9'999'999;
  out.on_unknown = model::OnUnknown::retry;
  out.purpose = model::Purpose::entry;
  out.expires_at = at_minute(400) + 1us;
  return out;
}

TEST_P(StoreContract, ACreatedTriggerIsStoredAsItIs) {
  const auto wanted = with_everything(1);
  auto expected = wanted;
  expected.created_at = expected.updated_at = at_minute(3);
  EXPECT_EQ(create(wanted, 3), expected);
  backend_->reopen();
  EXPECT_EQ(stored(wanted.id), expected);
}

TEST_P(StoreContract, ATriggerWithTheFewestFieldsIsStoredAsItIs) {
  auto wanted = stop_loss(1);
  wanted.side = model::Side::buy;
  wanted.direction = model::Direction::falling;
  wanted.leg_1.order_price.reset();
  auto expected = wanted;
  expected.created_at = expected.updated_at = at_minute(0);
  EXPECT_EQ(create(wanted), expected);
  EXPECT_EQ(stored(wanted.id), expected);
}

TEST_P(StoreContract, PricesComeBackExactly) {
  std::uint32_t n = 0;
  for (const auto* text : {"0.0000001", "0.05", "83.0025", "1499.95", "1500.00", "12345678.1234567",
                           "99999999.99", "100000000.00"}) {
    auto row = stop_loss(++n);
    row.leg_1.trigger_price = price(text);
    row.leg_1.order_price = price(text);
    create(row);
    EXPECT_EQ(stored(row.id).leg_1.trigger_price.text(), price(text).text());
    EXPECT_EQ(stored(row.id).leg_1.order_price, price(text));
  }
}

TEST_P(StoreContract, NobodyCreatesATriggerThatHasFiredAlready) {
  auto wanted = two_leg(1);
  wanted.status = model::TriggerStatus::triggered;
  wanted.version = 9;
  wanted.fire_no = 4;
  wanted.order_id = "1";
  wanted.order_status = "COMPLETE";
  wanted.filled_quantity = 10;
  wanted.average_price = price("1.00");
  wanted.error_message = "x";
  wanted.triggered_at = at_minute(1);
  wanted.leg_1.state = model::LegState::fired;
  wanted.leg_2->state = model::LegState::failed;
  auto expected = two_leg(1);
  expected.created_at = expected.updated_at = at_minute(0);
  EXPECT_EQ(create(wanted), expected);
  EXPECT_EQ(stored(wanted.id), expected);
}

TEST_P(StoreContract, AUsersTriggerIsTheirsWhoeverItNames) {
  users_are_connected();
  auto wanted = theirs(1);
  wanted.user_id = user_id(1);
  const auto written = writer().create(wanted, user(2), nullptr, at_minute(0));
  ASSERT_TRUE(written);
  EXPECT_EQ(written->trigger.user_id, user_id(2));
  EXPECT_FALSE(reader()->trigger(wanted.id, user(1)));
  EXPECT_TRUE(reader()->trigger(wanted.id, user(2)));
}

TEST_P(StoreContract, AnIdIsUsedOnce) {
  create(stop_loss(1));
  const auto again = writer().create(two_leg(1), operator_, nullptr, at_minute(1));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(again.error().field, "id");
  EXPECT_EQ(stored(trigger_id(1)).leg_2, std::nullopt);
}

TEST_P(StoreContract, AGroupIsOfOneAccount) {
  create(in_group(stop_loss(1), 7));
  auto other = in_group(stop_loss(2), 7);
  other.broker_connection_id = connection_id(2);
  auto refused = writer().create(other, operator_, nullptr, at_minute(0));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(refused.error().field, "parent_id");

  const auto stranger = writer().create(in_group(stop_loss(2), 7), user(2), nullptr, at_minute(0));
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().field, "parent_id");
  EXPECT_FALSE(reader()->trigger(trigger_id(2), operator_));

  const auto alone = create(stop_loss(3));
  auto moved = alone;
  moved.parent_id = group_id(7);
  moved.broker_connection_id = connection_id(2);
  EXPECT_FALSE(writer().edit(moved, alone.version, operator_, nullptr, at_minute(1)));
  EXPECT_EQ(stored(alone.id), alone);
}

TEST_P(StoreContract, NobodyJoinsAGroupThatIsDecided) {
  const auto one = create(in_group(stop_loss(1), 7));
  const auto alone = create(stop_loss(2));
  ASSERT_EQ(claim_one(claim_of(one, "TAG1")), ClaimVerdict::won);
  const auto late = writer().create(in_group(stop_loss(3), 7), operator_, nullptr, at_minute(6));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().field, "parent_id");
  EXPECT_FALSE(writer().edit(in_group(alone, 7), alone.version, operator_, nullptr, at_minute(6)));
}

TEST_P(StoreContract, AnEditReplacesWhatUsersMayWriteAndNothingElse) {
  const auto before = create(stop_loss(1));
  auto edited = with_everything(1);
  edited.user_id = user_id(9);
  edited.status = model::TriggerStatus::failed;
  edited.order_id = "1";
  edited.fire_no = 7;
  const auto written = writer().edit(edited, before.version, user(1), nullptr, at_minute(4));
  ASSERT_TRUE(written) << written.error().message;

  auto expected = with_everything(1);
  expected.version = before.version + 1;
  expected.created_at = before.created_at;
  expected.updated_at = at_minute(4);
  EXPECT_EQ(written->trigger, expected);
  EXPECT_EQ(stored(before.id), expected);
  EXPECT_EQ(written->last_event, last_event());
}

TEST_P(StoreContract, AnEditMayDropTheSecondLeg) {
  const auto before = create(two_leg(1));
  ASSERT_TRUE(writer().edit(stop_loss(1), before.version, operator_, nullptr, at_minute(4)));
  EXPECT_EQ(stored(before.id).leg_2, std::nullopt);
  EXPECT_EQ(stored(before.id).condition, model::Condition::single);
}

TEST_P(StoreContract, AnEditSaysWhatItChanged) {
  const auto before = create(stop_loss(1));
  auto edited = before;
  edited.leg_1.trigger_price = price("1490.00");
  ASSERT_TRUE(writer().edit(edited, before.version, user(1), nullptr, at_minute(4)));
  const auto entry = trail(before.id).back().entry;
  EXPECT_EQ(entry.event, "edited");
  EXPECT_EQ(entry.actor, user(1).name);
  EXPECT_EQ(entry.at, at_minute(4));
  EXPECT_EQ(entry.user_id, user_id(1));
  EXPECT_EQ(entry.detail,
            (model::Detail{{"trigger_price_1", "1500.00 -> 1490.00"}, {"version", "2"}}));
}

TEST_P(StoreContract, AnEditArmsTheLegItChangesAgainAndNoOther) {
  const auto row = fire(two_leg(1), "TAG1");
  auto outcome = outcome_of(row, model::TriggerStatus::active);
  outcome.leg_1 = model::LegState::failed;
  outcome.error_message = "insufficient funds";
  record({record_of(outcome, at_minute(6))});

  auto edited = stored(row.id);
  edited.leg_2->trigger_price = price("1700.00");
  ASSERT_TRUE(writer().edit(edited, edited.version, operator_, nullptr, at_minute(7)));
  EXPECT_EQ(stored(row.id).leg_1.state, model::LegState::failed);
  EXPECT_EQ(stored(row.id).error_message, "insufficient funds");

  edited = stored(row.id);
  edited.leg_1.quantity = 5;
  ASSERT_TRUE(writer().edit(edited, edited.version, operator_, nullptr, at_minute(8)));
  EXPECT_EQ(stored(row.id).leg_1.state, model::LegState::armed);
  EXPECT_EQ(stored(row.id).error_message, "");
}

TEST_P(StoreContract, AnEditThatAsksThePriceAnotherQuestionArmsEveryLeg) {
  const auto row = fire(two_leg(1), "TAG1");
  auto outcome = outcome_of(row, model::TriggerStatus::active);
  outcome.leg_1 = model::LegState::failed;
  record({record_of(outcome, at_minute(6))});
  auto edited = stored(row.id);
  edited.condition = model::Condition::single;
  edited.leg_2.reset();
  ASSERT_TRUE(writer().edit(edited, edited.version, operator_, nullptr, at_minute(7)));
  EXPECT_EQ(stored(row.id).leg_1.state, model::LegState::armed);

  const auto other = fire(two_leg(2), "TAG2");
  outcome = outcome_of(other, model::TriggerStatus::active);
  outcome.leg_2 = model::LegState::failed;
  record({record_of(outcome, at_minute(8))});
  edited = stored(other.id);
  edited.side = model::Side::buy;
  edited.leg_1.trigger_price = price("1700.00");  // a BUY's stop-loss is above its target
  ASSERT_TRUE(writer().edit(edited, edited.version, operator_, nullptr, at_minute(9)));
  EXPECT_EQ(stored(other.id).leg_2->state, model::LegState::armed);
}

TEST_P(StoreContract, AnEditOfAnOldVersionIsAConflict) {
  const auto before = create(stop_loss(1));
  ASSERT_TRUE(writer().edit(before, before.version, operator_, nullptr, at_minute(1)));
  const auto late = writer().edit(before, before.version, operator_, nullptr, at_minute(2));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(late.error().field, "version");
  EXPECT_EQ(stored(before.id).updated_at, at_minute(1));
}

TEST_P(StoreContract, AFiringTriggerIsNeitherEditedNorCancelled) {
  const auto row = fire(stop_loss(1), "TAG1");
  const auto edited = writer().edit(row, row.version, operator_, nullptr, at_minute(6));
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(edited.error().field, "status");
  const auto cancelled = writer().cancel(row.id, {}, operator_, nullptr, at_minute(6));
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().field, "status");
  EXPECT_EQ(stored(row.id), row);
}

TEST_P(StoreContract, ACancelledTriggerIsKept) {
  const auto before = create(stop_loss(1));
  const auto written = writer().cancel(before.id, before.version, user(1), nullptr, at_minute(2));
  ASSERT_TRUE(written);
  auto expected = before;
  expected.status = model::TriggerStatus::cancelled;
  expected.version = 2;
  expected.updated_at = at_minute(2);
  EXPECT_EQ(written->trigger, expected);
  EXPECT_EQ(stored(before.id), expected);
  EXPECT_EQ(written->last_event, last_event());
  EXPECT_EQ(trail(before.id).back().entry.actor, user(1).name);
  EXPECT_FALSE(writer().cancel(before.id, {}, user(1), nullptr, at_minute(3)));
}

TEST_P(StoreContract, ACancelNamesTheVersionItWasReadAt) {
  const auto before = create(stop_loss(1));
  const auto late = writer().cancel(before.id, 5, operator_, nullptr, at_minute(2));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().field, "version");
  EXPECT_TRUE(writer().cancel(before.id, std::nullopt, operator_, nullptr, at_minute(2)));
}

TEST_P(StoreContract, AnotherUsersTriggerIsNotThere) {
  const auto row = create(stop_loss(1));
  const auto stranger = user(2);
  const auto edited = writer().edit(row, row.version, stranger, nullptr, at_minute(1));
  ASSERT_FALSE(edited);
  EXPECT_EQ(edited.error().kind, base::ErrorKind::not_found);
  const auto cancelled = writer().cancel(row.id, {}, stranger, nullptr, at_minute(1));
  ASSERT_FALSE(cancelled);
  const auto nobodys = writer().cancel(trigger_id(99), {}, stranger, nullptr, at_minute(1));
  EXPECT_EQ(cancelled.error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(cancelled.error().message, nobodys.error().message);
  EXPECT_EQ(reader()->trigger(row.id, stranger).error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(reader()->attempts(row.id, stranger).error().kind, base::ErrorKind::not_found);
  EXPECT_TRUE(reader()->triggers({}, stranger)->triggers.empty());
  EXPECT_TRUE(reader()->audit({}, stranger)->empty());
  EXPECT_EQ(stored(row.id), row);
}

TEST_P(StoreContract, ARepeatedCreateGetsItsFirstAnswer) {
  users_are_connected();
  const auto key = key_of("k1", "h1");
  const auto first = writer().create(stop_loss(1), user(1), &key, at_minute(0));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->replayed, std::nullopt);
  const auto event = last_event();
  backend_->reopen();
  const auto again = writer().create(stop_loss(2), user(1), &key, at_minute(1));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->replayed, "{\"id\":\"" + trigger_id(1).text() + "\"}");
  EXPECT_EQ(again->trigger, first->trigger);
  EXPECT_EQ(last_event(), event);
  EXPECT_FALSE(reader()->trigger(trigger_id(2), operator_));
}

TEST_P(StoreContract, AKeyForAnotherRequestIsAConflict) {
  users_are_connected();
  const auto key = key_of("k1", "h1");
  ASSERT_TRUE(writer().create(stop_loss(1), user(1), &key, at_minute(0)));
  const auto other = key_of("k1", "h2");
  const auto refused = writer().create(stop_loss(2), user(1), &other, at_minute(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(refused.error().field, "Idempotency-Key");
  EXPECT_FALSE(reader()->trigger(trigger_id(2), operator_));
}

TEST_P(StoreContract, AKeptAnswerCanBeAskedForBeforeAnythingIsWritten) {
  users_are_connected();
  const auto asked = [&](const std::string& name, const std::string& hash, const Actor& actor) {
    return reader()->kept_answer(name, hash, actor);
  };
  EXPECT_EQ(*asked("k1", "h1", user(1)), std::nullopt);
  const auto key = key_of("k1", "h1");
  ASSERT_TRUE(writer().create(stop_loss(1), user(1), &key, at_minute(0)));
  EXPECT_EQ(*asked("k1", "h1", user(1)), "{\"id\":\"" + trigger_id(1).text() + "\"}");
  EXPECT_EQ(*asked("k1", "h1", user(2)), std::nullopt);
  const auto other = asked("k1", "h2", user(1));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(other.error().field, "Idempotency-Key");
}

TEST_P(StoreContract, AKeyBelongsToItsActor) {
  users_are_connected();
  const auto key = key_of("k1", "h1");
  ASSERT_TRUE(writer().create(stop_loss(1), user(1), &key, at_minute(0)));
  const auto other = writer().create(theirs(2), user(2), &key, at_minute(1));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->replayed, std::nullopt);
  EXPECT_EQ(other->trigger.id, trigger_id(2));
}

TEST_P(StoreContract, AKeyIsKeptForSevenDays) {
  users_are_connected();
  const auto key = key_of("k1", "h1");
  ASSERT_TRUE(writer().create(stop_loss(1), user(1), &key, at_minute(0)));
  const auto week = std::chrono::days(7);
  EXPECT_TRUE(writer().create(stop_loss(2), user(1), &key, at_minute(0) + week)->replayed);
  const auto late = writer().create(stop_loss(3), user(1), &key, at_minute(0) + week + 1us);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->replayed, std::nullopt);
}

TEST_P(StoreContract, ARepeatedEditOrCancelIsHarmless) {
  const auto row = create(stop_loss(1));
  const auto edit_key = key_of("e", "h");
  auto edited = row;
  edited.leg_1.quantity = 5;
  ASSERT_TRUE(writer().edit(edited, row.version, user(1), &edit_key, at_minute(1)));
  const auto again = writer().edit(edited, row.version, user(1), &edit_key, at_minute(2));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(stored(row.id).version, 2);

  const auto cancel_key = key_of("c", "h");
  ASSERT_TRUE(writer().cancel(row.id, {}, user(1), &cancel_key, at_minute(3)));
  EXPECT_TRUE(writer().cancel(row.id, {}, user(1), &cancel_key, at_minute(4))->replayed);
  EXPECT_EQ(stored(row.id).version, 3);
}

TEST_P(StoreContract, ARefusedWriteKeepsNoAnswer) {
  const auto key = key_of("k1", "h1");
  EXPECT_FALSE(writer().cancel(trigger_id(1), {}, user(1), &key, at_minute(0)));
  create(stop_loss(1));
  const auto done = writer().cancel(trigger_id(1), {}, user(1), &key, at_minute(1));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->replayed, std::nullopt);
}

TEST_P(StoreContract, AKeyHasBounds) {
  users_are_connected();
  for (const auto& text : {std::string(), std::string(256, 'k')}) {
    const auto key = key_of(text, "h1");
    const auto refused = writer().create(stop_loss(1), user(1), &key, at_minute(0));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, base::ErrorKind::invalid);
  }
  const auto longest = key_of(std::string(255, '\''), "h1");
  EXPECT_TRUE(writer().create(stop_loss(1), user(1), &longest, at_minute(0)));
  EXPECT_TRUE(writer().create(stop_loss(1), user(1), &longest, at_minute(0))->replayed);
}

// ---- whose data it is

TEST_P(StoreContract, AConnectionBelongsToTheFirstAccountThatUsesIt) {
  const auto mine = connection_id(1);
  ASSERT_TRUE(writer().bind_account(mine, "kite", "AB1234", at_minute(1)));
  EXPECT_TRUE(writer().bind_account(mine, "kite", "AB1234", at_minute(2)));
  const auto other = writer().bind_account(mine, "kite", "ZZ9999", at_minute(3));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, base::ErrorKind::refused);
  EXPECT_NE(other.error().message.find("AB1234"), std::string::npos);
  EXPECT_FALSE(writer().bind_account(mine, "simulator", "AB1234", at_minute(3)));
}

TEST_P(StoreContract, TwoConnectionsNeverShareAnAccount) {
  ASSERT_TRUE(writer().bind_account(connection_id(1), "kite", "AB1234", at_minute(1)));
  const auto second = writer().bind_account(connection_id(2), "kite", "AB1234", at_minute(2));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, base::ErrorKind::refused);
  EXPECT_TRUE(writer().bind_account(connection_id(2), "kite", "CD5678", at_minute(3)));
}

}  // namespace hmt::store
