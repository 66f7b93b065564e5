#include <gmock/gmock.h>

#include "runtime/test_world.h"

// Two processes on one database, and hands on its table.
namespace hmt::runtime {
namespace {

using model::TriggerStatus;
using testing::Contains;
using testing::HasSubstr;

constexpr auto lease = seconds(10);

class SharedRecords : public World {
 protected:
  SharedRecords() {
    records.share(lease, [this] {
      if (timekeeper) return timekeeper->clock.now();
      return life ? life->clock.now() : now;
    });
  }

  // ---- a second process, on the same clock as the first
  void begin_other() {
    auto theirs = settings;
    theirs.holder = "the other";
    other_settings = theirs;
    other = std::make_unique<Life>(records, ledger, other_settings, life->clock.now(), false);
    other->runtime.launch();
    both(seconds(1));
  }
  bool step_other() {
    if (!other) return false;
    if (other->clock.run_one()) return true;
    if (other->runtime.commits().size() != 0) {
      other->runtime.commits().run_pending();
      return true;
    }
    return false;
  }
  void both(base::Duration by) {
    for (base::Duration done{}; done < by; done += milliseconds(100)) {
      for (auto* each : {first_runs ? life.get() : nullptr, other.get()}) {
        if (each) advance(*each, milliseconds(100));
      }
      if (!first_runs) frozen += milliseconds(100);
    }
  }
  void ask_other_to_stop() {
    other->runtime.stop({}, [this](auto said) { answer = std::move(said); });
    both(seconds(1));
  }
  static void advance(Life& each, base::Duration by) {
    const auto until = each.clock.steady() + by;
    const auto run = [&each] {
      for (int i = 0; i < 10'000; ++i) {
        if (each.clock.run_one()) continue;
        if (each.runtime.commits().size() == 0) return;
        each.runtime.commits().run_pending();
      }
    };
    run();
    while (each.clock.next_timer(until)) run();
    for (const auto& line : each.lines) {
      if (line->observer) line->observer->on_heartbeat();
    }
    run();
  }
  // SIGSTOP and SIGCONT of the first process: time goes on without it.
  void freeze() {
    first_runs = false;
    timekeeper = other.get();
  }
  void thaw() {
    first_runs = true;
    advance(*life, frozen);
    frozen = {};
  }
  void cross_while_the_lease_is_not_fresh() {
    live();
    create(stop_loss());
    records.hold_leases(true);
    advance(*life, seconds(7));
    tick("1500");
  }
  void tick_both(std::string_view price) {
    tick(price);
    std::swap(life, other);
    if (life) tick(price);
    std::swap(life, other);
    both(milliseconds(200));
  }

