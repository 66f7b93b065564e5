#include "api/test_server.h"

namespace hmt::api::test {
namespace {

const std::string all = "/api/v1/triggers";

class TriggerApi : public ServerTest {};

TEST_F(TriggerApi, AnArmedTriggerIsShownWithTheNamesOfItsColumns) {
  const auto made = post(all, stop_loss());
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.header("ETag"), "\"1\"");
  EXPECT_EQ(made.header("Location"), path_of(made));
  EXPECT_EQ(made.at("trading_symbol"), "INFY");
  EXPECT_EQ(made.at("exchange"), "NSE");
  EXPECT_EQ(made.at("status"), "active");
  EXPECT_EQ(made.at("trigger_price_1"), "1500.00");
  EXPECT_EQ(made.at("order_price_1"), "1495.50");
  EXPECT_EQ(made.at("trigger_price_2"), "null");
  EXPECT_EQ(made.at("user_id"), "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(made.at("monitored"), "true");
  EXPECT_EQ(get(path_of(made)).text, made.text);
  EXPECT_EQ(get(path_of(made)).header("ETag"), "\"1\"");
}

TEST_F(TriggerApi, CurrencyPricesKeepAllTheirDecimals) {
  const auto made = arm({{"instrument_token", "412675"},
                         {"trigger_price_1", "83.0025"},
                         {"order_price_1", "\"82.9975\""},
                         {"product_type_1", "\"NRML\""}});
  EXPECT_EQ(made.at("trigger_price_1"), "83.0025");
  EXPECT_EQ(made.at("order_price_1"), "82.9975");
}

TEST_F(TriggerApi, ATwoLegKeepsBothLegs) {
  const auto made = arm({{"condition_type", "\"two-leg\""},
                         {"product_type_2", "\"CNC\""},
                         {"trigger_price_2", "\"1700.05\""},
                         {"order_price_2", "null"},
                         {"quantity_2", "10"},
                         {"expires_at", "\"2099-01-01T00:00:00+05:30\""}});
  EXPECT_EQ(made.at("trigger_price_2"), "1700.05");
  EXPECT_EQ(made.at("order_price_2"), "null");
  EXPECT_EQ(made.at("leg_2_state"), "armed");
  EXPECT_EQ(made.at("expires_at"), "2098-12-31T18:30:00.000Z");
}

TEST_F(TriggerApi, AWrongFieldIsNamedAndNothingIsStored) {
  const auto answer = post(all, stop_loss({{"quantity_1", "0"}}));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.code(), "invalid");
  EXPECT_EQ(answer.field(), "quantity_1");
  EXPECT_EQ(get(all).at("triggers.0"), "-");
}

TEST_F(TriggerApi, ALevelBehindTheLastPriceMustBeWanted) {
  desk.trade(infy, "1499.95");
  const auto refused = post(all, stop_loss());
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "already_crossed");
  EXPECT_EQ(refused.field(), "trigger_price_1");
  const auto made = post(all, stop_loss({{"fire_if_crossed", "true"}}));
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.at("last_price"), "1499.95");
  desk.trade(infy, "1500.05");
  EXPECT_EQ(post(all, stop_loss()).status, 201);
}

TEST_F(TriggerApi, APriceThatIsNotFreshIsShownAndJudgesNoLevel) {
  desk.trade(infy, "1450.00");
  desk.prices[infy].fresh = false;
  const auto made = post(all, stop_loss());
  EXPECT_EQ(made.status, 201) << "the price of an hour ago had crossed it";
  EXPECT_EQ(made.at("last_price"), "1450.00");
}

TEST_F(TriggerApi, AnEditNamesTheVersionThatItWasReadAt) {
  const auto made = arm();
  const auto path = path_of(made);
  const auto without = patch(path, R"({"quantity_1":20})");
  EXPECT_EQ(without.status, 428);
  EXPECT_EQ(without.code(), "precondition_required");
  const auto edited = patch(path, R"({"quantity_1":20})", {{"If-Match", "\"1\""}});
  EXPECT_EQ(edited.status, 200) << edited.text;
  EXPECT_EQ(edited.at("quantity_1"), "20");
  EXPECT_EQ(edited.header("ETag"), "\"2\"");
  const auto late = patch(path, R"({"quantity_1":30})", {{"If-Match", "\"1\""}});
  EXPECT_EQ(late.status, 412);
  EXPECT_EQ(late.code(), "version_mismatch");
  EXPECT_EQ(patch(path, R"({"quantity_1":30,"version":2})").at("quantity_1"), "30");
  EXPECT_EQ(patch(path, R"({"quantity_1":40})", {{"If-Match", "3"}}).at("quantity_1"), "40");
  EXPECT_EQ(get(path).at("version"), "4");
}

