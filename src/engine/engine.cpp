#include "engine/engine.h"

#include "engine/now.h"

namespace hmt::engine {

Engine::Engine(Settings settings) : settings_(std::move(settings)), book_(settings_.limits) {}

void Engine::on(const Event& event, base::Instant at, std::vector<Effect>& effects) {
  Now now{at, effects};
  std::visit([&](const auto& what) { handle(now, what); }, event);
  flights_.look_again();
}

void Engine::on_tick(const model::Tick& tick, base::Instant at, std::vector<Effect>& effects) {
  Now now{at, effects};
  handle(now, tick);
  flights_.look_again();
}

void Engine::on_row(const model::Trigger& row, base::Instant at, std::vector<Effect>& effects) {
  Now now{at, effects};
  take_row(now, row);
  flights_.look_again();
}

std::optional<base::Instant> Engine::next_wake() const {
  std::optional<base::Instant> wake = book_due_;
  const auto sooner = [&wake](std::optional<base::Instant> at) {
    if (at && (!wake || *at < *wake)) wake = at;
  };
  sooner(rows_.next_expiry());
  flights_.each_waiting([&](const Flight& flight) {
    sooner(flight.read_book_at);
    sooner(flight.retry_at);
  });
  return wake;
}

Counts Engine::counts() const {
  auto counts = counts_;
  counts.armed = static_cast<std::int64_t>(book_.size());
  flights_.each_waiting(
      [&](const Flight& flight) { counts.unknown += flight.counts_as_unknown() ? 1 : 0; });
  return counts;
}

std::optional<std::int64_t> Engine::armed_version(model::TriggerId id) const {
  if (!book_.is_armed(id)) return std::nullopt;
  return rows_.version(rows_.find(id));
}

const Flight* Engine::flight(const model::OrderTag& tag) const {
  return flights_.find(tag);
}

}  // namespace hmt::engine
