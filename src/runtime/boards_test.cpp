#include <gmock/gmock.h>
#include <thread>

#include "runtime/price_board.h"
#include "runtime/standing_board.h"

namespace hmt::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

base::Instant at_second(int n) {
  return base::parse_rfc3339("2026-11-23T04:00:00Z").value() + std::chrono::seconds(n);
}

model::Tick tick_of(model::InstrumentToken token, model::WirePrice last) {
  model::Tick tick;
  tick.token = token;
  tick.last = last;
  tick.received_at = at_second(1);
  tick.freshness = model::Freshness::fresh;
  return tick;
}

TEST(PriceBoard, ShowsTheLatestPriceAtTheScaleOfItsSegment) {
  PriceBoard board;
  EXPECT_EQ(board.read(408065), std::nullopt);
  board.post(tick_of(408065, 150000));
  board.post(tick_of(408065, 149995));
  const auto shown = board.read(408065);
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->last, model::Price::from_paise(149995));
  EXPECT_EQ(shown->at, at_second(1));
  board.post(tick_of(259 * 256 + 3, 830025000));  // CDS
  EXPECT_EQ(board.read(259 * 256 + 3)->last.text(), "83.0025");
}

TEST(PriceBoard, NoPriceIsNotShown) {
  PriceBoard board;
  board.post(tick_of(408065, 0));
  EXPECT_EQ(board.read(408065), std::nullopt);
  EXPECT_EQ(board.read(0), std::nullopt);
}

TEST(PriceBoard, APriceThatIsNotFreshIsShownAsWhatItIsAndNeverOverAFreshOne) {
  PriceBoard board;
  auto old = tick_of(408065, 140000);
  old.freshness = model::Freshness::cached;
  board.post(old);
  EXPECT_EQ(board.read(408065), std::nullopt) << "nobody knows of when it is";
  old.exchange_time =
      static_cast<std::uint32_t>(at_second(-3600).time_since_epoch() / std::chrono::seconds(1));
  board.post(old);
  EXPECT_EQ(board.read(408065)->at, at_second(-3600));
  EXPECT_FALSE(board.read(408065)->fresh);
  board.post(tick_of(408065, 150000));
  board.post(old);
  EXPECT_EQ(board.read(408065)->last, model::Price::from_paise(150000));
  EXPECT_TRUE(board.read(408065)->fresh);
  board.forget(408065);
  EXPECT_EQ(board.read(408065), std::nullopt);
  board.post(old);
  EXPECT_FALSE(board.read(408065)->fresh);
}

