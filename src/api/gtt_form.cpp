#include "api/gtt_form.h"

#include <algorithm>
#include <array>
#include <span>

#include "api/fields.h"

namespace hmt::api {
namespace {

using base::invalid;
using base::Result;
using Kind = JsonValue::Kind;

// ---- writing ours

void add(JsonValue& object, std::string name, JsonValue value) {
  value.name = std::move(name);
  object.members.push_back(std::move(value));
}

JsonValue text_value(std::string_view text) {
  return {.kind = Kind::string, .text = std::string(text)};
}

// ---- reading theirs

// How clients leave something out: Go's sends every member of an order, most of them empty.
bool is_empty(const JsonValue& value) {
  switch (value.kind) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return !value.boolean;
    case Kind::number:
      return value.text.find_first_of("123456789") == std::string::npos;
    case Kind::string:
      return value.text.empty() || value.text.starts_with("0001-01-01T");
    case Kind::array:
      return value.items.empty();
    case Kind::object:
      return value.members.empty();
  }
  return false;
}

std::unexpected<base::Error> missing(std::string_view name) {
  return invalid(std::string(name), "Missing or empty field `" + std::string(name) + "`");
}

Result<const JsonValue*> needed(const JsonValue& object, std::string_view name, Kind kind) {
  const auto* member = object.find(name);
  if (!member || is_empty(*member)) return missing(name);
  if (member->is(kind)) return member;
  const std::string what = kind == Kind::string  ? "text"
                           : kind == Kind::array ? "a list"
                                                 : "a number";
  return invalid(std::string(name), "`" + std::string(name) + "` must be " + what);
}

// What would change the order if HMT did it, and HMT does not, must not pass as if it were done.
Result<void> holds_only(const JsonValue& object, std::span<const std::string_view> known) {
  if (!object.is(Kind::object))
    return invalid("", "`condition` and each of `orders` is one object");
  for (const auto& member : object.members) {
    if (std::ranges::find(known, member.name) != known.end() || is_empty(member)) continue;
    const bool usual = (member.name == "validity" && member.text == "DAY") ||
                       (member.name == "variety" && member.text == "regular");
    if (!usual) return invalid(member.name, "HMT has no `" + member.name + "`: leave it out");
  }
  return {};
}

struct Fields {
  std::string type;
  JsonValue condition;
  JsonValue orders;
};

Result<JsonValue> json_of(const Form& form, std::string_view name) {
  const auto found = std::ranges::find(form, name, &Form::value_type::first);
  if (found == form.end() || found->second.empty()) return missing(name);
  auto read = read_json(found->second);
  if (read) return read;
  return invalid(std::string(name),
                 "`" + std::string(name) + "` is no JSON: " + read.error().message);
}

Result<void> check_names(const Form& form, std::string_view trigger_id) {
  static constexpr auto known =
      std::to_array<std::string_view>({"type", "condition", "orders", "trigger_id"});
  for (const auto& [name, value] : form) {
    if (std::ranges::find(known, name) == known.end()) {
      return invalid(name, "HMT has no `" + name + "`: leave it out");
    }
    if (std::ranges::count(form, name, &Form::value_type::first) > 1) {
      return invalid(name, "`" + name + "` is given twice");
    }
    if (name == "trigger_id" && value != trigger_id) {
      return invalid(name, "`trigger_id` is another than the address's");
    }
  }
  return {};
}

Result<Fields> fields_of(const Form& form, std::string_view trigger_id) {
  if (auto ok = check_names(form, trigger_id); !ok) return std::unexpected(ok.error());
  const auto type = std::ranges::find(form, "type", &Form::value_type::first);
  if (type == form.end() || type->second.empty()) return missing("type");
  auto condition = json_of(form, "condition");
  if (!condition) return std::unexpected(condition.error());
  auto orders = json_of(form, "orders");
  if (!orders) return std::unexpected(orders.error());
  return Fields{type->second, std::move(*condition), std::move(*orders)};
}

// ---- the condition

struct Levels {
  std::vector<JsonValue> values;  // as they were written
  std::vector<base::Price> prices;
  base::Price last;
};

Result<base::Price> price_of(const std::string& name, const JsonValue& value) {
  if (!value.is(Kind::number)) return invalid(name, "`" + name + "` must be a number");
  std::optional<base::Price> out;
  if (auto read = FieldValue{name, value}.price(out); !read) return std::unexpected(read.error());
  return *out;
}

Result<Levels> levels_of(const JsonValue& condition, std::size_t wanted) {
  const auto values = needed(condition, "trigger_values", Kind::array);
  if (!values) return std::unexpected(values.error());
  if ((*values)->items.size() != wanted) {
    return invalid("trigger_values",
                   "`trigger_values` has one value for a single trigger, and two "
                   "for a two-leg");
  }
  Levels out;
  for (const auto& value : (*values)->items) {
    const auto price = price_of("trigger_values", value);
    if (!price) return std::unexpected(price.error());
    out.values.push_back(value);
    out.prices.push_back(*price);
  }
  const auto last = needed(condition, "last_price", Kind::number);
  if (!last) return std::unexpected(last.error());
  const auto price = price_of("last_price", **last);
  if (!price) return std::unexpected(price.error());
  out.last = *price;
  return out;
}

// In Kite's words: which way each value is crossed is told by the last price alone.
Result<void> check_levels(const Levels& levels) {
  const auto refuse = [](const std::string& why) {
    return invalid("trigger_values", "Trigger cannot be created with " + why);
  };
  if (std::ranges::find(levels.prices, levels.last) != levels.prices.end()) {
    return refuse("one of the trigger values equal to the last price.");
  }
  if (levels.prices.size() == 1) return {};
  if (levels.prices[0] > levels.last) {
    return refuse("the first trigger price more than the last price.");
  }
  if (levels.prices[1] < levels.last) {
    return refuse("the second trigger price less than the last price.");
  }
  return {};
}

Result<void> read_instrument(const JsonValue& condition, Gtt& out) {
  static constexpr auto known = std::to_array<std::string_view>(
      {"exchange", "tradingsymbol", "trigger_values", "last_price", "instrument_token"});
  if (auto ok = holds_only(condition, known); !ok) return ok;
  const auto exchange = needed(condition, "exchange", Kind::string);
  if (!exchange) return std::unexpected(exchange.error());
  const auto symbol = needed(condition, "tradingsymbol", Kind::string);
  if (!symbol) return std::unexpected(symbol.error());
  out.exchange = (*exchange)->text;
  out.tradingsymbol = (*symbol)->text;
  const auto* token = condition.find("instrument_token");
  if (token && !is_empty(*token)) out.instrument_token = *token;
  return {};
}

// ---- the orders

// The limit; null for an order at the market.
Result<JsonValue> limit_of(const JsonValue& order) {
  const auto type = needed(order, "order_type", Kind::string);
  if (!type) return std::unexpected(type.error());
  if ((*type)->text == "LIMIT") {
    const auto price = needed(order, "price", Kind::number);
    if (!price) return std::unexpected(price.error());
    return **price;
  }
  if ((*type)->text != "MARKET") return invalid("order_type", "`order_type` is LIMIT or MARKET");
  const auto* price = order.find("price");
  if (price && !is_empty(*price)) return invalid("price", "a MARKET order has no `price`");
  const auto* protection = order.find("market_protection");
  const bool automatic = protection && protection->is(Kind::number) &&
                         (protection->text == "-1" || protection->text == "-1.0");
  if (automatic) return JsonValue{};
  return invalid("market_protection",
                 "HMT's MARKET orders go out with the broker's automatic market protection: send "
                 "`market_protection` -1, or a LIMIT order");
}

Result<void> check_order(const JsonValue& order, const Gtt& gtt) {
  static constexpr auto known =
      std::to_array<std::string_view>({"exchange", "tradingsymbol", "transaction_type", "quantity",
                                       "order_type", "product", "price", "market_protection"});
  if (auto ok = holds_only(order, known); !ok) return ok;
  const auto exchange = needed(order, "exchange", Kind::string);
  if (!exchange) return std::unexpected(exchange.error());
  const auto symbol = needed(order, "tradingsymbol", Kind::string);
  if (!symbol) return std::unexpected(symbol.error());
  if ((*exchange)->text == gtt.exchange && (*symbol)->text == gtt.tradingsymbol) return {};
  return invalid("tradingsymbol", "an order of HMT's is for the instrument of its condition");
}

// One leg of ours: the value and the order that stand at the same place.
Result<void> add_leg(const std::string& n, const JsonValue& value, const JsonValue& order,
                     Gtt& out) {
  if (auto ok = check_order(order, out); !ok) return ok;
  const auto product = needed(order, "product", Kind::string);
  if (!product) return std::unexpected(product.error());
  const auto quantity = needed(order, "quantity", Kind::number);
  if (!quantity) return std::unexpected(quantity.error());
  auto limit = limit_of(order);
  if (!limit) return std::unexpected(limit.error());
  add(out.terms, "product_type_" + n, **product);
  add(out.terms, "trigger_price_" + n, value);
  add(out.terms, "order_price_" + n, std::move(*limit));
  add(out.terms, "quantity_" + n, **quantity);
  return {};
}

Result<std::string> side_of(const JsonValue& orders) {
  std::string out;
  for (const auto& order : orders.items) {
    const auto side = needed(order, "transaction_type", Kind::string);
    if (!side) return std::unexpected(side.error());
    if (!out.empty() && out != (*side)->text) {
      return invalid("transaction_type", "both orders of a two-leg are BUY, or both are SELL");
    }
    out = (*side)->text;
  }
  return out;
}

Result<void> add_legs(const Fields& fields, const Levels& levels, Gtt& out) {
  const auto& orders = fields.orders.items;
  const auto first = out.target_first ? 1U : 0U;
  if (auto ok = add_leg("1", levels.values[first], orders[first], out); !ok) return ok;
  if (orders.size() == 1) return {};
  return add_leg("2", levels.values[1 - first], orders[1 - first], out);
}

}  // namespace

