#include <algorithm>
#include <iterator>

#include "postgres/database_fixture.h"

// The table as an API: rows that people write with SQL, by their own rights.
namespace hmt::postgres {
namespace {

// The statement that the original architecture's clients write.
constexpr auto original_insert =
    "INSERT INTO hmt_gtt_orders (id, user_id, broker_connection_id, trading_symbol, exchange, "
    "instrument_token, condition_type, transaction_type, product_type_1, trigger_price_1, "
    "order_price_1, quantity_1, product_type_2, trigger_price_2, order_price_2, quantity_2, "
    "status) "
    "VALUES ('6F1D2C3B-0a49-4e58-9c77-0123456789ab', '22000000-0000-0000-0000-000000000001', "
    "'33000000-0000-0000-0000-000000000001', 'INFY', 'NSE', 408065, 'two-leg', 'SELL', 'CNC', "
    "1500.00, 1499.50, 10, 'CNC', 1600.5, 1599, 10, 'active');";

// A row of the fewest words.
std::string short_insert(const std::string& columns = "", const std::string& values = "") {
  return "INSERT INTO hmt_gtt_orders (trading_symbol, exchange, instrument_token, condition_type, "
         "transaction_type, product_type_1, trigger_price_1, quantity_1" +
         columns + ") VALUES ('INFY', 'NSE', 408065, 'single', 'BUY', 'MIS', '1510.05', 1" +
         values + ");";
}

struct ByHand : PostgresTest {
  void SetUp() override {
    open({.lease_lasts = 24h});
    take_lease();
  }
  // As PostgREST does for a user: in one transaction, under their role and claims.
  std::string as_user(std::uint32_t n, const std::string& text) {
    Psql psql(place->url());
    psql.sql(
        "BEGIN; SET LOCAL ROLE authenticated; SELECT set_config('request.jwt.claims', "
        "'{\"sub\":\"" +
        user_id(n).text() + "\",\"role\":\"authenticated\"}', true)");
    const auto said = psql.sql(text);
    psql.sql("COMMIT");
    return said;
  }
  std::string as_operator(const std::string& text) { return sql("SET ROLE service_role;" + text); }
  void connect_users() {
    for (const auto n : {1U, 2U}) {
      sql("SET ROLE hmt_engine; INSERT INTO broker_connections (id, user_id) VALUES ('" +
          connection_id(n).text() + "', '" + user_id(n).text() + "')");
    }
  }
  std::string mine(std::uint32_t n) {
    return short_insert(", broker_connection_id", ", '" + connection_id(n).text() + "'");
  }
  void absorb() {
    Foreign all;
    all.untold = true;
    ASSERT_TRUE(writer().absorb(all));
  }
  std::vector<AuditRow> trail(model::TriggerId id) {
    AuditFilter filter;
    filter.trigger = id;
    return reader()->audit(filter, anybody).value();
  }
};

TEST_F(ByHand, TheOriginalInsertIsAnActiveTrigger) {
  connect_users();
  EXPECT_EQ(as_operator(original_insert), "");
  const auto found = store::whole_recovery(*reader(), {0}).value();
  EXPECT_THAT(found.unreadable, testing::IsEmpty());
  ASSERT_EQ(found.triggers.size(), 1U);
  const auto& row = found.triggers[0];
  EXPECT_EQ(row.id.text(), "6f1d2c3b-0a49-4e58-9c77-0123456789ab");
  EXPECT_EQ(row.user_id, user_id(1));
  EXPECT_EQ(row.status, model::TriggerStatus::active);
  EXPECT_EQ(row.version, 1);
  EXPECT_EQ(row.leg_1.trigger_price, price("1500"));
  EXPECT_EQ(row.leg_2->trigger_price, price("1600.50"));
  EXPECT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::won);
}

TEST_F(ByHand, ARowOfTheFewestWordsGetsAnIdAndADateAndIsTheOperators) {
  EXPECT_EQ(sql(short_insert() + short_insert()), "");
  const auto rows = reader()->triggers({}, anybody)->triggers;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_NE(rows[0].id, rows[1].id);
  EXPECT_TRUE(rows[0].user_id.uuid.is_nil());
  EXPECT_TRUE(rows[0].broker_connection_id.uuid.is_nil());
}

TEST_F(ByHand, TheTableRefusesWhatMakesNoSense) {
  const std::vector<std::pair<std::string, std::string>> wrong = {{"status", "'asleep'"},
                                                                  {"direction", "'up'"},
                                                                  {"on_unknown", "'pray'"},
                                                                  {"purpose", "'fun'"},
                                                                  {"order_price_1", "0"},
                                                                  {"order_price_1", "-1"},
                                                                  {"order_price_1", "'NaN'"},
                                                                  {"order_price_1", "'Infinity'"},
                                                                  {"order_price_1", "''"},
                                                                  {"order_price_1", "200000000"},
                                                                  {"order_price_1", "1.12345678"},
                                                                  {"trigger_price_2", "1"},
                                                                  {"order_price_2", "1"},
                                                                  {"quantity_2", "1"},
                                                                  {"id", "'x'"},
                                                                  {"parent_id", "'x'"},
                                                                  {"leg_1_state", "'broken'"},
                                                                  {"triggered_leg", "'3'"},
                                                                  {"filled_quantity", "-1"},
                                                                  {"version", "0"},
                                                                  {"product_type_2", "'XYZ'"},
                                                                  {"expires_at", "'infinity'"},
                                                                  {"created_at", "'-infinity'"},
                                                                  {"expires_at", "'2500-01-01'"}};
  for (const auto& [column, value] : wrong) {
    EXPECT_THAT(sql(short_insert(", " + column, ", " + value)), HasSubstr("error"))
        << column << " " << value;
  }
  EXPECT_EQ(sql(short_insert()), "");
  for (const auto* change :
       {"quantity_1 = 0", "quantity_1 = -5", "quantity_1 = 10000001", "quantity_1 = NULL",
        "instrument_token = 0", "instrument_token = 4294967296", "instrument_token = 408074",
        "exchange = 'NYSE'", "trading_symbol = ''", "trigger_price_1 = NULL",
        "condition_type = 'two-leg'",
        "condition_type = 'two-leg', product_type_2 = 'CNC', quantity_2 = 1, trigger_price_2 = "
        "1600",
        "condition_type = 'two-leg', product_type_2 = 'CNC', quantity_2 = 1, trigger_price_2 = "
        "1500, "
        "direction = '>='",
        "number = 7", "id = gen_random_uuid()", "version = 0"}) {
    EXPECT_THAT(sql(std::string("UPDATE hmt_gtt_orders SET ") + change), HasSubstr("error"))
        << change;
  }
  for (const auto* value : {"83.0025", "0.0000001", "1500.000000000", "99999999.99", "100000000"}) {
    EXPECT_EQ(sql(short_insert(", order_price_1", std::string(", ") + value)), "") << value;
  }
  EXPECT_TRUE(store::whole_recovery(*reader(), {0})->unreadable.empty());
}

TEST_F(ByHand, AHandOnTheTableMovesTheVersionAndLeavesATrace) {
  const auto row = create(stop_loss(1));
  EXPECT_EQ(as_operator("UPDATE hmt_gtt_orders SET trigger_price_1 = 1400.00"), "");
  const auto edited = reader()->trigger(row.id, anybody).value();
  EXPECT_EQ(edited.version, 2);
  EXPECT_GT(edited.updated_at, row.updated_at - 24h * 365 * 3);
  EXPECT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::stale);
  EXPECT_EQ(as_operator("DELETE FROM hmt_gtt_orders"), "");
  absorb();
  const auto rows = trail(row.id);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].entry.event, "edited");
  EXPECT_EQ(rows[1].entry.actor, "sql");
  EXPECT_EQ(rows[1].entry.detail, (model::Detail{{"trigger_price_1", "1500.00 -> 1400.00"},
                                                 {"version", "2"},
                                                 {"role", "service_role"}}));
  EXPECT_EQ(rows[2].entry.event, "deleted");
  EXPECT_EQ(rows[2].entry.user_id, row.user_id);
}

