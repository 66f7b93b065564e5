#include "sim/ticker.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "sim/json.h"
#include "sim/order_json.h"

namespace hmt::sim {
namespace {

constexpr std::size_t packets_per_frame = 200;
constexpr base::Duration hold_max = std::chrono::seconds(1);
constexpr base::Duration stale_age = std::chrono::hours(24);

// Text and other nonsense in the list of tokens is passed over without a word, as the broker does.
std::vector<InstrumentToken> tokens_of(const Json& list) {
  std::vector<InstrumentToken> out;
  for (const Json& item : list.items) {
    InstrumentToken token = 0;
    const char* end = item.text.data() + item.text.size();
    const auto read = std::from_chars(item.text.data(), end, token);
    if (item.is(Json::Kind::number) && read.ec == std::errc{} && read.ptr == end) {
      out.push_back(token);
    }
  }
  return out;
}

std::optional<TickMode> mode_of(std::string_view word) {
  if (word == "ltp") return TickMode::ltp;
  if (word == "quote") return TickMode::quote;
  if (word == "full") return TickMode::full;
  return std::nullopt;
}

std::string query_value(const std::vector<std::pair<std::string, std::string>>& fields,
                        std::string_view name) {
  const auto found = std::ranges::find(
      fields, name, [](const auto& field) -> std::string_view { return field.first; });
  return found == fields.end() ? std::string() : found->second;
}

// What the server remembers from an earlier day.
void make_stale(Snapshot& snapshot, base::Duration age) {
  snapshot.last = snapshot.close;
  snapshot.last_trade_time -= age;
  snapshot.exchange_time -= age;
}

}  // namespace

Ticker::Ticker(Broker& broker) : broker_(broker) {
  broker_.on_prices = [this] { send_prices(); };
  broker_.on_order_update = [this](const OrderUpdate& update) { send_order(update); };
  broker_.watched_tokens = [this] { return watched(); };
  heartbeat_timer_ = broker_.scheduler().after(broker_.config.heartbeat, [this] { beat(); });
}

Ticker::~Ticker() {
  broker_.on_prices = nullptr;
  broker_.on_order_update = nullptr;
  broker_.watched_tokens = nullptr;
  for (const agent::TimerId id : {heartbeat_timer_, resume_timer_, held_timer_}) {
    broker_.scheduler().cancel(id);
  }
}

std::optional<int> Ticker::refusal_of(const std::string& api_key, const std::string& token) {
  if (const auto fault = broker_.faults.take(FaultTarget::connect)) {
    return fault->kind == FaultKind::connect_429 ? 429 : 403;
  }
  if (!broker_.accounts.is_valid(api_key, token)) return 403;
  const auto open = std::ranges::count_if(
      connections_, [&](const auto& entry) { return entry.second.api_key == api_key; });
  const auto limit = static_cast<std::ptrdiff_t>(broker_.config.sockets_per_key);
  return open >= limit ? std::optional<int>(429) : std::nullopt;
}

void Ticker::connect(const net::Incoming& incoming, net::Responder responder) {
  const std::string& target = incoming.request.target;
  const auto mark = target.find('?');
  const auto query = net::parse_form(
      mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1));
  if (!query) return responder.send({.status = 400, .headers = {}, .body = {}});
  const std::string api_key = query_value(*query, "api_key");
  const auto refused = refusal_of(api_key, query_value(*query, "access_token"));
  if (refused) return responder.send({.status = *refused, .headers = {}, .body = {}});

  const std::uint64_t id = ++last_id_;
  Connection& connection = connections_[id];
  connection.id = id;
  connection.api_key = api_key;
  connection.user_id = broker_.accounts.by_key(api_key)->config.user_id;
  const std::weak_ptr<bool> alive = alive_;
  net::WebSocketHandlers handlers;
  handlers.on_text = [this, alive, id](std::string_view text) {
    if (!alive.expired()) on_text(id, text);
  };
  handlers.on_closed = [this, alive, id](const net::WebSocketClosed&) {
    if (!alive.expired()) connections_.erase(id);
  };
  connection.socket = responder.accept_web_socket(std::move(handlers), {});
}

void Ticker::on_text(std::uint64_t id, std::string_view text) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  const auto message = parse_json(text);
  if (!message) return;
  const Json* action = message->find("a");
  const Json* value = message->find("v");
  if (!action || !value || !value->is(Json::Kind::array)) return;
  Connection& connection = found->second;
  if (action->text == "subscribe") {
    subscribe(connection, tokens_of(*value), std::nullopt);
  } else if (action->text == "unsubscribe") {
    for (const InstrumentToken token : tokens_of(*value)) connection.subscriptions.erase(token);
  } else if (action->text == "mode" && value->items.size() == 2) {
    const auto mode = mode_of(value->items[0].text);
    if (mode) subscribe(connection, tokens_of(value->items[1]), mode);
  }
}

