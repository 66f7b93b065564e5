#pragma once
#include <map>
#include <utility>
#include <vector>

#include "kite/full_packet.h"

// A second decoder of full packets, slow and written from the tables of kite-protocol 2.6 alone:
// what the fast one is tested against.
namespace hmt::kite {

class NaiveFullPacket {
 public:
  explicit NaiveFullPacket(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}

  FullPacket decoded() const {
    using P = FullPacket;
    const std::map<std::size_t, std::uint32_t P::*> table{{0, &P::token},
                                                          {4, &P::last},
                                                          {8, &P::last_quantity},
                                                          {12, &P::average},
                                                          {16, &P::volume},
                                                          {20, &P::buy_quantity},
                                                          {24, &P::sell_quantity},
                                                          {28, &P::open},
                                                          {32, &P::high},
                                                          {36, &P::low},
                                                          {40, &P::close},
                                                          {44, &P::last_trade_time},
                                                          {48, &P::open_interest},
                                                          {52, &P::open_interest_high},
                                                          {56, &P::open_interest_low},
                                                          {60, &P::exchange_time}};
    FullPacket out;
    for (const auto& [offset, field] : table) out.*field = number(offset, 4);
    for (std::size_t level = 0; level < 5; ++level) {
      out.bids.at(level) = level_at(64 + 12 * level);
      out.asks.at(level) = level_at(124 + 12 * level);
    }
    return out;
  }

 private:
  std::uint32_t number(std::size_t position, std::size_t width) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value * 256 + bytes_.at(position + i);
    return value;
  }

  DepthLevel level_at(std::size_t position) const {
    return {.quantity = number(position, 4),
            .price = number(position + 4, 4),
            .orders = number(position + 8, 2)};
  }

  std::vector<std::uint8_t> bytes_;
};

inline std::pair<FrameReport, std::vector<FullPacket>> naive_full_packets(
    const std::vector<std::uint8_t>& frame, std::size_t packets_max) {
  std::pair<FrameReport, std::vector<FullPacket>> out;
  auto& [report, packets] = out;
  report.heartbeat = frame.size() <= 1;
  if (report.heartbeat) return out;
  std::size_t at = 0;
  const auto take_number = [&] {
    const auto value = frame.at(at) * 256 + frame.at(at + 1);
    at += 2;
    return static_cast<std::size_t>(value);
  };
  for (auto left = take_number(); left > 0 && !report.truncated; --left) {
    report.truncated = at + 2 > frame.size();
    if (report.truncated) break;
    const auto length = take_number();
    report.truncated = at + length > frame.size();
    if (report.truncated) break;
    const auto begin = frame.begin() + static_cast<std::ptrdiff_t>(at);
    if (length == 184 && packets.size() < packets_max) {
      packets.push_back(NaiveFullPacket({begin, begin + 184}).decoded());
      ++report.decoded;
    } else {
      ++report.skipped;
    }
    at += length;
  }
  return out;
}

}  // namespace hmt::kite
