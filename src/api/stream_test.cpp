#include "api/stream.h"

#include "api/stream_frames.h"
#include "api/test_server.h"

namespace hmt::api::test {
namespace {

class StreamApi : public ServerTest {
 protected:
  Listener listen(const std::string& query = "") {
    return Listener(loop, port, "/api/v1/stream" + query, {{"Authorization", "Bearer " + token}});
  }
};

TEST_F(StreamApi, ItStartsWithAHelloThatSaysWhereItStands) {
  const auto made = arm();
  auto listener = listen();
  const auto hello = listener.next("hello");
  EXPECT_EQ(hello.at("build"), "test");
  EXPECT_EQ(hello.at("engine.status"), "running");
  EXPECT_EQ(hello.at("sid").size(), 16U);
  const auto trail = get("/api/v1/audit?limit=1&before=9000000000");
  EXPECT_EQ(hello.at("seq"), trail.at("audit.0.number"));
  EXPECT_GT(std::stoll(hello.at("now")), 1'700'000'000'000);
}

TEST_F(StreamApi, EveryStepOfATriggerIsToldWithItsNumberAndItsRow) {
  auto listener = listen();
  listener.next("hello");
  const auto made = arm();
  const auto created = listener.next("trg");
  EXPECT_EQ(created.at("d.0.event"), "created");
  EXPECT_EQ(created.at("d.0.id"), made.at("id"));
  EXPECT_EQ(created.at("d.0.rev"), "1");
  EXPECT_EQ(created.at("d.0.status"), "active");
  fire(made);
  const auto fired = listener.next("trg");
  EXPECT_EQ(fired.at("d.0.status"), "firing");
  EXPECT_EQ(fired.at("d.0.severity"), "info");
  EXPECT_EQ(fired.at("d.0.detail.rule"), "SELL leg 1: LTP 1499.95 <= 1500.00");
  const auto order = listener.next("ord");
  EXPECT_EQ(order.at("seq"), fired.at("seq"));
  EXPECT_EQ(order.at("d.0.trigger_id"), made.at("id"));
  EXPECT_EQ(order.at("d.0.order.state"), "forwarded");
  EXPECT_GT(std::stoll(fired.at("seq")), std::stoll(created.at("seq")));
}

TEST_F(StreamApi, AnEventOfNoTriggerIsToldToo) {
  auto listener = listen();
  listener.next("hello");
  model::AuditEntry entry;
  entry.event = "feed_lost";
  entry.severity = model::Severity::alarm;
  entry.actor = "engine";
  desk.tell(*database->writer().note(entry));
  EXPECT_EQ(listener.next("evt").at("d.0.event"), "feed_lost");
}

TEST_F(StreamApi, PricesOfTheWantedInstrumentsAreToldWhenTheyChange) {
  auto listener = listen();
  listener.next("hello");
  desk.trade(infy, "1573.15");
  desk.trade(reliance, "2400.00");
  listener.say(R"({"t":"sub","px":[408065]})");
  const auto first = listener.next("px");
  EXPECT_EQ(first.at("d.0.0"), "408065");
  EXPECT_EQ(first.at("d.0.1"), "15731500");
  EXPECT_EQ(first.at("d.1"), "-");
  EXPECT_EQ(desk.wanted.size(), 1U);
  listener.next("hb");
  EXPECT_EQ(listener.count("px"), 1) << "nothing changed";
  desk.trade(infy, "1573.20");
  EXPECT_EQ(listener.next("px").at("d.0.1"), "15732000");
  listener.say(R"({"t":"sub","px":[]})");
  EXPECT_TRUE(loop.run_until([&] { return desk.wanted.empty(); }));
}

TEST(PriceFrame, APriceFinerThanATenThousandthStaysExact) {
  const runtime::LivePrice price{7, base::Price::from_raw(830'025'001), base::Instant(1500ms)};
  EXPECT_EQ(price_frame({price}), R"({"t":"px","d":[[7,830025.001,1500]]})");
}

TEST_F(StreamApi, OnlyTheWantedChannelsAreSent) {
  auto listener = listen();
  listener.next("hello");
  listener.say(R"({"t":"sub","px":[408065],"ch":["ord"]})");
  EXPECT_TRUE(loop.run_until([&] { return !desk.wanted.empty(); }));
  fire(arm());
  listener.next("ord");
  listener.next("hb");
  EXPECT_EQ(listener.count("trg"), 0);
  EXPECT_EQ(listener.count("stat"), 0);
}

TEST_F(StreamApi, TheStateAndAHeartbeatComeEverySecond) {
  auto listener = listen();
  listener.next("hello");
  desk.standing_.processed_ticks = 77;
  EXPECT_EQ(listener.next("stat").at("d.stats.processed_ticks"), "77");
  const auto first = std::stoll(listener.next("hb").at("now"));
  const auto second = std::stoll(listener.next("hb").at("now"));
  EXPECT_NEAR(static_cast<double>(second - first), 1000, 500);
}

TEST_F(StreamApi, WhichExchangesAreOpenIsToldWithTheState) {
  desk.standing_.open = {model::Exchange::mcx};
  auto listener = listen();
  EXPECT_EQ(listener.next("hello").at("engine.open.0"), "MCX");
  desk.standing_.open = {model::Exchange::nse, model::Exchange::mcx};
  const auto stat = listener.next("stat");
  EXPECT_EQ(stat.at("d.open.0"), "NSE");
  EXPECT_EQ(stat.at("d.open.1"), "MCX");
  EXPECT_EQ(stat.at("d.open.2"), "-");
}

TEST_F(StreamApi, AListenerThatComesBackMissesNothing) {
  std::string last;
  {
    auto listener = listen();
    listener.next("hello");
    arm();
    last = listener.next("trg").at("seq");
  }
  std::vector<std::string> missed;
  for (int i = 0; i < 3; ++i) missed.push_back(arm().at("id"));
  for (const bool by_query : {true, false}) {
    auto listener = listen(by_query ? "?resume=" + last : "");
    if (!by_query) {
      listener.next("hello");
      listener.say(R"({"t":"resume","seq":)" + last + "}");
    }
    for (const auto& id : missed) EXPECT_EQ(listener.next("trg").at("d.0.id"), id);
    const auto resumed = listener.next("resumed");
    EXPECT_GT(std::stoll(resumed.at("seq")), std::stoll(last));
    const auto next = arm();
    EXPECT_EQ(listener.next("trg").at("d.0.id"), next.at("id"));
    missed.push_back(next.at("id"));
  }
}

TEST_F(StreamApi, AThousandMissedEventsComeInOrder) {
  auto first = listen();
  const auto start = first.next("hello").at("seq");
  model::AuditEntry entry;
  entry.event = "alert";
  entry.actor = "engine";
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(database->writer().note(entry));
  auto listener = listen("?resume=" + start);
  auto before = std::stoll(start);
  for (int i = 0; i < 1000; ++i) {
    const auto number = std::stoll(listener.next("evt").at("seq"));
    ASSERT_EQ(number, before + 1);
    before = number;
  }
  listener.next("resumed");
}

TEST_F(StreamApi, WhoIsTooFarBehindIsToldToReadAfresh) {
  auto listener = listen("?resume=0");
  model::AuditEntry entry;
  entry.event = "alert";
  entry.actor = "engine";
  listener.next("hello");
  desk.tell(StreamHub::events_behind_max + 1000);
  EXPECT_EQ(listener.end().close_code, close_read_afresh);
}

TEST_F(StreamApi, ANumberFromTheFutureMeansThatTheListenerKnewAnotherStore) {
  auto listener = listen("?resume=999999");
  EXPECT_EQ(listener.end().close_code, close_read_afresh);
}

TEST_F(StreamApi, FramesThatMakeNoSenseAreAnsweredWithAnError) {
  auto listener = listen();
  listener.next("hello");
  for (const auto& [frame, field] :
       std::vector<std::pair<std::string, std::string>>{{"{", "null"},
                                                        {"{}", "t"},
                                                        {R"({"t":"sing"})", "t"},
                                                        {R"({"t":"sub","px":7})", "px"},
                                                        {R"({"t":"sub","px":["408065"]})", "px"},
                                                        {R"({"t":"sub","px":[-1]})", "px"},
                                                        {R"({"t":"sub","ch":["all"]})", "ch"},
                                                        {R"({"t":"sub","pz":[]})", "pz"},
                                                        {R"({"t":"resume"})", "seq"},
                                                        {R"({"t":"resume","seq":"1"})", "seq"}}) {
    listener.say(frame);
    EXPECT_EQ(listener.next("error").field(), field) << frame;
  }
  std::string many = "[1";
  for (int i = 0; i < 500; ++i) many += ",1";
  listener.say(R"({"t":"sub","px":)" + many + "]}");
  EXPECT_EQ(listener.next("error").field(), "px");
}

TEST_F(StreamApi, TokensThatCannotBeOnesAreRefusedAndTheListIsLeftAsItWas) {
  auto listener = listen();
  listener.next("hello");
  listener.say(R"({"t":"sub","px":[408065]})");
  EXPECT_TRUE(loop.run_until([&] { return !desk.wanted.empty(); }));
  const auto wanted = desk.wanted;
  std::string many = "[408065";
  for (int i = 0; i < 500; ++i) many += ",408065";
  std::vector<std::string> lists = {"[0]",
                                    "[255]",
                                    "[256]",
                                    "[10]",
                                    "[4294967295]",
                                    "[4294967296]",
                                    "[18446744073709551617]",
                                    "[-1]",
                                    "[-408065]",
                                    "[408065.0]",
                                    "[4.08065e5]",
                                    "[1e400]",
                                    "[\"408065\"]",
                                    "[true]",
                                    "[null]",
                                    "[[408065]]",
                                    "[{}]",
                                    "[408065,255]",
                                    "{}",
                                    "{\"0\":408065}",
                                    "null",
                                    "\"408065\"",
                                    "408065",
                                    many + "]"};
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (i % 10 == 9) listener.next("hb");  // at most 20 frames in one second
    listener.say(R"({"t":"sub","px":)" + lists[i] + "}");
    EXPECT_EQ(listener.next("error").field(), "px") << lists[i];
  }
  EXPECT_EQ(desk.wanted, wanted);
  desk.trade(infy, "1573.15");
  EXPECT_EQ(listener.next("px").at("d.0.0"), "408065") << "the stream lives";
}

// Whatever is sent: an error frame or the end of this stream, never of the server.
TEST_F(StreamApi, NothingThatIsSentBreaksTheServer) {
  const std::string nested(8000, '[');
  std::vector<std::string> frames = {
      "",
      "null",
      "[]",
      "0",
      "\"sub\"",
      std::string("\0\0", 2),
      nested,
      R"({"t":"sub","px":)" + nested + "}",
      R"({"t":["sub"]})",
      R"({"t":"sub","t":"sub"})",
      R"({"t":"sub","ch":[["trg"]]})",
      R"({"t":"sub","ch":{"trg":true}})",
      R"({"t":"resume","seq":-1})",
      R"({"t":"resume","seq":1.5})",
      R"({"t":"resume","seq":9223372036854775808})",
      R"({"t":"resume","seq":[1]})",
      std::string(16000, '1'),
      R"({"t":"sub","px":[)" + std::string(15000, ',') + "]}",
  };
  for (const auto& frame : frames) {
    auto listener = listen();
    listener.next("hello");
    listener.say(frame);
    listener.next("error");
  }
  auto listener = listen();
  listener.next("hello");
  listener.say(R"({"t":"sub","px":[)" + std::string(100'000, '1') + "]}");
  EXPECT_EQ(listener.end().close_code, 1009) << "a frame is at most 16 KB";
  EXPECT_TRUE(desk.wanted.empty());
  EXPECT_EQ(get("/api/v1/session").status, 200);
}

TEST_F(StreamApi, AFloodOfFramesEndsTheStream) {
  auto listener = listen();
  listener.next("hello");
  for (int i = 0; i < 50; ++i) listener.say("{}");
  EXPECT_EQ(listener.end().close_code, 1008);
}

TEST_F(StreamApi, ATicketOpensOneStream) {
  const auto ticket = ask("POST", "/api/v1/stream-ticket", signed_in());
  EXPECT_EQ(ticket.status, 201);
  EXPECT_EQ(ticket.at("expires_in_seconds"), "30");
  const auto target = "/api/v1/stream?ticket=" + ticket.at("ticket");
  Listener first(loop, port, target);
  first.next("hello");
  Listener second(loop, port, target);
  EXPECT_EQ(second.end().http_status, 401);
}

TEST_F(StreamApi, AStrangerOrAnotherSitesPageGetsNoStream) {
  Listener stranger(loop, port, "/api/v1/stream");
  EXPECT_EQ(stranger.end().http_status, 401);
  Listener page(loop, port, "/api/v1/stream",
                {{"Authorization", "Bearer " + token}, {"Origin", "http://evil.example"}});
  EXPECT_EQ(page.end().http_status, 403);
  EXPECT_EQ(get("/api/v1/stream").status, 426);
}

// Signs everybody in as one user.
class OneUser final : public Authenticator {
 public:
  base::Result<Identity> authenticate(const net::Headers&) override {
    Identity identity;
    identity.actor.user = model::UserId{base::Uuid::from_random({7})};
    return identity;
  }
};

TEST_F(StreamApi, AUserHasAtMostFiveStreams) {
  auto with = config();
  with.authenticator = std::make_unique<OneUser>();
  restart(std::move(with));
  std::vector<std::unique_ptr<Listener>> open;
  for (std::size_t i = 0; i < StreamHub::streams_per_user_max; ++i) {
    open.push_back(std::make_unique<Listener>(loop, port, "/api/v1/stream", signed_in()));
    open.back()->next("hello");
  }
  Listener sixth(loop, port, "/api/v1/stream", signed_in());
  EXPECT_EQ(sixth.end().http_status, 429);
  open.pop_back();
  Listener again(loop, port, "/api/v1/stream", signed_in());
  again.next("hello");
}

TEST_F(StreamApi, TheOperatorHasAllThatThereIsRoomFor) {
  std::vector<std::unique_ptr<Listener>> open;
  for (std::size_t i = 0; i < StreamHub::streams_max; ++i) {
    open.push_back(std::make_unique<Listener>(loop, port, "/api/v1/stream", signed_in()));
    open.back()->next("hello");
  }
  Listener one_more(loop, port, "/api/v1/stream", signed_in());
  EXPECT_EQ(one_more.end().http_status, 429);
}

TEST_F(StreamApi, ALeavingListenersPricesAreNotWantedAnyMore) {
  {
    auto listener = listen();
    listener.next("hello");
    listener.say(R"({"t":"sub","px":[408065]})");
    EXPECT_TRUE(loop.run_until([&] { return !desk.wanted.empty(); }));
  }
  EXPECT_TRUE(loop.run_until([&] { return desk.wanted.empty(); }));
}

TEST_F(StreamApi, AStoppingEngineSaysGoodbye) {
  auto listener = listen();
  listener.next("hello");
  server->close_all();
  EXPECT_EQ(listener.end().close_code, 1001);
}

// Signs everybody in for a moment only.
class ShortSession final : public Authenticator {
 public:
  explicit ShortSession(net::Loop& loop) : loop_(loop) {}
  base::Result<Identity> authenticate(const net::Headers&) override {
    return Identity{{}, loop_.now() + 100ms};
  }

 private:
  net::Loop& loop_;
};

TEST_F(StreamApi, AStreamEndsWithItsSignIn) {
  auto with = config();
  with.authenticator = std::make_unique<ShortSession>(loop);
  restart(std::move(with));
  auto listener = listen();
  EXPECT_EQ(listener.end().close_code, close_sign_in_again);
}

}  // namespace
}  // namespace hmt::api::test
