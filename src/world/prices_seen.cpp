#include "world/prices_seen.h"

#include <algorithm>
#include <chrono>
#include <ranges>

namespace hmt::world {
namespace {

// A claim waits for a database that is away, and the process may be frozen meanwhile.
constexpr base::Duration kept = std::chrono::minutes(15);
// What stands for longer fires nothing any more (runtime::FreshPrices).
constexpr base::Duration age_max = std::chrono::seconds(61);

}  // namespace

void PricesSeen::note(const model::Tick& tick, base::Duration at, Told told) {
  auto& packets = packets_[tick.token];
  const auto price = model::price_from_wire(tick.last, model::Segment::nse);
  packets.push_back({at, price, tick.exchange_time, told});
  while (at - packets.front().at > kept) packets.pop_front();
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

// What was told at the very moment of the decision may have come after it.
std::string PricesSeen::against_the_newest(const Packets& packets, const model::Evidence& evidence,
                                           base::Duration decided) {
  std::string newest = "no price had been told";
  for (const auto& packet : packets | std::views::reverse) {
    if (packet.told != Told::of_now || packet.at > decided) continue;
    if (packet.price == evidence.last_price) {
      const bool is_old = decided - packet.at > age_max;
      return is_old ? evidence.last_price.text() + " had stood for longer than prices are good"
                    : "";
    }
    newest = "the price was " + packet.price.text() + ", and not " + evidence.last_price.text();
    if (packet.at < decided) break;
  }
  return newest;
}

}  // namespace hmt::world
