#include "oms/request.h"

#include <algorithm>

namespace hmt::oms {

model::OrderRequest request_for(const model::Trigger& trigger, model::LegNumber leg_number,
                                model::OrderTag tag) {
  const auto& leg = trigger.leg(leg_number);
  model::OrderRequest request;
  request.exchange = trigger.exchange;
  request.trading_symbol = trigger.trading_symbol;
  request.side = trigger.side;
  request.type = leg.order_price ? model::OrderType::limit : model::OrderType::market;
  request.product = leg.product;
  request.quantity = leg.quantity;
  request.price = leg.order_price;
  request.market_protection = !leg.order_price;
  request.tag = std::move(tag);
  return request;
}

base::Duration retry_delay(base::Duration base, int retry) {
  const auto longest = std::max<base::Duration>(base, retry_delay_max);
  auto delay = std::max(base, base::Duration{});
  for (int i = 1; i < retry && delay < longest && delay > base::Duration{}; ++i) {
    delay = delay > longest / 2 ? longest : delay * 2;
  }
  return delay;
}

}  // namespace hmt::oms
