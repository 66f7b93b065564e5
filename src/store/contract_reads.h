#pragma once
#include <set>

#include "store/contract_fixture.h"

namespace hmt::store {

inline std::vector<model::TriggerId> ids_of(const std::vector<model::Trigger>& rows) {
  std::vector<model::TriggerId> out;
  for (const auto& row : rows) out.push_back(row.id);
  return out;
}

TEST_P(StoreContract, AListIsNewestFirst) {
  for (std::uint32_t n = 1; n <= 3; ++n) create(stop_loss(n));
  const auto page = reader()->triggers({}, operator_).value();
  EXPECT_EQ(ids_of(page.triggers), (std::vector{trigger_id(3), trigger_id(2), trigger_id(1)}));
  EXPECT_EQ(page.next_cursor, "");
  EXPECT_EQ(page.triggers[0], stored(trigger_id(3)));
}

TEST_P(StoreContract, AListIsFilteredByStatusAndInstrument) {
  create(stop_loss(1));
  auto other = stop_loss(2);
  other.instrument_token = 738561;
  create(other);
  fire(stop_loss(3), "TAG3");
  auto fired = stop_loss(4);
  fired.instrument_token = 738561;
  fire(fired, "TAG4");

  ListFilter filter;
  filter.status = model::TriggerStatus::active;
  EXPECT_EQ(ids_of(reader()->triggers(filter, operator_)->triggers),
            (std::vector{trigger_id(2), trigger_id(1)}));
  filter.instrument_token = 738561;
  EXPECT_EQ(ids_of(reader()->triggers(filter, operator_)->triggers), (std::vector{trigger_id(2)}));
  filter.status.reset();
  EXPECT_EQ(ids_of(reader()->triggers(filter, user(1))->triggers),
            (std::vector{trigger_id(4), trigger_id(2)}));
  filter.status = model::TriggerStatus::firing;
  EXPECT_EQ(ids_of(reader()->triggers(filter, user(1))->triggers), (std::vector{trigger_id(4)}));
  EXPECT_TRUE(reader()->triggers(filter, user(2))->triggers.empty());
}

TEST_P(StoreContract, PagesMissNothingAndRepeatNothingWhileRowsAreAdded) {
  for (std::uint32_t n = 1; n <= 7; ++n) create(stop_loss(n));
  const auto looking = reader();
  std::vector<model::TriggerId> seen;
  ListFilter filter;
  filter.limit = 3;
  std::uint32_t added = 100;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = looking->triggers(filter, operator_).value();
    for (const auto id : ids_of(page.triggers)) seen.push_back(id);
    if (page.next_cursor.empty()) break;
    filter.cursor = page.next_cursor;
    create(stop_loss(added++));
  }
  std::vector<model::TriggerId> expected;
  for (std::uint32_t n = 7; n >= 1; --n) expected.push_back(trigger_id(n));
  EXPECT_EQ(seen, expected);
}

TEST_P(StoreContract, AFullLastPageHasNoCursor) {
  for (std::uint32_t n = 1; n <= 4; ++n) create(stop_loss(n));
  ListFilter filter;
  filter.limit = 2;
  const auto first = reader()->triggers(filter, operator_).value();
  ASSERT_NE(first.next_cursor, "");
  filter.cursor = first.next_cursor;
  const auto second = reader()->triggers(filter, operator_).value();
  EXPECT_EQ(second.triggers.size(), 2U);
  EXPECT_EQ(second.next_cursor, "");
}

TEST_P(StoreContract, AWrongCursorIsNamed) {
  for (const auto* cursor : {"x", "-1", "0", "1 OR 1=1", "99999999999999999999"}) {
    ListFilter filter;
    filter.cursor = cursor;
    const auto page = reader()->triggers(filter, operator_);
    ASSERT_FALSE(page) << cursor;
    EXPECT_EQ(page.error().kind, base::ErrorKind::invalid);
    EXPECT_EQ(page.error().field, "cursor");
  }
}

TEST_P(StoreContract, AListOfWhatIsOpenOrChangedLatelyLeavesOutWhatEndedBefore) {
  create(stop_loss(1), 0);
  fire(stop_loss(2), "TAG2");
  const auto old = create(stop_loss(3), 1);
  const auto lately = create(stop_loss(4), 1);
  ASSERT_TRUE(writer().cancel(old.id, {}, operator_, nullptr, at_minute(2)));
  ASSERT_TRUE(writer().cancel(lately.id, {}, operator_, nullptr, at_minute(30)));
  ListFilter filter;
  filter.open_or_since = at_minute(30);
  EXPECT_EQ(ids_of(reader()->triggers(filter, operator_)->triggers),
            (std::vector{trigger_id(4), trigger_id(2), trigger_id(1)}));
  filter.open_or_since = at_minute(30) + 1us;
  EXPECT_EQ(ids_of(reader()->triggers(filter, user(1))->triggers),
            (std::vector{trigger_id(2), trigger_id(1)}));
}

