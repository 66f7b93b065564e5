#include <algorithm>
#include <benchmark/benchmark.h>
#include <cstring>
#include <malloc.h>
#include <memory>
#include <vector>

#include "engine/engine.h"

// What a fire costs, and what an armed trigger weighs.
//
// The market of `bench/node/fire.mjs`: on each instrument stand stop-losses one step below each
// other, in fours: a single one, a two-leg one, a single one with a two-leg one in a group. Prices
// fall from one level to the next, so that each tick fires one trigger; the second of a group is
// passed over, for the first has won it.
namespace hmt::engine {
namespace {

constexpr std::int64_t highest_level_paise = 100'000;
constexpr std::int64_t step_paise = 5;
constexpr std::int64_t target_paise = 200'000;

std::uint32_t mixed(std::uint32_t number) {
  std::uint32_t bits = (number ^ (number >> 16)) * 0x85EBCA6B;
  bits = (bits ^ (bits >> 13)) * 0xC2B2AE35;
  return bits ^ (bits >> 16);
}

template <class IdType>
IdType id_of(std::uint32_t number) {
  IdType id;
  for (std::uint32_t word = 0; word < 4; ++word) {
    const auto bits = mixed(number * 4 + word + 1);
    std::memcpy(id.uuid.bytes.data() + std::size_t{4} * word, &bits, sizeof bits);
  }
  return id;
}

model::InstrumentToken token_of(std::uint32_t instrument) {
  return (5'000 + instrument * 37) << 8 | 1;
}

base::Instant morning() {  // 2026-11-23 09:30 in India
  return base::parse_rfc3339("2026-11-23T04:00:00Z").value();
}

class Market {
 public:
  Market(std::uint32_t triggers, std::uint32_t instruments)
      : triggers_(triggers), instruments_(instruments) {}

  std::uint32_t triggers() const { return triggers_; }

  model::Trigger trigger(std::uint32_t number) const {
    const auto instrument = number % instruments_;
    const auto rank = number / instruments_;
    model::Trigger row;
    row.id = id_of<model::TriggerId>(number);
    row.user_id = id_of<model::UserId>(0x7000'0001);
    row.broker_connection_id = id_of<model::ConnectionId>(0x7000'0002);
    row.trading_symbol = "SYMBOL" + std::to_string(instrument);
    row.instrument_token = token_of(instrument);
    row.side = model::Side::sell;
    row.leg_1 = leg_at(level_paise(rank));
    if (rank % 2 == 1) {
      row.condition = model::Condition::two_leg;
      row.leg_2 = leg_at(target_paise + rank * step_paise);
    }
    if (rank % 4 >= 2) row.parent_id = group_of(instrument, rank / 4);
    row.created_at = row.updated_at = morning();
    if (rank % 8 == 0) row.expires_at = morning() + std::chrono::hours(24) * (1 + rank);
    return row;
  }

  // The tick that fires the trigger, once all above it on its instrument are gone.
  model::Tick tick(std::uint32_t number) const {
    model::Tick tick;
    tick.token = token_of(number % instruments_);
    tick.last = static_cast<model::WirePrice>(level_paise(number / instruments_));
    tick.freshness = model::Freshness::fresh;
    tick.exchange_time = tick.last_trade_time = 1'795'406'400;
    tick.connection_epoch = 1;
    tick.received_at = morning();
    return tick;
  }

  // In the order of their levels, the instruments in turns.
  std::vector<std::uint32_t> fires(std::size_t at_most) const {
    std::vector<std::uint32_t> out;
    for (std::uint32_t number = 0; number < triggers_ && out.size() < at_most; ++number) {
      if (number / instruments_ % 4 != 3) out.push_back(number);
    }
    return out;
  }

 private:
  static std::int64_t level_paise(std::uint32_t rank) {
    return highest_level_paise - rank * step_paise;
  }
  static model::Leg leg_at(std::int64_t paise) {
    return {.product = model::Product::cnc,
            .trigger_price = base::Price::from_paise(paise),
            .order_price = base::Price::from_paise(paise - step_paise),
            .quantity = 10};
  }
  static model::GroupId group_of(std::uint32_t instrument, std::uint32_t four) {
    return id_of<model::GroupId>(0x2000'0000 + (instrument << 12) + four);
  }

  std::uint32_t triggers_;
  std::uint32_t instruments_;
};

Settings settings() {
  Settings out;
  out.lease_epoch = 1;
  out.account = "AB1234";
  out.tag_key.bytes.fill(0x5A);
  return out;
}

Engine armed_engine(const Market& market) {
  Engine engine(settings());
  std::vector<Effect> effects;
  engine.on(Evaluation{true}, morning(), effects);
  for (std::uint32_t number = 0; number < market.triggers(); ++number) {
    engine.on(TriggerChanged{market.trigger(number)}, morning(), effects);
    effects.clear();
  }
  return engine;
}

const MakeClaim* only_claim(const std::vector<Effect>& effects) {
  const MakeClaim* claim = nullptr;
  for (const auto& effect : effects) {
    if (const auto* found = std::get_if<MakeClaim>(&effect)) {
      if (claim) return nullptr;
      claim = found;
    }
  }
  return claim;
}

// What one round has given back serves the next, as in a process that has run for a while.
void keep_freed_memory() {
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  mallopt(M_MMAP_MAX, 0);
}

// Each price fires one trigger, whose claim becomes durable before the next.
std::vector<model::TriggerId> fire_all(Engine& engine, const std::vector<model::Tick>& ticks) {
  std::vector<model::TriggerId> fired;
  fired.reserve(ticks.size());
  std::vector<Effect> effects;
  for (const auto& tick : ticks) {
    engine.on_tick(tick, tick.received_at, effects);
    const auto* claim = only_claim(effects);
    if (!claim) continue;
    fired.push_back(claim->claim.attempt.trigger_id);
    const ClaimSettled won{.tag = claim->claim.attempt.tag, .lease_epoch = 1};
    effects.clear();
    engine.on(won, tick.received_at, effects);
  }
  return fired;
}

bool are(const std::vector<model::TriggerId>& fired, const std::vector<std::uint32_t>& numbers) {
  return std::ranges::equal(fired, numbers, {}, {}, id_of<model::TriggerId>);
}

// The first round is not counted: all its memory is new.
void fire(benchmark::State& state) {
  keep_freed_memory();
  const Market market(static_cast<std::uint32_t>(state.range(0)),
                      static_cast<std::uint32_t>(state.range(1)));
  const auto expected = market.fires(static_cast<std::size_t>(state.range(2)));
  std::vector<model::Tick> ticks;
  for (const auto number : expected) ticks.push_back(market.tick(number));
  bool right = true;
  for (bool counted = false; auto _ : state) {
    state.PauseTiming();
    for (; !counted; counted = true) {
      auto engine = armed_engine(market);
      right = are(fire_all(engine, ticks), expected);
    }
    auto engine = std::make_unique<Engine>(armed_engine(market));
    state.ResumeTiming();
    const auto fired = fire_all(*engine, ticks);
    state.PauseTiming();
    right = right && are(fired, expected);
    engine.reset();
    state.ResumeTiming();
  }
  if (!right) state.SkipWithError("not the triggers that the prices reach fired");
  state.counters["fires"] = static_cast<double>(expected.size());
}
BENCHMARK(fire)
    ->ArgNames({"triggers", "instruments", "fires"})
    ->Args({10'000, 500, 7'500})
    ->Iterations(10)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(fire)
    ->ArgNames({"triggers", "instruments", "fires"})
    ->Args({1'000'000, 3'000, 6'000})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hmt::engine
