#include <set>

#include "api/test_server.h"

// Every route, asked by every kind of caller about their own, another's and nobody's trigger or
// broker connection. A route without a row here fails.
namespace hmt::api::test {
namespace {

using base::ErrorKind;

struct Row {
  std::string method, pattern;
  int nobody;    // without a credential
  int stranger;  // with one that does not hold
  int early;     // with one that cannot be judged yet
  int own;       // a user, about what is theirs
  int others;    // a user, about what is another's
  int random;    // a user, about what is not there
  int operators;
};

const std::string engine = "/functions/v1/hmt-trigger-engine/";
const std::string trigger = "/api/v1/triggers/{id}";
const std::string broker = "/api/v1/brokers/{id}";
const std::string gtts = "/gtt/triggers";
const std::string gtt = gtts + "/{id}";
const std::string broker_callback = "/api/v1/brokers/callback";

const std::vector<Row> rows = {
    {"GET", "/", 200, 200, 200, 200, 200, 200, 200},
    {"GET", "/api/v1/openapi.json", 200, 200, 200, 200, 200, 200, 200},
    {"GET", engine + "health", 200, 401, 503, 200, 200, 200, 200},
    {"GET", engine + "stats", 401, 401, 503, 200, 200, 200, 200},
    {"POST", engine + "start", 401, 401, 503, 403, 403, 403, 200},
    {"POST", engine + "stop", 401, 401, 503, 403, 403, 403, 200},
    {"GET", "/metrics", 401, 401, 503, 403, 403, 403, 200},
    {"GET", "/api/v1/sign-in", 200, 200, 200, 200, 200, 200, 200},
    {"GET", "/api/v1/session", 401, 401, 503, 200, 200, 200, 200},
    {"GET", "/api/v1/triggers", 401, 401, 503, 200, 200, 200, 200},
    {"POST", "/api/v1/triggers", 401, 401, 503, 201, 201, 201, 403},
    {"GET", trigger, 401, 401, 503, 200, 404, 404, 200},
    {"PATCH", trigger, 401, 401, 503, 200, 404, 404, 200},
    {"DELETE", trigger, 401, 401, 503, 200, 404, 404, 200},
    {"GET", trigger + "/attempts", 401, 401, 503, 200, 404, 404, 200},
    {"GET", trigger + "/why", 401, 401, 503, 200, 404, 404, 200},
    // Before connections are added: a Kite client cannot say which one it means.
    {"GET", gtts, 403, 403, 503, 200, 200, 200, 200},
    {"POST", gtts, 403, 403, 503, 200, 200, 200, 403},
    {"GET", gtt, 403, 403, 503, 200, 404, 404, 200},
    {"PUT", gtt, 403, 403, 503, 200, 404, 404, 200},
    {"DELETE", gtt, 403, 403, 503, 200, 404, 404, 200},
    {"GET", "/api/v1/brokers", 401, 401, 503, 200, 200, 200, 200},
    {"POST", "/api/v1/brokers", 401, 401, 503, 201, 201, 201, 403},
    {"GET", broker, 401, 401, 503, 200, 404, 404, 200},
    {"PATCH", broker, 401, 401, 503, 200, 404, 404, 200},
    {"POST", broker + "/login", 401, 401, 503, 200, 404, 404, 200},
    {"POST", broker + "/session", 401, 401, 503, 200, 404, 404, 200},
    {"DELETE", broker, 401, 401, 503, 200, 404, 404, 200},
    // Without a state, which is the only thing that counts there, it is a page that says so.
    {"GET", broker_callback, 400, 400, 400, 400, 400, 400, 400},
    {"GET", "/api/v1/orders", 401, 401, 503, 200, 200, 200, 200},
    {"GET", "/api/v1/audit", 401, 401, 503, 200, 200, 200, 200},
    {"GET", "/api/v1/instruments", 401, 401, 503, 200, 200, 200, 200},
    {"GET", "/api/v1/instruments/{token}/candles", 401, 401, 503, 200, 200, 200, 200},
    {"GET", "/api/v1/performance", 401, 401, 503, 200, 200, 200, 200},
    {"POST", "/api/v1/stream-ticket", 401, 401, 503, 201, 201, 201, 201},
    {"GET", "/api/v1/stream", 401, 401, 503, 101, 101, 101, 101},
};

class MatrixApi : public ServerTest {
 protected:
  MatrixApi() {
    begin_anew();
    connect(owner.text(), owners_connection);
    connect(other.text(), "eeeeeeee-0a49-4e58-9c77-0123456789ab");
  }

  // A server that has not counted wrong credentials yet.
  void begin_anew() {
    auto with = config();
    with.authenticator = std::make_unique<UserTokens>(
        [this](std::string_view credential) { return whose(credential); },
        agent::Secret("operator-key-of-the-tests"));
    restart(std::move(with));
  }

  base::Result<SignedIn> whose(std::string_view credential) {
    const auto until = static_cast<net::Loop&>(loop).now() + 1h;
    if (credential == "owner") return SignedIn{owner, until};
    if (credential == "other") return SignedIn{other, until};
    if (credential == "early") return base::fail(ErrorKind::unavailable, "ask again");
    return base::fail(ErrorKind::refused, "nobody's");
  }

