#include "api/test_server.h"

// Kite's GTT routes, asked as Kite's clients ask. What a stock client makes of the answers is tried
// in tests/acceptance.
namespace hmt::api::test {
namespace {

const std::string gtts = "/gtt/triggers";

class GttApi : public ServerTest {
 protected:
  static net::Headers kite(net::Headers more = {}) {
    more.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    more.emplace_back("Authorization", "token hmt:" + token);
    return more;
  }
  static std::string order(const std::string& price, const std::string& side = "SELL") {
    return R"({"exchange":"NSE","tradingsymbol":"INFY","transaction_type":")" + side +
           R"(","quantity":10,"order_type":"LIMIT","product":"CNC","price":)" + price + "}";
  }
  static std::string single(const std::string& value, const std::string& last = "1570",
                            const std::string& price = "1495.5") {
    return net::to_form({{"type", "single"},
                         {"condition", R"({"exchange":"NSE","tradingsymbol":"INFY",)"
                                       R"("trigger_values":[)" +
                                           value + R"(],"last_price":)" + last + "}"},
                         {"orders", "[" + order(price) + "]"}});
  }
  static std::string two_leg(const std::string& side = "SELL", const std::string& upper = "1640") {
    return net::to_form(
        {{"type", "two-leg"},
         {"condition", R"({"exchange":"NSE","tradingsymbol":"INFY","trigger_values":[1490.0,)" +
                           upper + R"(],"last_price":1570.0})"},
         {"orders", "[" + order("1489", side) + ", " + order("1641.05", side) + "]"}});
  }

  Answer place(const std::string& body, net::Headers more = {}) {
    return ask("POST", gtts, kite(std::move(more)), body);
  }
  Answer modify(const std::string& number, const std::string& body) {
    return ask("PUT", gtts + "/" + number, kite(), body);
  }
  Answer show(const std::string& number) { return ask("GET", gtts + "/" + number, kite()); }
  std::string placed(const std::string& body) {
    const auto answer = place(body);
    EXPECT_EQ(answer.status, 200) << answer.text;
    return answer.at("data.trigger_id");
  }
  // The trigger as /api/v1 shows it.
  Answer ours(const std::string& number) {
    return get("/api/v1/triggers/" + show(number).at("data.meta.hmt_id"));
  }

  // How the order of a fire ends; `change` sets what differs from one that the broker has placed.
  void end_fire(const Answer& trigger, const std::function<void(store::Record&)>& change) {
    const auto id = *model::TriggerId::parse(trigger.at("id"));
    auto attempt = database->writer().reader()->attempts(id, {})->back();
    attempt.state = model::AttemptState::placed;
    attempt.order_id = "2026112300000001";
    attempt.order_status = "OPEN";
    store::Record record;
    record.at = static_cast<net::Loop&>(loop).now();
    record.attempt = attempt;
    record.trigger.emplace();
    record.trigger->id = id;
    record.trigger->status = model::TriggerStatus::triggered;
    record.trigger->leg_1 = model::LegState::fired;
    record.trigger->leg_2 = model::LegState::dropped;
    record.trigger->triggered_leg = model::LegNumber::one;
    record.trigger->triggered_price = attempt.evidence.last_price;
    change(record);
    const auto done = database->writer().record(epoch, std::span(&record, 1));
    ASSERT_TRUE(done) << done.error().message;
  }

  void refuse_first_leg(const std::string& number) {
    const auto trigger = ours(number);
    fire(trigger);
    end_fire(trigger, [](auto& record) {
      record.attempt->state = model::AttemptState::refused;
      record.attempt->message = "Insufficient holdings.";
      record.trigger->status = model::TriggerStatus::active;
      record.trigger->leg_1 = model::LegState::failed;
      record.trigger->leg_2 = model::LegState::armed;
    });
  }
};

