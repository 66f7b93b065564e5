#include <algorithm>
#include <map>

#include "postgres/database_fixture.h"

// Who may do what, straight against the database: each role, each table, each verb, own rows and
// others'. A table of the schema without a row here fails.
namespace hmt::postgres {
namespace {

// Outcomes: '1' it does it, '0' it finds no such row, '-' it is refused. In the order: select own,
// others'; insert own, others'; update own, others'; delete own, others'; truncate.
struct Table {
  std::string name;
  std::string insert;  // $U: the row's user, $C: their connection; $N: a number of its own
  std::string owned;   // which rows are user $U's; empty: rows are nobody's
  std::string column;  // that an UPDATE sets to itself
  std::map<std::string, std::string> may;
};

const std::string nothing = "---------";

std::string trigger_insert() {
  return "INSERT INTO hmt_gtt_orders (user_id, broker_connection_id, trading_symbol, exchange, "
         "instrument_token, condition_type, transaction_type, product_type_1, trigger_price_1, "
         "quantity_1) VALUES ($U, $C, 'INFY', 'NSE', 408065, 'single', 'BUY', 'MIS', 1510.05, 1)";
}

std::string attempt_insert() {
  return "INSERT INTO hmt_order_attempts (tag, trigger_id, user_id, fire_no, attempt_no, leg, "
         "lease_epoch, trading_date, exchange, trading_symbol, transaction_type, order_type, "
         "product_type, quantity, market_protection, seen_price, seen_exchange_time, "
         "seen_trade_time, seen_connection, seen_at, seen_after_gap, rule, state, created_at) "
         "VALUES "
         "('T$N', gen_random_uuid(), $U, 1, 0, '1', 1, now(), 'NSE', 'INFY', 'BUY', 'LIMIT', "
         "'MIS', "
         "1, false, 1, 1, 1, 1, now(), false, 'x', 'queued', now())";
}

// Rights: users, the operator by hand, the engine. Nobody else has any.
// tidy-ok: it is a table
const std::vector<Table>& tables() {
  static const std::vector<Table> all = {
      {"hmt_gtt_orders",
       trigger_insert(),
       "user_id = $U",
       "quantity_1",
       {{"authenticated",
         "101-10"
         "10-"},
        {"service_role",
         "111111"
         "11-"},
        {"hmt_engine",
         "111111"
         "---"}}},
      {"hmt_order_attempts",
       attempt_insert(),
       "user_id = $U",
       "state",
       {{"authenticated", "10-------"},
        {"service_role", "11-------"},
        {"hmt_engine",
         "111111"
         "---"}}},
      {"hmt_audit",
       "INSERT INTO hmt_audit (event, actor, user_id) VALUES ('x', 'x', $U)",
       "user_id = $U",
       "number",
       {{"authenticated", "10-------"},
        {"service_role", "11-------"},
        {"hmt_engine", "1111-----"}}},
      {"broker_connections",
       "INSERT INTO broker_connections (user_id) VALUES ($U)",
       "user_id = $U AND name <> 'used'",
       "enabled",
       {{"authenticated", "10-------"},
        {"service_role",
         "11--11"
         "11-"},
        {"hmt_engine",
         "111111"
         "11-"}}},
      {"hmt_groups",
       "INSERT INTO hmt_groups VALUES (gen_random_uuid(), NULL)",
       "",
       "winner",
       {{"service_role", "11-------"},
        {"hmt_engine",
         "111111"
         "---"}}},
      {"hmt_event_counter",
       "INSERT INTO hmt_event_counter VALUES (false, 1)",
       "",
       "last",
       {{"hmt_engine",
         "11--11"
         "---"}}},
      {"hmt_changes",
       "INSERT INTO hmt_changes (trigger_id) VALUES (gen_random_uuid())",
       "",
       "at",
       {{"hmt_engine", "1111-----"}}},
      {"hmt_lease",
       "INSERT INTO hmt_lease VALUES (false, 9, '', NULL, now())",
       "",
       "holder",
       {{"service_role", "11-------"},
        {"hmt_engine",
         "11--11"
         "---"}}},
      {"hmt_accounts",
       "INSERT INTO hmt_accounts VALUES (gen_random_uuid(), 'v', 'a$N', now())",
       "",
       "venue",
       {{"service_role", "11-------"}, {"hmt_engine", "1111-----"}}},
      {"hmt_engine_switch",
       "INSERT INTO hmt_engine_switch VALUES (false, true, '', '')",
       "",
       "why",
       {{"service_role",
         "11--11"
         "---"},
        {"hmt_engine",
         "11--11"
         "---"}}},
      {"hmt_idempotency",
       "INSERT INTO hmt_idempotency VALUES ('a', 'k$N', 'h', gen_random_uuid(), 'x', now())",
       "",
       "answer",
       {{"hmt_engine",
         "1111--"
         "11-"}}},
      {"hmt_schema_version",
       "INSERT INTO hmt_schema_version VALUES (99 + $N, 'x')",
       "",
       "name",
       {{"service_role", "11-------"}, {"hmt_engine", "11-------"}}}};
  return all;
}

const std::vector<std::string>& roles() {
  static const std::vector<std::string> all = {"anon", "authenticated", "service_role",
                                               "hmt_engine", "hmt_test_stranger"};
  return all;
}

struct Rights : PostgresTest {
  void SetUp() override {
    sql("CREATE ROLE hmt_test_stranger NOLOGIN");
    open({.lease_lasts = 24h});
    for (const auto n : {1U, 2U}) {
      const auto who = "'" + user_id(n).text() + "'";
      // One connection carries triggers; the other can be removed.
      sql("SET ROLE hmt_engine;" +
          filled("INSERT INTO broker_connections (id, user_id, name) VALUES ($C, $U, 'used'), "
                 "(DEFAULT, $U, 'free')",
                 n));
      for (const auto& table : tables()) {
        if (table.name != "broker_connections") {
          sql("SET ROLE hmt_engine;" + filled(table.insert, n));
        }
      }
    }
  }

