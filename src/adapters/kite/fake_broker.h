#pragma once
#include <deque>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kite/config.h"
#include "net/http_server.h"
#include "net/test_peers.h"

// For tests: a broker on loopback that keeps what it was asked, and answers what it is told to.
namespace hmt::kite::test {

inline net::HttpResponse json(int status, std::string body) {
  return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

class FakeBroker {
 public:
  using Answer = std::function<void(net::Incoming, net::Responder)>;

  FakeBroker()
      : server_(loop, {.body_bytes_max = 1 << 20}, [this](auto incoming, auto responder) {
          handle(std::move(incoming), std::move(responder));
        }) {
    const auto address = server_.listen("127.0.0.1:0");
    EXPECT_TRUE(address);
    address_ = *address;
  }

  KiteConfig config() const {
    KiteConfig config;
    config.api_key = "key";
    config.api_secret = "the-api-secret";
    config.access_token = "the+access/token";
    config.rest = net::parse_origin("http://" + address_).value();
    config.ticker = net::parse_origin("ws://" + address_).value();
    config.quote_pause = std::chrono::milliseconds(1);
    return config;
  }

  // Answers come in the order in which they were said; the last one stays.
  void say(Answer answer) { answers_.push_back(std::move(answer)); }
  void say(net::HttpResponse response) {
    say([response](net::Incoming, net::Responder responder) { responder.send(response); });
  }
  void close_all() { server_.close_all(); }

  net::test::TestLoop loop;
  std::vector<net::HttpRequest> asked;

 private:
  void handle(net::Incoming incoming, net::Responder responder) {
    asked.push_back(incoming.request);
    if (answers_.empty()) return;
    const auto answer = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    answer(std::move(incoming), std::move(responder));
  }

  net::HttpServer server_;
  std::string address_;
  std::deque<Answer> answers_;
};

}  // namespace hmt::kite::test