TEST_F(ByHand, AChangeDuringAFireLosesAndTheTrailSaysSo) {
  connect_users();
  const auto row = create(stop_loss(1));
  ASSERT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::won);
  const auto firing = reader()->trigger(row.id, anybody).value();
  for (const std::string late :
       {"DELETE FROM hmt_gtt_orders", "UPDATE hmt_gtt_orders SET status = 'cancelled'",
        "UPDATE hmt_gtt_orders SET quantity_1 = 20"}) {
    EXPECT_THAT(sql(late), HasSubstr("warning: the trigger " + row.id.text() + " is firing"));
    EXPECT_THAT(as_user(1, late), HasSubstr("is firing")) << late;
  }
  EXPECT_THAT(sql("UPDATE hmt_gtt_orders SET version = 9, status = 'active'"),
              HasSubstr("is firing"));
  EXPECT_EQ(reader()->trigger(row.id, anybody).value(), firing);
  absorb();
  const auto rows = trail(row.id);
  ASSERT_EQ(rows.size(), 9U);
  EXPECT_EQ(rows[3].entry.event, "change_refused");
  EXPECT_EQ(rows[3].entry.severity, model::Severity::warning);
  EXPECT_EQ(*rows[3].entry.detail.begin(), (model::Detail::value_type("wanted", "delete")));
}