TEST_P(StoreContract, ATriggersNumberIsItsOwnForGood) {
  for (std::uint32_t n = 1; n <= 3; ++n) create(stop_loss(n));
  const auto page = reader()->triggers({}, operator_).value();
  ASSERT_EQ(page.numbers.size(), 3U);
  EXPECT_LT(page.numbers[1], page.numbers[0]);
  EXPECT_LT(page.numbers[2], page.numbers[1]);
  ASSERT_TRUE(writer().cancel(trigger_id(3), {}, operator_, nullptr, at_minute(2)));
  backend_->reopen();
  create(stop_loss(4));
  for (std::size_t i = 0; i < 3; ++i) {
    const auto id = page.triggers[i].id;
    EXPECT_EQ(reader()->number_of(id, operator_).value(), page.numbers[i]);
    EXPECT_EQ(reader()->numbered(page.numbers[i], operator_).value(), id);
  }
  EXPECT_GT(reader()->number_of(trigger_id(4), operator_).value(), page.numbers[0]);
}

TEST_P(StoreContract, AnothersNumberIsLikeNone) {
  create(stop_loss(1));
  const auto number = reader()->number_of(trigger_id(1), user(1)).value();
  EXPECT_EQ(reader()->numbered(number, user(1)).value(), trigger_id(1));
  for (const auto& answer :
       {reader()->numbered(number, user(2)), reader()->numbered(number + 1, operator_)}) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, base::ErrorKind::not_found);
    EXPECT_EQ(answer.error().message, reader()->trigger(trigger_id(9), user(2)).error().message);
  }
  EXPECT_EQ(reader()->number_of(trigger_id(1), user(2)).error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(reader()->number_of(trigger_id(9), operator_).error().kind, base::ErrorKind::not_found);
}

TEST_P(StoreContract, AReaderSeesTheLastCommit) {
  const auto looking = reader();
  EXPECT_FALSE(looking->trigger(trigger_id(1), operator_));
  const auto row = create(stop_loss(1));
  EXPECT_EQ(looking->trigger(row.id, operator_).value(), row);
  ASSERT_EQ(claim_one(claim_of(row, "TAG1")), ClaimVerdict::won);
  EXPECT_EQ(looking->trigger(row.id, operator_)->status, model::TriggerStatus::firing);
  EXPECT_EQ(looking->last_event().value(), changed_.last_event);
}

TEST_P(StoreContract, RecentAttemptsAreNewestFirstAndTheirOwnersOnly) {
  const auto one = fire(stop_loss(1), "TAG1");
  auto foreign = stop_loss(2);
  foreign.user_id = user_id(2);
  fire(foreign, "TAG2");
  fire(stop_loss(3), "TAG3");
  const auto all = reader()->recent_attempts(100, operator_).value();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].tag, "TAG3");
  EXPECT_EQ(all[2].tag, "TAG1");
  const auto own = reader()->recent_attempts(1, user(2)).value();
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0].tag, "TAG2");
}

TEST_P(StoreContract, AuditNumbersGrowAndAreNeverReused) {
  const auto row = create(stop_loss(1));
  fire(stop_loss(2), "TAG2");
  ASSERT_TRUE(writer().note(audit_of(row, "feed_lost")));
  backend_->reopen();
  const auto noted = writer().note(audit_of(row, "feed_back")).value();
  const auto rows = trail();
  for (std::size_t i = 1; i < rows.size(); ++i) EXPECT_LT(rows[i - 1].number, rows[i].number);
  EXPECT_EQ(rows.back().number, noted);
  EXPECT_EQ(last_event(), noted);
  EXPECT_EQ(events(), (std::vector<std::string>{"lease_taken", "created", "created", "claimed",
                                                "feed_lost", "feed_back"}));
}

