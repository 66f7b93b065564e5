// The broker of the order rows: one price at a time to one of its clients, and how long it was
// until the last byte of that client's order had come.
//
//   bench_broker INSTRUMENTS
//
// Standard output: one JSON object a line, first {"address": …}. Standard input: one command a line
//   price KEY TOKEN PAISE   sends the client with that api key a full packet
//   fire KEY TOKEN PAISE    the same, and the order that follows is told:
//                           {"key": …, "after_ns": …, "form": …}
// Every order is told; one that no `fire` waits for has "after_ns": null. Orders fill at once.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>
#include <thread>

#include "net/http_server.h"
#include "net/loop.h"
#include "net/web_socket.h"
#include "sim/json.h"
#include "sim/ticker_encoder.h"

namespace hmt::bench {
namespace {

using Fields = std::map<std::string, std::string>;

Fields fields_of(std::string_view form) {
  Fields out;
  const auto parsed = net::parse_form(form);
  if (!parsed) return out;
  for (const auto& [name, value] : *parsed) out[name] = value;
  return out;
}

net::HttpResponse json(std::string body) {
  return {200, {{"Content-Type", "application/json"}}, std::move(body)};
}

// Low bytes of 1 are the National Stock Exchange's.
std::string instrument_list(int count) {
  std::string out =
      "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,"
      "lot_size,instrument_type,segment,exchange\n";
  for (int number = 1; number <= count; ++number) {
    const auto text = std::to_string(number);
    out += std::to_string(number * 256 + 1) + "," + text + ",BENCH" + text + ",BENCH " + text +
           ",0,,0,0.05,1,EQ,NSE,NSE\n";
  }
  return out;
}

std::vector<std::uint8_t> price_frame(std::uint32_t token, std::int64_t paise, base::Instant now) {
  sim::Snapshot shown;
  shown.token = token;
  shown.last = shown.average = shown.open = shown.high = shown.low = shown.close =
      base::Price::from_paise(paise);
  shown.last_trade_time = shown.exchange_time = now;
  const std::array packets{sim::encode_packet(shown, sim::TickMode::full)};
  return sim::frame_packets(packets);
}

class Broker {
 public:
  Broker(net::Loop& loop, int instruments)
      : loop_(loop),
        instruments_(instrument_list(instruments)),
        http_(loop, {}, [this](net::Incoming incoming, net::Responder responder) {
          handle(std::move(incoming), std::move(responder));
        }) {}

  bool listen() {
    const auto address = http_.listen("127.0.0.1:0");
    if (!address) return false;
    sim::JsonWriter out;
    say(out.begin_object().key("address").string(*address).end_object());
    beat();
    return true;
  }

  void obey(const std::string& line) {
    std::istringstream words(line);
    std::string what, key;
    std::uint32_t token = 0;
    std::int64_t paise = 0;
    if (!(words >> what >> key >> token >> paise)) return;
    auto frame = price_frame(token, paise, loop_.now());
    if (what == "fire") fired_at_[key] = std::chrono::steady_clock::now();
    tickers_[key].send_binary(std::move(frame));
  }

 private:
  void handle(net::Incoming incoming, net::Responder responder) {
    const auto came_at = std::chrono::steady_clock::now();
    const auto path = incoming.request.target.substr(0, incoming.request.target.find('?'));
    if (incoming.wants_web_socket) return connect(incoming.request.target, std::move(responder));
    const auto key = key_of(incoming.request);
    if (incoming.request.method == "POST" && path == "/orders/regular") {
      return place(key, incoming.request.body, came_at, std::move(responder));
    }
    if (path == "/instruments") {
      return responder.send({200, {{"Content-Type", "text/csv"}}, instruments_});
    }
    if (path == "/orders") return responder.send(json(data(books_[key], '[', ']')));
    if (path == "/user/profile") {
      return responder.send(json(data(R"("user_id":"BENCH","exchanges":["NSE"])", '{', '}')));
    }
    responder.send({404, {}, {}});
  }

  // "token KEY:ACCESS_TOKEN"
  static std::string key_of(const net::HttpRequest& request) {
    const std::string said(net::header(request.headers, "Authorization"));
    const auto from = said.find(' ') + 1;
    return said.substr(from, said.find(':') - from);
  }

  static std::string data(const std::string& inside, char open, char close) {
    return R"({"status":"success","data":)" + std::string(1, open) + inside + close + "}";
  }

  void connect(const std::string& target, net::Responder responder) {
    const auto key = fields_of(target.substr(target.find('?') + 1))["api_key"];
    tickers_[key] = responder.accept_web_socket({}, {});
  }

  void place(const std::string& key, const std::string& body,
             std::chrono::steady_clock::time_point came_at, net::Responder responder) {
    const auto number = std::to_string(++orders_);
    responder.send(json(data(R"("order_id":")" + number + '"', '{', '}')));
    tell(key, body, came_at);
    const auto order = filled(number, fields_of(body));
    auto& book = books_[key];
    book += (book.empty() ? "" : ",") + order;
    tickers_[key].send_text(R"({"type":"order","data":)" + order + "}");
  }

  void tell(const std::string& key, const std::string& body,
            std::chrono::steady_clock::time_point came_at) {
    sim::JsonWriter out;
    out.begin_object().key("key").string(key).key("form").string(body).key("after_ns");
    if (const auto fired = fired_at_.extract(key); !fired.empty()) {
      out.number(std::chrono::nanoseconds(came_at - fired.mapped()).count());
    } else {
      out.null();
    }
    say(out.end_object());
  }

  std::string filled(const std::string& number, Fields terms) const {
    const auto quantity = std::strtoll(terms["quantity"].c_str(), nullptr, 10);
    sim::JsonWriter out;
    out.begin_object().key("account_id").string("BENCH").key("order_id").string(number);
    out.key("status").string("COMPLETE").key("variety").string("regular");
    out.key("order_timestamp").string(base::to_broker_time(loop_.now()));
    for (const auto* name : {"exchange", "tradingsymbol", "transaction_type", "order_type",
                             "product", "validity", "tag"}) {
      out.key(name).string(terms[name]);
    }
    out.key("quantity").number(quantity).key("filled_quantity").number(quantity);
    out.key("pending_quantity").number(0).key("cancelled_quantity").number(0);
    return out.end_object().take();
  }

  void beat() {
    for (auto& [key, ticker] : tickers_) ticker.send_binary({0});
    loop_.after(std::chrono::seconds(1), [this] { beat(); });
  }

  static void say(sim::JsonWriter& line) {
    std::puts(line.take().c_str());
    std::fflush(stdout);
  }

  net::Loop& loop_;
  const std::string instruments_;
  std::map<std::string, net::WebSocket> tickers_;  // by api key, as all of these
  std::map<std::string, std::chrono::steady_clock::time_point> fired_at_;
  std::map<std::string, std::string> books_;
  int orders_ = 0;
  net::HttpServer http_;  // last: it goes first, and with it every call of the handler
};

int serve(int instruments) {
  net::Loop loop;
  Broker broker(loop, instruments);
  if (!broker.listen()) return 1;
  std::thread commands([&] {
    for (std::string line; std::getline(std::cin, line);) {
      loop.post([&broker, line] { broker.obey(line); });
    }
    loop.stop();
  });
  loop.run();
  commands.join();
  return 0;
}

}  // namespace
}  // namespace hmt::bench

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return hmt::bench::serve(std::atoi(argv[1]));
}
