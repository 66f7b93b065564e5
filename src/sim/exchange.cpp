#include "sim/exchange.h"

#include <algorithm>

#include "base/ensure.h"
#include "sim/order_check.h"

namespace hmt::sim {
namespace {

bool is_working(const Order& order) {
  return order.status == "OPEN" || order.status == "TRIGGER PENDING";
}

bool is_waiting_for_market(const Order& order) {
  return order.status == "AMO REQ RECEIVED";
}

LedgerEntry ledger_entry(const Order& order) {
  return {.order_id = order.order_id,
          .user_id = order.user_id,
          .tag = order.terms.tag,
          .exchange = order.terms.exchange,
          .trading_symbol = order.terms.trading_symbol,
          .side = order.terms.side,
          .quantity = order.terms.quantity,
          .accepted_at = order.order_timestamp};
}

void apply(PlaceRequest& terms, const ModifyRequest& change) {
  if (change.type) terms.type = *change.type;
  if (change.quantity) terms.quantity = *change.quantity;
  if (change.disclosed_quantity) terms.disclosed_quantity = *change.disclosed_quantity;
  if (change.price) terms.price = *change.price;
  if (change.trigger_price) terms.trigger_price = *change.trigger_price;
  if (change.validity) terms.validity = *change.validity;
}

}  // namespace

// A snowflake as the broker's own since 2025: milliseconds since 4 November 2010 above 22 bits.
std::string Exchange::new_order_id(Instant now) {
  constexpr std::int64_t epoch_ms = 1'288'834'974'657;
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count();
  const auto number = static_cast<std::uint64_t>(std::max<std::int64_t>(ms - epoch_ms, 0)) << 22;
  last_order_number_ = std::max(number, last_order_number_ + 1);
  return std::to_string(last_order_number_);
}

Answer<Exchange::Record*> Exchange::find(const std::string& order_id) {
  const auto found = by_id_.find(order_id);
  if (found == by_id_.end()) {
    return refuse("Couldn't find that `order_id`.", 404, "OrderException");
  }
  return &records_[found->second];
}

Answer<Exchange::Record*> Exchange::find_own(const std::string& user_id,
                                             const std::string& order_id) {
  auto found = find(order_id);
  if (found && (*found)->order.user_id != user_id) {
    return refuse("Couldn't find that `order_id`.", 404, "OrderException");
  }
  return found;
}

void Exchange::note(Record& record, const char* status, Instant at) {
  record.order.status = status;
  record.order.updated_at = at;
  const bool at_exchange = !record.order.exchange_order_id.empty();
  if (at_exchange && record.order.exchange_timestamp == Instant{}) {
    record.order.exchange_timestamp = at;
  }
  record.history.push_back(record.order);
}

void Exchange::tell(const Record& record) {
  updates_.push_back({record.order, record.order.is_final() ? record.order.status : "UPDATE"});
}

Answer<std::string> Exchange::place(const std::string& user_id, const PlaceRequest& request,
                                    Instant now, std::string reject_message) {
  const auto* instrument = prices_.catalogue().find(request.exchange, request.trading_symbol);
  if (const auto fine = check_placement(request, instrument, rules_, prices_); !fine) {
    return std::unexpected(fine.error());
  }
  User& user = users_[user_id];
  if (rules_.check_margin_at_once) {
    const auto fine = check_means(user, request, *instrument);
    if (!fine) return std::unexpected(fine.error());
  }
  const std::size_t index = records_.size();
  Record& record = records_.emplace_back();
  record.reject_message = std::move(reject_message);
  Order& order = record.order;
  order.user_id = user_id;
  order.order_id = new_order_id(now);
  order.order_timestamp = now;
  order.instrument = instrument;
  order.terms = request;
  order.pending_quantity = request.quantity;
  if (!request.tag.empty()) order.tags.push_back(request.tag);
  by_id_[order.order_id] = index;
  user.orders.push_back(index);
  ledger_.push_back(ledger_entry(order));

  const bool after_market = request.variety == "amo";
  note(record, after_market ? "AMO REQ RECEIVED" : "PUT ORDER REQ RECEIVED", now);
  if (!after_market || rules_.market_open) {
    schedule(record, Step::validate, now + rules_.acceptance_delay / 3);
  }
  return order.order_id;
}

Answer<void> Exchange::modify(const std::string& user_id, const std::string& order_id,
                              const ModifyRequest& request, Instant now) {
  const auto found = find_own(user_id, order_id);
  if (!found) return std::unexpected(found.error());
  Record& record = **found;
  if (!is_working(record.order)) {
    return refuse("Order cannot be modified as it is being processed", 400, "OrderException");
  }
  if (record.modifications >= rules_.modifications_max) {
    return refuse("Maximum allowed order modifications exceeded.", 400, "NetworkException");
  }
  PlaceRequest terms = record.order.terms;
  apply(terms, request);
  if (terms.quantity < record.order.filled_quantity) {
    return refuse("Quantity cannot be less than the filled quantity.");
  }
  const auto fine = check_terms(terms, *record.order.instrument, rules_, prices_);
  if (!fine) return fine;
  ++record.modifications;
  const bool waits = record.order.status == "TRIGGER PENDING";
  note(record, "MODIFY VALIDATION PENDING", now);
  note(record, "MODIFY PENDING", now);
  record.order.terms = terms;
  record.order.modified = true;
  record.order.pending_quantity = terms.quantity - record.order.filled_quantity;
  note(record, "MODIFIED", now);
  const bool has_trigger =
      terms.type == model::OrderType::stop || terms.type == model::OrderType::stop_market;
  note(record, waits && has_trigger ? "TRIGGER PENDING" : "OPEN", now);
  tell(record);
  if (record.order.pending_quantity == 0) {
    end(record, "COMPLETE", "", now);
  } else {
    match(record, now);
  }
  return {};
}

Answer<void> Exchange::cancel(const std::string& user_id, const std::string& order_id,
                              Instant now) {
  const auto found = find_own(user_id, order_id);
  if (!found) return std::unexpected(found.error());
  Record& record = **found;
  if (is_waiting_for_market(record.order)) {
    end(record, "CANCELLED AMO", "", now);
    return {};
  }
  if (!is_working(record.order)) {
    return refuse("Order cannot be cancelled as it is being processed. Try later.", 400,
                  "OrderException");
  }
  note(record, "CANCEL PENDING", now);
  end(record, "CANCELLED", "", now);
  return {};
}

Answer<void> Exchange::force_fill(const std::string& order_id, std::int64_t quantity,
                                  std::optional<Price> price, Instant now) {
  const auto found = find(order_id);
  if (!found) return std::unexpected(found.error());
  Record& record = **found;
  if (quantity <= 0 || quantity > record.order.pending_quantity) {
    return refuse("The quantity is not between 1 and what is pending.");
  }
  if (!is_working(record.order)) return refuse("The order is not at the exchange.");
  fill(record, quantity, price.value_or(prices_.last(*record.order.instrument)), now);
  return {};
}

Answer<void> Exchange::force_end(const std::string& order_id, const std::string& status,
                                 const std::string& message, Instant now) {
  const auto found = find(order_id);
  if (!found) return std::unexpected(found.error());
  if ((*found)->order.is_final()) return refuse("The order is final.");
  end(**found, status == "REJECTED" ? "REJECTED" : "CANCELLED", message, now);
  return {};
}

void Exchange::set_rules(ExchangeRules rules, Instant now) {
  rules_ = rules;
  if (!rules_.market_open) return;
  for (Record& record : records_) {
    if (is_waiting_for_market(record.order) && record.next == Step::none) {
      schedule(record, Step::validate, now);
    }
  }
  advance(now);
}

std::vector<Order> Exchange::orders(const std::string& user_id) const {
  std::vector<Order> out;
  const auto user = users_.find(user_id);
  if (user == users_.end()) return out;
  for (const std::size_t index : user->second.orders) out.push_back(records_[index].order);
  return out;
}

std::vector<Order> Exchange::orders_as_of(const std::string& user_id, Instant at) const {
  std::vector<Order> out;
  const auto user = users_.find(user_id);
  if (user == users_.end()) return out;
  for (const std::size_t index : user->second.orders) {
    const auto& rows = records_[index].history;
    const auto after = std::ranges::upper_bound(rows, at, {}, &Order::updated_at);
    if (after != rows.begin()) out.push_back(*std::prev(after));
  }
  return out;
}

Answer<std::vector<Order>> Exchange::history(const std::string& user_id,
                                             const std::string& order_id) const {
  const auto found = by_id_.find(order_id);
  if (found == by_id_.end() || records_[found->second].order.user_id != user_id) {
    return refuse("Couldn't find that `order_id`.", 404, "OrderException");
  }
  return records_[found->second].history;
}

const std::vector<Trade>& Exchange::trades(const std::string& user_id) const {
  static const std::vector<Trade> none;
  const auto user = users_.find(user_id);
  return user == users_.end() ? none : user->second.trades;
}

const Portfolio& Exchange::portfolio(const std::string& user_id) const {
  static const Portfolio none;
  const auto user = users_.find(user_id);
  return user == users_.end() ? none : user->second.portfolio;
}

bool Exchange::has_working_orders(const model::Instrument& instrument) const {
  return working_.contains(instrument.token);
}

std::vector<InstrumentToken> Exchange::traded_tokens() const {
  std::vector<InstrumentToken> out;
  for (const auto& [token, records] : working_) out.push_back(token);
  return out;
}

Price Exchange::blocked(const User& user) const {
  Price sum;
  for (const std::size_t index : user.orders) {
    const Order& order = records_[index].order;
    if (!records_[index].accepted || order.is_final()) continue;
    PlaceRequest rest = order.terms;
    rest.quantity = order.pending_quantity;
    const Price at = rest.price > Price{} ? rest.price : prices_.last(*order.instrument);
    sum = sum + user.portfolio.required_margin(rest, *order.instrument, at);
  }
  return sum;
}

Exchange::Funds Exchange::funds(const std::string& user_id) const {
  const auto found = users_.find(user_id);
  if (found == users_.end()) return {};
  const User& user = found->second;
  const Price used = user.portfolio.used_margin() + blocked(user);
  const Price realised = user.portfolio.realised();
  return {user.cash, user.cash + realised - used, used, realised};
}

}  // namespace hmt::sim
