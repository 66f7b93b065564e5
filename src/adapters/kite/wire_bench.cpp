#include <benchmark/benchmark.h>

#include "base/bench_numbers.h"
#include "kite/full_packet.h"
#include "kite/test_frames.h"

// What every field of a full packet costs, depth included. The bytes are those of
// bench/node/decode.mjs, which gives them to the stock client, and `digest` is of all that was
// decoded: both must come to the same.
namespace hmt::kite {
namespace {

using base::bench::mixed;
using test::append;

constexpr std::uint32_t frames = 16;
constexpr std::uint32_t packets = 64;  // of a frame
constexpr std::uint32_t words = 46;
constexpr std::uint32_t morning = 1'795'924'800;  // epoch seconds

// Everything below 2^31, because the stock client reads signed numbers.
std::uint32_t word_of(std::uint32_t packet, std::uint32_t word) {
  static constexpr std::array<std::uint32_t, 7> segments{1, 2, 3, 4, 5, 6, 7};
  const auto bits = mixed(packet * 64 + word);
  if (word == 0) return bits >> 9 << 8 | segments[packet % segments.size()];
  if (word == 11 || word == 15) return morning + bits % 86'400;
  const bool is_count_of_orders = word >= 16 && (word - 16) % 3 == 2;
  return is_count_of_orders ? bits & 0x7FFF'0000 : bits >> 1;
}

std::vector<std::uint8_t> frame_of(std::uint32_t number) {
  std::vector<std::uint8_t> out;
  append(out, packets, 2);
  for (std::uint32_t i = 0; i < packets; ++i) {
    append(out, 4 * words, 2);
    for (std::uint32_t word = 0; word < words; ++word) {
      append(out, word_of(number * packets + i, word), 4);
    }
  }
  return out;
}

class Digest {
 public:
  void add(std::uint32_t value) { value_ = mixed(value_ ^ value) + 1; }
  void add(const DepthLevel& level) {
    add(level.quantity);
    add(level.price);
    add(level.orders);
  }
  void add(const FullPacket& packet) {
    for (const auto value :
         {packet.token, packet.last, packet.last_quantity, packet.average, packet.volume,
          packet.buy_quantity, packet.sell_quantity, packet.open, packet.high, packet.low,
          packet.close, packet.last_trade_time, packet.open_interest, packet.open_interest_high,
          packet.open_interest_low, packet.exchange_time}) {
      add(value);
    }
    for (const auto& level : packet.bids) add(level);
    for (const auto& level : packet.asks) add(level);
  }
  double value() const { return value_; }

 private:
  std::uint32_t value_ = 0;
};

void every_field_of_full_packets(benchmark::State& state) {
  std::vector<std::vector<std::uint8_t>> given;
  for (std::uint32_t i = 0; i < frames; ++i) given.push_back(frame_of(i));
  std::vector<FullPacket> decoded(packets);
  Digest digest;
  for (const auto& frame : given) {
    if (decode_full_packets(frame, decoded).decoded != packets) {
      state.SkipWithError("not every packet was decoded");
    }
    for (const auto& packet : decoded) digest.add(packet);
  }
  std::size_t at = 0;
  for (auto _ : state) {
    auto report = decode_full_packets(given[at++ % frames], decoded);
    benchmark::DoNotOptimize(report);
    benchmark::ClobberMemory();
  }
  state.counters["packets"] = packets;
  state.counters["digest"] = digest.value();
}
BENCHMARK(every_field_of_full_packets);

}  // namespace
}  // namespace hmt::kite