TEST_F(ByHand, OnlyAnEngineFires) {
  const auto row = create(stop_loss(1));
  const auto where = " WHERE id = '" + row.id.text() + "'";
  EXPECT_THAT(sql("UPDATE hmt_gtt_orders SET status = 'firing'" + where),
              HasSubstr("only an engine fires a trigger"));
  EXPECT_THAT(sql("UPDATE hmt_gtt_orders SET fire_no = 2147483647" + where), HasSubstr("error"));
  EXPECT_THAT(sql("UPDATE hmt_gtt_orders SET version = 9223372036854775807" + where),
              HasSubstr("error"));
}

// Its attempts of before are still on record, and a fire's number is used once.
TEST_F(ByHand, ARowThatComesAgainUnderItsOldIdCanFireAgain) {
  const auto row = create(stop_loss(1));
  ASSERT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::won);
  const auto ended = record_of(outcome_of(row, model::TriggerStatus::triggered), at_minute(2));
  ASSERT_TRUE(writer().record(epoch, std::span(&ended, 1)));
  const auto id = row.id.text();
  ASSERT_EQ(sql("DELETE FROM hmt_gtt_orders WHERE id = '" + id + "'"), "");
  ASSERT_EQ(sql("INSERT INTO hmt_gtt_orders (id, trading_symbol, exchange, instrument_token, "
                "condition_type, transaction_type, product_type_1, trigger_price_1, "
                "quantity_1) VALUES ('" +
                id + "', 'INFY', 'NSE', 408065, 'single', 'SELL', 'CNC', 1500, 10)"),
            "");
  EXPECT_EQ(sql("SELECT fire_no FROM hmt_gtt_orders WHERE id = '" + id + "'"), "1\n");
}

// At version 1 it would be the row that the engine holds, or older news of it.
TEST_F(ByHand, ARowThatComesAgainUnderItsOldIdIsNewsAndIsNotClaimedAsTheFormerOne) {
  const auto row = create(stop_loss(1));
  const auto insert = short_insert(", id", ", '" + row.id.text() + "'");
  const auto now = [&] { return reader()->trigger(row.id, anybody).value(); };
  EXPECT_EQ(sql("DELETE FROM hmt_gtt_orders;" + insert), "") << "in one transaction";
  const auto second = now();
  EXPECT_GT(second.version, row.version);
  EXPECT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::stale);
  EXPECT_EQ(sql("DELETE FROM hmt_gtt_orders"), "");
  EXPECT_EQ(sql(insert), "");
  EXPECT_GT(now().version, second.version);
  EXPECT_EQ(claim(claim_of(second, "TAG2"))->front(), ClaimVerdict::stale);
  EXPECT_EQ(claim(claim_of(now(), "TAG3"))->front(), ClaimVerdict::won);
}

