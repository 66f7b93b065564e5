#include "world/prices_seen.h"

#include <algorithm>
#include <chrono>
#include <ranges>

namespace hmt::world {
namespace {

// A claim waits for a database that is away, and the process may be frozen meanwhile, again and
// again: of the day.
constexpr base::Duration kept = std::chrono::hours(8);
// What stands for longer fires nothing any more (runtime::FreshPrices).
constexpr base::Duration age_max = std::chrono::seconds(61);
// 15 s, a second that packets do not tell, and the drift that the feed allows for in a day.
constexpr base::Duration late_max = std::chrono::seconds(20);
constexpr base::Duration lost_fire_memory = std::chrono::milliseconds(2'100);

}  // namespace

void PricesSeen::note(const model::Tick& tick, base::Duration at, Told told) {
  auto& packets = packets_[tick.token];
  const auto price = model::price_from_wire(tick.last, model::Segment::nse);
  const auto late = at - std::chrono::seconds(tick.exchange_time);
  if (told == Told::of_now) least_late_ = std::min(late, least_late_.value_or(late));
  packets.push_back(
      {at, tick.received_at, price, tick.exchange_time, told, late - least_late_.value_or(late)});
  while (at - packets.front().at > kept) packets.pop_front();
}

void PricesSeen::lost(base::Duration at) {
  lost_.push_back(at);
  while (at - lost_.front() > kept) lost_.pop_front();
}

std::string PricesSeen::why_not(model::InstrumentToken token, const model::Evidence& evidence,
                                std::optional<base::Duration> decided) const {
  const auto known = packets_.find(token);
  if (known == packets_.end()) return "no price of its instrument was told";
  if (decided) return against_the_newest(known->second, evidence, *decided);
  const bool was = std::ranges::any_of(known->second, [&](const Packet& packet) {
    return packet.told != Told::made_up && packet.price == evidence.last_price &&
           packet.exchange_time == evidence.exchange_time;
  });
  return was ? "" : "no packet of its instrument says " + evidence.last_price.text();
}

// A fire that loses its claim to an edit comes back to the price that it fired on, for so long.
std::string PricesSeen::against_the_newest(const Packets& packets, const model::Evidence& evidence,
                                           base::Duration decided) const {
  for (const auto& packet : packets | std::views::reverse) {
    if (packet.told != Told::of_now || packet.at > decided) continue;
    const bool is_it = packet.received_at == evidence.received_at &&
                       packet.price == evidence.last_price &&
                       packet.exchange_time == evidence.exchange_time;
    if (is_it) return why_over(packet, evidence, decided);
    const bool had_time_to_hear = decided - packet.at > lost_fire_memory;
    if (had_time_to_hear && packet.price != evidence.last_price)
      return "the price was " + packet.price.text() + ", and not " + evidence.last_price.text();
  }
  return "nobody told " + evidence.last_price.text() + " as the price of now";
}

std::string PricesSeen::why_over(const Packet& packet, const model::Evidence& evidence,
                                 base::Duration decided) const {
  if (packet.late > late_max)
    return evidence.last_price.text() + " was of long before when it came";
  const bool was_lost =
      std::ranges::any_of(lost_, [&](auto lost) { return packet.at < lost && lost < decided; });
  if (was_lost) return evidence.last_price.text() + " is of before a gap";
  if (decided - packet.at > age_max)
    return evidence.last_price.text() + " had stood for longer than prices are good";
  return {};
}

}  // namespace hmt::world
