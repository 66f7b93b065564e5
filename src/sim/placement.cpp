#include "sim/placement.h"

#include "sim/json.h"
#include "sim/order_form.h"

namespace hmt::sim {
namespace {

constexpr base::Duration late_by = std::chrono::seconds(3);
constexpr std::size_t bytes_before_cut = 24;

const Refusal timed_out{
    .message =
        "Order request timed out. Please check the order book and confirm before placing "
        "again."};

const Refusal too_many{429, "NetworkException", "Too many requests"};

const Refusal dead_token{403, "TokenException", "Incorrect `api_key` or `access_token`."};

Answer<std::string> register_order(Call& call, const PlaceRequest& request,
                                   std::string reject_message = {}) {
  auto placed = call.broker.exchange.place(call.account->config.user_id, request, call.broker.now(),
                                           std::move(reject_message));
  call.broker.settle();
  return placed;
}

net::HttpResponse answer_of(const Answer<std::string>& order_id) {
  if (!order_id) return failure(order_id.error());
  JsonWriter out;
  out.begin_object().key("order_id").string(*order_id).end_object();
  return success(out.take());
}

net::HttpResponse gateway_error(const Fault& fault) {
  return html_error(fault.http_status == 0 ? 502 : fault.http_status);
}

void place_late(Call& call, const PlaceRequest& request, const Fault& fault,
                net::Responder responder) {
  const auto delay = fault.delay > base::Duration{} ? fault.delay : late_by;
  call.broker.place_later(call.account->config.user_id, request, delay);
  if (fault.answer == "hang") return responder.leave_hanging();
  if (fault.answer == "timeout_400") return responder.send(failure(timed_out));
  if (fault.answer == "error_5xx") return responder.send(gateway_error(fault));
  responder.reset();
}

Refusal refusal_of(const Fault& fault) {
  return {.http_status = 400,
          .error_type = fault.error_type.empty() ? "InputException" : fault.error_type,
          .message = fault.message.empty() ? "Your order price is lower than the current lower "
                                             "circuit limit of 70.65. Place an order within the "
                                             "daily range."
                                           : fault.message};
}

void place_with(const Fault& fault, Call& call, const PlaceRequest& request,
                net::Responder responder) {
  switch (fault.kind) {
    case FaultKind::accept_then_timeout:
      (void)register_order(call, request);
      return responder.leave_hanging();
    case FaultKind::accept_then_reset:
      (void)register_order(call, request);
      return responder.reset();
    case FaultKind::late_acceptance:
      return place_late(call, request, fault, std::move(responder));
    case FaultKind::timeout_400:
      (void)register_order(call, request);
      return responder.send(failure(timed_out));
    case FaultKind::timeout_400_not_placed:
      return responder.send(failure(timed_out));
    case FaultKind::rate_429:
      return responder.send(failure(too_many));
    case FaultKind::error_5xx_html:
      if (fault.placed.value_or(false)) (void)register_order(call, request);
      return responder.send(gateway_error(fault));
    case FaultKind::truncated_body: {
      const bool placed = fault.placed.value_or(true);
      const auto id = placed ? register_order(call, request) : Answer<std::string>("0");
      return responder.send_truncated(answer_of(id), bytes_before_cut);
    }
    case FaultKind::reject_after_accept: {
      const std::string text = fault.message.empty()
                                   ? "Insufficient funds. Required margin is 95417.84 but "
                                     "available margin is 74251.80. Check the orderbook for open "
                                     "orders."
                                   : fault.message;
      return responder.send(answer_of(register_order(call, request, text)));
    }
    case FaultKind::refuse_400:
      return responder.send(failure(refusal_of(fault)));
    case FaultKind::token_403:
      return responder.send(failure(dead_token));
    default:
      return responder.send(answer_of(register_order(call, request)));
  }
}

}  // namespace

void place_order(Call& call, net::Responder responder) {
  const auto request = read_placement(call.path[1], call.form);
  if (!request) return responder.send(failure(request.error()));
  if (const auto fault = call.broker.faults.take(FaultTarget::placement)) {
    return place_with(*fault, call, *request, std::move(responder));
  }
  responder.send(answer_of(register_order(call, *request)));
}

}  // namespace hmt::sim
