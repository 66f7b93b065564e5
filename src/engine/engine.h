#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/active_rows.h"
#include "engine/event.h"
#include "engine/flights.h"
#include "oms/absence.h"
#include "oms/tag.h"
#include "trigger/book.h"

// The decision, whole and pure: which triggers fire, what is claimed, and what every answer means.
//
// No clock, I/O, thread or randomness: time comes with each event. Equal events in equal order give
// equal effects, bit for bit; live running, replay and the simulated world stand on this.
// Invariants:
//   - a trigger that was claimed is out of the book until a commit says that it is active again;
//   - at most one attempt of a trigger is open;
//   - nothing leads from "unknown" to another attempt but shown absence, and that only where the
//   trigger's owner asked for it.
// Limits: trigger::Limits; finished flights are kept for the trading day, to recognise late news.
namespace hmt::engine {

struct Settings {
  std::int64_t lease_epoch = 0;
  int max_retries = 2;  // re-sends of what is known not to be placed
  base::Duration retry_backoff = std::chrono::seconds(1);  // doubles
  oms::AbsenceRule absence;
  base::Duration answer_patience =
      std::chrono::seconds(3);  // after this the book is read, answer or not
  base::Duration poll_unresolved = std::chrono::seconds(1);
  base::Duration poll_working = std::chrono::seconds(5);
  base::Duration poll_idle = std::chrono::seconds(60);
  // An order that is at the broker for this long without reaching the exchange, or without filling
  // although it takes any price, is an alarm.
  base::Duration hangs_after = std::chrono::seconds(30);
  // What is known not to be placed and was decided longer ago than this, or on an earlier day, is
  // not sent: its trigger is armed again, and the price of now decides.
  base::Duration recovered_age_max = std::chrono::seconds(60);
  oms::TagKey tag_key;
  std::string account;  // the broker's user id
  trigger::Limits limits;
};

struct Counts {
  std::int64_t armed = 0;
  std::int64_t ticks = 0;
  std::int64_t stale_ticks = 0;
  std::int64_t orders_placed = 0;
  std::int64_t orders_failed = 0;
  std::int64_t unknown = 0;
};

class Engine {
 public:
  explicit Engine(Settings settings);

  // Takes one event that happens at `at`; appends what must be done now, in this order.
  void on(const Event& event, base::Instant at, std::vector<Effect>& effects);

  // The hot path of `on`, without the variant.
  void on_tick(const model::Tick& tick, base::Instant at, std::vector<Effect>& effects);
  // TriggerChanged, without a copy of the row: a start tells a million.
  void on_row(const model::Trigger& row, base::Instant at, std::vector<Effect>& effects);

  // When ClockAdvanced is wanted next; nothing when nothing waits for time.
  std::optional<base::Instant> next_wake() const;

  Counts counts() const;
  bool is_evaluating() const { return evaluating_; }
  // Calls `tell(id, version)` for every active row that it knows: armed, held back by its group, or
  // refused.
  template <class Tell>
  void tell_held(Tell tell) const {
    rows_.each([&](ActiveRows::Number row) { tell(rows_.id(row), rows_.version(row)); });
    for (const auto& [id, version] : unclaimable_) tell(id, version);
  }
  bool holds(model::TriggerId id) const { return rows_.find(id) != ActiveRows::none; }
  // The version that is armed; nothing when the trigger is not.
  std::optional<std::int64_t> armed_version(model::TriggerId id) const;
  const Flight* flight(const model::OrderTag& tag) const;

 private:
  struct Now;  // one event being handled: its time, and where effects go

  // arming.cpp
  void handle(Now& now, const TriggerChanged& changed);
  void take_row(Now& now, const model::Trigger& trigger);
  void handle(Now& now, const TriggerRemoved& removed);
  void handle(Now& now, const GroupWon& won);
  void handle(Now& now, const Evaluation& evaluation);
  void arm(Now& now, const model::Trigger& trigger);
  void disarm(Now& now, model::TriggerId id);
  void disarm(Now& now, ActiveRows::Number row);
  void put_in_book(Now& now, const model::Trigger& trigger);
  void tell_not_armed(Now& now, const model::Trigger& trigger, const char* why) const;
  void take_out_of_book(Now& now, ActiveRows::Number row);
  void expire_due(Now& now);
  bool is_held(ActiveRows::Number row) const;
  void release_group(Now& now, const model::Trigger& winner);

