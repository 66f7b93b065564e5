#pragma once
#include <map>
#include <utility>

#include "kite/wire.h"

// A second decoder, slow and written from the tables of kite-protocol 2.6 alone: what the fast one
// is tested against.
namespace hmt::kite {

inline std::pair<FrameReport, std::vector<model::Tick>> naive_decode(
    std::vector<std::uint8_t> bytes, base::Instant received_at) {
  using Field = std::uint32_t model::Tick::*;
  using Layout = std::map<std::size_t, Field>;
  using T = model::Tick;
  const Layout ltp{{0, &T::token}, {4, &T::last}};
  const Layout index_quote{{0, &T::token}, {4, &T::last},  {8, &T::high},
                           {12, &T::low},  {16, &T::open}, {20, &T::close}};
  auto index_full = index_quote;
  index_full[28] = &T::exchange_time;
  const Layout quote{{0, &T::token}, {4, &T::last}, {16, &T::volume}, {28, &T::open},
                     {32, &T::high}, {36, &T::low}, {40, &T::close}};
  auto full = quote;
  full[44] = &T::last_trade_time;
  full[60] = &T::exchange_time;
  const std::map<std::size_t, Layout> layouts{
      {8, ltp}, {28, index_quote}, {32, index_full}, {44, quote}, {184, full}};

  FrameReport report;
  std::vector<model::Tick> ticks;
  if (bytes.size() <= 1) {
    report.heartbeat = true;
    return {report, ticks};
  }
  std::size_t at = 0;
  const auto number = [&](std::size_t position, std::size_t width) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value * 256 + bytes.at(position + i);
    return value;
  };
  auto left = number(at, 2);
  at += 2;
  for (; left > 0; --left) {
    if (at + 2 > bytes.size() || at + 2 + number(at, 2) > bytes.size()) {
      report.truncated = true;
      break;
    }
    const std::size_t length = number(at, 2);
    at += 2;
    if (const auto layout = layouts.find(length); layout != layouts.end()) {
      model::Tick tick;
      for (const auto& [offset, field] : layout->second) tick.*field = number(at + offset, 4);
      tick.received_at = received_at;
      ticks.push_back(tick);
      ++report.decoded;
    } else {
      ++report.skipped;
    }
    at += length;
  }
  return {report, ticks};
}

}  // namespace hmt::kite
