#include "runtime/commit_queue.h"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>
#include <vector>

#include "agent/log.h"

namespace hmt::runtime {
namespace {

constexpr base::Duration patience_min = std::chrono::milliseconds(50);
constexpr base::Duration patience_max = std::chrono::seconds(2);
constexpr std::size_t batch_max = 1024;
constexpr base::Duration quiet = std::chrono::milliseconds(20);

// Trying again cannot help.
bool is_for_good(base::ErrorKind kind) {
  return kind == base::ErrorKind::invalid || kind == base::ErrorKind::conflict ||
         kind == base::ErrorKind::corrupt;
}

}  // namespace

CommitQueue::CommitQueue(store::Writer& writer, CommitObserver& observer, std::size_t commands_max)
    : writer_(writer), observer_(observer), commands_max_(commands_max) {}

void CommitQueue::add(Item item) {
  const std::scoped_lock lock(mutex_);
  put(std::move(item));
}

void CommitQueue::put(Item item) {
  incoming_.push_back(std::move(item));
  if (holds_ == 0) wake_.notify_one();
}

CommitQueue::Together::Together(CommitQueue& queue) : queue_(queue) {
  const std::scoped_lock lock(queue_.mutex_);
  ++queue_.holds_;
}

CommitQueue::Together::~Together() {
  const std::scoped_lock lock(queue_.mutex_);
  if (--queue_.holds_ == 0 && !queue_.incoming_.empty()) queue_.wake_.notify_one();
}

void CommitQueue::claim(model::Claim claim,
                        std::move_only_function<void(model::ClaimVerdict)> done) {
  add(ClaimItem{std::move(claim), std::move(done)});
}

void CommitQueue::record(model::Record record, std::move_only_function<void()> done,
                         Refused refused) {
  const std::scoped_lock lock(mutex_);
  put(RecordItem{epoch_, std::move(record), std::move(done), std::move(refused)});
}

bool CommitQueue::add_command(CommandItem command) {
  const std::scoped_lock lock(mutex_);
  const bool fits = commands_waiting_ < commands_max_ || command.is_of_switch;
  if (!fits || stopping_) return false;
  ++commands_waiting_;
  put(std::move(command));
  return true;
}

void CommitQueue::use_epoch(std::int64_t epoch) {
  const std::scoped_lock lock(mutex_);
  epoch_ = epoch;
}

std::int64_t CommitQueue::epoch() const {
  const std::scoped_lock lock(mutex_);
  return epoch_;
}

void CommitQueue::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

std::size_t CommitQueue::size() const {
  const std::scoped_lock lock(mutex_);
  return incoming_.size();
}

bool CommitQueue::has_work() const {
  return (!incoming_.empty() && holds_ == 0) || !taken_.empty() || stopping_;
}

bool CommitQueue::take_all() {
  std::unique_lock lock(mutex_);
  const auto work = [this] { return has_work(); };
  if (!wake_.wait_for(lock, quiet, work)) {
    lock.unlock();
    writer_.rest();
    lock.lock();
    wake_.wait(lock, work);
  }
  take_incoming();
  return !taken_.empty();
}

// Ahead of the first command: what stands behind one was found held, and waits there. Where nothing
// but held claims is left, ahead of them as well.
void CommitQueue::take_incoming() {
  const auto is_command = [](const Item& item) {
    return std::holds_alternative<CommandItem>(item);
  };
  const auto is_plain = [](const Item& item) {
    const auto* command = std::get_if<CommandItem>(&item);
    return command && !command->is_of_switch;
  };
  std::deque<Item> urgent;
  std::deque<Item> switches;
  std::deque<Item> plain;
  for (auto& item : std::exchange(incoming_, {})) {
    (is_plain(item) ? plain : is_command(item) ? switches : urgent).push_back(std::move(item));
  }
  const auto put_before = [this](std::deque<Item>::iterator at, std::deque<Item>& items) {
    if (items.empty()) return;  // libstdc++ would move each item that stands behind onto itself
    taken_.insert(at, std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
  };
  put_before(held_back_ ? taken_.begin() : std::ranges::find_if(taken_, is_command), urgent);
  put_before(std::ranges::find_if(taken_, is_plain), switches);
  put_before(taken_.end(), plain);
}

void CommitQueue::take_what_came() {
  const std::scoped_lock lock(mutex_);
  if (holds_ == 0) take_incoming();
}

void CommitQueue::run() {
  while (take_all()) {
    if (!drain() && !wait_for_store()) return;
  }
}

bool CommitQueue::run_pending() {
  while (size() != 0 || !taken_.empty()) {
    if (take_all() && !drain()) return false;
  }
  return true;
}

bool CommitQueue::drain() {
  held_back_ = false;
  while (!taken_.empty()) {
    if (std::holds_alternative<ClaimItem>(taken_.front())) {
      if (!commit_claims()) return false;
    } else if (std::holds_alternative<RecordItem>(taken_.front())) {
      if (!commit_records()) return false;
    } else {
      auto job = std::get<CommandItem>(std::move(taken_.front())).job;
      taken_.pop_front();
      {
        const std::scoped_lock lock(mutex_);
        --commands_waiting_;
      }
      job(writer_);
      take_what_came();
    }
  }
  return true;
}

bool CommitQueue::wait_for_store() {
  patience_ = std::clamp(patience_, patience_min, patience_max);
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, patience_,
                 [this] { return stopping_ || (held_back_ && holds_ == 0 && !incoming_.empty()); });
  patience_ *= 2;
  return !stopping_;
}

// The claims at the head, out of their items: they are large, and a copy of each would be felt.
std::vector<model::Claim> CommitQueue::take_claims() {
  std::vector<model::Claim> out;
  for (auto& item : taken_) {
    auto* claim = std::get_if<ClaimItem>(&item);
    if (!claim || out.size() == (one_by_one_ != 0 ? 1 : batch_max)) break;
    if (claim->held && !out.empty()) break;
    out.push_back(std::move(claim->claim));
    if (claim->held) break;
  }
  return out;
}

void CommitQueue::give_back(std::vector<model::Claim> claims) {
  for (std::size_t i = 0; i < claims.size(); ++i) {
    std::get<ClaimItem>(taken_[i]).claim = std::move(claims[i]);
  }
}

bool CommitQueue::commit_claims() {
  auto claims = take_claims();
  store::Changed changed;
  const auto started = std::chrono::steady_clock::now();
  const auto verdicts = writer_.claim(claims, changed);
  if (!verdicts) return claims_failed(verdicts.error(), std::move(claims));
  held_ = 0;
  store_works();
  tell_time(started);
  if (one_by_one_ != 0) --one_by_one_;
  observer_.on_committed(std::move(changed));
  for (const auto verdict : *verdicts) {
    auto done = std::move(std::get<ClaimItem>(taken_.front()).done);
    taken_.pop_front();
    done(verdict);
  }
  return true;
}

bool CommitQueue::commit_records() {
  std::vector<model::Record> records;
  const auto epoch = std::get<RecordItem>(taken_.front()).epoch;
  for (const auto& item : taken_) {
    const auto* record = std::get_if<RecordItem>(&item);
    if (!record || record->epoch != epoch) break;
    if (records.size() == (one_by_one_ != 0 ? 1 : batch_max)) break;
    records.push_back(record->record);
  }
  const auto started = std::chrono::steady_clock::now();
  auto changed = writer_.record(epoch, records);
  if (!changed) return records_failed(changed.error(), epoch, records);
  store_works();
  tell_time(started);
  if (one_by_one_ != 0) --one_by_one_;
  observer_.on_committed(std::move(*changed));
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto done = std::move(std::get<RecordItem>(taken_.front()).done);
    taken_.pop_front();
    if (done) done();
  }
  return true;
}

