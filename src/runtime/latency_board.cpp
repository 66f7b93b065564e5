#include "runtime/latency_board.h"

#include <algorithm>
#include <bit>

#include "runtime/telemetry.h"

namespace hmt::runtime {
namespace {

constexpr std::uint64_t buckets_of_a_doubling = 16;
constexpr int bucket_bits = 4;

std::int64_t minute_number(base::Instant at) {
  return at.time_since_epoch() / std::chrono::minutes(1);
}

// The upper end of the bucket in which that share of all lies.
base::Duration share(const std::array<std::int64_t, LatencyBoard::buckets>& counts,
                     std::int64_t total, std::int64_t per_mille) {
  const auto wanted = (total * per_mille + 999) / 1000;
  std::int64_t passed = 0;
  for (std::size_t bucket = 0; bucket < counts.size() && total != 0; ++bucket) {
    passed += counts.at(bucket);
    if (passed >= wanted) return LatencyBoard::end_of(bucket);
  }
  return {};
}

}  // namespace

LatencyBoard::LatencyBoard(base::Instant now) : since_(now), latest_(under_way_max) {
  under_way_.reserve(under_way_max);
  for (std::size_t stage = 0; stage < stages; ++stage) {
    seconds_.at(stage) = stage_seconds(static_cast<Stage>(stage));
  }
}

std::size_t LatencyBoard::bucket_of(base::Duration duration) {
  const auto micros = std::max<std::int64_t>(0, duration / std::chrono::microseconds(1));
  const auto value = static_cast<std::uint64_t>(micros);
  if (value < buckets_of_a_doubling) return value;
  const auto shift = static_cast<std::uint64_t>(std::bit_width(value)) - 1 - bucket_bits;
  return (shift + 1) * buckets_of_a_doubling + ((value >> shift) - buckets_of_a_doubling);
}

base::Duration LatencyBoard::end_of(std::size_t bucket) {
  if (bucket < buckets_of_a_doubling) return std::chrono::microseconds(bucket + 1);
  const auto shift = bucket / buckets_of_a_doubling - 1;
  const auto step = bucket % buckets_of_a_doubling + buckets_of_a_doubling + 1;
  return std::chrono::microseconds(step << shift);
}

LatencyBoard::Minute& LatencyBoard::minute_of(base::Instant at) {
  // A clock that was set back adds to the latest minute.
  const auto number = minute_number(at);
  if (minutes_.empty() || minutes_.back().number < number) {
    minutes_.emplace_back().number = number;
    while (minutes_.size() > minutes_max) minutes_.pop_front();
  }
  return minutes_.back();
}

void LatencyBoard::count(Stage stage, base::Duration took, base::Instant at,
                         const model::OrderTag& tag) {
  const auto number = static_cast<std::size_t>(stage);
  seconds_.at(number).observe_seconds(std::chrono::duration<double>(took).count());
  auto& minute = minute_of(at);
  if (!minute.times) minute.times = std::make_unique<std::array<Times, stages>>();
  auto& times = minute.times->at(number);
  ++times.counts.at(std::min(bucket_of(took), buckets - 1));
  ++times.count;
  if (took < times.max && !times.max_tag.empty()) return;
  times.max = took;
  times.max_tag = tag;
}

void LatencyBoard::decided(const model::OrderTag& tag, base::Instant tick_at, base::Instant at) {
  const std::scoped_lock lock(mutex_);
  count(Stage::tick_to_decision, at - tick_at, at, tag);
  ++minute_of(at).fires;
  if (under_way_.try_emplace(tag, UnderWay{next_number_, tick_at, at}).second) make_room_for(tag);
}

void LatencyBoard::make_room_for(const model::OrderTag& tag) {
  auto& place = latest_.at(next_number_ % latest_.size());
  const auto before = under_way_.find(place);
  if (before != under_way_.end() && before->second.number + latest_.size() == next_number_) {
    under_way_.erase(before);
  }
  place = tag;
  ++next_number_;
}

void LatencyBoard::pass(Stage stage, const model::OrderTag& tag, base::Instant at) {
  const auto found = under_way_.find(tag);
  if (found == under_way_.end()) return;
  count(stage, at - found->second.last_at, at, tag);
  found->second.last_at = at;
}

void LatencyBoard::durable(const model::OrderTag& tag, base::Instant at) {
  const std::scoped_lock lock(mutex_);
  pass(Stage::decision_to_durable, tag, at);
}

void LatencyBoard::sent(const model::OrderTag& tag, base::Instant at) {
  const std::scoped_lock lock(mutex_);
  pass(Stage::durable_to_sent, tag, at);
}

void LatencyBoard::answered(const model::OrderTag& tag, base::Instant at) {
  const std::scoped_lock lock(mutex_);
  pass(Stage::sent_to_answered, tag, at);
  const auto found = under_way_.find(tag);
  if (found == under_way_.end()) return;
  count(Stage::tick_to_answered, at - found->second.tick_at, at, tag);
  under_way_.erase(found);
}

void LatencyBoard::ended(const model::OrderTag& tag) {
  const std::scoped_lock lock(mutex_);
  under_way_.erase(tag);
}

void LatencyBoard::ticked(std::int64_t more, base::Instant at) {
  const std::scoped_lock lock(mutex_);
  minute_of(at).ticks += more;
}

void LatencyBoard::feed_lost(base::Instant at) {
  const std::scoped_lock lock(mutex_);
  ++minute_of(at).feed_losses;
}

StageTimes LatencyBoard::summed(const std::vector<const Times*>& parts) {
  StageTimes out;
  std::array<std::int64_t, buckets> counts{};
  for (const auto* part : parts) {
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
      counts.at(bucket) += part->counts.at(bucket);
    }
    out.count += part->count;
    if (part->count == 0 || part->max < out.max) continue;
    out.max = part->max;
    out.max_tag = part->max_tag;
  }
  out.p50 = share(counts, out.count, 500);
  out.p90 = share(counts, out.count, 900);
  out.p99 = share(counts, out.count, 990);
  out.p999 = share(counts, out.count, 999);
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    if (counts.at(bucket) == 0) continue;
    const auto from = bucket == 0 ? base::Duration{} : end_of(bucket - 1);
    out.buckets.push_back({from, end_of(bucket), counts.at(bucket)});
  }
  return out;
}

Performance LatencyBoard::read(int minutes, base::Instant now) const {
  const std::scoped_lock lock(mutex_);
  Performance out;
  out.since = since_;
  const auto last = minute_number(now);
  const auto first = std::max(last - minutes + 1, minute_number(since_));
  std::array<std::vector<const Times*>, stages> parts;
  for (auto number = first; number <= last; ++number) {
    out.minutes.push_back({.at = base::Instant(std::chrono::minutes(number))});
  }
  for (const auto& minute : minutes_) {
    if (minute.number < first || minute.number > last) continue;
    auto& shown = out.minutes.at(static_cast<std::size_t>(minute.number - first));
    shown.ticks = minute.ticks;
    shown.fires = minute.fires;
    shown.feed_losses = minute.feed_losses;
    for (std::size_t stage = 0; stage < stages && minute.times; ++stage) {
      parts.at(stage).push_back(&minute.times->at(stage));
    }
  }
  for (std::size_t stage = 0; stage < stages; ++stage) {
    out.of_stage.at(stage) = summed(parts.at(stage));
  }
  return out;
}

}  // namespace hmt::runtime
