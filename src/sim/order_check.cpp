#include "sim/order_check.h"

#include <algorithm>

#include "sim/json.h"

namespace hmt::sim {
namespace {

using model::OrderType;
using model::Side;

constexpr std::size_t tag_length_max = 20;

bool has_price(OrderType type) {
  return type == OrderType::limit || type == OrderType::stop;
}

bool has_trigger(OrderType type) {
  return type == OrderType::stop || type == OrderType::stop_market;
}

Answer<void> check_quantity(const PlaceRequest& terms, const model::Instrument& instrument,
                            const ExchangeRules& rules) {
  if (terms.quantity <= 0) return refuse("Quantity should be greater than zero.");
  if (terms.quantity % instrument.lot_size != 0) {
    return refuse("Quantity should be in multiples of lot size " +
                  std::to_string(instrument.lot_size) + ".");
  }
  const bool equity = instrument.instrument_type == "EQ";
  if (equity && terms.quantity > rules.equity_quantity_max) {
    return refuse("Maximum allowed quantity per order is " +
                  std::to_string(rules.equity_quantity_max) + ".");
  }
  return {};
}

Answer<void> check_price(Price price, const model::Instrument& instrument, const Prices& prices,
                         std::string_view what) {
  if (price.raw() <= 0) return refuse("Invalid " + std::string(what) + ".");
  if (!price.is_multiple_of(instrument.tick_size)) {
    return refuse("Tick size for this script is " + instrument.tick_size.text() +
                  ". Kindly enter " + std::string(what) +
                  " in the multiple of tick size for this script");
  }
  const Price lower = prices.lower_circuit(instrument);
  const Price upper = prices.upper_circuit(instrument);
  const std::string end = ". Place an order within the daily range.";
  if (price < lower) {
    return refuse("Your order price is lower than the current lower circuit limit of " +
                  short_decimal(lower) + end);
  }
  if (price > upper) {
    return refuse("Your order price is higher than the current upper circuit limit of " +
                  short_decimal(upper) + end);
  }
  return {};
}

Answer<void> check_trigger(const PlaceRequest& terms, const model::Instrument& instrument,
                           const Prices& prices) {
  const auto on_grid = check_price(terms.trigger_price, instrument, prices, "trigger price");
  if (!on_grid) return on_grid;
  const Price last = prices.last(instrument);
  if (terms.side == Side::sell && terms.trigger_price >= last) {
    return refuse(
        "Trigger price for stoploss sell orders should be lower than the last traded price");
  }
  if (terms.side == Side::buy && terms.trigger_price <= last) {
    return refuse(
        "Trigger price for stoploss buy orders should be higher than the last traded price");
  }
  return {};
}

}  // namespace

Answer<void> check_terms(const PlaceRequest& terms, const model::Instrument& instrument,
                         const ExchangeRules& rules, const Prices& prices) {
  if (const auto quantity = check_quantity(terms, instrument, rules); !quantity) return quantity;
  if (has_price(terms.type)) {
    const auto price = check_price(terms.price, instrument, prices, "price");
    if (!price) return price;
  }
  return has_trigger(terms.type) ? check_trigger(terms, instrument, prices) : Answer<void>{};
}

Answer<void> check_placement(const PlaceRequest& request, const model::Instrument* instrument,
                             const ExchangeRules& rules, const Prices& prices) {
  if (!instrument || instrument->is_index()) {
    return refuse(
        "The instrument you are placing an order for has either expired or does not exist.");
  }
  if (request.tag.size() > tag_length_max) {
    return refuse("Invalid `tag`. It should be at most 20 characters.");
  }
  const bool market = request.type == OrderType::market || request.type == OrderType::stop_market;
  if (market && rules.require_market_protection && request.market_protection == Price{}) {
    return refuse(
        "Market orders without market protection are not allowed via API. Please set market "
        "protection or use a Limit order.");
  }
  if (const auto terms = check_terms(request, *instrument, rules, prices); !terms) return terms;
  if (!rules.market_open && request.variety != "amo") {
    Refusal closed{.message = "Your order could not be converted to a After Market Order (AMO).",
                   .data = R"({"hints":["switch_to_amo"]})"};
    return std::unexpected(std::move(closed));
  }
  return {};
}

Price protected_price(Price last, Side side, Price percent, Price tick) {
  constexpr std::int64_t automatic_percent = 3;
  const bool automatic = percent.raw() < 0;
  const Price used = automatic ? Price::from_rupees(automatic_percent) : percent;
  // In hundredths of a per cent, so that the product stays far from overflow.
  const std::int64_t basis_points = used.raw() / (Price::one_rupee / 100);
  const std::int64_t away = last.raw() / 10'000 * basis_points;
  const std::int64_t raw = side == Side::buy ? last.raw() + away : last.raw() - away;
  const std::int64_t down = raw - raw % tick.raw();
  const bool round_up = side == Side::sell && down != raw;
  return Price::from_raw(std::max(tick.raw(), round_up ? down + tick.raw() : down));
}

}  // namespace hmt::sim