void CommitQueue::tell_time(std::chrono::steady_clock::time_point started) const {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  commit_seconds_.observe_seconds(took.count());
}

bool CommitQueue::singly(std::size_t count) {
  if (count > 1) {
    one_by_one_ = count;
    return true;
  }
  return false;
}

// False: try them again later.
bool CommitQueue::claims_failed(const base::Error& error, std::vector<model::Claim> claims) {
  const auto count = claims.size();
  give_back(std::move(claims));
  if (error.field == store::held_row) {
    if (singly(count)) return true;
    std::get<ClaimItem>(taken_.front()).held = true;
    if (wait_behind_others()) return true;
    held_back_ = true;
  }
  if (!is_for_good(error.kind)) {
    store_failed(error);
    return false;
  }
  if (singly(count)) return true;
  const auto& claim = std::get<ClaimItem>(taken_.front()).claim;
  const auto audit = model::audit_of(claim);
  if (!tell_refused(error, audit.at, &claim.attempt, {audit})) return false;
  auto done = std::move(std::get<ClaimItem>(taken_.front()).done);
  taken_.pop_front();
  done(model::ClaimVerdict::stale);
  return true;
}

// False: try them again later.
bool CommitQueue::records_failed(const base::Error& error, std::int64_t epoch,
                                 const std::vector<model::Record>& records) {
  if (error.kind == base::ErrorKind::refused) {
    observer_.on_fenced(epoch);
    one_by_one_ = 0;
    for (std::size_t i = 0; i < records.size(); ++i) {
      auto refused = std::move(std::get<RecordItem>(taken_.front()).refused);
      taken_.pop_front();
      if (refused) refused(error.message);
    }
    return true;
  }
  if (error.field == store::held_row && singly(records.size())) return true;
  if (!is_for_good(error.kind)) {
    store_failed(error);
    return false;
  }
  if (singly(records.size())) return true;
  const auto& record = records.front();
  if (!tell_refused(error, record.at, record.attempt ? &*record.attempt : nullptr, record.audit))
    return false;
  auto refused = std::move(std::get<RecordItem>(taken_.front()).refused);
  taken_.pop_front();
  if (refused) refused(error.message);
  return true;
}