TEST_F(ByHand, ARowThatComesAgainIsAboveItsLastVersionWhateverTheClockSays) {
  const auto row = create(stop_loss(1));
  EXPECT_EQ(sql("UPDATE hmt_gtt_orders SET version = 5000000000000000"), "");
  EXPECT_EQ(sql("DELETE FROM hmt_gtt_orders"), "");
  EXPECT_EQ(sql(short_insert(", id", ", '" + row.id.text() + "'")), "");
  EXPECT_EQ(sql("SELECT version FROM hmt_gtt_orders"), "5000000000000001\n");
}

TEST_F(ByHand, AnIdThatWasAnotherUsersHasAPastAllTheSame) {
  connect_users();
  const auto row_of = [&](std::uint32_t n) {
    return short_insert(", broker_connection_id, id",
                        ", '" + connection_id(n).text() + "', '" + trigger_id(1).text() + "'");
  };
  EXPECT_EQ(as_user(1, row_of(1)), "");
  EXPECT_EQ(sql("SELECT version FROM hmt_gtt_orders"), "1\n") << "a new id begins at 1";
  EXPECT_EQ(as_user(1, "DELETE FROM hmt_gtt_orders"), "");
  EXPECT_EQ(as_user(2, row_of(2)), "");
  EXPECT_EQ(sql("SELECT version > 1 FROM hmt_gtt_orders"), "t\n");
}

TEST_F(ByHand, NoHandGivesAFiresNumberAgain) {
  const auto row = create(stop_loss(1));
  ASSERT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::won);
  const auto ended = record_of(outcome_of(row, model::TriggerStatus::failed), at_minute(2));
  ASSERT_TRUE(writer().record(epoch, std::span(&ended, 1)));
  EXPECT_EQ(sql("UPDATE hmt_gtt_orders SET status = 'active', fire_no = 0"), "");
  const auto again = reader()->trigger(row.id, anybody).value();
  EXPECT_EQ(again.fire_no, 1);
  EXPECT_EQ(claim(claim_of(again, "TAG2"))->front(), ClaimVerdict::won);
}

// What a transaction has touched is locked until it ends, and a fire's answer waits for it.
TEST_F(ByHand, WhoeverIsRefusedDuringAFireDoesNotHoldItUpByLeavingTheTransactionOpen) {
  const auto row = create(stop_loss(1));
  ASSERT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::won);
  Psql hand(place->url());
  for (const std::string late :
       {"DELETE FROM hmt_gtt_orders", "UPDATE hmt_gtt_orders SET quantity_1 = 20",
        "UPDATE hmt_engine_switch SET why = 'looking'"}) {
    hand.sql("BEGIN");
    hand.sql(late);
    EXPECT_EQ(hand.sql("SHOW idle_in_transaction_session_timeout"), "5s\n") << late;
    hand.sql("ROLLBACK");
    EXPECT_EQ(hand.sql("SHOW idle_in_transaction_session_timeout"), "0\n");
  }
  hand.sql("SET idle_in_transaction_session_timeout = '4s'");
  hand.sql("BEGIN; UPDATE hmt_engine_switch SET why = 'looking'");
  EXPECT_EQ(hand.sql("SHOW idle_in_transaction_session_timeout"), "4s\n")
      << "who has promised to be quicker may be so";
  hand.sql("ROLLBACK");
}

TEST_F(ByHand, ARowThatIsSetActiveAgainWatchesAgain) {
  connect_users();
  sql(original_insert);
  const std::string away =
      "UPDATE hmt_gtt_orders SET status = 'failed', leg_1_state = 'failed', leg_2_state = "
      "'dropped'";
  const std::string legs =
      "; SELECT leg_1_state || '/' || leg_2_state || '/' || version FROM hmt_gtt_orders";
  EXPECT_EQ(sql(away + legs), "failed/dropped/2\n");
  EXPECT_EQ(sql("UPDATE hmt_gtt_orders SET status = 'active'" + legs), "armed/armed/3\n");
  sql(away);
  EXPECT_EQ(sql("UPDATE hmt_gtt_orders SET status = 'active', leg_2_state = 'armed'" + legs),
            "failed/armed/5\n")
      << "the hand has said which";
  EXPECT_EQ(sql("UPDATE hmt_gtt_orders SET quantity_2 = 20" + legs), "failed/armed/6\n");
  EXPECT_EQ(sql("UPDATE hmt_gtt_orders SET quantity_1 = 20" + legs), "armed/armed/7\n")
      << "as an edit through the API arms the leg that it changes";
}

