#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>

#include "net/http_client.h"
#include "net/http_server.h"
#include "net/test_certificates.h"
#include "net/test_peers.h"

namespace hmt::net {
namespace {

using namespace std::chrono_literals;
using test::RawServer;
using test::RawSocket;
using test::TestAuthority;
using test::TestLoop;
using testing::HasSubstr;

struct TlsTest : testing::Test {
  void serve(const std::string& names) {
    authority.issue(names);
    server = std::make_unique<HttpServer>(
        loop, ServerLimits{}, [this](Incoming incoming, Responder responder) {
          ++handled;
          if (!incoming.wants_web_socket) {
            return responder.send({200, {}, "secure " + incoming.request.body});
          }
          WebSocketHandlers handlers;
          handlers.on_text = [this](std::string_view text) {
            theirs.send_text("echo " + std::string(text));
          };
          theirs = responder.accept_web_socket(std::move(handlers), {});
        });
    ASSERT_TRUE(server->use_tls(authority.certificate_file(), authority.key_file()));
    port = server->listen("127.0.0.1:0").value().substr(10);
    options.ca_file = authority.ca_file();
  }
  Origin origin(const std::string& host) {
    return parse_origin("https://" + host + ':' + port).value();
  }
  HttpOutcome post(const std::string& host) {
    HttpClient client(loop, origin(host), options);
    std::optional<HttpOutcome> out;
    client.send_once({"POST", "/", {}, "order"}, {},
                     [&](HttpOutcome outcome) { out = std::move(outcome); });
    EXPECT_TRUE(loop.run_until([&] { return out.has_value(); }));
    return out.value_or(HttpOutcome{});
  }
  // What a WebSocket got: the echo of "tick", or why it ended.
  std::string web_socket(const std::string& host) {
    std::string got;
    WebSocket ours;
    WebSocketHandlers handlers;
    handlers.on_open = [&] { ours.send_text("tick"); };
    handlers.on_text = [&](std::string_view text) { got = text; };
    handlers.on_closed = [&](WebSocketClosed closed) {
      if (!got.empty()) return;
      got = closed.end == WebSocketEnd::failed ? "failed: " : "ended: ";
      got += closed.reason;
    };
    ours = connect_web_socket(loop, origin(host), "/ticks", {}, std::move(handlers),
                              {.ca_file = options.ca_file});
    EXPECT_TRUE(loop.run_until([&] { return !got.empty(); }));
    ours.drop();
    loop.run_for(5ms);
    return got;
  }

