#include "sim/prices.h"

#include <algorithm>
#include <limits>

#include "base/ensure.h"
#include "sim/random.h"

namespace hmt::sim {
namespace {

constexpr std::int64_t step_ticks_max = 3;
constexpr base::Duration age_of_first_trade = std::chrono::hours(18);

base::Error invalid(std::string message) {
  return {base::ErrorKind::invalid, std::move(message)};
}

Price on_grid(Price price, Price tick) {
  return Price::from_raw(std::max(price.raw() - price.raw() % tick.raw(), tick.raw()));
}

// Ten per cent around the close, inside the grid.
Price circuit(Price close, Price tick, std::int64_t percent) {
  return on_grid(Price::from_raw(close.raw() / 100 * percent), tick);
}

std::int64_t ticks_from_close(Price price, Price close, Price tick) {
  return (price.raw() - close.raw()) / tick.raw();
}

}  // namespace

Prices::Prices(const model::Catalogue& catalogue, std::uint64_t seed, base::Instant start)
    : catalogue_(catalogue), states_(catalogue.size()) {
  for (const auto& instrument : catalogue.all()) {
    State& s = state(instrument);
    s.random = seed ^ (std::uint64_t{instrument.token} << 20);
    const Price tick = instrument.tick_size;
    s.close = on_grid(instrument.last_price, tick);
    const auto drift = static_cast<std::int64_t>(next_random(s.random) % 21) - 10;
    s.last = on_grid(s.close + tick * drift, tick);
    s.open = s.high = s.low = s.last;
    s.last_trade_time = start - age_of_first_trade;
  }
}

Prices::State& Prices::state(const model::Instrument& instrument) {
  return states_[static_cast<std::size_t>(&instrument - catalogue_.all().data())];
}

const Prices::State& Prices::state(const model::Instrument& instrument) const {
  return states_[static_cast<std::size_t>(&instrument - catalogue_.all().data())];
}

Price Prices::last(const model::Instrument& instrument) const {
  return state(instrument).last;
}

std::uint64_t Prices::version(const model::Instrument& instrument) const {
  return state(instrument).version;
}

Price Prices::lower_circuit(const model::Instrument& instrument) const {
  return circuit(state(instrument).close, instrument.tick_size, 90);
}

Price Prices::upper_circuit(const model::Instrument& instrument) const {
  return circuit(state(instrument).close, instrument.tick_size, 110);
}

Snapshot Prices::snapshot(InstrumentToken token) const {
  const model::Instrument* instrument = catalogue_.find(token);
  base::ensure(instrument != nullptr, "a snapshot is of an instrument of the catalogue");
  const State& s = state(*instrument);
  const Price tick = instrument->tick_size;
  Snapshot out{.token = token,
               .last = s.last,
               .average = s.last,
               .open = s.open,
               .high = s.high,
               .low = s.low,
               .close = s.close,
               .last_quantity = s.last_quantity,
               .volume = s.volume,
               .last_trade_time = s.last_trade_time,
               .exchange_time = s.last_trade_time};
  if (s.volume > 0) out.average = on_grid(s.close + tick * (s.turnover_ticks / s.volume), tick);
  if (instrument->is_index()) return out;

  if (instrument->expiry) {
    out.open_interest = 1'000'000 + s.volume / 2 * instrument->lot_size;
    out.open_interest_high = out.open_interest;
    out.open_interest_low = 1'000'000;
  }
  std::uint64_t noise = s.random;  // a copy: looking does not move the market
  for (std::size_t i = 0; i < out.bids.size(); ++i) {
    const auto away = static_cast<std::int64_t>(i);
    const auto draw = static_cast<std::int64_t>(next_random(noise) % 1000);
    const std::int64_t quantity = (draw + 1) * instrument->lot_size;
    out.bids[i] = {quantity, on_grid(s.last - tick * away, tick), 1 + draw % 17};
    out.asks[i] = {quantity + away, s.last + tick * (away + 1), 1 + draw % 13};
    out.buy_quantity += out.bids[i].quantity;
    out.sell_quantity += out.asks[i].quantity;
  }
  return out;
}

void Prices::record(State& s, const model::Instrument& instrument, Price price,
                    std::int64_t quantity, base::Instant now) {
  if (s.version == 0) s.open = s.high = s.low = price;
  s.last = price;
  s.high = std::max(s.high, price);
  s.low = std::min(s.low, price);
  s.last_quantity = quantity;
  s.volume += quantity;
  s.turnover_ticks += ticks_from_close(price, s.close, instrument.tick_size) * quantity;
  s.last_trade_time = now;
  ++s.version;
}

base::Result<void> Prices::trade(const model::Instrument& instrument, Price price,
                                 base::Instant now) {
  if (price.raw() <= 0) return std::unexpected(invalid("the price is not positive"));
  if (!price.is_multiple_of(instrument.tick_size)) {
    return std::unexpected(
        invalid("the price is not a multiple of the tick size " + instrument.tick_size.text()));
  }
  const auto segment = model::segment_of(instrument.token);
  base::ensure(segment.has_value(), "an instrument of the catalogue has a segment");
  // The clients of some languages read the wire's price as signed.
  constexpr std::int64_t wire_max = std::numeric_limits<std::int32_t>::max();
  const std::int64_t unit = Price::one_rupee / model::wire_units_per_rupee(*segment);
  if (price.raw() / unit > wire_max) return std::unexpected(invalid("the price is too large"));
  record(state(instrument), instrument, price, instrument.lot_size, now);
  return {};
}

bool Prices::step(const model::Instrument& instrument, std::uint32_t per_hundred,
                  base::Instant now) {
  State& s = state(instrument);
  if (next_random(s.random) % 100 >= per_hundred) return false;
  const auto draw = next_random(s.random);
  const auto ticks = static_cast<std::int64_t>(draw % (2 * step_ticks_max + 1)) - step_ticks_max;
  const auto lots = 1 + static_cast<std::int64_t>((draw >> 32) % 50);
  const Price moved = s.last + instrument.tick_size * ticks;
  const Price price = std::clamp(moved, std::min(lower_circuit(instrument), s.last),
                                 std::max(upper_circuit(instrument), s.last));
  record(s, instrument, price, instrument.is_index() ? 0 : lots * instrument.lot_size, now);
  return true;
}

const model::Instrument* find_instrument(const model::Catalogue& catalogue, std::string_view name) {
  const auto colon = name.find(':');
  if (colon == std::string_view::npos) return nullptr;
  const auto exchange = model::from_word<model::Exchange>(name.substr(0, colon));
  return exchange ? catalogue.find(*exchange, name.substr(colon + 1)) : nullptr;
}

}  // namespace hmt::sim