// ---- users

TEST_F(ByHand, AUserAddsEditsCancelsAndRemovesTheirOwn) {
  connect_users();
  EXPECT_EQ(as_user(1, mine(1)), "");
  auto rows = reader()->triggers({}, user(1))->triggers;
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].user_id, user_id(1)) << "theirs without saying so";
  EXPECT_EQ(as_user(1, "UPDATE hmt_gtt_orders SET quantity_1 = 5"), "");
  EXPECT_EQ(as_user(1, "UPDATE hmt_gtt_orders SET status = 'cancelled'"), "");
  rows = reader()->triggers({}, user(1))->triggers;
  EXPECT_EQ(rows[0].version, 3);
  EXPECT_EQ(rows[0].status, model::TriggerStatus::cancelled);
  EXPECT_EQ(as_user(1, "DELETE FROM hmt_gtt_orders"), "");
  absorb();
  std::vector<std::string> events;
  for (const auto& row : trail(rows[0].id)) events.push_back(row.entry.event);
  EXPECT_THAT(events, testing::ElementsAre("created", "edited", "cancelled", "deleted"));
}

TEST_F(ByHand, AUserCannotWriteAStateNorWakeWhatHasEnded) {
  connect_users();
  EXPECT_EQ(as_user(1, mine(1)), "");
  for (const auto* change :
       {"version = 9", "fire_no = 3", "triggered_at = now()", "triggered_leg = '1'",
        "triggered_price = 1", "order_id = 'x'", "order_status = 'COMPLETE'", "filled_quantity = 1",
        "average_price = 1", "error_message = 'x'", "leg_1_state = 'fired'",
        "leg_2_state = 'failed'", "created_at = now()", "updated_at = now()", "user_id = NULL",
        "id = gen_random_uuid()"}) {
    EXPECT_THAT(as_user(1, std::string("UPDATE hmt_gtt_orders SET ") + change),
                HasSubstr("permission denied"))
        << change;
  }
  for (const auto* status : {"firing", "triggered", "failed", "expired", "needs_attention"}) {
    EXPECT_THAT(as_user(1, std::string("UPDATE hmt_gtt_orders SET status = '") + status + "'"),
                HasSubstr("error: a trigger is cancelled, or left active"));
    EXPECT_THAT(as_user(1, short_insert(", status, broker_connection_id",
                                        std::string(", '") + status + "', '" +
                                            connection_id(1).text() + "'")),
                HasSubstr("a trigger starts active"));
  }
  for (const auto* ended : {"triggered", "failed", "cancelled", "expired", "needs_attention"}) {
    sql(std::string("UPDATE hmt_gtt_orders SET status = '") + ended + "'");
    EXPECT_THAT(as_user(1, "UPDATE hmt_gtt_orders SET status = 'active'"),
                HasSubstr("can no longer be changed"))
        << ended;
    EXPECT_THAT(as_user(1, "UPDATE hmt_gtt_orders SET quantity_1 = 7"),
                HasSubstr("can no longer be changed"));
  }
}

