#include "feed/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "agent/manual_scheduler.h"

namespace hmt::feed {
namespace {

using broker::StreamEnd;
using model::Freshness;
using model::InstrumentToken;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

// Monday, 23 November 2026, 10:00:00 Indian time.
const base::Instant ten =
    base::Instant(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)) + minutes(4 * 60 + 30);
const InstrumentToken infy = 1594 * 256 + 1;
const InstrumentToken sbin = 3045 * 256 + 1;

// A venue in memory: every stream that the feed makes, and what became of it.
struct FakeVenue {
  struct Line {
    broker::StreamObserver* observer = nullptr;
    base::Duration opened_at{};
    bool closed = false;
    bool in_call = false;  // the stream is inside a call of its observer
    std::set<InstrumentToken> tokens;
    std::vector<std::string> frames;
  };
  std::vector<std::shared_ptr<Line>> lines;

  Line& last() { return *lines.back(); }
};

class FakeStream final : public broker::MarketStream {
 public:
  explicit FakeStream(std::shared_ptr<FakeVenue::Line> line) : line_(std::move(line)) {}
  ~FakeStream() override {
    EXPECT_FALSE(line_->in_call) << "a stream is never destroyed inside its own call";
    line_->closed = true;
  }
  void open() override {}
  void close() override { line_->closed = true; }
  void subscribe(std::span<const InstrumentToken> tokens) override {
    line_->tokens.insert(tokens.begin(), tokens.end());
    line_->frames.push_back("subscribe " + std::to_string(tokens.size()));
  }
  void unsubscribe(std::span<const InstrumentToken> tokens) override {
    for (const auto token : tokens) line_->tokens.erase(token);
    line_->frames.push_back("unsubscribe " + std::to_string(tokens.size()));
  }

 private:
  std::shared_ptr<FakeVenue::Line> line_;
};

struct Recorder final : FeedObserver {
  void on_ticks(std::span<const model::Tick> batch) override {
    ticks.insert(ticks.end(), batch.begin(), batch.end());
    if (then) then();
  }
  void on_order(const model::BrokerOrder& order) override { orders.push_back(order.order_id); }
  void on_notice(std::string_view, std::string_view text) override { notices.emplace_back(text); }
  void on_feed_status(FeedStatus status, std::string_view) override {
    statuses.emplace_back(word(status));
  }
  void on_gap(const Gap& gap) override { gaps.push_back(gap); }
  void on_quiet(std::optional<base::Duration> lasts) override { quiet = lasts; }
  void on_unlisted_session(model::Exchange exchange, bool lasts) override {
    unlisted.emplace_back(exchange, lasts);
  }
  void on_session_refused(std::string_view) override { ++refused; }

  std::vector<model::Tick> ticks;
  std::vector<std::string> orders;
  std::vector<std::string> notices;
  std::vector<std::string> statuses;
  std::vector<Gap> gaps;
  std::optional<base::Duration> quiet;
  std::vector<std::pair<model::Exchange, bool>> unlisted;
  int refused = 0;
  std::function<void()> then;
};

class FeedTest : public testing::Test {
 protected:
  std::unique_ptr<Feed> make(FeedConfig config = {},
                             const model::Calendar& calendar = model::Calendar::always()) {
    return std::make_unique<Feed>(
        scheduler,
        [this](broker::StreamObserver& observer) {
          auto line = std::make_shared<FakeVenue::Line>();
          line->observer = &observer;
          line->opened_at = scheduler.steady();
          venue.lines.push_back(line);
          return std::make_unique<FakeStream>(line);
        },
        broker::StreamLimits{}, config, calendar, recorder);
  }

  // Starts the feed and opens its first connection.
  void go() {
    feed->start();
    scheduler.advance({});
    venue.last().observer->on_open();
  }

  void beat(base::Duration for_how_long) {
    for (base::Duration done{}; done < for_how_long; done += seconds(1)) {
      scheduler.advance(seconds(1));
      for (auto& line : venue.lines) {
        if (!line->closed) line->observer->on_heartbeat();
      }
    }
  }

  std::uint32_t epoch_now(base::Duration age = {}) const {
    const auto at = std::chrono::floor<seconds>(scheduler.now() - age);
    return static_cast<std::uint32_t>(at.time_since_epoch().count());
  }

