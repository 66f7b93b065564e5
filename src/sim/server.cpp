#include "sim/server.h"

#include "net/http_server.h"
#include "sim/broker.h"
#include "sim/control.h"
#include "sim/rest.h"
#include "sim/ticker.h"

namespace hmt::sim {

struct Server::State {
  State(net::Loop& loop, SimConfig config)
      : broker(loop, std::move(config)),
        ticker(broker),
        rest(broker, ticker),
        http(loop, {}, [this](net::Incoming incoming, net::Responder responder) {
          rest.handle(std::move(incoming), std::move(responder));
        }) {}

  Broker broker;
  Ticker ticker;
  Rest rest;
  net::HttpServer http;  // last: it goes first, and with it every call of the handler
};

Server::Server(net::Loop& loop, SimConfig config)
    : state_(std::make_unique<State>(loop, std::move(config))) {}

Server::~Server() = default;

base::Result<std::string> Server::listen(const std::string& address) {
  auto bound = state_->http.listen(address);
  if (bound) state_->broker.start();
  return bound;
}

void Server::close() {
  state_->http.stop_accepting();
  state_->http.close_all();
}

base::Result<void> Server::set_price(const std::string& instrument, Price price) {
  return state_->broker.set_prices({{instrument, price}});
}

void Server::set_faults(std::vector<Fault> faults) {
  apply_faults(std::move(faults), state_->broker, state_->ticker);
}

const std::vector<LedgerEntry>& Server::ledger() const {
  return state_->broker.exchange.ledger();
}

void Server::pause_ticker() {
  state_->ticker.pause(std::nullopt);
}

void Server::resume_ticker() {
  state_->ticker.resume();
}

void Server::drop_sockets() {
  state_->ticker.drop_all();
}

void Server::expire_tokens() {
  state_->broker.accounts.expire_all();
}

void Server::set_market_open(bool open) {
  ExchangeRules rules = state_->broker.exchange.rules();
  rules.market_open = open;
  state_->broker.exchange.set_rules(rules, state_->broker.now());
  state_->broker.settle();
}

}  // namespace hmt::sim
