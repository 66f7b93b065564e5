#include "engine/engine.h"

#include <algorithm>

#include "engine/now.h"

namespace hmt::engine {

Engine::Engine(Settings settings) : settings_(std::move(settings)), book_(settings_.limits) {}

void Engine::on(const Event& event, base::Instant at, std::vector<Effect>& effects) {
  Now now{at, effects};
  std::visit([&](const auto& what) { handle(now, what); }, event);
}

void Engine::on_tick(const model::Tick& tick, base::Instant at, std::vector<Effect>& effects) {
  Now now{at, effects};
  handle(now, tick);
}

std::optional<base::Instant> Engine::next_wake() const {
  std::optional<base::Instant> wake = book_due_;
  const auto sooner = [&wake](std::optional<base::Instant> at) {
    if (at && (!wake || *at < *wake)) wake = at;
  };
  if (!expiries_.empty()) sooner(expiries_.begin()->first);
  for (const auto& [tag, flight] : flights_) {
    sooner(flight.read_book_at);
    sooner(flight.retry_at);
  }
  return wake;
}

Counts Engine::counts() const {
  auto counts = counts_;
  counts.armed = static_cast<std::int64_t>(book_.size());
  counts.unknown = std::ranges::count_if(flights_, [](const auto& entry) {
    return !entry.second.parked && entry.second.attempt.state == model::AttemptState::unknown;
  });
  return counts;
}

std::optional<std::int64_t> Engine::armed_version(model::TriggerId id) const {
  if (!book_.is_armed(id)) return std::nullopt;
  return triggers_.at(id).version;
}

const Flight* Engine::flight(const model::OrderTag& tag) const {
  const auto found = flights_.find(tag);
  return found == flights_.end() ? nullptr : &found->second;
}

}  // namespace hmt::engine
