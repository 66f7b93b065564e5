#include "kite/wire.h"

#include <string_view>

namespace hmt::kite {
namespace {

using Bytes = std::span<const std::uint8_t>;

std::uint32_t u16_at(Bytes bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::uint32_t u32_at(Bytes bytes, std::size_t at) {
  return u16_at(bytes, at) << 16 | u16_at(bytes, at + 2);
}

constexpr std::size_t ltp_length = 8;
constexpr std::size_t index_quote_length = 28;
constexpr std::size_t index_full_length = 32;
constexpr std::size_t quote_length = 44;
constexpr std::size_t full_length = 184;

void decode_index(Bytes packet, model::Tick& tick) {
  tick.high = u32_at(packet, 8);
  tick.low = u32_at(packet, 12);
  tick.open = u32_at(packet, 16);
  tick.close = u32_at(packet, 20);
  if (packet.size() == index_full_length) tick.exchange_time = u32_at(packet, 28);
}

void decode_tradable(Bytes packet, model::Tick& tick) {
  tick.volume = u32_at(packet, 16);
  tick.open = u32_at(packet, 28);
  tick.high = u32_at(packet, 32);
  tick.low = u32_at(packet, 36);
  tick.close = u32_at(packet, 40);
  if (packet.size() == full_length) {
    tick.last_trade_time = u32_at(packet, 44);
    tick.exchange_time = u32_at(packet, 60);
  }
}

bool decode_packet(Bytes packet, model::Tick& tick) {
  switch (packet.size()) {
    case ltp_length:
      break;
    case index_quote_length:
    case index_full_length:
      decode_index(packet, tick);
      break;
    case quote_length:
    case full_length:
      decode_tradable(packet, tick);
      break;
    default:
      return false;
  }
  tick.token = u32_at(packet, 0);
  tick.last = u32_at(packet, 4);
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
  ticks.clear();
  FrameReport report;
  if (frame.size() < 2) {
    report.heartbeat = true;
    return report;
  }
  const auto promised = u16_at(frame, 0);
  auto rest = frame.subspan(2);
  for (std::uint32_t i = 0; i < promised; ++i) {
    if (rest.size() < 2 || rest.size() - 2 < u16_at(rest, 0)) {
      report.truncated = true;
      return report;
    }
    const auto length = u16_at(rest, 0);
    model::Tick tick;
    if (decode_packet(rest.subspan(2, length), tick)) {
      tick.received_at = received_at;
      ticks.push_back(tick);
      ++report.decoded;
    } else {
      ++report.skipped;
    }
    rest = rest.subspan(2 + length);
  }
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
