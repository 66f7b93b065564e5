#pragma once
#include <deque>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <string>

#include "api/server.h"
#include "api/test_desk.h"
#include "api/test_document.h"
#include "net/http_client.h"
#include "net/test_peers.h"
#include "sqlite/database.h"

// For tests: the server on a real socket, over a real database, with its clients.
namespace hmt::api::test {

using namespace std::chrono_literals;

inline const std::string token = "an-admin-token-of-the-tests";

struct Answer {
  int status = 0;
  net::Headers headers;
  std::string text;
  JsonValue body;

  std::string header(std::string_view name) const {
    return std::string(net::header(headers, name));
  }
  // The text of a member at the end of a path of names; "null" of a null, "-" when there is none.
  std::string at(std::string_view path) const {
    const JsonValue* here = &body;
    while (here && !path.empty()) {
      const auto name = path.substr(0, path.find('.'));
      const bool is_index = !name.empty() && name[0] >= '0' && name[0] <= '9';
      if (is_index) {
        const auto index = static_cast<std::size_t>(std::stoul(std::string(name)));
        here = index < here->items.size() ? &here->items[index] : nullptr;
      } else {
        here = here->find(name);
      }
      path.remove_prefix(std::min(path.size(), name.size() + 1));
    }
    if (!here) return "-";
    if (here->is(JsonValue::Kind::null)) return "null";
    if (here->is(JsonValue::Kind::boolean)) return here->boolean ? "true" : "false";
    return here->text;
  }
  std::string code() const { return at("error.code"); }
  std::string field() const { return at("error.field"); }
};

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hmt-api-XXXXXX").string();
    base::ensure(::mkdtemp(pattern.data()) != nullptr, "a temporary folder can be made");
    path_ = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// One WebSocket of the stream, with all that it was told.
class Listener {
 public:
  Listener(net::test::TestLoop& loop, std::uint16_t port, std::string target,
           net::Headers headers = {})
      : loop_(loop) {
    net::WebSocketHandlers handlers;
    handlers.on_text = [this](std::string_view text) { take(text); };
    handlers.on_closed = [this](const net::WebSocketClosed& closed) { closed_ = closed; };
    socket_ = net::connect_web_socket(loop, {false, "127.0.0.1", port, ""}, std::move(target),
                                      std::move(headers), std::move(handlers), {});
  }
  ~Listener() {
    socket_.drop();
    loop_.run_until([&] { return closed_.has_value(); });
  }

