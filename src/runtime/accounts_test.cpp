#include <gmock/gmock.h>

#include "runtime/test_world.h"

// Many users, each with a broker account of their own, in one engine.
namespace hmt::runtime {
namespace {

using model::TriggerStatus;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ManyUsers : public World {
 protected:
  ManyUsers() {
    settings.many_users = true;
    settings.own_prices = false;
  }

  base::Result<model::BrokerConnection> ask(
      const std::function<void(Done<model::BrokerConnection>)>& what) {
    std::optional<base::Result<model::BrokerConnection>> out;
    what([&out](base::Result<model::BrokerConnection> answer) { out = std::move(answer); });
    settle();
    if (out) return *out;
    return base::fail(base::ErrorKind::unavailable, "no answer came");
  }
  base::Result<model::BrokerConnection> log_in(std::uint8_t number) {
    return ask([&](auto done) {
      life->runtime.log_in(connection(number), agent::Secret("request"), user(number),
                           std::move(done));
    });
  }
  base::Result<model::BrokerConnection> change(std::uint8_t number, ConnectionChange what) {
    return ask([&](auto done) {
      life->runtime.change_connection(connection(number), {}, std::move(what), user(number),
                                      std::move(done));
    });
  }
  base::Result<model::BrokerConnection> enable(std::uint8_t number, bool on) {
    ConnectionChange what;
    what.enabled = on;
    return change(number, std::move(what));
  }
  model::BrokerConnection stored(std::uint8_t number) {
    return records_reader->connection(connection(number), {}).value();
  }
};

TEST_F(ManyUsers, EachTriggerFiresThroughItsOwnersConnection) {
  connect(1);
  connect(2);
  live();
  create(stop_loss_of(1));
  create(stop_loss_of(2));
  tick_and_settle("1500");
  EXPECT_EQ(ledger_of(1).count_of(id(1)), 1);
  EXPECT_EQ(ledger_of(2).count_of(id(2)), 1);
  EXPECT_EQ(ledger_of(1).orders.size(), 1U);
  EXPECT_EQ(ledger_of(2).orders.size(), 1U);
  EXPECT_THAT(ledger.orders, IsEmpty());
  EXPECT_EQ(status(1), TriggerStatus::triggered);
  EXPECT_EQ(status(2), TriggerStatus::triggered);
  pass(seconds(1));
  EXPECT_EQ(standing().triggered_orders, 2);
}

TEST_F(ManyUsers, TheDaysListThatComesWhileAnAccountIsOnItsWayIsHeldAgainstItsTriggersToo) {
  now = monday_morning() - minutes(70);
  connect(1);
  connect(2);
  live();
  create(stop_loss_of(2));
  crash();
  ledger_of(2).holds_books = true;
  live();
  // INFY has the next token today.
  ledger_of(1).listed = ledger_of(2).listed = {"TCS", "INFY"};
  pass(minutes(12));
  ASSERT_EQ(life->runtime.catalogue()->size(), 2U);
  ledger_of(2).holds_books = false;
  for (auto& book : std::exchange(ledger_of(2).held, {})) life->clock.post(std::move(book));
  pass(seconds(1));
  EXPECT_EQ(records_reader->trigger(id(2), {}).value().instrument_token, infy + 256);
}

TEST_F(ManyUsers, TheInstrumentsAndThePricesAreFetchedOnceForAll) {
  connect(1);
  connect(2);
  live();
  EXPECT_EQ(std::ranges::count(ledger_of(1).asked, "instruments") +
                std::ranges::count(ledger_of(2).asked, "instruments"),
            1);
  EXPECT_EQ(life->prices_from.size(), 1U);
  create(stop_loss_of(1));
  create(stop_loss_of(2));
  pass(seconds(1));
  EXPECT_EQ(life->lines.size(), 1U);
  EXPECT_EQ(standing().subscribed_instruments, 1);
}

TEST_F(ManyUsers, TheOperatorsSessionServesPricesAndInstrumentsBeforeAnybodyLogsIn) {
  settings.own_prices = true;
  live();
  EXPECT_EQ(life->runtime.catalogue()->size(), 1U);
  life->runtime.want_prices(1, {infy});
  pass(seconds(1));
  tick_and_settle("1510");
  EXPECT_EQ(life->runtime.last_price(infy)->last, model::Price::from_rupees(1510));
  EXPECT_TRUE(life->prices_from.empty()) << "the ticker's own session is not a user's";
}

TEST_F(ManyUsers, ADeadSessionBlindsItsOwnersTriggersAndNoOthers) {
  connect(1);
  connect(2);
  ledger_of(2).session_good = false;
  live();
  create(stop_loss_of(1));
  create(stop_loss_of(2));
  tick_and_settle("1510");
  EXPECT_TRUE(watch(1).monitored);
  EXPECT_THAT(watch(2).why_not, HasSubstr("log in to Kite"));
  EXPECT_FALSE(life->runtime.connection_standing(connection(2)).live);
  EXPECT_EQ(standing().status, EngineStatus::degraded);
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("1 of 2 broker connections")));
  tick_and_settle("1500");
  EXPECT_EQ(ledger_of(1).orders.size(), 1U);
  EXPECT_EQ(ledger_of(2).orders.size(), 0U);
  ledger_of(2).session_good = true;
  pass(minutes(2));
  tick_and_settle("1500");
  EXPECT_EQ(ledger_of(2).orders.size(), 1U);
  EXPECT_EQ(standing().status, EngineStatus::running);
}

