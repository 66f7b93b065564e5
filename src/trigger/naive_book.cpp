#include "trigger/naive_book.h"

#include <algorithm>

#include "base/ensure.h"
#include "trigger/rule.h"

namespace hmt::trigger {
namespace {

using model::LegState;
using model::Trigger;

bool has_armed_leg(const Trigger& trigger) {
  const bool second = trigger.condition == model::Condition::two_leg && trigger.leg_2 &&
                      trigger.leg_2->state == LegState::armed;
  return trigger.leg_1.state == LegState::armed || second;
}

auto with_id(model::TriggerId id) {
  return [id](const Trigger& trigger) { return trigger.id == id; };
}

}  // namespace

Book::Armed NaiveBook::arm(const Trigger& trigger) {
  base::ensure(model::segment_of(trigger.instrument_token).has_value(),
               "an armed trigger's token names a known segment");
  const bool instrument_known = armed_on(trigger.instrument_token) > 0;
  const bool replaces = std::erase_if(armed_, with_id(trigger.id)) > 0;
  if (!has_armed_leg(trigger)) return Book::Armed::no_leg;
  armed_.push_back(trigger);
  if (!instrument_known) return Book::Armed::first_of_instrument;
  return replaces ? Book::Armed::replaced : Book::Armed::another;
}

Book::Disarmed NaiveBook::disarm(model::TriggerId id) {
  const auto found = std::ranges::find_if(armed_, with_id(id));
  if (found == armed_.end()) return Book::Disarmed::was_not_armed;
  const auto token = found->instrument_token;
  armed_.erase(found);
  return armed_on(token) == 0 ? Book::Disarmed::last_of_instrument : Book::Disarmed::one_of_several;
}

bool NaiveBook::is_armed(model::TriggerId id) const {
  return std::ranges::any_of(armed_, with_id(id));
}

void NaiveBook::take_hits(model::InstrumentToken token, model::WirePrice last,
                          std::vector<Hit>& out) {
  const auto segment = model::segment_of(token);
  if (!segment) return;
  const auto price = model::price_from_wire(last, *segment);
  std::erase_if(armed_, [&](const Trigger& trigger) {
    if (trigger.instrument_token != token) return false;
    const auto leg = leg_fired_by(trigger, price);
    if (leg) out.push_back({trigger.id, *leg});
    return leg.has_value();
  });
}

std::size_t NaiveBook::armed_on(model::InstrumentToken token) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      armed_, [token](const Trigger& trigger) { return trigger.instrument_token == token; }));
}

std::vector<model::InstrumentToken> NaiveBook::instruments() const {
  std::vector<model::InstrumentToken> tokens;
  for (const auto& trigger : armed_) tokens.push_back(trigger.instrument_token);
  std::ranges::sort(tokens);
  const auto repeated = std::ranges::unique(tokens);
  tokens.erase(repeated.begin(), repeated.end());
  return tokens;
}

}  // namespace hmt::trigger
