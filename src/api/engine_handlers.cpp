#include "api/json_writer.h"
#include "api/routes.h"
#include "api/views.h"
#include "api/writes.h"

namespace hmt::api {
namespace {

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
  if (!call.identity) {
    const auto status = service.desk.standing().status;
    return json_answer(200, ObjectWriter().text("status", word(status)).done());
  }
  const auto view = engine_view(service.desk, *service.reader, call.actor());
  return json_answer(200, health_json(view, service.desk.configured(), service.config.version,
                                      service.config.build));
}

net::HttpResponse show_stats(Service& service, const Call& call) {
  return json_answer(200, stats_json(engine_view(service.desk, *service.reader, call.actor())));
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
