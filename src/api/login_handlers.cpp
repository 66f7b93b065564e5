#include <utility>

#include "api/html.h"
#include "api/json_writer.h"
#include "api/routes.h"
#include "api/writes.h"

namespace hmt::api {
namespace {

using base::Result;

std::string paragraph(std::string_view title, std::string_view text) {
  return "<h1>" + html_escape(title) + "</h1><p>" + html_escape(text) + "</p>";
}

net::HttpResponse page(int status, std::string_view title, const std::string& text) {
  return html_page(status, paragraph(title, text + " You may close this window."));
}

constexpr std::string_view not_logged_in = "Not logged in";

net::HttpResponse unknown_login() {
  return page(400, not_logged_in,
              "This login is not known here: it has been used, or was begun more than 10 minutes "
              "ago. If you have just logged in, look whether your connection is live; otherwise "
              "begin the login again.");
}

net::HttpResponse logged_in(const model::BrokerConnection& row) {
  auto text = "The broker account " + row.account + " is connected";
  if (row.session_expires_at) {
    text += " until " + base::to_broker_time(*row.session_expires_at) + " Indian time";
  }
  return page(200, "Logged in", text + ".");
}

// The broker's words may say anything; what it was sent, they do not say here.
net::HttpResponse refused_login(const base::Error& error, std::string_view request_token) {
  const bool echoes = error.message.find(request_token) != std::string::npos;
  const auto why = echoes ? "The broker did not take the login" : error.message;
  return page(
      error_answer(error).status, not_logged_in,
      why + ". Your triggers stand as they were. Begin the login again when this is mended.");
}

// The one value of a parameter; empty when it is missing, or said twice.
std::string lone_value(const Call& call, std::string_view name) {
  std::string out;
  int times = 0;
  for (const auto& [key, value] : call.query) {
    if (key != name) continue;
    out = value;
    ++times;
  }
  return times == 1 ? out : std::string();
}

}  // namespace

void begin_login(Service& service, Call call, net::Responder responder) {
  if (auto ok = call.query_is_only({}); !ok) return responder.send(error_answer(ok.error()));
  if (auto refusal = refuse_body(call)) return responder.send(std::move(*refusal));
  const auto id = model::ConnectionId::parse(call.parameters.front());
  if (!id)
    return responder.send(
        error_answer(base::Error{base::ErrorKind::invalid, id.error().message, "id"}));
  auto state = service.logins.issue({call.actor(), *id}, service.loop.steady());
  service.desk.login_url(
      *id, state, call.actor(),
      [weak = service.weak_from_this(), state,
       responder = std::move(responder)](const Result<std::string>& url) mutable {
        const auto alive = weak.lock();
        if (!alive) return;
        if (!url) {
          alive->logins.redeem(state, alive->loop.steady());
          return responder.send(error_answer(url.error()));
        }
        ObjectWriter out;
        out.text("login_url", *url);
        out.number("expires_in", LoginStates::lifetime / std::chrono::seconds(1));
        responder.send(json_answer(200, out.done()));
      });
}

// The browser's address holds the request token: nothing of it is shown, kept or written down.
void end_login(Service& service, Call call, net::Responder responder) {
  const auto login = service.logins.redeem(lone_value(call, "state"), service.loop.steady());
  if (!login) return responder.send(unknown_login());
  auto token = lone_value(call, "request_token");
  if (lone_value(call, "status") != "success" || token.empty() || token.size() > 256) {
    return responder.send(
        page(400, not_logged_in, "The broker sent you back without a login. Begin it again."));
  }
  service.desk.log_in(
      login->connection, agent::Secret(token), login->actor,
      [token = agent::Secret(token),
       responder = std::move(responder)](const Result<model::BrokerConnection>& row) mutable {
        responder.send(row ? logged_in(*row) : refused_login(row.error(), token.reveal()));
      });
}

}  // namespace hmt::api
