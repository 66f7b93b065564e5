#include <algorithm>
#include <benchmark/benchmark.h>
#include <cstring>
#include <signal.h>

#include "base/bench_numbers.h"
#include "kite/kite.h"
#include "net/test_certificates.h"
#include "runtime/bench_ticker.h"
#include "runtime/market_agent.h"
#include "store/memory.h"

// What a frame of 64 full packets costs the market's thread, from the TLS socket to the book that
// fires nothing, against receiving and decrypting the same bytes and nothing else. The sender's
// work is another thread's, and is not counted.
namespace hmt::runtime {
namespace {

using base::bench::mixed;
using bench::Bytes;

constexpr std::size_t instruments = 3'000;  // of one connection
constexpr std::size_t triggers_each = 3;
constexpr std::size_t packets_a_frame = 64;
constexpr std::size_t frames = 3 * 47;  // each instrument three times
constexpr std::size_t frames_an_iteration = 256;
constexpr std::int64_t middle_paise = 100'000;  // levels stand 5 % and more around it

model::InstrumentToken token_of(std::size_t instrument) {
  return static_cast<model::InstrumentToken>(5'000 + instrument * 37) << 8 | 1;
}

void append(Bytes& to, std::uint32_t value, int width) {
  for (int i = width - 1; i >= 0; --i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void append_full_packet(Bytes& to, std::size_t instrument, model::WirePrice last,
                        base::Instant now) {
  const auto epoch = static_cast<std::uint32_t>(
      std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count());
  append(to, 184, 2);
  for (std::uint32_t word = 0; word < 46; ++word) {
    const bool is_time = word == 11 || word == 15;
    append(to,
           word == 0   ? token_of(instrument)
           : word == 1 ? last
           : is_time   ? epoch
                       : mixed(static_cast<std::uint32_t>(instrument) * 64 + word),
           4);
  }
}

// A price that moves by less than 1 %.
model::WirePrice quiet_price(std::size_t packet) {
  const auto moved = static_cast<std::int64_t>(mixed(static_cast<std::uint32_t>(packet)) % 2'000);
  return static_cast<model::WirePrice>(middle_paise - 1'000 + moved);
}

std::vector<Bytes> quiet_frames(base::Instant now) {
  std::vector<Bytes> out;
  for (std::size_t frame = 0; frame < frames; ++frame) {
    append(out.emplace_back(), packets_a_frame, 2);
    for (std::size_t i = 0; i < packets_a_frame; ++i) {
      const auto packet = frame * packets_a_frame + i;
      // Neighbours in a frame are not neighbours in memory.
      append_full_packet(out.back(), packet * 7 % instruments, quiet_price(packet), now);
    }
  }
  return out;
}

Bytes crash_of(std::size_t instrument, base::Instant now) {
  Bytes out;
  append(out, 1, 2);
  append_full_packet(out, instrument, 1, now);
  return out;
}

// The client's side with nothing but OpenSSL.
class BareClient {
 public:
  explicit BareClient(std::uint16_t port, bool reads_ahead)
      : context_(SSL_CTX_new(TLS_client_method())) {
    auto address = bench::loopback(port);
    ::connect(socket_.number(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    SSL_CTX_set_read_ahead(context_.get(), reads_ahead ? 1 : 0);
    session_.reset(SSL_new(context_.get()));
    SSL_set_fd(session_.get(), socket_.number());
    is_open_ = SSL_connect(session_.get()) == 1 &&
               bench::write_all(session_.get(),
                                "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n") &&
               !bench::read_head(session_.get()).empty();
  }
  bool is_open() const { return is_open_; }
  const char* cipher() const { return SSL_get_cipher(session_.get()); }

  bool receive(std::size_t bytes) {
    while (bytes > 0) {
      const auto wanted = std::min(bytes, buffer_.size());
      const auto got = SSL_read(session_.get(), buffer_.data(), static_cast<int>(wanted));
      if (got <= 0) return false;
      bytes -= static_cast<std::size_t>(got);
    }
    return true;
  }

 private:
  bench::TlsContext context_;
  bench::Socket socket_;
  bench::TlsSession session_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(1 << 16);
  bool is_open_ = false;
};

struct Wire {
  Wire() {
    ::signal(SIGPIPE, SIG_IGN);
    authority.issue("IP:127.0.0.1");
  }
  std::unique_ptr<bench::Ticker> ticker(const std::vector<Bytes>& messages) const {
    return std::make_unique<bench::Ticker>(authority.certificate_file(), authority.key_file(),
                                           messages);
  }
  net::test::TestAuthority authority;
};

void receive_and_decrypt_alone(benchmark::State& state) {
  const Wire wire;
  const auto messages = quiet_frames(base::Instant{});
  const auto ticker = wire.ticker(messages);
  BareClient client(ticker->port(), state.range(0) == 1);
  if (!client.is_open()) return state.SkipWithError("no connection");
  const auto bytes = frames_an_iteration * bench::binary_frame(messages.front()).size();
  for (auto _ : state) {
    if (!client.receive(bytes)) return state.SkipWithError("the connection ended");
  }
  state.counters["frames"] = frames_an_iteration;
  state.SetLabel(client.cipher());
}
BENCHMARK(receive_and_decrypt_alone)->ArgName("reads_ahead")->Arg(0)->Arg(1);

struct NoCommits final : CommitObserver {
  void on_committed(store::Changed) override {}
  void on_store_away(const std::string&) override {}
  void on_store_back() override {}
  void on_fenced(std::int64_t) override {}
};

// The market's thread of the product: its loop, its broker's stream, its feed, its agent.
class Market final : public feed::FeedObserver {
 public:
  Market(const Wire& wire, std::uint16_t port)
      : kite_(kite::make_kite(loop_, loop_, config(wire, port))),
        agent_(loop_, commits_, standing_, prices_, latency_, links(), false,
               std::chrono::milliseconds(200)),
        feed_(loop_, kite_.make_stream, {}, {}, model::Calendar::always(), *this) {
    agent_.use_feed(feed_);
    model::ConnectionId account;
    agent_.add_account(account, {}, account_links());
    agent_.prepare(account, {});
    agent_.take(account, triggers());
    agent_.begin(account, {});
    agent_.evaluate(account, true);
    feed_.start();
  }

  void receive(std::size_t frames_more) {
    frames_left_ = frames_more;
    loop_.run();
  }
  bool is_lost() const { return lost_; }
  std::size_t claims() const { return commits_.size(); }
  const feed::FeedCounters& counters() const { return feed_.counters(); }
  // Which of the instruments shows another price than its last packet had; none is right.
  std::size_t wrong_prices() const {
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < instruments; ++i) wrong += prices_.read(token_of(i)) ? 0 : 1;
    return wrong;
  }

 private:
  static kite::KiteConfig config(const Wire& wire, std::uint16_t port) {
    kite::KiteConfig out;
    out.api_key = "key";
    out.access_token = "token";
    out.ca_file = wire.authority.ca_file();
    out.rest = out.ticker = {.tls = true, .host = "127.0.0.1", .port = port, .path = {}};
    return out;
  }
  static MarketLinks links() {
    return {.fenced = [](std::int64_t) {},
            .ticker_session = [](bool, const std::string&) {},
            .clock_stepped = [](base::Duration) {},
            .may_fire = {}};
  }
  static AccountLinks account_links() {
    return {.reserve = [] { return true; },
            .submit = [](const model::Attempt&, model::Purpose) {},
            .read_book = [] {},
            .blocked = [](const std::string&) {}};
  }
  static store::Recovery triggers() {
    store::Recovery out;
    for (std::uint32_t number = 0; number < instruments * triggers_each; ++number) {
      auto& trigger = out.triggers.emplace_back();
      const std::uint64_t halves[] = {mixed(number), number};
      std::memcpy(trigger.id.uuid.bytes.data(), halves, sizeof halves);
      trigger.instrument_token = token_of(number % instruments);
      trigger.side = model::Side::sell;
      trigger.condition = model::Condition::two_leg;
      const auto away = 5'000 + static_cast<std::int64_t>(mixed(number) % 50'000);
      trigger.leg_1.trigger_price = model::Price::from_paise(middle_paise - away);
      trigger.leg_2 = trigger.leg_1;
      trigger.leg_2->trigger_price = model::Price::from_paise(middle_paise + away);
    }
    return out;
  }

  void on_ticks(std::span<const model::Tick> ticks) override {
    agent_.on_ticks(ticks);
    if (--frames_left_ == 0 || ticks.front().last == 1) loop_.stop();
  }
  void on_order(const model::BrokerOrder& order) override { agent_.on_order(order); }
  void on_notice(std::string_view kind, std::string_view text) override {
    agent_.on_notice(kind, text);
  }
  void on_feed_status(feed::FeedStatus status, std::string_view reason) override {
    agent_.on_feed_status(status, reason);
  }
  void on_quiet(std::optional<base::Duration> lasts) override { agent_.on_quiet(lasts); }
  void on_unlisted_session(model::Exchange exchange, bool lasts) override {
    agent_.on_unlisted_session(exchange, lasts);
  }
  void on_gap(const feed::Gap& gap) override {
    agent_.on_gap(gap);
    lost_ = true;
    loop_.stop();
  }
  void on_session_refused(std::string_view reason) override { agent_.on_session_refused(reason); }

  net::Loop loop_;
  store::MemoryStore store_;
  std::unique_ptr<store::Writer> writer_ = store_.writer();
  NoCommits observer_;
  CommitQueue commits_{*writer_, observer_};
  StandingBoard standing_;
  PriceBoard prices_;
  LatencyBoard latency_{loop_.now()};
  kite::Kite kite_;
  MarketAgent agent_;
  feed::Feed feed_;
  std::size_t frames_left_ = 0;
  bool lost_ = false;
};

void ingest(benchmark::State& state) {
  const Wire wire;
  const auto now = net::Loop().now();
  const auto ticker = wire.ticker(quiet_frames(now));
  Market market(wire, ticker->port());
  market.receive(frames_an_iteration);
  for (auto _ : state) {
    market.receive(frames_an_iteration);
    if (market.is_lost()) return state.SkipWithError("the connection ended");
  }
  if (market.claims() != 0) return state.SkipWithError("a price fired that may not");
  const auto& counters = market.counters();
  if (counters.by_freshness[0] != counters.ticks || counters.skipped + counters.unwanted > 0) {
    return state.SkipWithError("not every packet was fresh and wanted");
  }
  if (market.wrong_prices() != 0) return state.SkipWithError("an instrument shows no price");
  ticker->send_once(crash_of(7, now));
  for (int i = 0; i < 1'000 && market.claims() == 0; ++i) market.receive(100);
  if (market.claims() != triggers_each) state.SkipWithError("a crash did not fire what it must");
  state.counters["frames"] = frames_an_iteration;
}
BENCHMARK(ingest);

}  // namespace
}  // namespace hmt::runtime
