#include "net/http_server.h"

#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <thread>

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

TEST_F(HttpServerTest, KeepsTheConnectionAndAnswersInOrder) {
  serve_echo();
  const auto all =
      raw("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
          "\r\nHEAD /b HTTP/1.1\r\nHost: x\r\n\r\n"
          "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
          "GET /d HTTP/1.0\r\n\r\n");
  const auto head = [](int length, const char* keep) {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
           std::to_string(length) + "\r\nConnection: " + keep + "\r\n\r\n";
  };
  EXPECT_EQ(all, head(11, "keep-alive") + "POST /a|one" + head(8, "keep-alive") +
                     head(11, "keep-alive") + "POST /c|two" + head(7, "close") + "GET /d|");
}

TEST_F(HttpServerTest, TakesARequestByteByByte) {
  serve_echo();
  const auto answer = loop.with_peer([&] {
    auto peer = RawSocket::connect(origin.port);
    for (const char c : std::string("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                                    "Connection: close\r\n\r\nhi")) {
      peer.send({&c, 1});
    }
    return peer.receive_all();
  });
  EXPECT_THAT(answer, testing::EndsWith("POST /|hi"));
}

TEST_F(HttpServerTest, TakesALastChunkThatComesInPieces) {
  serve_echo();
  const auto answer = loop.with_peer([&] {
    auto peer = RawSocket::connect(origin.port);
    for (const std::string piece : {"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                    "Transfer-Encoding: chunked\r\n\r\n",
                                    "0\r\n", "\r", "\n"}) {
      peer.send(piece);
      std::this_thread::sleep_for(std::chrono::milliseconds(30));  // a packet of its own
    }
    return peer.receive_all();
  });
  EXPECT_THAT(answer, testing::EndsWith("POST /|"));
}

TEST_F(HttpServerTest, RefusesWhatTwoReadersCouldReadDifferently) {
  serve_echo();
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  for (const auto& request : std::vector<std::string>{
           "GARBAGE\r\n\r\n",
           "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
           "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
           "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\nSpace : x\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\nZero: a" + std::string(1, '\0') + "b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n",
           post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           post + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
           post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
           post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
           post + "Content-Length: 1, 1\r\n\r\nx",
           post + "Content-Length: +1\r\n\r\nx",
           post + "Content-Length: -1\r\n\r\nx",
           post + "Content-Length: 0x1\r\n\r\nx",
           post + "Content-Length: 99999999999999999999999\r\n\r\nx",
           post + "Content-Length:\r\n\r\nx",
           post + "Transfer-Encoding: gzip\r\n\r\nx",
           post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
           post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
           post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
           post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
           post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n\r\n",
           post + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
           "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    // What follows would be the smuggled request.
    const auto answer = raw(request + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << request;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n\r\n"));
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << request;
  }
  EXPECT_EQ(handled, 0);
}

TEST_F(HttpServerTest, ATrailerCannotPoseAsAHeader) {
  serve([](Incoming incoming, Responder responder) {
    responder.send({200, {}, "token=" + std::string(header(incoming.request.headers, "X-Token"))});
  });
  const auto answer =
      raw("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
          "1\r\nx\r\n0\r\nX-Token: admin\r\n\r\n");
  EXPECT_THAT(answer, testing::EndsWith("token="));
}

TEST_F(HttpServerTest, AHeadIsBoundedToTheByteHoweverItWasCut) {
  ServerLimits limits;
  limits.header_bytes_max = 1000;
  serve_echo(limits);
  const std::string begin = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
  const auto head_of = [&](std::size_t size) {
    return begin + std::string(size - begin.size() - 4, 'x') + "\r\n\r\n";
  };
  EXPECT_THAT(raw(head_of(1000)), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(raw(head_of(1001)), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, BoundsWhatAStrangerCanSend) {
  ServerLimits limits;
  limits.header_bytes_max = 1000;
  limits.body_bytes_max = 100;
  serve_echo(limits);
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  const std::string long_header = "X: " + std::string(2000, 'x') + "\r\n";
  EXPECT_THAT(raw(post + long_header + "\r\n"), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(raw("GET /" + std::string(100'000, 'x')), StartsWith("HTTP/1.1 431 "));
  std::string many;
  for (int n = 0; n < 120; ++n) many += "a:b\r\n";
  EXPECT_THAT(raw(post + many + "\r\n"), StartsWith("HTTP/1.1 431 "));
  const std::string body(101, 'x');
  EXPECT_THAT(raw(post + "Content-Length: 101\r\n\r\n" + body), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(raw(post + "Transfer-Encoding: chunked\r\n\r\n65\r\n" + body + "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(handled, 0);
  EXPECT_THAT(raw(post + "Content-Length: 100\r\n\r\n" + std::string(100, 'x')),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, ARefusalIsReadEvenByOneWhoIsStillSending) {
  ServerLimits limits;
  limits.body_bytes_max = 100;
  serve_echo(limits);
  const auto answer = loop.with_peer([&] {
    auto peer = RawSocket::connect(origin.port);
    peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n");
    peer.send(std::string(500'000, 'x'));
    return peer.receive_until("\r\n\r\n");
  });
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, ASlowSenderOfHeadersIsSentAway) {
  ServerLimits limits;
  limits.header_timeout = 150ms;
  serve_echo(limits);
  Loop& clock = loop;
  const auto began = clock.steady();
  const auto answer = loop.with_peer([&] {
    auto peer = RawSocket::connect(origin.port);
    peer.send("GET / HTTP/1.1\r\n");
    // Each byte comes in time; the whole does not.
    for (int n = 0; n < 100 && peer.send("a"); ++n) std::this_thread::sleep_for(10ms);
    return peer.receive_all();
  });
  // Its late bytes may have drawn a reset over the answer.
  EXPECT_THAT(answer, testing::AnyOf(StartsWith("HTTP/1.1 408 "), ""));
  EXPECT_EQ(handled, 0);
  EXPECT_LT(clock.steady() - began, 8s);
}

TEST_F(HttpServerTest, ASilentSenderOfHeadersIsToldWhy) {
  ServerLimits limits;
  limits.header_timeout = 50ms;
  serve_echo(limits);
  const auto answer = loop.with_peer([&] {
    auto peer = RawSocket::connect(origin.port);
    peer.send("GET / HTTP/1.1\r\n");
    return peer.receive_all();
  });
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, AnIdleConnectionIsClosed) {
  ServerLimits limits;
  limits.idle_timeout = 50ms;
  serve_echo(limits);
  const auto answers = loop.with_peer([&] {
    auto silent = RawSocket::connect(origin.port);
    auto once = RawSocket::connect(origin.port);
    once.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    return silent.receive_all() + once.receive_all();
  });
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answers, testing::EndsWith("GET /|"));
}

TEST_F(HttpServerTest, ABodyThatNeverComesIsNotWaitedForForEver) {
  ServerLimits limits;
  limits.idle_timeout = 50ms;
  serve_echo(limits);
  const auto answer = loop.with_peer([&] {
    auto peer = RawSocket::connect(origin.port);
    peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    return peer.receive_all();
  });
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, ConnectionsBeyondTheLimitAreClosedAndRoomComesBack) {
  ServerLimits limits;
  limits.connections_max = 1;
  serve_echo(limits);
  const std::string request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  const auto answers = loop.with_peer([&] {
    auto first = RawSocket::connect(origin.port);
    first.send(request);
    auto out = first.receive_until("|") + "/";
    auto second = RawSocket::connect(origin.port);
    second.send(request);
    out += second.receive_all() + "/";
    first.finish_sending();
    first.receive_all();
    auto third = RawSocket::connect(origin.port);
    third.send(request);
    return out + third.receive_until("|");
  });
  EXPECT_EQ(handled, 2);
  EXPECT_THAT(answers, HasSubstr("GET /|//HTTP/1.1 200"));
}

TEST_F(HttpServerTest, AnAnswerMayComeLaterButOnlyOnce) {
  std::optional<Responder> kept;
  serve([&](Incoming, Responder responder) { kept = std::move(responder); });
  static_cast<Loop&>(loop).after(20ms, [&] {
    kept->send({201, {}, "late"});
    kept->send({200, {}, "twice"});
    kept.reset();
  });
  const auto answer = raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 201 "));
  EXPECT_THAT(answer, testing::EndsWith("late"));
}

TEST_F(HttpServerTest, ARequestThatNobodyAnswersIsAnsweredWith500) {
  serve([](Incoming, Responder) {});
  EXPECT_THAT(raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
}

TEST_F(HttpServerTest, AnAnswerMayBeTruncated) {
  serve([](Incoming, Responder responder) {
    responder.send_truncated({200, {}, "a whole answer"}, 3);
  });
  const auto answer = raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 14\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\na w"));
  HttpClient client(loop, origin, {});
  EXPECT_EQ(get(client, {}).reach, Reach::broken);
}

TEST_F(HttpServerTest, AConnectionMayBeReset) {
  serve([](Incoming, Responder responder) { responder.reset(); });
  const bool was_reset = loop.with_peer([&] {
    auto peer = RawSocket::connect(origin.port);
    peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(peer.receive_all(), "");
    return peer.was_reset();
  });
  EXPECT_TRUE(was_reset);
}

TEST_F(HttpServerTest, ARequestMayBeLeftHangingUntilThePeerGoes) {
  ServerLimits limits;
  limits.connections_max = 1;
  serve(
      [this](Incoming incoming, Responder responder) {
        ++handled;
        if (incoming.request.target == "/hang") return responder.leave_hanging();
        responder.send({200, {}, "x"});
      },
      limits);
  HttpClient client(loop, origin, {.total_timeout = 100ms});
  EXPECT_EQ(get(client, {"GET", "/hang", {}, {}}).reach, Reach::broken);
  // Its place is free again.
  bool answered = false;
  for (int n = 0; n < 100 && !answered; ++n) {
    answered = get(client, {}).reach == Reach::answered;
  }
  EXPECT_TRUE(answered);
}

TEST_F(HttpServerTest, AHeaderCannotSplitTheAnswer) {
  serve([](Incoming, Responder responder) {
    responder.send({200,
                    {{"X-Echo", "a\r\nSet-Cookie: evil"},
                     {"Bad\r\nName", "x"},
                     {"Content-Length", "999"},
                     {"Transfer-Encoding", "chunked"}},
                    "ok"});
  });
  const auto answer = raw("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("X-Echo: a  Set-Cookie: evil\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Bad")));
  EXPECT_THAT(answer, Not(HasSubstr("999")));
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
}

TEST_F(HttpServerTest, AnAnswerWithoutABodySaysNoLength) {
  serve([](Incoming, Responder responder) { responder.send({204, {}, "ignored"}); });
  const auto answer = raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

TEST_F(HttpServerTest, AClientThatAsksBeforeSendingIsEncouraged) {
  serve_echo();
  const auto answers = loop.with_peer([&] {
    auto peer = RawSocket::connect(origin.port);
    peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    auto out = peer.receive_until("\r\n\r\n");
    peer.send("hi");
    return out + peer.receive_until("|hi");
  });
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpServerTest, ALargeAnswerReachesASlowReaderWhole) {
  const std::string large(8 << 20, 'x');
  serve([&](Incoming, Responder responder) { responder.send({200, {}, large}); });
  HttpClient client(loop, origin, {});
  const auto outcome = get(client, {});
  EXPECT_EQ(outcome.reach, Reach::answered) << outcome.error;
  EXPECT_EQ(outcome.response.body.size(), large.size());
}

TEST_F(HttpServerTest, APeerThatLeavesDuringTheWorkHarmsNobody) {
  std::optional<Responder> kept;
  serve([&](Incoming, Responder responder) { kept = std::move(responder); });
  loop.with_peer([&] {
    auto peer = RawSocket::connect(origin.port);
    peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    return true;
  });
  ASSERT_TRUE(loop.run_until([&] { return kept.has_value(); }));
  loop.run_for(20ms);
  kept->send({200, {}, std::string(1 << 20, 'x')});
  loop.run_for(20ms);
}

TEST_F(HttpServerTest, CloseAllEndsConnectionsAndStopAcceptingRefusesNewOnes) {
  std::optional<Responder> kept;
  serve([&](Incoming, Responder responder) { kept = std::move(responder); });
  HttpClient client(loop, origin, {});
  std::optional<HttpOutcome> out;
  client.get({}, [&](HttpOutcome outcome) { out = std::move(outcome); });
  ASSERT_TRUE(loop.run_until([&] { return kept.has_value(); }));
  server->stop_accepting();
  server->close_all();
  ASSERT_TRUE(loop.run_until([&] { return out.has_value(); }));
  EXPECT_EQ(out->reach, Reach::broken);
  EXPECT_EQ(get(client, {}).reach, Reach::not_sent);
  server.reset();
  kept->send({200, {}, "too late"});
  loop.run_for(5ms);
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  serve_echo();
  HttpServer other(loop, {}, [](Incoming, Responder) {});
  const auto taken = other.listen("127.0.0.1:" + std::to_string(origin.port));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, base::ErrorKind::unavailable);
  for (const auto* address : {"", "127.0.0.1", "127.0.0.1:", "x:80", "127.0.0.1:70000", ":80"}) {
    const auto wrong = other.listen(address);
    ASSERT_FALSE(wrong) << address;
    EXPECT_EQ(wrong.error().kind, base::ErrorKind::invalid) << address;
  }
  EXPECT_THAT(other.listen("[::1]:0").value_or("[::1]:none on this machine"), StartsWith("[::1]:"));
}

}  // namespace
}  // namespace hmt::net
