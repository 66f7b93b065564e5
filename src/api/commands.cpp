#include "api/commands.h"

#include <algorithm>
#include <array>

#include "api/fields.h"
#include "store/rules.h"

namespace hmt::api {
namespace {

using base::invalid;
using base::Result;
using model::Condition;
using model::Instrument;
using model::LegNumber;
using model::Trigger;

struct LegInput {
  std::optional<model::Product> product;
  std::optional<model::Price> trigger_price;
  std::optional<model::Price> order_price;
  std::optional<model::Quantity> quantity;
};

struct Input {
  Draft draft;
  std::optional<model::InstrumentToken> token;
  std::optional<model::Exchange> exchange;
  std::optional<std::string> symbol;
  std::optional<Condition> condition;
  std::optional<model::Side> side;
  std::array<LegInput, 2> legs;
};

// One member that a body may have; `creates` and `edits` say in which of the two.
struct Field {
  std::string_view name;
  bool creates;
  bool edits;
  Result<void> (*read)(const FieldValue&, Input&);
};

template <int leg>
constexpr std::array<Result<void> (*)(const FieldValue&, Input&), 4> leg_readers = {
    [](const FieldValue& value, Input& in) { return value.optional_word(in.legs[leg].product); },
    [](const FieldValue& value, Input& in) { return value.price(in.legs[leg].trigger_price); },
    [](const FieldValue& value, Input& in) { return value.price(in.legs[leg].order_price); },
    [](const FieldValue& value, Input& in) { return value.quantity(in.legs[leg].quantity); },
};

constexpr auto fields = std::to_array<Field>({
    {"broker_connection_id", true, false,
     [](const FieldValue& value, Input& in) {
       return value.id(in.draft.trigger.broker_connection_id);
     }},
    {"parent_id", true, false,
     [](const FieldValue& value, Input& in) {
       return value.optional_id(in.draft.trigger.parent_id);
     }},
    {"trading_symbol", true, false,
     [](const FieldValue& value, Input& in) { return value.text(in.symbol); }},
    {"exchange", true, false,
     [](const FieldValue& value, Input& in) { return value.word(in.exchange); }},
    {"instrument_token", true, false,
     [](const FieldValue& value, Input& in) { return value.token(in.token); }},
    {"condition_type", true, true,
     [](const FieldValue& value, Input& in) { return value.word(in.condition); }},
    {"transaction_type", true, true,
     [](const FieldValue& value, Input& in) { return value.word(in.side); }},
    {"direction", true, true,
     [](const FieldValue& value, Input& in) {
       return value.optional_word(in.draft.trigger.direction);
     }},
    {"product_type_1", true, true, leg_readers<0>[0]},
    {"trigger_price_1", true, true, leg_readers<0>[1]},
    {"order_price_1", true, true, leg_readers<0>[2]},
    {"quantity_1", true, true, leg_readers<0>[3]},
    {"product_type_2", true, true, leg_readers<1>[0]},
    {"trigger_price_2", true, true, leg_readers<1>[1]},
    {"order_price_2", true, true, leg_readers<1>[2]},
    {"quantity_2", true, true, leg_readers<1>[3]},
    {"on_unknown", true, true,
     [](const FieldValue& value, Input& in) { return value.word(in.draft.trigger.on_unknown); }},
    {"purpose", true, true,
     [](const FieldValue& value, Input& in) {
       return value.optional_word(in.draft.trigger.purpose);
     }},
    {"expires_at", true, true,
     [](const FieldValue& value, Input& in) {
       return value.optional_instant(in.draft.trigger.expires_at);
     }},
    {"fire_if_crossed", true, true,
     [](const FieldValue& value, Input& in) { return value.boolean(in.draft.fire_if_crossed); }},
    {"version", false, true,
     [](const FieldValue& value, Input& in) { return value.version(in.draft.version); }},
});

// Columns that a client may know and still not write.
constexpr auto engine_columns = std::to_array<std::string_view>({"id",
                                                                 "user_id",
                                                                 "status",
                                                                 "triggered_at",
                                                                 "triggered_leg",
                                                                 "triggered_price",
                                                                 "order_id",
                                                                 "order_status",
                                                                 "filled_quantity",
                                                                 "average_price",
                                                                 "error_message",
                                                                 "created_at",
                                                                 "updated_at",
                                                                 "fire_no",
                                                                 "leg_1_state",
                                                                 "leg_2_state",
                                                                 "monitored",
                                                                 "not_monitored_reason",
                                                                 "last_price",
                                                                 "last_price_at",
                                                                 "version"});

Result<void> refuse_field(const std::string& name) {
  if (std::ranges::find(fields, name, &Field::name) != fields.end()) {
    return invalid(name, name + " cannot be changed: cancel the trigger and make another");
  }
  if (std::ranges::find(engine_columns, name) != engine_columns.end()) {
    return invalid(name, name + " is written by the engine alone");
  }
  return invalid(name, "there is no such field");
}

Result<void> read_fields(const JsonValue& body, bool Field::* allowed, Input& in) {
  if (!body.is(JsonValue::Kind::object)) return invalid("", "the body is one JSON object");
  for (const auto& member : body.members) {
    const auto field = std::ranges::find(fields, member.name, &Field::name);
    if (field == fields.end() || !((*field).*allowed)) return refuse_field(member.name);
    if (auto read = field->read(FieldValue{member.name, member}, in); !read) return read;
  }
  return {};
}

Result<model::Leg> assemble_leg(const LegInput& in, const std::string& n) {
  const auto missing = [](const std::string& name) { return invalid(name, name + " is missing"); };
  if (!in.product) return missing("product_type_" + n);
  if (!in.trigger_price) return missing("trigger_price_" + n);
  if (!in.quantity) return missing("quantity_" + n);
  return model::Leg{*in.product, *in.trigger_price, in.order_price, *in.quantity};
}

Result<void> refuse_second_leg(const LegInput& in) {
  const auto refuse = [](const std::string& name) {
    return invalid(name, "a single trigger has no second leg: leave " + name +
                             " out, or make condition_type two-leg");
  };
  if (in.product) return refuse("product_type_2");
  if (in.trigger_price) return refuse("trigger_price_2");
  if (in.order_price) return refuse("order_price_2");
  if (in.quantity) return refuse("quantity_2");
  return {};
}

Result<void> assemble_legs(const Input& in, Trigger& trigger) {
  const auto first = assemble_leg(in.legs[0], "1");
  if (!first) return std::unexpected(first.error());
  trigger.leg_1 = *first;
  trigger.leg_2.reset();
  if (trigger.condition == Condition::single) return refuse_second_leg(in.legs[1]);
  const auto second = assemble_leg(in.legs[1], "2");
  if (!second) return std::unexpected(second.error());
  trigger.leg_2 = *second;
  return {};
}

Result<const Instrument*> find_instrument(const Input& in, const model::Catalogue& catalogue) {
  if (in.token) {
    const auto* found = catalogue.find(*in.token);
    if (!found) {
      return invalid("instrument_token",
                     "no instrument has the token " + std::to_string(*in.token) + " today");
    }
    const bool agrees = (!in.exchange || *in.exchange == found->exchange) &&
                        (!in.symbol || *in.symbol == found->trading_symbol);
    if (agrees) return found;
    return invalid("instrument_token", "instrument_token is " + found->trading_symbol + " on " +
                                           std::string(word(found->exchange)) +
                                           ", not the instrument that the other fields name");
  }
  if (!in.symbol) {
    return invalid("instrument_token",
                   "give instrument_token, or exchange and trading_symbol, to name the instrument");
  }
  if (!in.exchange) return invalid("exchange", "exchange is missing");
  if (const auto* found = catalogue.find(*in.exchange, *in.symbol)) return found;
  return invalid("trading_symbol",
                 std::string(word(*in.exchange)) + " has no instrument with that symbol today");
}

Result<void> check(const Trigger& trigger, const Instrument* instrument, base::Instant now) {
  if (trigger.expires_at && *trigger.expires_at <= now) {
    return invalid("expires_at", "expires_at must be in the future");
  }
  return model::check_trigger(trigger, instrument);
}

LegInput input_of(const model::Leg& leg) {
  return {leg.product, leg.trigger_price, leg.order_price, leg.quantity};
}

// What the edit starts from: the row as it stands. The second leg of a trigger that becomes single
// goes away.
Input input_of(const JsonValue& body, const Trigger& current) {
  Input in;
  in.draft.trigger = current;
  in.legs[0] = input_of(current.leg_1);
  const auto* condition = body.find("condition_type");
  const bool stays = !condition || condition->text != word(Condition::single);
  if (current.leg_2 && stays) in.legs[1] = input_of(*current.leg_2);
  return in;
}

// Which legs are armed after the edit is the store's rule. One that leaves none armed would stand
// there active and never fire.
Result<void> arm_legs(Trigger& trigger, const Trigger& current, base::Instant now) {
  auto stored = current;
  store::apply_edit(stored, trigger, now);
  trigger.leg_1.state = stored.leg_1.state;
  if (trigger.leg_2) trigger.leg_2->state = stored.leg_2->state;
  const bool first = trigger.leg_1.state == model::LegState::armed;
  const bool second = trigger.leg_2 && trigger.leg_2->state == model::LegState::armed;
  if (first || second) return {};
  return std::unexpected(base::Error{
      base::ErrorKind::refused,
      "no leg would be armed, because its order has failed: change trigger_price_1 or another "
      "value of the leg to arm it again",
      "trigger_price_1"});
}

bool is_crossed(const Trigger& trigger, LegNumber number, model::Price last_price) {
  const auto level = trigger.leg(number).trigger_price;
  const bool rises = model::direction_of(trigger, number) == model::Direction::rising;
  return rises ? last_price >= level : last_price <= level;
}

}  // namespace

Result<Draft> draft_new(const JsonValue& body, const model::Catalogue& catalogue,
                        base::Instant now) {
  Input in;
  if (auto read = read_fields(body, &Field::creates, in); !read) {
    return std::unexpected(read.error());
  }
  auto& trigger = in.draft.trigger;
  const auto instrument = find_instrument(in, catalogue);
  if (!instrument) return std::unexpected(instrument.error());
  trigger.instrument_token = (*instrument)->token;
  trigger.exchange = (*instrument)->exchange;
  trigger.trading_symbol = (*instrument)->trading_symbol;
  if (!in.condition) return invalid("condition_type", "condition_type is missing");
  if (!in.side) return invalid("transaction_type", "transaction_type is missing");
  trigger.condition = *in.condition;
  trigger.side = *in.side;
  if (auto legs = assemble_legs(in, trigger); !legs) return std::unexpected(legs.error());
  if (auto ok = check(trigger, *instrument, now); !ok) return std::unexpected(ok.error());
  return std::move(in.draft);
}

Result<Draft> draft_edit(const JsonValue& body, const Trigger& current,
                         const model::Catalogue& catalogue, base::Instant now) {
  auto in = input_of(body, current);
  if (auto read = read_fields(body, &Field::edits, in); !read) {
    return std::unexpected(read.error());
  }
  auto& trigger = in.draft.trigger;
  trigger.condition = in.condition.value_or(current.condition);
  trigger.side = in.side.value_or(current.side);
  if (auto legs = assemble_legs(in, trigger); !legs) return std::unexpected(legs.error());
  const auto* instrument = catalogue.find(trigger.exchange, trigger.trading_symbol);
  if (auto ok = check(trigger, instrument, now); !ok) return std::unexpected(ok.error());
  if (auto ok = arm_legs(trigger, current, now); !ok) return std::unexpected(ok.error());
  return std::move(in.draft);
}

std::optional<std::string> crossed_field(const Trigger& trigger, const Trigger* before,
                                         model::Price last_price) {
  for (const auto number : {LegNumber::one, LegNumber::two}) {
    if (number == LegNumber::two && !trigger.leg_2) break;
    if (trigger.leg(number).state != model::LegState::armed) continue;
    const bool stood = before && (number == LegNumber::one || before->leg_2) &&
                       before->leg(number).state == model::LegState::armed &&
                       before->leg(number).trigger_price == trigger.leg(number).trigger_price &&
                       direction_of(*before, number) == direction_of(trigger, number);
    if (!stood && is_crossed(trigger, number, last_price)) {
      return number == LegNumber::one ? "trigger_price_1" : "trigger_price_2";
    }
  }
  return std::nullopt;
}

}  // namespace hmt::api