TEST_F(TriggerApi, AVersionThatCannotBeOneIsWrongInput) {
  const auto path = path_of(arm());
  for (const std::string version : {"*", "W/\"1\"", "\"x\"", "0", "-1", "\"\"", "1, 2"}) {
    const auto answer = patch(path, R"({"quantity_1":20})", {{"If-Match", version}});
    EXPECT_EQ(answer.status, 400) << version;
    EXPECT_EQ(answer.field(), "If-Match") << version;
  }
  EXPECT_EQ(patch(path, R"({"quantity_1":2,"version":1})", {{"If-Match", "\"2\""}}).status, 400);
}

TEST_F(TriggerApi, AnEditOfALevelIsHeldAgainstTheLastPrice) {
  desk.trade(infy, "1600.00");
  const auto path = path_of(arm());
  const auto refused = patch(path, R"({"trigger_price_1":1650,"version":1})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "already_crossed");
  desk.trade(infy, "1400.00");
  EXPECT_EQ(patch(path, R"({"quantity_1":5,"version":1})").status, 200);
}

TEST_F(TriggerApi, WhatTheEngineWritesCannotBeEdited) {
  const auto path = path_of(arm());
  for (const std::string field : {"status", "instrument_token", "user_id", "fire_no", "nonsense"}) {
    const auto answer = patch(path, "{\"" + field + "\":1,\"version\":1}");
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.field(), field);
  }
}

TEST_F(TriggerApi, ATriggerThatFiresIsNotEditedOrCancelledAnyMore) {
  const auto made = arm();
  fire(made);
  const auto edited = patch(path_of(made), R"({"quantity_1":20})", {{"If-Match", "\"1\""}});
  EXPECT_EQ(edited.status, 409);
  EXPECT_EQ(edited.code(), "not_active");
  EXPECT_NE(edited.at("error.message").find("firing"), std::string::npos);
  const auto cancelled = ask("DELETE", path_of(made), signed_in());
  EXPECT_EQ(cancelled.status, 409);
  EXPECT_EQ(cancelled.code(), "not_active");
  EXPECT_EQ(get(path_of(made)).at("status"), "firing");
}

TEST_F(TriggerApi, ADeleteCancelsAndShowsWhatItCancelled) {
  const auto made = arm();
  const auto late = ask("DELETE", path_of(made), signed_in({{"If-Match", "\"2\""}}));
  EXPECT_EQ(late.status, 412);
  const auto gone = ask("DELETE", path_of(made), signed_in());
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(gone.at("status"), "cancelled");
  EXPECT_EQ(gone.at("not_monitored_reason"), "the trigger is cancelled");
  EXPECT_EQ(ask("DELETE", path_of(made), signed_in()).status, 409);
}

TEST_F(TriggerApi, WhatIsNotThereIsNotFound) {
  const std::string nobody = "/api/v1/triggers/33333333-3333-4333-8333-333333333333";
  EXPECT_EQ(get(nobody).status, 404);
  EXPECT_EQ(get(nobody + "/attempts").status, 404);
  EXPECT_EQ(ask("DELETE", nobody, signed_in()).status, 404);
  EXPECT_EQ(patch(nobody, R"({"version":1})").status, 404);
  const auto wrong = get("/api/v1/triggers/7");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.field(), "id");
}