  model::Tick tick(InstrumentToken token, base::Duration age = {}) const {
    model::Tick out;
    out.token = token;
    out.last = 157315;
    out.last_trade_time = epoch_now(age);
    out.exchange_time = epoch_now(age);
    out.received_at = scheduler.now();
    return out;
  }

  void send(FakeVenue::Line& line, std::vector<model::Tick> ticks) {
    line.in_call = true;
    line.observer->on_heartbeat();
    line.observer->on_ticks(ticks);
    line.in_call = false;
  }

  void end(FakeVenue::Line& line, StreamEnd how, std::string_view why) {
    line.in_call = true;
    line.observer->on_closed(how, why);
    line.in_call = false;
  }

  agent::ManualScheduler scheduler{ten};
  FakeVenue venue;
  Recorder recorder;
  std::unique_ptr<Feed> feed = make();
};

TEST_F(FeedTest, AConnectionWhosePacketsFallBehindIsMadeAnew) {
  ASSERT_TRUE(feed->want(infy));
  go();
  auto& slow = venue.last();
  send(slow, {tick(infy)});
  auto late = seconds(0);
  for (; late < seconds(20) && !slow.closed; ++late) {
    scheduler.advance(seconds(2));
    send(slow, {tick(infy, late)});
  }
  EXPECT_EQ(late, seconds(6)) << "4 s behind, and again a packet later";
  ASSERT_EQ(recorder.gaps.size(), 1u);
  EXPECT_EQ(recorder.gaps[0].reason, "late: its packets have fallen behind by 5 s");
  EXPECT_FALSE(feed->is_live(infy));
  scheduler.advance({});
  ASSERT_EQ(venue.lines.size(), 2u) << "at once";
  venue.last().observer->on_open();
  send(venue.last(), {tick(infy)});
  EXPECT_EQ(recorder.ticks.back().freshness, Freshness::fresh);
  EXPECT_TRUE(feed->is_live(infy));
  // The new one is measured by itself.
  for (int packet = 0; packet < 20; ++packet) {
    scheduler.advance(seconds(1));
    send(venue.last(), {tick(infy)});
  }
  EXPECT_EQ(venue.lines.size(), 2u);
}

TEST_F(FeedTest, NothingFiresOnWhatWaitedWhileTheProcessStoodStill) {
  ASSERT_TRUE(feed->want(infy));
  ASSERT_TRUE(feed->want(sbin));
  go();
  send(venue.last(), {tick(infy), tick(sbin)});
  scheduler.advance(seconds(3));
  const auto dip = tick(infy);
  scheduler.advance(std::chrono::milliseconds(1900));
  recorder.ticks.clear();
  recorder.then = [this] { EXPECT_TRUE(feed->is_live(infy)) << "it is over at once"; };
  // It thaws 37 s later, and reads what came meanwhile.
  scheduler.stand_still(seconds(37));
  auto recent = tick(sbin, seconds(14));
  send(venue.last(), {dip});
  send(venue.last(), {recent});
  send(venue.last(), {tick(infy)});
  std::vector<Freshness> seen;
  for (const auto& each : recorder.ticks) seen.push_back(each.freshness);
  EXPECT_THAT(seen, ElementsAre(Freshness::late, Freshness::fresh, Freshness::fresh));
  EXPECT_EQ(feed->counters().by_freshness.at(static_cast<std::size_t>(Freshness::late)), 1u);
}

TEST_F(FeedTest, AFeedThatIsConstantlyLateIsGivenUpAgainAndAgainAndNeverCalledWatched) {
  ASSERT_TRUE(feed->want(infy));
  go();
  send(venue.last(), {tick(infy)});
  recorder.then = [this] {
    const bool fires = recorder.ticks.back().freshness == Freshness::fresh;
    if (venue.lines.size() > 1) EXPECT_FALSE(fires || feed->is_live(infy));
  };
  const auto lags = [this](base::Duration lag, int packets) {
    for (int packet = 0; packet < packets; ++packet) {
      scheduler.advance(seconds(1));
      auto& line = venue.last();
      if (line.closed) continue;
      if (line.tokens.empty()) line.observer->on_open();
      send(line, {tick(infy, lag)});
    }
  };
  beat(seconds(40));
  lags(seconds(30), 3);
  EXPECT_EQ(venue.lines.size(), 2u);
  recorder.statuses.clear();
  lags(seconds(30), 60);
  EXPECT_GE(venue.lines.size(), 5u);
  EXPECT_LE(venue.lines.size(), 15u) << "with the usual waits";
  EXPECT_THAT(recorder.statuses, testing::Not(testing::Contains("connected")));
  EXPECT_FALSE(feed->is_live(infy));
  recorder.then = {};
  lags({}, 8);
  EXPECT_TRUE(feed->is_live(infy)) << "in time again";
  EXPECT_EQ(recorder.statuses.back(), "connected");
}

TEST_F(FeedTest, AQuietInstrumentOnAConnectionThatWasLateIsWatchedAgainAfterAWhile) {
  ASSERT_TRUE(feed->want(infy));
  go();
  send(venue.last(), {tick(infy)});
  beat(seconds(40));
  send(venue.last(), {tick(infy, seconds(20))});
  scheduler.advance(seconds(1));
  send(venue.last(), {tick(infy, seconds(20))});
  scheduler.advance({});
  ASSERT_EQ(venue.lines.size(), 2u);
  venue.last().observer->on_open();
  EXPECT_EQ(recorder.statuses.back(), "connecting");
  EXPECT_FALSE(feed->is_live(infy));
  beat(seconds(29));
  EXPECT_FALSE(feed->is_live(infy));
  beat(seconds(1));
  EXPECT_TRUE(feed->is_live(infy));
  EXPECT_EQ(recorder.statuses.back(), "connected");
  end(venue.last(), StreamEnd::lost, "reset");
  scheduler.advance({});
  venue.last().observer->on_open();
  EXPECT_TRUE(feed->is_live(infy)) << "that is over";
}

TEST_F(FeedTest, HeartbeatsWithoutPacketsInAnOpenSessionAreNoPrices) {
  ASSERT_TRUE(feed->want(infy));
  go();
  send(venue.last(), {tick(infy)});
  beat(seconds(59));
  EXPECT_EQ(venue.lines.size(), 1u);
  beat(seconds(1));
  ASSERT_EQ(venue.lines.size(), 1u);
  scheduler.advance({});
  ASSERT_EQ(venue.lines.size(), 2u) << "at once";
  EXPECT_EQ(recorder.gaps.back().reason, "silent: heartbeats, and no packet for 60 s");
  venue.last().observer->on_open();
  beat(seconds(9));
  EXPECT_FALSE(recorder.quiet) << "the broker may yet tell what it knows";
  beat(seconds(1));
  EXPECT_EQ(recorder.quiet, seconds(70));
  EXPECT_TRUE(feed->is_live(infy)) << "it may be the market that stands still";
  beat(seconds(50));
  scheduler.advance({});
  ASSERT_EQ(venue.lines.size(), 3u);
  venue.last().observer->on_open();
  beat(seconds(1));
  EXPECT_EQ(recorder.quiet, seconds(121)) << "it is still so";
  send(venue.last(), {tick(infy)});
  EXPECT_FALSE(recorder.quiet);
}

TEST_F(FeedTest, AfterTheCloseNoPacketIsMissed) {
  model::Calendar calendar;
  calendar.set_weekly(model::Exchange::nse, {{minutes(555), minutes(601)}});
  feed = make({}, calendar);
  ASSERT_TRUE(feed->want(infy));
  go();
  send(venue.last(), {tick(infy)});
  beat(minutes(10));
  EXPECT_EQ(venue.lines.size(), 1u);
  EXPECT_FALSE(recorder.quiet);
}

TEST_F(FeedTest, AnInstrumentThatNobodyTradesIsAskedForEverMoreSeldomAndNeverCalledUnwatched) {
  ASSERT_TRUE(feed->want(infy));
  go();
  const auto traded = tick(infy);
  send(venue.last(), {traded});
  for (int minute = 0; minute < 6 * 60; ++minute) {
    for (int second = 0; second < 60; ++second) {
      beat(seconds(1));
      scheduler.advance({});
      if (!venue.last().tokens.empty()) continue;
      venue.last().observer->on_open();
      send(venue.last(), {traded});
    }
    EXPECT_FALSE(recorder.quiet);
  }
  EXPECT_LE(venue.lines.size(), 50u);
  EXPECT_GE(venue.lines.size(), 40u);
  send(venue.last(), {tick(infy)});
  const auto lines = venue.lines.size();
  beat(seconds(60));
  scheduler.advance({});
  EXPECT_EQ(venue.lines.size(), lines + 1) << "what is traded again is missed within a minute";
}

TEST_F(FeedTest, OneConnectionIsAlwaysThereForOrderUpdates) {
  go();
  EXPECT_EQ(venue.lines.size(), 1u);
  EXPECT_THAT(venue.last().frames, IsEmpty());
  EXPECT_THAT(recorder.statuses, ElementsAre("connecting", "connected"));
  model::BrokerOrder order;
  order.order_id = "42";
  venue.last().observer->on_order(order);
  venue.last().observer->on_notice("message", "Markets close early today");
  EXPECT_THAT(recorder.orders, ElementsAre("42"));
  EXPECT_THAT(recorder.notices, ElementsAre("Markets close early today"));
}

TEST_F(FeedTest, WhatIsWantedBeforeTheStartIsSubscribedAtTheOpen) {
  ASSERT_TRUE(feed->want(infy));
  ASSERT_TRUE(feed->want(sbin));
  go();
  EXPECT_THAT(venue.last().tokens, ElementsAre(infy, sbin));
  EXPECT_THAT(venue.last().frames, ElementsAre("subscribe 2"));
  scheduler.run_ready();
  EXPECT_EQ(venue.last().frames.size(), 1u);
}

TEST_F(FeedTest, TheWantsOfOneTurnLeaveTogether) {
  go();
  ASSERT_TRUE(feed->want(infy));
  ASSERT_TRUE(feed->want(sbin));
  EXPECT_THAT(venue.last().frames, IsEmpty());
  scheduler.run_ready();
  EXPECT_THAT(venue.last().frames, ElementsAre("subscribe 2"));
}

TEST_F(FeedTest, OnlyTheLastUnwantUnsubscribes) {
  go();
  ASSERT_TRUE(feed->want(infy));
  ASSERT_TRUE(feed->want(infy));
  scheduler.run_ready();
  feed->unwant(infy);
  scheduler.run_ready();
  EXPECT_THAT(venue.last().tokens, ElementsAre(infy));
  feed->unwant(infy);
  scheduler.run_ready();
  EXPECT_THAT(venue.last().frames, ElementsAre("subscribe 1", "unsubscribe 1"));
  EXPECT_EQ(feed->token_count(), 0u);
  ASSERT_TRUE(feed->want(infy));
  feed->unwant(infy);
  ASSERT_TRUE(feed->want(infy));
  feed->unwant(infy);
  scheduler.run_ready();
  EXPECT_EQ(venue.last().frames.size(), 2u) << "wanted and unwanted in one turn costs nothing";
}

TEST_F(FeedTest, ATokenLeftAndWantedAgainAroundAReconnectIsSubscribed) {
  ASSERT_TRUE(feed->want(infy));
  go();
  end(venue.last(), StreamEnd::lost, "reset");
  scheduler.advance({});
  feed->unwant(infy);
  venue.last().observer->on_open();
  ASSERT_TRUE(feed->want(infy));
  scheduler.run_ready();
  EXPECT_THAT(venue.last().tokens, ElementsAre(infy));
  EXPECT_TRUE(feed->is_live(infy));
}

TEST_F(FeedTest, ATokenWithoutASegmentIsRefused) {
  const auto refused = feed->want(1594 * 256 + 77);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::invalid);
  EXPECT_EQ(refused.error().field, "instrument_token");
}

