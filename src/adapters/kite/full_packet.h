#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "kite/wire.h"

// Every field of the ticker's full packets, market depth included. The engine needs few of them and
// takes those by `decode_frame`. Pure; a frame of any content is safe. Source: kite-protocol 2.6.
namespace hmt::kite {

struct DepthLevel {
  std::uint32_t quantity = 0;
  model::WirePrice price = 0;
  std::uint32_t orders = 0;

  bool operator==(const DepthLevel&) const = default;
};

// In the order of the wire, which makes decoding one pass over its words. Prices are wire integers
// at the scale of the token's segment; times are epoch seconds, 0 = absent.
struct FullPacket {
  model::InstrumentToken token = 0;
  model::WirePrice last = 0;
  std::uint32_t last_quantity = 0;
  model::WirePrice average = 0;
  std::uint32_t volume = 0;
  std::uint32_t buy_quantity = 0;
  std::uint32_t sell_quantity = 0;
  model::WirePrice open = 0;
  model::WirePrice high = 0;
  model::WirePrice low = 0;
  model::WirePrice close = 0;  // of the previous day
  std::uint32_t last_trade_time = 0;
  std::uint32_t open_interest = 0;
  std::uint32_t open_interest_high = 0;  // of the day
  std::uint32_t open_interest_low = 0;
  std::uint32_t exchange_time = 0;
  std::array<DepthLevel, 5> bids;  // the best first
  std::array<DepthLevel, 5> asks;

  bool operator==(const FullPacket&) const = default;
};

// The full packets of one frame, in order, into `packets`. Skipped are those of another length, and
// those that find no place. No allocation.
FrameReport decode_full_packets(std::span<const std::uint8_t> frame, std::span<FullPacket> packets);

}  // namespace hmt::kite
