#include <utility>

#include "api/broker_commands.h"
#include "api/broker_views.h"
#include "api/json_writer.h"
#include "api/routes.h"
#include "api/secret.h"
#include "api/writes.h"

namespace hmt::api {
namespace {

using base::ErrorKind;
using base::Result;
using model::BrokerConnection;
using model::ConnectionId;

constexpr std::size_t connections_of_user_max = 20;

net::HttpResponse refusal(const base::Error& error) {
  if (error.kind == ErrorKind::conflict && error.field == "status") {
    return error_answer(409, "in_use", error.message);
  }
  return error_answer(error);
}

net::HttpResponse broker_answer(const Service& service, int status, const BrokerConnection& row) {
  auto answer = json_answer(
      status, broker_json(row, service.desk.connection_standing(row.id), service.loop.now()));
  answer.headers.emplace_back("ETag", "\"" + std::to_string(row.version) + "\"");
  if (status == 201) answer.headers.emplace_back("Location", "/api/v1/brokers/" + row.id.text());
  return answer;
}

runtime::Done<BrokerConnection> answer_with(Service& service, int status,
                                            net::Responder responder) {
  return [weak = service.weak_from_this(), status,
          responder = std::move(responder)](Result<BrokerConnection> row) mutable {
    const auto alive = weak.lock();
    if (!alive) return;
    responder.send(row ? broker_answer(*alive, status, *row) : refusal(row.error()));
  };
}

// A repeated creation is known by its id, which is made of the key, in the first half, and of the
// body, in the second. Nothing has to be kept for it, and no secret can be read out of it.
struct KeyedId {
  ConnectionId id;

