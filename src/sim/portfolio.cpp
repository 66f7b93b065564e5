#include "sim/portfolio.h"

#include <algorithm>
#include <cstdlib>

namespace hmt::sim {
namespace {

using model::Product;
using model::Side;

bool needs_whole_value(Product product, const model::Instrument& instrument, Side side) {
  const bool bought_option = side == Side::buy && (instrument.instrument_type == "CE" ||
                                                   instrument.instrument_type == "PE");
  return product == Product::cnc || bought_option;
}

Price margin_of(Product product, const model::Instrument& instrument, Side side,
                std::int64_t quantity, Price at) {
  if (product == Product::cnc && side == Side::sell) return {};
  const Price value = at * quantity;
  return needs_whole_value(product, instrument, side) ? value : Price::from_raw(value.raw() / 5);
}

}  // namespace

void Portfolio::record(const Trade& trade) {
  Position& at = positions_[{trade.instrument->token, trade.product}];
  at.instrument = trade.instrument;
  at.product = trade.product;
  const Price value = trade.price * trade.quantity;
  if (trade.side == Side::buy) {
    at.buy_quantity += trade.quantity;
    at.buy_value = at.buy_value + value;
  } else {
    at.sell_quantity += trade.quantity;
    at.sell_value = at.sell_value + value;
  }
}

std::int64_t Portfolio::quantity(model::InstrumentToken token, Product product) const {
  const auto found = positions_.find({token, product});
  return found == positions_.end() ? 0 : found->second.quantity();
}

Price Portfolio::used_margin() const {
  Price sum;
  for (const auto& [key, at] : positions_) {
    const Side side = at.quantity() > 0 ? Side::buy : Side::sell;
    sum = sum +
          margin_of(at.product, *at.instrument, side, std::abs(at.quantity()), at.average_open());
  }
  return sum;
}

Price Portfolio::realised() const {
  Price sum;
  for (const auto& [key, at] : positions_) {
    const std::int64_t closed = std::min(at.buy_quantity, at.sell_quantity);
    sum = sum + (at.average_sell() - at.average_buy()) * closed;
  }
  return sum;
}

Price Portfolio::required_margin(const PlaceRequest& terms, const model::Instrument& instrument,
                                 Price at) const {
  const std::int64_t held = quantity(instrument.token, terms.product);
  const bool against = terms.side == Side::buy ? held < 0 : held > 0;
  const std::int64_t closing = against ? std::min(std::abs(held), terms.quantity) : 0;
  return margin_of(terms.product, instrument, terms.side, terms.quantity - closing, at);
}

}  // namespace hmt::sim
