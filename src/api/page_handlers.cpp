#include "api/json_writer.h"
#include "api/openapi.h"
#include "api/routes.h"
#include "api/secret.h"

namespace hmt::api {
namespace {

constexpr std::string_view style =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}"
    "strong{font-size:1.25rem}";

std::string page(std::string_view status) {
  std::string out =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\">"
      "<meta http-equiv=\"refresh\" content=\"5\"><title>HMT</title><style>";
  out.append(style).append("</style></head><body><h1>HMT trigger engine</h1><p>Engine: <strong>");
  out.append(status);
  out +=
      "</strong></p><p>Triggers are watched on this host: this page may be closed. The rest is "
      "behind sign-in, with <code>Authorization: Bearer TOKEN</code>; "
      "<a href=\"/api/v1/openapi.json\">the API document</a> tells all of it.</p></body></html>";
  return out;
}

}  // namespace

// Whoever sees this page has not signed in: it shows the status and nothing else.
net::HttpResponse show_status_page(Service& service, const Call&) {
  static const std::string policy =
      "default-src 'none'; style-src 'sha256-" + sha256_base64(style) +
      "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return {200,
          {{"Content-Type", "text/html; charset=utf-8"},
           {"Cache-Control", "no-store"},
           {"Content-Security-Policy", policy},
           {"X-Content-Type-Options", "nosniff"},
           {"Referrer-Policy", "no-referrer"},
           {"Cross-Origin-Opener-Policy", "same-origin"},
           {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"}},
          page(word(service.desk.standing().status))};
}

net::HttpResponse show_openapi(Service&, const Call&) {
  return json_answer(200, std::string(openapi_json()));
}

net::HttpResponse show_metrics(Service& service, const Call&) {
  auto answer = json_answer(200, service.config.metrics_text ? service.config.metrics_text() : "");
  answer.headers.front().second = "text/plain; version=0.0.4; charset=utf-8";
  return answer;
}

net::HttpResponse show_session(Service& service, const Call& call) {
  const auto& identity = *call.identity;
  ObjectWriter out;
  out.text("actor", identity.actor.name).text("user_id", identity.owner().text());
  out.boolean("operator", identity.is_operator()).instant("expires_at", identity.expires_at);
  out.text("version", service.config.version).text("build", service.config.build);
  return json_answer(200, out.boolean("simulated", service.desk.configured().simulated).done());
}

}  // namespace hmt::api
