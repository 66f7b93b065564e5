#include <algorithm>
#include <cstdio>
#include <functional>
#include <future>
#include <thread>

#include "app/brokers.h"
#include "app/commands.h"
#include "app/keys.h"
#include "app/records.h"
#include "app/sessions.h"
#include "identity/users.h"
#include "kite/rest.h"
#include "kite/stream.h"
#include "net/loop.h"
#include "postgres/database.h"
#include "sqlite/database.h"

// One line a check, each with its remedy. Nothing is changed but that the database is made and
// migrated.
namespace hmt::app {
namespace {

class Checks {
 public:
  void ok(const char* what, const std::string& detail) {
    std::printf("ok    %-14s %s\n", what, detail.c_str());
  }
  void warn(const char* what, const std::string& why, const char* remedy) {
    std::printf("warn  %-14s %s. %s\n", what, why.c_str(), remedy);
  }
  void bad(const char* what, const std::string& why, const char* remedy) {
    std::printf("FAIL  %-14s %s. %s\n", what, why.c_str(), remedy);
    failed_ = true;
  }
  int exit_code() const { return failed_ ? 1 : 0; }

 private:
  bool failed_ = false;
};

// Waits for one answer of something that runs on a loop.
template <class T>
base::Result<T> ask(net::Loop& loop, const std::function<void(broker::Done<T>)>& question) {
  auto promise = std::make_shared<std::promise<base::Result<T>>>();
  auto future = promise->get_future();
  loop.post([promise, &question] {
    question([promise](base::Result<T> answer) { promise->set_value(std::move(answer)); });
  });
  if (future.wait_for(std::chrono::seconds(40)) != std::future_status::ready) {
    return base::fail(base::ErrorKind::unavailable, "no answer within 40 s");
  }
  return future.get();
}

// Does something on the loop's thread, and waits until it is done.
void on_loop(net::Loop& loop, const std::function<void()>& what) {
  std::promise<void> done;
  loop.post([&] {
    what();
    done.set_value();
  });
  done.get_future().wait();
}

// Opens the ticker and waits for its first frame.
class FirstFrame final : public broker::StreamObserver {
 public:
  void on_open() override {}
  void on_heartbeat() override { end({}); }
  void on_ticks(std::span<model::Tick>) override { end({}); }
  void on_order(const model::BrokerOrder&) override {}
  void on_notice(std::string_view, std::string_view) override {}
  void on_malformed(std::size_t) override {}
  void on_closed(broker::StreamEnd, std::string_view reason) override { end(std::string(reason)); }

  std::future<std::string> result() { return promise_.get_future(); }

