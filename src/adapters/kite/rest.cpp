#include "kite/rest.h"

#include "kite/checksum.h"
#include "kite/instruments.h"
#include "kite/reply.h"

namespace hmt::kite {
namespace {

using base::ErrorKind;
using model::Transport;

constexpr std::size_t quotes_per_request = 500;
constexpr std::size_t quote_target_max = 12'000;  // servers bound the head of a request
constexpr base::Duration repeat_within = std::chrono::seconds(1);
constexpr std::size_t broker_rows_min = 10'000;

net::ClientOptions options_of(const KiteConfig& config, base::Duration total_timeout) {
  net::ClientOptions options;
  options.connect_timeout = config.connect_timeout;
  options.total_timeout = total_timeout;
  options.ca_file = config.ca_file;
  return options;
}

// The broker's words may quote what we sent.
std::string without_secret(std::string text, const std::string& secret) {
  if (secret.empty()) return text;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "…");
  }
  return text;
}

// What we never send: the reason; empty for what we do.
std::string_view why_not_sent(const model::OrderRequest& request) {
  switch (request.type) {
    case model::OrderType::limit:
      return request.price ? "" : "a LIMIT order needs a price";
    case model::OrderType::market:
      return "";
    case model::OrderType::stop:
    case model::OrderType::stop_market:
      return "stop orders are not sent";
  }
  return "an order of no known type is not sent";
}

std::string order_form(const model::OrderRequest& request) {
  std::vector<std::pair<std::string, std::string>> fields{
      {"exchange", std::string(word(request.exchange))},
      {"tradingsymbol", request.trading_symbol},
      {"transaction_type", std::string(word(request.side))},
      {"order_type", std::string(word(request.type))},
      {"quantity", std::to_string(request.quantity)},
      {"product", std::string(word(request.product))},
      {"validity", "DAY"},
  };
  if (request.type == model::OrderType::limit) fields.emplace_back("price", request.price->text());
  if (request.market_protection) fields.emplace_back("market_protection", "-1");
  if (!request.tag.empty()) fields.emplace_back("tag", request.tag);
  return net::to_form(fields);
}

model::PlaceAnswer answer_of(net::HttpOutcome outcome, base::Instant now) {
  model::PlaceAnswer answer;
  answer.sent_at = outcome.sent_at;
  answer.answered_at = now;
  if (outcome.reach != net::Reach::answered) {
    answer.transport =
        outcome.reach == net::Reach::not_sent ? Transport::not_sent : Transport::broken;
    answer.message = std::move(outcome.error);
    return answer;
  }
  answer.transport = Transport::answered;
  answer.http_status = outcome.response.status;
  const auto envelope =
      announces_json(outcome.response) ? read_envelope(outcome.response.body) : Envelope{};
  answer.well_formed = envelope.whole;
  answer.error_type = envelope.error_type;
  answer.message = envelope.message;
  if (!envelope.whole) {
    answer.message =
        "HTTP " + std::to_string(answer.http_status) + " with a body that is not the broker's JSON";
  }
  if (answer.http_status == 200) answer.order_id = envelope.order_id;
  return answer;
}

model::PlaceAnswer not_sent(std::string_view why, base::Instant now) {
  model::PlaceAnswer answer;
  answer.transport = Transport::not_sent;
  answer.message = why;
  answer.sent_at = now;
  answer.answered_at = now;
  return answer;
}

base::Result<std::string> body_of(net::HttpOutcome outcome, const std::string& secret) {
  if (outcome.reach != net::Reach::answered) {
    return base::fail(ErrorKind::unavailable, "the broker cannot be reached: " + outcome.error);
  }
  // The instrument dump is the one success that is not JSON; its reader checks it.
  const auto type = net::header(outcome.response.headers, "Content-Type");
  if (outcome.response.status == 200 && type.starts_with("text/csv")) {
    return std::move(outcome.response.body);
  }
  if (auto good = check_reply(outcome.response); !good) {
    auto error = std::move(good.error());
    error.message = without_secret(std::move(error.message), secret);
    return std::unexpected(std::move(error));
  }
  return std::move(outcome.response.body);
}

}  // namespace

