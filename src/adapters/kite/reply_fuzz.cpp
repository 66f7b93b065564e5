#include "base/test_fuzz.h"
#include "kite/naive_order.h"
#include "kite/reply.h"

// Any body of a REST answer, by each of its readers. Where a second JSON reader takes it too, the
// order book is the same, row by row: a row that is lost may be the one looked for.
namespace {

using namespace hmt;
using namespace hmt::kite;
using base::test::require;

// False when a row cannot be read, and so the book cannot.
bool naive_book(const json::Value& body, std::vector<model::BrokerOrder>& out) {
  const auto* data = body.find("data");
  if (!data || !(data->is(test::Kind::null) || data->is(test::Kind::array))) return false;
  for (const auto& row : data->items) {
    model::BrokerOrder order;
    const auto read = test::naive_order(row, order);
    if (read == test::Row::malformed) return false;
    if (read == test::Row::read) out.push_back(std::move(order));
  }
  return true;
}

void fuzz_book(std::string_view text) {
  const auto book = read_orders(text);
  const auto json = test::naive_json(text);
  if (!json) return;
  std::vector<model::BrokerOrder> expected;
  require(book.has_value() == naive_book(*json, expected), "a book is read by one reader alone");
  if (!book) return;
  require(book->size() == expected.size(), "a row of the book is lost");
  for (std::size_t i = 0; i < expected.size(); ++i) {
    require(test::same_order((*book)[i], expected[i]), "one order is two");
  }
}

void fuzz_envelope(std::string_view text) {
  const auto envelope = read_envelope(text);
  require(envelope.whole || !envelope.success, "a success that is not whole");
  require(envelope.success || envelope.order_id.empty(), "an order that was not placed");
  require(envelope.message.size() <= 500, "words without end");
  const auto json = test::naive_json(text);
  if (!json) return;
  require(envelope.success == (test::naive_text(*json, "status") == "success"), "two verdicts");
  const auto* data = json->find("data");
  if (!envelope.success || !data) return;
  const auto id = test::naive_text(*data, "order_id");
  require(envelope.order_id == (test::is_order_id(id) ? id : ""), "an order has two ids");
}

void fuzz_check(std::string_view text, int status) {
  const net::HttpResponse response{
      status, {{"Content-Type", "application/json"}}, std::string(text)};
  const auto checked = check_reply(response);
  require(!checked || status == 200, "a failure is told as a success");
  require(checked || !checked.error().message.empty(), "a failure without words");
}

void fuzz_lists(std::string_view text) {
  if (const auto trades = read_trades(text)) {
    for (const auto& trade : *trades) {
      require(trade.quantity > 0 && !trade.order_id.empty(), "a fill of nothing");
    }
  }
  if (const auto quotes = read_quotes(text)) {
    const auto json = test::naive_json(text);
    require(!json || json->find("data")->members.size() == quotes->size(), "a quote is lost");
  }
  if (const auto candles = read_candles(text)) {
    const auto json = test::naive_json(text);
    require(!json || json->find("data")->find("candles")->items.size() == candles->size(),
            "a candle is lost");
  }
}

void fuzz_account(std::string_view text) {
  const auto json = test::naive_json(text);
  const auto* data = json ? json->find("data") : nullptr;
  const auto profile = read_profile(text);
  if (profile && data) {
    require(profile->user_id == test::naive_text(*data, "user_id"), "a user has two names");
  }
  const auto session = read_session(text);
  require(!session || !session->access_token.empty(), "a session without a token");
  if (session && data) {
    require(session->access_token == test::naive_text(*data, "access_token"), "two tokens");
  }
  const auto margins = read_margins(text);
  require(!json || margins.has_value() == (data && data->is(test::Kind::object)),
          "margins out of nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, text] = base::test::choose(data, size);
  constexpr int statuses[] = {200, 400, 403, 404, 429, 500, 302};
  switch (choice % 5) {
    case 0:
      fuzz_book(text);
      break;
    case 1:
      fuzz_envelope(text);
      break;
    case 2:
      fuzz_check(text, statuses[choice / 5 % 7]);
      break;
    case 3:
      fuzz_lists(text);
      break;
    default:
      fuzz_account(text);
  }
  return 0;
}
