#include <algorithm>
#include <cstdlib>

#include "kite/full_packet.h"
#include "kite/naive_full_packet.h"

// Any bytes: both decoders agree, and neither leaves the frame nor the room it was given.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const std::size_t room : {0U, 1U, 64U}) {
    std::vector<hmt::kite::FullPacket> packets(room);
    const auto report = hmt::kite::decode_full_packets({data, size}, packets);
    const auto [expected, expected_packets] =
        hmt::kite::naive_full_packets({data, data + size}, room);
    if (!(report == expected)) std::abort();
    packets.resize(report.decoded);
    if (packets != expected_packets) std::abort();
  }
  return 0;
}
