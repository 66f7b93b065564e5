#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "postgres/pool.h"
#include "postgres/rows.h"
#include "postgres/sheet.h"
#include "store/store.h"

namespace hmt::postgres {

// Every call is one transaction of two round trips: what it is about is read and locked in the
// first, store/rules.h decides, and what it writes goes with the COMMIT in the second. A user's
// rows are read and written under the user's own role; then the engine adds what is the engine's.
class PostgresWriter : public store::Writer {
 public:
  struct Setting {
    Settings settings;
    Limits limits;
    base::Duration lease_lasts{};
    std::shared_ptr<Pool> pool;
    base::Uuid name;  // this writer's own, random: its changes are told from others' by it
  };
  explicit PostgresWriter(Setting setting);

  base::Result<std::int64_t> take_lease(const std::string& holder, base::Instant now) override;
  std::optional<base::Duration> lease_lasts() const override { return setting_.lease_lasts; }
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
  base::Result<store::Changed> absorb(const store::Foreign& foreign) override;
  std::unique_ptr<store::Reader> reader() override;
  std::unique_ptr<store::Follower> follower() override;

 private:
  struct Write;   // who writes by hand, under which key, when
  struct Before;  // what such a write has found

  // What the trail says, in this transaction; and that others must read the row again.
  std::size_t tell(const model::AuditEntry& entry);
  void tell_change(std::optional<model::TriggerId> trigger,
                   std::optional<model::ConnectionId> connection);
  base::Result<std::optional<model::BrokerConnection>> connection_for_update(
      model::ConnectionId id);

  base::Result<void> put_record(const store::Record& record, Sheet& sheet, store::Changed& changed);

  Before look(const Write& write, model::TriggerId id, std::optional<model::GroupId> group);
  base::Result<std::optional<store::Written>> kept_answer(const Write& write, const Before& before);
  base::Result<model::Trigger> change_of(const Before& before, const Write& write,
                                         std::optional<std::int64_t> version);
  base::Result<void> check_group_of(const Before& before, const model::Trigger& row, bool joins);
  void as_user(const Write& write, const std::string& sql, const Fields& values);
  base::Result<store::Written> finish(Transaction& transaction, const model::Trigger& row,
                                      const model::AuditEntry& entry, const Write& write);

  Setting setting_;
  Connection connection_;
  std::int64_t epoch_ = 0;  // of the lease that this writer took last
};

}  // namespace hmt::postgres
