#include <benchmark/benchmark.h>
#include <random>

#include "runtime/price_board.h"
#include "runtime/price_memory.h"

// What remembering a tick costs, against showing it (the baseline), which every tick does anyway.
namespace hmt::runtime {
namespace {

constexpr std::size_t instruments = 3000;  // of one connection

std::vector<model::Tick> ticks_of_a_walk() {
  std::mt19937 random(20261126);
  std::vector<model::WirePrice> prices(instruments, 150'000);
  std::vector<model::Tick> out(1U << 16);
  auto at = base::Instant(std::chrono::hours(9));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto which = random() % instruments;
    prices[which] += static_cast<model::WirePrice>(random() % 21) - 10;
    out[i].token = static_cast<model::InstrumentToken>((which + 1) << 8 | 1);
    out[i].last = prices[which];
    out[i].freshness = model::Freshness::fresh;
    out[i].received_at = at += std::chrono::microseconds(100);
  }
  return out;
}

template <class Use>
void each_tick(benchmark::State& state, Use use) {
  const auto ticks = ticks_of_a_walk();
  std::size_t i = 0;
  for (auto _ : state) use(ticks[i++ & (ticks.size() - 1)]);
  state.SetItemsProcessed(state.iterations());
}

void show_a_tick(benchmark::State& state) {
  PriceBoard board;
  each_tick(state, [&](const model::Tick& tick) { board.post(tick); });
}
BENCHMARK(show_a_tick);

void remember_a_tick(benchmark::State& state) {
  PriceMemory memory;
  each_tick(state, [&](const model::Tick& tick) { memory.note(tick); });
}
BENCHMARK(remember_a_tick);

}  // namespace
}  // namespace hmt::runtime