  std::unique_ptr<Life> other;
  RuntimeSettings other_settings;
  std::optional<base::Result<std::string>> answer;  // to `ask_other_to_stop`
  Life* timekeeper = nullptr;  // whose clock the database goes by; null: the first's
  bool first_runs = true;
  base::Duration frozen{};
};

TEST_F(SharedRecords, TheSecondProcessStandsByAndSaysWhoHoldsTheLease) {
  live();
  create(stop_loss());
  begin_other();
  EXPECT_EQ(standing().status, EngineStatus::running);
  EXPECT_EQ(other->runtime.standing().status, EngineStatus::starting);
  EXPECT_THAT(other->runtime.standing().reasons,
              Contains(HasSubstr("Standing by: another engine")));
  EXPECT_THAT(other->runtime.watch(row()).why_not, HasSubstr("test"));
  tick_both("1500");
  EXPECT_EQ(orders(), 1);
}

TEST_F(SharedRecords, AHolderThatDiesIsReplacedOnceItsLeaseHasRunOut) {
  live();
  create(stop_loss());
  begin_other();
  const auto before = other->clock.now();
  timekeeper = other.get();
  life.reset();
  std::swap(life, other);
  for (int i = 0; i < 300 && standing().status != EngineStatus::running; ++i) {
    advance(*life, milliseconds(100));
  }
  EXPECT_EQ(standing().status, EngineStatus::running);
  EXPECT_LE(life->clock.now() - before, lease + seconds(2));
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

TEST_F(SharedRecords, AnOrderlyEndHandsTheLeaseOverAtOnce) {
  live();
  create(stop_loss());
  begin_other();
  life->runtime.drain(seconds(1), [] {});
  both(milliseconds(300));
  life->runtime.give_up_lease([] {});
  both(seconds(1));
  EXPECT_EQ(other->runtime.standing().status, EngineStatus::running);
}

TEST_F(SharedRecords, AFrozenHolderThatWakesSendsNothingAndStandsBy) {
  live();
  create(stop_loss());
  begin_other();
  freeze();
  both(lease + seconds(2));
  EXPECT_EQ(other->runtime.standing().status, EngineStatus::running);
  // The price that it sleeps on reaches both.
  tick("1500");
  thaw();
  std::swap(life, other);
  tick("1500");
  std::swap(life, other);
  both(seconds(2));
  EXPECT_EQ(orders(), 1);
  EXPECT_EQ(row().status, TriggerStatus::triggered);
  EXPECT_EQ(standing().status, EngineStatus::starting);
  EXPECT_EQ(other->runtime.standing().status, EngineStatus::running);
  EXPECT_EQ(life->fenced, 0);
}

TEST_F(SharedRecords, NothingFiresWhileTheLeaseCannotBeRenewedAndItIsNotUsedUp) {
  cross_while_the_lease_is_not_fresh();
  advance(*life, seconds(2));
  EXPECT_EQ(orders(), 0);
  EXPECT_THAT(watch().why_not, HasSubstr("cannot be renewed"));
  EXPECT_EQ(row().fire_no, 0) << "no fire was begun only to be taken back";
  records.hold_leases(false);
  advance(*life, seconds(1));
  EXPECT_EQ(orders(), 1) << "what was seen meanwhile counts";
  EXPECT_EQ(row().status, TriggerStatus::triggered);
}

TEST_F(SharedRecords, WhatWasSeenWhileTheLeaseWasNotFreshCountsThoughTheClockWasSet) {
  cross_while_the_lease_is_not_fresh();
  advance(*life, milliseconds(500));
  life->clock.step_wall_clock(milliseconds(-600));
  advance(*life, milliseconds(500));
  records.hold_leases(false);
  advance(*life, seconds(1));
  EXPECT_EQ(orders(), 1);
}

TEST_F(SharedRecords, AStopThatWasAskedOfAStandbyDoesNotKeepItFromTakingOver) {
  live();
  create(stop_loss());
  begin_other();
  other->runtime.stop({}, [](auto) {});
  both(seconds(3));
  std::optional<base::Result<std::string>> started;
  life->runtime.start({}, [&](auto said) { started = std::move(said); });
  both(seconds(1));
  ASSERT_TRUE(started && *started);
  EXPECT_EQ(standing().status, EngineStatus::running);
  timekeeper = other.get();
  life.reset();
  std::swap(life, other);
  for (int i = 0; i < 150; ++i) advance(*life, milliseconds(100));
  EXPECT_EQ(standing().status, EngineStatus::running);
}

// The look that saw the stop is slow to tell, and the one that begins to follow takes the start
// over.
TEST_F(SharedRecords, AStopThatIsHeardOfLateDoesNotOutliveTheStartThatWasConfirmed) {
  live();
  ASSERT_TRUE(stop());
  life->watch.hold(true);
  ASSERT_TRUE(start());
  life->runtime.on_switch({.stopped = true, .why = "The engine was stopped by a person"});
  settle();
  ASSERT_EQ(standing().status, EngineStatus::stopped);
  life->watch.hold(false);
  settle();
  EXPECT_EQ(standing().status, EngineStatus::running);
}

// The holder sleeps with an order in hand that waits for its turn, and wakes before it looks at the
// switch again.
class StopAskedOfAStandby : public SharedRecords, public testing::WithParamInterface<int> {};

TEST_P(StopAskedOfAStandby, NoOrderLeavesOnceItSaidStopped) {
  settings.gate.rate = {.per_second = 1, .on_its_way_max = {}, .margin_per_mille = 0};
  live();
  create(stop_loss(1));
  create(stop_loss(2));
  begin_other();
  tick("1500");
  both(milliseconds(900));
  advance(*life, milliseconds(99));
  advance(*other, milliseconds(99));
  ASSERT_EQ(ledger.orders.size(), 1U) << "the second waits";

  std::optional<std::size_t> when_said;
  other->runtime.stop({}, [&](const auto& said) {
    ASSERT_TRUE(said);
    when_said = ledger.orders.size();
  });
  freeze();
  both(milliseconds(GetParam()));
  life->clock.sleep(std::exchange(frozen, {}));
  first_runs = true;
  both(seconds(10));
  ASSERT_TRUE(when_said) << "it is said in the end";
  EXPECT_EQ(ledger.orders.size(), *when_said);
}

INSTANTIATE_TEST_SUITE_P(Asleep, StopAskedOfAStandby,
                         testing::Values(10, 500, 1900, 2400, 2600, 3000, 4000, 5000, 5900, 6100,
                                         7000));

// Two processes of one database may be given different lengths of the lease.
TEST_F(SharedRecords, AStandbyWaitsForAsLongAsTheHoldersLeaseLasts) {
  live();
  begin_other();
  records.share(seconds(60), [this] { return life->clock.now(); });
  both(seconds(10));
  other->runtime.stop({}, [this](const auto&) { now = life->clock.now(); });
  const auto asked_at = life->clock.now();
  both(seconds(61));
  EXPECT_GT(now - asked_at, seconds(36)) << "it held the lease to be fresh for as long";
}

TEST_F(SharedRecords, AStopThatAStartHasOvertakenSaysSo) {
  live();
  begin_other();
  ask_other_to_stop();
  other->runtime.start({}, [](const auto&) {});
  both(lease);
  ASSERT_TRUE(answer && *answer);
  EXPECT_THAT(**answer, HasSubstr("started since"));
}

// What this process follows has told it of the start before it has heard of its own stop.
TEST_F(SharedRecords, AStopOfTheHolderThatAStartElsewhereHasOvertakenIsNotTheEnd) {
  live();
  begin_other();
  life->watch.hold(true);
  std::string said;
  life->runtime.stop({}, [&](const auto& answer) { said = answer.value_or("failed"); });
  life->runtime.commits().run_pending();
  other->runtime.start({}, [](const auto&) {});
  while (step_other()) {
  }
  settle();
  EXPECT_THAT(said, HasSubstr("started since"));
  EXPECT_EQ(standing().status, EngineStatus::starting);
  life->watch.hold(false);
  settle();
  EXPECT_EQ(standing().status, EngineStatus::running);
}

TEST_F(SharedRecords, AStopIsNotCalledOneWhereNobodyCanSayWhetherAStartHasOvertakenIt) {
  live();
  begin_other();
  ask_other_to_stop();
  other->runtime.commits().stop();
  both(lease);
  ASSERT_TRUE(answer);
  ASSERT_FALSE(*answer);
  EXPECT_THAT(answer->error().message, HasSubstr("on record"));
}

TEST_F(SharedRecords, WhoLostTheLeaseUnnoticedDoesNotSayStoppedForTheOneWhoHasIt) {
  live();
  begin_other();
  freeze();
  both(lease + seconds(2));
  ASSERT_EQ(other->runtime.standing().status, EngineStatus::running);
  life->clock.sleep(std::exchange(frozen, {}));
  first_runs = true;
  bool said = false;
  life->runtime.stop({}, [&](const auto&) { said = true; });
  both(seconds(2));
  EXPECT_FALSE(said) << "the holder may not have heard of it yet";
  both(lease);
  EXPECT_TRUE(said);
  EXPECT_EQ(other->runtime.standing().status, EngineStatus::stopped);
}

TEST_F(SharedRecords, AStartThatIsAskedOfAStandbyReachesAHolderWhoseStopCouldNotBeWritten) {
  live();
  begin_other();
  records.fail_next_writes(1);
  EXPECT_FALSE(stop());
  EXPECT_EQ(standing().status, EngineStatus::stopped) << "nothing leaves, whatever the records say";
  other->runtime.start({}, [](const auto&) {});
  both(seconds(1));
  EXPECT_EQ(standing().status, EngineStatus::running);
}

// ---- hands on the table

TEST_F(SharedRecords, ARowThatSomebodyWritesIsArmedWithinAQuarterOfASecond) {
  live();
  tick("1510");
  records.put_by_hand(stop_loss(), life->clock.now());
  advance(*life, milliseconds(250));
  EXPECT_THAT(watch().why_not, HasSubstr("No price"));
  tick_and_settle("1510");
  EXPECT_TRUE(watch().monitored);
  auto edited = row();
  edited.leg_1.trigger_price = model::Price::from_rupees(1400);
  records.put_by_hand(edited, life->clock.now());
  advance(*life, milliseconds(250));
  EXPECT_TRUE(watch().monitored);
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 0);
  records.delete_by_hand(id(), life->clock.now());
  advance(*life, milliseconds(500));
  EXPECT_EQ(standing().active_triggers, 0);
  tick_and_settle("1300");
  EXPECT_EQ(orders(), 0);
}

TEST_F(SharedRecords, ARowWithAnotherInstrumentsTokenIsWatchedOnItsOwnInstrument) {
  live();
  auto wrong = stop_loss();
  wrong.instrument_token = 999;
  records.put_by_hand(wrong, life->clock.now());
  advance(*life, milliseconds(500));
  EXPECT_EQ(row().instrument_token, infy) << "the symbol is what the trader meant";
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

TEST_F(SharedRecords, ARowOfAnInstrumentThatDoesNotTradeIsNotWatchedAndSaysSo) {
  live();
  auto wrong = stop_loss();
  wrong.trading_symbol = "NOSUCH";
  records.put_by_hand(wrong, life->clock.now());
  advance(*life, milliseconds(500));
  EXPECT_THAT(watch().why_not, HasSubstr("No instrument of its name"));
  advance(*life, settings.compare_period + seconds(1));
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 0) << "the full compare does not bring it back";
}

TEST_F(SharedRecords, WhatTheFollowerMissedTheFullCompareFinds) {
  live();
  records.keep_quiet(true);
  records.put_by_hand(stop_loss(), life->clock.now());
  advance(*life, seconds(1));
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 0);
  advance(*life, settings.compare_period + seconds(1));
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

// Nobody tells a process of what it wrote itself.
TEST_F(SharedRecords, ARowWhoseAnswerWasLostIsWatchedAtOnceAndNotByTheNextFullCompare) {
  live();
  std::optional<base::ErrorKind> told;
  records.lose_next_answers(1);
  life->runtime.create(stop_loss(), {}, {}, [&](base::Result<store::Written> written) {
    if (!written) told = written.error().kind;
  });
  advance(*life, milliseconds(300));
  EXPECT_EQ(told, base::ErrorKind::unavailable);
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

TEST_F(SharedRecords, ADatabaseThatWasAwayIsComparedAsSoonAsItIsBack) {
  live();
  records.keep_quiet(true);
  records.put_by_hand(stop_loss(), life->clock.now());
  records.fail_next_writes(1);
  advance(*life, milliseconds(150));
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("are not seen")));
  records.fail_next_writes(0);
  advance(*life, milliseconds(400));
  EXPECT_EQ(standing().status, EngineStatus::running);
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

TEST_F(SharedRecords, WhatTheFollowerHadToPassOverAFullCompareFindsAtOnce) {
  live();
  records.put_by_hand(stop_loss(), life->clock.now());
  records.drop_untold();
  advance(*life, milliseconds(250));
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

TEST_F(SharedRecords, AFloodOfRowsIsTakenOverAThousandAtATimeAndWithoutAPause) {
  live();
  std::vector<model::Trigger> rows(2500, stop_loss());
  for (std::size_t n = 0; n < rows.size(); ++n) {
    rows[n].id.uuid.bytes[0] = static_cast<std::uint8_t>(n >> 8);
    rows[n].id.uuid.bytes[1] = static_cast<std::uint8_t>(n);
    records.put_by_hand(rows[n], life->clock.now());
  }
  const auto writes_before = records.writes();
  advance(*life, milliseconds(150));
  EXPECT_EQ(records.writes() - writes_before, 3);
  tick_and_settle("1510");
  EXPECT_EQ(std::ranges::count_if(
                rows, [this](const auto& each) { return life->runtime.watch(each).monitored; }),
            2500);
}

TEST_F(SharedRecords, ChangesThatCannotBeTakenOverAreToldAndAreNotForgotten) {
  live();
  records.put_by_hand(stop_loss(), life->clock.now());
  while (life->runtime.commits().size() == 0) {
    if (!life->clock.run_one()) life->clock.next_timer(life->clock.steady() + milliseconds(10));
  }
  records.fail_next_writes(1);  // the look has seen the row: it is the reading of it that fails
  life->runtime.commits().run_pending();
  while (life->clock.run_one()) {
  }
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("are not seen")));
  advance(*life, milliseconds(150));
  EXPECT_THAT(standing().reasons, testing::Not(Contains(HasSubstr("are not seen"))));
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

TEST_F(SharedRecords, AStopThatWasAskedOfTheOtherProcessStopsTheHolder) {
  live();
  create(stop_loss());
  begin_other();
  std::optional<base::Result<std::string>> answer;
  other->runtime.stop({}, [&](auto said) { answer = std::move(said); });
  both(milliseconds(300));
  EXPECT_EQ(standing().status, EngineStatus::stopped);
  EXPECT_FALSE(answer) << "it is said when no holder that is asleep could send any more";
  both(lease);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ(**answer, "Engine stopped");
  tick_both("1400");
  EXPECT_EQ(orders(), 0);
}

}  // namespace
}  // namespace hmt::runtime