Result<Gtt> read_gtt(const Form& form, std::string_view trigger_id) {
  const auto fields = fields_of(form, trigger_id);
  if (!fields) return std::unexpected(fields.error());
  const bool two_legs = fields->type == "two-leg";
  if (!two_legs && fields->type != "single") return invalid("type", "`type` is single or two-leg");
  const std::size_t wanted = two_legs ? 2 : 1;
  Gtt out;
  out.terms.kind = Kind::object;
  if (auto ok = read_instrument(fields->condition, out); !ok) return std::unexpected(ok.error());
  if (!fields->orders.is(Kind::array) || fields->orders.items.size() != wanted) {
    return invalid("orders", "`orders` is a list with one order for each of `trigger_values`");
  }
  const auto levels = levels_of(fields->condition, wanted);
  if (!levels) return std::unexpected(levels.error());
  if (auto ok = check_levels(*levels); !ok) return std::unexpected(ok.error());
  const auto side = side_of(fields->orders);
  if (!side) return std::unexpected(side.error());
  out.target_first = two_legs && *side == word(model::Side::buy);
  if (!two_legs) {
    out.direction =
        levels->prices[0] < levels->last ? model::Direction::falling : model::Direction::rising;
  }
  add(out.terms, "condition_type", text_value(fields->type));
  add(out.terms, "transaction_type", text_value(*side));
  // The legs of a two-leg have directions of their own, and they are these.
  add(out.terms, "direction",
      out.direction ? text_value(model::word(*out.direction)) : JsonValue{});
  if (auto ok = add_legs(*fields, *levels, out); !ok) return std::unexpected(ok.error());
  return out;
}

