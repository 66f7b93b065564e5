#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "sim/prices.h"

// The ticker's binary frames (kite-protocol 2.6), written from the specification and from nothing
// that the decoder uses: the two check each other.
namespace hmt::sim {

enum class TickMode : std::uint8_t { ltp, quote, full };

using Bytes = std::vector<std::uint8_t>;

// One packet: 8, 44 or 184 bytes; 8, 28 or 32 for an index.
Bytes encode_packet(const Snapshot& of, TickMode mode);

// A count, and each packet behind its length. REQUIRES: at most 65535 packets.
Bytes frame_packets(std::span<const Bytes> packets);

}  // namespace hmt::sim
