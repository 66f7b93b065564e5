#include <algorithm>
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <memory>
#include <vector>

#include "engine/bench_market.h"

// What a fire costs: a tick, its claim, and the word that the claim is durable.
namespace hmt::engine {
namespace {

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
