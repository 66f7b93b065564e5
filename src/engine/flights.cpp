#include "engine/flights.h"

namespace hmt::engine {

Flight* Flights::find(const model::OrderTag& tag) {
  const auto number = flights_.find(tag);
  if (number == Table::none) return nullptr;
  auto& flight = *flights_[number];
  note_change(flight);
  return &flight;
}

const Flight* Flights::find(const model::OrderTag& tag) const {
  const auto number = flights_.find(tag);
  return number == Table::none ? nullptr : flights_[number].get();
}

Flight& Flights::add(std::unique_ptr<Flight> given) {
  auto& flight = *given;
  flight.next = nullptr;
  flight.listed = false;
  const auto date = flight.attempt.trading_date;
  oldest_ = flights_.size() == 0 ? date : std::min(oldest_, date);
  flights_.insert(std::move(given));
  link(flight);
  note_change(flight);
  return flight;
}

Flight& Flights::put(std::unique_ptr<Flight> given) {
  auto* former = find(given->attempt.tag);
  if (!former) return add(std::move(given));
  // Where it stands: others may hold on to it.
  if (former->listed) waiting_.erase(former);
  unlink(*former);
  *former = std::move(*given);
  former->next = nullptr;
  former->listed = false;
  oldest_ = std::min(oldest_, former->attempt.trading_date);
  link(*former);
  return *former;
}

void Flights::erase(Flight& flight) {
  if (flight.listed) waiting_.erase(&flight);
  std::erase(noted_, &flight);
  unlink(flight);
  flights_.erase(flights_.find(flight.attempt.tag));
}

Flight* Flights::first_of(model::TriggerId id) {
  const auto number = firsts_.find(id);
  return number == Table::none ? nullptr : firsts_[number].flight;
}

const Flight* Flights::first_of(model::TriggerId id) const {
  const auto number = firsts_.find(id);
  return number == Table::none ? nullptr : firsts_[number].flight;
}

void Flights::link(Flight& flight) {
  const auto number = firsts_.find(flight.attempt.trigger_id);
  if (number == Table::none) {
    firsts_.insert({flight.attempt.trigger_id, &flight});
    return;
  }
  auto* after = &firsts_[number].flight;
  while (*after && InOrder{}(*after, &flight)) after = &(*after)->next;
  flight.next = *after;
  *after = &flight;
}

void Flights::unlink(Flight& flight) {
  const auto number = firsts_.find(flight.attempt.trigger_id);
  auto* after = &firsts_[number].flight;
  if (*after == &flight && !flight.next) {
    firsts_.erase(number);
    return;
  }
  while (*after != &flight) after = &(*after)->next;
  *after = flight.next;
}

void Flights::look_again() {
  for (auto* flight : noted_) {
    const bool waits = flight->waits();
    if (waits == flight->listed) continue;
    flight->listed = waits;
    if (waits) {
      waiting_.insert(flight);
    } else {
      waiting_.erase(flight);
    }
  }
  noted_.clear();
}

std::vector<Flight*> Flights::waiting() {
  noted_.insert(noted_.end(), waiting_.begin(), waiting_.end());
  return {waiting_.begin(), waiting_.end()};
}

void Flights::forget_before(base::TradingDate today) {
  if (flights_.size() == 0 || oldest_ >= today) return;
  std::vector<Flight*> over;
  oldest_ = today;
  flights_.each([&](Number number) {
    auto& flight = *flights_[number];
    if (flight.attempt.trading_date >= today) return;
    if (flight.is_under_way()) {
      oldest_ = std::min(oldest_, flight.attempt.trading_date);
    } else {
      over.push_back(&flight);
    }
  });
  for (auto* flight : over) erase(*flight);
}

}  // namespace hmt::engine