TEST_P(StoreContract, AnAuditRowComesBackAsItWasWritten) {
  model::AuditEntry entry;
  entry.at = at_minute(1) + 1us;
  entry.event = "order_placed";
  entry.severity = model::Severity::alarm;
  entry.actor = "engine";
  entry.user_id = user_id(1);
  entry.trigger_id = trigger_id(1);
  entry.tag = "T0123456789ABCDEFGHJ";
  entry.detail = {{"z", "last'); DELETE FROM hmt_audit; --"},
                  {"a", "tab\t, newline\n, quote\", slash\\ and \x01"},
                  {"", ""},
                  {"a", "twice \xE2\x82\xB9"}};
  ASSERT_TRUE(writer().note(entry));
  model::AuditEntry bare;
  bare.event = "engine_ready";
  ASSERT_TRUE(writer().note(bare));
  const auto rows = trail();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].entry, entry);
  EXPECT_EQ(rows[2].entry, bare);
}

TEST_P(StoreContract, TheTrailIsReadForwardsAndBackwards) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(writer().note(audit_of(stop_loss(1), "e" + std::to_string(i))));
  }
  const auto rows = trail();
  AuditFilter filter;
  filter.limit = 3;
  filter.after = rows[4].number;
  auto page = reader()->audit(filter, operator_).value();
  ASSERT_EQ(page.size(), 3U);
  EXPECT_EQ(page[0].number, rows[5].number);
  EXPECT_EQ(page[2].number, rows[7].number);

  filter.after = 0;
  filter.before = rows[4].number;
  page = reader()->audit(filter, operator_).value();
  ASSERT_EQ(page.size(), 3U);
  EXPECT_EQ(page[0].number, rows[3].number);
  EXPECT_EQ(page[2].number, rows[1].number);

  filter.before = std::numeric_limits<std::int64_t>::max();
  filter.trigger = trigger_id(2);
  EXPECT_TRUE(reader()->audit(filter, operator_)->empty());
}

TEST_P(StoreContract, AUserSeesTheirOwnTrailOnly) {
  ASSERT_TRUE(writer().note(audit_of(stop_loss(1), "mine")));
  auto foreign = stop_loss(2);
  foreign.user_id = user_id(2);
  ASSERT_TRUE(writer().note(audit_of(foreign, "theirs")));
  const auto rows = reader()->audit({}, user(1)).value();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].entry.event, "mine");
}

TEST_P(StoreContract, RecoveryHoldsAllThatMayStillAct) {
  const auto today = base::trading_date(at_minute(0));
  const auto active = create(stop_loss(1));
  const auto firing = fire(stop_loss(2), "TAG2");
  const auto cancelled = create(stop_loss(3));
  ASSERT_TRUE(writer().cancel(cancelled.id, {}, operator_, nullptr, at_minute(1)));
  const auto done = fire(stop_loss(4), "TAG4");
  auto placed = attempt_of(stop_loss(4), epoch_, "TAG4");
  placed.state = model::AttemptState::placed;
  placed.order_status = "COMPLETE";
  record({record_of(placed),
          record_of(outcome_of(done, model::TriggerStatus::triggered), at_minute(6))});

  const auto now = whole_recovery(*reader(), today).value();
  EXPECT_EQ(ids_of(now.triggers), (std::vector{active.id, firing.id, done.id}));
  ASSERT_EQ(now.attempts.size(), 2U);
  EXPECT_EQ(now.attempts[0].tag, "TAG2");
  EXPECT_EQ(now.attempts[1], placed);
  EXPECT_FALSE(now.stopped);
  EXPECT_TRUE(now.unreadable.empty());

  const auto later = whole_recovery(*reader(), {today.days + 1}).value();
  EXPECT_EQ(ids_of(later.triggers), (std::vector{active.id, firing.id}));
  ASSERT_EQ(later.attempts.size(), 1U);
  EXPECT_EQ(later.attempts[0].tag, "TAG2");
}

TEST_P(StoreContract, RecoveryIsOldestFirstWhateverHasFired) {
  std::vector<model::TriggerId> expected;
  for (std::uint32_t n = 1; n <= 6; ++n) {
    const bool fires = n == 1 || n == 3 || n == 4 || n == 6;
    expected.push_back(fires ? fire(stop_loss(n), tag_of(n)).id : create(stop_loss(n)).id);
  }
  EXPECT_EQ(ids_of(whole_recovery(*reader(), {0})->triggers), expected);
}

