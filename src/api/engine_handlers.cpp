#include "api/json_writer.h"
#include "api/routes.h"
#include "api/views.h"

namespace hmt::api {
namespace {

// Start and stop take no body; an empty object does no harm.
std::optional<net::HttpResponse> refuse_body(const Call& call) {
  if (call.incoming.request.body.empty() || call.incoming.request.body == "{}") {
    return std::nullopt;
  }
  return error_answer(400, "invalid", "this request takes no body");
}

runtime::Done<std::string> tell(net::Responder responder) {
  return [responder = std::move(responder)](base::Result<std::string> done) mutable {
    if (!done) return responder.send(error_answer(done.error()));
    ObjectWriter out;
    out.boolean("success", true).text("message", *done);
    responder.send(json_answer(200, out.done()));
  };
}

}  // namespace

net::HttpResponse show_health(Service& service, const Call& call) {
  const auto standing = service.desk.standing();
  if (!call.identity) {
    return json_answer(200, ObjectWriter().text("status", word(standing.status)).done());
  }
  return json_answer(200, health_json(standing, service.desk.configured(), service.config.version,
                                      service.config.build));
}

net::HttpResponse show_stats(Service& service, const Call&) {
  return json_answer(200, stats_json(service.desk.standing()));
}

void start_engine(Service& service, Call call, net::Responder responder) {
  if (auto refusal = refuse_body(call)) return responder.send(std::move(*refusal));
  service.desk.start(call.actor(), tell(std::move(responder)));
}

void stop_engine(Service& service, Call call, net::Responder responder) {
  if (auto refusal = refuse_body(call)) return responder.send(std::move(*refusal));
  service.desk.stop(call.actor(), tell(std::move(responder)));
}

}  // namespace hmt::api
