#pragma once
#include <memory>
#include <string>

#include "sqlite/connection.h"
#include "store/store.h"

namespace hmt::sqlite {

// Reads on a read-only connection of its own, opened at the first use; each call sees one commit.
class SqliteReader : public store::Reader {
 public:
  explicit SqliteReader(std::string path) : path_(std::move(path)) {}

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
  base::Result<store::TriggerCounts> counts(const store::Actor& actor) override;
  base::Result<std::vector<model::BrokerConnection>> connections(
      const store::Actor& actor) override;
  base::Result<model::BrokerConnection> connection(model::ConnectionId id,
                                                   const store::Actor& actor) override;
  base::Result<std::vector<store::Held>> active_rows(std::optional<model::TriggerId> after,
                                                     std::size_t limit) override;

 private:
  base::Result<void> connect();

  std::string path_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace hmt::sqlite
