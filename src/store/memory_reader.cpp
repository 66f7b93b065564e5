#include <algorithm>
#include <utility>

#include "store/memory_state.h"
#include "store/rules.h"

namespace hmt::store {

using model::Attempt;
using model::Trigger;
using model::TriggerId;
using model::TriggerStatus;

namespace {

using State = MemoryStore::State;

bool may_act(const Trigger& row) {
  return row.status == TriggerStatus::active || row.status == TriggerStatus::firing;
}

class MemoryReader : public Reader {
 public:
  explicit MemoryReader(std::shared_ptr<State> state) : state_(std::move(state)) {}

  Result<Trigger> trigger(TriggerId id, const Actor& actor) override;
  Result<TriggerPage> triggers(const ListFilter& filter, const Actor& actor) override;
  Result<std::int64_t> number_of(TriggerId id, const Actor& actor) override;
  Result<TriggerId> numbered(std::int64_t number, const Actor& actor) override;
  Result<std::vector<Attempt>> attempts(TriggerId id, const Actor& actor) override;
  Result<std::vector<Attempt>> recent_attempts(std::size_t limit, const Actor& actor) override;
  Result<std::vector<AuditRow>> audit(const AuditFilter& filter, const Actor& actor) override;
  Result<std::int64_t> last_event() override;
  Result<std::optional<std::string>> kept_answer(const std::string& key,
                                                 const std::string& request_hash,
                                                 const Actor& actor) override;
  Result<void> recovery(base::TradingDate since, std::optional<model::ConnectionId> only,
                        const TakePart& take) override;
  Result<Switch> engine_switch() override { return Switch{state_->stopped, state_->stopped_why}; }
  Result<base::Duration> lease_left() override {
    if (!state_->lease_lasts) return base::Duration(0);
    return std::max<base::Duration>(state_->held_until - state_->clock(), base::Duration(0));
  }
  Result<TriggerCounts> counts(const Actor& actor) override;
  Result<std::vector<model::BrokerConnection>> connections(const Actor& actor) override;
  Result<model::BrokerConnection> connection(model::ConnectionId id, const Actor& actor) override;
  Result<std::vector<Held>> active_rows(std::optional<TriggerId> after, std::size_t limit) override;

