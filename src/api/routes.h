#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/service.h"
#include "net/http_server.h"

// Every request that we answer, as data: the tests hold this table against openapi.json.
namespace hmt::api {

enum class Access : std::uint8_t {
  open,           // no sign-in; a credential is not looked at
  optional,       // no sign-in needed, more is shown with it
  user,           // signed in
  operator_only,  // signed in as the operator
  stream,         // a WebSocket: signed in, or with a stream ticket
  kite,           // signed in as Kite's clients do, and answered in Kite's words
};

using AnswerNow = net::HttpResponse (*)(Service&, const Call&);
using AnswerLater = void (*)(Service&, Call, net::Responder);

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/api/v1/triggers/{id}"
  Access access;
  std::variant<AnswerNow, AnswerLater> handle;
};

std::span<const Route> routes();

// Whether `path` is what `pattern` describes; then `parameters` holds what stands for its names.
bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& parameters);

// The handlers, by subject.
net::HttpResponse show_status_page(Service&, const Call&);
net::HttpResponse show_openapi(Service&, const Call&);
net::HttpResponse show_metrics(Service&, const Call&);
net::HttpResponse show_sign_in(Service&, const Call&);
net::HttpResponse show_session(Service&, const Call&);

net::HttpResponse show_health(Service&, const Call&);
net::HttpResponse show_stats(Service&, const Call&);
void start_engine(Service&, Call, net::Responder);
void stop_engine(Service&, Call, net::Responder);

net::HttpResponse list_triggers(Service&, const Call&);
net::HttpResponse show_trigger(Service&, const Call&);
net::HttpResponse list_attempts(Service&, const Call&);
void explain_trigger(Service&, Call, net::Responder);
net::HttpResponse show_performance(Service&, const Call&);
void show_candles(Service&, Call, net::Responder);
void create_trigger(Service&, Call, net::Responder);
void edit_trigger(Service&, Call, net::Responder);
void cancel_trigger(Service&, Call, net::Responder);

net::HttpResponse list_brokers(Service&, const Call&);
net::HttpResponse show_broker(Service&, const Call&);
void add_broker(Service&, Call, net::Responder);
void edit_broker(Service&, Call, net::Responder);
void remove_broker(Service&, Call, net::Responder);
void give_session(Service&, Call, net::Responder);
void begin_login(Service&, Call, net::Responder);
void end_login(Service&, Call, net::Responder);

net::HttpResponse list_orders(Service&, const Call&);
net::HttpResponse list_audit(Service&, const Call&);
net::HttpResponse search_instruments(Service&, const Call&);

void place_gtt(Service&, Call, net::Responder);
net::HttpResponse list_gtts(Service&, const Call&);
net::HttpResponse show_gtt(Service&, const Call&);
void modify_gtt(Service&, Call, net::Responder);
void delete_gtt(Service&, Call, net::Responder);

net::HttpResponse issue_stream_ticket(Service&, const Call&);
void open_stream(Service&, Call, net::Responder);

}  // namespace hmt::api