  TestAuthority authority;
  TestLoop loop;
  std::unique_ptr<HttpServer> server;
  std::string port;
  ClientOptions options;
  WebSocket theirs;
  int handled = 0;
};

TEST_F(TlsTest, CarriesOrdersAndTicksToTheRightHost) {
  serve("DNS:localhost,IP:127.0.0.1");
  for (const auto* host : {"localhost", "127.0.0.1"}) {
    const auto outcome = post(host);
    EXPECT_EQ(outcome.reach, Reach::answered) << outcome.error;
    EXPECT_EQ(outcome.response.body, "secure order");
    EXPECT_EQ(web_socket(host), "echo tick");
  }
}

TEST_F(TlsTest, AnotherHostsCertificateMeansNotSent) {
  serve("DNS:api.kite.trade,IP:10.0.0.1");
  for (const auto* host : {"localhost", "127.0.0.1"}) {
    const auto outcome = post(host);
    EXPECT_EQ(outcome.reach, Reach::not_sent);
    EXPECT_THAT(outcome.error, HasSubstr("mismatch"));
    EXPECT_THAT(web_socket(host), HasSubstr("failed: the TLS certificate is not accepted"));
  }
  EXPECT_EQ(handled, 0);
}

TEST_F(TlsTest, AnUnknownAuthorityMeansNotSent) {
  serve("DNS:localhost");
  const TestAuthority other;
  for (const auto& ca_file : {other.ca_file(), std::string()}) {
    options.ca_file = ca_file;
    const auto outcome = post("localhost");
    EXPECT_EQ(outcome.reach, Reach::not_sent);
    EXPECT_THAT(outcome.error, HasSubstr("certificate is not accepted"));
    EXPECT_THAT(web_socket("localhost"), HasSubstr("failed: the TLS certificate is not accepted"));
  }
  EXPECT_EQ(handled, 0);
}

TEST_F(TlsTest, ACaFileThatCannotBeReadMeansNotSent) {
  serve("DNS:localhost");
  options.ca_file = authority.ca_file() + ".missing";
  EXPECT_THAT(post("localhost").error, HasSubstr("CA certificates cannot be read"));
}

TEST_F(TlsTest, AServerThatSpeaksNoTlsMeansNotSent) {
  RawServer plain([](RawSocket& peer, int) {
    peer.receive();
    peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    peer.receive_all();
  });
  port = std::to_string(plain.port());
  const auto outcome = post("127.0.0.1");
  EXPECT_EQ(outcome.reach, Reach::not_sent);
  EXPECT_THAT(outcome.error, HasSubstr("TLS handshake failed"));
}

TEST_F(TlsTest, AHandshakeThatNeverEndsIsGivenUp) {
  RawServer silent([](RawSocket& peer, int) { peer.receive_all(); });
  port = std::to_string(silent.port());
  options.connect_timeout = 100ms;
  const auto outcome = post("127.0.0.1");
  EXPECT_EQ(outcome.reach, Reach::not_sent);
  EXPECT_THAT(outcome.error, HasSubstr("in time"));
}

TEST_F(TlsTest, AWarmSpareIsReadyBeforeTheOrder) {
  serve("DNS:localhost");
  HttpClient client(loop, origin("localhost"), options);
  client.keep_spares_warm();
  loop.run_for(200ms);
  for (int n = 0; n < 3; ++n) {
    std::optional<HttpOutcome> out;
    client.send_once({"POST", "/", {}, "order"}, {},
                     [&](HttpOutcome outcome) { out = std::move(outcome); });
    ASSERT_TRUE(loop.run_until([&] { return out.has_value(); }));
    EXPECT_EQ(out->reach, Reach::answered) << out->error;
  }
  EXPECT_EQ(handled, 3);
}

TEST_F(TlsTest, ASpareThatTheServerClosedIsNeverWrittenTo) {
  serve("DNS:localhost");
  HttpClient client(loop, origin("localhost"), options);
  client.keep_spares_warm();
  loop.run_for(200ms);
  server->close_all();
  std::optional<HttpOutcome> out;
  client.send_once({"POST", "/", {}, "order"}, {},
                   [&](HttpOutcome outcome) { out = std::move(outcome); });
  ASSERT_TRUE(loop.run_until([&] { return out.has_value(); }));
  EXPECT_EQ(out->reach, Reach::answered) << out->error;
  EXPECT_EQ(handled, 1);
}

TEST_F(TlsTest, AnAnswerBeforeTheRequestIsWrittenEndsTheWritingSafely) {
  serve("DNS:localhost");
  HttpClient client(loop, origin("localhost"), options);
  std::optional<HttpOutcome> out;
  client.send_once({"POST", "/", {}, std::string(16 << 20, 'x')}, {},
                   [&](HttpOutcome outcome) { out = std::move(outcome); });
  ASSERT_TRUE(loop.run_until([&] { return out.has_value(); }));
  EXPECT_NE(out->reach, Reach::not_sent);
  EXPECT_EQ(handled, 0);
  loop.run_for(20ms);
}

TEST_F(TlsTest, AnOldProtocolIsRefused) {
  serve("DNS:localhost,IP:127.0.0.1");
  // A TLS 1.1 client: its hello, by hand.
  const auto answer = loop.with_peer([&] {
    auto peer = RawSocket::connect(static_cast<std::uint16_t>(std::stoi(port)));
    std::string hello("\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x02", 11);
    hello += std::string(32, 'r');
    hello += std::string("\x00\x00\x02\xc0\x13\x01\x00", 7);
    peer.send(hello);
    return peer.receive_all();
  });
  // An alert: fatal, protocol version.
  EXPECT_THAT(answer, testing::EndsWith("\x02\x46"));
}

TEST_F(TlsTest, TheServerSaysWhatIsWrongWithItsFiles) {
  HttpServer wrong(loop, {}, [](Incoming, Responder) {});
  const auto missing = wrong.use_tls("/nowhere/certificate.pem", "/nowhere/key.pem");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().field, "tls_certificate");
}

}  // namespace
}  // namespace hmt::net