  // firing.cpp
  void handle(Now& now, const model::Tick& tick);
  void fire(Now& now, const trigger::Hit& hit, const model::Tick& tick);
  void handle(Now& now, const ClaimSettled& settled);
  void claim_lost(Now& now, Flight& flight, model::ClaimVerdict verdict);
  // What is known of a fire before its attempt is made.
  struct Fire {
    std::int32_t number = 0;
    model::OrderTag tag;
    model::LegNumber leg = model::LegNumber::one;
    const Flight* earlier = nullptr;  // the first of the trigger's; null: this is its first
  };
  std::unique_ptr<Flight> flight_of(ActiveRows::Number known, const Fire& fire,
                                    const model::Tick& tick, base::Instant at) const;
  std::int32_t next_fire_no(ActiveRows::Number row, const Flight* earlier) const;
  void fired_too_often(Now& now, model::Trigger trigger);

  // outcome.cpp
  void handle(Now& now, const AttemptForwarded& forwarded);
  void handle(Now& now, const AttemptWithdrawn& withdrawn);
  void handle(Now& now, const AttemptAnswered& answered);
  void placed(Now& now, Flight& flight, const std::string& order_id);
  void refused(Now& now, Flight& flight, const std::string& words);
  void not_placed(Now& now, Flight& flight, const std::string& words);
  void blocked(Now& now, Flight& flight, const std::string& words);
  void unknown(Now& now, Flight& flight, const std::string& words);
  void leg_failed(Now& now, Flight& flight, const std::string& words, model::Record record);
  void rearm_whole(Now& now, Flight& flight, model::Record record);

  // news.cpp
  void handle(Now& now, const OrderNews& news);
  void handle(Now& now, const BookRead& read);
  void take_news(Now& now, const model::BrokerOrder& order, model::OrderSource source);
  Flight* flight_told_of(Now& now, const model::BrokerOrder& order);
  void adopt(Now& now, const model::BrokerOrder& order, model::OrderSource source);
  void tell_stranger(Now& now, const model::BrokerOrder& order, const oms::TagParts& parts);
  void tell_second(Now& now, const model::BrokerOrder& order);
  void second_order(Now& now, Flight& flight, const model::BrokerOrder& order);
  void appeared(Now& now, Flight& flight, const model::BrokerOrder& order,
                model::OrderSource source);
  void order_moved(Now& now, Flight& flight, const model::BrokerOrder& order,
                   model::OrderSource source, bool changed);
  void claim_row(Now& now, Flight& flight, bool surprise);
  void order_ended(Now& now, Flight& flight, model::Record record, bool confirmed);
  void rejection_confirmed(Now& now, Flight& flight, model::Record record);
  model::GroupAction settle_if_working(Flight& flight) const;

  // waiting.cpp
  void handle(Now& now, const AttemptRecovered& recovered);
  void handle(Now& now, const ClockAdvanced& clock);
  void handle(Now& now, const ClockStepped& clock);
  void tell_if_it_hangs(Now& now, Flight& flight) const;
  void count_absence(Now& now, base::Instant started_at);
  void shown_absent(Now& now, Flight& flight);
  void try_again(Now& now, Flight& flight);
  void recover_queued(Now& now, Flight& flight);
  void retry_due(Now& now, Flight& flight);
  void arm_again(Now& now, Flight& flight);
  bool is_out_of_date(const model::Attempt& attempt, base::Instant at) const;
  void recover_placed(Now& now, Flight& flight);
  void park(Now& now, Flight& flight, const std::string& why, model::Record record);
  void park_of_earlier_day(Now& now, Flight& flight);
  void park_lapsed(Now& now, const BookRead& read);
  void plan_book_reading(base::Instant at);

  // flight.cpp
  oms::TagScope tag_scope(base::TradingDate date) const { return {settings_.account, date}; }
  template <class Condition>
  bool any_other(const Flight& flight, Condition holds) const;
  bool another_has_order(const Flight& flight) const;
  bool another_may_have_order(const Flight& flight) const;
  // The row that the trigger's flights share, emptied; a new one when there is none.
  static std::shared_ptr<model::Trigger> row_of(const Flight* first);
  // The same, now as `trigger` says.
  std::shared_ptr<model::Trigger> row_for(model::Trigger trigger) const;
  void write_attempt(Now& now, const Flight& flight, model::Record record) const;
  void write_row(Now& now, const Flight& flight, model::Record record,
                 model::GroupAction group) const;
  model::Record record_of(const Now& now, const Flight& flight, const char* event,
                          model::Severity severity, model::Detail detail) const;

  Settings settings_;
  bool evaluating_ = false;
  trigger::Book book_;
  ActiveRows rows_;  // armed or held
  Flights flights_;
  // Versions whose claim was stale: a row that is still at one cannot be claimed at all.
  std::map<model::TriggerId, std::int64_t> unclaimable_;
  std::set<model::OrderTag> strangers_;  // orders without a trigger, told of today
  base::TradingDate strangers_of_{};
  std::optional<base::Instant> book_due_;
  std::vector<trigger::Hit> hits_;
  Counts counts_;
};

}  // namespace hmt::engine