// A `mode` frame alone subscribes as well (kite-protocol 2.4).
void Ticker::subscribe(Connection& to, const std::vector<InstrumentToken>& tokens,
                       std::optional<TickMode> mode) {
  std::vector<InstrumentToken> taken;
  for (const InstrumentToken token : tokens) {
    const bool known = to.subscriptions.contains(token);
    if (!known && to.subscriptions.size() >= broker_.config.tokens_per_socket) continue;
    to.subscriptions[token].mode = mode.value_or(TickMode::quote);
    if (broker_.catalogue.find(token)) taken.push_back(token);
  }
  send_cached(to, taken);
}

void Ticker::send_cached(Connection& to, const std::vector<InstrumentToken>& tokens) {
  std::vector<Bytes> packets;
  for (const InstrumentToken token : tokens) {
    Snapshot snapshot = broker_.prices.snapshot(token);
    Subscription& subscription = to.subscriptions[token];
    subscription.sent_version = broker_.prices.version(*broker_.catalogue.find(token));
    subscription.sent_last = snapshot.last;
    if (const auto fault = broker_.faults.take(FaultTarget::cached)) {
      make_stale(snapshot, fault->delay > base::Duration{} ? fault->delay : stale_age);
    }
    packets.push_back(encode_packet(snapshot, subscription.mode));
  }
  send_packets(to, packets);
}

void Ticker::send_packets(Connection& to, std::vector<Bytes>& packets) {
  if (is_silent()) return;
  const std::span<const Bytes> all(packets);
  for (std::size_t from = 0; from < all.size(); from += packets_per_frame) {
    const std::size_t count = std::min(packets_per_frame, all.size() - from);
    to.socket.send_binary(frame_packets(all.subspan(from, count)));
  }
}

void Ticker::send_prices() {
  if (is_silent()) return;
  for (auto& [id, connection] : connections_) {
    std::vector<Bytes> packets;
    for (auto& [token, subscription] : connection.subscriptions) {
      const model::Instrument* instrument = broker_.catalogue.find(token);
      if (!instrument) continue;
      const std::uint64_t version = broker_.prices.version(*instrument);
      if (version == subscription.sent_version) continue;
      subscription.sent_version = version;
      const Price last = broker_.prices.last(*instrument);
      const Price before = std::exchange(subscription.sent_last, last);
      if (subscription.mode == TickMode::ltp && before == last) continue;
      packets.push_back(encode_packet(broker_.prices.snapshot(token), subscription.mode));
    }
    send_packets(connection, packets);
  }
}

void Ticker::send_to_user(const std::string& user_id, const std::string& message) {
  for (auto& [id, connection] : connections_) {
    if (connection.user_id == user_id) connection.socket.send_text(message);
  }
}

void Ticker::send_order(const OrderUpdate& update) {
  if (is_silent()) return;
  const std::string message = order_update_message(update);
  const auto fault = broker_.faults.take(FaultTarget::order_update);
  if (fault && fault->kind == FaultKind::lose_updates) return;
  if (fault && fault->kind == FaultKind::reorder_updates && !held_) {
    held_ = {update.order.user_id, message};
    held_timer_ = broker_.scheduler().after(hold_max, [this] { release_held(); });
    return;
  }
  send_to_user(update.order.user_id, message);
  if (fault && fault->kind == FaultKind::double_updates) {
    send_to_user(update.order.user_id, message);
  }
  release_held();
}

void Ticker::release_held() {
  broker_.scheduler().cancel(std::exchange(held_timer_, 0));
  if (const auto held = std::exchange(held_, std::nullopt)) {
    send_to_user(held->first, held->second);
  }
}

void Ticker::send_text(const std::string& type, const std::string& text) {
  JsonWriter out;
  out.begin_object().key("type").string(type).key("data").string(text).end_object();
  const std::string message = out.take();
  for (auto& [id, connection] : connections_) connection.socket.send_text(message);
}

void Ticker::beat() {
  heartbeat_timer_ = broker_.scheduler().after(broker_.config.heartbeat, [this] { beat(); });
  if (is_silent()) return;
  for (auto& [id, connection] : connections_) connection.socket.send_binary({0});
}

void Ticker::pause(std::optional<base::Duration> length) {
  paused_ = true;
  broker_.scheduler().cancel(std::exchange(resume_timer_, 0));
  if (length) resume_timer_ = broker_.scheduler().after(*length, [this] { resume(); });
}

void Ticker::resume() {
  paused_ = false;
  broker_.scheduler().cancel(std::exchange(resume_timer_, 0));
}

void Ticker::drop_all() {
  for (auto& [id, connection] : connections_) connection.socket.drop();
}

void Ticker::close_all() {
  for (auto& [id, connection] : connections_) connection.socket.close();
}

std::vector<InstrumentToken> Ticker::watched() const {
  std::vector<InstrumentToken> out;
  for (const auto& [id, connection] : connections_) {
    for (const auto& [token, subscription] : connection.subscriptions) out.push_back(token);
  }
  return out;
}

}  // namespace hmt::sim