 private:
  void end(std::string why) {
    if (std::exchange(ended_, true)) return;
    promise_.set_value(std::move(why));
  }
  bool ended_ = false;
  std::promise<std::string> promise_;
};

void check_database(Checks& checks, const std::string& path) {
  const auto database = sqlite::open_database(path);
  if (database) {
    checks.ok("database", path + ", schema " + std::to_string((*database)->schema_version()));
    return;
  }
  const bool in_use = database.error().kind == base::ErrorKind::refused;
  if (in_use && sqlite::open_reader(path)->last_event()) {
    checks.ok("database", path + ", held by a running engine");
  } else {
    checks.bad("database", database.error().message, "Restore it from a backup, or name another");
  }
}

void check_server(Checks& checks, const std::string& url) {
  const auto found = postgres::check_database(url);
  if (!found) {
    return checks.bad("database", found.error().message, "Check HMT_DATABASE_URL and the server");
  }
  const auto server = "PostgreSQL " + found->server + " as " + found->role;
  if (found->is_read_only) {
    return checks.bad("database", server + " is read-only", "Name the primary server");
  }
  if (!found->is_durable) {
    return checks.bad("database", server + " does not wait for its disk",
                      "Switch fsync and full_page_writes on: a power cut would undo fires");
  }
  if (found->schema_version > found->known_version) {
    return checks.bad("database",
                      server + " has schema " + std::to_string(found->schema_version) +
                          ", newer than this program",
                      "Use the newer program that wrote it");
  }
  const auto schema = "schema " + std::to_string(found->schema_version) + " of " +
                      std::to_string(found->known_version);
  checks.ok("database", server + ", " + schema +
                            (found->schema_version < found->known_version
                                 ? ": `hmt migrate` or the next start brings it up to date"
                                 : "") +
                            (found->holder.empty() ? "" : ", held by a running engine"));
}

std::unique_ptr<store::Reader> reader_of(const Config& config) {
  if (config.database_url.empty()) return sqlite::open_reader(config.database_path);
  auto opened = postgres::open_reader(config.database_url);
  return opened ? std::move(*opened) : nullptr;
}

void check_sessions(Checks& checks, const std::string& setting) {
  const auto sessions = read_sessions(setting);
  if (!sessions) {
    return checks.bad("sessions", sessions.error().message,
                      "Set HMT_SESSIONS to india, always or a readable file");
  }
  const auto end = holidays_end(*sessions, base::trading_date(std::chrono::system_clock::now()));
  if (end.empty()) return checks.ok("sessions", setting);
  checks.warn(
      "sessions", setting + ": " + end,
      "Name a file with the next year's in HMT_SESSIONS, or update: on a holiday that is not "
      "listed the engine waits for prices, and says that none come");
}

void check_files(Checks& checks, const Config& config) {
  if (config.database_url.empty()) {
    check_database(checks, config.database_path);
  } else {
    check_server(checks, config.database_url);
  }
  const auto reader = reader_of(config);
  // Before the first start there is nothing that a key would have to fit.
  const bool is_used = reader && reader->last_event().value_or(0) > 0;
  if (auto key = secret_key(config.secret_key, secrets_beside(config), is_used); key) {
    checks.ok("secret key", "there");
  } else {
    checks.bad("secret key", key.error().message, "Set HMT_SECRET_KEY, or restore the key file");
  }
  check_sessions(checks, config.sessions);
  if (const auto why = why_others_may_listen(config.listen); !why.empty()) {
    checks.warn("listen", why, "Put a proxy with TLS in front, and let HMT_LISTEN be 127.0.0.1");
  }
}

// The keys that users' tokens are verified with.
void check_users(Checks& checks, net::Loop& loop, const Users& users) {
  if (!users.many()) return;
  if (users.supabase_url.empty()) {
    return checks.ok("users", "tokens signed with SUPABASE_JWT_SECRET are taken");
  }
  identity::FetchJwks fetch;
  const auto body = ask<std::string>(loop, [&](broker::Done<std::string> done) {
    fetch = identity::fetch_jwks_over(loop, *identity::supabase_origin(users.supabase_url));
    fetch(std::move(done));
  });
  on_loop(loop, [&] { fetch = {}; });
  const auto keys = body ? identity::KeySet::read(*body) : std::unexpected(body.error());
  if (!keys) {
    checks.bad("users", "the keys of SUPABASE_URL cannot be had: " + keys.error().message,
               "Check SUPABASE_URL and the network");
  } else if (keys->size() == 0 && users.jwt_secret.empty()) {
    checks.bad("users", "the project publishes no key for users' tokens",
               "Give it asymmetric JWT signing keys, or set SUPABASE_JWT_SECRET");
  } else {
    checks.ok("users", std::to_string(keys->size()) + " keys published by the project");
  }
}

void check_feed(Checks& checks, net::Loop& loop, const kite::KiteConfig& kite,
                std::shared_ptr<kite::AccessToken> token) {
  FirstFrame observer;
  auto result = observer.result();
  std::unique_ptr<kite::TickerStream> stream;
  loop.post([&] {
    stream = std::make_unique<kite::TickerStream>(loop, kite, token, observer);
    stream->open();
  });
  const bool came = result.wait_for(std::chrono::seconds(15)) == std::future_status::ready;
  const auto why = came ? result.get() : "no frame within 15 s";
  on_loop(loop, [&] {
    stream->close();
    stream.reset();
  });
  if (why.empty()) {
    checks.ok("feed", "frames come");
  } else {
    checks.bad("feed", why,
               "A 403 means a dead token or a plan without market data; log in to Kite again");
  }
}

void check_clock(Checks& checks, net::Loop& loop, const Config& config) {
  std::unique_ptr<net::HttpClient> client;
  auto asked = ask<net::HttpResponse>(loop, [&](broker::Done<net::HttpResponse> done) {
    net::HttpRequest request;
    request.target = config.kite.rest.path + "/";
    client = std::make_unique<net::HttpClient>(loop, config.kite.rest, net::ClientOptions{});
    client->get(std::move(request), [done = std::move(done)](net::HttpOutcome outcome) mutable {
      if (outcome.reach == net::Reach::answered) {
        done(std::move(outcome.response));
      } else {
        done(base::fail(base::ErrorKind::unavailable, outcome.error));
      }
    });
  });
  const auto now = std::chrono::system_clock::now();
  on_loop(loop, [&] { client.reset(); });
  if (!asked) {
    checks.bad("clock", "the broker's time is not known: " + asked.error().message,
               "Check the network");
    return;
  }
  const std::string date(net::header(asked->headers, "Date"));
  std::tm parsed{};
  if (date.empty() || !::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S", &parsed)) {
    checks.ok("clock", "the broker does not tell its time; make sure that NTP runs");
    return;
  }
  const auto theirs = std::chrono::system_clock::from_time_t(::timegm(&parsed));
  const auto apart = std::chrono::duration_cast<std::chrono::seconds>(now - theirs);
  if (apart > std::chrono::seconds(3) || apart < std::chrono::seconds(-3)) {
    checks.bad("clock", std::to_string(apart.count()) + " s apart from the broker's",
               "Switch NTP on");
  } else {
    checks.ok("clock", "within 3 s of the broker's");
  }
}

base::Result<runtime::BrokerDoor> door_of(net::Loop& loop, const Config& config,
                                          store::Reader& reader) {
  const auto key = key_of(config, reader);
  if (!key) return std::unexpected(key.error());
  const auto vault = open_vault(config, *key);
  if (!vault) return std::unexpected(vault.error());
  return broker_door(config, loop, *vault, std::make_shared<kite::AccessToken>(""));
}

// As `serve` has it at a start: the environment's, or else that of the last login on the screens.
// A database that cannot be read has a line of its own.
base::Result<std::string> own_token(net::Loop& loop, const Config& config) {
  const auto reader = reader_of(config);
  const auto rows =
      reader ? reader->connections(store::Actor{}) : std::vector<model::BrokerConnection>();
  if (!rows) return config.kite.access_token;
  const auto own = std::ranges::find(*rows, model::ConnectionId{}, &model::BrokerConnection::id);
  if (own == rows->end()) return config.kite.access_token;
  const auto door = door_of(loop, config, *reader);
  if (!door) return std::unexpected(door.error());
  const auto session = door->session(*own);
  if (!session) return std::unexpected(session.error());
  return std::string(session->reveal());
}

void check_broker(Checks& checks, net::Loop& loop, const Config& config) {
  check_clock(checks, loop, config);
  if (config.kite.api_key.empty()) {
    return checks.ok("broker", "no session of its own is configured: users bring theirs");
  }
  auto kite = kite_config(config);
  auto own = own_token(loop, config);
  if (!own) {
    return checks.bad("broker", own.error().message,
                      "Restore HMT_SECRET_KEY, or log in to Kite again");
  }
  kite.access_token = std::move(*own);
  if (kite.access_token.empty()) {
    return checks.bad("broker", "nobody has logged in to Kite",
                      "Log in on the Brokers screen, or set today's KITE_ACCESS_TOKEN");
  }
  auto token = std::make_shared<kite::AccessToken>(kite.access_token);
  std::unique_ptr<kite::RestGateway> gateway;
  const auto account = ask<broker::Account>(loop, [&](broker::Done<broker::Account> done) {
    gateway = std::make_unique<kite::RestGateway>(loop, kite, token);
    gateway->profile(std::move(done));
  });
  if (account) {
    checks.ok("broker", "signed in as " + account->user_id);
  } else {
    checks.bad("broker", account.error().message,
               "Log in to Kite on the Brokers screen, or set today's KITE_ACCESS_TOKEN");
  }
  check_feed(checks, loop, kite, token);
  on_loop(loop, [&] { gateway.reset(); });
}

void check_connection(Checks& checks, net::Loop& loop, const runtime::BrokerDoor& door,
                      const model::BrokerConnection& row) {
  const auto name = "broker " + row.id.text().substr(0, 8);
  if (!row.enabled) return checks.ok(name.c_str(), "switched off by its owner");
  const auto session = door.session(row);
  if (!session) {
    return checks.bad(name.c_str(), session.error().message,
                      "Restore HMT_SECRET_KEY, or let its owner enter the keys again");
  }
  if (session->empty()) return checks.ok(name.c_str(), "no session: its owner has not logged in");
  std::unique_ptr<broker::OrderGateway> gateway;
  const auto account = ask<broker::Account>(loop, [&](broker::Done<broker::Account> done) {
    auto opened = door.open(row);
    if (!opened) return done(std::unexpected(opened.error()));
    gateway = std::move(*opened);
    gateway->profile(std::move(done));
  });
  if (account) {
    checks.ok(name.c_str(), "signed in as " + account->user_id);
  } else {
    checks.bad(name.c_str(), account.error().message, "Its owner must log in again");
  }
  on_loop(loop, [&] { gateway.reset(); });
}

// Each user's own session with the broker.
void check_connections(Checks& checks, net::Loop& loop, const Config& config) {
  if (!config.users.many()) return;
  const auto reader = reader_of(config);
  if (!reader) return;
  const auto rows = reader->connections(store::Actor{});
  const auto door = door_of(loop, config, *reader);
  if (!rows || !door) {
    return checks.bad("brokers", (rows ? door.error() : rows.error()).message,
                      "See the lines above");
  }
  for (const auto& row : *rows) check_connection(checks, loop, *door, row);
}

}  // namespace

int doctor(const CommonOptions& options) {
  Checks checks;
  const auto config = load_config(options, process_environment(), true);
  if (!config) {
    checks.bad("configuration", "see above", "Correct the named settings");
    return 2;
  }
  checks.ok("configuration", "holds");
  check_files(checks, *config);

  net::Loop loop;
  std::thread thread([&loop] { loop.run(); });
  check_users(checks, loop, config->users);
  check_broker(checks, loop, *config);
  check_connections(checks, loop, *config);
  loop.post([&loop] { loop.stop(); });
  thread.join();
  return checks.exit_code();
}

}  // namespace hmt::app
