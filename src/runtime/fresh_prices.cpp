#include "runtime/fresh_prices.h"

#include <algorithm>

namespace hmt::runtime {

void FreshPrices::note(const model::Tick& tick) {
  if (tick.freshness == model::Freshness::fresh) last_[tick.token] = tick;
  // It fires nothing, and yet shows that the price before it stands no more.
  if (tick.freshness == model::Freshness::late) last_.erase(tick.token);
}

const model::Tick* FreshPrices::standing(model::InstrumentToken token, base::Instant now) const {
  const auto* last = last_.find(token);
  const bool stands = last && now - last->received_at <= age_max;
  return stands ? last : nullptr;
}

std::vector<model::Tick> FreshPrices::all_standing(base::Instant now) const {
  std::vector<model::Tick> out;
  for (const auto& [token, tick] : last_.entries()) {
    if (now - tick.received_at <= age_max) out.push_back(tick);
  }
  std::ranges::sort(out, {}, &model::Tick::token);
  return out;
}

void FreshPrices::forget(model::InstrumentToken token) {
  last_.erase(token);
  aside_.erase(token);
}

void FreshPrices::forget_all() {
  last_.clear();
  aside_.clear();
}

void FreshPrices::forget_lost_fires() {
  lost_fires_.clear();
}

void FreshPrices::clock_stepped(base::Duration by) {
  for (auto& [token, tick] : last_.entries()) tick.received_at += by;
  for (auto& [token, aside] : aside_) aside.tick.received_at += by;
}

void FreshPrices::unwatched(model::InstrumentToken token, base::Duration steady) {
  drop_old(steady);
  const auto* last = last_.find(token);
  if (!last) return;
  aside_.insert_or_assign(token, Aside{*last, steady});
  last_.erase(token);
}

void FreshPrices::fire_lost(model::TriggerId id, base::Duration steady) {
  drop_old(steady);
  lost_fires_.insert_or_assign(id, steady);
}

void FreshPrices::armed(model::TriggerId id, model::InstrumentToken token, base::Duration steady) {
  const auto lost = lost_fires_.extract(id);
  if (lost.empty() || steady - lost.mapped() > lost_fire_memory) return;
  const auto aside = aside_.extract(token);
  if (aside.empty() || steady - aside.mapped().since > lost_fire_memory) return;
  if (!last_.find(token)) last_[token] = aside.mapped().tick;
}

void FreshPrices::drop_old(base::Duration steady) {
  if (steady - dropped_at_ <= lost_fire_memory) return;
  dropped_at_ = steady;
  std::erase_if(aside_,
                [&](const auto& entry) { return steady - entry.second.since > lost_fire_memory; });
  std::erase_if(lost_fires_,
                [&](const auto& entry) { return steady - entry.second > lost_fire_memory; });
}

}  // namespace hmt::runtime
