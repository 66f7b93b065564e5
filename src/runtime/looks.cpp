#include <utility>

#include "runtime/runtime.h"

// What people look at of the running engine, beyond where things stand: none of it decides.
namespace hmt::runtime {

void Runtime::approach(const model::Trigger& trigger, Done<Approach> done) {
  schedulers_.market.post([this, trigger, done = std::move(done)]() mutable {
    schedulers_.answers.post(
        [done = std::move(done), approach = market_.memory().approach(trigger)]() mutable {
          done(std::move(approach));
        });
  });
}

void Runtime::candles(model::InstrumentToken token, model::Interval interval, base::Instant from,
                      base::Instant until, store::Actor actor, Done<Candles> done) {
  const CandleQuery query{token, interval, from, until};
  schedulers_.orders.post([this, query, user = actor.user, done = std::move(done)]() mutable {
    if (!accounts_.live_of(user)) {
      candles_of_ticks(query, "there is no live broker connection to ask", std::move(done));
      return;
    }
    auto find = [this, user]() -> broker::OrderGateway* {
      auto* account = accounts_.live_of(user);
      return account ? &account->gateway() : nullptr;
    };
    history_.ask(std::move(find), query,
                 [this, query, done = std::move(done), alive = std::weak_ptr(alive_)](
                     base::Result<std::vector<model::Candle>> candles) mutable {
                   if (alive.expired()) return;
                   if (!candles) {
                     candles_of_ticks(query, candles.error().message, std::move(done));
                     return;
                   }
                   schedulers_.answers.post(
                       [done = std::move(done), candles = std::move(*candles)]() mutable {
                         done(Candles{CandleSource::broker, "", std::move(candles)});
                       });
                 });
  });
}

void Runtime::candles_of_ticks(const CandleQuery& query, std::string why_not_broker,
                               Done<Candles> done) {
  schedulers_.market.post(
      [this, query, why = std::move(why_not_broker), done = std::move(done)]() mutable {
        auto minutes = market_.memory().minutes_of(query.token, query.from, query.until);
        Candles out{CandleSource::ticks, std::move(why), in_intervals(minutes, query.interval)};
        schedulers_.answers.post(
            [done = std::move(done), out = std::move(out)]() mutable { done(std::move(out)); });
      });
}

Performance Runtime::performance(int minutes) const {
  return latency_.read(minutes, schedulers_.answers.now());
}

}  // namespace hmt::runtime
