#pragma once
#include <memory>
#include <string>

#include "postgres/pool.h"
#include "store/store.h"

namespace hmt::postgres {

// Each call is one read-only transaction, in one round trip, on a session of the pool. A user's
// reads run under the user's own role, so that row level security is what they are seen through.
class PostgresReader : public store::Reader {
 public:
  explicit PostgresReader(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}

  base::Result<model::Trigger> trigger(model::TriggerId id, const store::Actor& actor) override;
  base::Result<store::TriggerPage> triggers(const store::ListFilter& filter,
                                            const store::Actor& actor) override;
  base::Result<std::int64_t> number_of(model::TriggerId id, const store::Actor& actor) override;
  base::Result<model::TriggerId> numbered(std::int64_t number, const store::Actor& actor) override;
  base::Result<std::vector<model::Attempt>> attempts(model::TriggerId id,
                                                     const store::Actor& actor) override;
  base::Result<std::vector<model::Attempt>> recent_attempts(std::size_t limit,
                                                            const store::Actor& actor) override;
  base::Result<std::vector<store::AuditRow>> audit(const store::AuditFilter& filter,
                                                   const store::Actor& actor) override;
  base::Result<std::int64_t> last_event() override;
  base::Result<std::optional<std::string>> kept_answer(const std::string& key,
                                                       const std::string& request_hash,
                                                       const store::Actor& actor) override;
  base::Result<void> recovery(base::TradingDate since, std::optional<model::ConnectionId> only,
                              const store::TakePart& take) override;
  base::Result<store::Switch> engine_switch() override;
  base::Result<base::Duration> lease_left() override;
  base::Result<store::TriggerCounts> counts(const store::Actor& actor) override;
  base::Result<std::vector<model::BrokerConnection>> connections(
      const store::Actor& actor) override;
  base::Result<model::BrokerConnection> connection(model::ConnectionId id,
                                                   const store::Actor& actor) override;
  base::Result<std::vector<store::Held>> active_rows(std::optional<model::TriggerId> after,
                                                     std::size_t limit) override;

 private:
  std::shared_ptr<Pool> pool_;
};

}  // namespace hmt::postgres
