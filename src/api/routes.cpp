#include "api/routes.h"

#include <array>

namespace hmt::api {
namespace {

constexpr auto table = std::to_array<Route>({
    {"GET", "/", Access::open, show_status_page},
    {"GET", "/metrics", Access::operator_only, show_metrics},
    {"GET", "/functions/v1/hmt-trigger-engine/health", Access::optional, show_health},
    {"GET", "/functions/v1/hmt-trigger-engine/stats", Access::user, show_stats},
    {"POST", "/functions/v1/hmt-trigger-engine/start", Access::operator_only, start_engine},
    {"POST", "/functions/v1/hmt-trigger-engine/stop", Access::operator_only, stop_engine},
    {"GET", "/api/v1/openapi.json", Access::open, show_openapi},
    {"GET", "/api/v1/sign-in", Access::open, show_sign_in},
    {"GET", "/api/v1/session", Access::user, show_session},
    {"GET", "/api/v1/triggers", Access::user, list_triggers},
    {"POST", "/api/v1/triggers", Access::user, create_trigger},
    {"GET", "/api/v1/triggers/{id}", Access::user, show_trigger},
    {"PATCH", "/api/v1/triggers/{id}", Access::user, edit_trigger},
    {"DELETE", "/api/v1/triggers/{id}", Access::user, cancel_trigger},
    {"GET", "/api/v1/triggers/{id}/attempts", Access::user, list_attempts},
    {"GET", "/api/v1/triggers/{id}/why", Access::user, explain_trigger},
    {"GET", "/api/v1/brokers", Access::user, list_brokers},
    {"POST", "/api/v1/brokers", Access::user, add_broker},
    {"GET", "/api/v1/brokers/callback", Access::open, end_login},
    {"GET", "/api/v1/brokers/{id}", Access::user, show_broker},
    {"PATCH", "/api/v1/brokers/{id}", Access::user, edit_broker},
    {"DELETE", "/api/v1/brokers/{id}", Access::user, remove_broker},
    {"POST", "/api/v1/brokers/{id}/login", Access::user, begin_login},
    {"POST", "/api/v1/brokers/{id}/session", Access::user, give_session},
    {"GET", "/api/v1/orders", Access::user, list_orders},
    {"GET", "/api/v1/audit", Access::user, list_audit},
    {"GET", "/api/v1/instruments", Access::user, search_instruments},
    {"GET", "/api/v1/instruments/{token}/candles", Access::user, show_candles},
    {"GET", "/api/v1/performance", Access::user, show_performance},
    {"POST", "/api/v1/stream-ticket", Access::user, issue_stream_ticket},
    {"GET", "/api/v1/stream", Access::stream, open_stream},
    {"GET", "/gtt/triggers", Access::kite, list_gtts},
    {"POST", "/gtt/triggers", Access::kite, place_gtt},
    {"GET", "/gtt/triggers/{id}", Access::kite, show_gtt},
    {"PUT", "/gtt/triggers/{id}", Access::kite, modify_gtt},
    {"DELETE", "/gtt/triggers/{id}", Access::kite, delete_gtt},
});

}  // namespace

std::span<const Route> routes() {
  return table;
}

bool matches(std::string_view pattern, std::string_view path,
             std::vector<std::string>& parameters) {
  parameters.clear();
  while (true) {
    const auto want = pattern.substr(0, pattern.find('/'));
    const auto have = path.substr(0, path.find('/'));
    if (want.starts_with('{')) {
      if (have.empty()) return false;
      parameters.emplace_back(have);
    } else if (want != have) {
      return false;
    }
    const bool pattern_ends = want.size() == pattern.size();
    const bool path_ends = have.size() == path.size();
    if (pattern_ends || path_ends) return pattern_ends && path_ends;
    pattern.remove_prefix(want.size() + 1);
    path.remove_prefix(have.size() + 1);
  }
}

}  // namespace hmt::api
