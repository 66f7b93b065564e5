#include "trigger/rule.h"

#include "base/short_text.h"

namespace hmt::trigger {
namespace {

using model::Condition;
using model::Direction;
using model::LegNumber;
using model::LegState;
using model::Price;
using model::Side;
using model::Trigger;

// Contract 5, cell by cell. It does not lean on `model::direction_of`, which the fast book uses, so
// that a slip in one of them shows up in the comparison of the books.
Direction row_of_contract(const Trigger& trigger, LegNumber leg) {
  if (trigger.condition == Condition::single && trigger.direction) return *trigger.direction;
  if (leg == LegNumber::one) {
    return trigger.side == Side::buy ? Direction::rising : Direction::falling;
  }
  return trigger.side == Side::buy ? Direction::falling : Direction::rising;
}

bool has_leg(const Trigger& trigger, LegNumber leg) {
  return leg == LegNumber::one || (trigger.condition == Condition::two_leg && trigger.leg_2);
}

bool fires(const Trigger& trigger, LegNumber leg, Price last) {
  return has_leg(trigger, leg) && trigger.leg(leg).state == LegState::armed &&
         leg_holds(trigger, leg, last);
}

}  // namespace

bool leg_holds(const Trigger& trigger, LegNumber leg, Price last) {
  if (!has_leg(trigger, leg) || last <= Price{}) return false;
  const auto level = trigger.leg(leg).trigger_price;
  return row_of_contract(trigger, leg) == Direction::rising ? last >= level : last <= level;
}

std::optional<LegNumber> leg_fired_by(const Trigger& trigger, Price last) {
  if (fires(trigger, LegNumber::one, last)) return LegNumber::one;
  if (fires(trigger, LegNumber::two, last)) return LegNumber::two;
  return std::nullopt;
}

std::string rule_text(const Trigger& trigger, LegNumber leg, Price last) {
  const base::ShortText<80> text([&](char* at) {
    at = base::put_text(at, model::word(trigger.side));
    at = base::put_text(at, leg == LegNumber::one ? " leg 1: LTP " : " leg 2: LTP ");
    at = last.put_text(at);
    *at++ = ' ';
    at = base::put_text(at, model::word(row_of_contract(trigger, leg)));
    *at++ = ' ';
    return trigger.leg(leg).trigger_price.put_text(at);
  });
  return std::string(text);
}

}  // namespace hmt::trigger
