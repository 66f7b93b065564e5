#include "store/memory.h"

#include "store/memory_state.h"

namespace hmt::store {

using model::AuditEntry;
using model::Trigger;

namespace {

AuditEntry by_hand(std::string event, const Trigger& row, Instant now) {
  AuditEntry out;
  out.at = now;
  out.event = std::move(event);
  out.actor = "sql";
  out.user_id = row.user_id;
  out.trigger_id = row.id;
  return out;
}

}  // namespace

MemoryStore::MemoryStore() : state_(std::make_shared<State>()) {}
MemoryStore::~MemoryStore() = default;

std::unique_ptr<Writer> MemoryStore::writer() {
  return make_memory_writer(state_);
}

std::unique_ptr<Reader> MemoryStore::reader() {
  return make_memory_reader(state_);
}

void MemoryStore::fail_next_writes(int count) {
  state_->failing = count;
}

void MemoryStore::lose_next_answers(int count) {
  state_->losing = count;
}

void MemoryStore::share(base::Duration lease_lasts, std::function<Instant()> clock) {
  state_->lease_lasts = lease_lasts;
  state_->clock = std::move(clock);
}

void MemoryStore::hold_leases(bool held) {
  state_->leases_held = held;
}

void MemoryStore::hold_rows(bool held) {
  state_->rows_held = held;
}

void MemoryStore::keep_quiet(bool quiet) {
  state_->quiet = quiet;
}

void MemoryStore::drop_untold() {
  ++state_->times_dropped;
}

int MemoryStore::writes() const {
  return state_->writes;
}

void MemoryStore::put_by_hand(Trigger row, Instant now) {
  auto entry = by_hand("created", row, now);
  row.updated_at = now;
  state_->tell({.writer = 0, .trigger = row.id, .connection = {}});
  if (auto* stored = state_->find(row.id)) {
    row.version = stored->version + 1;
    *stored = std::move(row);
    entry.event = "edited";
  } else {
    state_->add_row(std::move(row));
  }
  state_->add_audit(std::move(entry));
}

void MemoryStore::delete_by_hand(model::TriggerId id, Instant now) {
  const auto at = state_->numbers.find(id);
  if (at == state_->numbers.end()) return;
  auto entry = by_hand("deleted", state_->rows.at(at->second), now);
  state_->rows.erase(at->second);
  state_->numbers.erase(at);
  state_->tell({.writer = 0, .trigger = id, .connection = {}});
  state_->add_audit(std::move(entry));
}

}  // namespace hmt::store
