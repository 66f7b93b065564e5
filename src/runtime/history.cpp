#include "runtime/history.h"

#include <algorithm>
#include <utility>

namespace hmt::runtime {

History::~History() {
  scheduler_.cancel(timer_);
}

void History::ask(FindGateway find, const CandleQuery& query, Answer answer) {
  const auto now = scheduler_.steady();
  std::erase_if(kept_, [now](const auto& entry) { return now - entry.second.at > kept_for; });
  if (const auto known = kept_.find(query); known != kept_.end()) {
    answer(known->second.candles);
    return;
  }
  if (waiting_.size() >= waiting_max) {
    answer(base::fail(base::ErrorKind::exhausted, "too many charts ask the broker at once"));
    return;
  }
  waiting_.push_back({std::move(find), query, std::move(answer)});
  if (timer_ == 0) ask_next();
}

void History::ask_next() {
  timer_ = 0;
  if (waiting_.empty()) return;
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  timer_ = scheduler_.after(spacing, [this] { ask_next(); });
  auto* gateway = next.find();
  if (!gateway) {
    next.answer(base::fail(base::ErrorKind::not_found, "the broker connection is gone"));
    return;
  }
  gateway->history(
      next.query.token, next.query.interval, next.query.from, next.query.until,
      [this, query = next.query, answer = std::move(next.answer),
       alive = std::weak_ptr(alive_)](base::Result<std::vector<model::Candle>> candles) mutable {
        if (candles && !alive.expired()) keep(query, *candles);
        answer(std::move(candles));
      });
}

void History::keep(const CandleQuery& query, const std::vector<model::Candle>& candles) {
  if (kept_.size() >= kept_max) {
    kept_.erase(
        std::ranges::min_element(kept_, {}, [](const auto& entry) { return entry.second.at; }));
  }
  kept_[query] = {scheduler_.steady(), candles};
}

}  // namespace hmt::runtime