TEST_F(FeedTest, TheThreeThousandAndFirstTokenUsesASecondConnection) {
  go();
  for (InstrumentToken i = 1; i <= 3001; ++i) ASSERT_TRUE(feed->want(i * 256 + 1));
  scheduler.advance({});
  ASSERT_EQ(venue.lines.size(), 2u);
  EXPECT_EQ(venue.lines[0]->tokens.size(), 3000u);
  EXPECT_EQ(feed->status(), FeedStatus::connecting);
  EXPECT_FALSE(feed->is_live(3001 * 256 + 1));
  venue.lines[1]->observer->on_open();
  EXPECT_THAT(venue.lines[1]->tokens, ElementsAre(3001 * 256 + 1));
  EXPECT_EQ(feed->status(), FeedStatus::connected);
  EXPECT_TRUE(feed->is_live(3001 * 256 + 1));
}

TEST_F(FeedTest, PastNineThousandTokensTheAnswerSaysWhy) {
  for (InstrumentToken i = 1; i <= 9000; ++i) ASSERT_TRUE(feed->want(i * 256 + 1));
  const auto refused = feed->want(9001 * 256 + 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::exhausted);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("9000"));
  EXPECT_TRUE(feed->want(256 + 1)) << "one that is watched already costs no room";
  feed->unwant(2 * 256 + 1);
  scheduler.run_ready();
  EXPECT_TRUE(feed->want(9001 * 256 + 1));
}

