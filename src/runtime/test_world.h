#pragma once
#include <algorithm>
#include <deque>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "broker/silent_gateway.h"
#include "runtime/runtime.h"
#include "store/memory.h"

// For tests: the whole engine on virtual time, between a store in memory and a broker that keeps a
// ledger. Lives come and go; records and ledger stay.
namespace hmt::runtime {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline constexpr model::InstrumentToken infy = 408065;

inline base::Instant monday_morning() {  // 2026-11-23 09:30 in India
  return base::parse_rfc3339("2026-11-23T04:00:00Z").value();
}

// One task at a time, so that a life can end between any two.
class StepScheduler final : public agent::Scheduler {
 public:
  explicit StepScheduler(base::Instant start) : now_(start) {}
  void post(agent::Task task) override { ready_.push_back(std::move(task)); }
  agent::TimerId after(base::Duration delay, agent::Task task) override {
    timers_.emplace(std::pair(steady_ + delay, ++last_id_), std::move(task));
    return last_id_;
  }
  void cancel(agent::TimerId id) override {
    std::erase_if(timers_, [id](const auto& timer) { return timer.first.second == id; });
  }
  base::Instant now() const override { return now_; }
  base::Duration steady() const override { return steady_; }

  bool run_one() {
    if (ready_.empty()) return false;
    auto task = std::move(ready_.front());
    ready_.pop_front();
    task();
    return true;
  }
  void step_wall_clock(base::Duration by) { now_ += by; }
  // A process that is stopped: time goes on, and nothing of it runs.
  void sleep(base::Duration by) { move_to(steady_ + by); }
  // Moves to the next timer that is due by `until`, and makes its task ready.
  bool next_timer(base::Duration until) {
    if (timers_.empty() || timers_.begin()->first.first > until) {
      move_to(until);
      return false;
    }
    auto timer = timers_.extract(timers_.begin());
    move_to(std::max(steady_, timer.key().first));
    ready_.push_back(std::move(timer.mapped()));
    return true;
  }

 private:
  void move_to(base::Duration at) {
    now_ += at - steady_;
    steady_ = at;
  }
  std::deque<agent::Task> ready_;
  std::map<std::pair<base::Duration, agent::TimerId>, agent::Task> timers_;
  base::Instant now_;
  base::Duration steady_{};
  agent::TimerId last_id_ = 0;
};

// A thread that can be held up while the others go on.
class HeldUpScheduler final : public agent::Scheduler {
 public:
  explicit HeldUpScheduler(agent::Scheduler& under) : under_(under) {}
  void post(agent::Task task) override {
    if (held_) {
      waiting_.push_back(std::move(task));
    } else {
      under_.post(std::move(task));
    }
  }
  agent::TimerId after(base::Duration delay, agent::Task task) override {
    return under_.after(delay, [this, task = std::move(task)]() mutable { post(std::move(task)); });
  }
  void cancel(agent::TimerId id) override { under_.cancel(id); }
  base::Instant now() const override { return under_.now(); }
  base::Duration steady() const override { return under_.steady(); }
  void hold(bool held) {
    held_ = held;
    if (held) return;
    for (auto& task : std::exchange(waiting_, {})) under_.post(std::move(task));
  }

 private:
  agent::Scheduler& under_;
  bool held_ = false;
  std::deque<agent::Task> waiting_;
};

// What the broker has, whoever asks.
struct Ledger {
  enum class Mood { takes, takes_without_a_word, refuses, token_dead, too_many, slow };
  std::vector<model::BrokerOrder> orders;
  std::vector<std::string> asked;  // every request, in order
  Mood mood = Mood::takes;
  bool reachable = true;
  bool session_good = true;
  bool book_shows = true;
  std::string account = "AB1234";
  std::vector<std::string> sessions;  // given to gateways
  base::Duration session_lasts = std::chrono::hours(20);
  // Of other accounts, by their names.
  std::map<std::string, std::shared_ptr<Ledger>> others;
  Ledger& of(const std::string& name) {
    auto& other = others[name];
    if (!other) {
      other = std::make_shared<Ledger>();
      other->account = name;
    }
    return *other;
  }
  std::vector<std::string> listed = {"INFY"};  // instruments of the day
  std::deque<agent::Task> held;                // while slow, or while `holds_books`
  bool holds_books = false;
  bool holds_sessions = false;
  bool seals_open = true;  // of all accounts

