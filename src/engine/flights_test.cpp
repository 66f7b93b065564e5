#include "engine/flights.h"

#include <gmock/gmock.h>

#include "engine/test_desk.h"

namespace hmt::engine {
namespace {

using testing::ElementsAre;

std::unique_ptr<Flight> flight(std::uint8_t trigger, const std::string& tag, int day = 1) {
  auto out = std::make_unique<Flight>();
  out->attempt.trigger_id = trigger_id(trigger);
  out->attempt.tag = tag;
  out->attempt.trading_date = {day};
  return out;
}

std::vector<std::string> tags(const std::vector<Flight*>& flights) {
  std::vector<std::string> out;
  for (const auto* each : flights) out.push_back(each->attempt.tag.text());
  return out;
}

std::vector<std::string> tags_of(Flights& flights, std::uint8_t trigger) {
  std::vector<std::string> out;
  for (auto* at = flights.first_of(trigger_id(trigger)); at; at = at->next)
    out.push_back(at->attempt.tag.text());
  return out;
}

TEST(Flights, ATriggersOwnComeInTheOrderOfTheirTags) {
  Flights flights;
  for (const auto* tag : {"T1B", "T1A", "T1D", "T1C"}) flights.put(flight(1, tag));
  flights.put(flight(2, "T2A"));
  EXPECT_THAT(tags_of(flights, 1), ElementsAre("T1A", "T1B", "T1C", "T1D"));
  flights.erase(*flights.find("T1A"));
  flights.erase(*flights.find("T1C"));
  EXPECT_THAT(tags_of(flights, 1), ElementsAre("T1B", "T1D"));
  flights.erase(*flights.find("T1D"));
  flights.erase(*flights.find("T1B"));
  EXPECT_EQ(flights.first_of(trigger_id(1)), nullptr);
  EXPECT_THAT(tags_of(flights, 2), ElementsAre("T2A"));
}

TEST(Flights, OnlyThoseThatWaitAreOnTheListAndALookRenewsIt) {
  Flights flights;
  flights.put(flight(2, "T2")).retry_at = monday_morning();
  flights.put(flight(1, "T1")).attempt.state = AttemptState::forwarded;
  flights.put(flight(3, "T3"));
  flights.look_again();
  EXPECT_THAT(tags(flights.waiting()), ElementsAre("T1", "T2"));

  flights.find("T2")->retry_at.reset();
  flights.find("T3")->attempt.state = AttemptState::placed;
  flights.look_again();
  EXPECT_THAT(tags(flights.waiting()), ElementsAre("T1", "T3"));

  flights.find("T3")->attempt.order_status = "COMPLETE";
  flights.erase(*flights.find("T1"));
  flights.look_again();
  EXPECT_TRUE(flights.waiting().empty());
}

TEST(Flights, WhoeverIsFoundOnTheListMayBeChangedThere) {
  Flights flights;
  flights.put(flight(1, "T1")).retry_at = monday_morning();
  flights.look_again();
  for (auto* each : flights.waiting()) each->retry_at.reset();
  flights.look_again();
  EXPECT_TRUE(flights.waiting().empty());
}

TEST(Flights, OfSeveralThatAreMeantTheFirstTagIsTold) {
  Flights flights;
  for (const auto* tag : {"T4", "T2", "T1", "T3"}) flights.put(flight(1, tag));
  const auto* found =
      flights.first_where([](const Flight& each) { return each.attempt.tag > "T1"; });
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->attempt.tag, "T2");
  EXPECT_EQ(flights.first_where([](const Flight&) { return false; }), nullptr);
}

TEST(Flights, OneOfTheSameTagIsReplacedWhereItStands) {
  Flights flights;
  auto* before = &flights.put(flight(1, "T1"));
  before->retry_at = monday_morning();
  flights.look_again();
  EXPECT_EQ(&flights.put(flight(1, "T1")), before);
  flights.look_again();
  EXPECT_TRUE(flights.waiting().empty());
  EXPECT_THAT(tags_of(flights, 1), ElementsAre("T1"));
}

TEST(Flights, ANewDayForgetsWhatIsOverAndKeepsWhatIsNot) {
  Flights flights;
  flights.put(flight(1, "YESTERDAYS")).attempt.state = AttemptState::withdrawn;
  flights.put(flight(2, "YESTERDAYS-UNKNOWN")).attempt.state = AttemptState::unknown;
  flights.put(flight(4, "YESTERDAYS-RETRY")).retry_at = monday_morning();
  flights.put(flight(5, "YESTERDAYS-CLAIM")).claiming = true;
  flights.put(flight(6, "YESTERDAYS-QUEUED"));
  flights.put(flight(7, "YESTERDAYS-FORWARDED")).attempt.state = AttemptState::forwarded;
  flights.put(flight(8, "YESTERDAYS-OPEN")).attempt.state = AttemptState::placed;
  flights.find("YESTERDAYS-OPEN")->attempt.order_status = "OPEN";
  flights.put(flight(3, "TODAYS", 2));
  flights.look_again();
  flights.forget_before({2});
  EXPECT_EQ(flights.find("YESTERDAYS"), nullptr);
  for (const auto* tag : {"TODAYS", "YESTERDAYS-RETRY", "YESTERDAYS-CLAIM"})
    EXPECT_NE(flights.find(tag), nullptr) << tag;
  ASSERT_NE(flights.find("YESTERDAYS-UNKNOWN"), nullptr);
  EXPECT_NE(flights.find("YESTERDAYS-QUEUED"), nullptr);
  EXPECT_NE(flights.find("YESTERDAYS-FORWARDED"), nullptr);
  ASSERT_NE(flights.find("YESTERDAYS-OPEN"), nullptr);

  for (const auto* tag : {"YESTERDAYS-UNKNOWN", "YESTERDAYS-OPEN"}) {
    flights.find(tag)->parked = true;
    flights.forget_before({2});
    EXPECT_EQ(flights.find(tag), nullptr);
  }
}

}  // namespace
}  // namespace hmt::engine
