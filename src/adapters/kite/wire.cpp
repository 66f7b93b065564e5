#include "kite/wire.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

namespace hmt::kite {
namespace {

using Bytes = std::span<const std::uint8_t>;

template <class Word>
Word big_endian_at(const std::uint8_t* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::little) word = std::byteswap(word);
  return word;
}

// A packet whose length is known to hold what is read of it: one check for all its fields.
class Packet {
 public:
  explicit Packet(const std::uint8_t* bytes) : bytes_(bytes) {}
  std::uint32_t u32(std::size_t at) const { return big_endian_at<std::uint32_t>(bytes_ + at); }

 private:
  const std::uint8_t* bytes_;
};

constexpr std::size_t ltp_length = 8;
constexpr std::size_t index_quote_length = 28;
constexpr std::size_t index_full_length = 32;
constexpr std::size_t quote_length = 44;
constexpr std::size_t full_length = 184;

model::Tick ltp_tick(Packet packet, base::Instant received_at) {
  return {.token = packet.u32(0), .last = packet.u32(4), .received_at = received_at};
}

model::Tick index_tick(Packet packet, bool full, base::Instant received_at) {
  return {.token = packet.u32(0),
          .last = packet.u32(4),
          .open = packet.u32(16),
          .high = packet.u32(8),
          .low = packet.u32(12),
          .close = packet.u32(20),
          .exchange_time = full ? packet.u32(28) : 0,
          .received_at = received_at};
}

model::Tick tradable_tick(Packet packet, bool full, base::Instant received_at) {
  return {.token = packet.u32(0),
          .last = packet.u32(4),
          .volume = packet.u32(16),
          .open = packet.u32(28),
          .high = packet.u32(32),
          .low = packet.u32(36),
          .close = packet.u32(40),
          .last_trade_time = full ? packet.u32(44) : 0,
          .exchange_time = full ? packet.u32(60) : 0,
          .received_at = received_at};
}

// Whether the length is one that the protocol names; else nothing is written, and there may be no
// room for it. The feed asks for full packets, so these come first.
bool decode_packet(Packet packet, std::size_t length, base::Instant received_at,
                   model::Tick* tick) {
  if (length == full_length) {
    *tick = tradable_tick(packet, true, received_at);
  } else if (length == ltp_length) {
    *tick = ltp_tick(packet, received_at);
  } else if (length == quote_length) {
    *tick = tradable_tick(packet, false, received_at);
  } else if (length == index_full_length || length == index_quote_length) {
    *tick = index_tick(packet, length == index_full_length, received_at);
  } else {
    return false;
  }
  return true;
}

void append_tokens(std::string& frame, std::span<const model::InstrumentToken> tokens) {
  frame += '[';
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) frame += ',';
    frame += std::to_string(tokens[i]);
  }
  frame += ']';
}

std::string frame_of(std::string_view head, std::span<const model::InstrumentToken> tokens,
                     std::string_view tail) {
  std::string frame;
  frame.reserve(head.size() + tokens.size() * 11 + tail.size() + 2);
  frame += head;
  append_tokens(frame, tokens);
  frame += tail;
  return frame;
}

}  // namespace

FrameReport decode_frame(Bytes frame, base::Instant received_at, std::vector<model::Tick>& ticks) {
  FrameReport report;
  if (frame.size() < 2) {
    ticks.clear();
    report.heartbeat = true;
    return report;
  }
  const auto* const bytes = frame.data();
  const std::size_t promised = big_endian_at<std::uint16_t>(bytes);
  // Room for as many as the frame can hold. What the last frame left there is written over, not
  // cleared: a frame of as many packets as the last one makes nothing anew.
  ticks.resize(std::min(promised, (frame.size() - 2) / (2 + ltp_length)));
  auto* tick = ticks.data();
  std::size_t at = 2;
  for (auto left = promised; left > 0; --left) {
    const auto packet = at + 2;
    const auto length = packet <= frame.size() ? big_endian_at<std::uint16_t>(bytes + at) : 0U;
    at = packet + length;
    if (at > frame.size()) {
      report.truncated = true;
      break;
    }
    if (decode_packet(Packet(bytes + packet), length, received_at, tick)) {
      ++tick;
    } else {
      ++report.skipped;
    }
  }
  report.decoded = static_cast<std::size_t>(tick - ticks.data());
  ticks.resize(report.decoded);
  return report;
}

std::string subscribe_frame(std::span<const model::InstrumentToken> tokens) {
  return frame_of(R"({"a":"subscribe","v":)", tokens, "}");
}

std::string unsubscribe_frame(std::span<const model::InstrumentToken> tokens) {
  return frame_of(R"({"a":"unsubscribe","v":)", tokens, "}");
}

std::string full_mode_frame(std::span<const model::InstrumentToken> tokens) {
  return frame_of(R"({"a":"mode","v":["full",)", tokens, "]}");
}

}  // namespace hmt::kite
