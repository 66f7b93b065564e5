#include "store/recovery.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "store/rules.h"

namespace hmt::store {
namespace {

// Why a row cannot be watched or looked after; empty when it can.
std::string trouble_with(const ReadRow& read, const model::Trigger& row) {
  if (!read.problem.empty()) return read.problem;
  if (row.status != model::TriggerStatus::active) return {};
  const auto sound = model::check_trigger(row, nullptr);
  return sound ? std::string() : sound.error().message;
}

template <class Value>
void append(std::vector<Value>& whole, std::vector<Value> part) {
  std::ranges::move(part, std::back_inserter(whole));
}

}  // namespace

RecoveryParts::RecoveryParts(Recovery first, std::vector<TriggerRow> others, const TakePart& take)
    : take_(take), others_(std::move(others)), next_(others_.begin()), part_(std::move(first)) {
  part_.triggers.reserve(rows_of_part);
  std::ranges::copy_if(part_.attempts, std::back_inserter(open_),
                       [](const auto& attempt) { return is_open(attempt, nullptr); });
  for (const auto& attempt : open_) missed_.insert(attempt.trigger_id);
}

void RecoveryParts::add(const ReadRow& read) {
  if (next_ != others_.end() && next_->number < read.number) {
    auto row = std::move(part_.triggers.back());
    part_.triggers.pop_back();
    add_others_before(read.number);
    part_.triggers.push_back(std::move(row));
  }
  keep_if_sound(read);
}

void RecoveryParts::add_others_before(std::int64_t number) {
  for (; next_ != others_.end() && next_->number < number; ++next_) {
    part_.triggers.push_back(std::move(next_->trigger));
    keep_if_sound(*next_);
  }
}

void RecoveryParts::keep_if_sound(const ReadRow& read) {
  const auto& row = part_.triggers.back();
  if (auto trouble = trouble_with(read, row); !trouble.empty()) {
    part_.unreadable.push_back((read.name.empty() ? row.id.text() : read.name) + ": " + trouble);
    part_.triggers.pop_back();
    return;
  }
  if (!missed_.empty()) missed_.erase(row.id);
  if (part_.triggers.size() == rows_of_part) hand_on();
}

void RecoveryParts::hand_on() {
  take_(std::exchange(part_, {}));
  part_.triggers.reserve(rows_of_part);
}

// Nobody looks after an open attempt whose trigger is gone or cannot be read.
void RecoveryParts::name_orphans() {
  for (const auto& attempt : open_) {
    if (!missed_.contains(attempt.trigger_id)) continue;
    part_.unreadable.push_back("attempt " + attempt.tag + ": its trigger " +
                               attempt.trigger_id.text() + " is gone or cannot be read");
  }
}

void RecoveryParts::finish() {
  add_others_before(std::numeric_limits<std::int64_t>::max());
  name_orphans();
  take_(std::exchange(part_, {}));
}

Result<Recovery> whole_recovery(Reader& reader, base::TradingDate since,
                                std::optional<model::ConnectionId> only) {
  std::optional<Recovery> whole;
  const auto done = reader.recovery(since, only, [&whole](Recovery part) {
    if (!whole) {
      whole = std::move(part);
      return;
    }
    append(whole->triggers, std::move(part.triggers));
    append(whole->unreadable, std::move(part.unreadable));
  });
  if (!done) return std::unexpected(done.error());
  return std::move(*whole);
}

}  // namespace hmt::store
