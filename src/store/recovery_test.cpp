#include "store/recovery.h"

#include "store/contract_fixture.h"

namespace hmt::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TriggerRow other(std::int64_t number) {
  TriggerRow out;
  out.number = number;
  out.trigger = stop_loss(static_cast<std::uint32_t>(number));
  out.trigger.status = model::TriggerStatus::firing;
  return out;
}

struct RecoveryInParts : testing::Test {
  std::vector<Recovery> parts;
  TakePart take = [this](Recovery part) { parts.push_back(std::move(part)); };

  static void read(RecoveryParts& out, std::uint32_t number, const std::string& problem = {}) {
    out.place() = stop_loss(number);
    out.add({.number = number, .problem = problem, .name = {}});
  }
  std::vector<model::TriggerId> told() const {
    std::vector<model::TriggerId> out;
    for (const auto& part : parts) {
      for (const auto& row : part.triggers) out.push_back(row.id);
    }
    return out;
  }
};

TEST_F(RecoveryInParts, AreHandedOnWhenTheyAreFullAndTheFirstHasAllElse) {
  Recovery first;
  first.winners.push_back({group_id(1), trigger_id(1)});
  first.attempts.push_back(attempt_of(stop_loss(1), 1, "TAG1"));
  RecoveryParts out(std::move(first), {}, take);
  const auto full = static_cast<std::uint32_t>(RecoveryParts::rows_of_part);
  for (std::uint32_t n = 1; n <= full; ++n) read(out, n);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].winners.size(), 1U);
  EXPECT_EQ(parts[0].attempts.size(), 1U);
  read(out, full + 1);
  EXPECT_EQ(parts.size(), 1U);
  out.finish();
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_TRUE(parts[1].winners.empty());
  EXPECT_TRUE(parts[1].attempts.empty());
  const auto all = told();
  ASSERT_EQ(all.size(), full + 1);
  for (std::uint32_t n = 0; n <= full; ++n) EXPECT_EQ(all[n], trigger_id(n + 1));
}

TEST_F(RecoveryInParts, RowsThatAreNotActiveStandWhereTheyWereInserted) {
  RecoveryParts out({}, {other(1), other(3), other(4), other(6)}, take);
  read(out, 2);
  read(out, 5);
  out.finish();
  EXPECT_THAT(told(), ElementsAre(trigger_id(1), trigger_id(2), trigger_id(3), trigger_id(4),
                                  trigger_id(5), trigger_id(6)));
}

TEST_F(RecoveryInParts, ARowThatMakesNoSenseIsNamedAndLeftOut) {
  auto broken = other(2);
  broken.problem = "a word that is none";
  broken.name = "what its id was";
  RecoveryParts out({}, {broken}, take);
  read(out, 1, "a price that is none");
  read(out, 3);
  auto& row = out.place();
  row = stop_loss(4);
  row.leg_1.quantity = 0;
  out.add({.number = 4, .problem = {}, .name = {}});
  out.finish();
  EXPECT_THAT(told(), ElementsAre(trigger_id(3)));
  EXPECT_THAT(parts[0].unreadable,
              ElementsAre(trigger_id(1).text() + ": a price that is none",
                          "what its id was: a word that is none",
                          trigger_id(4).text() + ": quantity_1 must be between 1 and 10000000"));
}

TEST_F(RecoveryInParts, AnOpenAttemptWhoseTriggerIsNotToldIsNamed) {
  Recovery first;
  for (std::uint32_t n = 1; n <= 3; ++n) {
    first.attempts.push_back(attempt_of(stop_loss(n), 1, tag_of(n)));
  }
  RecoveryParts out(std::move(first), {other(2)}, take);
  read(out, 1);
  out.finish();
  ASSERT_EQ(parts.size(), 1U);
  ASSERT_EQ(parts[0].unreadable.size(), 1U);
  EXPECT_TRUE(parts[0].unreadable[0].starts_with("attempt " + tag_of(3) + ": its trigger"));
}

TEST_F(RecoveryInParts, OfNothingThereIsOneAllTheSame) {
  RecoveryParts out({}, {}, take);
  out.finish();
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_THAT(parts[0].triggers, IsEmpty());
}

}  // namespace
}  // namespace hmt::store
