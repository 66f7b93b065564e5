#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "postgres/connection.h"
#include "postgres/rows.h"
#include "store/rules.h"
#include "store/store.h"

// What one transaction of the engine reads and writes, as a whole: the rows that a batch of claims
// or records is about are read and locked by one array statement, judged here in the batch's order,
// and written back by one array statement for each table. Locks are taken in one order, whoever
// takes them: lease, switch, triggers by id, groups by id, counter.
namespace hmt::postgres {

struct Lease {
  std::int64_t epoch = 0;
  std::string holder;
  bool holds = false;  // it has not run out
  bool stopped = true;
};

// What is asked of the database for one batch.
struct Question {
  std::set<model::TriggerId> triggers;
  std::set<model::TriggerId> settling;  // their groups' active members are read too
  std::vector<const model::Attempt*> attempts;
};

class Sheet {
 public:
  explicit Sheet(Connection& connection) : connection_(connection) {}

  // One round trip. Failures stick to the connection.
  void read(const Question& question);
  // The same once more, for rows that were not found: the groups that they have won, and what may
  // be settled in these. Seldom, and so out of the locks' order: who meets another in it tries
  // again.
  void read_groups_won_by(const std::set<model::TriggerId>& gone);

  const Lease& lease() const { return lease_; }
  // The row as it stands on this sheet; none: it is not there.
  TriggerRow* row(model::TriggerId id);
  std::optional<model::TriggerId> winner(model::GroupId group) const;
  std::vector<model::GroupId> groups_won_by(model::TriggerId id) const;
  store::Standing standing(const model::Attempt& wanted) const;
  bool is_taken(const model::Attempt& attempt) const;  // its place is another tag's
  // The group's other members that are active, oldest first.
  std::vector<model::Trigger> active_siblings(const model::Trigger& row) const;

  void put(const model::Trigger& row);
  void put(const model::Attempt& attempt);
  void put(model::AuditEntry entry) { audit_.push_back(std::move(entry)); }
  void set_winner(model::GroupId group, std::optional<model::TriggerId> winner);

  // Queues all writes, for the commit to send. A write that does not find each of its rows fails.
  void write();
  // After the commit: the highest audit number; 0: none.
  std::int64_t last_event() const;

 private:
  using Place = std::tuple<model::TriggerId, std::int32_t, std::int32_t>;
  struct Known {
    model::TriggerId trigger;
    std::int32_t fire_no = 0;
    std::int64_t epoch = 0;
  };

  void load_rows(const Rows& rows);
  void load_groups(const Rows& rows);
  void load_attempts(const Rows& rows);
  void write_rows();
  void write_groups();
  void write_attempts();

  Connection& connection_;
  Lease lease_;
  std::map<model::TriggerId, TriggerRow> rows_;
  std::map<model::GroupId, std::optional<model::TriggerId>> winners_;
  std::map<model::OrderTag, Known> known_;
  std::map<Place, model::OrderTag> places_;

  std::set<model::TriggerId> changed_;
  std::set<model::GroupId> decided_;
  std::vector<model::Attempt> attempts_;
  std::map<model::OrderTag, std::size_t> attempt_at_;
  std::vector<model::AuditEntry> audit_;
  std::optional<std::size_t> numbers_;
};

// Inserts the entries. They are numbered when this writer holds the lease under `epoch`, or nobody
// does: two who numbered would do it out of the order of commits. The answer's only row is the
// highest number, or NULL.
std::size_t queue_audit(Connection& connection, std::span<const model::AuditEntry> entries,
                        std::int64_t epoch);
std::int64_t number_of(const Rows& rows);

// A statement that writes as many rows as the parameter `mark` ("$3") says, and fails when it does
// not.
std::string exactly(const std::string& statement, int mark);

}  // namespace hmt::postgres
