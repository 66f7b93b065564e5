#include "sim/broker.h"

#include <algorithm>

#include "sim/instrument_list.h"

namespace hmt::sim {
namespace {

model::Catalogue make_catalogue(const SimConfig& config, Instant start) {
  const base::TradingDate today = base::trading_date(start);
  return model::Catalogue(config.generated_instruments == 0
                              ? standard_instruments(today)
                              : generated_instruments(today, config.generated_instruments));
}

}  // namespace

Broker::Broker(agent::Scheduler& scheduler, SimConfig with)
    : config(std::move(with)),
      catalogue(make_catalogue(config, scheduler.now())),
      prices(catalogue, config.seed, scheduler.now()),
      exchange(config.exchange, prices),
      accounts(config),
      faults(config.seed),
      scheduler_(scheduler) {
  for (const Account& account : accounts.all()) {
    exchange.add_user(account.config.user_id, account.config.cash);
  }
  for (const ScriptedPrice& line : config.script) {
    if (const auto* named = find_instrument(catalogue, line.instrument)) {
      scripted_.insert(named->token);
    }
  }
}

Broker::~Broker() {
  scheduler_.cancel(price_timer_);
  scheduler_.cancel(exchange_timer_);
  for (const agent::TimerId id : late_) scheduler_.cancel(id);
}

void Broker::start() {
  started_ = scheduler_.steady();
  price_timer_ = scheduler_.after(config.price_interval, [this] { tick(); });
}

void Broker::tick() {
  price_timer_ = scheduler_.after(config.price_interval, [this] { tick(); });
  bool changed = play_script();
  if (config.moving_prices) {
    std::vector<InstrumentToken> tokens = exchange.traded_tokens();
    if (watched_tokens) std::ranges::copy(watched_tokens(), std::back_inserter(tokens));
    std::ranges::sort(tokens);
    const auto repeated = std::ranges::unique(tokens);
    tokens.erase(repeated.begin(), repeated.end());
    for (const InstrumentToken token : tokens) {
      const model::Instrument* instrument = catalogue.find(token);
      if (!instrument || scripted_.contains(token)) continue;
      if (!prices.step(*instrument, config.moves_per_hundred, now())) continue;
      exchange.on_trade(*instrument, now());
      changed = true;
    }
  }
  settle();
  if (changed && on_prices) on_prices();
}

bool Broker::play_script() {
  const base::Duration elapsed = scheduler_.steady() - started_;
  const std::size_t done_before = script_done_;
  for (; script_done_ < config.script.size(); ++script_done_) {
    const ScriptedPrice& line = config.script[script_done_];
    if (line.after > elapsed) break;
    const model::Instrument* instrument = find_instrument(catalogue, line.instrument);
    if (!instrument || !prices.trade(*instrument, line.price, now())) continue;
    exchange.on_trade(*instrument, now());
  }
  return script_done_ != done_before;
}

base::Result<void> Broker::trade(const NamedPrice& named) {
  const model::Instrument* instrument = find_instrument(catalogue, named.instrument);
  if (!instrument) {
    return std::unexpected(
        base::Error{base::ErrorKind::not_found, "no instrument " + named.instrument});
  }
  if (auto traded = prices.trade(*instrument, named.price, now()); !traded) return traded;
  exchange.on_trade(*instrument, now());
  return {};
}

base::Result<void> Broker::set_prices(const std::vector<NamedPrice>& named) {
  base::Result<void> done;
  for (const NamedPrice& each : named) {
    if (done = trade(each); !done) break;
  }
  settle();
  if (on_prices) on_prices();
  return done;
}

void Broker::settle() {
  exchange.advance(now());
  for (const OrderUpdate& update : exchange.take_updates()) {
    if (on_order_update) on_order_update(update);
  }
  arm_exchange();
}

void Broker::arm_exchange() {
  scheduler_.cancel(exchange_timer_);
  exchange_timer_ = 0;
  const auto due = exchange.next_due();
  if (!due) return;
  const base::Duration wait = std::max(*due - now(), base::Duration{});
  exchange_timer_ = scheduler_.after(wait, [this] {
    exchange_timer_ = 0;
    settle();
  });
}

void Broker::place_later(std::string user_id, PlaceRequest request, base::Duration delay) {
  late_.push_back(scheduler_.after(delay, [this, user_id, request] {
    // What the checks refuse by then is simply not placed.
    (void)exchange.place(user_id, request, now());
    settle();
  }));
}

}  // namespace hmt::sim
