#pragma once
#include <deque>
#include <string>

#include "postgres/writer.h"

namespace hmt::postgres {

// Finds what others have committed by comparing snapshots: a change is told when its transaction is
// visible now and was not at the last look. So each is told once, in whatever order commits come,
// none is lost to one that took long, and nothing waits for the longest. Thread rule: one thread.
class PostgresFollower : public store::Follower {
 public:
  explicit PostgresFollower(const PostgresWriter::Setting& setting);

  base::Result<store::Foreign> changes() override;
  base::Result<void> renew_lease(std::int64_t epoch) override;

 private:
  void tidy_up();

  Connection connection_;
  const base::Duration lease_lasts_;
  const std::string writer_;
  std::string seen_;                      // the snapshot of the last look
  std::deque<model::TriggerId> waiting_;  // more than are told at once
  bool is_holder_ = false;
  Clock::time_point tidied_ = Clock::now();
};

}  // namespace hmt::postgres
