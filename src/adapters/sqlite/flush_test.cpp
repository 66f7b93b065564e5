#include <atomic>
#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

#include "sqlite/database_fixture.h"

// Stands before the C library's flushes, to count them and to make the disk fail.
namespace {

std::atomic<int> flushes = 0;
std::atomic<bool> disk_fails = false;

int flush(long call, int descriptor) {
  ++flushes;
  if (disk_fails) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(call, descriptor));
}

}  // namespace

extern "C" int fdatasync(int descriptor) {
  return flush(SYS_fdatasync, descriptor);
}
extern "C" int fsync(int descriptor) {
  return flush(SYS_fsync, descriptor);
}

namespace hmt::sqlite {
namespace {

struct SqliteFlush : SqliteDatabase {
  void SetUp() override {
    Options options;
    options.on_lost = [this](const std::string& why) { told.push_back(why); };
    open(options);
    epoch = writer().take_lease("engine", at_minute(0)).value();
  }
  void TearDown() override { disk_fails = false; }

  std::vector<Claim> claims_of(std::uint32_t count) {
    std::vector<Claim> out;
    for (std::uint32_t n = 1; n <= count; ++n) {
      const auto row = writer().create(stop_loss(n), anybody, nullptr, at_minute(0))->trigger;
      out.push_back({attempt_of(row, epoch, tag_of(n)), row.version, {}});
    }
    return out;
  }

  int flushes_of(const std::function<void()>& write) {
    const int before = flushes;
    write();
    return flushes - before;
  }

  std::int64_t epoch = 0;
  Changed changed;
  std::vector<std::string> told;  // that the file is lost
};

TEST_F(SqliteFlush, EveryKindOfWriteIsFlushedBeforeItReturns) {
  const auto claims = claims_of(2);
  const auto row = claims[1].attempt.trigger_id;
  const std::vector<Record> records = {record_of(std::vector{model::audit_of(claims[0])})};
  EXPECT_GE(flushes_of([&] { ASSERT_TRUE(writer().note({})); }), 1);
  EXPECT_GE(flushes_of([&] { ASSERT_TRUE(writer().claim(std::span(claims).first(1), changed)); }),
            1);
  EXPECT_GE(flushes_of([&] { ASSERT_TRUE(writer().record(epoch, records)); }), 1);
  EXPECT_GE(
      flushes_of([&] { ASSERT_TRUE(writer().cancel(row, {}, anybody, nullptr, at_minute(1))); }),
      1);
  EXPECT_GE(flushes_of([&] { ASSERT_TRUE(writer().set_stopped(true, "", anybody, at_minute(1))); }),
            1);
  EXPECT_GE(flushes_of([&] { ASSERT_TRUE(writer().take_lease("x", at_minute(1))); }), 1);
}

TEST_F(SqliteFlush, ABatchOfFiveHundredClaimsIsOneFlush) {
  const auto claims = claims_of(512);
  // An empty log first: a checkpoint in the middle would flush too.
  by_hand(path, "PRAGMA wal_checkpoint(RESTART)");
  ASSERT_TRUE(writer().note({}));
  const int count = flushes_of([&] {
    const auto verdicts = writer().claim(claims, changed);
    ASSERT_TRUE(verdicts);
    EXPECT_EQ(*verdicts, std::vector(512, ClaimVerdict::won));
  });
  EXPECT_EQ(count, 1);
}

TEST_F(SqliteFlush, AClaimIsOneFlushHoweverLongTheLogHasGrown) {
  const auto claims = claims_of(2);
  // Pages enough that the log is due to be carried over.
  Record much = record_of(std::vector<model::AuditEntry>(2000, model::audit_of(claims[0])));
  for (auto& entry : much.audit) entry.detail = {{"words", std::string(4000, 'x')}};
  EXPECT_EQ(flushes_of([&] { ASSERT_TRUE(writer().record(epoch, {&much, 1})); }), 1);
  const auto claim_one = [&](std::size_t which) {
    return flushes_of(
        [&] { ASSERT_TRUE(writer().claim(std::span(claims).subspan(which, 1), changed)); });
  };
  EXPECT_EQ(claim_one(0), 1);
  EXPECT_GE(flushes_of([&] { writer().rest(); }), 2) << "the log, and the file that it goes into";
  EXPECT_LE(claim_one(1), 2) << "the first commit of a log flushes its head too";
  EXPECT_EQ(flushes_of([&] { writer().rest(); }), 0) << "there is nothing to carry over";
}

TEST_F(SqliteFlush, AClaimWhoseFlushFailsIsUnknownAndTheFileIsLeftAloneUntilARestart) {
  const auto claims = claims_of(2);
  disk_fails = true;
  const auto lost = writer().claim(std::span(claims).first(1), changed);
  disk_fails = false;
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(lost.error().message, testing::StartsWith("commit unknown"));
  EXPECT_TRUE(changed.triggers.empty());

  // A flush that failed once may lie when it is tried again, so nothing more is written.
  const auto later = writer().claim(std::span(claims).last(1), changed);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().kind, ErrorKind::unavailable);
  EXPECT_FALSE(writer().note({}));
  EXPECT_EQ(told, std::vector{lost.error().message}) << "once, whatever is tried afterwards";

  database.reset();
  open();
  const auto found = store::whole_recovery(*reader(), {0}).value();
  EXPECT_LE(found.attempts.size(), 1U);
  EXPECT_EQ(by_hand(path, "PRAGMA integrity_check"), "ok\n");
  auto again = claims[1];
  again.attempt.lease_epoch = writer().take_lease("restarted", at_minute(1)).value();
  EXPECT_EQ(writer().claim(std::span(&again, 1), changed)->front(), ClaimVerdict::won);
}

}  // namespace
}  // namespace hmt::sqlite
