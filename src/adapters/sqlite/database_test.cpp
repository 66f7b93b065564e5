#include "sqlite/database.h"

#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sqlite/connection.h"
#include "sqlite/database_fixture.h"

namespace hmt::sqlite {
namespace {

// ---- who may open it

TEST_F(SqliteDatabase, ASecondEngineIsRefusedWhileTheFirstHoldsTheData) {
  open();
  auto error = refusal(path);
  EXPECT_EQ(error.kind, ErrorKind::refused);
  EXPECT_THAT(error.message, HasSubstr("another engine holds the data"));
  ASSERT_EQ(::symlink(path.c_str(), folder.file("alias.db").c_str()), 0);
  EXPECT_EQ(refusal(folder.file("alias.db")).kind, ErrorKind::refused);
  database.reset();
  EXPECT_TRUE(open_database(path));
}

TEST_F(SqliteDatabase, AnEngineInAnotherProcessIsRefusedToo) {
  open();
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto opened = open_database(path);
    ::_exit(opened ? 1 : opened.error().kind == ErrorKind::refused ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(SqliteDatabase, ItsFilesAreItsOwnersAlone) {
  const auto before = ::umask(0);
  open();
  ASSERT_TRUE(writer().note({}));
  for (const auto* part : {"", "-wal", "-shm", ".lock"}) {
    struct stat found{};
    ASSERT_EQ(::stat((path + part).c_str(), &found), 0) << part;
    EXPECT_EQ(found.st_mode & 0777U, 0600U) << part;
  }
  ::umask(before);
}

TEST_F(SqliteDatabase, AFileThatOthersCouldReadIsClosedToThem) {
  open();
  database.reset();
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  open();
  struct stat found{};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(SqliteDatabase, AFolderThatIsMissingIsNamed) {
  const auto error = refusal(folder.file("no/such/hmt.db"));
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_THAT(error.message, HasSubstr("no/such"));
}

// ---- what it may be

TEST_F(SqliteDatabase, AFileOfSomethingElseIsCorrupt) {
  std::ofstream(path) << std::string(8192, 'x');
  const auto error = refusal(path);
  EXPECT_EQ(error.kind, ErrorKind::corrupt);
  EXPECT_THAT(error.message, HasSubstr("not a SQLite database"));
}

TEST_F(SqliteDatabase, ADamagedFileIsFoundAtOpening) {
  open();
  for (std::uint32_t n = 1; n <= 50; ++n) {
    ASSERT_TRUE(writer().create(stop_loss(n), anybody, nullptr, at_minute(0)));
  }
  database.reset();
  const auto size = std::filesystem::file_size(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (std::uintmax_t page = 1; page < size / 4096; ++page) {
    file.seekp(static_cast<std::streamoff>(page * 4096));
    file << std::string(512, '\x5A');
  }
  file.close();
  const auto error = refusal(path);
  EXPECT_EQ(error.kind, ErrorKind::corrupt);
  EXPECT_THAT(error.message, HasSubstr("restore it from a backup"));
}

TEST_F(SqliteDatabase, AnotherProgramsDatabaseIsLeftAlone) {
  std::ofstream(path).close();
  by_hand(path, "CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine');");
  EXPECT_EQ(refusal(path).kind, ErrorKind::unsupported);
  EXPECT_EQ(by_hand(path, "SELECT count(*) FROM sqlite_master"), "1\n");
}

TEST_F(SqliteDatabase, ANewerSchemaIsRefused) {
  open();
  const auto known = database->schema_version();
  EXPECT_GE(known, 1);
  database.reset();
  by_hand(path, "INSERT INTO schema_version (version, name) VALUES (99, 'later')");
  const auto error = refusal(path);
  EXPECT_EQ(error.kind, ErrorKind::unsupported);
  EXPECT_THAT(error.message, HasSubstr("schema version 99"));
}

TEST_F(SqliteDatabase, ItIsMigratedOnce) {
  open();
  database.reset();
  open();
  EXPECT_EQ(by_hand(path, "SELECT count(*), max(version) FROM schema_version"), "3\n3\n");
}

TEST_F(SqliteDatabase, TheAccountOfAnOlderFileStaysItsOwn) {
  open();
  database.reset();
  // As the first schema left it.
  by_hand(path,
          "DELETE FROM schema_version WHERE version > 1; DROP TABLE hmt_accounts;"
          "CREATE TABLE hmt_account (only_row INTEGER PRIMARY KEY, venue TEXT, account TEXT, "
          "bound_at TEXT); INSERT INTO hmt_account VALUES (1, 'kite', 'AB1234', 'then');"
          "DROP TABLE broker_connections; CREATE TABLE broker_connections (number INTEGER PRIMARY "
          "KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, broker TEXT NOT NULL "
          "DEFAULT 'kite', name TEXT NOT NULL DEFAULT '', account TEXT NOT NULL DEFAULT '', "
          "sealed_secrets BLOB, created_at TEXT, updated_at TEXT)");
  open();
  EXPECT_TRUE(writer().bind_account({}, "kite", "AB1234", at_minute(1)));
  EXPECT_FALSE(writer().bind_account({}, "kite", "ZZ9999", at_minute(1)));
  model::BrokerConnection connection;
  connection.id = connection_id(1);
  EXPECT_TRUE(writer().put_connection(connection, {}, "connection_added", anybody, at_minute(1)));
}

// One costs as much as all of the rest of a claim.
TEST_F(SqliteDatabase, AClaimMakesNoTablesOnTheSide) {
  open();
  const auto plan = by_hand(
      path,
      "EXPLAIN UPDATE hmt_gtt_orders SET status = 'firing', leg_1_state = 'armed', leg_2_state = "
      "'armed', triggered_leg = '1', version = 2 WHERE id = 'x';"
      "EXPLAIN INSERT INTO hmt_audit (at, event, severity, actor) VALUES ('', '', 'info', '');"
      "EXPLAIN INSERT INTO hmt_order_attempts (tag, leg, transaction_type, order_type, "
      "product_type, state) VALUES ('', '1', 'BUY', 'MARKET', 'CNC', 'queued')");
  EXPECT_THAT(plan, HasSubstr("Insert"));
  EXPECT_THAT(plan, testing::Not(HasSubstr("OpenEphemeral")));
}

TEST_F(SqliteDatabase, AnEmptyFileIsANewDatabase) {
  std::ofstream(path).close();
  open();
  EXPECT_TRUE(writer().take_lease("engine", at_minute(0)));
}

// ---- how it is kept

TEST(SqliteConnection, TheWriterFlushesEveryCommitAndReadersNeverWrite) {
  const TestFolder folder;
  const auto value = [](Connection& connection, const char* pragma) {
    auto row = connection.statement(pragma);
    return row.step() ? row.columns().text() : std::string("none");
  };
  const auto writing = Connection::open(folder.file(), Access::write).value();
  EXPECT_EQ(value(*writing, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(value(*writing, "PRAGMA synchronous"), "2");
  EXPECT_EQ(value(*writing, "PRAGMA foreign_keys"), "1");
  EXPECT_EQ(value(*writing, "PRAGMA wal_autocheckpoint"), "0") << "it has a measure of its own";
  EXPECT_EQ(value(*writing, "PRAGMA busy_timeout"), "2000");
  writing->script("CREATE TABLE t (x)");

  const auto reading = Connection::open(folder.file(), Access::read).value();
  EXPECT_EQ(value(*reading, "PRAGMA query_only"), "1");
  EXPECT_EQ(value(*reading, "PRAGMA wal_autocheckpoint"), "0");
  reading->script("INSERT INTO t VALUES (1)");
  EXPECT_FALSE(reading->outcome());
}

TEST(SqliteConnection, ReadersThatCloseLastDoNotCheckpoint) {
  const TestFolder folder;
  auto writing = Connection::open(folder.file(), Access::write).value();
  writing->script("CREATE TABLE t (x)");
  auto reading = Connection::open(folder.file(), Access::read).value();
  {
    auto row = reading->statement("SELECT count(*) FROM t");
    EXPECT_TRUE(row.step());
  }
  writing.reset();
  const auto size = std::filesystem::file_size(folder.file("hmt.db-wal"));
  EXPECT_GT(size, 0U);
  reading.reset();
  EXPECT_EQ(std::filesystem::file_size(folder.file("hmt.db-wal")), size);
}

TEST(SqliteConnection, AFailureInsideATransactionUndoesAllOfIt) {
  const TestFolder folder;
  const auto connection = Connection::open(folder.file(), Access::write).value();
  connection->script("CREATE TABLE t (x CHECK (x > 0))");
  {
    Transaction transaction(*connection, Transaction::Kind::write);
    connection->script("INSERT INTO t VALUES (1)");
    connection->script("INSERT INTO t VALUES (-1)");
    connection->script("INSERT INTO t VALUES (2)");
    const auto done = transaction.commit();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::invalid);
  }
  Transaction again(*connection, Transaction::Kind::write);
  {
    auto row = connection->statement("SELECT count(*) FROM t");
    ASSERT_TRUE(row.step());
    EXPECT_EQ(row.columns().integer(), 0);
  }
  EXPECT_TRUE(again.commit());
}

TEST_F(SqliteDatabase, AFullDiskIsUnavailableAndNothingIsHalfWritten) {
  open({.quick_check = true, .max_pages = 60});
  const auto epoch = writer().take_lease("engine", at_minute(0)).value();
  std::vector<model::Trigger> rows;
  std::optional<base::Error> full;
  for (std::uint32_t n = 1; n <= 2000 && !full; ++n) {
    const auto made = writer().create(stop_loss(n), anybody, nullptr, at_minute(0));
    if (made) rows.push_back(made->trigger);
    if (!made) full = made.error();
  }
  ASSERT_TRUE(full);
  EXPECT_EQ(full->kind, ErrorKind::unavailable);
  EXPECT_THAT(full->message, HasSubstr("full"));

  std::vector<Claim> claims;
  for (const auto& row : rows) {
    claims.push_back(
        {attempt_of(row, epoch, "T" + std::to_string(claims.size())), row.version, {}});
  }
  const auto event = reader()->last_event().value();
  Changed changed;
  const auto refused = writer().claim(claims, changed);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(changed.triggers.empty());
  EXPECT_EQ(reader()->last_event().value(), event);
  for (const auto& row : rows) {
    EXPECT_EQ(reader()->trigger(row.id, anybody).value(), row);
    EXPECT_TRUE(reader()->attempts(row.id, anybody)->empty());
  }
  EXPECT_EQ(by_hand(path, "PRAGMA integrity_check"), "ok\n");

  database.reset();
  open();
  claims.resize(1);
  claims[0].attempt.lease_epoch = writer().take_lease("engine", at_minute(1)).value();
  EXPECT_EQ(writer().claim(claims, changed)->front(), ClaimVerdict::won);
}

TEST_F(SqliteDatabase, AnotherProgramThatHoldsTheWriteLockIsWaitedForThenNamed) {
  open();
  sqlite3* shell = nullptr;
  ASSERT_EQ(sqlite3_open_v2(path.c_str(), &shell, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(shell, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto held = writer().note({});
  sqlite3_exec(shell, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(shell);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(held.error().message, HasSubstr("locked by another program"));
  EXPECT_TRUE(writer().note({}));
}

// Every claim that a process saw committed before it was killed is there, and no half of another.
TEST_F(SqliteDatabase, AKillLosesNoClaimThatWasAnswered) {
  for (int round = 0; round < 3; ++round) {
    std::filesystem::remove(path);
    for (const auto* part : {"-wal", "-shm"}) std::filesystem::remove(path + part);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      auto opened = open_database(path);
      if (!opened) ::_exit(1);
      auto& claiming = (*opened)->writer();
      const auto epoch = claiming.take_lease("child", at_minute(0)).value();
      for (std::uint32_t n = 1; n < 100'000; ++n) {
        const auto row = claiming.create(stop_loss(n), anybody, nullptr, at_minute(0))->trigger;
        const Claim claim{attempt_of(row, epoch, tag_of(n)), row.version, {}};
        Changed changed;
        const auto verdicts = claiming.claim(std::span(&claim, 1), changed);
        if (!verdicts || verdicts->front() != ClaimVerdict::won) ::_exit(2);
        if (::write(ends[1], &n, sizeof n) != sizeof n) ::_exit(3);
      }
      ::_exit(4);
    }
    ::close(ends[1]);
    std::uint32_t answered = 0;
    std::uint32_t n = 0;
    const auto wanted = static_cast<std::uint32_t>(20 + 13 * round);
    while (answered < wanted && ::read(ends[0], &n, sizeof n) == sizeof n) answered = n;
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
    while (::read(ends[0], &n, sizeof n) == sizeof n) answered = n;
    ::close(ends[0]);

    open();
    const auto found = store::whole_recovery(*reader(), {0}).value();
    std::size_t firing = 0;
    for (const auto& row : found.triggers) firing += row.status == model::TriggerStatus::firing;
    EXPECT_GE(found.attempts.size(), answered);
    EXPECT_LE(found.attempts.size(), answered + 1);
    EXPECT_EQ(firing, found.attempts.size());
    for (std::uint32_t i = 1; i <= answered; ++i) {
      ASSERT_EQ(reader()->trigger(trigger_id(i), anybody)->status, model::TriggerStatus::firing);
      ASSERT_EQ(reader()->attempts(trigger_id(i), anybody)->front().tag, tag_of(i));
    }
    EXPECT_EQ(by_hand(path, "PRAGMA integrity_check"), "ok\n");
    database.reset();
  }
}

// ---- how it is read

TEST_F(SqliteDatabase, ListsAndLookupsUseAnIndex) {
  open();
  for (const auto* query :
       {"SELECT * FROM hmt_gtt_orders WHERE status = ? ORDER BY number DESC LIMIT ?",
        "SELECT * FROM hmt_gtt_orders WHERE instrument_token = ? ORDER BY number DESC LIMIT ?",
        "SELECT * FROM hmt_gtt_orders WHERE user_id = ? ORDER BY number DESC LIMIT ?",
        "SELECT * FROM hmt_gtt_orders WHERE user_id = ? AND status = ? AND number < ? "
        "ORDER BY number DESC LIMIT ?",
        "SELECT * FROM hmt_gtt_orders WHERE parent_id = ? AND status = 'active' ORDER BY number",
        "SELECT * FROM hmt_order_attempts WHERE user_id = ? ORDER BY number DESC LIMIT ?",
        "SELECT * FROM hmt_audit WHERE number > ? AND trigger_id = ? ORDER BY number LIMIT ?"}) {
    const auto plan = by_hand(path, std::string("EXPLAIN QUERY PLAN ") + query);
    EXPECT_THAT(plan, HasSubstr("USING INDEX idx_")) << query;
    EXPECT_THAT(plan, testing::Not(HasSubstr("TEMP B-TREE"))) << query;
  }
}

TEST_F(SqliteDatabase, AReaderOfAFileThatIsNotThereSaysSo) {
  const auto looking = open_reader(folder.file("none.db"));
  EXPECT_EQ(looking->last_event().error().kind, ErrorKind::unavailable);
  EXPECT_EQ(looking->trigger(trigger_id(1), anybody).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(store::whole_recovery(*looking, {0}).error().kind, ErrorKind::unavailable);
}

TEST_F(SqliteDatabase, AReaderWorksBesideTheEngineAndAfterIt) {
  open();
  const auto looking = open_reader(path);
  ASSERT_TRUE(writer().create(stop_loss(1), anybody, nullptr, at_minute(0)));
  EXPECT_TRUE(looking->trigger(trigger_id(1), anybody));
  database.reset();
  EXPECT_TRUE(looking->trigger(trigger_id(1), anybody));
  open();
  ASSERT_TRUE(writer().create(stop_loss(2), anybody, nullptr, at_minute(0)));
  EXPECT_TRUE(looking->trigger(trigger_id(2), anybody));
}

}  // namespace
}  // namespace hmt::sqlite
