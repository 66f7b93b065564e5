#include <benchmark/benchmark.h>
#include <fstream>
#include <unistd.h>

#include "engine/bench_market.h"
#include "runtime/standing_board.h"

// What an armed trigger weighs: the memory by which the process grows, with the engine that holds
// it and the board that says so.
namespace hmt::runtime {
namespace {

std::int64_t resident_bytes() {
  std::int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

void arm(const engine::Market& market, engine::Engine& engine, StandingBoard& board) {
  std::vector<engine::Effect> effects;
  for (std::uint32_t number = 0; number < market.triggers(); ++number) {
    engine.on(engine::TriggerChanged{market.trigger(number)}, engine::morning(), effects);
    for (const auto& effect : effects) {
      if (const auto* armed = std::get_if<engine::Armed>(&effect)) {
        board.armed(model::ConnectionId{}, armed->id, armed->version);
      }
    }
    effects.clear();
  }
}

void armed_triggers(benchmark::State& state) {
  const engine::Market market(static_cast<std::uint32_t>(state.range(0)),
                              static_cast<std::uint32_t>(state.range(1)));
  for (auto _ : state) {
    const auto before = resident_bytes();
    engine::Engine engine(engine::settings());
    StandingBoard board;
    board.set_status(EngineStatus::running);
    arm(market, engine, board);
    const auto grown = static_cast<double>(resident_bytes() - before);
    if (engine.counts().armed != state.range(0)) state.SkipWithError("not all are armed");
    const auto last = market.trigger(market.triggers() - 1);
    if (!board.why_not_watched({}, last.id, last.version).empty()) {
      state.SkipWithError("the board does not know the last trigger");
    }
    state.counters["bytes_a_trigger"] = grown / static_cast<double>(state.range(0));
  }
}
BENCHMARK(armed_triggers)
    ->ArgNames({"triggers", "instruments"})
    ->Args({1'000'000, 3'000})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hmt::runtime
