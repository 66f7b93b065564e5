#include "api/broker_views.h"

#include "api/json_writer.h"

namespace hmt::api {

std::string_view session_word(const model::BrokerConnection& connection, base::Instant now) {
  if (connection.access_token.empty()) return "none";
  const auto& until = connection.session_expires_at;
  return until && *until <= now ? "expired" : "live";
}

std::string broker_json(const model::BrokerConnection& connection,
                        const runtime::ConnectionStanding& standing, base::Instant now) {
  ObjectWriter out;
  out.text("id", connection.id.text()).text("user_id", connection.user_id.text());
  out.text("name", connection.name).text("broker", connection.broker);
  out.text_or_null("account", connection.account).boolean("enabled", connection.enabled);
  out.boolean("has_api_key", !connection.api_key.empty());
  out.boolean("has_api_secret", !connection.api_secret.empty());
  out.text("session", session_word(connection, now));
  out.instant("session_expires_at", connection.session_expires_at);
  out.boolean("live", standing.live).text_or_null("why_not_live", standing.why_not);
  out.number("version", connection.version);
  out.instant("created_at", connection.created_at).instant("updated_at", connection.updated_at);
  return out.done();
}

}  // namespace hmt::api
