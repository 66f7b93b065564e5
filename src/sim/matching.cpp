#include <algorithm>

#include "base/ensure.h"
#include "sim/exchange.h"
#include "sim/json.h"
#include "sim/order_check.h"

namespace hmt::sim {
namespace {

using model::OrderType;
using model::Side;

std::string two_decimals(Price price) {
  const std::string text = price.text();
  return text.substr(0, text.find('.') + 3);
}

bool has_trigger(OrderType type) {
  return type == OrderType::stop || type == OrderType::stop_market;
}

}  // namespace

std::size_t Exchange::index_of(const Record& record) const {
  return by_id_.at(record.order.order_id);
}

void Exchange::schedule(Record& record, Step step, Instant at) {
  record.next = step;
  record.due = at;
  due_.push({at, ++sequence_, index_of(record)});
}

std::optional<Instant> Exchange::next_due() const {
  if (due_.empty()) return std::nullopt;
  return due_.top().at;
}

void Exchange::advance(Instant now) {
  while (!due_.empty() && due_.top().at <= now) {
    const Due due = due_.top();
    due_.pop();
    Record& record = records_[due.record];
    // What ended or was scheduled anew in the meantime leaves its old entry behind.
    if (record.next == Step::none || record.due != due.at) continue;
    run(record, due.at);
  }
}

void Exchange::run(Record& record, Instant at) {
  const base::Duration step = rules_.acceptance_delay / 3;
  switch (std::exchange(record.next, Step::none)) {
    case Step::none:
      return;
    case Step::validate:
      note(record, "VALIDATION PENDING", at);
      validate(record, at + step);
      return;
    case Step::send:
      record.order.exchange_order_id = std::to_string(1'100'000'000'000'000 + index_of(record));
      note(record, "OPEN PENDING", at);
      schedule(record, Step::open, at + step);
      return;
    case Step::open:
      open(record, at);
      return;
    case Step::fill:
      if (!is_marketable(record)) return;
      const std::int64_t pending = record.order.pending_quantity;
      const std::int64_t most = rules_.fill_quantity_max;
      fill(record, most > 0 ? std::min(most, pending) : pending,
           prices_.last(*record.order.instrument), at);
      return;
  }
}

Answer<void> Exchange::check_means(const User& user, const PlaceRequest& terms,
                                   const model::Instrument& instrument) const {
  const Price at = terms.price > Price{} ? terms.price : prices_.last(instrument);
  const Price needed = user.portfolio.required_margin(terms, instrument, at);
  const Price available =
      user.cash + user.portfolio.realised() - user.portfolio.used_margin() - blocked(user);
  if (needed > available) {
    Refusal poor{.error_type = "MarginException",
                 .message = "Insufficient funds. Required margin is " + two_decimals(needed) +
                            " but available margin is " + two_decimals(available) +
                            ". Check the orderbook for open orders."};
    poor.raw = "RMS:Margin Exceeds,Required:" + two_decimals(needed) +
               ", Available:" + two_decimals(available) +
               " for entity account-SIM across exchange across segment across product ";
    return std::unexpected(std::move(poor));
  }
  const bool delivery_sale = terms.side == Side::sell && terms.product == model::Product::cnc;
  const std::int64_t held = user.portfolio.quantity(instrument.token, terms.product);
  if (rules_.check_holdings && delivery_sale && held < terms.quantity) {
    return refuse("Insufficient stock holding. Required quantity is " +
                      std::to_string(terms.quantity) + " but available quantity is " +
                      std::to_string(std::max<std::int64_t>(held, 0)) + ".",
                  400, "HoldingException");
  }
  return {};
}

void Exchange::validate(Record& record, Instant at) {
  const User& user = users_[record.order.user_id];
  const auto fine = check_means(user, record.order.terms, *record.order.instrument);
  if (!fine) {
    record.order.status_message_raw = fine.error().raw;
    end(record, "REJECTED", fine.error().message, at);
    return;
  }
  record.accepted = true;
  if (record.order.terms.type == OrderType::market) protect(record);
  schedule(record, Step::send, at);
}

void Exchange::protect(Record& record) {
  PlaceRequest& terms = record.order.terms;
  const Price percent = terms.market_protection;
  if (percent == Price{}) return;
  const model::Instrument& instrument = *record.order.instrument;
  terms.price =
      protected_price(prices_.last(instrument), terms.side, percent, instrument.tick_size);
  terms.type = OrderType::limit;
  record.order.tags.push_back(percent.raw() < 0 ? "mktp" : "mktp:" + two_decimals(percent));
}

void Exchange::open(Record& record, Instant at) {
  if (!record.reject_message.empty()) {
    end(record, "REJECTED", record.reject_message, at);
    return;
  }
  working_[record.order.instrument->token].push_back(index_of(record));
  if (has_trigger(record.order.terms.type)) {
    note(record, "TRIGGER PENDING", at);
    trigger_if_reached(record, at);
  } else {
    note(record, "OPEN", at);
    match(record, at);
  }
}

void Exchange::trigger_if_reached(Record& record, Instant at) {
  const PlaceRequest& terms = record.order.terms;
  const Price last = prices_.last(*record.order.instrument);
  const bool reached =
      terms.side == Side::buy ? last >= terms.trigger_price : last <= terms.trigger_price;
  if (!reached) return;
  if (terms.type == OrderType::stop_market) protect(record);
  note(record, "OPEN", at);
  tell(record);
  match(record, at);
}

bool Exchange::is_marketable(const Record& record) const {
  if (record.order.status != "OPEN") return false;
  const PlaceRequest& terms = record.order.terms;
  if (terms.type == OrderType::market || terms.type == OrderType::stop_market) return true;
  const Price last = prices_.last(*record.order.instrument);
  return terms.side == Side::buy ? last <= terms.price : last >= terms.price;
}

void Exchange::match(Record& record, Instant at) {
  if (record.order.status != "OPEN" || !rules_.auto_fill) return;
  if (is_marketable(record)) {
    if (record.next != Step::fill) schedule(record, Step::fill, at + rules_.fill_delay);
  } else if (record.order.terms.validity == "IOC") {
    end(record, "CANCELLED", "", at);
  }
}

void Exchange::on_trade(const model::Instrument& instrument, Instant now) {
  const auto found = working_.find(instrument.token);
  if (found == working_.end()) return;
  const std::vector<std::size_t> records = found->second;  // a copy: an order may end and leave
  for (const std::size_t index : records) {
    Record& record = records_[index];
    if (record.order.status == "TRIGGER PENDING") {
      trigger_if_reached(record, now);
    } else {
      match(record, now);
    }
  }
  advance(now);
}

void Exchange::fill(Record& record, std::int64_t quantity, Price price, Instant at) {
  Order& order = record.order;
  const Trade trade{.user_id = order.user_id,
                    .trade_id = std::to_string(40'000'000 + ++trades_made_),
                    .order_id = order.order_id,
                    .exchange_order_id = order.exchange_order_id,
                    .instrument = order.instrument,
                    .side = order.terms.side,
                    .product = order.terms.product,
                    .quantity = quantity,
                    .price = price,
                    .at = at};
  User& user = users_[order.user_id];
  user.trades.push_back(trade);
  user.portfolio.record(trade);
  const Price before = order.average_price * order.filled_quantity;
  order.filled_quantity += quantity;
  order.pending_quantity -= quantity;
  order.average_price = Price::from_raw((before + price * quantity).raw() / order.filled_quantity);
  if (order.pending_quantity == 0) {
    end(record, "COMPLETE", "", at);
    return;
  }
  note(record, "OPEN", at);
  tell(record);
  if (order.terms.validity == "IOC") {
    end(record, "CANCELLED", "", at);
  } else {
    match(record, at);
  }
}

void Exchange::end(Record& record, const char* status, const std::string& message, Instant at) {
  Order& order = record.order;
  order.status_message = message;
  if (!message.empty() && order.status_message_raw.empty()) order.status_message_raw = message;
  const std::int64_t left = std::exchange(order.pending_quantity, 0);
  if (std::string_view(status) != "REJECTED") order.cancelled_quantity = left;
  record.next = Step::none;
  note(record, status, at);
  tell(record);
  const auto found = working_.find(order.instrument->token);
  if (found == working_.end()) return;
  std::erase(found->second, index_of(record));
  if (found->second.empty()) working_.erase(found);
}

}  // namespace hmt::sim