TEST_F(ByHand, AUsersTriggerFiresThroughTheirOwnConnectionOnly) {
  connect_users();
  EXPECT_THAT(as_user(1, short_insert()), HasSubstr("broker_connection_id is missing"));
  EXPECT_THAT(as_user(1, mine(2)), HasSubstr("no connection of this user"));
  EXPECT_THAT(as_user(1, mine(9)), HasSubstr("no connection of this user"));
  EXPECT_THAT(
      as_user(1, short_insert(", user_id, broker_connection_id",
                              ", '" + user_id(2).text() + "', '" + connection_id(2).text() + "'")),
      HasSubstr("error"));
  EXPECT_EQ(as_user(1, mine(1)), "");
  EXPECT_THAT(as_user(1, "UPDATE hmt_gtt_orders SET broker_connection_id = '" +
                             connection_id(2).text() + "'"),
              HasSubstr("no connection of this user"));
  EXPECT_THAT(as_user(1, "UPDATE hmt_gtt_orders SET broker_connection_id = NULL"),
              HasSubstr("no connection of this user"));
  EXPECT_THAT(
      sql("UPDATE hmt_gtt_orders SET broker_connection_id = '" + connection_id(2).text() + "'"),
      HasSubstr("no connection of this user"))
      << "nor by the operator's mistake";
}

TEST_F(ByHand, AnotherUsersRowsAreNotThere) {
  connect_users();
  as_user(1, mine(1));
  EXPECT_EQ(as_user(2, "SELECT id FROM hmt_gtt_orders"), "");
  EXPECT_EQ(as_user(2, "UPDATE hmt_gtt_orders SET quantity_1 = 9 RETURNING id"), "");
  EXPECT_EQ(as_user(2, "DELETE FROM hmt_gtt_orders RETURNING id"), "");
  EXPECT_EQ(as_user(2, "SELECT id FROM hmt_audit"), "");
  EXPECT_EQ(as_user(2, "SELECT count(*) FROM broker_connections"), "1\n");
  EXPECT_THAT(as_user(1, "SELECT sealed_api_secret FROM broker_connections"),
              HasSubstr("permission denied"));
}

TEST_F(ByHand, AGroupIsOfOneAccountAndIsNotJoinedWhenItIsDecided) {
  connect_users();
  const auto group = ", '" + group_id(7).text() + "'";
  const auto member = [&](std::uint32_t n) {
    return short_insert(", broker_connection_id, parent_id",
                        ", '" + connection_id(n).text() + "'" + group);
  };
  EXPECT_EQ(as_user(1, member(1)), "");
  EXPECT_EQ(as_user(1, member(1)), "");
  EXPECT_THAT(as_user(2, member(2)), HasSubstr("must be of one account"));
  const auto rows = reader()->triggers({}, user(1))->triggers;
  ASSERT_EQ(rows.size(), 2U);
  ASSERT_EQ(claim(claim_of(rows[0], "TAG1"))->front(), ClaimVerdict::won);
  EXPECT_THAT(as_user(1, member(1)), HasSubstr("the group is decided"));
  EXPECT_EQ(as_user(1, mine(1)), "");
  EXPECT_THAT(as_user(1, "UPDATE hmt_gtt_orders SET parent_id = '" + group_id(7).text() +
                             "' WHERE parent_id IS NULL"),
              HasSubstr("the group is decided"));
  EXPECT_EQ(claim(claim_of(rows[1], "TAG2"))->front(), ClaimVerdict::group_taken);
}

TEST_F(ByHand, AConnectionThatTriggersStandOnStays) {
  connect_users();
  as_user(1, mine(1));
  EXPECT_THAT(sql("DELETE FROM broker_connections"), HasSubstr("active triggers stand on"));
  EXPECT_THAT(sql("UPDATE broker_connections SET user_id = '" + user_id(9).text() + "'"),
              HasSubstr("a connection stays its user's"));
  EXPECT_EQ(as_operator("UPDATE broker_connections SET enabled = false"), "");
  EXPECT_EQ(reader()->connection(connection_id(1), anybody)->version, 2);
}

// ---- what nobody does

