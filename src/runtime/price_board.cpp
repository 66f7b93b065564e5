#include "runtime/price_board.h"

namespace hmt::runtime {
namespace {

std::size_t start_of(model::InstrumentToken token, std::size_t slots) {
  return (token * 2654435761U) >> 8 & (slots - 1);
}

}  // namespace

PriceBoard::PriceBoard() : board_(std::make_unique<std::array<Slot, slots>>()) {}

void PriceBoard::post(const model::Tick& tick) {
  if (tick.last == 0) return;
  auto at = start_of(tick.token, slots);
  for (std::size_t step = 0; step < slots; ++step, at = (at + 1) & (slots - 1)) {
    auto& slot = (*board_)[at];
    const auto token = slot.token.load(std::memory_order_relaxed);
    if (token != 0 && token != tick.token) continue;
    slot.last.store(tick.last, std::memory_order_relaxed);
    slot.at.store(tick.received_at.time_since_epoch().count(), std::memory_order_relaxed);
    slot.token.store(tick.token, std::memory_order_release);
    return;
  }
}

void PriceBoard::forget(model::InstrumentToken token) {
  if (auto* slot = find(token)) slot->last.store(0, std::memory_order_relaxed);
}

PriceBoard::Slot* PriceBoard::find(model::InstrumentToken token) const {
  auto at = start_of(token, slots);
  for (std::size_t step = 0; step < slots; ++step, at = (at + 1) & (slots - 1)) {
    auto& slot = (*board_)[at];
    const auto held = slot.token.load(std::memory_order_acquire);
    if (held == token) return &slot;
    if (held == 0) return nullptr;
  }
  return nullptr;
}

std::optional<LivePrice> PriceBoard::read(model::InstrumentToken token) const {
  const auto segment = model::segment_of(token);
  const auto* slot = segment ? find(token) : nullptr;
  const auto last = slot ? slot->last.load(std::memory_order_relaxed) : 0;
  if (last == 0) return std::nullopt;
  return LivePrice{token, model::price_from_wire(last, *segment),
                   base::Instant(base::Duration(slot->at.load(std::memory_order_relaxed)))};
}

}  // namespace hmt::runtime
