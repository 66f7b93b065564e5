#pragma once
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/order.h"
#include "world/checks.h"
#include "world/faults.h"
#include "world/timeline.h"

// The broker: what arrives becomes an order or does not, and the order lives its life; whoever
// asked is another matter. Its ledger is the truth that the checks go by.
namespace hmt::world {

class Exchange {
 public:
  Exchange(Timeline& timeline, Chance& chance, Faults& faults, Checks& checks);

  struct Reply {
    model::PlaceAnswer answer;
    base::Duration after{};  // from the arrival
  };
  // A request's bytes arrive.
  Reply arrive(const model::OrderRequest& request);

  // The book as it stands, or as it stood a while ago.
  std::vector<model::BrokerOrder> book(base::Duration staleness = {}) const;
  const std::vector<model::BrokerOrder>& orders() const { return orders_; }

  void on_update(std::function<void(const model::BrokerOrder&)> told) { told_ = std::move(told); }
  void set_price(const std::string& symbol, model::Price last) { last_[symbol] = last; }
  void session_dies() { session_good_ = false; }
  void session_lives() { session_good_ = true; }
  bool session_good() const { return session_good_; }

 private:
  std::string accept(const model::OrderRequest& request);
  void live(std::size_t index);
  void change(std::size_t index, const std::string& status, model::Quantity filled);
  bool over_the_rate();

  Timeline& timeline_;
  Chance& chance_;
  Faults& faults_;
  Checks& checks_;
  std::function<void(const model::BrokerOrder&)> told_;
  std::vector<model::BrokerOrder> orders_;
  struct Moment {
    base::Duration at;
    std::size_t index;
    model::BrokerOrder order;
  };
  std::deque<Moment> moments_;  // of the last minute, for books that are stale
  std::map<std::string, model::Price> last_;
  std::deque<base::Duration> arrivals_;  // of the last second
  bool session_good_ = true;
};

inline constexpr const char* account_name = "AB1234";

}  // namespace hmt::world