TEST_F(ManyUsers, ATriggerThatNamesNoConnectionOfTheEngineIsNotWatchedAndSaysSo) {
  connect(1);
  live();
  auto row = stop_loss_of(1);
  row.broker_connection_id = {};
  create(row);
  tick_and_settle("1500");
  EXPECT_EQ(ledger_of(1).orders.size(), 0U);
  EXPECT_THAT(ledger.orders, IsEmpty());
  EXPECT_THAT(watch(1).why_not, HasSubstr("does not use this broker connection"));
}

TEST_F(ManyUsers, ATriggerOfAnotherUsersConnectionNeverFires) {
  connect(1);
  connect(2);
  live();
  auto row = stop_loss_of(1);
  row.broker_connection_id = connection(2);
  create(row);
  tick_and_settle("1500");
  EXPECT_EQ(ledger_of(1).orders.size(), 0U);
  EXPECT_EQ(ledger_of(2).orders.size(), 0U);
  EXPECT_FALSE(watch(1).monitored);
}

TEST_F(ManyUsers, AnAccountThatRefusesAnOrderDoesNotStopTheOthers) {
  connect(1);
  connect(2);
  live();
  create(stop_loss_of(1));
  create(stop_loss_of(2));
  ledger_of(1).mood = Ledger::Mood::token_dead;
  tick_and_settle("1500");
  EXPECT_EQ(ledger_of(2).orders.size(), 1U);
  EXPECT_FALSE(life->runtime.connection_standing(connection(1)).live);
  EXPECT_TRUE(life->runtime.connection_standing(connection(2)).live);
}

TEST_F(ManyUsers, StoppedNothingLeavesFromAnyAccount) {
  connect(1);
  connect(2);
  live();
  create(stop_loss_of(1));
  create(stop_loss_of(2));
  ASSERT_TRUE(stop());
  tick_and_settle("1400");
  pass(minutes(1));
  EXPECT_EQ(ledger_of(1).orders.size() + ledger_of(2).orders.size(), 0U);
  ASSERT_TRUE(start());
  pass(seconds(1));
  tick_and_settle("1400");
  EXPECT_EQ(ledger_of(1).orders.size(), 1U);
  EXPECT_EQ(ledger_of(2).orders.size(), 1U);
}

TEST_F(ManyUsers, ARestartTakesUpEachAccountsOwnRecords) {
  connect(1);
  connect(2);
  live();
  create(stop_loss_of(1));
  create(stop_loss_of(2));
  ledger_of(1).mood = Ledger::Mood::takes_without_a_word;
  tick_and_settle("1500");
  crash();
  live();
  pass(seconds(5));
  EXPECT_EQ(status(1), TriggerStatus::triggered);
  EXPECT_EQ(status(2), TriggerStatus::triggered);
  EXPECT_EQ(ledger_of(1).orders.size(), 1U);
  EXPECT_EQ(ledger_of(2).orders.size(), 1U);
}

// ---- connections come, change and go

TEST_F(ManyUsers, AConnectionThatIsAddedIsLiveAfterItsLogin) {
  live();
  ConnectionChange what;
  what.name = "mine";
  what.api_key = agent::Secret("key");
  what.api_secret = agent::Secret("secret");
  const auto added = ask([&](auto done) {
    life->runtime.add_connection(connection(1), std::move(what), user(1), std::move(done));
  });
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->user_id, *user(1).user);
  EXPECT_EQ(added->api_key, "sealed key");
  ledger.account = "AC1";
  const auto session = log_in(1);
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->account, "AC1");
  EXPECT_EQ(stored(1).access_token, "sealed token of request");
  EXPECT_EQ(stored(1).session_expires_at, life->clock.now() + ledger.session_lasts);
  create(stop_loss_of(1));
  pass(seconds(1));
  tick_and_settle("1500");
  EXPECT_EQ(ledger.orders.size(), 1U);
  EXPECT_THAT(events(), Contains("session_renewed"));
}

