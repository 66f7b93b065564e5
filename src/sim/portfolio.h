#pragma once
#include <map>
#include <string>
#include <utility>

#include "sim/orders.h"

namespace hmt::sim {

// What one user has bought and sold of one instrument under one product.
struct Position {
  const model::Instrument* instrument = nullptr;
  model::Product product = model::Product::cnc;
  std::int64_t buy_quantity = 0, sell_quantity = 0;
  Price buy_value, sell_value;

  std::int64_t quantity() const { return buy_quantity - sell_quantity; }
  Price average_buy() const { return average(buy_value, buy_quantity); }
  Price average_sell() const { return average(sell_value, sell_quantity); }
  Price average_open() const { return quantity() > 0 ? average_buy() : average_sell(); }

 private:
  static Price average(Price value, std::int64_t quantity) {
    return quantity == 0 ? Price{} : Price::from_raw(value.raw() / quantity);
  }
};

// A user's positions of the day, and the margin that they and orders block.
class Portfolio {
 public:
  using Key = std::pair<model::InstrumentToken, model::Product>;

  void record(const Trade& trade);
  const std::map<Key, Position>& positions() const { return positions_; }
  std::int64_t quantity(model::InstrumentToken token, model::Product product) const;

  // Blocked by open positions, and what closed ones have earned.
  Price used_margin() const;
  Price realised() const;

  // What an order needs: nothing where it closes a position or sells delivery shares; the whole
  // value for delivery and bought options; a fifth for the rest.
  Price required_margin(const PlaceRequest& terms, const model::Instrument& instrument,
                        Price at) const;

 private:
  std::map<Key, Position> positions_;
};

}  // namespace hmt::sim