TEST_F(FeedTest, AMuteConnectionIsDroppedAfterFiveSecondsAndEverythingIsSubscribedAgain) {
  ASSERT_TRUE(feed->want(infy));
  ASSERT_TRUE(feed->want(sbin));
  go();
  beat(seconds(59));
  EXPECT_EQ(venue.lines.size(), 1u);
  scheduler.advance(std::chrono::milliseconds(4999));
  EXPECT_EQ(venue.lines.size(), 1u);
  scheduler.advance(std::chrono::milliseconds(1));
  ASSERT_EQ(venue.lines.size(), 2u) << "at once";
  EXPECT_TRUE(venue.lines[0]->closed);
  ASSERT_EQ(recorder.gaps.size(), 1u);
  EXPECT_FALSE(recorder.gaps[0].back);
  EXPECT_THAT(recorder.gaps[0].tokens, ElementsAre(infy, sbin));
  EXPECT_FALSE(feed->is_live(infy));

  scheduler.advance(seconds(1));
  venue.last().observer->on_open();
  EXPECT_THAT(venue.last().tokens, ElementsAre(infy, sbin));
  ASSERT_EQ(recorder.gaps.size(), 2u);
  EXPECT_TRUE(recorder.gaps[1].back);
  EXPECT_EQ(recorder.gaps[1].lasted, seconds(1));
  EXPECT_THAT(recorder.gaps[1].tokens, ElementsAre(infy, sbin));
  EXPECT_EQ(recorder.statuses.back(), "connecting") << "open again, and still mute";
  venue.last().observer->on_heartbeat();
  EXPECT_EQ(recorder.statuses.front(), "connecting");
  EXPECT_EQ(recorder.statuses.back(), "connected");
  EXPECT_TRUE(feed->is_live(infy));
}

