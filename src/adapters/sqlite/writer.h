#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sqlite/connection.h"
#include "sqlite/rows.h"
#include "store/store.h"

namespace hmt::sqlite {

// Every call is one BEGIN IMMEDIATE … COMMIT: the rows are read in it, store/rules.h decides, and
// the rows are written back.
class SqliteWriter : public store::Writer {
 public:
  explicit SqliteWriter(Connection& connection) : connection_(connection) {}

  base::Result<std::int64_t> take_lease(const std::string& holder, base::Instant now) override;
  base::Result<void> give_up_lease(std::int64_t epoch) override;
  base::Result<void> bind_account(model::ConnectionId connection, const std::string& venue,
                                  const std::string& account, base::Instant now) override;
  base::Result<std::vector<store::ClaimVerdict>> claim(std::span<const store::Claim> claims,
                                                       store::Changed& changed) override;
  base::Result<store::Changed> record(std::int64_t epoch,
                                      std::span<const store::Record> records) override;
  base::Result<store::Written> create(const model::Trigger& trigger, const store::Actor& actor,
                                      const store::Idempotency* idempotency,
                                      base::Instant now) override;
  base::Result<store::Written> edit(const model::Trigger& edited, std::int64_t version,
                                    const store::Actor& actor,
                                    const store::Idempotency* idempotency,
                                    base::Instant now) override;
  base::Result<store::Written> cancel(model::TriggerId id, std::optional<std::int64_t> version,
                                      const store::Actor& actor,
                                      const store::Idempotency* idempotency,
                                      base::Instant now) override;
  base::Result<std::int64_t> set_stopped(bool stopped, const std::string& why,
                                         const store::Actor& actor, base::Instant now) override;
  base::Result<std::int64_t> note(const model::AuditEntry& entry) override;
  base::Result<model::BrokerConnection> put_connection(const model::BrokerConnection& connection,
                                                       std::optional<std::int64_t> version,
                                                       const std::string& event,
                                                       const store::Actor& actor,
                                                       base::Instant now) override;
  base::Result<void> remove_connection(model::ConnectionId id, const store::Actor& actor,
                                       base::Instant now) override;
  void rest() override;
  base::Result<store::Changed> absorb(const store::Foreign& foreign) override;
  std::unique_ptr<store::Reader> reader() override;

 private:
  struct Write;  // who writes by hand, under which key, when

  std::optional<TriggerRow> row_of(model::TriggerId id);
  base::Result<model::Trigger> change_of(model::TriggerId id, const Write& write);
  std::optional<model::BrokerConnection> connection_of(model::ConnectionId id);
  bool stands_on(model::ConnectionId id);
  std::optional<model::TriggerId> winner_of(model::GroupId group);
  std::vector<model::GroupId> groups_won_by(model::TriggerId id);
  void set_winner(model::GroupId group, std::optional<model::TriggerId> winner);
  std::int64_t lease_epoch();
  bool is_stopped();

  store::ClaimVerdict judge_claim(const store::Claim& claim, std::int64_t epoch, bool stopped,
                                  store::Changed& changed);
  base::Result<void> put_record(const store::Record& record, store::Changed& changed);
  base::Result<void> put_attempt(const model::Attempt& attempt);
  bool put_expiry(const store::Expiry& expiry, base::Instant at, store::Changed& changed);
  void put_outcome(const store::TriggerOutcome& outcome, base::Instant at, store::Changed& changed);
  void put_outcome_of_gone(const store::TriggerOutcome& outcome, base::Instant at,
                           store::Changed& changed);
  void put_group(const model::Trigger& row, store::GroupAction action, base::Instant at,
                 store::Changed& changed);

  base::Result<void> check_group_of(const model::Trigger& row, bool joins);
  base::Result<std::optional<store::Written>> kept_answer(const Write& write);
  base::Result<store::Written> finish(const model::Trigger& row, const model::AuditEntry& entry,
                                      const Write& write);

  Connection& connection_;
};

}  // namespace hmt::sqlite