TEST_F(ManyUsers, TheLoginPageIsThatOfTheConnectionAndOfNobodyElses) {
  connect(1);
  live();
  std::optional<base::Result<std::string>> mine;
  std::optional<base::Result<std::string>> theirs;
  life->runtime.login_url(connection(1), "s1", user(1), [&](auto url) { mine = std::move(url); });
  life->runtime.login_url(connection(1), "s2", user(2), [&](auto url) { theirs = std::move(url); });
  settle();
  EXPECT_EQ(mine->value(), "https://broker.test/login?key=sealed key&state=s1");
  ASSERT_FALSE(*theirs);
  EXPECT_EQ(theirs->error().kind, base::ErrorKind::not_found);
}

TEST_F(ManyUsers, ALoginToAnotherAccountChangesNothing) {
  connect(1);
  live();
  ledger_of(1).account = "ZZ9999";
  const auto refused = log_in(1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::refused);
  EXPECT_THAT(refused.error().message, HasSubstr("AC1"));
  EXPECT_EQ(stored(1).access_token, "sealed token");
}

TEST_F(ManyUsers, TwoConnectionsOfOneAccountAreNotBothLive) {
  connect(1);
  connect(2);
  ledger_of(2).account = "AC1";
  live();
  EXPECT_TRUE(life->runtime.connection_standing(connection(1)).live);
  EXPECT_THAT(life->runtime.connection_standing(connection(2)).why_not,
              HasSubstr("connected already"));
}

TEST_F(ManyUsers, ANewSessionIsUsedAtOnce) {
  connect(1);
  ledger_of(1).session_good = false;
  live();
  create(stop_loss_of(1));
  ledger_of(1).session_good = true;
  ASSERT_TRUE(log_in(1));
  EXPECT_THAT(ledger_of(1).sessions, Contains("token of request"));
  tick_and_settle("1500");
  EXPECT_EQ(ledger_of(1).orders.size(), 1U);
}

TEST_F(ManyUsers, ASessionThatHasEndedIsToldAndItsTokenForgotten) {
  connect(1);
  live();
  create(stop_loss_of(1));
  ledger.session_lasts = minutes(3);
  ASSERT_TRUE(log_in(1));
  pass(minutes(5));
  EXPECT_EQ(stored(1).access_token, "");
  EXPECT_EQ(stored(1).session_expires_at, std::nullopt);
  EXPECT_THAT(events(), Contains("session_ended"));
}

TEST_F(ManyUsers, AConnectionThatIsSwitchedOffFiresNothingUntilItIsOnAgain) {
  connect(1);
  live();
  create(stop_loss_of(1));
  ASSERT_TRUE(enable(1, false));
  tick_and_settle("1500");
  EXPECT_EQ(ledger_of(1).orders.size(), 0U);
  EXPECT_THAT(watch(1).why_not, HasSubstr("switched off"));
  ASSERT_TRUE(enable(1, true));
  pass(seconds(1));
  tick_and_settle("1500");
  EXPECT_EQ(ledger_of(1).orders.size(), 1U);
}

TEST_F(ManyUsers, AConnectionWhoseSwitchingOffWasNotAnsweredIsOffASecondLater) {
  connect(1);
  live();
  create(stop_loss_of(1));
  records.lose_next_answers(1);
  ASSERT_FALSE(enable(1, false));
  ASSERT_FALSE(stored(1).enabled);
  pass(seconds(1));
  tick_and_settle("1500");
  EXPECT_EQ(ledger_of(1).orders.size(), 0U);
  EXPECT_THAT(watch(1).why_not, HasSubstr("switched off"));
}

TEST_F(ManyUsers, AnAccountThatWaitsForAnAnswerBeforeItGoesIsNotCalledWatched) {
  connect(1);
  live();
  create(stop_loss_of(1));
  auto other = stop_loss_of(1);
  other.id = id(2);
  other.leg_1.trigger_price = model::Price::from_rupees(1400);
  create(other);
  ledger_of(1).mood = Ledger::Mood::slow;
  tick_and_settle("1500");
  ASSERT_EQ(ledger_of(1).held.size(), 1U);
  ASSERT_TRUE(watch(2).monitored);
  ConnectionChange keys;
  keys.api_key = agent::Secret("another");
  ASSERT_TRUE(change(1, std::move(keys)));
  EXPECT_THAT(watch(2).why_not, HasSubstr("Its keys were changed"));
  EXPECT_FALSE(life->runtime.connection_standing(connection(1)).live);
}