TEST_F(FeedTest, AVenueThatStaysMuteIsNeverCalledConnectedByItsHandshakes) {
  ASSERT_TRUE(feed->want(infy));
  go();
  recorder.statuses.clear();
  for (int i = 0; i < 8; ++i) {
    scheduler.advance(seconds(5));
    if (!venue.last().closed) venue.last().observer->on_open();
  }
  EXPECT_THAT(recorder.statuses, testing::Not(testing::Contains("connected")));
  std::vector<model::Tick> ticks = {tick(infy)};
  venue.last().observer->on_ticks(ticks);
  EXPECT_EQ(recorder.statuses.back(), "connected");
}

TEST_F(FeedTest, TicksOfTwoConnectionsHaveDifferentEpochs) {
  ASSERT_TRUE(feed->want(infy));
  go();
  send(venue.last(), {tick(infy)});
  end(venue.last(), StreamEnd::lost, "reset");
  scheduler.advance({});
  venue.last().observer->on_open();
  send(venue.last(), {tick(infy)});
  ASSERT_EQ(recorder.ticks.size(), 2u);
  EXPECT_LT(recorder.ticks[0].connection_epoch, recorder.ticks[1].connection_epoch);
}

TEST_F(FeedTest, TheFirstReconnectIsImmediateAndTheNextOnesWaitLongerEachTime) {
  FeedConfig patient;
  patient.connection.connect_time_max = minutes(10);
  feed = make(patient);
  go();
  beat(seconds(10));
  end(venue.last(), StreamEnd::lost, "reset");
  scheduler.advance({});
  EXPECT_EQ(venue.lines.size(), 2u);
  std::vector<int> low{5, 10, 20, 40, 45, 45};
  for (const int expected : low) {
    const auto lines = venue.lines.size();
    end(venue.last(), StreamEnd::lost, "connection refused");
    scheduler.advance(seconds(expected) - std::chrono::milliseconds(1));
    EXPECT_EQ(venue.lines.size(), lines) << "before " << expected << " s";
    scheduler.advance(seconds(expected) / 4 + seconds(6));
    EXPECT_EQ(venue.lines.size(), lines + 1) << "after " << expected << " s";
    if (venue.lines.size() != lines + 1) break;
  }
  venue.last().observer->on_open();
  beat(seconds(10));
  const auto lines = venue.lines.size();
  end(venue.last(), StreamEnd::lost, "reset");
  scheduler.advance({});
  EXPECT_EQ(venue.lines.size(), lines + 1) << "a connection that worked is remade at once";
  end(venue.last(), StreamEnd::lost, "connection refused");
  scheduler.advance(seconds(7));
  EXPECT_EQ(venue.lines.size(), lines + 2) << "and the waits start from the first again";
}