JsonValue creation_of(const Gtt& gtt) {
  auto body = gtt.terms;
  add(body, "exchange", text_value(gtt.exchange));
  add(body, "trading_symbol", text_value(gtt.tradingsymbol));
  if (gtt.instrument_token) add(body, "instrument_token", *gtt.instrument_token);
  return body;
}

Result<JsonValue> change_of(const Gtt& gtt, const model::Trigger& current) {
  const bool same = gtt.exchange == word(current.exchange) &&
                    gtt.tradingsymbol == current.trading_symbol &&
                    (!gtt.instrument_token ||
                     gtt.instrument_token->text == std::to_string(current.instrument_token));
  if (!same) {
    return invalid("tradingsymbol",
                   "the instrument of a trigger cannot be changed: delete it and place another");
  }
  // A client's quote, beyond a level that has not fired yet: a stop would become its contrary.
  const bool turns = gtt.direction && current.condition == model::Condition::single &&
                     *gtt.direction != model::direction_of(current, model::LegNumber::one);
  if (!turns) return gtt.terms;
  return invalid("trigger_values",
                 "Trigger already met. By this `last_price` it would be reached from the other "
                 "side: delete it and place another if that is meant");
}

base::Instant gtt_expiry(const model::Instrument* instrument, base::Instant now) {
  using namespace std::chrono;
  const auto local = now + base::ist_offset;
  const auto day = floor<days>(local);
  auto date = year_month_day(day) + years(1);
  if (!date.ok()) date = date.year() / date.month() / last;
  const base::Instant a_year_on = sys_days(date) + (local - day) - base::ist_offset;
  if (!instrument || !instrument->expiry) return a_year_on;
  const base::Instant day_is_over = sys_days(days(instrument->expiry->days + 1)) - base::ist_offset;
  return std::min(a_year_on, day_is_over);
}

}  // namespace hmt::api
