#pragma once
#include <optional>
#include <string>

#include "model/trigger.h"

// The firing rules of contract 5, one trigger at a time, in exact decimals.
namespace hmt::trigger {

bool leg_holds(const model::Trigger& trigger, model::LegNumber leg, model::Price last);

// The leg that a last traded price of `last` fires; leg 1 wins. Only legs in state `armed` count.
std::optional<model::LegNumber> leg_fired_by(const model::Trigger& trigger, model::Price last);

// The rule in a trader's words: "SELL leg 1: LTP 1499.95 <= 1500.00".
std::string rule_text(const model::Trigger& trigger, model::LegNumber leg, model::Price last);

}  // namespace hmt::trigger