TEST_F(FeedTest, AServerThatAcceptsAndDropsIsNotHammered) {
  go();
  for (int i = 0; i < 100; ++i) {
    if (!venue.last().closed) end(venue.last(), StreamEnd::lost, "dropped");
    venue.last().closed = true;
    scheduler.advance(std::chrono::milliseconds(100));
    if (!venue.last().closed) venue.last().observer->on_open();
  }
  EXPECT_LE(venue.lines.size(), 6u) << "in ten seconds";
}

TEST_F(FeedTest, AStreamThatNeverAnswersIsGivenUp) {
  feed->start();
  scheduler.advance({});
  scheduler.advance(seconds(15));
  EXPECT_TRUE(venue.lines[0]->closed);
  scheduler.advance(seconds(7));
  EXPECT_EQ(venue.lines.size(), 2u);
  EXPECT_EQ(feed->counters().failed, 1u);
}

TEST_F(FeedTest, ARefusedSessionStopsAllAttemptsUntilThereIsANewOne) {
  for (InstrumentToken i = 1; i <= 3001; ++i) ASSERT_TRUE(feed->want(i * 256 + 1));
  feed->start();
  scheduler.advance({});
  ASSERT_EQ(venue.lines.size(), 2u);
  venue.lines[0]->observer->on_open();
  end(*venue.lines[1], StreamEnd::session_refused, "the ticker answered 403");
  EXPECT_EQ(recorder.refused, 1);
  EXPECT_TRUE(feed->is_session_refused());
  EXPECT_TRUE(feed->is_live(256 + 1)) << "what is open lives on";
  scheduler.advance(seconds(2));
  end(*venue.lines[0], StreamEnd::lost, "reset");
  scheduler.advance(minutes(120));
  EXPECT_EQ(venue.lines.size(), 2u);
  EXPECT_EQ(feed->status(), FeedStatus::disconnected);

  feed->renew_session();
  scheduler.advance({});
  ASSERT_EQ(venue.lines.size(), 4u);
  venue.lines[2]->observer->on_open();
  venue.lines[3]->observer->on_open();
  EXPECT_EQ(feed->status(), FeedStatus::connected);
  EXPECT_EQ(venue.lines[2]->tokens.size() + venue.lines[3]->tokens.size(), 3001u);
}

TEST_F(FeedTest, ARefusalWhileOthersWaitStopsThemToo) {
  for (InstrumentToken i = 1; i <= 3001; ++i) ASSERT_TRUE(feed->want(i * 256 + 1));
  feed->start();
  scheduler.advance({});
  end(*venue.lines[0], StreamEnd::lost, "connection refused");
  end(*venue.lines[1], StreamEnd::session_refused, "403");
  scheduler.advance(minutes(10));
  EXPECT_EQ(venue.lines.size(), 2u);
}

TEST_F(FeedTest, ANewSessionMayComeWhileTheRefusalIsBeingTold) {
  feed->start();
  scheduler.advance({});
  end(venue.last(), StreamEnd::session_refused, "403");
  feed->renew_session();
  feed->renew_session();
  scheduler.advance({});
  EXPECT_EQ(venue.lines.size(), 2u);
}