RestGateway::RestGateway(net::Loop& loop, KiteConfig config, std::shared_ptr<AccessToken> token)
    : loop_(loop),
      config_(std::move(config)),
      token_(std::move(token)),
      orders_(loop, config_.rest, options_of(config_, config_.order_timeout)),
      questions_(loop, config_.rest, options_of(config_, config_.read_timeout)) {}

RestGateway::~RestGateway() {
  alive_.reset();
}

net::HttpRequest RestGateway::request_of(std::string method, std::string target) const {
  net::HttpRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.headers = {{"X-Kite-Version", "3"},
                     {"Accept-Encoding", "identity"},
                     {"Authorization", "token " + config_.api_key + ":" + token_->get()}};
  return request;
}

void RestGateway::place(const model::OrderRequest& request,
                        std::move_only_function<bool()> last_check, broker::PlaceDone done) {
  if (const auto why = why_not_sent(request); !why.empty()) {
    loop_.post([&loop = loop_, why, done = std::move(done)]() mutable {
      done(not_sent(why, loop.now()));
    });
    return;
  }
  auto http = request_of("POST", "/orders/regular");
  http.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  http.body = order_form(request);
  http.step = "order";
  orders_.send_once(std::move(http), std::move(last_check),
                    [&loop = loop_, secret = token_->get(),
                     done = std::move(done)](net::HttpOutcome outcome) mutable {
                      auto answer = answer_of(std::move(outcome), loop.now());
                      answer.message = without_secret(std::move(answer.message), secret);
                      done(std::move(answer));
                    });
}

void RestGateway::cancel(const std::string& order_id, broker::Done<std::string> done) {
  auto http = request_of("DELETE", "/orders/regular/" + net::percent_encode(order_id));
  orders_.send_once(
      std::move(http), [] { return true; },
      [secret = token_->get(), done = std::move(done)](net::HttpOutcome outcome) mutable {
        const auto body = body_of(std::move(outcome), secret);
        if (!body) return done(std::unexpected(body.error()));
        auto id = read_envelope(*body).order_id;
        if (id.empty()) {
          return done(base::fail(ErrorKind::corrupt, "the broker's answer names no order"));
        }
        done(std::move(id));
      });
}

void RestGateway::ask(std::string target, fault::Step step, bool may_repeat, BodyDone done) {
  auto http = request_of("GET", target);
  http.step = step;
  const auto again = [this, alive = std::weak_ptr(alive_), began = loop_.steady(),
                      may_repeat](const net::HttpOutcome& outcome) {
    return may_repeat && !alive.expired() && outcome.reach == net::Reach::broken &&
           loop_.steady() - began < repeat_within;
  };
  questions_.get(std::move(http),
                 [this, again, target = std::move(target), step, secret = token_->get(),
                  done = std::move(done)](net::HttpOutcome outcome) mutable {
                   if (again(outcome)) return ask(std::move(target), step, false, std::move(done));
                   done(body_of(std::move(outcome), secret));
                 });
}

template <class T>
void RestGateway::ask_and_read(std::string target, fault::Step step,
                               base::Result<T> (*read)(std::string_view), broker::Done<T> done) {
  ask(std::move(target), step, true,
      [read, done = std::move(done)](const base::Result<std::string>& body) mutable {
        if (!body) return done(std::unexpected(body.error()));
        done(read(*body));
      });
}

void RestGateway::order_book(broker::Done<std::vector<model::BrokerOrder>> done) {
  ask_and_read("/orders", "book", read_orders, std::move(done));
}

void RestGateway::order_history(const std::string& order_id,
                                broker::Done<std::vector<model::BrokerOrder>> done) {
  ask_and_read("/orders/" + net::percent_encode(order_id), {}, read_orders, std::move(done));
}

void RestGateway::trades(broker::Done<std::vector<broker::Trade>> done) {
  ask_and_read("/trades", {}, read_trades, std::move(done));
}

void RestGateway::profile(broker::Done<broker::Account> done) {
  ask_and_read("/user/profile", "profile", read_profile, std::move(done));
}

void RestGateway::margins(broker::Done<broker::Margins> done) {
  ask_and_read("/user/margins", {}, read_margins, std::move(done));
}

