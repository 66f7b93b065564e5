#pragma once
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/answer.h"
#include "api/auth.h"
#include "api/door.h"
#include "api/json_value.h"
#include "api/login_states.h"
#include "api/server.h"
#include "api/stream.h"
#include "net/http_server.h"

// What the handlers of requests work with.
namespace hmt::api {

struct Service : std::enable_shared_from_this<Service> {
  net::Loop& loop;
  runtime::Desk& desk;
  std::unique_ptr<store::Reader> reader;
  ApiConfig config;
  bool many_users;
  Door door;
  LockOut lock_out;
  StreamTickets tickets;
  LoginStates logins;
  std::set<std::string> connections_underway;  // "<actor>\n<key>" of creations being written
  std::shared_ptr<StreamHub> streams;

  Service(net::Loop& on, runtime::Desk& of, std::unique_ptr<store::Reader> from, ApiConfig with);
  void take(net::Incoming incoming, net::Responder responder);
};

// One request that has come through the door.
struct Call {
  net::Incoming incoming;
  std::vector<std::pair<std::string, std::string>> query;
  std::vector<std::string> parameters;  // of the path's pattern, in order
  std::optional<Identity> identity;     // present whenever the route needs sign-in

  const store::Actor& actor() const { return identity->actor; }
  std::string_view path() const;
  std::string_view header(std::string_view name) const;

  // Errors: invalid, naming a query parameter that is not among `known` or comes twice.
  base::Result<void> query_is_only(std::initializer_list<std::string_view> known) const;
  // Null when it is not given.
  const std::string* query_value(std::string_view name) const;
  base::Result<std::int64_t> query_number(std::string_view name, std::int64_t otherwise,
                                          std::int64_t min, std::int64_t max) const;
  base::Result<model::TriggerId> trigger_id() const;  // the first parameter
};

}  // namespace hmt::api