  std::ptrdiff_t count_of(model::TriggerId id) const { return std::ranges::count(owners, id); }
  std::vector<model::TriggerId> owners;  // of each order that was taken
};

class LedgerGateway final : public broker::SilentGateway {
 public:
  LedgerGateway(agent::Scheduler& scheduler, Ledger& ledger,
                std::function<model::TriggerId(const model::OrderTag&)> owner_of)
      : scheduler_(scheduler), ledger_(ledger), owner_of_(std::move(owner_of)) {}

  void place(const model::OrderRequest& request, std::move_only_function<bool()> last_check,
             broker::PlaceDone done) override {
    ledger_.asked.push_back("place");
    auto call = [this, request, last_check = std::move(last_check),
                 done = std::move(done)]() mutable {
      model::PlaceAnswer answer;
      answer.transport = model::Transport::not_sent;
      answer.message = "not sent";
      if (last_check()) answer = take(request);
      scheduler_.post([done = std::move(done), answer]() mutable { done(answer); });
    };
    if (ledger_.mood == Ledger::Mood::slow) {
      ledger_.held.push_back(std::move(call));
    } else {
      scheduler_.post(std::move(call));
    }
  }
  void order_book(broker::Done<std::vector<model::BrokerOrder>> done) override {
    ledger_.asked.push_back("order_book");
    auto call = [this, done = std::move(done)]() mutable {
      answer(std::move(done),
             ledger_.book_shows ? ledger_.orders : std::vector<model::BrokerOrder>{});
    };
    if (ledger_.holds_books) {
      ledger_.held.push_back(std::move(call));
    } else {
      call();
    }
  }
  void profile(broker::Done<broker::Account> done) override {
    ledger_.asked.push_back("profile");
    answer(std::move(done), broker::Account{ledger_.account, "A Trader", {"NSE"}});
  }
  void instruments(broker::Done<std::vector<model::Instrument>> done) override {
    ledger_.asked.push_back("instruments");
    std::vector<model::Instrument> list;
    for (const auto& symbol : ledger_.listed) {
      auto& listed = list.emplace_back();
      listed.token = infy + 256 * static_cast<model::InstrumentToken>(list.size() - 1);
      listed.trading_symbol = symbol;
      listed.segment = "NSE";
      listed.tick_size = model::Price::from_paise(5);
    }
    answer(std::move(done), std::move(list));
  }
  void history(model::InstrumentToken, model::Interval, base::Instant from, base::Instant,
               broker::Done<std::vector<model::Candle>> done) override {
    ledger_.asked.push_back("history");
    const auto price = model::Price::from_paise(150'000);
    answer(std::move(done), std::vector<model::Candle>{{from, price, price, price, price, 1}});
  }
  void exchange_token(const std::string& request_token,
                      broker::Done<broker::Session> done) override {
    ledger_.asked.push_back("exchange_token");
    auto call = [this, done = std::move(done), request_token]() mutable {
      answer(std::move(done), broker::Session{ledger_.account, "token of " + request_token});
    };
    if (ledger_.holds_sessions) {
      ledger_.held.push_back(std::move(call));
    } else {
      call();
    }
  }
  void use_session(const std::string& token) override { ledger_.sessions.push_back(token); }

 private:
  template <class T>
  void answer(broker::Done<T> done, T value) {
    base::Result<T> result = std::move(value);
    if (!ledger_.reachable) {
      result = base::fail(base::ErrorKind::unavailable, "connection refused");
    } else if (!ledger_.session_good) {
      result = base::fail(base::ErrorKind::refused, "Incorrect access_token");
    }
    scheduler_.post([done = std::move(done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  }

  model::PlaceAnswer take(const model::OrderRequest& request) {
    model::PlaceAnswer out;
    out.transport = model::Transport::answered;
    out.sent_at = scheduler_.now();
    out.well_formed = true;
    if (ledger_.mood == Ledger::Mood::refuses || ledger_.mood == Ledger::Mood::token_dead) {
      const bool dead = ledger_.mood == Ledger::Mood::token_dead;
      out.http_status = dead ? 403 : 400;
      out.error_type = dead ? "TokenException" : "MarginException";
      out.message = dead ? "Incorrect access_token" : "Insufficient funds";
      return out;
    }
    if (ledger_.mood == Ledger::Mood::too_many) {
      out.http_status = 429;
      out.error_type = "NetworkException";
      out.message = "Too many requests";
      return out;
    }
    model::BrokerOrder order;
    order.order_id = "ORDER-" + std::to_string(ledger_.orders.size() + 1);
    order.tag = request.tag;
    order.status = "OPEN";
    order.account = ledger_.account;
    order.trading_symbol = request.trading_symbol;
    order.side = request.side;
    order.product = request.product;
    order.quantity = request.quantity;
    ledger_.orders.push_back(order);
    ledger_.owners.push_back(owner_of_(request.tag));
    out.http_status = 200;
    out.order_id = order.order_id;
    if (ledger_.mood == Ledger::Mood::takes_without_a_word) {
      out = {};
      out.transport = model::Transport::broken;
      out.message = "no answer in 30 s";
    }
    return out;
  }

  agent::Scheduler& scheduler_;
  Ledger& ledger_;
  std::function<model::TriggerId(const model::OrderTag&)> owner_of_;
};

struct MarketLine {
  broker::StreamObserver* observer = nullptr;
  std::set<model::InstrumentToken> tokens;
  bool refuses = false;
};

class QuietStream final : public broker::MarketStream {
 public:
  QuietStream(agent::Scheduler& scheduler, std::shared_ptr<MarketLine> line)
      : scheduler_(scheduler), line_(std::move(line)) {}
  ~QuietStream() override { line_->observer = nullptr; }
  void open() override {
    scheduler_.post([line = line_] {
      if (!line->observer) return;
      if (line->refuses) {
        line->observer->on_closed(broker::StreamEnd::session_refused, "403");
      } else {
        line->observer->on_open();
      }
    });
  }
  void close() override {}
  void subscribe(std::span<const model::InstrumentToken> tokens) override {
    line_->tokens.insert(tokens.begin(), tokens.end());
  }
  void unsubscribe(std::span<const model::InstrumentToken> tokens) override {
    for (const auto token : tokens) line_->tokens.erase(token);
  }

 private:
  agent::Scheduler& scheduler_;
  std::shared_ptr<MarketLine> line_;
};

// One process, from its start to its end.
struct Life {
  Life(store::MemoryStore& records, Ledger& ledger, RuntimeSettings settings, base::Instant now,
       bool ticker_refuses)
      : clock(now),
        watch(clock),
        writer(records.writer()),
        runtime({clock, clock, clock, watch}, *writer, door(records, ledger),
                make_feed(settings, ticker_refuses), settings, [this] { ++fenced; }) {}

  // Seals are the plain text behind a word; a connection without an access token uses `ledger`'s.
  BrokerDoor door(store::MemoryStore& records, Ledger& ledger) {
    const auto owner_of = [reader = std::shared_ptr(records.reader())](const model::OrderTag& tag) {
      for (const auto& attempt : reader->recent_attempts(1000, {}).value()) {
        if (attempt.tag == tag) return attempt.trigger_id;
      }
      ADD_FAILURE() << "an order left that no record tells of";
      return model::TriggerId{};
    };
    BrokerDoor out;
    out.open = [this, &ledger, owner_of](const model::BrokerConnection& row)
        -> base::Result<std::unique_ptr<broker::OrderGateway>> {
      auto& own = row.account.empty() ? ledger : ledger.of(row.account);
      return std::make_unique<LedgerGateway>(clock, own, owner_of);
    };
    out.session = [&ledger](const model::BrokerConnection& row) -> base::Result<agent::Secret> {
      if (!ledger.seals_open) return base::fail(base::ErrorKind::corrupt, "it does not open");
      return agent::Secret(row.access_token.substr(std::min(row.access_token.size(), 7UL)));
    };
    out.seal = [](const model::BrokerConnection&, const std::string&, const agent::Secret& secret) {
      return "sealed " + std::string(secret.reveal());
    };
    out.renew = [](model::BrokerConnection& row) -> base::Result<bool> {
      if (!row.api_key.starts_with("formerly ")) return false;
      row.api_key.erase(0, 9);
      return true;
    };
    out.login_url = [](const model::BrokerConnection& row,
                       const std::string& state) -> base::Result<std::string> {
      return "https://broker.test/login?key=" + row.api_key + "&state=" + state;
    };
    out.session_end = [&ledger](base::Instant from) { return from + ledger.session_lasts; };
    out.use_for_prices = [this](const model::BrokerConnection& row) {
      prices_from.push_back(row.id);
    };
    return out;
  }

  MakeFeed make_feed(const RuntimeSettings& settings, bool ticker_refuses) {
    return [this, &settings, ticker_refuses](feed::FeedObserver& observer) {
      return std::make_unique<feed::Feed>(
          clock,
          [this, ticker_refuses](broker::StreamObserver& stream) {
            lines.push_back(std::make_shared<MarketLine>());
            lines.back()->observer = &stream;
            lines.back()->refuses = ticker_refuses;
            return std::make_unique<QuietStream>(clock, lines.back());
          },
          broker::StreamLimits{}, feed::FeedConfig{}, settings.calendar, observer);
    };
  }

  StepScheduler clock;
  HeldUpScheduler watch;
  std::vector<std::shared_ptr<MarketLine>> lines;
  std::unique_ptr<store::Writer> writer;
  std::vector<model::ConnectionId> prices_from;
  int fenced = 0;
  Runtime runtime;
};

class World : public testing::Test {
 public:
  World() {
    settings.engine.tag_key.bytes.fill(0x5A);
    settings.calendar = model::Calendar::always();
    settings.holder = "test";
  }

  // ---- lives
  void begin() {
    life = std::make_unique<Life>(records, ledger, settings, now, ticker_refuses);
    life->runtime.launch();
  }
  void live() {
    begin();
    settle();
  }
  // kill -9: nothing of what was under way happens.
  void crash() {
    now = life->clock.now();
    ledger.held.clear();
    life.reset();
  }

  // One thing happens: a task, or a flush of what waits to be durable. False: all is quiet.
  bool step() {
    if (life->clock.run_one()) return true;
    if (life->runtime.commits().size() != 0) {
      life->runtime.commits().run_pending();
      return true;
    }
    return life->clock.next_timer(life->clock.steady());
  }
  int settle(int at_most = 100'000) {
    int steps = 0;
    while (steps < at_most && step()) ++steps;
    return steps;
  }
  void pass(base::Duration by) {
    for (base::Duration done{}; done < by; done += milliseconds(500)) {
      const auto until = life->clock.steady() + milliseconds(500);
      while (life->clock.next_timer(until)) settle();
      for (const auto& line : life->lines) {
        if (line->observer) line->observer->on_heartbeat();
      }
      settle();
    }
  }

  // ---- the market
  void tick(std::string_view price, base::Duration age = {}) {
    const auto second = (life->clock.now() - age).time_since_epoch() / seconds(1);
    model::Tick tick;
    tick.token = infy;
    tick.last = model::wire_at_or_above(model::Price::parse(price).value(), model::Segment::nse);
    tick.exchange_time = static_cast<std::uint32_t>(second);
    tick.last_trade_time = tick.exchange_time;
    tick.received_at = life->clock.now();
    for (const auto& line : life->lines) {
      if (line->observer && line->tokens.contains(infy)) line->observer->on_ticks({&tick, 1});
    }
  }
  void tick_and_settle(std::string_view price, base::Duration age = {}) {
    tick(price, age);
    settle();
  }

  // ---- people
  static model::ConnectionId connection(std::uint8_t number) {
    model::ConnectionId out;
    out.uuid.bytes.fill(number);
    return out;
  }
  static store::Actor user(std::uint8_t number) {
    store::Actor out;
    out.user.emplace().uuid.bytes.fill(number);
    out.name = "user:" + out.user->text();
    return out;
  }
  // User n's own connection, to the account "ACn".
  void connect(std::uint8_t number) {
    model::BrokerConnection row;
    row.id = connection(number);
    row.account = "AC" + std::to_string(number);
    row.api_key = "sealed key";
    row.api_secret = "sealed secret";
    row.access_token = "sealed token";
    EXPECT_TRUE(records.writer()->put_connection(row, {}, "connection_added", user(number), now));
  }
  // User n's stop-loss on that connection.
  static model::Trigger stop_loss_of(std::uint8_t number) {
    auto row = stop_loss(number);
    row.user_id = *user(number).user;
    row.broker_connection_id = connection(number);
    return row;
  }
  Ledger& ledger_of(std::uint8_t number) { return ledger.of("AC" + std::to_string(number)); }
  static model::TriggerId id(std::uint8_t number = 1) {
    model::TriggerId out;
    out.uuid.bytes.fill(number);
    return out;
  }
  // SELL 10 INFY at 1495 when it falls to 1500.
  static model::Trigger stop_loss(std::uint8_t number = 1) {
    model::Trigger row;
    row.id = id(number);
    row.trading_symbol = "INFY";
    row.instrument_token = infy;
    row.side = model::Side::sell;
    row.leg_1 = {.product = model::Product::cnc,
                 .trigger_price = model::Price::from_rupees(1500),
                 .order_price = model::Price::from_rupees(1495),
                 .quantity = 10};
    return row;
  }
  void create(const model::Trigger& row) {
    bool done = false;
    life->runtime.create(row, {}, {}, [&](base::Result<store::Written> written) {
      EXPECT_TRUE(written) << written.error().message;
      done = true;
    });
    settle();
    EXPECT_TRUE(done);
  }
  base::Result<std::string> stop() {
    return ask([this](Done<std::string> done) { life->runtime.stop({}, std::move(done)); });
  }
  base::Result<std::string> start() {
    return ask([this](Done<std::string> done) { life->runtime.start({}, std::move(done)); });
  }

  // ---- what stands
  model::Trigger row(std::uint8_t number = 1) const {
    return records_reader->trigger(id(number), {}).value();
  }
  model::TriggerStatus status(std::uint8_t number = 1) const { return row(number).status; }
  Standing standing() const { return life->runtime.standing(); }
  Watch watch(std::uint8_t number = 1) const { return life->runtime.watch(row(number)); }
  std::ptrdiff_t orders(std::uint8_t number = 1) const { return ledger.count_of(id(number)); }
  std::vector<std::string> events() const {
    store::AuditFilter all;
    all.limit = 1000;
    std::vector<std::string> out;
    const auto lines = records_reader->audit(all, {});
    for (const auto& line : lines.value()) out.push_back(line.entry.event);
    return out;
  }

  RuntimeSettings settings;
  store::MemoryStore records;
  std::unique_ptr<store::Reader> records_reader = records.reader();
  Ledger ledger;
  base::Instant now = monday_morning();
  bool ticker_refuses = false;
  std::unique_ptr<Life> life;

 private:
  base::Result<std::string> ask(const std::function<void(Done<std::string>)>& what) {
    std::optional<base::Result<std::string>> out;
    what([&out](base::Result<std::string> answer) { out = std::move(answer); });
    settle();
    if (out) return *out;
    return base::fail(base::ErrorKind::unavailable, "no answer came");
  }
};

}  // namespace hmt::runtime
