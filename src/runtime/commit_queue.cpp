#include "runtime/commit_queue.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "agent/log.h"

namespace hmt::runtime {
namespace {

constexpr base::Duration patience_min = std::chrono::milliseconds(50);
constexpr base::Duration patience_max = std::chrono::seconds(2);
constexpr std::size_t batch_max = 1024;

}  // namespace

CommitQueue::CommitQueue(store::Writer& writer, CommitObserver& observer, std::size_t commands_max)
    : writer_(writer), observer_(observer), commands_max_(commands_max) {}

void CommitQueue::add(Item item) {
  {
    const std::scoped_lock lock(mutex_);
    incoming_.push_back(std::move(item));
  }
  wake_.notify_one();
}

void CommitQueue::claim(model::Claim claim,
                        std::move_only_function<void(model::ClaimVerdict)> done) {
  add(ClaimItem{std::move(claim), std::move(done)});
}

void CommitQueue::record(model::Record record, std::move_only_function<void()> done) {
  add(RecordItem{std::move(record), std::move(done)});
}

bool CommitQueue::command(std::move_only_function<void(store::Writer&)> job) {
  {
    const std::scoped_lock lock(mutex_);
    if (commands_waiting_ >= commands_max_ || stopping_) return false;
    ++commands_waiting_;
    incoming_.emplace_back(CommandItem(std::move(job)));
  }
  wake_.notify_one();
  return true;
}

void CommitQueue::use_epoch(std::int64_t epoch) {
  const std::scoped_lock lock(mutex_);
  epoch_ = epoch;
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

bool CommitQueue::take_all() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return !incoming_.empty() || !taken_.empty() || stopping_; });
  std::ranges::move(incoming_, std::back_inserter(taken_));
  incoming_.clear();
  return !taken_.empty();
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
  while (!taken_.empty()) {
    if (std::holds_alternative<ClaimItem>(taken_.front())) {
      if (!commit_claims()) return false;
    } else if (std::holds_alternative<RecordItem>(taken_.front())) {
      if (!commit_records()) return false;
    } else {
      auto job = std::get<CommandItem>(std::move(taken_.front()));
      taken_.pop_front();
      {
        const std::scoped_lock lock(mutex_);
        --commands_waiting_;
      }
      job(writer_);
    }
  }
  return true;
}

bool CommitQueue::wait_for_store() {
  patience_ = std::clamp(patience_, patience_min, patience_max);
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, patience_, [this] { return stopping_; });
  patience_ *= 2;
  return !stopping_;
}

bool CommitQueue::commit_claims() {
  std::vector<model::Claim> claims;
  for (const auto& item : taken_) {
    const auto* claim = std::get_if<ClaimItem>(&item);
    if (!claim || claims.size() == batch_max) break;
    claims.push_back(claim->claim);
  }
  store::Changed changed;
  const auto started = std::chrono::steady_clock::now();
  const auto verdicts = writer_.claim(claims, changed);
  if (!verdicts) {
    store_failed(verdicts.error());
    return false;
  }
  store_works();
  tell_time(started);
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
  for (const auto& item : taken_) {
    const auto* record = std::get_if<RecordItem>(&item);
    if (!record || records.size() == (one_by_one_ != 0 ? 1 : batch_max)) break;
    records.push_back(record->record);
  }
  std::int64_t epoch = 0;
  {
    const std::scoped_lock lock(mutex_);
    epoch = epoch_;
  }
  const auto started = std::chrono::steady_clock::now();
  auto changed = writer_.record(epoch, records);
  if (!changed) return record_failed(changed.error(), records.size());
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

// False: try them again later.
bool CommitQueue::record_failed(const base::Error& error, std::size_t count) {
  if (error.kind == base::ErrorKind::refused) {
    observer_.on_fenced();
    taken_.erase(taken_.begin(), taken_.begin() + static_cast<std::ptrdiff_t>(count));
    return true;
  }
  if (error.kind != base::ErrorKind::conflict && error.kind != base::ErrorKind::invalid) {
    store_failed(error);
    return false;
  }
  // Trying again would hold up everything behind it for ever. One record cannot be written: the
  // others are, and of that one nothing follows.
  if (count > 1) {
    one_by_one_ = count;
    return true;
  }
  if (one_by_one_ != 0) --one_by_one_;
  agent::log_error("record_not_written", {{"why", error.message}});
  taken_.pop_front();
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

// People are told at once that nothing can be written; the engine's own items keep their order.
void CommitQueue::fail_commands() {
  std::deque<Item> kept;
  std::vector<CommandItem> commands;
  for (auto& item : taken_) {
    if (auto* command = std::get_if<CommandItem>(&item)) {
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
  for (auto& command : commands) command(writer_);
}

}  // namespace hmt::runtime
