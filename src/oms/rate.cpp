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
  last_minute_.push_back(latest_);
  ++used_today_;
  return true;
}

bool RateLimit::reserve(base::Instant now) {
  if (!is_free(now)) return false;
  reserved_.push_back(latest_);
  ++used_today_;
  return true;
}

void RateLimit::sent(base::Instant now) {
  latest_ = std::max(now, latest_);
  forget_old(latest_);
  if (!reserved_.empty()) reserved_.pop_front();
  last_minute_.push_back(latest_);
}

// When the n-th last request left: nothing when there are fewer.
std::optional<base::Instant> RateLimit::nth_last(std::size_t n, base::Instant now) const {
  if (n <= reserved_.size()) return now;
  n -= reserved_.size();
  if (n > last_minute_.size()) return std::nullopt;
  return last_minute_[last_minute_.size() - n];
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
    if (last) free_at = std::max(free_at, *last + window + rule_.jitter);
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

  std::ranges::reverse(last_minute_);
  for (std::size_t i = reserved_.size(); i < told.size(); ++i) {
    if (latest_ - told[i] >= minute + rule_.jitter) break;
    const auto n = i - reserved_.size();
    if (n == last_minute_.size()) last_minute_.push_back(told[i]);
    last_minute_[n] = std::max(last_minute_[n], told[i]);
  }
  std::ranges::reverse(last_minute_);
}

void RateLimit::forget_old(base::Instant now) {
  while (!reserved_.empty() && now - reserved_.front() >= reserve_max) {
    const auto at = std::ranges::upper_bound(last_minute_, reserved_.front());
    last_minute_.insert(at, reserved_.front());
    reserved_.pop_front();
  }
  while (!last_minute_.empty() && now - last_minute_.front() >= minute + rule_.jitter) {
    last_minute_.pop_front();
  }
  if (const auto today = base::trading_date(now); today != day_) {
    day_ = today;
    used_today_ = 0;
  }
}

}  // namespace hmt::oms
