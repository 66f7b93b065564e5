#include "sqlite/database_fixture.h"

// The table as an API: rows that people write with SQL.
namespace hmt::sqlite {
namespace {

// The statement that the original architecture's clients write.
constexpr auto original_insert =
    "INSERT INTO hmt_gtt_orders (id, user_id, broker_connection_id, trading_symbol, exchange, "
    "instrument_token, condition_type, transaction_type, product_type_1, trigger_price_1, "
    "order_price_1, quantity_1, product_type_2, trigger_price_2, order_price_2, quantity_2) VALUES "
    "('6F1D2C3B-0a49-4e58-9c77-0123456789ab', '22000000-0000-0000-0000-000000000001', "
    "'33000000-0000-0000-0000-000000000001', 'INFY', 'NSE', 408065, 'two-leg', 'SELL', 'CNC', "
    "1500.00, 1499.50, 10, 'CNC', 1600.5, 1599, 10);";

// A row of the fewest words.
std::string short_insert(const std::string& extra_columns = "",
                         const std::string& extra_values = "") {
  return "INSERT INTO hmt_gtt_orders (trading_symbol, exchange, instrument_token, condition_type, "
         "transaction_type, product_type_1, trigger_price_1, quantity_1" +
         extra_columns + ") VALUES ('INFY', 'NSE', 408065, 'single', 'BUY', 'MIS', '1510.05', 1" +
         extra_values + ");";
}

TEST_F(SqliteDatabase, TheOriginalInsertIsAnActiveTrigger) {
  open();
  EXPECT_EQ(by_hand(path, original_insert), "");
  const auto found = store::whole_recovery(*reader(), {0}).value();
  EXPECT_THAT(found.unreadable, testing::IsEmpty());
  ASSERT_EQ(found.triggers.size(), 1U);
  const auto& row = found.triggers[0];
  EXPECT_EQ(row.id.text(), "6f1d2c3b-0a49-4e58-9c77-0123456789ab");
  EXPECT_EQ(row.status, model::TriggerStatus::active);
  EXPECT_EQ(row.version, 1);
  EXPECT_EQ(row.leg_1.trigger_price, price("1500"));
  EXPECT_EQ(row.leg_1.order_price, price("1499.5"));
  ASSERT_TRUE(row.leg_2);
  EXPECT_EQ(row.leg_2->trigger_price, price("1600.50"));
  EXPECT_EQ(row.on_unknown, model::OnUnknown::park);

  // Its id was written in capitals; it is found all the same.
  const auto epoch = writer().take_lease("engine", at_minute(0)).value();
  const Claim claim{attempt_of(row, epoch, "TAG1"), 1, {}};
  Changed changed;
  EXPECT_EQ(writer().claim(std::span(&claim, 1), changed)->front(), ClaimVerdict::won);
  EXPECT_EQ(reader()->trigger(row.id, user(1))->status, model::TriggerStatus::firing);
}

TEST_F(SqliteDatabase, ARowOfTheFewestWordsGetsAnIdAndADate) {
  open();
  EXPECT_EQ(by_hand(path, short_insert() + short_insert()), "");
  const auto rows = reader()->triggers({}, anybody)->triggers;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_NE(rows[0].id, rows[1].id);
  EXPECT_EQ(rows[0].id.uuid.bytes[6] >> 4, 4);
  EXPECT_TRUE(rows[0].user_id.uuid.is_nil());
  EXPECT_GT(rows[0].created_at, at_minute(-60 * 24 * 365 * 2));
}

TEST_F(SqliteDatabase, TheTableRefusesWhatMakesNoSense) {
  open();
  const std::vector<std::pair<std::string, std::string>> wrong = {{"status", "'asleep'"},
                                                                  {"direction", "'up'"},
                                                                  {"on_unknown", "'pray'"},
                                                                  {"purpose", "'fun'"},
                                                                  {"order_price_1", "'0'"},
                                                                  {"order_price_1", "'-1'"},
                                                                  {"order_price_1", "'1e3'"},
                                                                  {"order_price_1", "'1.2.3'"},
                                                                  {"order_price_1", "''"},
                                                                  {"order_price_1", "'1.'"},
                                                                  {"order_price_1", "'.5'"},
                                                                  {"order_price_1", "1e-7"},
                                                                  {"order_price_1", "'200000000'"},
                                                                  {"order_price_1", "'1.12345678'"},
                                                                  {"trigger_price_2", "'1'"},
                                                                  {"quantity_2", "0"},
                                                                  {"id", "'x'"},
                                                                  {"parent_id", "'x'"},
                                                                  {"leg_1_state", "'broken'"},
                                                                  {"triggered_leg", "'3'"},
                                                                  {"filled_quantity", "-1"},
                                                                  {"version", "0"},
                                                                  {"product_type_2", "'XYZ'"}};
  for (const auto& [column, value] : wrong) {
    EXPECT_THAT(by_hand(path, short_insert(", " + column, ", " + value)), HasSubstr("error"))
        << column << " " << value;
  }
  for (const auto* value : {"0", "-5", "1.5", "'many'", "NULL"}) {
    EXPECT_EQ(by_hand(path, short_insert()), "");
    EXPECT_THAT(by_hand(path, std::string("UPDATE hmt_gtt_orders SET quantity_1 = ") + value),
                HasSubstr("error"));
  }
  for (const auto* value : {"83.0025", "'0.0000001'", "1500", "'99999999.99'", "100000000"}) {
    EXPECT_EQ(by_hand(path, short_insert(", order_price_1", std::string(", ") + value)), "");
  }
}

TEST_F(SqliteDatabase, AHandOnTheTableMovesTheVersionAndLeavesATrace) {
  open();
  const auto epoch = writer().take_lease("engine", at_minute(0)).value();
  const auto row = writer().create(stop_loss(1), anybody, nullptr, at_minute(0))->trigger;
  EXPECT_EQ(by_hand(path, "UPDATE hmt_gtt_orders SET trigger_price_1 = '1400.00'"), "");
  const auto edited = reader()->trigger(row.id, anybody).value();
  EXPECT_EQ(edited.version, 2);
  EXPECT_EQ(edited.leg_1.trigger_price, price("1400"));
  Changed changed;
  const Claim claim{attempt_of(row, epoch, "TAG1"), row.version, {}};
  EXPECT_EQ(writer().claim(std::span(&claim, 1), changed)->front(), ClaimVerdict::stale);
  EXPECT_EQ(by_hand(path, "DELETE FROM hmt_gtt_orders"), "");

  AuditFilter filter;
  filter.trigger = row.id;
  const auto trail = reader()->audit(filter, anybody).value();
  ASSERT_EQ(trail.size(), 3U);
  EXPECT_EQ(trail[1].entry.event, "edited");
  EXPECT_EQ(trail[1].entry.actor, "sql");
  EXPECT_EQ(trail[1].entry.detail, (model::Detail{{"version", "2"}}));
  EXPECT_EQ(trail[2].entry.event, "deleted");
  EXPECT_EQ(trail[2].entry.user_id, row.user_id);
}

TEST_F(SqliteDatabase, AFiringRowIsNotChangedByHand) {
  open();
  const auto epoch = writer().take_lease("engine", at_minute(0)).value();
  const auto row = writer().create(stop_loss(1), anybody, nullptr, at_minute(0))->trigger;
  const Claim claim{attempt_of(row, epoch, "TAG1"), row.version, {}};
  Changed changed;
  ASSERT_EQ(writer().claim(std::span(&claim, 1), changed)->front(), ClaimVerdict::won);
  const auto firing = reader()->trigger(row.id, anybody).value();
  for (const std::string wrong :
       {"DELETE FROM hmt_gtt_orders", "UPDATE hmt_gtt_orders SET status = 'active'",
        "UPDATE hmt_gtt_orders SET quantity_1 = 20"}) {
    EXPECT_THAT(by_hand(path, wrong), HasSubstr("the trigger is firing")) << wrong;
  }
  EXPECT_THAT(by_hand(path, "UPDATE hmt_gtt_orders SET version = 1, status = 'active'"),
              HasSubstr("version only grows"));
  EXPECT_THAT(by_hand(path, "INSERT OR REPLACE" + short_insert(", id", ", '" + row.id.text() + "'")
                                                      .substr(std::string("INSERT").size())),
              HasSubstr("use UPDATE"));
  EXPECT_EQ(reader()->trigger(row.id, anybody).value(), firing);
}

TEST_F(SqliteDatabase, ARowThatMakesNoSenseIsReportedAndLeftAlone) {
  open();
  const auto good = writer().create(stop_loss(1), anybody, nullptr, at_minute(0))->trigger;
  const std::string bad = "99999999-0000-0000-0000-00000000000";
  EXPECT_EQ(by_hand(path, short_insert(", id, expires_at", ", '" + bad + "1', 'tomorrow'") +
                              short_insert(", id, parent_id",
                                           ", '" + bad + "2', '" + std::string(36, 'z') + "'") +
                              short_insert(", id, expires_at",
                                           ", '" + bad + "3', datetime('now', '+1 day')") +
                              "UPDATE hmt_gtt_orders SET instrument_token = 0 WHERE id = '" + bad +
                              "3'; PRAGMA ignore_check_constraints = ON;" +
                              short_insert(", id, order_price_1", ", '" + bad + "4', 'cheap'")),
            "");
  const auto found = store::whole_recovery(*reader(), {0}).value();
  ASSERT_EQ(found.triggers.size(), 1U);
  EXPECT_EQ(found.triggers[0], good);
  ASSERT_EQ(found.unreadable.size(), 4U);
  EXPECT_THAT(found.unreadable[0], HasSubstr(bad + "1: expires_at is 'tomorrow'"));
  EXPECT_THAT(found.unreadable[1], HasSubstr("parent_id"));
  EXPECT_THAT(found.unreadable[2], HasSubstr("instrument_token"));
  EXPECT_THAT(found.unreadable[3], HasSubstr("order_price_1 is 'cheap'"));

  const auto id = model::TriggerId::parse(bad + "1").value();
  EXPECT_EQ(reader()->trigger(id, anybody).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(reader()->triggers({}, anybody)->triggers.size(), 2U);  // the odd token can be shown
  const auto refused = writer().cancel(id, {}, anybody, nullptr, at_minute(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::corrupt);
}

TEST_F(SqliteDatabase, ARowThatIsSetActiveAgainByHandWatchesAgain) {
  open();
  EXPECT_EQ(by_hand(path, original_insert), "");
  const std::string away =
      "UPDATE hmt_gtt_orders SET status = 'failed', leg_1_state = 'failed', leg_2_state = "
      "'dropped'";
  const std::string legs =
      "SELECT leg_1_state || '/' || leg_2_state || '/' || version FROM hmt_gtt_orders";
  EXPECT_EQ(by_hand(path, away + "; " + legs), "failed/dropped/2\n");
  EXPECT_EQ(by_hand(path, "UPDATE hmt_gtt_orders SET status = 'active'; " + legs),
            "armed/armed/3\n");
  EXPECT_EQ(by_hand(path, away +
                              "; UPDATE hmt_gtt_orders SET status = 'active', leg_2_state = "
                              "'armed'; " +
                              legs),
            "failed/armed/5\n")
      << "the hand has said which";
  EXPECT_EQ(by_hand(path, "UPDATE hmt_gtt_orders SET quantity_1 = 20; " + legs), "failed/armed/6\n")
      << "it was active";
}

TEST_F(SqliteDatabase, AnAttemptThatCannotBeReadOrHasLostItsTriggerIsReported) {
  open();
  const auto epoch = writer().take_lease("engine", at_minute(0)).value();
  const auto row = writer().create(stop_loss(1), anybody, nullptr, at_minute(0))->trigger;
  const Claim claim{attempt_of(row, epoch, "TAG1"), row.version, {}};
  Changed changed;
  ASSERT_EQ(writer().claim(std::span(&claim, 1), changed)->front(), ClaimVerdict::won);
  EXPECT_EQ(by_hand(path, "UPDATE hmt_order_attempts SET seen_at = 'noon'"), "");
  auto found = store::whole_recovery(*reader(), {0}).value();
  ASSERT_EQ(found.unreadable.size(), 1U);
  EXPECT_THAT(found.unreadable[0], HasSubstr("attempt TAG1: seen_at is 'noon'"));

  EXPECT_EQ(by_hand(path,
                    "UPDATE hmt_order_attempts SET seen_at = created_at, state = 'unknown';"
                    "UPDATE hmt_gtt_orders SET status = 'failed', version = 9;"
                    "DELETE FROM hmt_gtt_orders"),
            "");
  found = store::whole_recovery(*reader(), {0}).value();
  ASSERT_EQ(found.unreadable.size(), 1U);
  EXPECT_THAT(found.unreadable[0], HasSubstr("attempt TAG1: its trigger " + row.id.text()));
}

TEST_F(SqliteDatabase, TheTrailCannotBeRewritten) {
  open();
  ASSERT_TRUE(writer().note(audit_of(stop_loss(1), "order_placed")));
  EXPECT_THAT(by_hand(path, "UPDATE hmt_audit SET event = 'x'"), HasSubstr("append-only"));
  EXPECT_THAT(by_hand(path, "DELETE FROM hmt_audit"), HasSubstr("append-only"));
  EXPECT_THAT(by_hand(path,
                      "INSERT OR REPLACE INTO hmt_audit (number, at, event, actor) "
                      "VALUES (1, '', 'x', 'x')"),
              HasSubstr("append-only"));
  EXPECT_EQ(by_hand(path, "SELECT event FROM hmt_audit"), "order_placed\n");
}

TEST_F(SqliteDatabase, TheTrailIsReadableInSql) {
  open();
  auto entry = audit_of(stop_loss(1), "order_placed");
  entry.detail = {{"order_id", "261123\"1"}, {"price", "1499.95"}};
  ASSERT_TRUE(writer().note(entry));
  EXPECT_EQ(by_hand(path, "SELECT detail ->> '$.order_id' FROM hmt_audit"), "261123\"1\n");
}

}  // namespace
}  // namespace hmt::sqlite
