#include "net/http_client.h"

#include <algorithm>
#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <optional>

#include "net/http_server.h"
#include "net/test_peers.h"

namespace hmt::net {
namespace {

using namespace std::chrono_literals;
using test::RawServer;
using test::RawSocket;
using test::TestLoop;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct HttpClientTest : testing::Test {
  void serve(RawServer::Script script, int backlog = 16) {
    server = std::make_unique<RawServer>(std::move(script), backlog);
    use_port(server->port());
  }
  // Each connection: reads one whole POST (or nothing), keeps what it saw, and says `answer`.
  void serve_posts(std::string answer) {
    serve([this, answer](RawSocket& peer, int nth) {
      note(nth, peer.receive_until("quantity=1"));
      peer.send(answer);
    });
  }
  void use_port(std::uint16_t port) {
    origin = parse_origin("http://127.0.0.1:" + std::to_string(port)).value();
  }
  HttpClient& make_client() { return client.emplace(loop, origin, options); }

  void note(int nth, std::string bytes) {
    const std::lock_guard lock(mutex);
    seen[nth] += bytes;
  }
  // The requests that the server saw, on all connections.
  std::size_t requests_seen() {
    const std::lock_guard lock(mutex);
    return static_cast<std::size_t>(
        std::ranges::count_if(seen, [](const auto& each) { return !each.second.empty(); }));
  }

  HttpOutcome wait(std::optional<HttpOutcome>& out) {
    EXPECT_TRUE(loop.run_until([&] { return out.has_value(); }));
    return out.value_or(HttpOutcome{});
  }
  HttpOutcome get(HttpRequest request = {}) {
    if (!client) make_client();
    std::optional<HttpOutcome> out;
    client->get(std::move(request), [&](HttpOutcome outcome) { out = std::move(outcome); });
    EXPECT_FALSE(out) << "called back within the call";
    return wait(out);
  }
  HttpOutcome post(std::move_only_function<bool()> last_check = {}) {
    return post({"POST", "/orders/regular", {}, "quantity=1"}, std::move(last_check));
  }
  HttpOutcome post(HttpRequest request, std::move_only_function<bool()> last_check = {}) {
    if (!client) make_client();
    std::optional<HttpOutcome> out;
    client->send_once(std::move(request), std::move(last_check),
                      [&](HttpOutcome outcome) { out = std::move(outcome); });
    EXPECT_FALSE(out) << "called back within the call";
    return wait(out);
  }

  TestLoop loop;
  std::mutex mutex;
  std::map<int, std::string> seen;
  std::unique_ptr<RawServer> server;
  Origin origin;
  ClientOptions options;
  std::optional<HttpClient> client;
};

TEST_F(HttpClientTest, AnOrderIsAnsweredOnAConnectionOfItsOwn) {
  serve_posts(std::string(ok));
  for (int n = 1; n <= 2; ++n) {
    const auto outcome = post();
    EXPECT_EQ(outcome.reach, Reach::answered) << outcome.error;
    EXPECT_EQ(outcome.response.body, "ok");
    EXPECT_EQ(server->accepted(), n);
  }
  EXPECT_THAT(seen[1], HasSubstr("POST /orders/regular HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(seen[1], HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(seen[1], HasSubstr("Content-Length: 10\r\n"));
}

TEST_F(HttpClientTest, NothingListensSoNothingWasSent) {
  use_port(test::closed_port());
  EXPECT_EQ(post().reach, Reach::not_sent);
  const auto outcome = get();
  EXPECT_EQ(outcome.reach, Reach::not_sent);
  EXPECT_THAT(outcome.error, HasSubstr("refused"));
}

TEST_F(HttpClientTest, AnUnknownHostMeansNotSent) {
  // Too long for a name server to be asked.
  origin = parse_origin("https://" + std::string(64, 'a') + ".invalid").value();
  const auto outcome = post();
  EXPECT_EQ(outcome.reach, Reach::not_sent);
  EXPECT_THAT(outcome.error, HasSubstr("resolved"));
}

TEST_F(HttpClientTest, AServerThatDoesNotAcceptMeansNotSent) {
  serve({}, 0);  // a full backlog: the kernel answers no further connection
  std::vector<RawSocket> fill;
  fill.push_back(RawSocket::connect(origin.port));
  options.connect_timeout = 200ms;
  const auto outcome = post();
  EXPECT_EQ(outcome.reach, Reach::not_sent);
  EXPECT_THAT(outcome.error, HasSubstr("in time"));
}

TEST_F(HttpClientTest, TheLastCheckSaysNoAndTheServerSeesNothing) {
  serve([this](RawSocket& peer, int nth) { note(nth, peer.receive()); });
  const auto outcome = post([] { return false; });
  EXPECT_EQ(outcome.reach, Reach::not_sent);
  client.reset();
  server.reset();  // its threads have ended: what they saw is final
  EXPECT_EQ(requests_seen(), 0u);
}

TEST_F(HttpClientTest, TheLastCheckIsAskedOnceAndOnlyWhenConnected) {
  serve_posts(std::string(ok));
  int asked = 0;
  EXPECT_EQ(post([&] { return ++asked > 0; }).reach, Reach::answered);
  EXPECT_EQ(asked, 1);
  use_port(test::closed_port());
  make_client();
  EXPECT_EQ(post([&] { return ++asked > 0; }).reach, Reach::not_sent);
  EXPECT_EQ(asked, 1);
}

TEST_F(HttpClientTest, AServerThatTakesTheOrderAndClosesIsBrokenAndAskedOnce) {
  serve_posts("");
  const auto outcome = post();
  EXPECT_EQ(outcome.reach, Reach::broken);
  EXPECT_THAT(outcome.error, HasSubstr("without an answer"));
  loop.run_for(50ms);
  EXPECT_EQ(requests_seen(), 1u);
  EXPECT_EQ(server->accepted(), 1);
}

TEST_F(HttpClientTest, AServerThatTakesTheOrderAndResetsIsBrokenAndAskedOnce) {
  serve([this](RawSocket& peer, int nth) {
    note(nth, peer.receive_until("quantity=1"));
    peer.reset();
  });
  EXPECT_EQ(post().reach, Reach::broken);
  loop.run_for(50ms);
  EXPECT_EQ(requests_seen(), 1u);
  EXPECT_EQ(server->accepted(), 1);
}

TEST_F(HttpClientTest, AServerThatAcceptsAndClosesNeverLooksLikeAnAnswer) {
  serve([](RawSocket& peer, int) { peer.close(); });
  for (int n = 1; n <= 20; ++n) {
    EXPECT_NE(post().reach, Reach::answered);
    EXPECT_EQ(server->accepted(), n);
  }
}

TEST_F(HttpClientTest, AServerThatNeverAnswersIsBrokenAndTheSendingTimeIsThatOfTheBytes) {
  serve([this](RawSocket& peer, int nth) {
    note(nth, peer.receive_until("quantity=1"));
    peer.receive();
  });
  options.total_timeout = 400ms;
  Loop& clock = loop;
  const auto began = clock.now();
  const auto outcome = post();
  EXPECT_EQ(outcome.reach, Reach::broken);
  EXPECT_THAT(outcome.error, HasSubstr("in time"));
  EXPECT_GE(clock.now() - began, 400ms);
  EXPECT_GE(outcome.sent_at, began);
  EXPECT_LT(outcome.sent_at, began + 300ms);
  EXPECT_EQ(requests_seen(), 1u);
}

TEST_F(HttpClientTest, BytesThatTheKernelStillHeldCouldHaveLeftUntilTheEnd) {
  std::atomic<bool> over = false;
  serve([&](RawSocket&, int) {
    while (!over) std::this_thread::sleep_for(1ms);
  });
  options.total_timeout = 300ms;
  Loop& clock = loop;
  const auto began = clock.now();
  const auto outcome = post({"POST", "/", {}, std::string(16 << 20, 'x')});
  over = true;
  server.reset();
  EXPECT_EQ(outcome.reach, Reach::broken);
  EXPECT_GE(outcome.sent_at, began + 300ms);
}

TEST_F(HttpClientTest, AnAnswerThatStopsHalfWayIsBroken) {
  for (const auto* answer :
       {"H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    client.reset();
    serve_posts(answer);
    EXPECT_EQ(post().reach, Reach::broken) << answer;
  }
}

TEST_F(HttpClientTest, AnAnswerThatIsNotHttpIsBroken) {
  for (const auto* answer :
       {"hello\r\n\r\n", "HTTP/1.1 2000 X\r\n\r\n", "HTTP/1.1 101 S\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"}) {
    client.reset();
    serve_posts(answer);
    EXPECT_EQ(post().reach, Reach::broken) << answer;
  }
}

TEST_F(HttpClientTest, UnderstandsTheFormsOfAnAnswer) {
  struct Case {
    const char* answer;
    int status;
    const char* body;
  };
  for (const auto& [answer, status, body] : std::vector<Case>{
           {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200,
            "abc"},
           {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 C\r\ncontent-length: 1\r\n\r\nx", 201, "x"},
           {"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, "until the end"},
           {"HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
           {"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", 302, ""},
           {"HTTP/1.0 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", 503, "busy"}}) {
    client.reset();
    serve_posts(answer);
    const auto outcome = post();
    EXPECT_EQ(outcome.reach, Reach::answered) << answer << outcome.error;
    EXPECT_EQ(outcome.response.status, status);
    EXPECT_EQ(outcome.response.body, body);
  }
}

TEST_F(HttpClientTest, AServerThatClosesBehindAnInterimAnswerIsBrokenAtOnce) {
  serve_posts("HTTP/1.1 100 Continue\r\n\r\n");
  const auto outcome = post();
  EXPECT_EQ(outcome.reach, Reach::broken);
  EXPECT_THAT(outcome.error, HasSubstr("closed without an answer"));
}

TEST_F(HttpClientTest, AStatusThatHttpDoesNotHaveIsNoAnswer) {
  serve_posts("HTTP/1.1 099 What\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(post().reach, Reach::broken);
}

TEST_F(HttpClientTest, AnAnswerThatIsTooLargeIsNotTaken) {
  options.body_bytes_max = 100;
  serve_posts("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x'));
  const auto outcome = post();
  EXPECT_EQ(outcome.reach, Reach::broken);
  EXPECT_THAT(outcome.error, HasSubstr("larger than is allowed"));
}

TEST_F(HttpClientTest, AValueCannotBecomeAHeaderOrARequest) {
  serve_posts(std::string(ok));
  EXPECT_EQ(post({"POST", "/", {{"X", "a\r\nEvil: 1"}}, ""}).reach, Reach::not_sent);
  EXPECT_EQ(post({"POST", "/", {{"X: a\r\nEvil", "1"}}, ""}).reach, Reach::not_sent);
  EXPECT_EQ(post({"POST", "/a HTTP/1.1\r\n", {}, ""}).reach, Reach::not_sent);
  EXPECT_EQ(post({"POST", "no-slash", {}, ""}).reach, Reach::not_sent);
  EXPECT_EQ(post({"PO ST", "/", {}, ""}).reach, Reach::not_sent);
  EXPECT_EQ(server->accepted(), 0);
}

TEST_F(HttpClientTest, GetsShareAKeptConnection) {
  serve([this](RawSocket& peer, int nth) {
    for (auto request = peer.receive_until("\r\n\r\n"); !request.empty();
         request = peer.receive_until("\r\n\r\n")) {
      note(nth, request);
      peer.send(ok);
    }
  });
  for (int n = 0; n < 3; ++n) EXPECT_EQ(get({"GET", "/quote", {}, {}}).reach, Reach::answered);
  EXPECT_EQ(server->accepted(), 1);
  EXPECT_THAT(seen[1], Not(HasSubstr("Connection")));
}

TEST_F(HttpClientTest, AKeptConnectionThatTheServerClosedIsNotUsed) {
  serve([](RawSocket& peer, int) {
    peer.receive_until("\r\n\r\n");
    peer.send(ok);
  });
  for (int n = 1; n <= 5; ++n) {
    EXPECT_EQ(get().reach, Reach::answered);
    loop.run_for(20ms);
  }
  EXPECT_EQ(server->accepted(), 5);
}

TEST_F(HttpClientTest, AKeptConnectionThatDiesUnderARequestIsBrokenAndNotTriedAgain) {
  serve([this](RawSocket& peer, int nth) {
    peer.receive_until("\r\n\r\n");
    peer.send(ok);
    note(nth, peer.receive_until("\r\n\r\n"));
  });
  EXPECT_EQ(get().reach, Reach::answered);
  EXPECT_EQ(get().reach, Reach::broken);
  loop.run_for(20ms);
  EXPECT_EQ(server->accepted(), 1);
}

TEST_F(HttpClientTest, GetsBeyondTheConnectionLimitWaitTheirTurn) {
  std::vector<Responder> held;
  std::size_t most = 0;
  HttpServer slow(loop, {}, [&](Incoming, Responder responder) {
    held.push_back(std::move(responder));
    most = std::max(most, held.size());
    static_cast<Loop&>(loop).after(5ms, [&] {
      held.front().send({200, {}, "x"});
      held.erase(held.begin());
    });
  });
  origin = parse_origin("http://" + slow.listen("127.0.0.1:0").value()).value();
  options.connections_max = 2;
  make_client();
  int answered = 0;
  for (int n = 0; n < 20; ++n) {
    client->get({}, [&](HttpOutcome outcome) { answered += outcome.reach == Reach::answered; });
  }
  EXPECT_TRUE(loop.run_until([&] { return answered == 20; }));
  EXPECT_EQ(most, 2u);
  client.reset();
}

TEST_F(HttpClientTest, WaitingCountsAgainstTheTotalTime) {
  serve([](RawSocket& peer, int) { peer.receive_all(); });
  options.connections_max = 1;
  options.total_timeout = 150ms;
  make_client();
  std::optional<HttpOutcome> first, second;
  client->get({}, [&](HttpOutcome outcome) { first = std::move(outcome); });
  client->get({}, [&](HttpOutcome outcome) { second = std::move(outcome); });
  EXPECT_TRUE(loop.run_until([&] { return first && second; }));
  EXPECT_EQ(first->reach, Reach::broken);
  EXPECT_EQ(second->reach, Reach::not_sent);
}

TEST_F(HttpClientTest, AHeadRequestHasNoBodyToWaitFor) {
  serve([](RawSocket& peer, int) {
    peer.receive_until("\r\n\r\n");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
    peer.receive();
  });
  const auto outcome = get({"HEAD", "/", {}, {}});
  EXPECT_EQ(outcome.reach, Reach::answered) << outcome.error;
  EXPECT_EQ(outcome.response.body, "");
}

TEST_F(HttpClientTest, AWarmSpareCarriesTheOrderAndIsReplaced) {
  serve_posts(std::string(ok));
  make_client().keep_spares_warm();
  ASSERT_TRUE(loop.run_until([&] { return server->accepted() == 1; }));
  loop.run_for(20ms);
  EXPECT_EQ(post().reach, Reach::answered);
  EXPECT_THAT(seen[1], HasSubstr("POST"));
  ASSERT_TRUE(loop.run_until([&] { return server->accepted() == 2; }));
  loop.run_for(20ms);
  EXPECT_EQ(post().reach, Reach::answered);
  EXPECT_THAT(seen[2], HasSubstr("POST"));
}

TEST_F(HttpClientTest, ASpareThatTheServerClosedIsNeverWrittenTo) {
  serve([this](RawSocket& peer, int nth) {
    if (nth == 1) return;
    note(nth, peer.receive_until("quantity=1"));
    peer.send(ok);
  });
  make_client().keep_spares_warm();
  ASSERT_TRUE(loop.run_until([&] { return server->accepted() == 1; }));
  loop.run_for(20ms);
  EXPECT_EQ(post().reach, Reach::answered);
  EXPECT_EQ(requests_seen(), 1u);
}

TEST_F(HttpClientTest, ASpareThatClosedWithoutTheLoopNoticingIsNeverWrittenTo) {
  std::atomic<bool> close_it = false;
  std::atomic<bool> closed = false;
  serve([&](RawSocket& peer, int nth) {
    if (nth == 1) {
      while (!close_it) std::this_thread::sleep_for(1ms);
      peer.close();
      closed = true;
      return;
    }
    note(nth, peer.receive_until("quantity=1"));
    peer.send(ok);
  });
  make_client().keep_spares_warm();
  ASSERT_TRUE(loop.run_until([&] { return server->accepted() == 1; }));
  loop.run_for(20ms);
  // The server closes while our loop is busy elsewhere.
  close_it = true;
  while (!closed) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(post().reach, Reach::answered);
  server.reset();
  EXPECT_EQ(requests_seen(), 1u);
}

TEST_F(HttpClientTest, ASpareIsReplacedBeforeItIsTooOld) {
  serve([](RawSocket& peer, int) { peer.receive(); });
  options.spare_age_max = 40ms;
  make_client().keep_spares_warm();
  EXPECT_TRUE(loop.run_until([&] { return server->accepted() >= 4; }));
}

TEST_F(HttpClientTest, AServerThatKeepsNoSpareIsNotHammered) {
  serve([](RawSocket& peer, int) { peer.close(); });
  make_client().keep_spares_warm();
  loop.run_for(500ms);
  EXPECT_LE(server->accepted(), 2);
}

TEST_F(HttpClientTest, AnOrderThatFailsItsLastCheckLeavesTheSpareUnused) {
  serve_posts(std::string(ok));
  make_client().keep_spares_warm();
  ASSERT_TRUE(loop.run_until([&] { return server->accepted() == 1; }));
  loop.run_for(20ms);
  EXPECT_EQ(post([] { return false; }).reach, Reach::not_sent);
  EXPECT_EQ(post().reach, Reach::answered);
  EXPECT_THAT(seen[1], HasSubstr("POST"));
}

TEST_F(HttpClientTest, WithASpareAtHandTheOrderLeavesBeforeTheCallReturns) {
  serve_posts(std::string(ok));
  make_client().keep_spares_warm();
  ASSERT_TRUE(loop.run_until([&] { return server->accepted() == 1; }));
  loop.run_for(20ms);
  bool checked = false;
  std::optional<HttpOutcome> outcome;
  client->send_once(
      {"POST", "/", {}, "quantity=1"}, [&] { return checked = true; },
      [&](HttpOutcome came) { outcome = std::move(came); });
  EXPECT_TRUE(checked);
  EXPECT_FALSE(outcome);
  // Nobody turns the loop meanwhile.
  for (int i = 0; i < 1000 && requests_seen() == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(requests_seen(), 1u);
  ASSERT_TRUE(loop.run_until([&] { return outcome.has_value(); }));
  EXPECT_EQ(outcome->reach, Reach::answered);
}

TEST_F(HttpClientTest, AnOrderThatFailsItsLastCheckIsToldAfterTheCall) {
  serve_posts(std::string(ok));
  make_client().keep_spares_warm();
  ASSERT_TRUE(loop.run_until([&] { return server->accepted() == 1; }));
  loop.run_for(20ms);
  std::optional<HttpOutcome> outcome;
  client->send_once(
      {"POST", "/", {}, "quantity=1"}, [] { return false; },
      [&](HttpOutcome came) { outcome = std::move(came); });
  EXPECT_FALSE(outcome);
  ASSERT_TRUE(loop.run_until([&] { return outcome.has_value(); }));
  EXPECT_EQ(outcome->reach, Reach::not_sent);
}

TEST_F(HttpClientTest, ASpareThatWasNotUsedIsClosedWithItsClient) {
  const auto ended = std::make_shared<std::atomic<int>>(0);
  serve([ended](RawSocket& peer, int) {
    peer.receive_all();
    ++*ended;
  });
  make_client().keep_spares_warm();
  ASSERT_TRUE(loop.run_until([&] { return server->accepted() == 1; }));
  loop.run_for(20ms);
  client->send_once({"POST", "/", {}, "quantity=1"}, [] { return false; }, [](HttpOutcome) {});
  client.reset();
  EXPECT_TRUE(loop.run_until([&] { return *ended == server->accepted(); }, 2s));
}

TEST_F(HttpClientTest, EndsWhatIsOutstandingBeforeItIsGone) {
  serve([this](RawSocket& peer, int nth) {
    note(nth, peer.receive_until("quantity=1"));
    peer.receive();
  });
  make_client();
  std::optional<HttpOutcome> sent, unsent;
  client->send_once({"POST", "/", {}, "quantity=1"}, {},
                    [&](HttpOutcome outcome) { sent = std::move(outcome); });
  ASSERT_TRUE(loop.run_until([&] { return requests_seen() == 1; }));
  client->get({}, [&](HttpOutcome outcome) { unsent = std::move(outcome); });
  client.reset();
  ASSERT_TRUE(sent && unsent);
  EXPECT_EQ(sent->reach, Reach::broken);
  EXPECT_EQ(unsent->reach, Reach::not_sent);
  loop.run_for(10ms);
}

}  // namespace
}  // namespace hmt::net
