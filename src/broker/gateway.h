#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/candle.h"
#include "model/instrument.h"
#include "model/order.h"
#include "model/tick.h"

// The port to a venue. Every call answers once, on the thread of the loop that the adapter was
// built on.
namespace hmt::broker {

template <class T>
using Done = std::move_only_function<void(base::Result<T>)>;
using PlaceDone = std::move_only_function<void(model::PlaceAnswer)>;

struct Account {
  std::string user_id;
  std::string user_name;
  std::vector<std::string> exchanges;
};

// Free cash and what is in use, as the broker reports them; exact decimals.
struct Margins {
  model::Price equity_net;
  model::Price commodity_net;
};

struct Quote {
  std::string instrument;  // as asked for: "NSE:INFY"
  model::InstrumentToken token = 0;
  model::Price last_price;
  std::optional<model::Price> lower_circuit;
  std::optional<model::Price> upper_circuit;
};

// One fill.
struct Trade {
  std::string trade_id;
  std::string order_id;
  std::string trading_symbol;
  model::Side side = model::Side::buy;
  model::Quantity quantity = 0;
  model::Price price;
  std::optional<base::Instant> filled_at;
};

struct Session {
  std::string user_id;
  std::string access_token;  // a secret
};

class OrderGateway {
 public:
  virtual ~OrderGateway() = default;

  // At most one request leaves for one call, on a connection that has carried none before.
  // `last_check` runs immediately before its first byte; false: nothing is sent
  // (Transport::not_sent).
  virtual void place(const model::OrderRequest& request, std::move_only_function<bool()> last_check,
                     PlaceDone done) = 0;
  virtual void cancel(const std::string& order_id, Done<std::string> done) = 0;

  // Requests without effect. A failed one proves nothing.
  virtual void order_book(Done<std::vector<model::BrokerOrder>> done) = 0;
  virtual void order_history(const std::string& order_id,
                             Done<std::vector<model::BrokerOrder>> done) = 0;
  virtual void trades(Done<std::vector<Trade>> done) = 0;  // the day's fills
  virtual void profile(Done<Account> done) = 0;
  virtual void margins(Done<Margins> done) = 0;
  virtual void quotes(const std::vector<std::string>& instruments,
                      Done<std::vector<Quote>> done) = 0;
  // Past prices, oldest first; at most 60 days of minutes, 100 of five minutes, 200 of fifteen and
  // 2,000 of days.
  virtual void history(model::InstrumentToken token, model::Interval interval, base::Instant from,
                       base::Instant until, Done<std::vector<model::Candle>> done) = 0;
  virtual void instruments(Done<std::vector<model::Instrument>> done) = 0;

  // Makes a session out of the request token that the login page gave. Errors: refused,
  // unavailable.
  virtual void exchange_token(const std::string& request_token, Done<Session> done) = 0;

  // The session that later calls use.
  virtual void use_session(const std::string& access_token) = 0;

  // Opens what `place` would otherwise wait for.
  virtual void warm_up() = 0;
};

}  // namespace hmt::broker
