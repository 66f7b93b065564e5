#include "world/people.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace hmt::world {

using std::chrono::seconds;

constexpr auto raw_of_a_paisa = model::Price::from_paise(1).raw();

People::People(Commons& commons, Market& market, std::function<Process*()> running,
               std::function<Process*()> anybody, std::function<void()> stopped)
    : commons_(commons),
      market_(market),
      running_(std::move(running)),
      anybody_(std::move(anybody)),
      stopped_(std::move(stopped)),
      reader_(commons.records.reader()),
      likes_to_stop_(commons.chance.one_in(4)) {}

void People::begin() {
  commons_.timeline.after(seconds(3), [this] { wish(); });
}

void People::wish() {
  if (calm_) return;
  auto* process = asked_for_stop_ ? anybody_() : running_();
  if (process) act(*process);
  commons_.timeline.after(commons_.chance.between(seconds(2), seconds(90)), [this] { wish(); });
}

void People::act(Process& process) {
  auto& chance = commons_.chance;
  if (asked_for_stop_) {
    start(process);
    return;
  }
  const auto draw = chance.between(1, 100);
  if (draw <= 60) {
    const auto instrument = static_cast<std::size_t>(chance.between(0, quoted.size() - 1));
    const auto row = some_trigger(instrument);
    const bool storm = commons_.faults.strikes(Fault::order_storm, 6'000);
    for (int i = 0; i < (storm ? 25 : 1); ++i) create(process, row);
  } else if (draw <= 76) {
    if (const auto row = some_active()) edit(process, *row);
  } else if (draw <= 91) {
    if (const auto row = some_active()) cancel(process, *row);
  } else if (draw <= 95) {
    if (auto* any = anybody_()) stop(*any);
  } else if (commons_.faults.strikes(Fault::row_changed_by_hand, 300'000)) {
    if (const auto row = some_active()) write_by_hand(*row);
  }
}

model::Trigger People::some_trigger(std::size_t instrument) {
  auto& chance = commons_.chance;
  const auto last = market_.last(instrument).raw() / raw_of_a_paisa;
  const auto away = [&] { return chance.between(1, 60) * 5; };
  model::Trigger row;
  row.trading_symbol = quoted[instrument].symbol;
  row.instrument_token = quoted[instrument].token;
  row.side = chance.one_in(3) ? model::Side::buy : model::Side::sell;
  row.on_unknown = chance.one_in(2) ? model::OnUnknown::retry : model::OnUnknown::park;
  const auto sign = row.side == model::Side::sell ? -1 : 1;
  const auto leg = [&](std::int64_t paise) {
    return model::Leg{.product = model::Product::cnc,
                      .trigger_price = model::Price::from_paise(paise),
                      .order_price = model::Price::from_paise(paise + 5 * sign),
                      .quantity = chance.between(1, 50)};
  };
  row.leg_1 = leg(last + sign * away());
  if (chance.one_in(2)) {
    row.condition = model::Condition::two_leg;
    row.leg_2 = leg(last - sign * away());
  }
  if (chance.one_in(8))
    row.expires_at = commons_.timeline.now() + chance.between(seconds(30), seconds(3600));
  return row;
}

void People::create(Process& process, model::Trigger row) {
  const auto fresh_id = [this] {
    base::Uuid uuid;
    auto bits = commons_.chance.next();
    for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
      if (i == 8) bits = ++created_;
      uuid.bytes[i] = static_cast<std::uint8_t>(bits >> (8 * (i % 8)));
    }
    return uuid;
  };
  // Now and then two rows that are one group.
  const bool group = !row.leg_2 && commons_.chance.one_in(3);
  if (group) row.parent_id = model::GroupId{fresh_id()};
  for (int member = 0; member < (group ? 2 : 1); ++member) {
    row.id = model::TriggerId{fresh_id()};
    if (member == 1) {
      row.leg_1.trigger_price =
          model::Price::from_paise(row.leg_1.trigger_price.raw() / raw_of_a_paisa - 10);
    }
    commons_.checks.row_answered(row, commons_.checks.row_asked(row));
    process.runtime().create(row, {}, {}, [](const base::Result<store::Written>&) {});
  }
}

std::optional<model::Trigger> People::some_active() {
  store::ListFilter active;
  active.status = model::TriggerStatus::active;
  active.limit = 1000;
  const auto page = reader_->triggers(active, {});
  if (!page || page->triggers.empty()) return std::nullopt;
  const auto count = static_cast<std::int64_t>(page->triggers.size());
  return page->triggers[static_cast<std::size_t>(commons_.chance.between(0, count - 1))];
}

model::Trigger People::edited(model::Trigger row) {
  auto& leg = row.leg_1;
  const auto step = commons_.chance.between(-20, 20) * 5;
  const auto move = [step](model::Price price) {
    return model::Price::from_paise(price.raw() / raw_of_a_paisa + step);
  };
  leg.trigger_price = move(leg.trigger_price);
  if (leg.order_price) leg.order_price = move(*leg.order_price);
  return row;
}

void People::edit(Process& process, model::Trigger row) {
  const auto version = row.version;
  row = edited(std::move(row));
  const auto number = commons_.checks.row_asked(row);
  process.runtime().edit(row, version, {}, {},
                         [this, row, number](const base::Result<store::Written>& written) {
                           if (written) commons_.checks.row_answered(row, number);
                         });
}

void People::cancel(Process& process, const model::Trigger& row) {
  process.runtime().cancel(row.id, row.version, {}, {},
                           [this, id = row.id](const base::Result<store::Written>& written) {
                             if (written) commons_.checks.cancel_answered(id);
                           });
}

void People::write_by_hand(model::Trigger row) {
  if (!commons_.shared || commons_.chance.one_in(2)) {
    row.status = model::TriggerStatus::cancelled;
  } else {
    row = edited(std::move(row));
    commons_.checks.row_answered(row, commons_.checks.row_asked(row));
  }
  commons_.records.put_by_hand(row, commons_.timeline.now());
}

std::optional<model::Trigger> People::some_reached(std::size_t instrument) {
  store::ListFilter active;
  active.status = model::TriggerStatus::active;
  active.instrument_token = quoted[instrument].token;
  active.limit = 1000;
  const auto page = reader_->triggers(active, {});
  for (const auto& row : page->triggers) {
    const bool second = row.leg_2 && market_.reaches(row, model::LegNumber::two);
    if (second || market_.reaches(row, model::LegNumber::one)) return row;
  }
  return std::nullopt;
}

void People::price_moved(std::size_t instrument) {
  auto& chance = commons_.chance;
  if (calm_ || !commons_.faults.is_drawn(Fault::act_at_level, 66'000)) return;
  const auto row = some_reached(instrument);
  if (!row) return;
  commons_.faults.count(Fault::act_at_level);
  const auto act = [this, row = *row] {
    if (auto* process = anybody_()) act_on(*process, row);
  };
  if (chance.one_in(2)) {
    act();
  } else {
    commons_.timeline.after(chance.between(base::Duration{}, std::chrono::milliseconds(15)), act);
  }
}

void People::order_troubled() {
  if (calm_ || asked_for_stop_) return;
  if (!commons_.faults.strikes(Fault::stop_on_trouble, 20'000)) return;
  commons_.timeline.after(commons_.chance.between(base::Duration{}, seconds(4)), [this] {
    auto* process = anybody_();
    if (process && !asked_for_stop_ && !calm_) stop(*process);
  });
}

void People::act_on(Process& process, const model::Trigger& row) {
  const auto draw = commons_.chance.between(1, 10);
  const int edits = likes_to_stop_ ? 1 : 4;
  if (draw <= edits) {
    edit(process, row);
  } else if (draw <= 2 * edits) {
    cancel(process, row);
  } else if (!asked_for_stop_) {
    stop(process);
  }
}

void People::stop(Process& process) {
  asked_for_stop_ = true;
  const bool start_was_on_its_way = a_start_may_still_come();
  process.runtime().stop({}, [this, start_was_on_its_way,
                              number = ++switch_number_](const base::Result<std::string>& done) {
    if (!done || number != switch_number_ || a_start_may_still_come()) return;
    const bool overtaken = start_was_on_its_way && !reader_->engine_switch()->stopped;
    const bool is_told_so = *done != "Engine stopped";
    if (is_told_so && !overtaken)
      commons_.checks.violated("I7", "a stop is called overtaken, and nobody asked for a start");
    stop_answered(!is_told_so && !overtaken);
  });
}

// It does not stand when a start that was asked of another process before was written after it.
void People::stop_answered(bool stands) {
  asked_for_stop_ = stands;
  if (!stands) return;
  commons_.checks.stop_answered();
  stopped_();
  if (commons_.faults.strikes(Fault::start_at_once, 100'000)) start_soon();
}

// Who stopped it in haste has it run again at once.
void People::start_soon() {
  commons_.timeline.after(commons_.chance.between(base::Duration{}, std::chrono::milliseconds(100)),
                          [this] {
                            auto* process = anybody_();
                            if (process && asked_for_stop_) start(*process);
                          });
}

void People::start(Process& process) {
  commons_.checks.start_asked();
  const auto number = ++switch_number_;
  unanswered_starts_[number] = process.life();
  process.runtime().start({}, [this, number](const base::Result<std::string>& done) {
    unanswered_starts_.erase(number);
    if (done && number == switch_number_) asked_for_stop_ = false;
  });
}

bool People::a_start_may_still_come() const {
  return std::ranges::any_of(unanswered_starts_,
                             [](const auto& start) { return !start.second.expired(); });
}

void People::want_it_running() {
  calm_ = true;
  commons_.checks.start_asked();
  keep_asking_to_start();
}

void People::keep_asking_to_start() {
  auto* process = anybody_();
  const bool stopped =
      process && process->runtime().standing().status == runtime::EngineStatus::stopped;
  if (stopped) start(*process);
  commons_.timeline.after(seconds(15), [this] { keep_asking_to_start(); });
}

}  // namespace hmt::world
