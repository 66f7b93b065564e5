#include "store/memory.h"

#include "store/contract.h"

namespace hmt::store {
namespace {

class MemoryBackend : public Backend {
 public:
  MemoryBackend() : writer_(store_.writer()) {}
  Writer& writer() override { return *writer_; }
  void reopen() override { writer_ = store_.writer(); }
  void delete_by_hand(model::TriggerId id) override { store_.delete_by_hand(id, at_minute(0)); }

 private:
  MemoryStore store_;
  std::unique_ptr<Writer> writer_;
};

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
                         testing::Values(BackendChoice{
                             "in_memory", [] { return std::make_unique<MemoryBackend>(); }}),
                         backend_name);

struct MemoryStoreTest : testing::Test {
  MemoryStoreTest() : writer(store.writer()) {
    epoch = writer->take_lease("engine", at_minute(0)).value();
    row = writer->create(stop_loss(1), Actor{}, nullptr, at_minute(0))->trigger;
    claims = {{attempt_of(row, epoch, "TAG1"), row.version, {}}};
  }

  MemoryStore store;
  std::unique_ptr<Writer> writer;
  std::int64_t epoch = 0;
  model::Trigger row;
  std::vector<Claim> claims;
  Changed changed;
};

TEST_F(MemoryStoreTest, AFailedWriteHasNotHappened) {
  store.fail_next_writes(2);
  for (int i = 0; i < 2; ++i) {
    const auto failed = writer->claim(claims, changed);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, base::ErrorKind::unavailable);
    EXPECT_EQ(store.reader()->trigger(row.id, Actor{}).value(), row);
  }
  EXPECT_EQ(writer->claim(claims, changed)->front(), ClaimVerdict::won);
}

TEST_F(MemoryStoreTest, AClaimWhoseAnswerWasLostIsFoundByRepeatingIt) {
  store.lose_next_answers(1);
  const auto lost = writer->claim(claims, changed);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, base::ErrorKind::unavailable);
  EXPECT_TRUE(lost.error().message.starts_with("commit unknown"));
  EXPECT_TRUE(changed.triggers.empty());
  EXPECT_EQ(writer->claim(claims, changed)->front(), ClaimVerdict::repeated);
}

TEST_F(MemoryStoreTest, EveryKindOfWriteCanFail) {
  store.fail_next_writes(8);
  EXPECT_FALSE(writer->take_lease("x", at_minute(1)));
  EXPECT_FALSE(writer->claim(claims, changed));
  EXPECT_FALSE(writer->record(epoch, {}));
  EXPECT_FALSE(writer->create(stop_loss(2), Actor{}, nullptr, at_minute(1)));
  EXPECT_FALSE(writer->edit(row, 1, Actor{}, nullptr, at_minute(1)));
  EXPECT_FALSE(writer->cancel(row.id, {}, Actor{}, nullptr, at_minute(1)));
  EXPECT_FALSE(writer->set_stopped(true, "", Actor{}, at_minute(1)));
  EXPECT_FALSE(writer->note(model::AuditEntry{}));
  EXPECT_EQ(store.reader()->last_event().value(), 2);
  EXPECT_TRUE(writer->note(model::AuditEntry{}));
}

TEST_F(MemoryStoreTest, TwoEnginesOnOneStoreTheLaterLeaseWins) {
  const auto rival = store.writer();
  ASSERT_TRUE(rival->take_lease("rival", at_minute(1)));
  EXPECT_EQ(writer->claim(claims, changed)->front(), ClaimVerdict::fenced);
}

TEST_F(MemoryStoreTest, AHandOnTheTableMovesTheVersion) {
  auto edited = row;
  edited.leg_1.trigger_price = price("1400.00");
  store.put_by_hand(edited, at_minute(1));
  EXPECT_EQ(writer->claim(claims, changed)->front(), ClaimVerdict::stale);
  store.delete_by_hand(row.id, at_minute(2));
  EXPECT_FALSE(store.reader()->trigger(row.id, Actor{}));
}

}  // namespace
}  // namespace hmt::store