TEST_F(FeedTest, TooManyConnectionsWaitsAtLeastTheReconnectDelay) {
  feed->start();
  scheduler.advance({});
  end(venue.last(), StreamEnd::too_many, "the ticker answered 429");
  scheduler.advance(std::chrono::milliseconds(4999));
  EXPECT_EQ(venue.lines.size(), 1u);
  scheduler.advance(std::chrono::milliseconds(1252));
  EXPECT_EQ(venue.lines.size(), 2u);
  EXPECT_EQ(recorder.refused, 0);
}

TEST_F(FeedTest, NothingFiresOnTheStaleCachedPacketThatFollowsASubscription) {
  ASSERT_TRUE(feed->want(infy));
  go();
  send(venue.last(), {tick(infy, minutes(20))});
  send(venue.last(), {tick(infy, seconds(1))});
  beat(seconds(30));
  send(venue.last(), {tick(infy, seconds(15))});
  end(venue.last(), StreamEnd::lost, "reset");
  scheduler.advance(seconds(1));
  venue.last().observer->on_open();
  send(venue.last(), {tick(infy, seconds(16))});
  send(venue.last(), {tick(infy)});
  std::vector<Freshness> seen;
  for (const auto& each : recorder.ticks) seen.push_back(each.freshness);
  EXPECT_THAT(seen, ElementsAre(Freshness::cached, Freshness::fresh, Freshness::fresh,
                                Freshness::cached, Freshness::fresh));
  EXPECT_EQ(feed->counters().by_freshness.at(static_cast<std::size_t>(Freshness::cached)), 2u);
  EXPECT_EQ(feed->counters().ticks, 5u);
}

TEST_F(FeedTest, ATokenThatIsWantedAgainStartsWithACachedPacketAgain) {
  go();
  ASSERT_TRUE(feed->want(infy));
  scheduler.run_ready();
  send(venue.last(), {tick(infy)});
  feed->unwant(infy);
  scheduler.run_ready();
  beat(seconds(60));
  ASSERT_TRUE(feed->want(infy));
  scheduler.run_ready();
  send(venue.last(), {tick(infy, seconds(60))});
  EXPECT_EQ(recorder.ticks.back().freshness, Freshness::cached);
}

// Its last trigger has fired, and is armed again by the same turn's news.
TEST_F(FeedTest, WhatIsUnwantedAndWantedAgainWithinATurnMissesNoPacketInBetween) {
  ASSERT_TRUE(feed->want(infy));
  go();
  feed->unwant(infy);
  send(venue.last(), {tick(infy)});
  ASSERT_TRUE(feed->want(infy));
  scheduler.run_ready();
  EXPECT_EQ(recorder.ticks.size(), 1u);
  EXPECT_EQ(feed->counters().unwanted, 0u);
}

TEST_F(FeedTest, PacketsOfTokensThatNobodyWantsAreDropped) {
  ASSERT_TRUE(feed->want(sbin));
  go();
  send(venue.last(), {tick(infy), tick(sbin), tick(infy)});
  ASSERT_EQ(recorder.ticks.size(), 1u);
  EXPECT_EQ(recorder.ticks[0].token, sbin);
  EXPECT_EQ(feed->counters().unwanted, 2u);
  EXPECT_EQ(feed->last_tick_at(sbin), scheduler.now());
  EXPECT_FALSE(feed->last_tick_at(infy));
}

TEST_F(FeedTest, ATokenIsLiveOnlyWhileItsConnectionIsHeard) {
  go();
  ASSERT_TRUE(feed->want(infy));
  EXPECT_FALSE(feed->is_live(infy)) << "not subscribed yet";
  scheduler.run_ready();
  EXPECT_TRUE(feed->is_live(infy));
  beat(seconds(3));
  EXPECT_TRUE(feed->is_live(infy));
  scheduler.advance(seconds(5));
  EXPECT_FALSE(feed->is_live(infy));
  EXPECT_FALSE(feed->is_live(sbin));
}

