#include "api/test_server.h"

namespace hmt::api::test {
namespace {

class LookApi : public ServerTest {
 protected:
  static base::Instant at(const char* text) { return *base::parse_rfc3339(text); }
};

TEST_F(LookApi, AFiredTriggerIsExplainedInOneAnswer) {
  const auto made = arm();
  fire(made);
  const auto why = get(path_of(made) + "/why");
  EXPECT_EQ(why.at("summary"),
            "It fired because SELL leg 1: LTP 1499.95 <= 1500.00; its order was handed to the "
            "broker, whose answer is awaited.");
  EXPECT_EQ(why.at("approach"), "null");
  EXPECT_EQ(why.at("attempts.0.evidence.last_price"), "1499.95");
  EXPECT_EQ(why.at("events.0.event"), "created");
  EXPECT_EQ(why.at("events.1.event"), "claimed");
  EXPECT_EQ(why.at("trigger.id"), made.at("id"));
}

TEST_F(LookApi, OneThatHasNotFiredTellsHowNearItCameAndWhatHeldItBack) {
  const auto made = arm();
  desk.approach_seen.observed_since = at("2026-11-23T03:45:00Z");
  desk.approach_seen.leg_1 = {base::Price::from_paise(150'005), at("2026-11-23T04:00:00Z")};
  desk.approach_seen.unfresh = {base::Price::from_paise(149'900), at("2026-11-23T03:44:00Z"),
                                model::Freshness::cached};
  desk.approach_seen.gaps = {{at("2026-11-23T03:50:00Z"), at("2026-11-23T03:50:03Z")}};
  const auto why = get(path_of(made) + "/why");
  EXPECT_EQ(why.at("summary"),
            "It is watched and has not fired: since 2026-11-23T03:45:00.000Z the nearest fresh "
            "price was 1500.05 (level 1500.00).");
  EXPECT_EQ(why.at("approach.legs.0.nearest.price"), "1500.05");
  EXPECT_EQ(why.at("approach.legs.0.direction"), "<=");
  EXPECT_EQ(why.at("approach.legs.1"), "-");
  EXPECT_EQ(why.at("approach.not_fresh.because"), "cached");
  EXPECT_EQ(why.at("approach.gaps.0.until"), "2026-11-23T03:50:03.000Z");
}

TEST_F(LookApi, OneThatIsNotWatchedSaysWhyNot) {
  const auto made = arm();
  desk.why_not_watched = "The ticker is not connected";
  EXPECT_EQ(get(path_of(made) + "/why").at("summary"),
            "It is not watched: The ticker is not connected");
}

TEST_F(LookApi, ACancelledOneHasNotFired) {
  const auto made = arm();
  EXPECT_EQ(ask("DELETE", path_of(made), signed_in()).status, 200);
  EXPECT_EQ(get(path_of(made) + "/why").at("summary"), "It has not fired and is cancelled.");
}

TEST_F(LookApi, CandlesSayWhereTheyAreFrom) {
  desk.candles_kept.why_not_broker = "there is no live broker connection to ask";
  const auto price = base::Price::from_paise(157'315);
  desk.candles_kept.candles = {{at("2026-11-23T03:45:00Z"), price, price, price, price, {}},
                               {at("2026-11-23T03:46:00Z"), price, price, price, price, 7}};
  const auto path = "/api/v1/instruments/" + std::to_string(infy) + "/candles";
  const auto candles =
      get(path + "?interval=5minute&from=2026-11-23T03:45:00Z&to=2026-11-23T10:00:00Z");
  EXPECT_EQ(candles.at("source"), "ticks");
  EXPECT_EQ(candles.at("why_not_broker"), "there is no live broker connection to ask");
  EXPECT_EQ(candles.at("candles.0.1"), "1573.15");
  EXPECT_EQ(candles.at("candles.0.5"), "null");
  EXPECT_EQ(candles.at("candles.1.5"), "7");
  EXPECT_EQ(desk.candles_asked.interval, model::Interval::five_minutes);
  EXPECT_EQ(desk.candles_asked.from, at("2026-11-23T03:45:00Z"));
  get(path);
  EXPECT_EQ(desk.candles_asked.until - desk.candles_asked.from, std::chrono::hours(24));
}

TEST_F(LookApi, AWrongWishForCandlesIsNamed) {
  const auto path = "/api/v1/instruments/" + std::to_string(infy) + "/candles";
  EXPECT_EQ(get(path + "?interval=2minute").field(), "interval");
  EXPECT_EQ(get(path + "?from=yesterday").field(), "from");
  EXPECT_EQ(get(path + "?to=now").field(), "to");
  EXPECT_EQ(get(path + "?from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z").field(), "from");
  EXPECT_EQ(get(path + "?from=2026-01-01T00:00:00Z&to=2026-11-23T00:00:00Z").field(), "from");
  EXPECT_EQ(get(path + "?interval=day&from=2026-01-01T00:00:00Z&to=2026-11-23T00:00:00Z").status,
            200);
  EXPECT_EQ(get(path + "?colour=red").field(), "colour");
  EXPECT_EQ(get("/api/v1/instruments/1/candles").status, 404);
  EXPECT_EQ(get("/api/v1/instruments/INFY/candles").status, 404);
}

TEST_F(LookApi, PerformanceIsOfTheWayFromTickToAnswer) {
  auto& times = desk.performance_kept.of_stage.front();
  times.count = 3;
  times.p99 = std::chrono::microseconds(41);
  times.max_tag = "T1";
  times.buckets = {{std::chrono::microseconds(40), std::chrono::microseconds(42), 3}};
  const auto seen = get("/api/v1/performance?minutes=15");
  EXPECT_EQ(seen.at("stages.0.stage"), "tick_to_decision");
  EXPECT_EQ(seen.at("stages.0.p99_us"), "41");
  EXPECT_EQ(seen.at("stages.0.max_tag"), "T1");
  EXPECT_EQ(seen.at("stages.0.buckets.0.2"), "3");
  EXPECT_EQ(seen.at("stages.4.stage"), "tick_to_answered");
  EXPECT_EQ(seen.at("minutes.14.ticks"), "0");
  EXPECT_EQ(seen.at("minutes.15"), "-");
  EXPECT_EQ(get("/api/v1/performance?minutes=1441").field(), "minutes");
}

}  // namespace
}  // namespace hmt::api::test
