#include "runtime/price_board.h"

namespace hmt::runtime {
namespace {

std::size_t start_of(model::InstrumentToken token, std::size_t slots) {
  return (token * 2654435761U) >> 8 & (slots - 1);
}

}  // namespace

PriceBoard::PriceBoard() : board_(std::make_unique<std::array<Slot, slots>>()) {}

void PriceBoard::post(const model::Tick& tick) {
  const bool is_fresh = tick.freshness == model::Freshness::fresh;
  if (tick.last == 0 || (!is_fresh && tick.exchange_time == 0)) return;
  const auto when =
      is_fresh ? tick.received_at : base::Instant(std::chrono::seconds(tick.exchange_time));
  auto* slot = slot_for(tick.token);
  if (!slot) return;
  const bool shows_fresh = (slot->price.load(std::memory_order_relaxed) & fresh) != 0;
  if (shows_fresh && !is_fresh) return;
  // Another instrument's slot changes hands before its price does: see `read`.
  slot->token.store(tick.token, std::memory_order_release);
  slot->at.store(when.time_since_epoch().count(), std::memory_order_relaxed);
  slot->price.store(tick.last | (is_fresh ? fresh : 0), std::memory_order_release);
}

// Its own, or the first that is free, or was of an instrument that nobody watches any more; null:
// all are taken.
PriceBoard::Slot* PriceBoard::slot_for(model::InstrumentToken token) {
  Slot* unused = nullptr;
  auto at = start_of(token, slots);
  for (std::size_t step = 0; step < slots; ++step, at = (at + 1) & (slots - 1)) {
    auto& slot = (*board_)[at];
    const auto held = slot.token.load(std::memory_order_relaxed);
    if (held == token) return &slot;
    if (!unused && slot.price.load(std::memory_order_relaxed) == 0) unused = &slot;
    if (held == 0) break;
  }
  return unused;
}

void PriceBoard::forget(model::InstrumentToken token) {
  if (auto* slot = find(token)) slot->price.store(0, std::memory_order_relaxed);
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
  const auto price = slot ? slot->price.load(std::memory_order_acquire) : 0;
  const auto when = slot ? slot->at.load(std::memory_order_acquire) : 0;
  // The slot may have become another instrument's meanwhile.
  if (price == 0 || slot->token.load(std::memory_order_relaxed) != token) return std::nullopt;
  return LivePrice{.token = token,
                   .last = model::price_from_wire(static_cast<model::WirePrice>(price), *segment),
                   .at = base::Instant(base::Duration(when)),
                   .fresh = (price & fresh) != 0};
}

}  // namespace hmt::runtime