TEST_F(GttApi, AStopLossIsPlacedAndShownAsKiteShowsIt) {
  desk.trade(infy, "1570.25");
  const auto made = place(single("1500"));
  EXPECT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.at("status"), "success");
  const auto number = made.at("data.trigger_id");
  const auto shown = show(number);
  EXPECT_EQ(shown.at("data.id"), number);
  EXPECT_EQ(shown.at("data.user_id"), "hmt");
  EXPECT_EQ(shown.at("data.type"), "single");
  EXPECT_EQ(shown.at("data.status"), "active");
  EXPECT_EQ(shown.at("data.parent_trigger"), "null");
  EXPECT_EQ(shown.at("data.condition.exchange"), "NSE");
  EXPECT_EQ(shown.at("data.condition.tradingsymbol"), "INFY");
  EXPECT_EQ(shown.at("data.condition.trigger_values.0"), "1500.00");
  EXPECT_EQ(shown.at("data.condition.trigger_values.1"), "-");
  EXPECT_EQ(shown.at("data.condition.last_price"), "1570.25");
  EXPECT_EQ(shown.at("data.condition.instrument_token"), "408065");
  EXPECT_EQ(shown.at("data.orders.0.transaction_type"), "SELL");
  EXPECT_EQ(shown.at("data.orders.0.order_type"), "LIMIT");
  EXPECT_EQ(shown.at("data.orders.0.product"), "CNC");
  EXPECT_EQ(shown.at("data.orders.0.quantity"), "10");
  EXPECT_EQ(shown.at("data.orders.0.price"), "1495.50");
  EXPECT_EQ(shown.at("data.orders.0.result"), "null");
  EXPECT_EQ(shown.at("data.created_at").size(), std::string("2026-11-23 10:00:00").size());
}

TEST_F(GttApi, ItIsOneOfOurTriggersAndLastsAYear) {
  const auto number = placed(single("1500"));
  const auto trigger = ours(number);
  EXPECT_EQ(trigger.at("direction"), "<=");
  EXPECT_EQ(trigger.at("order_price_1"), "1495.50");
  const auto expires = *base::parse_rfc3339(trigger.at("expires_at"));
  const auto days = std::chrono::round<std::chrono::days>(
                        expires - *base::parse_rfc3339(trigger.at("created_at")))
                        .count();
  EXPECT_TRUE(days == 365 || days == 366) << days;
  EXPECT_EQ(show(number).at("data.expires_at"), base::to_broker_time(expires));
}

TEST_F(GttApi, APriceThatWouldTurnTheTriggerRoundIsNotTold) {
  const auto stop = placed(single("1500"));
  const auto pair = placed(two_leg());
  desk.trade(infy, "1500.05");
  EXPECT_EQ(show(stop).at("data.condition.last_price"), "1500.05");
  EXPECT_EQ(show(pair).at("data.condition.last_price"), "1500.05");
  desk.trade(infy, "1500");
  EXPECT_EQ(show(stop).at("data.condition.last_price"), "0.00");
  desk.trade(infy, "1640");
  EXPECT_EQ(show(pair).at("data.condition.last_price"), "0.00");
}

TEST_F(GttApi, ATwoLegIsShownLowerValueFirstWhateverItsSide) {
  for (const std::string side : {"SELL", "BUY"}) {
    const auto shown = show(placed(two_leg(side)));
    EXPECT_EQ(shown.at("data.condition.trigger_values.0"), "1490.00") << side;
    EXPECT_EQ(shown.at("data.condition.trigger_values.1"), "1640.00") << side;
    EXPECT_EQ(shown.at("data.orders.0.price"), "1489.00") << side;
    EXPECT_EQ(shown.at("data.orders.1.price"), "1641.05") << side;
  }
}

TEST_F(GttApi, ATriggerMadeElsewhereHasANumberToo) {
  const auto trigger = arm({{"order_price_1", "null"}});
  const auto list = ask("GET", gtts, kite());
  EXPECT_EQ(list.at("data.0.meta.hmt_id"), trigger.at("id"));
  EXPECT_EQ(list.at("data.0.orders.0.order_type"), "MARKET");
  EXPECT_EQ(list.at("data.0.orders.0.market_protection"), "-1");
  EXPECT_EQ(list.at("data.0.expires_at"), "null");
}

TEST_F(GttApi, TheListIsNewestFirst) {
  const auto first = placed(single("1500"));
  const auto second = placed(two_leg());
  const auto list = ask("GET", gtts, kite());
  EXPECT_EQ(list.at("data.0.id"), second);
  EXPECT_EQ(list.at("data.1.id"), first);
  EXPECT_EQ(list.at("data.2.id"), "-");
}

TEST_F(GttApi, ALevelThatThePriceHasReachedIsRefusedInKitesWords) {
  desk.trade(infy, "1499.95");
  const auto refused = place(single("1500"));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.at("error_type"), "InputException");
  EXPECT_EQ(refused.at("message"), "Trigger already met.");
  EXPECT_EQ(ask("GET", gtts, kite()).at("data.0"), "-");
}

TEST_F(GttApi, ADirectionThatTheLastPriceOfTheClientGetsWrongIsRefusedToo) {
  desk.trade(infy, "1570");
  EXPECT_EQ(place(single("1500", "1400")).at("message"), "Trigger already met.");
}

