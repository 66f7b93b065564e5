#include "api/service.h"

#include <algorithm>
#include <utility>

#include "api/fields.h"
#include "api/gtt_answers.h"
#include "api/pages.h"
#include "api/routes.h"

namespace hmt::api {
namespace {

using base::ErrorKind;
using base::Result;

struct Found {
  const Route* route = nullptr;
  std::vector<std::string> parameters;
  std::string allowed;  // methods of the path, when none of its routes is the method's
};

Found find_route(std::string_view method, std::string_view path) {
  Found found;
  for (const auto& route : routes()) {
    std::vector<std::string> parameters;
    if (!matches(route.pattern, path, parameters)) continue;
    if (route.method == method) {
      found.route = &route;
      found.parameters = std::move(parameters);
      return found;
    }
    if (!found.allowed.empty()) found.allowed += ", ";
    found.allowed += route.method;
  }
  return found;
}

net::HttpResponse no_route(const Found& found) {
  if (found.allowed.empty()) {
    return error_answer(404, "not_found",
                        "there is nothing at this path: see /api/v1/openapi.json");
  }
  auto answer = error_answer(405, "method_not_allowed", "this path takes " + found.allowed);
  answer.headers.emplace_back("Allow", found.allowed);
  return answer;
}

net::HttpResponse locked_out(base::Duration for_time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(for_time).count();
  auto answer = error_answer(429, "locked_out",
                             "too many wrong credentials came from this address: wait " +
                                 std::to_string(seconds) + " seconds");
  answer.headers.emplace_back("Retry-After", std::to_string(seconds));
  return answer;
}

std::optional<net::HttpResponse> page_of(const ApiConfig& config, const net::HttpRequest& request) {
  if (!config.pages) return std::nullopt;
  return answer_page(*config.pages, request, config.password ? config.password->origin : "");
}

std::string ui_build(const ApiConfig& config) {
  return config.pages ? std::string(config.pages->build) : "";
}

net::HttpResponse upgrade_required() {
  auto answer = error_answer(426, "upgrade_required", "this path is a WebSocket");
  answer.headers.emplace_back("Upgrade", "websocket");
  return answer;
}

// Signs the caller in as far as the route asks for it; the answer that refuses them otherwise.
class SignIn {
 public:
  SignIn(Service& service, Access access, Call& call)
      : service_(service), access_(access), call_(call) {}

  std::optional<net::HttpResponse> refusal() {
    if (access_ == Access::open) return std::nullopt;
    const auto* ticket = access_ == Access::stream ? call_.query_value("ticket") : nullptr;
    if (ticket) return by_ticket(*ticket);
    if (access_ == Access::optional && call_.header("Authorization").empty()) return std::nullopt;
    if (access_ == Access::kite) return by_kites_pair();
    return by_headers(call_.incoming.request.headers);
  }

 private:
  std::optional<net::HttpResponse> by_ticket(const std::string& ticket) {
    call_.identity = service_.tickets.redeem(ticket, service_.loop.steady());
    if (call_.identity && !call_.identity->has_ended(service_.loop.now())) return std::nullopt;
    return error_answer(
        401, "unauthorized",
        "the ticket is used up, or older than 30 seconds or than its sign-in: ask for a "
        "new one",
        "ticket");
  }

  std::optional<net::HttpResponse> by_kites_pair() {
    const auto pair = kite_sign_in(call_.incoming.request.headers);
    if (!pair) {
      return error_answer(401, "unauthorized",
                          "sign in with the header \"Authorization: token API_KEY:TOKEN\"");
    }
    const std::string api_key(pair->api_key);
    if (auto refusal = by_headers({{"Authorization", "Bearer " + std::string(pair->token)}})) {
      return refusal;
    }
    if (api_key == kite_api_key(call_.identity->actor.user)) return std::nullopt;
    call_.identity.reset();
    return wrong("the api_key is another's than the token");
  }

