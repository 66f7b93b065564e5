#include <algorithm>

#include "api/commands.h"
#include "api/gtt_form.h"
#include "api/gtt_views.h"
#include "base/test_fuzz.h"
#include "net/http.h"

// Any body of a Kite client. What our own door takes of it is shown to the client as the same
// values and orders: read again, they are the same trigger.
namespace {

using namespace hmt;
using namespace hmt::api;
using base::test::require;

const base::Instant now{std::chrono::seconds(1'795'000'000)};

const model::Catalogue& catalogue() {
  static const auto made = [] {
    model::Instrument infy;
    infy.token = 408065;
    infy.exchange = model::Exchange::nse;
    infy.trading_symbol = "INFY";
    infy.tick_size = base::Price::from_paise(5);
    infy.lot_size = 1;
    auto pair = infy;
    pair.token = 412 << 8 | 3;
    pair.exchange = model::Exchange::cds;
    pair.trading_symbol = "USDINR26DECFUT";
    pair.tick_size = base::Price::from_raw(25'000);
    return model::Catalogue({infy, pair});
  }();
  return made;
}

const std::string& value_of(const Form& form, std::string_view name) {
  return std::ranges::find(form, name, &Form::value_type::first)->second;
}

std::string written(const JsonValue& value) {
  using Kind = JsonValue::Kind;
  if (value.is(Kind::string)) return "\"" + value.text + "\"";
  if (value.is(Kind::null)) return "null";
  std::string out;
  const bool is_list = value.is(Kind::array);
  if (!is_list && !value.is(Kind::object)) return value.text;
  for (const auto& item : is_list ? value.items : value.members) {
    if (!out.empty()) out += ",";
    if (!is_list) out += "\"" + item.name + "\":";
    out += written(item);
  }
  return is_list ? "[" + out + "]" : "{" + out + "}";
}

// As a client sends again what it was shown.
Form shown(const model::Trigger& trigger, base::Price last) {
  const auto gtt = read_json(gtt_json({7, trigger, {}, last, false}));
  require(gtt.has_value(), "what is shown is no JSON");
  return {{"type", gtt->find("type")->text},
          {"condition", written(*gtt->find("condition"))},
          {"orders", written(*gtt->find("orders"))}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto form = net::parse_form(body);
  if (!form) return 0;
  const auto gtt = read_gtt(*form, "7");
  if (!gtt) {
    require(!gtt.error().message.empty(), "a refusal without words");
    return 0;
  }
  const auto draft = draft_new(creation_of(*gtt), catalogue(), now);
  if (!draft) return 0;
  require(!draft->fire_if_crossed, "a Kite client cannot ask for a level that is reached");
  const auto condition = read_json(value_of(*form, "condition"));
  const auto last = base::Price::parse(condition->find("last_price")->text);
  require(!crossed_field(draft->trigger, nullptr, *last), "a level is behind the last price");
  const auto again = read_gtt(shown(draft->trigger, *last), "");
  require(again.has_value(), "what was shown is not taken");
  const auto same = draft_new(creation_of(*again), catalogue(), now);
  require(same && same->trigger == draft->trigger, "what was shown is another trigger");
  return 0;
}