// A key was changed at one of two processes.
TEST_F(ManyUsers, WhoCannotOpenANewSessionStillHearsThatTheConnectionIsOff) {
  connect(1);
  live();
  create(stop_loss_of(1));
  ledger.seals_open = false;
  ASSERT_TRUE(enable(1, false));
  pass(seconds(1));
  tick_and_settle("1500");
  EXPECT_EQ(ledger_of(1).orders.size(), 0U);
}

TEST_F(ManyUsers, AnotherAppsKeysEndTheSessionThatWasMadeWithTheFormer) {
  connect(1);
  live();
  ConnectionChange what;
  what.api_key = agent::Secret("another");
  ASSERT_TRUE(change(1, std::move(what)));
  EXPECT_EQ(stored(1).api_key, "sealed another");
  EXPECT_EQ(stored(1).access_token, "");
}

TEST_F(ManyUsers, WhatAFormerKeyHasSealedIsSealedAnewAtTheStart) {
  connect(1);
  auto row = stored(1);
  row.api_key = "formerly sealed key";
  ASSERT_TRUE(records.writer()->put_connection(row, {}, "connection_changed", {}, now));
  live();
  EXPECT_EQ(stored(1).api_key, "sealed key");
  EXPECT_TRUE(life->runtime.connection_standing(connection(1)).live);
}

TEST_F(ManyUsers, AConnectionThatIsRemovedIsUsedNoMore) {
  connect(1);
  connect(2);
  live();
  std::optional<base::Result<model::ConnectionId>> out;
  life->runtime.remove_connection(connection(1), user(1),
                                  [&](auto gone) { out = std::move(gone); });
  settle();
  ASSERT_TRUE(out && *out);
  EXPECT_THAT(life->runtime.connection_standing(connection(1)).why_not, HasSubstr("does not use"));
  EXPECT_TRUE(life->runtime.connection_standing(connection(2)).live);
}

TEST_F(ManyUsers, ALoginThatComesBackAfterTheSwitchWentOffLeavesItOff) {
  connect(1);
  live();
  ledger_of(1).holds_sessions = true;
  std::optional<base::Result<model::BrokerConnection>> session;
  life->runtime.log_in(connection(1), agent::Secret("request"), user(1),
                       [&](auto answer) { session = std::move(answer); });
  settle();
  ASSERT_TRUE(enable(1, false));
  life->clock.post(std::move(ledger_of(1).held.front()));
  settle();
  ASSERT_TRUE(session && *session);
  EXPECT_FALSE(stored(1).enabled);
  EXPECT_EQ(stored(1).access_token, "sealed token of request");
}

TEST_F(ManyUsers, ALoginThatComesBackAfterTheRemovalBringsNothingBack) {
  connect(1);
  live();
  ledger_of(1).holds_sessions = true;
  std::optional<base::Result<model::BrokerConnection>> session;
  life->runtime.log_in(connection(1), agent::Secret("request"), user(1),
                       [&](auto answer) { session = std::move(answer); });
  settle();
  life->runtime.remove_connection(connection(1), user(1), [](auto) {});
  settle();
  life->clock.post(std::move(ledger_of(1).held.front()));
  settle();
  ASSERT_TRUE(session);
  ASSERT_FALSE(*session);
  EXPECT_EQ(session->error().kind, base::ErrorKind::not_found);
  EXPECT_TRUE(records_reader->connections({})->empty());
}

TEST_F(ManyUsers, ASessionIsNotLentAgainstItsOwnersWish) {
  connect(1);
  connect(2);
  live();
  ASSERT_EQ(life->prices_from.size(), 1U);
  const auto lender = life->prices_from.front();
  ASSERT_TRUE(enable(lender == connection(1) ? 1 : 2, false));
  pass(seconds(1));
  ASSERT_EQ(life->prices_from.size(), 2U);
  EXPECT_NE(life->prices_from.back(), lender);
}

TEST_F(ManyUsers, AnAccountThatWasRemovedMayBeConnectedAnew) {
  connect(1);
  live();
  life->runtime.remove_connection(connection(1), user(1), [](auto) {});
  settle();
  connect(2);
  ledger_of(2).account = "AC1";
  crash();
  live();
  EXPECT_TRUE(life->runtime.connection_standing(connection(2)).live)
      << life->runtime.connection_standing(connection(2)).why_not;
}

TEST_F(ManyUsers, PricesMoveToAnotherUsersSessionWhenTheTickerRefusesTheFirst) {
  connect(1);
  connect(2);
  ticker_refuses = true;
  live();
  create(stop_loss_of(1));
  pass(seconds(1));
  // Both were tried, once: a session that the ticker has refused is not offered again.
  ASSERT_EQ(life->prices_from.size(), 2U);
  EXPECT_NE(life->prices_from[0], life->prices_from[1]);
}

}  // namespace
}  // namespace hmt::runtime