TEST_P(StoreContract, RecoveryComesInPartsOfWhichTheFirstHasAllButTheTriggers) {
  fire(stop_loss(1), "TAG1");
  const std::uint32_t count = 600;
  for (std::uint32_t n = 2; n <= count; ++n) create(stop_loss(n));
  std::vector<Recovery> parts;
  const auto read =
      reader()->recovery({0}, {}, [&](Recovery part) { parts.push_back(std::move(part)); });
  ASSERT_TRUE(read);
  ASSERT_GE(parts.size(), 2U);
  EXPECT_EQ(parts[0].attempts.size(), 1U);
  std::uint32_t told = 0;
  for (const auto& part : parts) {
    EXPECT_LE(part.triggers.size(), 256U);
    EXPECT_TRUE(&part == &parts[0] || part.attempts.empty());
    for (const auto& row : part.triggers) EXPECT_EQ(row.id, trigger_id(++told));
  }
  EXPECT_EQ(told, count);
}

TEST_P(StoreContract, RecoveryJudgesOldAttemptsByTheirState) {
  using enum model::AttemptState;
  const auto tomorrow = base::TradingDate{base::trading_date(at_minute(0)).days + 1};
  std::uint32_t n = 0;
  std::vector<std::string> expected;
  for (const auto state :
       {queued, forwarded, withdrawn, not_placed, refused, unknown, placed, absent}) {
    for (const auto status :
         {model::TriggerStatus::firing, model::TriggerStatus::needs_attention}) {
      ++n;
      const auto row = fire(stop_loss(n), tag_of(n));
      auto attempt = attempt_of(stop_loss(n), epoch_, tag_of(n));
      attempt.state = state;
      attempt.order_status = "REJECTED";
      record({record_of(attempt), record_of(outcome_of(row, status), at_minute(6))});
      const bool open = state == queued || state == forwarded || state == unknown;
      const bool waits =
          (state == not_placed || state == absent) && status == model::TriggerStatus::firing;
      if (open || waits) expected.push_back(tag_of(n));
    }
  }
  const auto found = whole_recovery(*reader(), tomorrow).value();
  std::vector<std::string> tags;
  std::set<model::TriggerId> listed;
  for (const auto& row : found.triggers) listed.insert(row.id);
  for (const auto& attempt : found.attempts) {
    tags.push_back(attempt.tag.text());
    EXPECT_TRUE(listed.contains(attempt.trigger_id)) << attempt.tag.text();
  }
  EXPECT_EQ(tags, expected);
}

TEST_P(StoreContract, RecoveryHoldsOrdersOfEarlierDaysWhoseEndIsNotOnRecord) {
  const auto today = base::trading_date(at_minute(0));
  std::uint32_t n = 0;
  std::vector<std::string> expected;
  for (const auto* word : {"", "PUT ORDER REQ RECEIVED", "OPEN", "TRIGGER PENDING", "COMPLETE",
                           "CANCELLED", "CANCELLED AMO", "REJECTED", "UNKNOWN"}) {
    ++n;
    const auto row = fire(stop_loss(n), tag_of(n));
    auto attempt = attempt_of(stop_loss(n), epoch_, tag_of(n));
    attempt.state = model::AttemptState::placed;
    attempt.order_status = word;
    record({record_of(attempt),
            record_of(outcome_of(row, model::TriggerStatus::triggered), at_minute(6))});
    if (n <= 4) expected.push_back(tag_of(n));
  }
  for (const auto days : {1, 30}) {
    const auto found = whole_recovery(*reader(), {today.days + days}).value();
    std::vector<std::string> tags;
    for (const auto& attempt : found.attempts) tags.push_back(attempt.tag.text());
    EXPECT_EQ(tags, expected) << days;
    EXPECT_EQ(found.triggers.size(), expected.size());
  }
  EXPECT_TRUE(whole_recovery(*reader(), {today.days + 31})->attempts.empty())
      << "not all of history";
}

TEST_P(StoreContract, RecoveryNamesTheWinnersOfGroupsThatStillHaveAnActiveMember) {
  const auto one = create(in_group(stop_loss(1), 7));
  create(in_group(stop_loss(2), 7));
  ASSERT_EQ(claim_one(claim_of(one, "TAG1")), ClaimVerdict::won);
  fire(in_group(stop_loss(3), 8), "TAG3");
  create(in_group(stop_loss(4), 9));
  const auto winners = whole_recovery(*reader(), {0})->winners;
  ASSERT_EQ(winners.size(), 1U);
  EXPECT_EQ(winners[0].group, group_id(7));
  EXPECT_EQ(winners[0].winner, one.id);
}

TEST_P(StoreContract, AnEmptyStoreRecoversToNothing) {
  const auto found = whole_recovery(*reader(), {0}).value();
  EXPECT_TRUE(found.triggers.empty());
  EXPECT_TRUE(found.attempts.empty());
  EXPECT_TRUE(found.winners.empty());
  EXPECT_FALSE(found.stopped);
}

}  // namespace hmt::store