  // As a Kite client says who it is.
  net::Headers as_kite(const std::string& who) const {
    net::Headers out = {{"Content-Type", "application/x-www-form-urlencoded"}};
    const auto key = who == "owner" ? owner.text() : who == "other" ? other.text() : "hmt";
    if (!who.empty()) out.emplace_back("Authorization", "token " + key + ":" + who);
    return out;
  }

  static net::Headers as(const std::string& who) {
    net::Headers out = {{"Content-Type", "application/json"}, {"If-Match", "\"1\""}};
    if (!who.empty()) out.emplace_back("Authorization", "Bearer " + who);
    return out;
  }

  // What the route answers `who` about the trigger `id`.
  int status(const Row& row, const std::string& who, const std::string& id) {
    auto target = row.pattern;
    if (target.starts_with(gtts)) {
      if (const auto at = target.find("{id}"); at != std::string::npos) {
        target.replace(at, 4, number_of(id));
      }
      return ask(row.method, target, as_kite(who), body_of(row)).status;
    }
    if (const auto at = target.find("{id}"); at != std::string::npos) target.replace(at, 4, id);
    if (const auto at = target.find("{token}"); at != std::string::npos) {
      target.replace(at, 7, std::to_string(infy));
    }
    if (target == "/api/v1/instruments") target += "?q=INFY";
    if (target == "/api/v1/audit") target += "?trigger_id=" + id;
    if (target == "/api/v1/stream") return upgrade_status(target, who);
    return ask(row.method, target, as(who), body_of(row)).status;
  }
  static std::string body_of(const Row& row) {
    const bool is_broker = row.pattern.starts_with("/api/v1/brokers");
    if (row.method == "PUT" || (row.method == "POST" && row.pattern == gtts)) return gtt_body();
    if (row.method == "PATCH") return is_broker ? R"({"name":"new"})" : R"({"quantity_1":11})";
    if (row.method != "POST") return {};
    if (row.pattern == "/api/v1/triggers") return stop_loss();
    if (row.pattern == "/api/v1/brokers") return R"({"name":"n","api_key":"k"})";
    if (row.pattern.ends_with("/session")) return R"({"access_token":"t"})";
    return {};
  }
  // The number that Kite's clients know the trigger by; nobody's for an id that is nobody's.
  std::string number_of(const std::string& id) {
    const auto number = database->writer().reader()->number_of(*model::TriggerId::parse(id), {});
    return std::to_string(number.value_or(1'000'000));
  }
  int upgrade_status(const std::string& target, const std::string& who) {
    auto request = "GET " + target +
                   " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    if (!who.empty()) request += "Authorization: Bearer " + who + "\r\n";
    const auto answer = raw(request + "\r\n");
    return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
  }

  static std::string gtt_body() {
    return net::to_form(
        {{"type", "single"},
         {"condition",
          R"({"exchange":"NSE","tradingsymbol":"INFY","trigger_values":[1490],"last_price":1570})"},
         {"orders",
          R"([{"exchange":"NSE","tradingsymbol":"INFY","transaction_type":"SELL","quantity":3,)"
          R"("order_type":"LIMIT","product":"CNC","price":1489}])"}});
  }

  // Of the owner, and new: what the row before did to another does not matter.
  std::string owners(const Row& row) {
    if (row.pattern.starts_with("/api/v1/brokers")) {
      return connect(owner.text(), next_connection());
    }
    const auto made = ask("POST", "/api/v1/triggers", as("owner"),
                          stop_loss({{"broker_connection_id", "\"" + owners_connection + "\""}}));
    EXPECT_EQ(made.status, 201) << made.text;
    return made.at("id");
  }
  std::string next_connection() {
    auto number = std::to_string(++connections);
    return "c0000000-0a49-4e58-9c77-" + std::string(12 - number.size(), '0') + number;
  }
  const model::UserId owner = *model::UserId::parse("aaaaaaaa-0a49-4e58-9c77-0123456789ab");
  const model::UserId other = *model::UserId::parse("bbbbbbbb-0a49-4e58-9c77-0123456789ab");
  const std::string owners_connection = "dddddddd-0a49-4e58-9c77-0123456789ab";
  int connections = 0;
};

TEST_F(MatrixApi, EveryRouteHasARow) {
  std::set<std::string> told, answered;
  for (const auto& row : rows) told.insert(row.method + ' ' + row.pattern);
  for (const auto& route : routes()) {
    answered.insert(std::string(route.method) + ' ' + std::string(route.pattern));
  }
  EXPECT_EQ(told, answered);
}

TEST_F(MatrixApi, EveryCellIsAsTheTableSays) {
  const std::string random = "cccccccc-0a49-4e58-9c77-0123456789ab";
  for (const auto& row : rows) {
    const auto where = row.method + ' ' + row.pattern;
    EXPECT_EQ(status(row, "", owners(row)), row.nobody) << where << " by nobody";
    EXPECT_EQ(status(row, "stranger", owners(row)), row.stranger) << where << " by a stranger";
    EXPECT_EQ(status(row, "early", owners(row)), row.early) << where << " before the keys";
    EXPECT_EQ(status(row, "other", owners(row)), row.others) << where << " of another";
    EXPECT_EQ(status(row, "other", random), row.random) << where << " of none";
    EXPECT_EQ(status(row, "owner", owners(row)), row.own) << where << " of one's own";
    EXPECT_EQ(status(row, "operator-key-of-the-tests", owners(row)), row.operators)
        << where << " by the operator";
    begin_anew();
  }
}

}  // namespace
}  // namespace hmt::api::test
