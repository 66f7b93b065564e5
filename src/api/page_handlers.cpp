#include "api/html.h"
#include "api/json_writer.h"
#include "api/openapi.h"
#include "api/routes.h"

namespace hmt::api {
namespace {

constexpr int refresh_seconds = 5;

}  // namespace

// Of a program without screens. Whoever sees this page has not signed in: it shows the status and
// nothing else.
net::HttpResponse show_status_page(Service& service, const Call&) {
  return html_page(
      200,
      "<h1>HMT trigger engine</h1><p>Engine: <strong>" +
          html_escape(word(service.desk.standing().status)) +
          "</strong></p><p>Triggers are watched on this host: this page may be closed. The rest is "
          "behind sign-in, with <code>Authorization: Bearer TOKEN</code>; "
          "<a href=\"/api/v1/openapi.json\">the API document</a> tells all of it.</p>",
      refresh_seconds);
}

net::HttpResponse show_openapi(Service&, const Call&) {
  return json_answer(200, std::string(openapi_json()));
}

net::HttpResponse show_metrics(Service& service, const Call&) {
  auto answer = json_answer(200, service.config.metrics_text ? service.config.metrics_text() : "");
  answer.headers.front().second = "text/plain; version=0.0.4; charset=utf-8";
  return answer;
}

// Open, so it says what a sign-in page has to know and nothing of anybody's.
net::HttpResponse show_sign_in(Service& service, const Call&) {
  const auto& config = service.config;
  ObjectWriter out;
  out.text("mode", service.many_users ? "jwt" : "token");
  out.text("version", config.version).text("build", config.build);
  if (config.pages) {
    out.text("ui", config.pages->build);
  } else {
    out.null("ui");
  }
  out.boolean("simulated", service.desk.configured().simulated);
  out.text("status", word(service.desk.standing().status));
  if (!config.password) return json_answer(200, out.null("password").done());
  ObjectWriter password;
  password.text("url", config.password->url).text("key", config.password->key);
  return json_answer(200, out.raw("password", password.done()).done());
}

net::HttpResponse show_session(Service& service, const Call& call) {
  const auto& identity = *call.identity;
  ObjectWriter out;
  out.text("actor", identity.actor.name).text("user_id", identity.owner().text());
  out.boolean("operator", identity.is_operator()).instant("expires_at", identity.expires_at);
  out.text("kite_api_key", kite_api_key(identity.actor.user));
  out.text("version", service.config.version).text("build", service.config.build);
  return json_answer(200, out.boolean("simulated", service.desk.configured().simulated).done());
}

}  // namespace hmt::api