  KeyedId(const store::Actor& actor, const std::string& key, const std::string& body) {
    const auto of_key = sha256(actor.name + '\n' + key);
    const auto of_body = sha256(actor.name + '\n' + key + '\n' + body);
    std::array<std::uint8_t, 16> bytes;
    std::copy_n(of_key.begin(), 8, bytes.begin());
    std::copy_n(of_body.begin(), 8, bytes.begin() + 8);
    id = {base::Uuid::from_random(bytes)};
  }
  bool has_key_of(ConnectionId other) const {
    return std::equal(id.uuid.bytes.begin(), id.uuid.bytes.begin() + 8, other.uuid.bytes.begin());
  }
};

// The connection of an earlier request with this key; nothing: there was none.
OrAnswer<std::optional<BrokerConnection>> earlier(const std::vector<BrokerConnection>& own,
                                                  const KeyedId& keyed) {
  for (const auto& row : own) {
    if (!keyed.has_key_of(row.id)) continue;
    if (row.id == keyed.id) return row;
    return stop_with({ErrorKind::conflict,
                      "this idempotency key was used for another request; take a new key",
                      "Idempotency-Key"});
  }
  return std::nullopt;
}

struct Creation {
  ConnectionId id;
  runtime::ConnectionChange change;
  std::string underway;  // what no second request may have while this one is being written
  std::optional<BrokerConnection> done_before;
};

OrAnswer<Creation> draft_connection(Service& service, const Call& call) {
  if (!call.identity->owns_rows) {
    return std::unexpected(error_answer(403, "forbidden",
                                        "the operator of many users owns no broker connections: "
                                        "sign in as the user whose it shall be"));
  }
  if (auto ok = call.query_is_only({}); !ok) return stop_with(ok.error());
  const auto key = idempotency_key(call);
  if (!key) return stop_with(key.error());
  const auto body = read_body(call);
  if (!body) return std::unexpected(body.error());
  auto change = connection_new(*body);
  if (!change) return stop_with(change.error());
  const auto own = service.reader->connections(call.actor());
  if (!own) return stop_with(own.error());

  Creation out{{random_uuid()}, std::move(*change), {}, {}};
  if (*key) {
    const KeyedId keyed(call.actor(), **key, call.incoming.request.body);
    auto before = earlier(*own, keyed);
    if (!before) return std::unexpected(std::move(before.error()));
    out.id = keyed.id;
    out.underway = call.actor().name + '\n' + **key;
    out.done_before = std::move(*before);
  }
  if (!out.done_before && own->size() >= connections_of_user_max) {
    return stop_with(
        {ErrorKind::exhausted, "20 broker connections are the most: remove one that is not used"});
  }
  return out;
}

Result<ConnectionId> connection_id(const Call& call) {
  auto id = ConnectionId::parse(call.parameters.front());
  if (!id) return base::invalid("id", id.error().message);
  return id;
}

// A DELETE may name the version that it was decided at.
Result<void> check_version(Service& service, const Call& call, ConnectionId id) {
  const auto version = if_match(call);
  if (!version) return std::unexpected(version.error());
  if (!*version) return {};
  const auto row = service.reader->connection(id, call.actor());
  if (!row) return std::unexpected(row.error());
  if (row->version == **version) return {};
  return base::fail(ErrorKind::conflict,
                    "the connection has changed since it was read: it is at version " +
                        std::to_string(row->version),
                    "version");
}

}  // namespace

net::HttpResponse list_brokers(Service& service, const Call& call) {
  if (auto ok = call.query_is_only({}); !ok) return error_answer(ok.error());
  const auto rows = service.reader->connections(call.actor());
  if (!rows) return error_answer(rows.error());
  ArrayWriter list;
  for (const auto& row : *rows) {
    list.add(broker_json(row, service.desk.connection_standing(row.id), service.loop.now()));
  }
  return json_answer(200, ObjectWriter().raw("brokers", list.done()).done());
}

net::HttpResponse show_broker(Service& service, const Call& call) {
  const auto id = connection_id(call);
  if (!id) return error_answer(id.error());
  const auto row = service.reader->connection(*id, call.actor());
  return row ? broker_answer(service, 200, *row) : error_answer(row.error());
}

void add_broker(Service& service, Call call, net::Responder responder) {
  auto creation = draft_connection(service, call);
  if (!creation) return responder.send(std::move(creation.error()));
  if (creation->done_before) {
    auto again = broker_answer(service, 201, *creation->done_before);
    again.headers.emplace_back("Idempotency-Replayed", "true");
    return responder.send(std::move(again));
  }
  const auto underway = creation->underway;
  if (!underway.empty() && !service.connections_underway.insert(underway).second) {
    return responder.send(error_answer(
        503, "unavailable", "the first request with this key is still being written: ask again"));
  }
  service.desk.add_connection(
      creation->id, std::move(creation->change), call.actor(),
      [weak = service.weak_from_this(), underway,
       done = answer_with(service, 201, std::move(responder))](auto row) mutable {
        if (const auto alive = weak.lock()) alive->connections_underway.erase(underway);
        done(std::move(row));
      });
}

void edit_broker(Service& service, Call call, net::Responder responder) {
  if (auto ok = call.query_is_only({}); !ok) return responder.send(error_answer(ok.error()));
  const auto id = connection_id(call);
  if (!id) return responder.send(error_answer(id.error()));
  const auto body = read_body(call);
  if (!body) return responder.send(body.error());
  const auto version = version_of_edit(call, *body);
  if (!version) return responder.send(version.error());
  auto change = connection_edit(*body);
  if (!change) return responder.send(error_answer(change.error()));
  service.desk.change_connection(*id, *version, std::move(*change), call.actor(),
                                 answer_with(service, 200, std::move(responder)));
}

void remove_broker(Service& service, Call call, net::Responder responder) {
  if (auto ok = call.query_is_only({}); !ok) return responder.send(error_answer(ok.error()));
  const auto id = connection_id(call);
  if (!id) return responder.send(error_answer(id.error()));
  if (auto ok = check_version(service, call, *id); !ok) return responder.send(refusal(ok.error()));
  service.desk.remove_connection(
      *id, call.actor(),
      [responder = std::move(responder)](const Result<ConnectionId>& gone) mutable {
        if (!gone) return responder.send(refusal(gone.error()));
        ObjectWriter out;
        out.text("id", gone->text()).boolean("removed", true);
        responder.send(json_answer(200, out.done()));
      });
}

void give_session(Service& service, Call call, net::Responder responder) {
  if (auto ok = call.query_is_only({}); !ok) return responder.send(error_answer(ok.error()));
  const auto id = connection_id(call);
  if (!id) return responder.send(error_answer(id.error()));
  const auto body = read_body(call);
  if (!body) return responder.send(body.error());
  auto given = session_given(*body);
  if (!given) return responder.send(error_answer(given.error()));
  auto done = answer_with(service, 200, std::move(responder));
  if (given->request_token) {
    return service.desk.log_in(*id, std::move(*given->request_token), call.actor(),
                               std::move(done));
  }
  service.desk.use_access_token(*id, std::move(*given->access_token), call.actor(),
                                std::move(done));
}

}  // namespace hmt::api
