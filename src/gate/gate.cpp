#include "gate/gate.h"

#include <tuple>
#include <utility>

#include "agent/log.h"
#include "oms/classify.h"

namespace hmt::gate {

namespace {

constexpr const char* day_has_ended = "It waited past the end of its trading day";
constexpr const char* held_up =
    "It was held up for too long to be sent on the price that it was decided on";

}  // namespace

bool Gate::Turn::operator<(const Turn& other) const {
  const int rank = purpose == model::Purpose::exit ? 0 : 1;
  const int other_rank = other.purpose == model::Purpose::exit ? 0 : 1;
  return std::tie(rank, fired_on, tag) < std::tie(other_rank, other.fired_on, other.tag);
}

Gate::Gate(agent::Scheduler& scheduler, broker::OrderGateway& gateway, Journal& journal,
           Observer& observer, Settings settings)
    : scheduler_(scheduler),
      gateway_(gateway),
      journal_(journal),
      observer_(observer),
      settings_(std::move(settings)),
      started_at_(scheduler.now()),
      started_steady_(scheduler.steady()),
      rate_(settings_.rate) {}

base::Instant Gate::rate_time() const {
  return started_at_ + (scheduler_.steady() - started_steady_);
}

Gate::~Gate() {
  scheduler_.cancel(timer_);
}

bool Gate::reserve() {
  if (shut_.load() || queued() != 0) return false;
  const std::scoped_lock lock(rate_mutex_);
  return rate_.reserve(rate_time());
}

void Gate::restore_rate(const std::vector<base::Instant>& sent) {
  const std::scoped_lock lock(rate_mutex_);
  rate_.restore(sent, rate_time());
}

void Gate::submit(const model::Attempt& attempt, model::Purpose purpose) {
  if (!seen_.emplace(attempt.tag, attempt.lease_epoch).second) {
    came_again(attempt);
    return;
  }
  if (attempt.state == model::AttemptState::forwarded) {
    send(attempt);
    return;
  }
  // Either way, as for the time to live: a clock that was set says nothing.
  if (std::chrono::abs(scheduler_.now() - attempt.created_at) > settings_.age_max) {
    withdraw(attempt.tag, held_up);
    return;
  }
  queue_.emplace(Turn{purpose, attempt.evidence.received_at, attempt.tag}, attempt);
  queued_ = queue_.size();
  pump();
}

// Recovered under a later lease as one that never left: the one who asks has not heard that it was
// taken back, or what is still under way ends so, as its record is refused for the former lease.
void Gate::came_again(const model::Attempt& attempt) {
  const auto before = std::exchange(seen_.at(attempt.tag), attempt.lease_epoch);
  if (withdrawn_.contains(attempt.tag)) {
    withdraw(attempt.tag, "It was taken back before it was sent");
  } else if (attempt.lease_epoch == before || !sending_.contains(attempt.tag)) {
    agent::log_error("tag_seen_twice", {{"tag", attempt.tag}});
  }
}

void Gate::open(std::int64_t lease_epoch) {
  lease_epoch_ = lease_epoch;
  shut_ = false;
  gateway_.warm_up();
  pump();
}

void Gate::shut(const std::string& why) {
  shut_ = true;
  shut_why_ = why;
  auto waiting = std::exchange(queue_, {});
  queued_ = 0;
  for (const auto& [turn, attempt] : waiting) withdraw(attempt.tag, why);
}

void Gate::pump() {
  while (!queue_.empty()) {
    if (shut_.load()) {
      shut(std::string(shut_why_));
      return;
    }
    if (!is_of_today(queue_.begin()->second)) {
      withdraw(take_first().tag, day_has_ended);
      continue;
    }
    const auto now = rate_time();
    {
      const std::scoped_lock lock(rate_mutex_);
      if (!rate_.reserve(now)) {
        wake_at(rate_.next_at(now));
        return;
      }
    }
    forward(take_first());
  }
}

model::Attempt Gate::take_first() {
  auto first = queue_.extract(queue_.begin());
  queued_ = queue_.size();
  return std::move(first.mapped());
}

bool Gate::is_of_today(const model::Attempt& attempt) const {
  return attempt.trading_date == base::trading_date(scheduler_.now());
}

void Gate::wake_at(std::optional<base::Instant> at) {
  constexpr base::Duration look_again = std::chrono::minutes(1);
  day_used_up_ = !at;
  const auto wait =
      at ? std::max(*at - rate_time(), base::Duration(std::chrono::milliseconds(1))) : look_again;
  scheduler_.cancel(timer_);
  timer_ = scheduler_.after(wait, [this] {
    timer_ = 0;
    pump();
  });
}

void Gate::forward(model::Attempt attempt) {
  attempt.state = model::AttemptState::forwarded;
  attempt.forwarded_at = scheduler_.now();
  ++in_flight_;
  journal_.forwarded(attempt, [this, attempt, alive = std::weak_ptr(alive_)](bool durable) {
    if (alive.expired()) return;
    --in_flight_;
    if (durable) {
      send(attempt);
    } else {
      withdraw(attempt.tag, "The records could not be written");
    }
  });
}

std::string Gate::objection(const model::Attempt& attempt) const {
  if (shut_.load()) return shut_why_;
  if (attempt.lease_epoch != lease_epoch_) return "Another engine has taken over";
  if (settings_.forbidden) {
    if (auto why = settings_.forbidden(attempt.request); !why.empty()) return why;
  }
  if (!is_of_today(attempt)) return day_has_ended;
  // Either way: a wall clock that was set back since says nothing about the attempt's age.
  if (!attempt.forwarded_at ||
      std::chrono::abs(scheduler_.now() - *attempt.forwarded_at) > settings_.time_to_live) {
    return held_up;
  }
  return {};
}

void Gate::send(model::Attempt attempt) {
  if (auto why = objection(attempt); !why.empty()) {
    withdraw(attempt.tag, why);
    return;
  }
  const auto tag = attempt.tag;
  observer_.on_forwarded(tag);
  ++in_flight_;
  const auto request = attempt.request;
  sending_.insert_or_assign(tag, Sending{std::move(attempt)});
  auto last_check = [this, tag, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return false;
    auto& sending = sending_.at(tag);
    sending.veto = objection(sending.attempt);
    if (!sending.veto.empty()) return false;
    // The broker counts from here, and not from when the permit was taken.
    const std::scoped_lock lock(rate_mutex_);
    sending.left_at = rate_.sent(rate_time());
    return true;
  };
  gateway_.place(request, std::move(last_check),
                 [this, tag, alive = std::weak_ptr(alive_)](const model::PlaceAnswer& answer) {
                   if (!alive.expired()) answered(tag, answer);
                 });
}

void Gate::answered(const model::OrderTag& tag, const model::PlaceAnswer& answer) {
  const auto sent = sending_.extract(tag);
  if (sent.empty()) return;
  --in_flight_;
  if (answer.transport == model::Transport::not_sent && !sent.mapped().veto.empty()) {
    withdraw(tag, sent.mapped().veto);
    return;
  }
  count_answer(sent.mapped(), answer);
  observer_.on_answered(tag, answer);
}

// An answer may bring the next turn nearer, or a "too many" put it off.
void Gate::count_answer(const Sending& sending, const model::PlaceAnswer& answer) {
  const auto now = rate_time();
  const std::scoped_lock lock(rate_mutex_);
  if (sending.left_at && answer.transport == model::Transport::answered) {
    rate_.answered(*sending.left_at, now, answer.http_status == 200);
  }
  if (oms::classify(answer).cool_down) rate_.hold_until(now + settings_.cool_down);
  if (!queue_.empty()) wake_at(rate_.next_at(now));
}

void Gate::withdraw(const model::OrderTag& tag, const std::string& why) {
  withdrawn_.insert(tag);
  observer_.on_withdrawn(tag, seen_.at(tag), why);
}

}  // namespace hmt::gate