TEST_F(GttApi, OurRulesAreToldWithTheNamesThatKitesClientsSend) {
  EXPECT_EQ(place(single("1500", "1570", "1495.52")).at("message"),
            "orders[0].price must be a multiple of 0.05 for INFY");
  const auto wrong = net::to_form(
      {{"type", "two-leg"},
       {"condition", R"({"exchange":"NSE","tradingsymbol":"INFY","trigger_values":[1490,1640],)"
                     R"("last_price":1570})"},
       {"orders", "[" + order("1489.01", "BUY") + "," + order("1641", "BUY") + "]"}});
  EXPECT_EQ(place(wrong).at("message"), "orders[0].price must be a multiple of 0.05 for INFY");
  EXPECT_EQ(place("type=single").at("message"), "Missing or empty field `condition`");
  EXPECT_EQ(place("type=single").at("error_type"), "InputException");
}

TEST_F(GttApi, AModificationReplacesAllThree) {
  const auto number = placed(single("1500"));
  const auto changed = modify(number, two_leg());
  EXPECT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.at("data.trigger_id"), number);
  const auto shown = show(number);
  EXPECT_EQ(shown.at("data.type"), "two-leg");
  EXPECT_EQ(shown.at("data.condition.trigger_values.1"), "1640.00");
  EXPECT_EQ(ours(number).at("direction"), "null");
  EXPECT_EQ(modify(number, single("1640")).status, 200);
  EXPECT_EQ(ours(number).at("direction"), ">=");
  EXPECT_EQ(show(number).at("data.condition.trigger_values.1"), "-");
}

TEST_F(GttApi, AnotherInstrumentIsAnotherTrigger) {
  auto other = single("1500");
  for (auto at = other.find("INFY"); at != std::string::npos; at = other.find("INFY")) {
    other.replace(at, 4, "RELIANCE");
  }
  const auto refused = modify(placed(single("1500")), other);
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.at("message").find("cannot be changed"), std::string::npos);
}

TEST_F(GttApi, ADeletedOneIsShownAsDeletedAndCannotBeDeletedAgain) {
  const auto number = placed(single("1500"));
  const auto path = gtts + "/" + number + "?trigger_id=" + number;
  const auto gone = ask("DELETE", path, kite());
  EXPECT_EQ(gone.status, 200) << gone.text;
  EXPECT_EQ(gone.at("data.trigger_id"), number);
  EXPECT_EQ(show(number).at("data.status"), "deleted");
  EXPECT_EQ(ask("GET", gtts, kite()).at("data.0.status"), "deleted");
  EXPECT_EQ(ask("DELETE", path, kite()).status, 400);
  EXPECT_EQ(modify(number, single("1501")).status, 400);
}

TEST_F(GttApi, WhatItsGroupHasTakenIsCancelledAndNotDeleted) {
  const auto group = "\"dddddddd-0a49-4e58-9c77-0123456789ab\"";
  const auto winner = arm({{"parent_id", group}});
  const auto sibling = arm({{"parent_id", group}, {"trigger_price_1", "1490"}});
  fire(winner);
  end_fire(winner, [](auto& record) { record.trigger->group = store::GroupAction::settle; });
  const auto list = ask("GET", gtts, kite());
  EXPECT_EQ(list.at("data.0.meta.hmt_id"), sibling.at("id"));
  EXPECT_EQ(list.at("data.0.status"), "cancelled");
}

TEST_F(GttApi, AFireIsTriggeredAndItsOrderPendingUntilTheBrokerHasIt) {
  const auto number = placed(two_leg());
  const auto trigger = ours(number);
  fire(trigger);
  const auto shown = show(number);
  EXPECT_EQ(shown.at("data.status"), "triggered");
  EXPECT_EQ(shown.at("data.meta.hmt_status"), "firing");
  EXPECT_EQ(shown.at("data.orders.0.result.order_result.status"), "pending");
  EXPECT_EQ(shown.at("data.orders.0.result.triggered_at"), "1499.95");
  EXPECT_EQ(shown.at("data.orders.1.result"), "null");
  EXPECT_EQ(modify(number, single("1400")).status, 400);

  end_fire(trigger, [](auto&) {});
  const auto placed_order = show(number);
  EXPECT_EQ(placed_order.at("data.status"), "triggered");
  EXPECT_EQ(placed_order.at("data.orders.0.result.order_result.status"), "success");
  EXPECT_EQ(placed_order.at("data.orders.0.result.order_result.order_id"), "2026112300000001");
  EXPECT_EQ(placed_order.at("data.orders.0.result.validity"), "DAY");
  EXPECT_EQ(placed_order.at("data.orders.0.result.price"), "1495.50");
  EXPECT_EQ(placed_order.at("data.orders.1.result"), "null");
}

