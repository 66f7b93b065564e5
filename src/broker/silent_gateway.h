#pragma once
#include "broker/gateway.h"

namespace hmt::broker {

// For tests, benchmarks and the simulated world: a gateway that answers nothing, so that each of
// theirs says only what it does.
class SilentGateway : public OrderGateway {
 public:
  void place(const model::OrderRequest&, std::move_only_function<bool()>, PlaceDone) override {}
  void cancel(const std::string&, Done<std::string>) override {}
  void order_book(Done<std::vector<model::BrokerOrder>>) override {}
  void order_history(const std::string&, Done<std::vector<model::BrokerOrder>>) override {}
  void trades(Done<std::vector<Trade>>) override {}
  void profile(Done<Account>) override {}
  void margins(Done<Margins>) override {}
  void quotes(const std::vector<std::string>&, Done<std::vector<Quote>>) override {}
  void history(model::InstrumentToken, model::Interval, base::Instant, base::Instant,
               Done<std::vector<model::Candle>>) override {}
  void instruments(Done<std::vector<model::Instrument>>) override {}
  void exchange_token(const std::string&, Done<Session>) override {}
  void use_session(const std::string&) override {}
  void warm_up() override {}
};

}  // namespace hmt::broker
