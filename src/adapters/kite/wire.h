#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/tick.h"

// The ticker's binary frames and the text frames that we send it. Pure: bytes in, values out; a
// frame of any content is safe. Source: kite-protocol 2.4–2.6.
namespace hmt::kite {

struct FrameReport {
  bool heartbeat = false;   // at most one byte: alive, and nothing else
  std::size_t decoded = 0;  // packets that became ticks
  std::size_t skipped = 0;  // packets of a length that the protocol does not name
  bool truncated = false;   // the frame ended inside what it promised; what came before is decoded

  bool operator==(const FrameReport&) const = default;
};

// Replaces the content of `ticks` with the packets of one frame, in order. No allocation once
// `ticks` has the room: bring the same vector again. Sets received_at; freshness and epoch are the
// feed's.
FrameReport decode_frame(std::span<const std::uint8_t> frame, base::Instant received_at,
                         std::vector<model::Tick>& ticks);

// {"a":"subscribe","v":[408065]}: the mode becomes quote until a mode frame follows.
std::string subscribe_frame(std::span<const model::InstrumentToken> tokens);
std::string unsubscribe_frame(std::span<const model::InstrumentToken> tokens);

// {"a":"mode","v":["full",[408065]]}: only full packets carry times.
std::string full_mode_frame(std::span<const model::InstrumentToken> tokens);

}  // namespace hmt::kite
