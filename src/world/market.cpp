#include "world/market.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace hmt::world {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t packets_kept = 40;
constexpr base::Duration memory_age_min = seconds(20);  // what is younger may fire

std::vector<model::Instrument> listed_instruments() {
  std::vector<model::Instrument> out;
  for (const auto& one : quoted) {
    model::Instrument listed;
    listed.token = one.token;
    listed.trading_symbol = one.symbol;
    listed.segment = "NSE";
    listed.tick_size = model::Price::from_paise(5);
    out.push_back(listed);
  }
  return out;
}

Market::Market(Timeline& timeline, Chance& chance, Faults& faults)
    : timeline_(timeline), chance_(chance), faults_(faults) {
  std::ranges::transform(quoted, paise_.begin(), &Quoted::paise);
}

void Market::open(std::function<void(std::size_t)> told) {
  told_ = std::move(told);
  for (std::size_t i = 0; i < paise_.size(); ++i) move(i);
}

void Market::move(std::size_t instrument) {
  if (still_) return;
  auto& paise = paise_[instrument];
  auto step = chance_.between(-6, 6) * 5;
  if (faults_.strikes(Fault::price_jump, 4'000)) step = chance_.between(-400, 400) * 5;
  paise = std::clamp<std::int64_t>(paise + step, quoted[instrument].paise / 2,
                                   quoted[instrument].paise * 2);
  told_(instrument);
  timeline_.after(chance_.between(milliseconds(500), seconds(12)),
                  [this, instrument] { move(instrument); });
}

bool Market::reaches(const model::Trigger& row, model::LegNumber leg) const {
  const auto at = std::ranges::find(quoted, row.instrument_token, &Quoted::token);
  return reaches(row, leg, last(static_cast<std::size_t>(at - quoted.begin())));
}

bool Market::reaches(const model::Trigger& row, model::LegNumber leg, model::Price price) {
  const auto level = row.leg(leg).trigger_price;
  return model::direction_of(row, leg) == model::Direction::rising ? price >= level
                                                                   : price <= level;
}

model::Tick Market::packet(std::size_t instrument) {
  model::Tick tick;
  tick.token = quoted[instrument].token;
  tick.last = model::wire_at_or_above(last(instrument), model::Segment::nse);
  tick.exchange_time = static_cast<std::uint32_t>(timeline_.now().time_since_epoch() / seconds(1));
  tick.last_trade_time = tick.exchange_time;
  tick.received_at = timeline_.now();
  auto& packets = packets_[instrument];
  packets.push_back(tick);
  if (packets.size() > packets_kept) packets.pop_front();
  return tick;
}

std::optional<model::Tick> Market::earlier_packet(std::size_t instrument, base::Duration age_min) {
  const auto& packets = packets_[instrument];
  const auto newest = timeline_.now() - age_min;
  const auto end = std::ranges::partition_point(
      packets, [newest](const auto& packet) { return packet.received_at <= newest; });
  if (end == packets.begin()) return std::nullopt;
  return packets[static_cast<std::size_t>(chance_.between(0, end - packets.begin() - 1))];
}

std::optional<model::Tick> Market::remembered(model::InstrumentToken token) const {
  constexpr auto kept_anew_every = std::chrono::minutes(2);
  const auto at = std::ranges::find(quoted, token, &Quoted::token);
  const auto& packets = packets_[static_cast<std::size_t>(at - quoted.begin())];
  const auto kept_at =
      std::chrono::floor<std::chrono::minutes>(timeline_.now()) -
      std::chrono::floor<std::chrono::minutes>(timeline_.steady()) % kept_anew_every;
  const auto end = std::ranges::partition_point(packets, [kept_at](const auto& packet) {
    return packet.received_at <= kept_at - memory_age_min;
  });
  return end == packets.begin() ? std::nullopt : std::optional(*std::prev(end));
}

}  // namespace hmt::world
