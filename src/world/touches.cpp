#include "world/touches.h"

#include <chrono>

namespace hmt::world {
namespace {

constexpr base::Duration patience = std::chrono::seconds(3);

bool touches(const model::Trigger& row, model::LegNumber leg, model::Price price) {
  if (leg == model::LegNumber::two && !row.leg_2) return false;
  return row.leg(leg).state == model::LegState::armed && Market::reaches(row, leg, price);
}

}  // namespace

Touches::Touches(Commons& commons) : commons_(commons), reader_(commons.records.reader()) {}

void Touches::told(Process& process, std::size_t instrument, model::Price price) {
  const auto token = quoted[instrument].token;
  const bool is_held_up = process.held_until() > commons_.timeline.steady();
  if (is_held_up || !process.hears(token)) return;
  if (!process.clock().right_for(std::chrono::minutes(1))) return;
  store::ListFilter active;
  active.status = model::TriggerStatus::active;
  active.instrument_token = token;
  active.limit = 1000;
  const auto page = reader_->triggers(active, {});
  for (const auto& row : page->triggers) {
    const bool touched =
        touches(row, model::LegNumber::one, price) || touches(row, model::LegNumber::two, price);
    if (!touched || !process.runtime().watch(row).monitored) continue;
    commons_.timeline.after(
        patience, [this, touch = Touch{&process, process.life(), process.disturbances(),
                                       process.runtime().standing().lease_epoch, row, price,
                                       commons_.timeline.now()}] { look_back(touch); });
  }
}

// What has been in the way since is no proof of anything.
void Touches::look_back(const Touch& touch) {
  if (touch.life.expired() || touch.process->clock().dead()) return;
  auto& process = *touch.process;
  if (process.disturbances() != touch.disturbances) return;
  if (process.runtime().standing().lease_epoch != touch.lease_epoch) return;
  // A member that another held back comes back to the price of then.
  const auto& group = touch.row.parent_id;
  if (group && commons_.checks.fired_at(*group).value_or(base::Instant{}) >= touch.at) return;
  const auto row = reader_->trigger(touch.row.id, {});
  const bool stands_as_it_was =
      row && row->status == model::TriggerStatus::active && row->version == touch.row.version;
  if (!stands_as_it_was || !process.runtime().watch(*row).monitored) return;
  commons_.checks.violated("I3", row->id.text() + " is watched and did not fire when " +
                                     touch.price.text() + " reached its level");
}

}  // namespace hmt::world