 private:
  std::shared_ptr<State> state_;
};

Result<Trigger> MemoryReader::trigger(TriggerId id, const Actor& actor) {
  const auto* row = state_->find(id);
  if (!row || !may_see(actor, row->user_id)) return no_such_trigger();
  return *row;
}

Result<TriggerPage> MemoryReader::triggers(const ListFilter& filter, const Actor& actor) {
  const auto before = read_cursor(filter.cursor);
  if (!before) return std::unexpected(before.error());
  const auto limit = page_limit(filter.limit);
  TriggerPage page;
  std::int64_t last = 0;
  for (auto at = state_->rows.rbegin(); at != state_->rows.rend(); ++at) {
    const auto& [number, row] = *at;
    if (*before && number >= **before) continue;
    if (!may_see(actor, row.user_id)) continue;
    if (filter.status && row.status != *filter.status) continue;
    if (filter.instrument_token && row.instrument_token != *filter.instrument_token) continue;
    if (filter.open_or_since && !may_act(row) && row.updated_at < *filter.open_or_since) continue;
    if (page.triggers.size() == limit) {
      page.next_cursor = std::to_string(last);
      break;
    }
    page.triggers.push_back(row);
    page.numbers.push_back(number);
    last = number;
  }
  return page;
}

Result<std::int64_t> MemoryReader::number_of(TriggerId id, const Actor& actor) {
  if (auto row = trigger(id, actor); !row) return std::unexpected(row.error());
  return state_->numbers.at(id);
}

Result<TriggerId> MemoryReader::numbered(std::int64_t number, const Actor& actor) {
  const auto at = state_->rows.find(number);
  if (at == state_->rows.end() || !may_see(actor, at->second.user_id)) return no_such_trigger();
  return at->second.id;
}

Result<std::vector<Attempt>> MemoryReader::attempts(TriggerId id, const Actor& actor) {
  if (auto row = trigger(id, actor); !row) return std::unexpected(row.error());
  std::vector<Attempt> out;
  for (const auto& attempt : state_->attempts) {
    if (attempt.trigger_id == id) out.push_back(attempt);
  }
  return out;
}

Result<std::vector<Attempt>> MemoryReader::recent_attempts(std::size_t limit, const Actor& actor) {
  std::vector<Attempt> out;
  for (auto at = state_->attempts.rbegin(); at != state_->attempts.rend(); ++at) {
    if (out.size() == page_limit(limit)) break;
    if (may_see(actor, at->user_id)) out.push_back(*at);
  }
  return out;
}

Result<std::vector<AuditRow>> MemoryReader::audit(const AuditFilter& filter, const Actor& actor) {
  std::vector<AuditRow> out;
  const auto limit = page_limit(filter.limit);
  const auto consider = [&](std::int64_t number) {
    const auto& entry = state_->audit[static_cast<std::size_t>(number - 1)];
    if (!may_see(actor, entry.user_id)) return;
    if (filter.trigger && entry.trigger_id != filter.trigger) return;
    out.push_back({number, entry});
  };
  const auto last = static_cast<std::int64_t>(state_->audit.size());
  const auto after = std::max<std::int64_t>(filter.after, 0);
  if (!filter.before) {
    for (auto n = after + 1; n <= last && out.size() < limit; ++n) consider(n);
    return out;
  }
  for (auto n = std::min(*filter.before - 1, last); n > after && out.size() < limit; --n) {
    consider(n);
  }
  return out;
}

Result<std::int64_t> MemoryReader::last_event() {
  return static_cast<std::int64_t>(state_->audit.size());
}

Result<std::optional<std::string>> MemoryReader::kept_answer(const std::string& key,
                                                             const std::string& request_hash,
                                                             const Actor& actor) {
  const auto at = state_->answers.find({actor.name, key});
  if (at == state_->answers.end()) return std::nullopt;
  if (at->second.request_hash != request_hash) return key_conflict();
  return at->second.answer;
}

Result<void> MemoryReader::recovery(base::TradingDate since,
                                    std::optional<model::ConnectionId> only, const TakePart& take) {
  Recovery first;
  first.stopped = state_->stopped;
  first.stopped_why = state_->stopped_why;
  std::map<TriggerId, bool> named;
  for (const auto& attempt : state_->attempts) {
    if (only && attempt.connection_id != *only) continue;
    const auto* row = state_->find(attempt.trigger_id);
    if (attempt.trading_date < since && !is_open(attempt, row) && !lacks_its_end(attempt, since)) {
      continue;
    }
    first.attempts.push_back(attempt);
    named[attempt.trigger_id] = true;
  }
  std::map<model::GroupId, bool> live;
  std::vector<Trigger> open;
  for (const auto& [number, row] : state_->rows) {
    const bool active = row.status == TriggerStatus::active;
    if (only && row.broker_connection_id != *only) continue;
    if (active && row.parent_id) live[*row.parent_id] = true;
    if (active || row.status == TriggerStatus::firing || named.contains(row.id)) {
      open.push_back(row);
    }
  }
  for (const auto& [group, winner] : state_->winners) {
    if (live.contains(group)) first.winners.push_back({group, winner});
  }
  take(std::move(first));
  // Few to a part, so that whoever takes them is used to several.
  constexpr std::size_t rows_of_part = 3;
  Recovery part;
  for (auto& row : open) {
    part.triggers.push_back(std::move(row));
    if (part.triggers.size() == rows_of_part) take(std::exchange(part, {}));
  }
  if (!part.triggers.empty()) take(std::move(part));
  return {};
}

Result<std::vector<model::BrokerConnection>> MemoryReader::connections(const Actor& actor) {
  std::vector<model::BrokerConnection> out;
  for (const auto& row : state_->connections) {
    if (may_see(actor, row.user_id)) out.push_back(row);
  }
  return out;
}

Result<model::BrokerConnection> MemoryReader::connection(model::ConnectionId id,
                                                         const Actor& actor) {
  const auto* row = state_->find(id);
  if (!row || !may_see(actor, row->user_id)) return no_such_connection();
  return *row;
}

Result<TriggerCounts> MemoryReader::counts(const Actor& actor) {
  TriggerCounts out;
  for (const auto& [number, row] : state_->rows) {
    if (!may_see(actor, row.user_id)) continue;
    out.active += row.status == TriggerStatus::active;
    out.triggered += row.status == TriggerStatus::triggered;
    out.failed += row.status == TriggerStatus::failed;
  }
  return out;
}

Result<std::vector<Held>> MemoryReader::active_rows(std::optional<TriggerId> after,
                                                    std::size_t limit) {
  std::vector<Held> out;
  for (const auto& [number, row] : state_->rows) {
    if (row.status != TriggerStatus::active || (after && row.id <= *after)) continue;
    out.push_back({row.id, row.version, row.broker_connection_id});
  }
  std::ranges::sort(out);
  out.resize(std::min(out.size(), limit));
  return out;
}

}  // namespace

std::unique_ptr<Reader> make_memory_reader(std::shared_ptr<State> state) {
  return std::make_unique<MemoryReader>(std::move(state));
}

}  // namespace hmt::store
