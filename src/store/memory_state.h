#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "store/memory.h"

// What the memory store's writers and readers share.
namespace hmt::store {

struct KeptAnswer {
  std::string request_hash;
  std::string answer;
  model::TriggerId trigger;
  Instant created_at{};
};

struct MemoryStore::State {
  std::map<std::int64_t, model::Trigger> rows;  // by number: the order of insertion
  std::map<model::TriggerId, std::int64_t> numbers;
  std::int64_t last_number = 0;
  std::vector<model::Attempt> attempts;
  std::map<model::OrderTag, std::size_t> by_tag;
  std::map<std::tuple<model::TriggerId, std::int32_t, std::int32_t>, std::size_t> by_place;
  std::map<model::GroupId, model::TriggerId> winners;
  std::vector<model::AuditEntry> audit;  // number n stands at n - 1
  std::map<std::pair<std::string, std::string>, KeptAnswer> answers;
  std::int64_t epoch = 0;
  std::string holder;
  Instant held_until{};
  std::optional<base::Duration> lease_lasts;  // none: one process, for good
  std::function<Instant()> clock;
  std::map<model::ConnectionId, std::string> accounts;  // "venue account", of those bound
  std::vector<model::BrokerConnection> connections;     // oldest first
  bool stopped = false;
  std::string stopped_why;
  int times_set = 0;
  bool rows_held = false;

  // Who wrote what, for followers; 0 is a hand on the table.
  struct Change {
    int writer = 0;
    std::optional<model::TriggerId> trigger;
    std::optional<model::ConnectionId> connection;
  };
  std::vector<Change> changes;
  int writers = 0;
  bool quiet = false;
  int times_dropped = 0;  // what was told before is not told any more
  bool leases_held = false;
  void tell(Change change) {
    if (!quiet) changes.push_back(change);
  }

  int failing = 0;
  int losing = 0;
  int writes = 0;

  model::Trigger* find(model::TriggerId id) {
    const auto at = numbers.find(id);
    return at == numbers.end() ? nullptr : &rows.at(at->second);
  }

  std::optional<model::TriggerId> winner_of(const std::optional<model::GroupId>& group) const {
    if (!group) return std::nullopt;
    const auto at = winners.find(*group);
    if (at == winners.end()) return std::nullopt;
    return at->second;
  }

  std::vector<model::GroupId> groups_won_by(model::TriggerId id) const {
    std::vector<model::GroupId> out;
    for (const auto& [group, winner] : winners) {
      if (winner == id) out.push_back(group);
    }
    return out;
  }

  model::BrokerConnection* find(model::ConnectionId id) {
    for (auto& row : connections) {
      if (row.id == id) return &row;
    }
    return nullptr;
  }

  std::int64_t add_audit(model::AuditEntry entry) {
    audit.push_back(std::move(entry));
    return static_cast<std::int64_t>(audit.size());
  }

  void add_row(model::Trigger row) {
    numbers[row.id] = ++last_number;
    rows.emplace(last_number, std::move(row));
  }

  void put_attempt(const model::Attempt& attempt) {
    const auto [at, fresh] = by_tag.emplace(attempt.tag, attempts.size());
    if (fresh) {
      by_place[{attempt.trigger_id, attempt.fire_no, attempt.attempt_no}] = attempts.size();
      attempts.push_back(attempt);
    } else {
      attempts[at->second] = attempt;
    }
    attempts[at->second].request.tag = attempt.tag;
  }

  const model::Attempt* attempt_at(model::TriggerId id, std::int32_t fire_no,
                                   std::int32_t attempt_no) const {
    const auto at = by_place.find({id, fire_no, attempt_no});
    return at == by_place.end() ? nullptr : &attempts[at->second];
  }
};

std::unique_ptr<Writer> make_memory_writer(std::shared_ptr<MemoryStore::State> state);
std::unique_ptr<Reader> make_memory_reader(std::shared_ptr<MemoryStore::State> state);

}  // namespace hmt::store
