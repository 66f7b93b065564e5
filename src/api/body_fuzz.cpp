#include <string>

#include "api/broker_commands.h"
#include "api/commands.h"
#include "api/json_writer.h"
#include "base/test_fuzz.h"

// Any body of a request. What becomes a trigger keeps every rule, is of an instrument that exists,
// and is the same when it is written as a body again; an edit moves nothing that it may not.
namespace {

using namespace hmt;
using namespace hmt::api;
using base::test::require;

const base::Instant now{std::chrono::seconds(1'795'000'000)};

const model::Catalogue& catalogue() {
  static const auto made = [] {
    model::Instrument infy{.token = 408065,
                           .exchange_token = 1594,
                           .exchange = model::Exchange::nse,
                           .trading_symbol = "INFY",
                           .name = "INFOSYS",
                           .segment = "NSE",
                           .instrument_type = "EQ",
                           .tick_size = base::Price::from_paise(5),
                           .last_price = {},
                           .strike = {},
                           .lot_size = 1,
                           .expiry = {}};
    auto future = infy;
    future.token = 9001 << 8 | 2;
    future.exchange = model::Exchange::nfo;
    future.trading_symbol = "NIFTY26DECFUT";
    future.segment = "NFO-FUT";
    future.lot_size = 75;
    auto pair = future;
    pair.token = 412 << 8 | 3;
    pair.exchange = model::Exchange::cds;
    pair.trading_symbol = "USDINR26DECFUT";
    pair.tick_size = base::Price::from_raw(25'000);
    return model::Catalogue({infy, future, pair});
  }();
  return made;
}

model::Trigger standing(bool two_legs) {
  model::Trigger trigger;
  trigger.trading_symbol = "INFY";
  trigger.instrument_token = 408065;
  trigger.side = model::Side::sell;
  trigger.leg_1 = {model::Product::cnc, base::Price::from_rupees(1500),
                   base::Price::from_rupees(1498), 10};
  if (two_legs) {
    trigger.condition = model::Condition::two_leg;
    trigger.leg_2 = model::Leg{
        model::Product::cnc, base::Price::from_rupees(1640), {}, 10, model::LegState::failed};
  }
  return trigger;
}

void write_leg(ObjectWriter& out, const model::Leg& leg, const std::string& n) {
  out.text("product_type_" + n, model::word(leg.product));
  out.price("trigger_price_" + n, leg.trigger_price);
  out.price("order_price_" + n, leg.order_price);
  out.number("quantity_" + n, leg.quantity);
}

std::string body_of(const Draft& draft) {
  const auto& trigger = draft.trigger;
  ObjectWriter out;
  out.text("broker_connection_id", trigger.broker_connection_id.text());
  out.text_or_null("parent_id", trigger.parent_id ? trigger.parent_id->text() : "");
  out.text("exchange", model::word(trigger.exchange));
  out.text("trading_symbol", trigger.trading_symbol);
  out.text("condition_type", model::word(trigger.condition));
  out.text("transaction_type", model::word(trigger.side));
  out.text_or_null("direction", trigger.direction ? model::word(*trigger.direction) : "");
  out.text("on_unknown", model::word(trigger.on_unknown));
  out.text_or_null("purpose", trigger.purpose ? model::word(*trigger.purpose) : "");
  out.text_or_null("expires_at",
                   trigger.expires_at ? base::to_rfc3339_nanos(*trigger.expires_at) : "");
  out.boolean("fire_if_crossed", draft.fire_if_crossed);
  write_leg(out, trigger.leg_1, "1");
  if (trigger.leg_2) write_leg(out, *trigger.leg_2, "2");
  return out.done();
}

void look_at(const model::Trigger& trigger) {
  const auto* instrument = catalogue().find(trigger.exchange, trigger.trading_symbol);
  require(instrument && instrument->token == trigger.instrument_token, "it is of no instrument");
  require(model::check_trigger(trigger, instrument).has_value(), "it breaks a rule of triggers");
  require(trigger.leg_2.has_value() == (trigger.condition == model::Condition::two_leg),
          "it has other legs than its condition");
  crossed_field(trigger, nullptr, base::Price::from_rupees(1570));
}

void fuzz_new(const JsonValue& body) {
  const auto draft = draft_new(body, catalogue(), now);
  if (!draft) {
    require(!draft.error().message.empty(), "a refusal without words");
    return;
  }
  look_at(draft->trigger);
  const auto written = read_json(body_of(*draft));
  const auto again = written ? draft_new(*written, catalogue(), now) : base::Result<Draft>(*draft);
  require(written && again && again->trigger == draft->trigger &&
              again->fire_if_crossed == draft->fire_if_crossed,
          "a written trigger is read as another");
}

void fuzz_edit(const JsonValue& body, bool two_legs) {
  const auto current = standing(two_legs);
  const auto draft = draft_edit(body, current, catalogue(), now);
  if (!draft) return;
  const auto& edited = draft->trigger;
  look_at(edited);
  require(edited.id == current.id && edited.user_id == current.user_id &&
              edited.instrument_token == current.instrument_token &&
              edited.broker_connection_id == current.broker_connection_id &&
              edited.status == current.status && edited.fire_no == current.fire_no,
          "an edit moved what it may not");
  require(edited.leg_1.state == model::LegState::armed ||
              (edited.leg_2 && edited.leg_2->state == model::LegState::armed),
          "an edit left nothing armed");
}

void fuzz_connection(const JsonValue& body) {
  if (const auto made = connection_new(body)) require(made->name.has_value(), "it has no name");
  const auto edit = connection_edit(body);
  require(edit || !edit.error().message.empty(), "a refusal without words");
  const auto given = session_given(body);
  require(!given || given->request_token.has_value() != given->access_token.has_value(),
          "a session by two ways, or none");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, text] = base::test::choose(data, size);
  const auto body = read_json(text);
  if (!body) return 0;
  switch (choice % 4) {
    case 0:
      fuzz_new(*body);
      break;
    case 1:
    case 2:
      fuzz_edit(*body, choice % 4 == 1);
      break;
    default:
      fuzz_connection(*body);
  }
  return 0;
}