  std::optional<net::HttpResponse> by_headers(const net::Headers& headers) {
    auto identity = service_.config.authenticator->authenticate(headers);
    if (!identity) {
      if (identity.error().kind == ErrorKind::unavailable) return error_answer(identity.error());
      if (identity.error().kind == ErrorKind::refused) return wrong(identity.error().message);
      return error_answer(401, "unauthorized", identity.error().message);
    }
    if (access_ == Access::operator_only && !identity->is_operator()) {
      return error_answer(403, "forbidden", "only the operator may do this");
    }
    call_.identity = std::move(*identity);
    return std::nullopt;
  }

  net::HttpResponse wrong(const std::string& message) {
    const auto& peer = call_.incoming.peer;
    const auto now = service_.loop.steady();
    if (const auto wait = service_.lock_out.locked_for(peer, now)) return locked_out(*wait);
    service_.lock_out.failed(peer, now);
    return error_answer(401, "unauthorized", message);
  }

  Service& service_;
  Access access_;
  Call& call_;
};

}  // namespace

Service::Service(net::Loop& on, runtime::Desk& of, std::unique_ptr<store::Reader> from,
                 ApiConfig with)
    : loop(on),
      desk(of),
      reader(std::move(from)),
      config(std::move(with)),
      many_users(config.authenticator != nullptr),
      door{config.allowed_hosts, config.allowed_origins},
      streams(std::make_shared<StreamHub>(loop, desk, *reader, config.build, ui_build(config))) {
  if (!config.authenticator) {
    config.authenticator = std::make_unique<AdminToken>(std::exchange(config.admin_token, {}));
  }
}

void Service::take(net::Incoming incoming, net::Responder responder) {
  const auto& request = incoming.request;
  const auto path = request.target.substr(0, request.target.find('?'));
  const auto refuse = [&responder, kites = is_kites(path)](net::HttpResponse refusal) {
    responder.send(kites ? in_kites_words(std::move(refusal)) : std::move(refusal));
  };
  if (auto refusal = refuse_host(door, request)) return refuse(std::move(*refusal));
  if (auto page = page_of(config, request)) return responder.send(std::move(*page));
  auto found = find_route(request.method, path);
  if (!found.route) return refuse(no_route(found));
  if (found.route->access != Access::open) {
    if (auto refusal = refuse_origin(door, request)) return refuse(std::move(*refusal));
  }
  if (found.route->access == Access::stream && !incoming.wants_web_socket) {
    return refuse(upgrade_required());
  }
  const auto query = path.size() == request.target.size()
                         ? std::string_view{}
                         : std::string_view(request.target).substr(path.size() + 1);
  auto fields = net::parse_form(query);
  if (!fields) return refuse(error_answer(400, "invalid", fields.error().message));

  Call call{std::move(incoming), std::move(*fields), std::move(found.parameters), {}};
  if (auto refusal = SignIn(*this, found.route->access, call).refusal()) {
    return refuse(std::move(*refusal));
  }
  if (const auto* now = std::get_if<AnswerNow>(&found.route->handle)) {
    return responder.send((*now)(*this, call));
  }
  std::get<AnswerLater>(found.route->handle)(*this, std::move(call), std::move(responder));
}

std::string_view Call::path() const {
  const std::string_view target = incoming.request.target;
  return target.substr(0, target.find('?'));
}

std::string_view Call::header(std::string_view name) const {
  return net::header(incoming.request.headers, name);
}

Result<void> Call::query_is_only(std::initializer_list<std::string_view> known) const {
  for (const auto& [name, value] : query) {
    if (std::ranges::find(known, name) == known.end()) {
      return base::invalid(name, "there is no such query parameter here");
    }
    if (query_value(name) != &value) return base::invalid(name, name + " is given twice");
  }
  return {};
}

const std::string* Call::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<std::int64_t> Call::query_number(std::string_view name, std::int64_t otherwise,
                                        std::int64_t min, std::int64_t max) const {
  const auto* value = query_value(name);
  if (!value) return otherwise;
  const auto number = whole_number(*value, min, max);
  if (number) return *number;
  return base::invalid(std::string(name), std::string(name) + " is a whole number from " +
                                              std::to_string(min) + " to " + std::to_string(max));
}

Result<model::TriggerId> Call::trigger_id() const {
  auto id = model::TriggerId::parse(parameters.front());
  if (!id) return base::invalid("id", id.error().message);
  return id;
}

}  // namespace hmt::api
