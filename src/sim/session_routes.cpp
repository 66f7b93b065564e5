#include <array>

#include "sim/call.h"
#include "sim/json.h"

namespace hmt::sim {
namespace {

void write_strings(JsonWriter& out, std::initializer_list<std::string_view> all) {
  out.begin_array();
  for (const std::string_view text : all) out.string(text);
  out.end_array();
}

void write_profile(JsonWriter& out, const Account& account) {
  const std::string& name = account.config.user_name;
  out.key("user_id").string(account.config.user_id);
  out.key("user_type").string("individual");
  out.key("email").string("trader@example.com");
  out.key("user_name").string(name);
  out.key("user_shortname").string(name.substr(0, name.find(' ')));
  out.key("broker").string("ZERODHA");
  out.key("exchanges");
  write_strings(out, {"NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX"});
  out.key("products");
  write_strings(out, {"CNC", "NRML", "MIS", "MTF"});
  out.key("order_types");
  write_strings(out, {"MARKET", "LIMIT", "SL", "SL-M"});
  out.key("avatar_url").null();
  out.key("meta").begin_object().key("demat_consent").string("consent").end_object();
}

std::string session_data(const Account& account) {
  JsonWriter out;
  out.begin_object();
  write_profile(out, account);
  out.key("api_key").string(account.config.api_key);
  out.key("access_token").string(account.access_token);
  out.key("public_token").string("public-" + account.config.user_id);
  out.key("enctoken").string("");
  out.key("refresh_token").string("");
  out.key("silo").string("");
  out.key("login_time").string(base::to_broker_time(account.login_time));
  out.end_object();
  return out.take();
}

Answer<std::string> log_in(Call& call) {
  const auto api_key = call.form.required("api_key");
  if (!api_key) return std::unexpected(api_key.error());
  const auto request_token = call.form.required("request_token");
  if (!request_token) return std::unexpected(request_token.error());
  const auto checksum = call.form.required("checksum");
  if (!checksum) return std::unexpected(checksum.error());
  const auto account =
      call.broker.accounts.log_in(*api_key, *request_token, *checksum, call.broker.now());
  if (!account) return std::unexpected(account.error());
  return session_data(**account);
}

Answer<std::string> log_out(Call& call) {
  const std::string key = call.query.text("api_key");
  if (!call.broker.accounts.is_valid(key, call.query.text("access_token"))) {
    return refuse("Incorrect `api_key` or `access_token`.", 403, "TokenException");
  }
  call.broker.accounts.log_out(*call.broker.accounts.by_key(key));
  return "true";
}

net::HttpResponse html(std::string body) {
  return {.status = 200,
          .headers = {{"Content-Type", "text/html; charset=utf-8"}},
          .body = "<!doctype html><title>Simulated broker</title>" + std::move(body)};
}

// Sends the browser back to the app with a fresh request token (kite-protocol 1.2).
net::HttpResponse finish_login(Call& call, Account& account) {
  const std::string token = call.broker.accounts.issue_request_token(account);
  const std::string& back = account.config.redirect_url;
  if (back.empty()) return html("<p>Logged in. Request token: <code>" + token + "</code></p>");
  const char joint = back.find('?') == std::string::npos ? '?' : '&';
  std::string location = back + joint + "request_token=" + token + "&action=login&status=success";
  const std::string extra = call.query.text("redirect_params");
  if (!extra.empty()) location += "&" + extra;
  return {.status = 302, .headers = {{"Location", location}}, .body = {}};
}

void write_segment(JsonWriter& out, const Exchange::Funds& funds) {
  const Price none;
  out.begin_object();
  out.key("enabled").boolean(true);
  out.key("net").price(funds.available);
  out.key("available").begin_object();
  out.key("adhoc_margin").price(none);
  out.key("cash").price(funds.opening);
  out.key("opening_balance").price(funds.opening);
  out.key("live_balance").price(funds.available);
  out.key("collateral").price(none);
  out.key("intraday_payin").price(none);
  out.end_object();
  out.key("utilised").begin_object();
  out.key("debits").price(funds.used);
  out.key("exposure").price(funds.used);
  out.key("m2m_realised").price(funds.realised);
  for (const std::string_view name :
       {"m2m_unrealised", "option_premium", "payout", "span", "holding_sales", "turnover",
        "liquid_collateral", "stock_collateral", "delivery"}) {
    out.key(name).price(none);
  }
  out.end_object();
  out.end_object();
}

// One purse pays for everything: the commodity segment is shown empty.
Answer<std::string> margins(Call& call) {
  const auto funds = call.broker.exchange.funds(call.account->config.user_id);
  const std::string segment = call.path.size() == 3 ? call.path[2] : std::string();
  JsonWriter out;
  if (segment == "equity") {
    write_segment(out, funds);
  } else if (segment == "commodity") {
    write_segment(out, {});
  } else if (segment.empty()) {
    out.begin_object().key("equity");
    write_segment(out, funds);
    out.key("commodity");
    write_segment(out, {});
    out.end_object();
  } else {
    return std::unexpected(not_found());
  }
  return out.take();
}

}  // namespace

net::HttpResponse session_route(Call& call) {
  if (call.path.size() != 2 || call.path[1] != "token") return failure(not_found());
  if (call.method == "POST") return reply(log_in(call));
  if (call.method == "DELETE") return reply(log_out(call));
  return failure(wrong_method());
}

net::HttpResponse login_page(Call& call) {
  if (call.path.size() != 2) return failure(not_found());
  Account* account = call.broker.accounts.by_key(call.query.text("api_key"));
  if (!account) return failure({403, "TokenException", "Invalid `api_key`."});
  if (call.path[1] == "finish") return finish_login(call, *account);
  if (call.path[1] != "login") return failure(not_found());
  const std::string extra = net::percent_encode(call.query.text("redirect_params"));
  return html("<h1>Simulated broker</h1><p><a href=\"finish?api_key=" +
              net::percent_encode(account->config.api_key) + "&amp;redirect_params=" + extra +
              "\">Log in as " + account->config.user_id + "</a></p>");
}

net::HttpResponse user_route(Call& call) {
  if (call.method != "GET") return failure(wrong_method());
  const bool profile = call.path.size() >= 2 && call.path[1] == "profile";
  if (profile) {
    JsonWriter out;
    out.begin_object();
    write_profile(out, *call.account);
    out.end_object();
    return success(out.take());
  }
  if (call.path.size() >= 2 && call.path[1] == "margins") return reply(margins(call));
  return failure(not_found());
}

}  // namespace hmt::sim
