#include "postgres/database.h"

#include <fstream>
#include <sys/wait.h>
#include <thread>

#include "postgres/database_fixture.h"
#include "postgres/migrate.h"

namespace hmt::postgres {
namespace {

base::Error refusal(const std::string& url) {
  const auto opened = open_database(url);
  EXPECT_FALSE(opened);
  return opened ? base::Error{} : opened.error();
}

std::int64_t newest_schema() {
  return static_cast<std::int64_t>(migrations().size());
}

// Everything that the migrations make: for each part its size and its sum.
std::string schema_of(TestDatabase& place) {
  std::string out;
  for (const std::string part :
       {"SELECT table_name, column_name, data_type, is_nullable, column_default FROM "
        "information_schema.columns WHERE table_schema = 'public'",
        "SELECT tablename, policyname, roles, cmd, qual, with_check FROM pg_policies",
        "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants "
        "WHERE "
        "table_schema = 'public'",
        "SELECT grantee, table_name, column_name, privilege_type FROM "
        "information_schema.column_privileges WHERE table_schema = 'public'",
        "SELECT tgrelid::regclass, tgname, pg_get_triggerdef(oid) FROM pg_trigger",
        "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE "
        "connamespace = 'public'::regnamespace",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT proname, prosrc, proconfig, prosecdef, proacl FROM pg_proc WHERE pronamespace IN "
        "('hmt_private'::regnamespace, 'auth'::regnamespace)",
        "SELECT version, name FROM hmt_schema_version"}) {
    const auto sum = place.sql(
        "SELECT count(*), md5(string_agg(q::text, ';' ORDER BY q::text)) FROM "
        "(" +
        part + ") AS q");
    EXPECT_THAT(sum, testing::Not(HasSubstr("error")));
    EXPECT_FALSE(sum.starts_with("0|")) << part;
    out += sum;
  }
  return out;
}

// ---- migrations

TEST(PostgresDatabase, TheProgramAndPsqlMakeTheSame) {
  TestDatabase by_program;
  TestDatabase by_psql;
  EXPECT_EQ(migrate_database(by_program.url()).value(), newest_schema());
  for (const auto& migration : migrations()) {
    std::ofstream("migration.sql") << migration.sql;
    const auto run = "psql -qX -v ON_ERROR_STOP=1 -f migration.sql '" + by_psql.url() + "' 2>&1";
    EXPECT_EQ(std::system(run.c_str()), 0);
  }
  std::remove("migration.sql");
  EXPECT_EQ(schema_of(by_program), schema_of(by_psql));
  EXPECT_EQ(migrate_database(by_psql.url()).value(), newest_schema()) << "nothing is left to do";
}

TEST(PostgresDatabase, ProcessesThatStartTogetherMigrateOnce) {
  TestDatabase place;
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const auto child = ::fork();
    if (child == 0) ::_exit(migrate_database(place.url()).value_or(0) == newest_schema() ? 0 : 1);
    children.push_back(child);
  }
  for (const auto child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(place.sql("SELECT count(*) FROM hmt_schema_version"),
            std::to_string(newest_schema()) + "\n");
}

// As one that was made by the first release, with rows in it.
TEST(PostgresDatabase, ADatabaseOfBeforeIsBroughtUpToDateAndKeepsItsRows) {
  TestDatabase place;
  ASSERT_THAT(place.sql(std::string(migrations().front().sql)), testing::Not(HasSubstr("error")));
  EXPECT_EQ(
      place.sql("INSERT INTO hmt_gtt_orders (trading_symbol, exchange, instrument_token, "
                "condition_type, transaction_type, product_type_1, trigger_price_1, quantity_1) "
                "VALUES ('INFY', 'NSE', 408065, 'single', 'BUY', 'MIS', 1510.05, 1)"),
      "");
  EXPECT_EQ(migrate_database(place.url()).value(), newest_schema());
  const auto database = open_database(place.url()).value();
  EXPECT_EQ(store::whole_recovery(*database->writer().reader(), {0})->triggers.size(), 1U);
}

TEST(PostgresDatabase, ANewerSchemaIsRefused) {
  TestDatabase place;
  ASSERT_TRUE(open_database(place.url()));
  place.sql("INSERT INTO hmt_schema_version (version, name) VALUES (99, 'later')");
  const auto error = refusal(place.url());
  EXPECT_EQ(error.kind, ErrorKind::unsupported);
  EXPECT_THAT(error.message, HasSubstr("schema version 99"));
}

TEST(PostgresDatabase, ATableOfSomebodyElseIsLeftAlone) {
  TestDatabase place;
  place.sql("CREATE TABLE hmt_gtt_orders (id uuid)");
  const auto error = refusal(place.url());
  EXPECT_EQ(error.kind, ErrorKind::unsupported);
  EXPECT_THAT(error.message, HasSubstr("hmt_gtt_orders that HMT did not make"));
  EXPECT_EQ(place.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "1\n");
}

TEST(PostgresDatabase, AnotherEncodingIsRefused) {
  Psql server(server_url());
  EXPECT_EQ(server.sql("CREATE DATABASE hmt_test_latin ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE "
                       "template0"),
            "");
  EXPECT_THAT(refusal(url_of(server_url(), "hmt_test_latin")).message, HasSubstr("UTF8"));
  server.sql("DROP DATABASE hmt_test_latin");
}

TEST(PostgresDatabase, AMigrationThatFailsLeavesNothing) {
  TestDatabase place;
  place.sql(
      "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF "
      "to_regclass('public.hmt_idempotency') IS NOT NULL THEN RAISE EXCEPTION 'no room'; END "
      "IF; END $$; CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION refuse()");
  EXPECT_THAT(refusal(place.url()).message, HasSubstr("migration 0001_first: no room"));
  EXPECT_EQ(place.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0\n");
  place.sql("DROP EVENT TRIGGER refuse");
  EXPECT_TRUE(open_database(place.url()));
}

// ---- who runs it

// A role that may create roles, owns its database and is no superuser: as Supabase's.
struct Owned {
  explicit Owned(const std::string& role, const std::string& rights = "CREATEROLE") : name(role) {
    Psql server(server_url());
    server.sql("CREATE ROLE " + role + " LOGIN PASSWORD 'p%ss/word' NOSUPERUSER " + rights);
    server.sql("ALTER DATABASE " + place.name() + " OWNER TO " + role);
    place.sql("ALTER SCHEMA public OWNER TO " + role);
  }
  ~Owned() {
    Psql server(server_url());
    server.sql("ALTER DATABASE " + place.name() + " OWNER TO CURRENT_USER");
    place.sql("REASSIGN OWNED BY " + name + " TO CURRENT_USER; DROP OWNED BY " + name);
    server.sql("DROP OWNED BY " + name + "; DROP ROLE " + name);
  }
  std::string url() const { return place.url(name + ":p%25ss%2Fword"); }

  TestDatabase place;
  std::string name;
};

void run_a_day(const std::string& url) {
  const auto database = open_database(url);
  ASSERT_TRUE(database) << database.error().message;
  auto& writer = (*database)->writer();
  const auto epoch = writer.take_lease("engine", at_minute(0)).value();
  model::BrokerConnection connection;
  connection.id = connection_id(1);
  ASSERT_TRUE(writer.put_connection(connection, {}, "connection_added", user(1), at_minute(1)));
  const auto made = writer.create(stop_loss(1), user(1), nullptr, at_minute(1));
  ASSERT_TRUE(made) << made.error().message;
  const Claim claim{attempt_of(made->trigger, epoch, "TAG1"), 1, {}};
  Changed changed;
  const auto verdicts = writer.claim(std::span(&claim, 1), changed);
  ASSERT_TRUE(verdicts) << verdicts.error().message;
  EXPECT_EQ(verdicts->front(), ClaimVerdict::won);
  EXPECT_EQ(writer.reader()->triggers({}, user(1))->triggers.size(), 1U);
  EXPECT_TRUE(writer.follower()->changes());
  EXPECT_TRUE(writer.follower()->renew_lease(epoch));
}

TEST(PostgresDatabase, ARoleThatIsNoSuperuserButMayCreateRolesIsEnough) {
  Owned owned("hmt_test_owner");
  run_a_day(owned.url());
  // By hand, the owner is the operator: row level security is forced on it, and lets it.
  Psql psql(owned.url());
  EXPECT_EQ(psql.sql("SELECT count(*) FROM hmt_gtt_orders"), "1\n");
  EXPECT_EQ(
      psql.sql("INSERT INTO hmt_gtt_orders (trading_symbol, exchange, instrument_token, "
               "condition_type, transaction_type, product_type_1, trigger_price_1, quantity_1) "
               "VALUES ('INFY', 'NSE', 408065, 'single', 'BUY', 'MIS', 1510.05, 1)"),
      "");
  EXPECT_EQ(psql.sql("SELECT count(*) FROM hmt_changes WHERE writer IS NULL"), "1\n");
}

TEST(PostgresDatabase, SupabasesOwnGrantsOnNewTablesGiveNobodyAnything) {
  Owned owned("hmt_test_supabase");
  TestDatabase before;
  ASSERT_TRUE(open_database(before.url())) << "its roles are on the server already";
  Psql psql(owned.url());
  EXPECT_EQ(
      psql.sql("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, "
               "authenticated, service_role; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT "
               "ALL ON SEQUENCES TO anon, authenticated, service_role; ALTER DEFAULT PRIVILEGES "
               "IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role"),
      "");
  run_a_day(owned.url());
  EXPECT_EQ(psql.sql("SELECT count(*) FROM information_schema.role_table_grants WHERE grantee = "
                     "'anon'"),
            "0\n");
  EXPECT_EQ(
      psql.sql("SELECT privilege_type FROM information_schema.role_table_grants WHERE grantee = "
               "'authenticated' AND table_name = 'hmt_gtt_orders' ORDER BY 1"),
      "DELETE\nSELECT\n");
  EXPECT_EQ(psql.sql("SELECT count(*) FROM information_schema.usage_privileges WHERE grantee = "
                     "'anon' AND object_type = 'SEQUENCE'"),
            "0\n");
}

TEST(PostgresDatabase, ARoleThatMayNotMakeRolesIsToldWhatAnAdministratorRuns) {
  TestDatabase other;
  ASSERT_TRUE(open_database(other.url())) << "the server has the roles now";
  Owned owned("hmt_test_weak", "NOCREATEROLE");
  const auto error = refusal(owned.url());
  EXPECT_EQ(error.kind, ErrorKind::refused);
  EXPECT_THAT(error.message, HasSubstr("hmt_test_weak cannot act as"));
  EXPECT_THAT(error.message, HasSubstr("GRANT "));
  EXPECT_EQ(Psql(server_url()).sql("GRANT authenticated, hmt_engine TO hmt_test_weak"), "");
  run_a_day(owned.url());
}

// The tightest way to run it: the login owns nothing and migrates nothing.
TEST(PostgresDatabase, ALoginThatOwnsNothingRunsTheEngine) {
  TestDatabase place;
  ASSERT_TRUE(open_database(place.url()));
  Psql server(server_url());
  server.sql("CREATE ROLE hmt_test_login LOGIN NOINHERIT PASSWORD 'x'");
  EXPECT_THAT(refusal(place.url("hmt_test_login:x")).message,
              HasSubstr("GRANT hmt_engine, authenticated TO hmt_test_login"));
  server.sql("GRANT hmt_engine, authenticated TO hmt_test_login");
  run_a_day(place.url("hmt_test_login:x"));
  EXPECT_THAT(Psql(place.url("hmt_test_login:x")).sql("SELECT * FROM hmt_gtt_orders"),
              HasSubstr("permission denied"));
  server.sql("DROP ROLE hmt_test_login");
}

TEST(PostgresDatabase, SupabasesAuthIsNotTouched) {
  TestDatabase place;
  place.sql(
      "CREATE SCHEMA auth; CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ "
      "SELECT coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''), "
      "nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$; "
      "DO $$ BEGIN CREATE ROLE authenticated NOLOGIN; EXCEPTION WHEN duplicate_object THEN END "
      "$$; GRANT USAGE ON SCHEMA auth TO PUBLIC");
  const auto before = place.sql("SELECT prosrc FROM pg_proc WHERE proname = 'uid'");
  run_a_day(place.url());
  EXPECT_EQ(place.sql("SELECT prosrc FROM pg_proc WHERE proname = 'uid'"), before);
}

// ---- what it says

TEST(PostgresDatabase, NoMessageHoldsThePassword) {
  const std::string secret = "s3cret-p4ss";
  for (const auto& url : {"postgresql://u:" + secret + "@127.0.0.1:1/db",
                          "postgresql://u:" + secret + "@no.such.host.invalid/db",
                          "postgresql://u:" + secret + "@127.0.0.1:notaport/db",
                          "postgresql://u:" + secret + "%zz@127.0.0.1/db",
                          "postgresql://u:" + secret + "@127.0.0.1/db?nonsense=1",
                          "mysql://u:" + secret + "@127.0.0.1/db",
                          url_of(server_url(), "postgres", "no_such_role:" + secret)}) {
    const auto error = refusal(url);
    EXPECT_THAT(error.message, testing::Not(HasSubstr(secret)));
    EXPECT_FALSE(error.message.empty());
    EXPECT_FALSE(check_database(url));
  }
  const auto settings = Settings::parse("postgresql://u:a%25%2Fb@h/db").value();
  EXPECT_EQ(settings.without_secrets("x a%/b y a%25%2Fb z"), "x *** y *** z");
}

TEST(PostgresDatabase, OfSeveralServersThePrimaryIsMeantUnlessTheUrlSaysOtherwise) {
  const auto wanted = [](const std::string& url) {
    const auto values = Settings::parse(url)->resolved(Clock::now() + 1s).value();
    std::string found;
    for (const auto& [keyword, text] : values) {
      if (keyword == "target_session_attrs") found += text;
    }
    return found;
  };
  EXPECT_EQ(wanted("postgresql://u@127.0.0.1:1,127.0.0.1:2/db"), "primary");
  EXPECT_EQ(wanted("postgresql://u@127.0.0.1:1/db?target_session_attrs=any"), "any");
}

TEST(PostgresDatabase, AServerThatIsNotThereIsUnavailableAndNamed) {
  const auto error = refusal("postgresql://u@127.0.0.1:1/db");
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_THAT(error.message, HasSubstr("the database db at 127.0.0.1"));
  const auto looking = open_reader("postgresql://u@127.0.0.1:1/db").value();
  EXPECT_EQ(looking->last_event().error().kind, ErrorKind::unavailable);
  EXPECT_EQ(refusal("postgresql:hmt.db").kind, ErrorKind::invalid);
}

TEST(PostgresDatabase, AHostIsFoundByItsName) {
  TestDatabase place;
  auto url = place.url();
  const auto at = url.find("127.0.0.1");
  ASSERT_NE(at, std::string::npos);
  EXPECT_TRUE(open_database(url.replace(at, 9, "localhost")));
}

TEST(PostgresDatabase, AServerIsReachedByItsSocketToo) {
  TestDatabase place;
  auto where = place.sql(
      "SELECT session_user || '@/' || current_database() || '?host=' || "
      "current_setting('unix_socket_directories') || '&port=' || "
      "current_setting('port')");
  where.pop_back();
  run_a_day("postgresql://" + where);
}

TEST(PostgresDatabase, TheDoctorHearsWhatThereIsToSay) {
  TestDatabase place;
  auto report = check_database(place.url()).value();
  EXPECT_EQ(report.schema_version, 0);
  EXPECT_EQ(report.known_version, newest_schema());
  const auto database = open_database(place.url()).value();
  ASSERT_TRUE(database->writer().take_lease("a process", at_minute(0)));
  report = check_database(place.url()).value();
  EXPECT_EQ(report.schema_version, newest_schema());
  EXPECT_EQ(report.holder, "a process");
  EXPECT_TRUE(report.server.starts_with("1"));
  EXPECT_LT(report.clock_ahead, 1min);
  EXPECT_GT(report.clock_ahead, -1min);
  EXPECT_FALSE(report.is_read_only);
  EXPECT_EQ(place.sql("SELECT rolsuper FROM pg_roles WHERE rolname = '" + report.role + "'"),
            report.is_superuser ? "t\n" : "f\n");
}

TEST_F(PostgresTest, AReaderBesideTheEngineSeesWhatItWrote) {
  const auto looking = open_reader(place->url()).value();
  create(stop_loss(1));
  EXPECT_TRUE(looking->trigger(trigger_id(1), anybody));
}

TEST_F(PostgresTest, ReadersOfManyThreadsShareTheSessions) {
  database.reset();
  open({.readers = 2});
  create(stop_loss(1));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const auto looking = reader();
      for (int k = 0; k < 20; ++k) EXPECT_TRUE(looking->trigger(trigger_id(1), anybody));
    });
  }
  threads.clear();
  EXPECT_LE(std::stoi(sql("SELECT count(*) FROM pg_stat_activity WHERE datname = "
                          "current_database() AND application_name = 'hmt'")),
            3);
}