  // The next frame of that type; frames of other types before it are passed over.
  Answer next(std::string_view type) {
    Answer out;
    const bool came = loop_.run_until([&] {
      while (!frames_.empty()) {
        out = std::move(frames_.front());
        frames_.pop_front();
        if (out.at("t") == type) return true;
      }
      return closed_.has_value();
    });
    EXPECT_TRUE(came && out.at("t") == type) << "no frame " << type << " came";
    return out;
  }
  void say(std::string text) { socket_.send_text(std::move(text)); }
  net::WebSocketClosed end() {
    EXPECT_TRUE(loop_.run_until([&] { return closed_.has_value(); }));
    return closed_.value_or(net::WebSocketClosed{});
  }
  bool is_closed() const { return closed_.has_value(); }
  // How many frames of that type came so far, those that were passed over included.
  int count(const std::string& type) const {
    const auto found = counts_.find(type);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  void take(std::string_view text) {
    auto read = read_json(text);
    ASSERT_TRUE(read) << text;
    Answer frame;
    frame.text = text;
    frame.body = std::move(*read);
    ++counts_[frame.at("t")];
    frames_.push_back(std::move(frame));
  }

  net::test::TestLoop& loop_;
  net::WebSocket socket_;
  std::deque<Answer> frames_;
  std::map<std::string, int> counts_;
  std::optional<net::WebSocketClosed> closed_;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() { restart(config()); }

  static ApiConfig config() {
    ApiConfig out;
    out.admin_token = token;
    out.version = "1.2.3";
    out.build = "test";
    out.metrics_text = [] { return std::string("hmt_ticks_total 7\n"); };
    return out;
  }

  void restart(ApiConfig with) {
    server.reset();
    server.emplace(loop, desk, sqlite::open_reader(folder.file("hmt.db")), std::move(with));
    const auto address = server->listen("127.0.0.1:0");
    ASSERT_TRUE(address) << address.error().message;
    port = static_cast<std::uint16_t>(std::stoi(address->substr(address->rfind(':') + 1)));
    client.emplace(loop, net::Origin{false, "127.0.0.1", port, ""}, net::ClientOptions{});
  }

  static net::Headers signed_in(net::Headers more = {}) {
    more.emplace_back("Authorization", "Bearer " + token);
    return more;
  }
  static net::Headers json(net::Headers more = {}) {
    more.emplace_back("Content-Type", "application/json");
    return signed_in(std::move(more));
  }

  Answer ask(const std::string& method, const std::string& target, net::Headers headers,
             std::string body = {}) {
    return checked(method, target, answer_to(method, target, std::move(headers), std::move(body)));
  }
  net::HttpResponse answer_to(const std::string& method, const std::string& target,
                              net::Headers headers, std::string body = {}) {
    std::optional<net::HttpOutcome> outcome;
    client->get({method, target, std::move(headers), std::move(body)},
                [&](net::HttpOutcome got) { outcome = std::move(got); });
    EXPECT_TRUE(loop.run_until([&] { return outcome.has_value(); }));
    EXPECT_TRUE(outcome && outcome->reach == net::Reach::answered)
        << (outcome ? outcome->error : "");
    return outcome ? std::move(outcome->response) : net::HttpResponse{};
  }
  Answer get(const std::string& target) { return ask("GET", target, signed_in()); }
  Answer post(const std::string& target, std::string body, net::Headers more = {}) {
    return ask("POST", target, json(std::move(more)), std::move(body));
  }
  Answer patch(const std::string& target, std::string body, net::Headers more = {}) {
    return ask("PATCH", target, json(std::move(more)), std::move(body));
  }

  // Every answer of every test is held against openapi.json.
  static Answer checked(const std::string& method, const std::string& target,
                        net::HttpResponse response) {
    Answer out{response.status, std::move(response.headers), std::move(response.body), {}};
    auto read = read_json(out.text, {.number_characters = 400});
    if (read) out.body = std::move(*read);
    const auto complaints =
        Document::get().complaints(method, target, out.status, read ? &out.body : nullptr);
    EXPECT_THAT(complaints, testing::IsEmpty()) << method << " " << target << "\n" << out.text;
    EXPECT_EQ(out.header("X-Content-Type-Options"), "nosniff") << target;
    EXPECT_EQ(out.header("Cache-Control"), "no-store") << target;
    EXPECT_EQ(out.text.find(token), std::string::npos) << "an answer holds the token";
    return out;
  }

  // Raw bytes as a stranger sends them; all that comes back until the server closes.
  std::string raw(std::string bytes) {
    return loop.with_peer([this, bytes = std::move(bytes)] {
      auto socket = net::test::RawSocket::connect(port);
      socket.send(bytes);
      socket.finish_sending();
      return socket.receive_all();
    });
  }

  // A SELL stop-loss on INFY, as a body with `changes` to single members ("name", "json").
  static std::string stop_loss(std::vector<std::pair<std::string, std::string>> changes = {}) {
    std::vector<std::pair<std::string, std::string>> members = {{"instrument_token", "408065"},
                                                                {"condition_type", "\"single\""},
                                                                {"transaction_type", "\"SELL\""},
                                                                {"product_type_1", "\"CNC\""},
                                                                {"trigger_price_1", "1500.00"},
                                                                {"order_price_1", "1495.5"},
                                                                {"quantity_1", "10"}};
    for (auto& [name, value] : changes) {
      const auto found =
          std::ranges::find(members, name, &std::pair<std::string, std::string>::first);
      if (found != members.end()) {
        found->second = value;
      } else {
        members.emplace_back(name, value);
      }
    }
    std::string out;
    for (const auto& [name, value] : members) {
      if (!value.empty()) out += (out.empty() ? "\"" : ",\"") + name + "\":" + value;
    }
    return "{" + out + "}";
  }
  Answer arm(std::vector<std::pair<std::string, std::string>> changes = {}) {
    auto answer = post("/api/v1/triggers", stop_loss(std::move(changes)));
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer;
  }
  static std::string path_of(const Answer& trigger) {
    return "/api/v1/triggers/" + trigger.at("id");
  }

  // The user has added a broker connection before. Returns its id.
  std::string connect(const std::string& user, const std::string& id) {
    model::BrokerConnection row;
    row.id = *model::ConnectionId::parse(id);
    row.name = "Kite";
    row.api_key = "sealed";
    const store::Actor actor{"user:" + user, *model::UserId::parse(user)};
    const auto put = database->writer().put_connection(row, {}, "connection_added", actor,
                                                       static_cast<net::Loop&>(loop).now());
    EXPECT_TRUE(put) << put.error().message;
    return id;
  }

  // The engine fires the trigger: claimed, and not yet known how it went.
  void fire(const Answer& trigger, const std::string& tag = "TAG0000000000000001") {
    store::Claim claim;
    claim.attempt.tag = tag;
    claim.attempt.trigger_id = *model::TriggerId::parse(trigger.at("id"));
    claim.attempt.user_id = *model::UserId::parse(trigger.at("user_id"));
    claim.attempt.fire_no = 1;
    claim.attempt.lease_epoch = epoch;
    claim.attempt.state = model::AttemptState::forwarded;
    claim.attempt.created_at = static_cast<net::Loop&>(loop).now();
    claim.attempt.request.trading_symbol = "INFY";
    claim.attempt.request.side = model::Side::sell;
    claim.attempt.request.quantity = 10;
    claim.attempt.request.price = base::Price::from_paise(149550);
    claim.attempt.request.tag = tag;
    claim.attempt.evidence.last_price = base::Price::from_paise(149995);
    claim.attempt.evidence.received_at = claim.attempt.created_at;
    claim.attempt.evidence.rule = "SELL leg 1: LTP 1499.95 <= 1500.00";
    claim.version = std::stoll(trigger.at("version"));
    store::Changed changed;
    const auto verdicts = database->writer().claim(std::span(&claim, 1), changed);
    ASSERT_TRUE(verdicts) << verdicts.error().message;
    ASSERT_EQ(verdicts->front(), store::ClaimVerdict::won);
    desk.tell(changed.last_event);
  }

  TemporaryFolder folder;
  net::test::TestLoop loop;
  std::unique_ptr<sqlite::Database> database = *sqlite::open_database(folder.file("hmt.db"));
  std::int64_t epoch = *database->writer().take_lease("test", static_cast<net::Loop&>(loop).now());
  TestDesk desk{loop, database->writer()};
  std::optional<Server> server;
  std::uint16_t port = 0;
  std::optional<net::HttpClient> client;
};

}  // namespace hmt::api::test