TEST_F(FeedTest, TheCalendarDecidesWhichPricesAreOfThisSession) {
  model::Calendar calendar;
  calendar.set_weekly(model::Exchange::nse, {{minutes(555), minutes(930)}});
  feed = make({}, calendar);
  const InstrumentToken crude = 100 * 256 + 7;
  ASSERT_TRUE(feed->want(infy));
  ASSERT_TRUE(feed->want(crude));
  go();
  send(venue.last(), {tick(infy), tick(crude)});
  EXPECT_EQ(recorder.ticks[0].freshness, Freshness::fresh);
  EXPECT_EQ(recorder.ticks[1].freshness, Freshness::out_of_session) << "MCX has no session";
}

struct UnlistedSession : FeedTest {
  void SetUp() override {
    calendar.set_weekly(model::Exchange::nse, {{minutes(555), minutes(930)}});
    calendar.set_day(model::Exchange::nse, base::trading_date(ten), {});
  }
  void open(InstrumentToken token) {
    feed = make({}, calendar);
    ASSERT_TRUE(feed->want(token));
    go();
  }
  void trade(InstrumentToken token, base::Duration age = {}) {
    for (int packet = 0; packet < 20; ++packet) {
      send(venue.last(), {tick(token, age)});
      scheduler.advance(seconds(4));
    }
  }
  model::Calendar calendar;
};

TEST_F(UnlistedSession, AnExchangeThatTradesOnAHolidayIsTold) {
  open(infy);
  trade(infy);
  EXPECT_THAT(recorder.unlisted, ElementsAre(std::pair(model::Exchange::nse, true)));
  EXPECT_EQ(recorder.ticks.back().freshness, Freshness::out_of_session) << "and fires nothing";
  feed->stop();
  EXPECT_EQ(recorder.unlisted.back(), std::pair(model::Exchange::nse, false));
}

TEST_F(UnlistedSession, ItIsOverWhenTheTradesAre) {
  open(infy);
  trade(infy);
  beat(minutes(11));
  EXPECT_EQ(recorder.unlisted.back(), std::pair(model::Exchange::nse, false));
}

TEST_F(UnlistedSession, OldTradesAndIndicesAreNone) {
  const InstrumentToken nifty = 1 * 256 + 9;
  open(infy);
  ASSERT_TRUE(feed->want(nifty));
  trade(infy, std::chrono::hours(18));
  trade(nifty);
  EXPECT_THAT(recorder.unlisted, IsEmpty());
}

TEST_F(UnlistedSession, BeforeADaysSessionAndAfterItTradesAreTheExchangesOwnMatter) {
  calendar.set_day(model::Exchange::nse, base::trading_date(ten), {{minutes(700), minutes(930)}});
  open(infy);
  trade(infy);
  EXPECT_THAT(recorder.unlisted, IsEmpty());
}

TEST_F(FeedTest, AStoppedFeedIsQuietAndStartsAgainWithWhatIsWanted) {
  ASSERT_TRUE(feed->want(infy));
  go();
  feed->stop();
  EXPECT_TRUE(venue.last().closed);
  scheduler.advance(minutes(5));
  EXPECT_EQ(venue.lines.size(), 1u);
  EXPECT_EQ(recorder.statuses.back(), "disconnected");
  feed->start();
  scheduler.advance({});
  venue.last().observer->on_open();
  EXPECT_EQ(venue.lines.size(), 2u);
  EXPECT_THAT(venue.last().tokens, ElementsAre(infy));
}

TEST_F(FeedTest, TheObserverMayStopTheFeedFromInsideATick) {
  ASSERT_TRUE(feed->want(infy));
  go();
  recorder.then = [this] { feed->stop(); };
  send(venue.last(), {tick(infy)});
  EXPECT_TRUE(venue.last().closed);
  EXPECT_EQ(feed->status(), FeedStatus::disconnected);
}

TEST_F(FeedTest, AWantThatIsStillUnderWayDoesNoHarmWhenTheFeedIsGone) {
  ASSERT_TRUE(feed->want(infy));
  feed->start();
  feed.reset();
  scheduler.advance(minutes(1));
  EXPECT_THAT(venue.lines, IsEmpty());
}

TEST_F(FeedTest, UnreadablePacketsAreCounted) {
  go();
  venue.last().observer->on_heartbeat();
  venue.last().observer->on_malformed(3);
  EXPECT_EQ(feed->counters().skipped, 3u);
  EXPECT_EQ(feed->counters().frames, 1u);
  EXPECT_EQ(feed->counters().opened, 1u);
}

}  // namespace
}  // namespace hmt::feed
