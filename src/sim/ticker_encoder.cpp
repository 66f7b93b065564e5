#include "sim/ticker_encoder.h"

#include "base/ensure.h"

namespace hmt::sim {
namespace {

// The token's low byte (kite-protocol 2.6).
constexpr std::uint32_t segment_cds = 3, segment_bcd = 6, segment_indices = 9;

class PacketWriter {
 public:
  explicit PacketWriter(InstrumentToken token) {
    const std::uint32_t segment = token & 0xff;
    // Ten-millionths of a rupee in one wire unit.
    unit_ = segment == segment_cds ? 1 : segment == segment_bcd ? 1'000 : 100'000;
    u32(token);
  }

  void u32(std::int64_t value) {
    for (const int shift : {24, 16, 8, 0}) bytes_.push_back(byte(value >> shift));
  }
  void u16(std::int64_t value) {
    for (const int shift : {8, 0}) bytes_.push_back(byte(value >> shift));
  }
  void price(Price value) { u32(value.raw() / unit_); }
  void time(base::Instant at) {
    u32(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  }
  void level(const DepthLevel& of) {
    u32(of.quantity);
    price(of.price);
    u16(of.orders);
    u16(0);
  }
  Bytes take() { return std::move(bytes_); }

 private:
  static std::uint8_t byte(std::int64_t value) { return static_cast<std::uint8_t>(value & 0xff); }
  std::int64_t unit_ = 1;
  Bytes bytes_;
};

void write_index(PacketWriter& out, const Snapshot& of, TickMode mode) {
  out.price(of.high);
  out.price(of.low);
  out.price(of.open);
  out.price(of.close);
  out.price(of.last - of.close);
  if (mode == TickMode::full) out.time(of.exchange_time);
}

void write_quote(PacketWriter& out, const Snapshot& of) {
  out.u32(of.last_quantity);
  out.price(of.average);
  out.u32(of.volume);
  out.u32(of.buy_quantity);
  out.u32(of.sell_quantity);
  out.price(of.open);
  out.price(of.high);
  out.price(of.low);
  out.price(of.close);
}

void write_rest_of_full(PacketWriter& out, const Snapshot& of) {
  out.time(of.last_trade_time);
  out.u32(of.open_interest);
  out.u32(of.open_interest_high);
  out.u32(of.open_interest_low);
  out.time(of.exchange_time);
  for (const DepthLevel& level : of.bids) out.level(level);
  for (const DepthLevel& level : of.asks) out.level(level);
}

}  // namespace

Bytes encode_packet(const Snapshot& of, TickMode mode) {
  PacketWriter out(of.token);
  out.price(of.last);
  if (mode == TickMode::ltp) return out.take();
  if ((of.token & 0xff) == segment_indices) {
    write_index(out, of, mode);
    return out.take();
  }
  write_quote(out, of);
  if (mode == TickMode::full) write_rest_of_full(out, of);
  return out.take();
}

Bytes frame_packets(std::span<const Bytes> packets) {
  base::ensure(packets.size() <= 0xffff, "a frame counts its packets in 16 bits");
  Bytes out;
  const auto u16 = [&](std::size_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value & 0xff));
  };
  u16(packets.size());
  for (const Bytes& packet : packets) {
    u16(packet.size());
    out.insert(out.end(), packet.begin(), packet.end());
  }
  return out;
}

}  // namespace hmt::sim
