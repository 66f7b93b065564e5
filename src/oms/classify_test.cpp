#include "oms/classify.h"

#include <gtest/gtest.h>

namespace hmt::oms {
namespace {

using model::PlaceAnswer;
using model::Transport;

PlaceAnswer success(std::string order_id) {
  PlaceAnswer answer;
  answer.transport = Transport::answered;
  answer.http_status = 200;
  answer.well_formed = true;
  answer.order_id = std::move(order_id);
  return answer;
}

PlaceAnswer kite_error(int status, std::string type, std::string message = "no.") {
  PlaceAnswer answer;
  answer.transport = Transport::answered;
  answer.http_status = status;
  answer.well_formed = true;
  answer.error_type = std::move(type);
  answer.message = std::move(message);
  return answer;
}

// A page of some gateway on the way, not the broker's own answer.
PlaceAnswer foreign_page(int status, std::string text = "<html>Sorry</html>") {
  PlaceAnswer answer;
  answer.transport = Transport::answered;
  answer.http_status = status;
  answer.message = std::move(text);
  return answer;
}

PlaceAnswer no_answer(Transport transport) {
  PlaceAnswer answer;
  answer.transport = transport;
  answer.message = "timed out while connecting";
  return answer;
}

std::string verdict(const PlaceAnswer& answer) {
  const auto classified = classify(answer);
  EXPECT_FALSE(classified.why.empty());
  return std::string(word(classified.verdict)) + (classified.cool_down ? ", cool down" : "");
}

TEST(Answer, WithAnOrderIdTheOrderIsPlaced) {
  EXPECT_EQ(verdict(success("240101000000001")), "placed");
}

TEST(Answer, TwoHundredWithoutAWholeAnswerIsUnknown) {
  EXPECT_EQ(verdict(success("")), "unknown");
  EXPECT_EQ(verdict(foreign_page(200)), "unknown");
  auto cut = success("240101000000001");
  cut.well_formed = false;
  EXPECT_EQ(verdict(cut), "unknown");
  auto created = success("240101000000001");
  created.http_status = 201;
  EXPECT_EQ(verdict(created), "unknown");
}

TEST(Answer, WhatNeverLeftIsNotPlacedAndWhatMayHaveLeftIsUnknown) {
  EXPECT_EQ(verdict(no_answer(Transport::not_sent)), "not_placed");
  EXPECT_EQ(verdict(no_answer(Transport::broken)), "unknown");
}

TEST(Answer, ARefusalForGoodIsOne) {
  EXPECT_EQ(verdict(kite_error(400, "InputException", "Missing or empty field `exchange`")),
            "refused");
  EXPECT_EQ(verdict(kite_error(400, "MarginException",
                               "Insufficient funds. Required margin is 95417.84 but available "
                               "margin is 74251.80. Check the orderbook for open orders.")),
            "refused");
  EXPECT_EQ(verdict(kite_error(400, "HoldingException")), "refused");
  EXPECT_EQ(verdict(kite_error(400, "UserException")), "refused");
  EXPECT_EQ(verdict(kite_error(403, "UserException", "Your account is blocked")), "refused");
  EXPECT_EQ(verdict(kite_error(400, "InputException",
                               "Your order could not be converted to a After Market Order (AMO).")),
            "refused");
}

TEST(Answer, AnOrderExceptionIsARefusalOnlyInWordsThatAreKnownAsFinal) {
  for (const auto* text :
       {"Insufficient holdings. Available quantity is 0.",
        "Tick size for this script is 0.10. Kindly enter price in the multiple of tick size for "
        "this script",
        "Your order price is lower than the current lower circuit limit of 70.65. Place an order "
        "within the daily range.",
        "Price exceeds circuit limits for the instrument. Place an order within the daily range.",
        "Trigger price for stoploss sell orders should be lower than the last traded price",
        "Trigger price for stoploss sell orders cannot be below the lower circuit price.",
        "Market orders without market protection are not allowed via API. Please set market "
        "protection or use a Limit order.",
        "Your order could not be converted to a After Market Order (AMO).",
        "Intraday orders (MIS) are allowed only till 3:12 PM. Try placing a CNC order.",
        "MIS (intraday) are blocked as the markets are not open for trading today. Try placing an "
        "AMO order."}) {
    EXPECT_EQ(verdict(kite_error(400, "OrderException", text)), "refused") << text;
  }
  EXPECT_EQ(verdict(kite_error(400, "OrderException", "Order could not be placed.")), "unknown");
  EXPECT_EQ(verdict(kite_error(500, "OrderException", "Tick size for this script is 0.10.")),
            "unknown");
}

TEST(Answer, TimedOutIsUnknownAtWhateverStatusAndType) {
  for (const auto* text :
       {"Order request timed out. Please check the order book and confirm before placing again.",
        "Gateway Timeout", "TIMED OUT", "request time-out", "Please check the Order Book."}) {
    for (const auto* type : {"InputException", "OrderException", "MarginException",
                             "TokenException", "UserException", ""}) {
      for (const int status : {200, 400, 401, 403, 404, 500, 504}) {
        EXPECT_EQ(verdict(kite_error(status, type, text)), "unknown") << status << type << text;
      }
    }
    EXPECT_EQ(verdict(kite_error(429, "NetworkException", text)), "unknown, cool down");
  }
  EXPECT_EQ(verdict(kite_error(400, "InputException", "AMO placed at a time outside the window")),
            "refused")
      << "'time outside' is not 'time out'";
}

TEST(Answer, WordsWithinOtherWordsSayNothing) {
  EXPECT_EQ(verdict(kite_error(400, "InputException", "{timeout}")), "unknown");
  EXPECT_EQ(verdict(kite_error(400, "InputException", "Field `sometimeout` is not known")),
            "refused");
  EXPECT_EQ(verdict(kite_error(400, "InputException", "Field `timeouts` is not known")), "refused");
}

TEST(Answer, FourHundredOfAnyOtherTypeIsUnknown) {
  for (const auto* type :
       {"NetworkException", "GeneralException", "DataException", "Surprise", ""}) {
    EXPECT_EQ(verdict(kite_error(400, type)), "unknown") << type;
  }
  EXPECT_EQ(verdict(foreign_page(400)), "unknown");
}

TEST(Answer, ADeadSessionOrAMissingPermissionBlocks) {
  for (const auto* type : {"TokenException", "PermissionException", "TwoFAException"}) {
    EXPECT_EQ(verdict(kite_error(403, type)), "blocked") << type;
    EXPECT_EQ(verdict(kite_error(401, type)), "blocked") << type;
  }
  EXPECT_EQ(verdict(kite_error(403, "InputException",
                               "IP (192.0.2.7) is not allowed to place orders for this app. Update "
                               "allowed IPs on the Kite developer console.")),
            "blocked");
  EXPECT_EQ(verdict(kite_error(400, "InputException", "No IPs configured for this app.")),
            "blocked");
  EXPECT_EQ(verdict(kite_error(403, "Surprise")), "unknown");
  EXPECT_EQ(verdict(foreign_page(403)), "unknown");
}

TEST(Answer, TooManyRequestsWaitsAndMayBeSentAgainOnlyInTheBrokersOwnWords) {
  EXPECT_EQ(verdict(kite_error(429, "NetworkException", "Too many requests")),
            "not_placed, cool down");
  EXPECT_EQ(verdict(kite_error(400, "NetworkException", "Maximum allowed order requests exceeded")),
            "not_placed, cool down");
  EXPECT_EQ(verdict(foreign_page(429)), "unknown, cool down");
}

TEST(Answer, ARequestThatTheServerCannotEvenRouteIsRefused) {
  for (const int status : {404, 405, 410, 413, 415}) {
    EXPECT_EQ(verdict(kite_error(status, "GeneralException")), "refused") << status;
    EXPECT_EQ(verdict(foreign_page(status)), "refused") << status;
  }
}

TEST(Answer, EverythingElseIsUnknown) {
  for (const int status : {-1,  0,   100, 204, 301, 302, 307, 402, 406, 408, 409,
                           418, 422, 451, 500, 502, 503, 504, 599, 600, 999, 100'000}) {
    EXPECT_EQ(verdict(kite_error(status, "NetworkException")), "unknown") << status;
    EXPECT_EQ(verdict(foreign_page(status)), "unknown") << status;
  }
}

// Whatever an answer looks like, a re-send or a final word needs a proof: an order that may exist
// is never called "not placed", "refused" or "blocked" without the broker's own envelope, or a
// status at which no order desk was reached.
TEST(Answer, NothingIsConcludedFromAForeignPage) {
  for (int status = 100; status < 600; ++status) {
    const auto concluded = classify(foreign_page(status)).verdict;
    const bool never_reached =
        status == 404 || status == 405 || status == 410 || status == 413 || status == 415;
    EXPECT_EQ(concluded, never_reached ? Verdict::refused : Verdict::unknown) << status;
  }
}

}  // namespace
}  // namespace hmt::oms