TEST_F(PostgresTest, ListsAndLookupsUseAnIndex) {
  sql("SET session_replication_role = replica; INSERT INTO hmt_gtt_orders (user_id, "
      "trading_symbol, "
      "exchange, instrument_token, condition_type, transaction_type, product_type_1, "
      "trigger_price_1, quantity_1) SELECT gen_random_uuid(), 'INFY', 'NSE', 1 + 256 * (n % 50), "
      "'single', 'BUY', 'MIS', 1, 1 FROM generate_series(1, 5000) n; ANALYZE hmt_gtt_orders");
  for (const auto* query :
       {"SELECT * FROM hmt_gtt_orders WHERE instrument_token = 257 ORDER BY number DESC LIMIT 100",
        "SELECT * FROM hmt_gtt_orders WHERE status = 'firing' ORDER BY number DESC LIMIT 100",
        "SELECT * FROM hmt_gtt_orders WHERE user_id = '11000000-0000-0000-0000-000000000001' ORDER "
        "BY "
        "number DESC LIMIT 9",
        "SELECT * FROM hmt_gtt_orders WHERE id = '11000000-0000-0000-0000-000000000001' FOR UPDATE",
        "SELECT * FROM hmt_gtt_orders ORDER BY number DESC LIMIT 100",
        "SELECT 1 FROM hmt_gtt_orders WHERE broker_connection_id = "
        "'11000000-0000-0000-0000-000000000001'"}) {
    const auto plan = sql(std::string("EXPLAIN ") + query);
    EXPECT_THAT(plan, testing::Not(HasSubstr("Seq Scan"))) << query;
  }
}

}  // namespace
}  // namespace hmt::postgres
