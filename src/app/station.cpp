#include "app/station.h"

#include <atomic>
#include <cstdio>
#include <future>
#include <random>
#include <thread>
#include <unistd.h>

#include "agent/log.h"
#include "agent/metrics.h"
#include "api/door.h"
#include "api/server.h"
#include "app/brokers.h"
#include "app/build.h"
#include "app/descriptors.h"
#include "app/keys.h"
#include "app/records.h"
#include "app/sessions.h"
#include "app/users.h"
#include "fault/step.h"
#include "feed/feed.h"
#include "kite/stream.h"
#include "net/loop.h"
#include "runtime/runtime.h"
#include "ui/pages.h"
#include "vault/vault.h"

namespace hmt::app {

// In the order of construction; destroyed the other way round, after the threads have ended.
struct Station::Parts {
  Config config;
  AdminTokenFile token;
  std::unique_ptr<Records> records;
  net::Loop market_loop;
  net::Loop orders_loop;
  net::Loop api_loop;
  net::Loop watch_loop;  // may wait for the database
  std::unique_ptr<runtime::Runtime> runtime;
  std::unique_ptr<identity::Users> users;  // null: single-user mode
  std::unique_ptr<api::Server> api;
  std::string address;
  std::function<void()> ended;
  std::atomic<bool> broke_off = false;
  std::thread commits, market, orders, face, watch;

  void break_off() {
    broke_off = true;
    if (ended) ended();
  }

  // After the threads: what is outstanding answers now, while the runtime still stands; the
  // database goes last, whole and without a log file beside it.
  void close() {
    api.reset();
    users.reset();
    runtime.reset();
    records.reset();
  }
};

namespace {

constexpr base::Duration drain_patience =
    std::chrono::seconds(7);  // of the 10 s that an orderly end may take

// Unique among processes, also when a pid comes again.
std::string holder_name() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  std::random_device random;
  char tail[16];
  std::snprintf(tail, sizeof tail, "%08x", static_cast<unsigned>(random()));
  return std::string(host) + ":" + std::to_string(::getpid()) + ":" + tail;
}

runtime::RuntimeSettings runtime_settings(const Config& config, const oms::TagKey& key,
                                          model::Calendar calendar) {
  runtime::RuntimeSettings settings;
  settings.engine.max_retries = config.max_retries;
  settings.engine.retry_backoff = config.retry_backoff;
  settings.engine.absence = config.absence;
  settings.engine.tag_key = key;
  settings.gate.rate = config.rate;
  settings.configured = {.enabled = config.engine_enabled,
                         .max_retries = config.max_retries,
                         .retry_backoff_ms = config.retry_backoff / std::chrono::milliseconds(1),
                         .simulated = config.kite.rest.is_loopback()};
  settings.calendar = std::move(calendar);
  settings.holder = holder_name();
  settings.health_period = config.health_interval;
  settings.venue = config.kite.rest.is_loopback() ? "simulator" : "kite";
  settings.many_users = config.users.many();
  settings.own_prices = config.users.many() && !config.kite.access_token.empty();
  return settings;
}

runtime::MakeFeed feed_maker(const Config& config, net::Loop& loop,
                             std::shared_ptr<kite::AccessToken> token, model::Calendar calendar) {
  return [&loop, token = std::move(token), calendar = std::move(calendar),
          kite = kite_config(config),
          delay = config.reconnect_delay](feed::FeedObserver& observer) {
    auto make_stream = [&loop, kite, token](
                           broker::StreamObserver& heard) -> std::unique_ptr<broker::MarketStream> {
      return std::make_unique<kite::TickerStream>(loop, kite, token, heard);
    };
    feed::FeedConfig feed;
    feed.connection.backoff.first = delay;
    feed.seed = static_cast<std::uint64_t>(::getpid());
    return std::make_unique<feed::Feed>(loop, make_stream, broker::StreamLimits{}, feed, calendar,
                                        observer);
  };
}

api::ApiConfig face_of(const Config& config) {
  api::ApiConfig face;
  face.version = version();
  face.build = build();
  face.metrics_text = agent::metrics_text;
  face.pages = ui::built_in();
  face.connections_max = connections_within(raise_descriptor_limit());
  for (const auto& host : config.public_hosts) {
    face.allowed_hosts.emplace_back(api::host_name(host));
    // A proxy may give its own Host on; a browser's Origin stays what the user sees.
    face.allowed_origins.push_back("https://" + host);
  }
  if (!config.users.sign_in_url.empty()) {
    const auto& url = config.users.sign_in_url;
    const auto path = url.find('/', url.find("://") + 3);
    face.password = {url, config.users.sign_in_key, url.substr(0, path)};
  }
  return face;
}

}  // namespace

