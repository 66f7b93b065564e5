#include "world/world.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace hmt::world {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto heartbeat_period = seconds(2);
constexpr auto lease_lasts = seconds(10);

base::Instant morning() {
  return base::parse_rfc3339("2026-11-23T03:45:00Z").value();  // 09:15 in India
}

}  // namespace

World::World(std::uint64_t seed, Length length)
    : length_(length), seed_(seed), chance_(seed), timeline_(morning()) {
  checks_.use_clock([this] { return timeline_.now(); });
  oms::TagKey key;
  key.bytes.fill(0x5A);
  checks_.use_scope(key, {account_name, base::trading_date(morning())});
  exchange_.on_update([this](const model::BrokerOrder& order) { tell_order(order); });
  for (std::size_t i = 0; i < quoted.size(); ++i)
    exchange_.set_price(quoted[i].symbol, market_.last(i));
  commons_.remembered = [this](model::InstrumentToken token) { return market_.remembered(token); };
  commons_.order_troubled = [this] { people_.order_troubled(); };
  // Who sees that the engine has come back may have more to say.
  commons_.lease_taken = [this] {
    hold_rows_when_struck(10'000);
    people_.order_troubled();
  };
  const bool two_engines = chance_.one_in(2);
  if (chance_.one_in(8)) commons_.follow_period = milliseconds(100);
  commons_.shared = two_engines;
  if (two_engines) records_.share(lease_lasts, [this] { return timeline_.now(); });
  slots_.resize(two_engines ? 2 : 1);
  slots_.front().holder = "first";
  slots_.back().holder = two_engines ? "second" : "first";
  choose_aim();
}

World::~World() = default;

// Half of the seeds are calm. The others aim one to three kinds of fault at where they hurt, or
// some that hurt together: two that are rare alone seldom meet.
void World::choose_aim() {
  if (chance_.one_in(2)) return;
  const auto factor = [this] { return chance_.between(5, 40); };
  if (chance_.one_in(2)) {
    for (auto kinds = chance_.between(1, 3); kinds > 0; --kinds) {
      faults_.aim(static_cast<Fault>(chance_.between(0, fault_kinds - 1)), factor());
    }
    return;
  }
  using enum Fault;
  static const std::vector<std::vector<Fault>> together = {
      {look_cut, watch_cut, too_many_429, order_not_sent, stop_on_trouble},
      {watch_cut, pause_before_order, thread_held_up, lease_not_renewable, stop_on_trouble},
      {watch_cut, slow_connection, act_at_level},
      {clock_step, too_many_429, request_lost, late_placement},
      {feed_cut, feed_silent, cached_packet, tick_old},
      {order_storm, too_many_429, slow_disk, pause_after_write},
      {start_at_once, stop_on_trouble, pause_before_write, slow_disk},
      {rows_held, order_storm, crash_at_random, start_at_once, stop_on_trouble, too_many_429}};
  const auto which = chance_.between(0, static_cast<std::int64_t>(together.size()) - 1);
  for (const auto kind : together[static_cast<std::size_t>(which)]) faults_.aim(kind, factor());
}

void World::begin_life(std::size_t slot) {
  auto& place = slots_[slot];
  place.process = std::make_unique<Process>(commons_, place.holder, ++place.lives,
                                            [this, slot] { life_ended(slot); });
  checks_.trace("life");
}

// The body is taken away once nothing runs in it any more.
void World::life_ended(std::size_t slot) {
  checks_.trace("death");
  timeline_.after({}, [this, slot] { slots_[slot].process.reset(); });
  const auto wait = faults_.ended() ? base::Duration(seconds(1))
                                    : chance_.between(milliseconds(300), seconds(60));
  timeline_.after(wait, [this, slot] { begin_life(slot); });
}

Process* World::running() {
  for (auto& slot : slots_) {
    if (!slot.process || slot.process->clock().dead() || slot.process->clock().frozen()) continue;
    const auto standing = slot.process->runtime().standing();
    const bool holds = standing.lease_epoch == commons_.newest_epoch && standing.lease_epoch != 0;
    if (holds) return slot.process.get();
  }
  return nullptr;
}

// Whom a person happens to reach, the holder or not.
Process* World::anybody() {
  std::vector<Process*> there;
  for (auto& slot : slots_) {
    const bool answers =
        slot.process && !slot.process->clock().dead() && !slot.process->clock().frozen();
    if (answers) there.push_back(slot.process.get());
  }
  if (there.empty()) return nullptr;
  return there[static_cast<std::size_t>(
      chance_.between(0, static_cast<std::int64_t>(there.size()) - 1))];
}

// The operator's token comes with the environment: a new one takes a restart.
void World::log_in_again() {
  if (exchange_.session_good()) {
    for (auto& slot : slots_) {
      if (!slot.process || slot.process->clock().dead() || slot.process->clock().frozen()) continue;
      if (slot.process->wants_log_in()) slot.process->clock().die();
    }
  }
  timeline_.after(chance_.between(seconds(30), minutes(4)), [this] { log_in_again(); });
}

void World::tell_price(std::size_t instrument) {
  exchange_.set_price(quoted[instrument].symbol, market_.last(instrument));
  people_.price_moved(instrument);
  const auto packet = market_.packet(instrument);
  if (faults_.strikes(Fault::tick_lost, 10'000)) return;
  auto tick = packet;
  auto told = Told::of_now;
  if (faults_.strikes(Fault::tick_without_price, 3'000)) {
    tick.last = 0;
    told = Told::made_up;
  } else if (faults_.strikes(Fault::tick_without_time, 3'000)) {
    tick.exchange_time = 0;
    tick.last = chance_.one_in(2) ? tick.last * 3 : tick.last / 3;
    told = Told::made_up;
  }
  if (auto* process = running(); process && told == Told::of_now)
    touches_.told(*process, instrument, market_.last(instrument));
  tell_tick(tick, told);
  if (faults_.strikes(Fault::tick_twice, 10'000)) tell_tick(tick, told);
  if (const auto old = market_.earlier_packet(instrument, seconds(2));
      old && told == Told::of_now && faults_.strikes(Fault::tick_old, 5'000))
    tell_tick(*old, Told::again);
}

void World::tell_tick(const model::Tick& tick, Told told) {
  for (auto& slot : slots_) {
    if (slot.process && !slot.process->clock().dead()) slot.process->tick(tick, told);
  }
}

void World::tell_order(const model::BrokerOrder& order) {
  const auto deliver = [this](const model::BrokerOrder& news) {
    for (auto& slot : slots_) {
      if (slot.process && !slot.process->clock().dead()) slot.process->order_update(news);
    }
  };
  if (faults_.strikes(Fault::update_lost, 60'000)) return;
  if (faults_.strikes(Fault::update_late, 40'000)) {
    timeline_.after(chance_.between(milliseconds(100), seconds(90)),
                    [deliver, order] { deliver(order); });
    return;
  }
  deliver(order);
  if (faults_.strikes(Fault::update_twice, 30'000)) deliver(order);
}

void World::heartbeats() {
  for (auto& slot : slots_) {
    if (slot.process && !slot.process->clock().dead()) slot.process->heartbeat();
  }
  timeline_.after(heartbeat_period, [this] { heartbeats(); });
}

void World::feed_misfortune(Process& process) {
  if (faults_.strikes(Fault::feed_cut, 6'000)) process.cut_feed();
  if (faults_.strikes(Fault::feed_silent, 3'000)) {
    process.hush_feed(true);
    timeline_.after(chance_.between(seconds(2), seconds(60)), [this] {
      for (auto& slot : slots_) {
        if (slot.process) slot.process->hush_feed(false);
      }
    });
  }
}

// By up to an hour at a time, and never into another day: what a world asks of tags and sessions is
// of one date.
void World::set_wall_clock(ProcessClock& clock) {
  constexpr base::Duration off_max = std::chrono::hours(6);
  const auto off = clock.wall_offset();
  const base::Duration by = seconds(chance_.between(-3600, 3600));
  clock.step_wall_clock(std::clamp(off + by, -off_max, off_max) - off);
}

// What strikes at no step in particular.
void World::misfortune() {
  if (faults_.ended()) return;
  for (auto& slot : slots_) {
    if (!slot.process || slot.process->clock().dead()) continue;
    auto& clock = slot.process->clock();
    feed_misfortune(*slot.process);
    if (faults_.strikes(Fault::clock_step, 1'000)) set_wall_clock(clock);
    if (faults_.strikes(Fault::pause_at_random, 1'500))
      clock.freeze(chance_.between(milliseconds(100), minutes(10)));
    if (faults_.strikes(Fault::crash_at_random, 1'500)) clock.die();
  }
  if (!commons_.database_down && faults_.strikes(Fault::database_down, 1'000)) {
    commons_.database_down = true;
    timeline_.after(chance_.between(milliseconds(200), seconds(90)),
                    [this] { commons_.database_down = false; });
  }
  hold_rows_when_struck(700);
  if (faults_.strikes(Fault::change_not_told, 2'000)) {
    records_.keep_quiet(true);
    timeline_.after(chance_.between(milliseconds(200), seconds(40)),
                    [this] { records_.keep_quiet(false); });
  }
  if (exchange_.session_good() && faults_.strikes(Fault::session_dead, 400)) {
    exchange_.session_dies();
    timeline_.after(chance_.between(seconds(5), minutes(10)),
                    [this] { exchange_.session_lives(); });
  }
  timeline_.after(seconds(3), [this] { misfortune(); });
}

// I7: what is called watched is watched.
void World::watch_for_a_while() {
  check_watched();
  timeline_.after(seconds(20), [this] { watch_for_a_while(); });
}

void World::check_watched() {
  const auto reader = records_.reader();
  store::ListFilter active;
  active.status = model::TriggerStatus::active;
  active.limit = 1000;
  const auto page = reader->triggers(active, {});
  for (auto& slot : slots_) {
    if (!slot.process || slot.process->clock().dead() || slot.process->clock().frozen()) continue;
    auto& process = *slot.process;
    const bool just_thawed = timeline_.steady() - process.held_until() < seconds(2);
    if (just_thawed) continue;
    const auto standing = process.runtime().standing();
    for (const auto& row : page->triggers) {
      if (!process.runtime().watch(row).monitored) continue;
      if (checks_.stopped())
        checks_.violated("I7", row.id.text() + " is called watched after stop was answered");
      if (standing.lease_epoch != commons_.newest_epoch)
        checks_.violated("I7", row.id.text() + " is called watched by an engine without the lease");
      break;
    }
  }
}

// Somebody's transaction is in the way of all records, and of nothing else.
void World::hold_rows_when_struck(std::int64_t in_million) {
  if (!faults_.strikes(Fault::rows_held, in_million)) return;
  records_.hold_rows(true);
  timeline_.after(chance_.between(milliseconds(200), seconds(30)),
                  [this] { records_.hold_rows(false); });
}

void World::calm_down() {
  faults_.end();
  commons_.database_down = false;
  records_.keep_quiet(false);
  records_.hold_rows(false);
  exchange_.session_lives();
  for (auto& slot : slots_) {
    if (!slot.process) continue;
    slot.process->hush_feed(false);
    auto& clock = slot.process->clock();
    if (clock.wall_offset() != base::Duration{}) clock.step_wall_clock(-clock.wall_offset());
  }
  people_.want_it_running();
}

void World::run_until(base::Duration until) {
  while (timeline_.run_next(until)) {
  }
}

std::vector<model::AuditEntry> World::story(const std::string& trigger) {
  const auto reader = records_.reader();
  std::vector<model::AuditEntry> out;
  store::AuditFilter page;
  page.limit = 1000;
  for (;;) {
    const auto rows = reader->audit(page, {});
    for (const auto& row : *rows) {
      page.after = row.number;
      const auto& of = row.entry.trigger_id;
      const bool is_of_it =
          of && (of->text() == trigger || oms::tag_start(*of) == trigger.substr(0, 14));
      if (!of || is_of_it || trigger == "all") out.push_back(row.entry);
    }
    if (rows->size() < page.limit) return out;
  }
}

Report World::run() {
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) begin_life(slot);
  market_.open([this](std::size_t instrument) { tell_price(instrument); });
  heartbeats();
  misfortune();
  people_.begin();
  watch_for_a_while();
  log_in_again();
  run_until(length_.day);
  calm_down();
  run_until(length_.day + minutes(11) + length_.calm);
  market_.stand_still();  // what has fired by now comes to its end
  run_until(length_.day + minutes(12) + length_.calm);

  Report report;
  report.seed = seed_;
  const auto reader = records_.reader();
  check_the_end(*reader, exchange_, market_, running(), checks_, report);
  report.violations = checks_.violations();
  report.faults = faults_.counts();
  report.trace = checks_.trace_hash();
  report.happened = timeline_.happened();
  report.orders = exchange_.orders().size();
  report.epochs = commons_.newest_epoch;
  return report;
}

}  // namespace hmt::world