void RestGateway::history(model::InstrumentToken token, model::Interval interval,
                          base::Instant from, base::Instant until,
                          broker::Done<std::vector<model::Candle>> done) {
  const auto moment = [](base::Instant at) {
    return net::percent_encode(base::to_broker_time(at));
  };
  ask_and_read("/instruments/historical/" + std::to_string(token) + "/" +
                   std::string(interval_word(interval)) + "?from=" + moment(from) +
                   "&to=" + moment(until),
               "candles", read_candles, std::move(done));
}

struct RestGateway::QuoteRun {
  std::vector<std::string> instruments;
  std::size_t next = 0;
  std::vector<broker::Quote> quotes;
  broker::Done<std::vector<broker::Quote>> done;

  std::string take_target() {
    std::string target = "/quote";
    for (std::size_t count = 0; next < instruments.size() && count < quotes_per_request; ++count) {
      if (target.size() > quote_target_max) break;
      target += (count == 0 ? "?i=" : "&i=") + net::percent_encode(instruments[next++]);
    }
    return target;
  }
};

void RestGateway::quotes(const std::vector<std::string>& instruments,
                         broker::Done<std::vector<broker::Quote>> done) {
  auto run = std::make_shared<QuoteRun>();
  run->instruments = instruments;
  run->done = std::move(done);
  if (!instruments.empty()) return ask_next_quotes(std::move(run));
  loop_.post([run] { run->done(std::vector<broker::Quote>{}); });
}

void RestGateway::ask_next_quotes(std::shared_ptr<QuoteRun> run) {
  auto target = run->take_target();
  ask(std::move(target), {}, true,
      [this, alive = std::weak_ptr(alive_), run](const base::Result<std::string>& body) {
        if (!body) return run->done(std::unexpected(body.error()));
        auto quotes = read_quotes(*body);
        if (!quotes) return run->done(std::unexpected(quotes.error()));
        std::ranges::move(*quotes, std::back_inserter(run->quotes));
        if (run->next == run->instruments.size()) return run->done(std::move(run->quotes));
        if (alive.expired()) return run->done(base::fail(ErrorKind::unavailable, "shutting down"));
        loop_.after(config_.quote_pause, [this, alive, run] {
          if (!alive.expired()) return ask_next_quotes(run);
          run->done(base::fail(ErrorKind::unavailable, "shutting down"));
        });
      });
}

void RestGateway::instruments(broker::Done<std::vector<model::Instrument>> done) {
  auto rows_min = config_.instrument_rows_min;
  if (rows_min == 0) rows_min = config_.rest.is_loopback() ? 1 : broker_rows_min;
  // Ten megabytes and more: with the patience of an order.
  auto http = request_of("GET", "/instruments");
  http.step = "instruments";
  orders_.get(std::move(http), [rows_min, secret = token_->get(),
                                done = std::move(done)](net::HttpOutcome outcome) mutable {
    const auto body = body_of(std::move(outcome), secret);
    if (!body) return done(std::unexpected(body.error()));
    auto dump = parse_instruments(*body, rows_min);
    if (!dump) return done(std::unexpected(dump.error()));
    done(std::move(dump->instruments));
  });
}

void RestGateway::exchange_token(const std::string& request_token,
                                 broker::Done<broker::Session> done) {
  net::HttpRequest http;
  http.method = "POST";
  http.target = "/session/token";
  http.headers = {{"X-Kite-Version", "3"},
                  {"Accept-Encoding", "identity"},
                  {"Content-Type", "application/x-www-form-urlencoded"}};
  http.body = net::to_form(
      {{"api_key", config_.api_key},
       {"request_token", request_token},
       {"checksum", session_checksum(config_.api_key, request_token, config_.api_secret)}});
  http.step = "session";
  // A request token works once: asking twice would spoil what the first had given.
  orders_.send_once(
      std::move(http), [] { return true; },
      [request_token, done = std::move(done)](net::HttpOutcome outcome) mutable {
        const auto body = body_of(std::move(outcome), request_token);
        if (!body) return done(std::unexpected(body.error()));
        done(read_session(*body));
      });
}

void RestGateway::use_session(const std::string& access_token) {
  token_->set(access_token);
}

void RestGateway::warm_up() {
  orders_.keep_spares_warm();
}

}  // namespace hmt::kite