TEST_F(GttApi, AnOrderThatTheBrokerRefusesIsTriggeredAndFailedWithItsWords) {
  const auto number = placed(single("1500"));
  const auto trigger = ours(number);
  fire(trigger);
  end_fire(trigger, [](auto& record) {
    record.attempt->state = model::AttemptState::refused;
    record.attempt->order_id.clear();
    record.attempt->message = "Insufficient funds.";
    record.trigger->status = model::TriggerStatus::failed;
    record.trigger->leg_1 = model::LegState::failed;
    record.trigger->error_message = "Insufficient funds.";
  });
  const auto shown = show(number);
  EXPECT_EQ(shown.at("data.status"), "triggered");
  EXPECT_EQ(shown.at("data.orders.0.result.order_result.status"), "failed");
  EXPECT_EQ(shown.at("data.orders.0.result.order_result.order_id"), "");
  EXPECT_EQ(shown.at("data.orders.0.result.order_result.rejection_reason"), "Insufficient funds.");
  EXPECT_EQ(shown.at("data.meta.rejection_reason"), "Insufficient funds.");
}

TEST_F(GttApi, AnOrderThatIsRejectedAfterItWasTakenIsNoSuccess) {
  const auto number = placed(single("1500"));
  const auto trigger = ours(number);
  fire(trigger);
  end_fire(trigger, [](auto& record) {
    record.attempt->order_status = "REJECTED";
    record.attempt->message = "RMS:Margin Exceeds";
  });
  EXPECT_EQ(show(number).at("data.orders.0.result.order_result.status"), "failed");
  EXPECT_EQ(show(number).at("data.orders.0.result.order_result.order_id"), "2026112300000001");
}

TEST_F(GttApi, AnOrderWhoseFateIsOpenIsUnknownAndNeitherSuccessNorFailed) {
  const auto number = placed(single("1500"));
  const auto trigger = ours(number);
  fire(trigger);
  end_fire(trigger, [](auto& record) {
    record.attempt->state = model::AttemptState::unknown;
    record.attempt->order_id.clear();
    record.trigger->status = model::TriggerStatus::needs_attention;
  });
  const auto shown = show(number);
  EXPECT_EQ(shown.at("data.status"), "triggered");
  EXPECT_EQ(shown.at("data.meta.hmt_status"), "needs_attention");
  EXPECT_EQ(shown.at("data.orders.0.result.order_result.status"), "unknown");
}

TEST_F(GttApi, ALegThatFailedTellsItsResultWhileTheOtherStandsArmed) {
  const auto number = placed(two_leg());
  refuse_first_leg(number);
  const auto shown = show(number);
  EXPECT_EQ(shown.at("data.status"), "active");
  EXPECT_EQ(shown.at("data.orders.0.result.order_result.status"), "failed");
  EXPECT_EQ(shown.at("data.orders.1.result"), "null");
}

TEST_F(GttApi, AStopThatWasRefusedIsNotCalledReplacedWhenItIsSentAgainAsItWas) {
  const auto number = placed(two_leg());
  refuse_first_leg(number);
  const auto again = modify(number, two_leg());
  EXPECT_EQ(again.status, 400);
  EXPECT_NE(again.at("message").find("the order at 1490.00 was refused, and stays so"),
            std::string::npos)
      << again.text;
  auto raised = two_leg();
  raised.replace(raised.find("1489"), 4, "1488");
  EXPECT_EQ(modify(number, raised).status, 200);
  EXPECT_EQ(ours(number).at("leg_1_state"), "armed");
}

TEST_F(GttApi, ATriggerThatIsArmedAgainHasNoResultYet) {
  const auto number = placed(single("1500"));
  const auto trigger = ours(number);
  fire(trigger);
  end_fire(trigger, [](auto& record) {
    record.attempt->state = model::AttemptState::withdrawn;
    record.trigger->status = model::TriggerStatus::active;
    record.trigger->leg_1 = model::LegState::armed;
    record.trigger->triggered_leg.reset();
    record.trigger->triggered_price.reset();
  });
  EXPECT_EQ(show(number).at("data.status"), "active");
  EXPECT_EQ(show(number).at("data.orders.0.result"), "null");
}