TEST_F(ByHand, TheTrailCannotBeRewritten) {
  ASSERT_TRUE(writer().note(audit_of(stop_loss(1), "order_placed")));
  sql(short_insert());
  const auto before = sql("SELECT * FROM hmt_audit");
  for (const std::string wrong :
       {"UPDATE hmt_audit SET event = 'x'", "DELETE FROM hmt_audit", "TRUNCATE hmt_audit",
        "UPDATE hmt_audit SET number = 99 WHERE number IS NULL",
        "DELETE FROM hmt_order_attempts; TRUNCATE hmt_order_attempts",
        "SET ROLE hmt_engine; UPDATE hmt_audit SET number = number + 1 WHERE number IS NOT NULL",
        "SET ROLE hmt_engine; UPDATE hmt_audit SET number = NULL",
        "SET ROLE hmt_engine; UPDATE hmt_audit SET event = 'x'",
        "SET ROLE hmt_engine; DELETE FROM hmt_audit"}) {
    EXPECT_THAT(sql(wrong), HasSubstr("error")) << wrong;
  }
  sql("GRANT UPDATE (event) ON hmt_audit TO hmt_engine");
  EXPECT_THAT(sql("SET ROLE hmt_engine; UPDATE hmt_audit SET event = 'x', number = 99 WHERE number "
                  "IS NULL"),
              HasSubstr("append-only"));
  sql("REVOKE UPDATE (event) ON hmt_audit FROM hmt_engine");
  EXPECT_EQ(sql("SELECT * FROM hmt_audit"), before);
  EXPECT_EQ(sql("SELECT detail ->> 'role' FROM hmt_audit WHERE number IS NULL"), "postgres\n");
}

TEST_F(ByHand, NobodyTruncatesWhatAnEngineFollows) {
  sql(short_insert());
  EXPECT_THAT(sql("TRUNCATE hmt_gtt_orders"), HasSubstr("use DELETE"));
  EXPECT_THAT(sql("TRUNCATE broker_connections"), HasSubstr("use DELETE"));
  EXPECT_THAT(sql("UPDATE hmt_gtt_orders SET version = 1; UPDATE hmt_gtt_orders SET version = 1"),
              HasSubstr("version only grows"));
}

TEST_F(ByHand, OneTransactionOfTheApiLeavesOneTrace) {
  connect_users();
  const auto row = writer().create(stop_loss(1), user(1), nullptr, at_minute(1)).value();
  auto edited = row.trigger;
  edited.leg_1.quantity = 5;
  ASSERT_TRUE(writer().edit(edited, 1, user(1), nullptr, at_minute(2)));
  ASSERT_TRUE(writer().cancel(row.trigger.id, 2, user(1), nullptr, at_minute(3)));
  EXPECT_EQ(sql("SELECT event || ' ' || left(actor, 5) FROM hmt_audit ORDER BY id OFFSET 1"),
            "created user:\nedited user:\ncancelled user:\n");
  EXPECT_EQ(sql("SELECT count(*), count(number) FROM hmt_audit"), "4|4\n");
}

// More of them than come at a time, with prices of every size.
TEST_F(ByHand, AStartReadsEveryRowAsTheListsShowIt) {
  EXPECT_EQ(sql("SET session_replication_role = replica; "
                "INSERT INTO hmt_gtt_orders (trading_symbol, exchange, instrument_token, "
                "condition_type, transaction_type, product_type_1, trigger_price_1, order_price_1, "
                "quantity_1, expires_at) SELECT 'INFY', 'NSE', 408065, 'single', 'SELL', 'CNC', "
                "price, nullif(round(price, n % 7), 0), n, CASE n % 2 WHEN 0 THEN "
                "'2027-01-01 09:15:00.000001+05:30'::timestamptz END FROM generate_series(1, 1600) "
                "n, unnest(ARRAY[0.0000001, 0.05, 83.0025, 1500, 1500.00, 9999.9999999, 10000, "
                "99999999.9999999, 100000000]) AS prices (price)"),
            "");
  std::vector<model::Trigger> listed;
  ListFilter filter;
  filter.limit = 1000;
  do {
    auto page = reader()->triggers(filter, anybody).value();
    std::ranges::move(page.triggers, std::back_inserter(listed));
    filter.cursor = page.next_cursor;
  } while (!filter.cursor.empty());
  std::ranges::reverse(listed);
  const auto found = store::whole_recovery(*reader(), {0}).value();
  EXPECT_EQ(found.triggers.size(), 1600U * 9);
  EXPECT_TRUE(found.triggers == listed);
  EXPECT_TRUE(found.unreadable.empty());
}

}  // namespace
}  // namespace hmt::postgres