// Someone else's transaction holds the claim's row: all else goes first, but for what waits for it.
// False: no claim is left that was not found held as well, so it is waited for like the database
// itself.
bool CommitQueue::wait_behind_others() {
  const auto claims = std::ranges::count_if(
      taken_, [](const Item& item) { return std::holds_alternative<ClaimItem>(item); });
  if (++held_ >= static_cast<std::size_t>(claims)) {
    held_ = 0;
    return false;
  }
  std::deque<Item> first;
  std::deque<Item> behind;
  for (auto& item : taken_ | std::views::drop(1)) {
    (waits_for(item, taken_.front()) ? behind : first).push_back(std::move(item));
  }
  first.push_back(std::move(taken_.front()));
  std::ranges::move(behind, std::back_inserter(first));
  taken_ = std::move(first);
  if (one_by_one_ != 0) --one_by_one_;
  return true;
}

// False: not even this can be written, so it is the database that is broken.
bool CommitQueue::tell_refused(const base::Error& error, base::Instant at,
                               const model::Attempt* attempt,
                               const std::vector<model::AuditEntry>& audit) {
  model::AuditEntry entry;
  entry.at = at;
  entry.event = "record_refused";
  entry.severity = model::Severity::alarm;
  entry.actor = "engine";
  entry.detail = {{"why", error.message}};
  if (!audit.empty()) {
    entry.user_id = audit.front().user_id;
    entry.trigger_id = audit.front().trigger_id;
    entry.tag = audit.front().tag;
    entry.detail.add("event", audit.front().event);
  }
  if (attempt) {
    entry.user_id = attempt->user_id;
    entry.trigger_id = attempt->trigger_id;
    entry.tag = attempt->tag;
    entry.detail.add("attempt_state", word(attempt->state));
  }
  agent::log_error("record_refused", {{"why", error.message}, {"tag", entry.tag}});
  const auto number = writer_.note(entry);
  if (!number) {
    store_failed(number.error());
    return false;
  }
  store_works();
  if (one_by_one_ != 0) --one_by_one_;
  store::Changed changed;
  changed.last_event = *number;
  observer_.on_committed(std::move(changed));
  return true;
}

void CommitQueue::store_failed(const base::Error& error) {
  agent::log_error("store_away", {{"why", error.message}});
  if (!std::exchange(away_, true)) observer_.on_store_away(error.message);
  fail_commands();
}

void CommitQueue::store_works() {
  if (std::exchange(away_, false)) observer_.on_store_back();
  patience_ = patience_min;
}

// A record that tells of no order may be of any account.
bool CommitQueue::waits_for(const Item& command, const Item& earlier) {
  const auto* in_turn = std::get_if<CommandItem>(&command);
  if (!in_turn || !in_turn->turn) return false;
  const auto& turn = *in_turn->turn;
  if (const auto* claim = std::get_if<ClaimItem>(&earlier)) {
    const auto& attempt = claim->claim.attempt;
    return attempt.connection_id == turn.account && attempt.lease_epoch == turn.epoch;
  }
  const auto* record = std::get_if<RecordItem>(&earlier);
  if (!record || record->epoch != turn.epoch) return false;
  const auto& attempt = record->record.attempt;
  return !attempt || attempt->connection_id == turn.account;
}

// People are told at once that nothing can be written; the engine's own items keep their order.
void CommitQueue::fail_commands() {
  std::deque<Item> kept;
  std::vector<CommandItem> commands;
  for (auto& item : taken_) {
    const auto is_behind = [&](const Item& earlier) { return waits_for(item, earlier); };
    auto* command = std::get_if<CommandItem>(&item);
    if (command && std::ranges::none_of(kept, is_behind)) {
      commands.push_back(std::move(*command));
    } else {
      kept.push_back(std::move(item));
    }
  }
  taken_ = std::move(kept);
  {
    const std::scoped_lock lock(mutex_);
    commands_waiting_ -= commands.size();
  }
  for (auto& command : commands) command.job(writer_);
}

}  // namespace hmt::runtime