  std::string filled(std::string text, std::uint32_t n) {
    const auto put = [&](const std::string& mark, const std::string& value) {
      for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
        text.replace(at, mark.size(), value);
      }
    };
    put("$U", "'" + user_id(n).text() + "'::uuid");
    put("$C", "'" + connection_id(n).text() + "'::uuid");
    put("$N", std::to_string(++count_));
    return text;
  }

  // As user 1, in a transaction that is taken back.
  char outcome(const std::string& role, const std::string& statement) {
    session_.sql("BEGIN; SET LOCAL ROLE " + role + "; SELECT set_config('request.jwt.claims', " +
                 "'{\"sub\":\"" + user_id(1).text() + "\"}', true)");
    const auto said = session_.sql(statement);
    const auto tag = session_.tag();
    session_.sql("ROLLBACK");
    if (said.contains("error: ")) return '-';
    return tag.ends_with(" 0") ? '0' : '1';
  }

  std::string found(const std::string& role, const Table& table) {
    std::string out;
    const auto where = [&](std::uint32_t n) {
      return table.owned.empty() ? std::string() : " WHERE " + filled(table.owned, n);
    };
    const auto visible = table.name == "broker_connections" ? "id" : "*";
    for (const auto n : {1U, 2U}) {
      out += outcome(role, std::string("SELECT ") + visible + " FROM " + table.name + where(n));
    }
    for (const auto n : {1U, 2U}) out += outcome(role, filled(table.insert, n));
    for (const auto n : {1U, 2U}) {
      out += outcome(
          role, "UPDATE " + table.name + " SET " + table.column + " = " + table.column + where(n));
    }
    for (const auto n : {1U, 2U}) out += outcome(role, "DELETE FROM " + table.name + where(n));
    out += outcome(role, "TRUNCATE " + table.name);
    return out;
  }

  std::string list(const std::string& query) {
    return sql("SELECT string_agg(x, ',' ORDER BY x) FROM (" + query + ") AS q (x)");
  }

