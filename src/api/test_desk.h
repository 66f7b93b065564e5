#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "runtime/desk.h"

// For tests: a desk on a real store, with an engine that watches nothing.
namespace hmt::api::test {

inline model::Instrument instrument(model::InstrumentToken token, model::Exchange exchange,
                                    std::string symbol, std::string name, std::int64_t lot = 1) {
  model::Instrument out;
  out.token = token;
  out.exchange = exchange;
  out.trading_symbol = std::move(symbol);
  out.name = std::move(name);
  out.segment = std::string(word(exchange));
  out.instrument_type = "EQ";
  out.tick_size = base::Price::from_paise(5);
  out.lot_size = lot;
  return out;
}

inline constexpr model::InstrumentToken infy = 408065;        // NSE
inline constexpr model::InstrumentToken reliance = 738561;    // NSE
inline constexpr model::InstrumentToken usd_future = 412675;  // CDS
inline constexpr model::InstrumentToken nifty = 256265;       // an index

inline std::shared_ptr<const model::Catalogue> small_catalogue() {
  auto index = instrument(nifty, model::Exchange::nse, "NIFTY 50", "NIFTY 50");
  index.segment = "INDICES";
  auto dollar = instrument(usd_future, model::Exchange::cds, "USDINR26DECFUT", "USDINR", 1);
  dollar.tick_size = base::Price::from_raw(25'000);
  return std::make_shared<const model::Catalogue>(std::vector<model::Instrument>{
      instrument(infy, model::Exchange::nse, "INFY", "INFOSYS"),
      instrument(reliance, model::Exchange::nse, "RELIANCE", "RELIANCE INDUSTRIES"), dollar,
      index});
}

class TestDesk final : public runtime::Desk {
 public:
  TestDesk(net::Loop& loop, store::Writer& writer) : loop_(loop), writer_(writer) {}

  void create(model::Trigger trigger, store::Actor actor,
              std::optional<store::Idempotency> idempotency,
              runtime::Done<store::Written> done) override {
    if (away) return answer<store::Written>(std::move(done), std::unexpected(*away));
    finish(std::move(done),
           writer_.create(trigger, actor, idempotency ? &*idempotency : nullptr, loop_.now()));
  }
  void edit(model::Trigger edited, std::int64_t version, store::Actor actor,
            std::optional<store::Idempotency> idempotency,
            runtime::Done<store::Written> done) override {
    finish(std::move(done), writer_.edit(edited, version, actor,
                                         idempotency ? &*idempotency : nullptr, loop_.now()));
  }
  void cancel(model::TriggerId id, std::optional<std::int64_t> version, store::Actor actor,
              std::optional<store::Idempotency> idempotency,
              runtime::Done<store::Written> done) override {
    finish(std::move(done),
           writer_.cancel(id, version, actor, idempotency ? &*idempotency : nullptr, loop_.now()));
  }
  void start(store::Actor, runtime::Done<std::string> done) override {
    if (!configured_.enabled) {
      return answer<std::string>(
          std::move(done),
          base::fail(base::ErrorKind::refused, "the engine is switched off by HMT_ENGINE_ENABLED"));
    }
    standing_.status = runtime::EngineStatus::running;
    answer<std::string>(std::move(done), "Engine started");
  }
  void stop(store::Actor, runtime::Done<std::string> done) override {
    standing_.status = runtime::EngineStatus::stopped;
    answer<std::string>(std::move(done), "Engine stopped");
  }

  void add_connection(model::ConnectionId id, runtime::ConnectionChange change, store::Actor actor,
                      runtime::Done<model::BrokerConnection> done) override {
    if (away) return answer<model::BrokerConnection>(std::move(done), std::unexpected(*away));
    auto work = [this, id, change = std::move(change), actor, done = std::move(done)]() mutable {
      model::BrokerConnection row;
      row.id = id;
      answer(std::move(done),
             put(std::move(row), {}, std::move(change), "connection_added", actor));
    };
    hold_additions ? held.push_back(std::move(work)) : work();
  }
  void change_connection(model::ConnectionId id, std::optional<std::int64_t> version,
                         runtime::ConnectionChange change, store::Actor actor,
                         runtime::Done<model::BrokerConnection> done) override {
    auto row = writer_.reader()->connection(id, actor);
    if (row) row = put(*row, version, std::move(change), "connection_changed", actor);
    answer(std::move(done), std::move(row));
  }
  void remove_connection(model::ConnectionId id, store::Actor actor,
                         runtime::Done<model::ConnectionId> done) override {
    const auto removed = writer_.remove_connection(id, actor, loop_.now());
    answer(std::move(done),
           removed ? base::Result<model::ConnectionId>(id) : std::unexpected(removed.error()));
  }
  void login_url(model::ConnectionId id, std::string state, store::Actor actor,
                 runtime::Done<std::string> done) override {
    const auto row = writer_.reader()->connection(id, actor);
    answer(std::move(done), row ? base::Result<std::string>("https://broker.test/login?" + state)
                                : std::unexpected(row.error()));
  }
  void log_in(model::ConnectionId id, agent::Secret request_token, store::Actor actor,
              runtime::Done<model::BrokerConnection> done) override {
    begin_session(id, "exchanged " + std::string(request_token.reveal()), actor, std::move(done));
  }
  void use_access_token(model::ConnectionId id, agent::Secret access_token, store::Actor actor,
                        runtime::Done<model::BrokerConnection> done) override {
    begin_session(id, std::string(access_token.reveal()), actor, std::move(done));
  }
  runtime::ConnectionStanding connection_standing(model::ConnectionId id) const override {
    const auto found = connection_standings.find(id);
    return found == connection_standings.end() ? runtime::ConnectionStanding{true, ""}
                                               : found->second;
  }

  runtime::Standing standing() const override { return standing_; }
  runtime::Standing standing_of(model::UserId) const override { return standing_; }
  runtime::Watch watch(const model::Trigger& trigger) const override {
    runtime::Watch out;
    out.monitored = trigger.status == model::TriggerStatus::active && why_not_watched.empty();
    out.why_not = why_not_watched;
    if (trigger.status != model::TriggerStatus::active)
      out.why_not = "the trigger is " + std::string(word(trigger.status));
    if (const auto price = last_price(trigger.instrument_token)) {
      out.last_price = price->last;
      out.last_price_at = price->at;
    }
    return out;
  }
  runtime::Configured configured() const override { return configured_; }
  std::shared_ptr<const model::Catalogue> catalogue() const override { return catalogue_; }
  void want_prices(std::uint64_t who, std::vector<model::InstrumentToken> tokens) override {
    tokens.empty() ? void(wanted.erase(who)) : void(wanted[who] = std::move(tokens));
  }
  std::optional<runtime::LivePrice> last_price(model::InstrumentToken token) const override {
    const auto found = prices.find(token);
    return found == prices.end() ? std::nullopt : std::optional(found->second);
  }
  void approach(const model::Trigger&, runtime::Done<runtime::Approach> done) override {
    answer(std::move(done), base::Result<runtime::Approach>(approach_seen));
  }
  void candles(model::InstrumentToken, model::Interval interval, base::Instant from,
               base::Instant until, store::Actor, runtime::Done<runtime::Candles> done) override {
    candles_asked = {interval, from, until};
    answer(std::move(done), base::Result<runtime::Candles>(candles_kept));
  }
  runtime::Performance performance(int minutes) const override {
    auto out = performance_kept;
    out.minutes.resize(static_cast<std::size_t>(minutes));
    return out;
  }
  void on_events(std::function<void(std::int64_t)> heard) override { heard_ = std::move(heard); }

  // For the tests.
  void trade(model::InstrumentToken token, std::string_view price) {
    prices[token] = {token, *base::Price::parse(price), loop_.now()};
  }
  void tell(std::int64_t number) { heard_(number); }

  runtime::Standing standing_ = [] {
    runtime::Standing out;
    out.status = runtime::EngineStatus::running;
    return out;
  }();
  runtime::Configured configured_;
  std::shared_ptr<const model::Catalogue> catalogue_ = small_catalogue();
  std::map<model::InstrumentToken, runtime::LivePrice> prices;
  std::map<std::uint64_t, std::vector<model::InstrumentToken>> wanted;
  runtime::Approach approach_seen;
  runtime::Candles candles_kept;
  runtime::Performance performance_kept;
  struct {
    model::Interval interval = model::Interval::minute;
    base::Instant from{}, until{};
  } candles_asked;
  std::optional<base::Error> away;
  std::string why_not_watched;
  std::map<model::ConnectionId, runtime::ConnectionStanding> connection_standings;
  std::string broker_words = "the broker refuses the token";
  std::string refused_token = "refused";  // the broker takes every other one
  bool hold_additions = false;            // new connections wait in `held`
  std::vector<std::move_only_function<void()>> held;

 private:
  base::Result<model::BrokerConnection> put(model::BrokerConnection row,
                                            std::optional<std::int64_t> version,
                                            runtime::ConnectionChange change,
                                            const std::string& event, const store::Actor& actor) {
    if (change.name) row.name = *change.name;
    if (change.enabled) row.enabled = *change.enabled;
    if (change.api_key) row.api_key = "sealed " + std::string(change.api_key->reveal());
    if (change.api_secret) row.api_secret = "sealed " + std::string(change.api_secret->reveal());
    return writer_.put_connection(row, version, event, actor, loop_.now());
  }
  void begin_session(model::ConnectionId id, const std::string& token, const store::Actor& actor,
                     runtime::Done<model::BrokerConnection> done) {
    auto row = writer_.reader()->connection(id, actor);
    if (row && token.ends_with(refused_token)) {
      row = base::fail(base::ErrorKind::refused, broker_words);
    } else if (row) {
      row->access_token = "sealed " + token;
      row->account = "AB1234";
      row->session_expires_at = loop_.now() + std::chrono::hours(12);
      row = writer_.put_connection(*row, {}, "session_renewed", actor, loop_.now());
    }
    answer(std::move(done), std::move(row));
  }
  template <class T>
  void answer(runtime::Done<T> done, base::Result<T> result) {
    loop_.post([done = std::move(done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  }
  void finish(runtime::Done<store::Written> done, base::Result<store::Written> written) {
    const auto event = written ? written->last_event : 0;
    answer(std::move(done), std::move(written));
    if (event > 0) loop_.post([this, event] { heard_(event); });
  }

  net::Loop& loop_;
  store::Writer& writer_;
  std::function<void(std::int64_t)> heard_ = [](std::int64_t) {};
};

}  // namespace hmt::api::test
