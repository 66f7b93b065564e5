#include "oms/absence.h"

#include <gtest/gtest.h>

namespace hmt::oms {
namespace {

using namespace std::chrono_literals;

const base::Instant sent = base::parse_rfc3339("2026-11-23T10:00:00+05:30").value();

// Clean readings at these seconds after the last byte.
AbsenceProof readings(std::initializer_list<int> seconds) {
  AbsenceProof proof(AbsenceRule{}, sent);
  for (const int each : seconds) proof.add_reading(sent + std::chrono::seconds(each));
  return proof;
}

TEST(Absence, ThreeReadingsAcrossTheWindowShowIt) {
  EXPECT_TRUE(readings({60, 120, 181}).shown());
  EXPECT_TRUE(readings({181, 211, 241}).shown());
}

TEST(Absence, TwoReadingsDoNot) {
  EXPECT_FALSE(readings({60, 181}).shown());
}

TEST(Absence, ManyReadingsWithinTheWindowDoNot) {
  EXPECT_FALSE(readings({10, 40, 70, 100, 130, 180}).shown());
  EXPECT_TRUE(readings({10, 40, 70, 100, 130, 181}).shown());
}

TEST(Absence, ABurstOfReadingsCountsAsOne) {
  const auto proof = readings({181, 182, 183, 184, 200, 210});
  EXPECT_EQ(proof.readings(), 1);
  EXPECT_FALSE(proof.shown());
}

TEST(Absence, AReadingAskedForBeforeTheLastByteIsNoEvidence) {
  EXPECT_EQ(readings({-200, -100, -1, 0}).readings(), 0);
}

TEST(Absence, AClockThatGoesBackAddsNothing) {
  const auto proof = readings({60, 90, 50, 70});
  EXPECT_EQ(proof.readings(), 2);
  EXPECT_FALSE(proof.shown());
}

TEST(Absence, AProofThatWasNeverBegunShowsNothing) {
  AbsenceProof proof;
  for (int i = 0; i < 10; ++i) proof.add_reading(sent + i * 60s);
  EXPECT_FALSE(proof.shown());
}

TEST(Absence, AStricterRuleAsksForMore) {
  AbsenceProof proof({.window = 300s, .spacing = 60s, .readings_min = 4}, sent);
  for (const auto at : {60s, 120s, 180s, 301s}) {
    EXPECT_FALSE(proof.shown());
    proof.add_reading(sent + at);
  }
  EXPECT_TRUE(proof.shown());
}

}  // namespace
}  // namespace hmt::oms