  int count_ = 0;
  Psql session_{place->url()};
};

TEST_F(Rights, EveryRoleOnEveryTableMayWhatItMayAndNothingElse) {
  for (const auto& table : tables()) {
    for (const auto& role : roles()) {
      const auto at = table.may.find(role);
      EXPECT_EQ(found(role, table), at == table.may.end() ? nothing : at->second)
          << role << " on " << table.name;
    }
  }
}

TEST_F(Rights, EveryTableOfTheSchemaIsInTheMatrix) {
  std::vector<std::string> names;
  for (const auto& table : tables()) names.push_back(table.name);
  std::ranges::sort(names);
  std::string joined;
  for (const auto& name : names) joined += (joined.empty() ? "" : ",") + name;
  EXPECT_EQ(
      list("SELECT relname::text FROM pg_class WHERE relnamespace IN ('public'::regnamespace, "
           "'hmt_private'::regnamespace) AND relkind IN ('r', 'p', 'v', 'm', 'f')"),
      joined + "\n");
}

TEST_F(Rights, EveryTableForcesRowLevelSecurity) {
  EXPECT_EQ(
      list("SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND "
           "relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)"),
      "NULL\n");
}

TEST_F(Rights, AUserWritesTheColumnsThatAreTheirs) {
  const std::string theirs =
      "broker_connection_id,condition_type,direction,exchange,expires_at,instrument_token,on_"
      "unknown,"
      "order_price_1,order_price_2,parent_id,product_type_1,product_type_2,purpose,quantity_1,"
      "quantity_2,status,trading_symbol,transaction_type,trigger_price_1,trigger_price_2";
  const auto granted = [&](const std::string& verb) {
    return list(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = "
        "'hmt_gtt_orders'::regclass AND attnum > 0 AND has_column_privilege("
        "'authenticated', attrelid, attnum, '" +
        verb + "')");
  };
  EXPECT_EQ(granted("UPDATE"), theirs + "\n");
  auto inserted = theirs;
  inserted.insert(inserted.find("instrument_token"), "id,");
  EXPECT_EQ(granted("INSERT"), inserted + ",user_id\n");
}

TEST_F(Rights, SealedSecretsAreTheEnginesAlone) {
  for (const auto& role : roles()) {
    for (const auto* column : {"sealed_api_key", "sealed_api_secret", "sealed_access_token"}) {
      EXPECT_EQ(outcome(role, std::string("SELECT ") + column + " FROM broker_connections"),
                role == "hmt_engine" ? '1' : '-')
          << role;
    }
  }
}

TEST_F(Rights, NoFunctionOfOursIsAnybodysToCall) {
  EXPECT_EQ(list("SELECT p.proname || ' ' || r.rolname FROM pg_proc p, pg_roles r WHERE "
                 "p.pronamespace = 'hmt_private'::regnamespace AND r.rolname IN ('anon', "
                 "'authenticated', 'service_role', 'hmt_engine', 'hmt_test_stranger') AND "
                 "has_function_privilege(r.oid, p.oid, 'EXECUTE')"),
            "forget_changes hmt_engine\n");
  EXPECT_EQ(
      list("SELECT proname::text FROM pg_proc WHERE pronamespace = 'hmt_private'::regnamespace "
           "AND NOT coalesce(proconfig::text LIKE '%search_path=%', false)"),
      "NULL\n");
  EXPECT_EQ(
      list("SELECT relname::text || ' ' || r.rolname FROM pg_class c, pg_roles r WHERE relkind "
           "= 'S' AND relnamespace = 'public'::regnamespace AND r.rolname IN ('anon', "
           "'authenticated', 'service_role') AND has_sequence_privilege(r.oid, c.oid, "
           "'USAGE')"),
      "NULL\n");
}

TEST_F(Rights, TheEngineHasNoWayAroundRowLevelSecurity) {
  EXPECT_EQ(
      sql("SELECT rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles "
          "WHERE rolname = 'hmt_engine'"),
      "f|f|f|f|f\n");
}

// Nothing of one user's request is left for the next that uses the session.
TEST_F(Rights, APooledSessionLeaksNothing) {
  database.reset();
  open({.lease_lasts = 24h, .readers = 1});
  const auto looking = reader();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(looking->triggers({}, user(1))->triggers.size(), 1U);
    EXPECT_EQ(looking->triggers({}, anybody)->triggers.size(), 2U);
    EXPECT_EQ(looking->triggers({}, user(3))->triggers.size(), 0U);
    EXPECT_FALSE(looking->trigger(trigger_id(77), user(2)));
    EXPECT_EQ(looking->audit({}, user(2))->size(), 0U) << "its audit row has no number yet";
    EXPECT_EQ(looking->connections(user(2))->size(), 2U);
    EXPECT_EQ(looking->recent_attempts(9, user(1))->size(), 1U);
  }
  EXPECT_EQ(sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                "application_name = 'hmt' AND state <> 'idle'"),
            "0\n");
}

