#include "oms/rate.h"

#include <algorithm>
#include <functional>

namespace hmt::oms {
namespace {

constexpr base::Duration second = std::chrono::seconds(1);
constexpr base::Duration minute = std::chrono::minutes(1);

}  // namespace

RateLimit::RateLimit(RateRule rule) : rule_(rule) {}

bool RateLimit::is_free(base::Instant now) {
  latest_ = std::max(now, latest_);
  forget_old(latest_);
  const auto free_at = next_at(latest_);
  return free_at && *free_at <= latest_;
}

bool RateLimit::take(base::Instant now) {
  if (!is_free(now)) return false;
  sent_.push_back({latest_});
  ++used_today_;
  return true;
}

bool RateLimit::reserve(base::Instant now) {
  if (!is_free(now)) return false;
  reserved_.push_back(latest_);
  ++used_today_;
  return true;
}

base::Instant RateLimit::sent(base::Instant now) {
  latest_ = std::max(now, latest_);
  forget_old(latest_);
  if (!reserved_.empty()) reserved_.pop_front();
  sent_.push_back({latest_});
  return latest_;
}

void RateLimit::answered(base::Instant left_at, base::Instant now, bool accepted) {
  auto sent = std::ranges::lower_bound(sent_, left_at, {}, &Sent::left_at);
  while (sent != sent_.end() && sent->left_at == left_at && sent->answered_at) ++sent;
  if (sent == sent_.end() || sent->left_at != left_at) return;
  sent->answered_at = now;
  sent->accepted = accepted;
  if (accepted) trips_.add(now - left_at);
}

// The next one cannot be there in no time, nor can an answer have come back in none. A refusal
// comes sooner than the answer of one that is taken: by those nobody can say how long it was on its
// way.
base::Instant RateLimit::arrived_by(const Sent& sent) const {
  const auto at_the_latest = sent.left_at + rule_.on_its_way_max;
  if (!sent.answered_at) return at_the_latest;
  const auto surely = sent.accepted ? trips_.surely() : base::Duration{};
  return std::min(*sent.answered_at - surely, at_the_latest);
}

base::Duration RateLimit::with_margin(base::Duration window) const {
  return window + window / 1000 * rule_.margin_per_mille;
}

// By when the n-th last request to arrive has arrived: nothing when there are fewer. Only those can
// be it that left about when the n-th last to leave did; what left later than that comes after it.
std::optional<base::Instant> RateLimit::nth_last(std::size_t n, base::Instant now) const {
  if (n <= reserved_.size()) return now;
  n -= reserved_.size();
  if (n > sent_.size()) return std::nullopt;
  const auto left_at = sent_[sent_.size() - n].left_at;
  const auto first =
      std::ranges::lower_bound(sent_, left_at - rule_.on_its_way_max, {}, &Sent::left_at);
  const auto later =
      std::ranges::upper_bound(sent_, left_at + rule_.on_its_way_max, {}, &Sent::left_at);
  std::vector<base::Instant> arrivals;
  for (auto sent = first; sent != later; ++sent) arrivals.push_back(arrived_by(*sent));
  const auto wanted = arrivals.begin() + static_cast<std::ptrdiff_t>(n) - (sent_.end() - later) - 1;
  std::ranges::nth_element(arrivals, wanted, std::greater());
  return *wanted;
}

std::optional<base::Instant> RateLimit::next_at(base::Instant now) const {
  if (rule_.per_second <= 0 || rule_.per_minute <= 0) return std::nullopt;
  const auto at = std::max(now, latest_);
  const bool same_day = base::trading_date(at) == day_;
  if ((same_day ? used_today_ : 0) >= rule_.per_day) return std::nullopt;

  auto free_at = held_until_;
  // The request that has to leave the window before one more may enter it.
  const auto wait_for = [&](int allowed, base::Duration window) {
    const auto last = nth_last(static_cast<std::size_t>(allowed), at);
    if (last) free_at = std::max(free_at, *last + with_margin(window));
  };
  wait_for(rule_.per_second, second);
  wait_for(rule_.per_minute, minute);
  return free_at <= at ? now : free_at;
}

void RateLimit::hold_until(base::Instant until) {
  held_until_ = std::max(held_until_, until);
}

// What left in this process is on record too, at nearly the same moment: so the n-th last of the
// two are one request, taken at the later moment.
void RateLimit::restore(const std::vector<base::Instant>& sent, base::Instant now) {
  latest_ = std::max(latest_, now);
  forget_old(latest_);
  auto told = sent;
  // The clock has been set back since: as if it had been sent just now.
  for (auto& at : told) at = std::min(at, latest_);
  std::ranges::sort(told, std::greater());
  const auto of_today =
      std::ranges::count_if(told, [this](auto at) { return base::trading_date(at) == day_; });
  used_today_ = std::max(used_today_, static_cast<int>(of_today));

  std::ranges::reverse(sent_);
  for (std::size_t i = reserved_.size(); i < told.size(); ++i) {
    if (is_over(told[i], latest_)) break;
    const auto n = i - reserved_.size();
    if (n == sent_.size()) {
      sent_.push_back({told[i]});
    } else if (sent_[n].left_at < told[i]) {
      sent_[n] = {told[i]};
    }
  }
  std::ranges::reverse(sent_);
}

bool RateLimit::is_over(base::Instant left_at, base::Instant now) const {
  return now - left_at >= rule_.on_its_way_max + with_margin(minute);
}

void RateLimit::forget_old(base::Instant now) {
  while (!reserved_.empty() && now - reserved_.front() >= reserve_max) {
    const auto after = std::ranges::upper_bound(sent_, reserved_.front(), {}, &Sent::left_at);
    sent_.insert(after, {reserved_.front()});
    reserved_.pop_front();
  }
  while (!sent_.empty() && is_over(sent_.front().left_at, now)) sent_.pop_front();
  if (const auto today = base::trading_date(now); today != day_) {
    day_ = today;
    used_today_ = 0;
  }
}

}  // namespace hmt::oms
