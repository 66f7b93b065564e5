#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/config.h"
#include "sim/orders.h"
#include "sim/portfolio.h"
#include "sim/prices.h"
#include "sim/refusal.h"

namespace hmt::sim {

// The order book of one simulated day: registers, matches against the last traded price, and keeps
// what really happened. Time is passed in, never goes back, and nothing happens on its own: call
// `advance` at `next_due`. Pure.
class Exchange {
 public:
  Exchange(ExchangeRules rules, const Prices& prices) : rules_(rules), prices_(prices) {}

  const ExchangeRules& rules() const { return rules_; }
  void set_rules(ExchangeRules rules, Instant now);  // opening the market sends waiting AMOs

  void add_user(const std::string& user_id, Price cash) { users_[user_id].cash = cash; }

  // Registers an order and returns its id. `reject_message` not empty: it is REJECTED with that
  // text after acceptance. Errors: the broker's own refusals; then nothing is registered.
  Answer<std::string> place(const std::string& user_id, const PlaceRequest& request, Instant now,
                            std::string reject_message = {});
  Answer<void> modify(const std::string& user_id, const std::string& order_id,
                      const ModifyRequest& request, Instant now);
  Answer<void> cancel(const std::string& user_id, const std::string& order_id, Instant now);

  // What a test makes the exchange do with an order that is not final. Errors: as above.
  Answer<void> force_fill(const std::string& order_id, std::int64_t quantity,
                          std::optional<Price> price, Instant now);
  Answer<void> force_end(const std::string& order_id, const std::string& status,
                         const std::string& message, Instant now);  // REJECTED or CANCELLED

  // Does what is due until `now`; matches after a trade.
  void advance(Instant now);
  void on_trade(const model::Instrument& instrument, Instant now);
  std::optional<Instant> next_due() const;

  // Since the last call, in order.
  std::vector<OrderUpdate> take_updates() { return std::exchange(updates_, {}); }

  std::vector<Order> orders(const std::string& user_id) const;
  std::vector<Order> orders_as_of(const std::string& user_id, Instant at) const;  // a stale book
  Answer<std::vector<Order>> history(const std::string& user_id, const std::string& order_id) const;
  const std::vector<Trade>& trades(const std::string& user_id) const;
  const Portfolio& portfolio(const std::string& user_id) const;
  const std::vector<LedgerEntry>& ledger() const { return ledger_; }
  bool has_working_orders(const model::Instrument& instrument) const;
  std::vector<InstrumentToken> traded_tokens() const;  // with a working order

  struct Funds {
    Price opening, available, used, realised;
  };
  Funds funds(const std::string& user_id) const;

 private:
  enum class Step : std::uint8_t { none, validate, send, open, fill };
  struct Record {
    Order order;
    std::vector<Order> history;
    std::string reject_message;
    Step next = Step::none;
    Instant due{};
    bool accepted = false;  // by the risk checks: from here on it blocks margin
    int modifications = 0;
  };
  struct User {
    Price cash;
    Portfolio portfolio;
    std::vector<std::size_t> orders;
    std::vector<Trade> trades;
  };
  struct Due {
    Instant at{};
    std::uint64_t sequence = 0;
    std::size_t record = 0;
    bool operator>(const Due& other) const {
      return std::pair(at, sequence) > std::pair(other.at, other.sequence);
    }
  };

  std::string new_order_id(Instant now);
  Answer<Record*> find(const std::string& order_id);
  Answer<Record*> find_own(const std::string& user_id, const std::string& order_id);
  std::size_t index_of(const Record& record) const;
  void note(Record& record, const char* status, Instant at);
  void tell(const Record& record);
  void schedule(Record& record, Step step, Instant at);

  void run(Record& record, Instant at);
  void validate(Record& record, Instant at);
  void open(Record& record, Instant at);
  void trigger_if_reached(Record& record, Instant at);
  void match(Record& record, Instant at);
  void fill(Record& record, std::int64_t quantity, Price price, Instant at);
  void end(Record& record, const char* status, const std::string& message, Instant at);
  bool is_marketable(const Record& record) const;
  void protect(Record& record);
  Answer<void> check_means(const User& user, const PlaceRequest& terms,
                           const model::Instrument& instrument) const;
  Price blocked(const User& user) const;

  ExchangeRules rules_;
  const Prices& prices_;
  std::deque<Record> records_;
  std::unordered_map<std::string, std::size_t> by_id_;
  std::map<std::string, User> users_;
  std::map<InstrumentToken, std::vector<std::size_t>> working_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::uint64_t sequence_ = 0;
  std::uint64_t last_order_number_ = 0;
  std::int64_t trades_made_ = 0;
  std::vector<OrderUpdate> updates_;
  std::vector<LedgerEntry> ledger_;
};

}  // namespace hmt::sim