TEST_F(Rights, WhoeverReadsForAUserIsThatUser) {
  // With its filter taken away, row level security alone still keeps the rows apart.
  EXPECT_EQ(reader()->trigger(model::TriggerId{}, user(1)).error().kind, ErrorKind::not_found);
  sql("DROP POLICY hmt_user_reads ON hmt_gtt_orders");
  EXPECT_TRUE(reader()->triggers({}, user(1))->triggers.empty());
  EXPECT_EQ(reader()->triggers({}, anybody)->triggers.size(), 2U);
  sql("CREATE POLICY hmt_user_reads ON public.hmt_gtt_orders FOR SELECT TO authenticated USING "
      "((SELECT auth.uid()) = user_id)");
  EXPECT_EQ(reader()->triggers({}, {"user:nil", model::UserId{}}).error().kind, ErrorKind::refused);
}

// A check of its own, before anything is read or written: the database's idea of the user is ours.
TEST_F(Rights, AUserWhomTheDatabaseTakesForAnotherReadsAndWritesNothing) {
  const auto row = reader()->triggers({}, user(1))->triggers.at(0);
  const auto uid = [&](const std::string& body) {
    return sql(
        "CREATE OR REPLACE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE SET "
        "search_path = pg_catalog AS $$ " +
        body + " $$");
  };
  EXPECT_EQ(uid("SELECT '" + user_id(2).text() + "'::uuid"), "");
  EXPECT_EQ(reader()->triggers({}, user(1)).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(reader()->connections(user(1)).error().kind, ErrorKind::unavailable);
  EXPECT_FALSE(writer().cancel(row.id, {}, user(1), nullptr, at_minute(1)));
  EXPECT_EQ(uid("SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> "
                "'sub')::uuid"),
            "");
  EXPECT_EQ(reader()->trigger(row.id, user(1)).value(), row);
}

TEST_F(Rights, WhoeverWritesForAUserIsThatUser) {
  const auto row = reader()->triggers({}, user(1))->triggers.at(0);
  sql("REVOKE UPDATE (quantity_1) ON hmt_gtt_orders FROM authenticated");
  auto edited = row;
  edited.leg_1.quantity = 7;
  const auto refused = writer().edit(edited, row.version, user(1), nullptr, at_minute(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
  EXPECT_TRUE(writer().edit(edited, row.version, anybody, nullptr, at_minute(1)))
      << "the operator's writes are the engine's";
  sql("GRANT UPDATE (quantity_1) ON hmt_gtt_orders TO authenticated");
}

TEST_F(Rights, AUserOnAnothersConnectionIsToldWhichFieldIsWrong) {
  auto wanted = stop_loss(5);
  wanted.broker_connection_id = connection_id(2);
  const auto refused = writer().create(wanted, user(1), nullptr, at_minute(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  EXPECT_EQ(refused.error().field, "broker_connection_id");
}

}  // namespace
}  // namespace hmt::postgres
