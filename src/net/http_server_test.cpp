#include "net/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>

#include "net/http_client.h"
#include "net/test_peers.h"

namespace hmt::net {
namespace {

using namespace std::chrono_literals;
using test::RawSocket;
using test::TestLoop;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct HttpServerTest : testing::Test {
  void serve(HttpHandler handler, ServerLimits limits = {}) {
    server = std::make_unique<HttpServer>(loop, limits, std::move(handler));
    const auto address = server->listen("127.0.0.1:0");
    ASSERT_TRUE(address) << address.error().message;
    origin = parse_origin("http://" + *address).value();
  }
  // Answers with what it was asked: "POST /orders|body".
  void serve_echo(ServerLimits limits = {}) {
    serve(
        [this](Incoming incoming, Responder responder) {
          ++handled;
          responder.send({200,
                          {{"Content-Type", "text/plain"}},
                          incoming.request.method + ' ' + incoming.request.target + '|' +
                              incoming.request.body});
        },
        limits);
  }
  // All that the server says to these bytes, until it closes.
  std::string raw(const std::string& bytes) {
    return loop.with_peer([&] {
      auto peer = RawSocket::connect(origin.port);
      peer.send(bytes);
      peer.finish_sending();
      return peer.receive_all();
    });
  }
  HttpOutcome get(HttpClient& client, HttpRequest request) {
    std::optional<HttpOutcome> out;
    client.get(std::move(request), [&](HttpOutcome outcome) { out = std::move(outcome); });
    EXPECT_TRUE(loop.run_until([&] { return out.has_value(); }));
    return out.value_or(HttpOutcome{});
  }

  TestLoop loop;
  std::unique_ptr<HttpServer> server;
  Origin origin;
  int handled = 0;
};

TEST_F(HttpServerTest, AnswersARequestOfTheClient) {
  serve_echo();
  HttpClient client(loop, origin, {});
  const auto outcome = get(client, {"GET", "/quote?i=NSE:INFY", {}, {}});
  EXPECT_EQ(outcome.reach, Reach::answered) << outcome.error;
  EXPECT_EQ(outcome.response.status, 200);
  EXPECT_EQ(outcome.response.body, "GET /quote?i=NSE:INFY|");
  EXPECT_EQ(header(outcome.response.headers, "content-type"), "text/plain");
}

}  // namespace
}  // namespace hmt::net
