#include "api/own_connection.h"

namespace hmt::api {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::string_view field = "broker_connection_id";

std::unexpected<base::Error> wrong(std::string message) {
  return base::invalid(std::string(field), std::move(message));
}

}  // namespace

Result<void> choose_connection(Service& service, const Call& call, const JsonValue& body,
                               model::Trigger& trigger) {
  const auto& actor = call.actor();
  if (!actor.user) return {};
  if (body.find(field)) {
    const auto named = service.reader->connection(trigger.broker_connection_id, actor);
    if (named) return {};
    if (named.error().kind != ErrorKind::not_found) return std::unexpected(named.error());
    return wrong("no broker connection of yours has this id: see GET /api/v1/brokers");
  }
  const auto own = service.reader->connections(actor);
  if (!own) return std::unexpected(own.error());
  if (own->empty()) {
    return wrong("you have no broker connection yet: add one with POST /api/v1/brokers");
  }
  if (own->size() > 1) {
    return wrong("you have more than one broker connection: say which, see GET /api/v1/brokers");
  }
  trigger.broker_connection_id = own->front().id;
  return {};
}

}  // namespace hmt::api