TEST(PriceBoard, HoldsEveryInstrumentOfTheVenueAndLeavesOutWhatIsTooMany) {
  auto board = std::make_unique<PriceBoard>();
  const auto token = [](std::uint32_t n) { return (n + 1) * 256 + 1; };
  for (std::uint32_t n = 0; n < 20'000; ++n) board->post(tick_of(token(n), n + 1));
  for (std::uint32_t n = 0; n < 16'384; ++n) {
    ASSERT_EQ(board->read(token(n))->last, model::Price::from_paise(n + 1)) << n;
  }
  EXPECT_EQ(board->read(token(16'384)), std::nullopt);
}

// A screen may ask for any instruments, and weekly options come and go.
TEST(PriceBoard, MakesRoomForWhatIsWatchedNow) {
  auto board = std::make_unique<PriceBoard>();
  const auto token = [](std::uint32_t n) { return (n + 1) * 256 + 1; };
  const std::uint32_t watched = 9'000;
  for (std::uint32_t n = 0; n < watched; ++n) board->post(tick_of(token(n), n + 1));
  for (std::uint32_t n = watched; n < 40'000; ++n) {
    board->forget(token(n - watched));
    ASSERT_EQ(board->read(token(n - watched)), std::nullopt) << n;
    board->post(tick_of(token(n), n + 1));
    ASSERT_EQ(board->read(token(n))->last, model::Price::from_paise(n + 1)) << n;
  }
}

TEST(PriceBoard, OneThreadPostsAndOthersRead) {
  PriceBoard board;
  std::atomic<bool> ended = false;
  std::thread reader([&] {
    while (!ended) {
      const auto shown = board.read(408065);
      if (shown) EXPECT_GT(shown->last, model::Price{});
    }
  });
  for (model::WirePrice price = 1; price < 20'000; ++price) board.post(tick_of(408065, price));
  ended = true;
  reader.join();
}

TEST(StandingBoard, ReasonsTurnRunningIntoDegraded) {
  StandingBoard board;
  EXPECT_EQ(board.read(at_second(0)).status, EngineStatus::starting);
  board.set_status(EngineStatus::running);
  EXPECT_EQ(board.read(at_second(0)).status, EngineStatus::running);
  board.set_reason("store", "The database is away");
  board.set_reason("feed", "The ticker is not connected");
  auto standing = board.read(at_second(0));
  EXPECT_EQ(standing.status, EngineStatus::degraded);
  EXPECT_THAT(standing.reasons, ElementsAre("The ticker is not connected", "The database is away"));
  board.set_reason("store", std::nullopt);
  board.set_reason("feed", std::nullopt);
  standing = board.read(at_second(0));
  EXPECT_EQ(standing.status, EngineStatus::running);
  EXPECT_THAT(standing.reasons, IsEmpty());
  board.set_status(EngineStatus::stopped);
  board.set_reason("switch", "Stopped");
  EXPECT_EQ(board.read(at_second(0)).status, EngineStatus::stopped);
}

TEST(StandingBoard, UptimeCountsFromTheStart) {
  StandingBoard board;
  EXPECT_EQ(board.read(at_second(9)).uptime_seconds, 0);
  board.set_status(EngineStatus::running);
  board.set_started(at_second(10), 4);
  EXPECT_EQ(board.read(at_second(70)).uptime_seconds, 60);
  EXPECT_EQ(board.read(at_second(70)).lease_epoch, 4);
  board.set_status(EngineStatus::stopped);
  EXPECT_EQ(board.read(at_second(70)).uptime_seconds, 0);
}

// It was moved to another connection, whose engine had it first.
TEST(StandingBoard, WhatOneAccountLetsGoOfIsStillWatchedForTheOtherThatHasIt) {
  StandingBoard board;
  board.set_status(EngineStatus::running);
  const model::TriggerId id{.uuid = {.bytes = {1}}};
  const model::ConnectionId former{.uuid = {.bytes = {2}}};
  const model::ConnectionId latter{.uuid = {.bytes = {3}}};
  board.armed(former, id, 5);
  board.armed(latter, id, 6);
  board.disarmed(former, id);
  EXPECT_EQ(board.why_not_watched(latter, id, 6), "");
  board.disarmed(latter, id);
  EXPECT_NE(board.why_not_watched(latter, id, 6), "");
}

TEST(StandingBoard, ATriggerIsWatchedOnlyAtItsOwnVersionAndWithNoReasonAgainst) {
  StandingBoard board;
  const model::TriggerId id{.uuid = {.bytes = {1}}};
  const model::ConnectionId owner;
  EXPECT_EQ(board.why_not_watched(owner, id, 1), "The engine is starting");
  board.set_status(EngineStatus::running);
  EXPECT_THAT(board.why_not_watched(owner, id, 1), testing::HasSubstr("not armed"));
  board.armed(owner, id, 1);
  EXPECT_EQ(board.why_not_watched(owner, id, 1), "");
  EXPECT_THAT(board.why_not_watched(owner, id, 2), testing::HasSubstr("last change"));
  board.set_reason("feed", "The ticker is not connected");
  EXPECT_EQ(board.why_not_watched(owner, id, 1), "The ticker is not connected");
  board.set_reason("feed", std::nullopt);
  board.disarmed(owner, id);
  EXPECT_NE(board.why_not_watched(owner, id, 1), "");
  board.armed(owner, id, 1);
  board.none_armed(owner);
  EXPECT_NE(board.why_not_watched(owner, id, 1), "");
}

TEST(StandingBoard, WhatIsArmedForAnEngineThatHasNotBegunIsNotWatchedYet) {
  StandingBoard board;
  const model::TriggerId id{.uuid = {.bytes = {1}}};
  const model::ConnectionId mine{.uuid = {.bytes = {2}}};
  const model::ConnectionId theirs{.uuid = {.bytes = {3}}};
  const engine::Armed armed[] = {{.id = id, .version = 1, .token = 408065}};
  board.set_status(EngineStatus::running);
  board.set_preparing(mine, true);
  board.set_preparing(theirs, true);
  board.armed(mine, armed);
  EXPECT_THAT(board.why_not_watched(mine, id, 1), testing::HasSubstr("not armed"));
  board.set_preparing(theirs, false);
  EXPECT_THAT(board.why_not_watched(mine, id, 1), testing::HasSubstr("not armed"));
  board.set_preparing(mine, false);
  EXPECT_EQ(board.why_not_watched(mine, id, 1), "");
}

TEST(StandingBoard, WhatBlindsOneUsersAccountIsToldOfItsTriggersAndCountedForOthers) {
  StandingBoard board(true);
  const model::TriggerId id{.uuid = {.bytes = {1}}};
  const model::ConnectionId mine{.uuid = {.bytes = {2}}};
  const model::ConnectionId theirs{.uuid = {.bytes = {3}}};
  const model::UserId my_id{.uuid = {.bytes = {4}}};
  const model::UserId their_id{.uuid = {.bytes = {5}}};
  board.set_owner(mine, my_id, "mine");
  board.set_owner(theirs, their_id, "theirs");
  board.set_status(EngineStatus::running);
  board.armed(mine, id, 1);
  board.set_reason(mine, "session", std::nullopt);
  board.set_reason(theirs, "session", "AB1234 must log in");
  EXPECT_EQ(board.why_not_watched(mine, id, 1), "");
  EXPECT_EQ(board.why_not_live(theirs), "AB1234 must log in");
  const auto standing = board.read(at_second(1));
  EXPECT_EQ(standing.status, EngineStatus::degraded);
  EXPECT_THAT(standing.reasons,
              testing::ElementsAre("1 of 2 broker connections are not live: their triggers are not "
                                   "watched"));
  EXPECT_EQ(board.read_for(my_id, at_second(1)).status, EngineStatus::running);
  const auto to_them = board.read_for(their_id, at_second(1));
  EXPECT_EQ(to_them.status, EngineStatus::degraded);
  EXPECT_THAT(to_them.reasons, testing::ElementsAre("theirs: AB1234 must log in"));
  board.set_reason("feed", "The ticker is away");
  EXPECT_EQ(board.read_for(my_id, at_second(1)).status, EngineStatus::degraded);
  board.set_reason("feed", std::nullopt);
  board.forget_account(theirs);
  EXPECT_EQ(board.read(at_second(1)).status, EngineStatus::running);
  EXPECT_THAT(board.why_not_live(theirs), testing::HasSubstr("does not use"));
}

TEST(StandingBoard, WatchesUnlessAReasonOfTheEnginesOwnBlindsItAll) {
  StandingBoard board(true);
  const model::ConnectionId theirs{.uuid = {.bytes = {3}}};
  board.set_reason(theirs, "session", "AB1234 must log in");
  EXPECT_FALSE(board.read(at_second(1)).watches) << "it is starting";
  board.set_status(EngineStatus::running);
  EXPECT_TRUE(board.read(at_second(1)).watches) << "the others' are watched";
  board.set_reason("quiet", "No price comes", StandingBoard::Kind::degrading);
  EXPECT_TRUE(board.read(at_second(1)).watches);
  board.set_reason("feed", "The ticker is away");
  EXPECT_FALSE(board.read(at_second(1)).watches);
  board.set_reason("feed", std::nullopt);
  board.set_status(EngineStatus::stopped);
  EXPECT_FALSE(board.read(at_second(1)).watches);
}

TEST(StandingBoard, ShowsWhatTheEngineCounted) {
  StandingBoard board;
  board.set_counts({.armed = 1,
                    .ticks = 2,
                    .stale_ticks = 3,
                    .orders_placed = 4,
                    .orders_failed = 5,
                    .unknown = 6},
                   7);
  board.set_queued({}, 8);
  board.set_last_tick(at_second(9));
  board.set_feed(FeedStatus::connected);
  const auto standing = board.read(at_second(10));
  EXPECT_EQ(standing.active_triggers, 1);
  EXPECT_EQ(standing.processed_ticks, 2);
  EXPECT_EQ(standing.triggered_orders, 4);
  EXPECT_EQ(standing.failed_orders, 5);
  EXPECT_EQ(standing.unknown_orders, 6);
  EXPECT_EQ(standing.subscribed_instruments, 7);
  EXPECT_EQ(standing.queued_orders, 8);
  EXPECT_EQ(standing.last_tick_time, at_second(9));
  EXPECT_EQ(standing.feed, FeedStatus::connected);
}

}  // namespace
}  // namespace hmt::runtime