base::Result<std::unique_ptr<Station>> Station::open(const Config& config) {
  if (auto armed = fault::arm(config.faults); !armed) return std::unexpected(armed.error());
  auto parts = std::make_unique<Parts>();
  parts->config = config;
  for (auto& hidden : secrets_of(config)) agent::log_redact(std::move(hidden));
  auto calendar = read_sessions(config.sessions);
  if (!calendar) return std::unexpected(calendar.error());
  const auto today = base::trading_date(std::chrono::system_clock::now());
  if (const auto end = holidays_end(*calendar, today); !end.empty()) {
    agent::log_warning("holidays_end", {{"why", end}});
  }
  auto* raw = parts.get();
  // A process that cannot write its records cannot fire. It ends, and whoever keeps it running
  // starts one that reads what is there.
  auto records = open_records(config, [raw](const std::string& why) {
    agent::log_error("records_lost", {{"why", why}});
    raw->break_off();
  });
  if (!records) return std::unexpected(records.error());
  parts->records = std::move(*records);
  const auto secret = key_of(config, *parts->records->writer().reader());
  if (!secret) return std::unexpected(secret.error());
  auto vault = open_vault(config, *secret);
  if (!vault) return std::unexpected(vault.error());
  if (!config.users.many()) {
    auto token = admin_token(config.admin_token, secrets_beside(config));
    if (!token) return std::unexpected(token.error());
    parts->token = std::move(*token);
  }
  agent::log_redact(parts->token.token);

  auto prices = std::make_shared<kite::AccessToken>(config.kite.access_token);
  parts->runtime = std::make_unique<runtime::Runtime>(
      runtime::Schedulers{parts->market_loop, parts->orders_loop, parts->api_loop,
                          parts->watch_loop},
      parts->records->writer(), broker_door(config, parts->orders_loop, *vault, prices),
      feed_maker(config, parts->market_loop, prices, *calendar),
      runtime_settings(config, tag_key(*secret), *calendar), [raw] { raw->break_off(); });
  auto face = face_of(config);
  face.admin_token = parts->token.token;
  if (config.users.many()) {
    auto users = open_users(parts->api_loop, config.users);
    if (!users) return std::unexpected(users.error());
    parts->users = std::move(*users);
    face.authenticator = sign_in_of(*parts->users, config.users);
  }
  parts->api = std::make_unique<api::Server>(parts->api_loop, *parts->runtime,
                                             parts->records->writer().reader(), std::move(face));
  auto address = parts->api->listen(config.listen);
  if (!address) return base::invalid("HMT_LISTEN", address.error().message);
  parts->address = *address;
  return std::unique_ptr<Station>(new Station(std::move(parts)));
}

Station::Station(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Station::~Station() {
  if (parts_->commits.joinable()) drain();
  parts_->close();
}

runtime::Desk& Station::desk() {
  return *parts_->runtime;
}

const std::string& Station::address() const {
  return parts_->address;
}

const std::string& Station::token_path() const {
  return parts_->token.path;
}

const std::string& Station::token() const {
  return parts_->token.token;
}

bool Station::broke_off() const {
  return parts_->broke_off;
}

void Station::on_end(std::function<void()> ended) {
  parts_->ended = std::move(ended);
}

void Station::run() {
  auto& p = *parts_;
  p.commits = std::thread([&p] { p.runtime->commits().run(); });
  p.market = std::thread([&p] { p.market_loop.run(); });
  p.orders = std::thread([&p] { p.orders_loop.run(); });
  p.face = std::thread([&p] { p.api_loop.run(); });
  p.watch = std::thread([&p] { p.watch_loop.run(); });
  if (p.users) p.api_loop.post([&p] { p.users->start(); });
  p.runtime->launch();
}

void Station::drain() {
  auto& p = *parts_;
  if (!p.commits.joinable()) return;
  p.api_loop.post([&p] { p.api->stop_accepting(); });
  auto quiet = std::make_shared<std::promise<void>>();
  p.runtime->drain(drain_patience, [quiet] { quiet->set_value(); });
  quiet->get_future().wait_for(drain_patience + std::chrono::seconds(1));
  // What was answered last still has to pass the market's thread and be written.
  std::promise<void> passed;
  p.market_loop.post([&passed] { passed.set_value(); });
  passed.get_future().wait();
  auto given_up = std::make_shared<std::promise<void>>();
  p.runtime->give_up_lease([given_up] { given_up->set_value(); });
  given_up->get_future().wait_for(std::chrono::seconds(1));  // else it runs out by itself
  p.runtime->commits().stop();
  p.commits.join();
  p.api_loop.post([&p] { p.api->close_all(); });
  for (auto* loop : {&p.market_loop, &p.orders_loop, &p.api_loop, &p.watch_loop}) {
    loop->post([loop] { loop->stop(); });
  }
  p.market.join();
  p.orders.join();
  p.face.join();
  p.watch.join();
  p.close();
}

}  // namespace hmt::app