TEST_F(TriggerApi, ARepeatedCreationMakesOneTrigger) {
  const net::Headers key = {{"Idempotency-Key", "order-1"}};
  const auto first = post(all, stop_loss(), key);
  const auto second = post(all, stop_loss(), key);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(second.at("id"), first.at("id"));
  EXPECT_EQ(second.header("ETag"), first.header("ETag"));
  EXPECT_EQ(second.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(get(all).at("triggers.1"), "-");
}

// The first answer was lost, the price has moved on: the repetition must not say that nothing was
// made.
TEST_F(TriggerApi, ARepetitionGetsItsFirstAnswerWhateverThePriceDidSince) {
  const net::Headers key = {{"Idempotency-Key", "order-1"}};
  const auto first = post(all, stop_loss(), key);
  desk.trade(infy, "1400.00");
  fire(first);
  const auto second = post(all, stop_loss(), key);
  EXPECT_EQ(second.status, 201) << second.text;
  EXPECT_EQ(second.at("id"), first.at("id"));
  EXPECT_EQ(second.at("status"), "active");
  EXPECT_EQ(second.at("monitored"), "false");
}

TEST_F(TriggerApi, ARepeatedEditAndCancelGiveTheFirstAnswer) {
  const auto path = path_of(arm());
  const net::Headers edit_key = {{"Idempotency-Key", "edit-1"}, {"If-Match", "\"1\""}};
  EXPECT_EQ(patch(path, R"({"quantity_1":20})", edit_key).at("version"), "2");
  EXPECT_EQ(patch(path, R"({"quantity_1":20})", edit_key).at("version"), "2");
  const auto cancel_key = signed_in({{"Idempotency-Key", "cancel-1"}});
  EXPECT_EQ(ask("DELETE", path, cancel_key).at("status"), "cancelled");
  EXPECT_EQ(ask("DELETE", path, cancel_key).at("status"), "cancelled");
}

TEST_F(TriggerApi, AKeyIsForOneRequest) {
  const net::Headers key = {{"Idempotency-Key", "order-1"}};
  EXPECT_EQ(post(all, stop_loss(), key).status, 201);
  const auto other = post(all, stop_loss({{"quantity_1", "11"}}), key);
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(other.code(), "idempotency_key_reused");
  EXPECT_EQ(post(all, stop_loss(), {{"Idempotency-Key", std::string(256, 'k')}}).status, 400);
  EXPECT_EQ(post(all, stop_loss(), {{"Idempotency-Key", "two words"}}).status, 400);
}

TEST_F(TriggerApi, AFailedWriteMayBeTriedAgainWithItsKey) {
  const net::Headers key = {{"Idempotency-Key", "order-1"}};
  desk.away = base::Error{base::ErrorKind::unavailable, "the database is away"};
  const auto refused = post(all, stop_loss(), key);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  desk.away.reset();
  EXPECT_EQ(post(all, stop_loss(), key).status, 201);
}

TEST_F(TriggerApi, NothingIsArmedBeforeTheInstrumentsAreKnown) {
  const auto path = path_of(arm());
  const std::string search = "/api/v1/instruments";
  for (const bool is_empty : {false, true}) {
    desk.catalogue_ = is_empty ? std::make_shared<const model::Catalogue>() : nullptr;
    for (const auto& answer :
         {post(all, stop_loss()), patch(path, R"({"trigger_price_1":1490,"version":1})"),
          get(search + "?q=INFY"), get(search + "?instrument_token=408065")}) {
      EXPECT_EQ(answer.status, 503) << answer.text;
      EXPECT_EQ(answer.code(), "unavailable");
      EXPECT_EQ(answer.header("Retry-After"), "1");
      EXPECT_EQ(answer.at("error.message"), "The day's instruments are not loaded yet");
    }
  }
  EXPECT_EQ(get(path).at("trigger_price_1"), "1500.00");
  EXPECT_EQ(ask("DELETE", path, signed_in()).status, 200) << "what is armed can be cancelled";
}

TEST_F(TriggerApi, WhyATriggerIsNotWatchedIsToldInTheEnginesOwnWords) {
  const auto made = arm();
  const std::string words = "no price since 09:15: \"INFY\" on NSE \\ \u20b91,500\n<b>halted</b>";
  desk.why_not_watched = words;
  for (const auto& row : {get(all).at("triggers.0.not_monitored_reason"),
                          get(path_of(made)).at("not_monitored_reason")}) {
    EXPECT_EQ(row, words);
  }
  EXPECT_EQ(get(all).at("triggers.0.monitored"), "false");
}

TEST_F(TriggerApi, TheListIsPagedNewestFirst) {
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) made.push_back(arm().at("id"));
  std::vector<std::string> seen;
  std::string cursor;
  for (int page = 0; page < 5; ++page) {
    const auto list = get(all + "?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    ASSERT_EQ(list.status, 200);
    for (std::size_t i = 0; list.at("triggers." + std::to_string(i)) != "-"; ++i) {
      seen.push_back(list.at("triggers." + std::to_string(i) + ".id"));
    }
    cursor = list.at("next_cursor");
    if (cursor == "null") break;
  }
  std::ranges::reverse(made);
  EXPECT_EQ(seen, made);
}

TEST_F(TriggerApi, TheListIsFiltered) {
  const auto first = arm();
  arm({{"instrument_token", "738561"}});
  ask("DELETE", path_of(first), signed_in());
  EXPECT_EQ(get(all + "?status=cancelled").at("triggers.0.id"), first.at("id"));
  EXPECT_EQ(get(all + "?status=cancelled").at("triggers.1"), "-");
  EXPECT_EQ(get(all + "?instrument_token=738561").at("triggers.0.trading_symbol"), "RELIANCE");
  EXPECT_EQ(get(all + "?instrument_token=738561&status=cancelled").at("triggers.0"), "-");
}

TEST_F(TriggerApi, AWrongFilterIsNamed) {
  for (const auto& [query, field] : std::vector<std::pair<std::string, std::string>>{
           {"status=done", "status"},
           {"instrument_token=x", "instrument_token"},
           {"instrument_token=4294967296", "instrument_token"},
           {"limit=0", "limit"},
           {"limit=1001", "limit"},
           {"limit=5&limit=6", "limit"},
           {"cursor=x", "cursor"},
           {"colour=red", "colour"}}) {
    const auto answer = get(all + "?" + query);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_EQ(answer.field(), field) << query;
  }
  EXPECT_EQ(get(all + "?status=%zz").status, 400);
}

}  // namespace
}  // namespace hmt::api::test
