#include "world/exchange.h"

#include <chrono>
#include <utility>

namespace hmt::world {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t orders_a_second_max = 10;

model::PlaceAnswer answered(int status, std::string type, std::string message) {
  model::PlaceAnswer out;
  out.transport = model::Transport::answered;
  out.well_formed = true;
  out.http_status = status;
  out.error_type = std::move(type);
  out.message = std::move(message);
  return out;
}

model::PlaceAnswer broken(const char* message) {
  model::PlaceAnswer out;
  out.transport = model::Transport::broken;
  out.message = message;
  return out;
}

model::PlaceAnswer not_whole(int status) {
  auto out = answered(status, "", "");
  out.well_formed = false;
  return out;
}

}  // namespace

Exchange::Exchange(Timeline& timeline, Chance& chance, Faults& faults, Checks& checks)
    : timeline_(timeline), chance_(chance), faults_(faults), checks_(checks) {}

bool Exchange::over_the_rate() {
  const auto now = timeline_.steady();
  while (!arrivals_.empty() && now - arrivals_.front() >= seconds(1)) arrivals_.pop_front();
  arrivals_.push_back(now);
  return arrivals_.size() > orders_a_second_max;
}

Exchange::Reply Exchange::arrive(const model::OrderRequest& request) {
  const auto usual = chance_.between(milliseconds(3), milliseconds(120));
  if (!session_good_ || faults_.strikes(Fault::session_403, 3'000)) {
    return {answered(403, "TokenException", "Incorrect `api_key` or `access_token`."), usual};
  }
  if (over_the_rate() || faults_.strikes(Fault::too_many_429, 10'000)) {
    return {answered(429, "NetworkException", "Too many requests"), usual};
  }
  if (faults_.strikes(Fault::refused_400, 10'000)) {
    return {answered(400, "MarginException", "Insufficient funds"), usual};
  }
  if (faults_.strikes(Fault::timeout_400_not_placed, 10'000)) {
    return {answered(400, "OrderException", "The order request timed out"), usual};
  }
  if (faults_.strikes(Fault::error_5xx_not_placed, 10'000)) {
    return {answered(502, "GeneralException", "Bad gateway"), usual};
  }
  if (faults_.strikes(Fault::truncated_not_placed, 5'000)) return {not_whole(200), usual};
  if (faults_.strikes(Fault::late_placement, 15'000)) {
    const auto late = chance_.between(seconds(1), seconds(90));
    timeline_.after(late, [this, request] { accept(request); });
    if (chance_.one_in(2)) {
      return {answered(400, "OrderException", "The order request timed out"), usual};
    }
    return {broken("no answer in 30 s"), seconds(30)};
  }
  const auto id = accept(request);
  if (faults_.strikes(Fault::timeout_400_placed, 10'000)) {
    return {answered(400, "OrderException", "The order request timed out"), usual};
  }
  if (faults_.strikes(Fault::error_5xx_placed, 10'000)) {
    return {answered(500, "GeneralException", "Something went wrong"), usual};
  }
  if (faults_.strikes(Fault::truncated_placed, 5'000)) return {not_whole(200), usual};
  if (faults_.strikes(Fault::reply_lost, 15'000)) {
    const auto wait = chance_.one_in(2) ? usual : base::Duration(seconds(30));
    return {broken("the connection broke"), wait};
  }
  auto answer = answered(200, "", "");
  answer.order_id = id;
  return {answer, usual};
}

std::string Exchange::accept(const model::OrderRequest& request) {
  checks_.accepted(request);
  model::BrokerOrder order;
  order.order_id = "ORDER-" + std::to_string(orders_.size() + 1);
  order.tag = request.tag;
  order.status = "PUT ORDER REQ RECEIVED";
  order.account = account_name;
  order.exchange = request.exchange;
  order.trading_symbol = request.trading_symbol;
  order.side = request.side;
  order.product = request.product;
  order.quantity = request.quantity;
  order.pending_quantity = request.quantity;
  order.order_time = timeline_.now();
  orders_.push_back(order);
  const auto index = orders_.size() - 1;
  moments_.push_back({timeline_.steady(), index, order});
  timeline_.after(chance_.between(milliseconds(5), milliseconds(400)),
                  [this, index] { live(index); });
  return order.order_id;
}

// Validated, then open, then it ends in one of the ways that orders end.
void Exchange::live(std::size_t index) {
  if (faults_.strikes(Fault::rejected_later, 60'000)) {
    orders_[index].status_message = "RMS: margin exceeds the limit";
    change(index, "REJECTED", 0);
    return;
  }
  change(index, "OPEN", 0);
  const auto quantity = orders_[index].quantity;
  auto at = chance_.between(milliseconds(20), seconds(20));
  model::Quantity filled = 0;
  if (quantity > 1 && faults_.strikes(Fault::partly_filled, 200'000)) {
    filled = chance_.between(1, quantity - 1);
    timeline_.after(at, [this, index, filled] { change(index, "OPEN", filled); });
    at += chance_.between(milliseconds(20), seconds(60));
  }
  if (faults_.strikes(Fault::cancelled_at_broker, 40'000)) {
    timeline_.after(at, [this, index, filled] { change(index, "CANCELLED", filled); });
  } else {
    timeline_.after(at, [this, index, quantity] { change(index, "COMPLETE", quantity); });
  }
}

void Exchange::change(std::size_t index, const std::string& status, model::Quantity filled) {
  auto& order = orders_[index];
  order.status = status;
  order.filled_quantity = filled;
  order.pending_quantity = order.quantity - filled;
  if (status == "CANCELLED") order.cancelled_quantity = std::exchange(order.pending_quantity, 0);
  if (filled > 0) order.average_price = last_[order.trading_symbol];
  checks_.trace(order.order_id + status + std::to_string(filled));
  const auto now = timeline_.steady();
  moments_.push_back({now, index, order});
  while (now - moments_.front().at > std::chrono::minutes(1)) moments_.pop_front();
  if (told_) told_(order);
}

std::vector<model::BrokerOrder> Exchange::book(base::Duration staleness) const {
  if (staleness == base::Duration{}) return orders_;
  // Undone from the newest: of what changed since, the state before is the last one that is older.
  const auto then = timeline_.steady() - staleness;
  auto out = orders_;
  std::vector<bool> known(out.size());
  std::vector<bool> exists(out.size(), true);
  for (auto moment = moments_.rbegin(); moment != moments_.rend(); ++moment) {
    if (known[moment->index]) continue;
    if (moment->at <= then) {
      out[moment->index] = moment->order;
      known[moment->index] = true;
    } else if (moment->order.status == "PUT ORDER REQ RECEIVED") {
      exists[moment->index] = false;
    }
  }
  std::vector<model::BrokerOrder> shown;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (exists[i]) shown.push_back(out[i]);
  }
  return shown;
}

}  // namespace hmt::world
