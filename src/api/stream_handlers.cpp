#include <limits>

#include "api/json_writer.h"
#include "api/routes.h"

namespace hmt::api {

net::HttpResponse issue_stream_ticket(Service& service, const Call& call) {
  const auto ticket = service.tickets.issue(*call.identity, service.loop.steady());
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(StreamTickets::lifetime).count();
  ObjectWriter out;
  return json_answer(201, out.text("ticket", ticket).number("expires_in_seconds", seconds).done());
}

void open_stream(Service& service, Call call, net::Responder responder) {
  if (auto ok = call.query_is_only({"ticket", "resume"}); !ok) {
    return responder.send(error_answer(ok.error()));
  }
  const auto after = call.query_number("resume", 0, 0, std::numeric_limits<std::int64_t>::max());
  if (!after) return responder.send(error_answer(after.error()));
  if (auto room = service.streams->room_for(*call.identity); !room) {
    return responder.send(error_answer(429, "too_many_streams", room.error().message));
  }
  const auto resume_after = call.query_value("resume") ? std::optional(*after) : std::nullopt;
  // Taken aside, so that the request can still be refused if the store cannot be read.
  auto refused = responder;
  if (auto opened = service.streams->open(std::move(responder), *call.identity, resume_after);
      !opened) {
    refused.send(error_answer(opened.error()));
  }
}

}  // namespace hmt::api