TEST_F(GttApi, OnlyTheWholePairSignsIn) {
  const auto status = [&](const std::string& value) {
    return ask("GET", gtts, {{"Authorization", value}});
  };
  EXPECT_EQ(status("token hmt:" + token).status, 200);
  EXPECT_EQ(status("TOKEN hmt:" + token).status, 200);
  const std::vector<std::string> wrongs = {
      "Bearer " + token, "token " + token,  "token other:" + token,     "token :" + token,
      "token hmt:",      "token hmt:wrong", "token hmt:" + token + ":", "token hmt: " + token};
  for (const auto& wrong : wrongs) {
    const auto refused = status(wrong);
    EXPECT_EQ(refused.status, 403) << wrong;
    EXPECT_EQ(refused.at("status"), "error");
    EXPECT_EQ(refused.at("error_type"), "TokenException");
    EXPECT_EQ(refused.at("message"), "Incorrect `api_key` or `access_token`.");
  }
  EXPECT_EQ(ask("GET", "/api/v1/triggers", {{"Authorization", "token hmt:" + token}}).status, 401);
}

TEST_F(GttApi, TheSessionTellsTheApiKey) {
  EXPECT_EQ(get("/api/v1/session").at("kite_api_key"), "hmt");
}

TEST_F(GttApi, GuessersAreToldToWaitAsKiteTellsThem) {
  for (int i = 0; i < 10; ++i) ask("GET", gtts, {{"Authorization", "token hmt:wrong"}});
  const auto refused = ask("GET", gtts, {{"Authorization", "token hmt:wrong"}});
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.at("error_type"), "NetworkException");
  EXPECT_NE(refused.header("Retry-After"), "");
}

TEST_F(GttApi, WhatIsNotThereIsRefusedInKitesEnvelope) {
  for (const std::string number : {"999", "0", "-1", "x", "1.0", "99999999999999999999"}) {
    const auto none = show(number);
    EXPECT_EQ(none.status, 404) << number;
    EXPECT_EQ(none.at("error_type"), "InputException");
  }
  const auto method = ask("PATCH", gtts, kite());
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.at("error_type"), "GeneralException");
  EXPECT_EQ(method.header("Allow"), "GET, POST");
  EXPECT_EQ(ask("GET", "/gtt/trigger", kite()).at("status"), "error");
  const auto host =
      raw("GET /gtt/triggers HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
  EXPECT_NE(host.find("PermissionException"), std::string::npos) << host;
}

TEST_F(GttApi, QueriesAndBodiesThatSayAnotherNumberAreRefused) {
  const auto number = placed(single("1500"));
  const auto path = gtts + "/" + number;
  EXPECT_EQ(ask("GET", path + "?trigger_id=" + number, kite()).status, 200);
  EXPECT_EQ(ask("GET", path + "?trigger_id=7777", kite()).status, 400);
  EXPECT_EQ(ask("DELETE", path + "?all=1", kite()).status, 400);
  EXPECT_EQ(modify(number, single("1501") + "&trigger_id=" + number).status, 200);
  EXPECT_EQ(modify(number, single("1501") + "&trigger_id=7777").status, 400);
  EXPECT_EQ(
      ask("POST", gtts,
          {{"Content-Type", "application/json"}, {"Authorization", "token hmt:" + token}}, "{}")
          .status,
      400);
}

TEST_F(GttApi, ARepeatedKeyPlacesOnce) {
  const auto first = place(single("1500"), {{"Idempotency-Key", "once"}});
  desk.trade(infy, "1499");  // by now it would be refused
  const auto again = place(single("1500"), {{"Idempotency-Key", "once"}});
  EXPECT_EQ(again.status, 200) << again.text;
  EXPECT_EQ(again.at("data.trigger_id"), first.at("data.trigger_id"));
  EXPECT_EQ(ask("GET", gtts, kite()).at("data.1"), "-");
  EXPECT_EQ(place(single("1501"), {{"Idempotency-Key", "once"}}).status, 400);
}

TEST_F(GttApi, WhileTheDatabaseOrTheInstrumentsAreAwayTheClientIsToldToAskAgain) {
  desk.away = base::Error{base::ErrorKind::unavailable, "the database is away"};
  const auto away = place(single("1500"));
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(away.at("error_type"), "NetworkException");
  desk.away.reset();
  desk.catalogue_ = std::make_shared<const model::Catalogue>(std::vector<model::Instrument>{});
  EXPECT_EQ(place(single("1500")).status, 503);
}

}  // namespace
}  // namespace hmt::api::test
