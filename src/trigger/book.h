#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "model/tick.h"
#include "model/trigger.h"

// Which armed triggers does this price fire?
//
// Per instrument the book keeps, in one cache line, the nearest rising and the nearest falling
// level as wire integers; a price that reaches neither costs two comparisons. Behind them stand the
// levels in order, so that no trigger is visited unless it fires. Thread rule: one thread. Limits:
// `Limits`; arming past them is refused. It holds no clock: expiry and freshness are the engine's.
namespace hmt::trigger {

struct Hit {
  model::TriggerId id;
  model::LegNumber leg = model::LegNumber::one;

  bool operator==(const Hit&) const = default;
};

struct Limits {
  std::size_t triggers_max = 4'000'000;
  std::size_t instruments_max = 9'000;  // 3 connections of 3000 tokens
};

// What both books promise, so that one table of tests and one random comparison run against either.
class Book {
 public:
  explicit Book(Limits limits = {});
  ~Book();
  Book(Book&&) noexcept;
  Book& operator=(Book&&) noexcept;

  // `first_of_instrument`: nothing was armed on the instrument before, and now something is, also
  // when the trigger came over from another instrument. `replaced`: any other re-arming. `full`: a
  // limit is reached; `no_leg`: no leg of the trigger is armed. After these two nothing is armed
  // under the id, not even what was before.
  enum class Armed : std::uint8_t { first_of_instrument, another, replaced, full, no_leg };

  // Arms every leg whose state is `armed`, in place of what was armed under the same id (which then
  // counts as newly armed). A level that no wire price can reach counts as armed and never fires.
  // REQUIRES: trigger.instrument_token names a known segment.
  Armed arm(const model::Trigger& trigger);

  enum class Disarmed : std::uint8_t { last_of_instrument, one_of_several, was_not_armed };
  Disarmed disarm(model::TriggerId id);

  bool is_armed(model::TriggerId id) const;

  // Appends what a last traded price of `last` fires, in the order of arming, and disarms each of
  // them (both legs). Leg 1 wins when both hold. Equality fires. 0 is no price and fires nothing.
  // No allocation when nothing fires.
  void take_hits(model::InstrumentToken token, model::WirePrice last, std::vector<Hit>& out);

  // How many triggers are armed on the instrument; 0 for one that is not known.
  std::size_t armed_on(model::InstrumentToken token) const;
  std::size_t size() const;
  std::vector<model::InstrumentToken> instruments()
      const;                  // those with an armed trigger, ascending
  std::size_t bytes() const;  // of memory held, roughly

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hmt::trigger
