#pragma once
#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "base/dense_table.h"
#include "engine/flight.h"

// The flights of the trading day: found by tag and by trigger; those that wait for time, or for
// word of an order, stand in a list of their own, so that nobody walks the day to find them.
//
// Whoever may change a flight has it from here, which notes it, but for `first_of` and `next`: who
// changes one of those so that it waits, or waits no more, says `note_change`. `look_again` then
// renews the list. Where flights come in an order it is that of their tags.
namespace hmt::engine {

class Flights {
 public:
  Flight* find(const model::OrderTag& tag);
  const Flight* find(const model::OrderTag& tag) const;
  bool contains(const model::OrderTag& tag) const { return find(tag) != nullptr; }

  // REQUIRES: none has its tag.
  Flight& add(std::unique_ptr<Flight> flight);
  // In place of one with the same tag.
  Flight& put(std::unique_ptr<Flight> flight);
  void erase(Flight& flight);

  // The trigger's own, linked by `next`.
  Flight* first_of(model::TriggerId id);
  const Flight* first_of(model::TriggerId id) const;

  void note_change(Flight& flight) { noted_.push_back(&flight); }
  void look_again();

  // As of the last `look_again`.
  std::vector<Flight*> waiting();
  template <class Condition>
  bool any_waiting(const Condition& holds) const {
    return std::ranges::any_of(waiting_, [&](const Flight* flight) { return holds(*flight); });
  }
  template <class Use>
  void each_waiting(const Use& use) const {
    for (const Flight* flight : waiting_) use(*flight);
  }

  // The first for which `holds`; looks at every flight.
  template <class Condition>
  const Flight* first_where(const Condition& holds) const {
    const Flight* first = nullptr;
    flights_.each([&](Number number) {
      const auto* flight = flights_[number].get();
      const bool earlier = !first || flight->attempt.tag < first->attempt.tag;
      if (earlier && holds(*flight)) first = flight;
    });
    return first;
  }

  // Forgets those of days before `today` that nothing more can happen to.
  void forget_before(base::TradingDate today);

 private:
  struct ByTag {
    static const model::OrderTag& key_of(const std::unique_ptr<Flight>& flight) {
      return flight->attempt.tag;
    }
    static std::size_t hash(const model::OrderTag& tag) { return tag.hash(); }
  };
  struct InOrder {
    bool operator()(const Flight* a, const Flight* b) const {
      return a->attempt.tag < b->attempt.tag;
    }
  };
  using Table = base::DenseTable<std::unique_ptr<Flight>, ByTag>;
  using Number = Table::Number;

  struct First {
    model::TriggerId trigger;
    Flight* flight = nullptr;
  };
  struct ByTrigger {
    static model::TriggerId key_of(const First& first) { return first.trigger; }
    static std::size_t hash(model::TriggerId id) { return base::hash_of(id.uuid); }
  };
  void link(Flight& flight);
  void unlink(Flight& flight);

  Table flights_;
  base::DenseTable<First, ByTrigger> firsts_;  // the first flight of each trigger that has one
  std::set<Flight*, InOrder> waiting_;
  std::vector<Flight*> noted_;
  base::TradingDate oldest_{};  // none is of a day before
};

}  // namespace hmt::engine
