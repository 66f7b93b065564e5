#include <array>
#include <benchmark/benchmark.h>
#include <cstring>
#include <valgrind/callgrind.h>

#include "base/bench_numbers.h"
#include "kite/wire.h"
#include "trigger/book.h"

// What a tick that fires nothing costs, from the bytes of a frame to the book's "no". The market is
// that of bench/node/market.mjs, so that the replaced design sees the same ticks; a crash at the
// end fires every trigger of one instrument, and both programs tell which.
namespace hmt::kite {
namespace {

using base::bench::mixed;

constexpr std::size_t packets_per_frame = 64;
constexpr std::size_t frames = 256;
constexpr std::uint32_t middle_paise = 100'000;
constexpr std::uint32_t crashed_instrument = 7;

model::InstrumentToken token_of(std::uint32_t instrument) {
  return (5'000 + instrument * 37) << 8 | 1;
}

model::Price level_at(std::int64_t distance_paise) {
  return model::Price::from_paise(std::int64_t{middle_paise} + distance_paise);
}

std::int64_t distance_paise(std::uint32_t number) {
  return 5'000 + mixed(number) % 50'000;
}

void put_u32(std::uint8_t* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

model::Trigger trigger_of(std::uint32_t number, std::uint32_t instruments) {
  model::Trigger out;
  for (std::uint32_t word = 0; word < 4; ++word) {
    put_u32(out.id.uuid.bytes.data() + 4 * word, mixed(number * 4 + word + 1));
  }
  out.instrument_token = token_of(number % instruments);
  out.side = model::Side::sell;
  out.condition = model::Condition::two_leg;
  out.leg_1.trigger_price = level_at(-distance_paise(2 * number));
  out.leg_2 = out.leg_1;
  out.leg_2->trigger_price = level_at(distance_paise(2 * number + 1));
  return out;
}

using Frame = std::vector<std::uint8_t>;

Frame ltp_frame(std::size_t packets, const auto& packet_of) {
  Frame frame(2 + packets * 10);
  frame[1] = static_cast<std::uint8_t>(packets);
  for (std::size_t i = 0; i < packets; ++i) {
    const auto [token, paise] = packet_of(static_cast<std::uint32_t>(i));
    auto* at = frame.data() + 2 + i * 10;
    at[1] = 8;
    put_u32(at + 2, token);
    put_u32(at + 6, paise);
  }
  return frame;
}

std::vector<Frame> quiet_frames(std::uint32_t instruments) {
  std::vector<Frame> out;
  for (std::uint32_t frame = 0; frame < frames; ++frame) {
    out.push_back(ltp_frame(packets_per_frame, [&](std::uint32_t i) {
      const auto bits = mixed(0x40000000 + frame * packets_per_frame + i);
      return std::pair(token_of((bits & 0xFFFF) % instruments),
                       middle_paise - 1'000 + (bits >> 16) % 2'000);
    }));
  }
  return out;
}

trigger::Book full_book(std::uint32_t triggers, std::uint32_t instruments) {
  trigger::Book book({.triggers_max = triggers});
  for (std::uint32_t i = 0; i < triggers; ++i) book.arm(trigger_of(i, instruments));
  return book;
}

// Which triggers a crash of one instrument fires: how many, and the XOR of their ids, in four
// words.
void tell_crash(trigger::Book& book, benchmark::State& state) {
  std::vector<trigger::Hit> hits;
  book.take_hits(token_of(crashed_instrument), 1, hits);
  std::array<std::uint32_t, 4> ids{};
  for (const auto& hit : hits) {
    for (std::size_t word = 0; word < 4; ++word) {
      for (std::size_t byte = 0; byte < 4; ++byte) {
        ids.at(word) ^= std::uint32_t{hit.id.uuid.bytes[4 * word + byte]} << (24 - 8 * byte);
      }
    }
  }
  state.counters["fired"] = static_cast<double>(hits.size());
  for (std::size_t word = 0; word < 4; ++word) {
    state.counters["ids_" + std::to_string(word)] = ids.at(word);
  }
}

// Calls `take(frame)` for frames in turn; an iteration is one tick.
void each_tick(benchmark::State& state, const std::vector<Frame>& all, const auto& take) {
  std::size_t at = 0;
  CALLGRIND_START_INSTRUMENTATION;
  while (state.KeepRunningBatch(packets_per_frame)) {
    take(all[at]);
    at = (at + 1) % frames;
  }
  CALLGRIND_STOP_INSTRUMENTATION;
}

void tick_without_a_fire(benchmark::State& state) {
  const auto instruments = static_cast<std::uint32_t>(state.range(1));
  auto book = full_book(static_cast<std::uint32_t>(state.range(0)), instruments);
  const auto all = quiet_frames(instruments);
  std::vector<model::Tick> ticks;
  std::vector<trigger::Hit> hits;
  each_tick(state, all, [&](const Frame& frame) {
    decode_frame(frame, {}, ticks);
    for (const auto& tick : ticks) book.take_hits(tick.token, tick.last, hits);
  });
  if (!hits.empty()) state.SkipWithError("a quiet price fired");
  tell_crash(book, state);
}
BENCHMARK(tick_without_a_fire)
    ->ArgNames({"triggers", "instruments"})
    ->Args({150, 50})
    ->Args({10'000, 500})
    ->Args({1'000'000, 3'000});
// A number of ticks that is known beforehand, for a tool that counts their instructions.
BENCHMARK(tick_without_a_fire)
    ->Name("counted_ticks")
    ->ArgNames({"triggers", "instruments"})
    ->Args({10'000, 3'000})
    ->Args({10'000'000, 3'000})
    ->Iterations(packets_per_frame* frames * 4);

// The floor: the same frames decoded and walked, and nothing looked up.
void tick_decoded_alone(benchmark::State& state) {
  const auto all = quiet_frames(static_cast<std::uint32_t>(state.range(0)));
  std::vector<model::Tick> ticks;
  std::uint32_t seen = 0;
  each_tick(state, all, [&](const Frame& frame) {
    decode_frame(frame, {}, ticks);
    for (const auto& tick : ticks) seen += tick.token ^ tick.last;
  });
  benchmark::DoNotOptimize(seen);
}
BENCHMARK(tick_decoded_alone)->ArgName("instruments")->Arg(3'000);

}  // namespace
}  // namespace hmt::kite
