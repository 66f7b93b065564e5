#include "app/config.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <numeric>
#include <set>
#include <unistd.h>
#include <utility>

#include "api/door.h"
#include "app/keys.h"
#include "app/toml_text.h"
#include "identity/crypto.h"
#include "identity/publishable.h"
#include "identity/users.h"

namespace hmt::app {
namespace {

// Every setting that the file may hold; one that is not here is a typing mistake worth telling.
const std::set<std::string>& known_settings() {
  static const std::set<std::string> names = {"HMT_ENGINE_ENABLED",
                                              "HMT_MAX_RETRIES",
                                              "HMT_RETRY_BACKOFF_MS",
                                              "HMT_HEALTH_CHECK_INTERVAL_MS",
                                              "HMT_RECONNECT_DELAY_MS",
                                              "HMT_DATABASE_URL",
                                              "HMT_LISTEN",
                                              "HMT_PUBLIC_HOSTS",
                                              "HMT_SIGN_IN_URL",
                                              "HMT_SIGN_IN_KEY",
                                              "HMT_ADMIN_TOKEN",
                                              "HMT_SECRET_KEY",
                                              "HMT_SECRET_KEY_BEFORE",
                                              "HMT_SESSIONS",
                                              "HMT_LOG_FORMAT",
                                              "HMT_LOG_LEVEL",
                                              "HMT_ORDERS_PER_SECOND",
                                              "HMT_ORDERS_PER_MINUTE",
                                              "HMT_ORDERS_PER_DAY",
                                              "HMT_ABSENCE_WINDOW_MS",
                                              "HMT_LEASE_MS",
                                              "KITE_API_KEY",
                                              "KITE_API_SECRET",
                                              "KITE_ACCESS_TOKEN",
                                              "KITE_API_URL",
                                              "KITE_LOGIN_URL",
                                              "KITE_TICKER_URL",
                                              "SUPABASE_URL",
                                              "SUPABASE_JWT_SECRET",
                                              "SUPABASE_SERVICE_ROLE_KEY"};
  return names;
}

// How many letters must be put in, left out or changed to make one of the other.
std::size_t slips_between(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < one.size(); ++i) {
    auto diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < other.size(); ++j) {
      const auto changed = diagonal + (one[i] == other[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

class Settings {
 public:
  Settings(const Environment& environment, const std::optional<std::string>& file)
      : environment_(environment) {
    if (file) read_file(*file);
  }

  std::optional<std::string> find(const std::string& name) const {
    if (auto value = environment_(name)) return value;
    const auto found = file_.find(name);
    return found == file_.end() ? std::nullopt : std::optional(found->second);
  }

  std::string text(const std::string& name, const std::string& otherwise) const {
    return find(name).value_or(otherwise);
  }

  std::int64_t integer(const std::string& name, std::int64_t otherwise, std::int64_t least,
                       std::int64_t most) {
    const auto value = find(name);
    if (!value) return otherwise;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
    if (error != std::errc{} || end != value->data() + value->size() || number < least ||
        number > most) {
      blame(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
      return otherwise;
    }
    return number;
  }

  base::Duration milliseconds(const std::string& name, std::int64_t otherwise, std::int64_t least,
                              std::int64_t most) {
    return std::chrono::milliseconds(integer(name, otherwise, least, most));
  }

  bool flag(const std::string& name, bool otherwise) {
    const auto value = find(name);
    if (!value) return otherwise;
    if (*value == "true") return true;
    if (*value == "false") return false;
    blame(name, "true or false");
    return otherwise;
  }

  std::string one_of(const std::string& name, const std::string& otherwise,
                     const std::vector<std::string>& words) {
    const auto value = text(name, otherwise);
    for (const auto& word : words) {
      if (value == word) return value;
    }
    std::string accepted;
    for (const auto& word : words) {
      if (!word.empty()) accepted += (accepted.empty() ? "" : ", ") + word;
    }
    blame(name, "one of " + accepted);
    return otherwise;
  }

  net::Origin origin(const std::string& name, const std::string& otherwise) {
    auto origin = net::parse_origin(text(name, otherwise));
    if (origin) return *origin;
    blame(name, origin.error().message);
    return {};
  }

  void blame(const std::string& name, const std::string& accepts) {
    wrong_.push_back({name, accepts});
  }
  std::vector<Wrong> take_wrong() { return std::move(wrong_); }

 private:
  void read_file(const std::string& text) {
    const auto table = parse_toml(text);
    if (!table) return blame("--config", "a TOML file: " + table.error().message);
    for (const auto& [key, value] : *table) {
      const std::string name(key.str());
      if (!known_settings().contains(name)) {
        blame(name, "nothing: it is not a setting of hmt");
      } else if (const auto* string = value.as_string()) {
        file_[name] = string->get();
      } else if (const auto* integer = value.as_integer()) {
        file_[name] = std::to_string(integer->get());
      } else if (const auto* boolean = value.as_boolean()) {
        file_[name] = boolean->get() ? "true" : "false";
      } else {
        blame(name, "text, a whole number, true or false");
      }
    }
  }

  const Environment& environment_;
  std::map<std::string, std::string> file_;
  std::vector<Wrong> wrong_;
};

// The part of a URL that names user, password, host and port.
std::string_view authority_of(std::string_view url) {
  const auto start = url.find("://");
  if (start == std::string_view::npos) return {};
  url.remove_prefix(start + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

std::string_view host_of(std::string_view url) {
  auto host = authority_of(url);
  host.remove_prefix(host.rfind('@') + 1);  // npos + 1 is 0
  if (host.starts_with('[')) return host.substr(1, std::min(host.find(']'), host.size()) - 1);
  return host.substr(0, host.find(':'));
}

std::string_view password_of(std::string_view url) {
  const auto authority = authority_of(url);
  const auto at = authority.rfind('@');
  const auto colon = authority.find(':');
  if (at == std::string_view::npos || colon >= at) return {};
  return authority.substr(colon + 1, at - colon - 1);
}

void read_database(Settings& settings, Config& config) {
  const auto url = settings.text("HMT_DATABASE_URL", "sqlite:hmt.db");
  constexpr std::string_view sqlite = "sqlite:";
  const bool postgres = url.starts_with("postgresql://") || url.starts_with("postgres://");
  if (url.starts_with(sqlite) && url.size() > sqlite.size()) {
    config.database_path = url.substr(sqlite.size());
  } else if (postgres && !host_of(url).empty()) {
    config.database_url = url;
  } else {
    settings.blame("HMT_DATABASE_URL",
                   "sqlite:PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with a host");
  }
}

// A name or an address, and perhaps a port: what stands in a Host header, in small letters.
bool is_host(std::string_view text) {
  const auto colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && text.find(']', colon) == text.npos;
  const auto name = has_port ? text.substr(0, colon) : text;
  const auto port = has_port ? text.substr(colon + 1) : std::string_view("443");
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_part = [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
  };
  if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, is_digit)) return false;
  if (name.starts_with('[')) {
    return name.size() > 2 && name.ends_with(']') &&
           name.find_first_not_of("0123456789abcdef:.", 1) == name.size() - 1;
  }
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, is_part) &&
         !name.starts_with('.') && !name.starts_with('-');
}

void read_public_hosts(Settings& settings, Config& config) {
  const auto list = settings.text("HMT_PUBLIC_HOSTS", "");
  for (std::size_t from = 0; from < list.size();) {
    const auto comma = std::min(list.find(',', from), list.size());
    auto host = list.substr(from, comma - from);
    from = comma + 1;
    std::erase(host, ' ');
    std::ranges::transform(host, host.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    if (is_host(host)) {
      config.public_hosts.push_back(std::move(host));
    } else {
      settings.blame("HMT_PUBLIC_HOSTS",
                     "host names separated by commas, without https:// and path, such as "
                     "hmt.example.com or hmt.example.com:8443");
      return;
    }
  }
}

// The screens show this key to whoever opens them.
void read_password_sign_in(Settings& settings, Config& config, bool runs_engine) {
  auto& users = config.users;
  users.sign_in_url = settings.text("HMT_SIGN_IN_URL", "");
  users.sign_in_key = settings.text("HMT_SIGN_IN_KEY", "");
  while (users.sign_in_url.ends_with('/')) users.sign_in_url.pop_back();
  if (!users.sign_in_url.empty() && !net::parse_origin(users.sign_in_url)) {
    settings.blame("HMT_SIGN_IN_URL",
                   "https://PROJECT.supabase.co/auth/v1, or another https URL of a GoTrue "
                   "endpoint; plain http for loopback hosts only");
  }
  if (identity::is_secret_key(users.sign_in_key)) {
    settings.blame("HMT_SIGN_IN_KEY",
                   "the project's publishable (anon) key: this one is secret, and whoever opens "
                   "the page would see it");
  }
  if (!runs_engine) return;
  if (users.sign_in_url.empty() != users.sign_in_key.empty()) {
    settings.blame(users.sign_in_url.empty() ? "HMT_SIGN_IN_URL" : "HMT_SIGN_IN_KEY",
                   "both HMT_SIGN_IN_URL and HMT_SIGN_IN_KEY, or neither");
  }
  if (!users.sign_in_url.empty() && !users.many()) {
    settings.blame("HMT_SIGN_IN_URL",
                   "nothing without SUPABASE_URL or SUPABASE_JWT_SECRET: a single user signs in "
                   "with HMT_ADMIN_TOKEN");
  }
}

void read_users(Settings& settings, Config& config, bool runs_engine) {
  auto& users = config.users;
  users.supabase_url = settings.text("SUPABASE_URL", "");
  users.jwt_secret = settings.text("SUPABASE_JWT_SECRET", "");
  users.service_role_key = settings.text("SUPABASE_SERVICE_ROLE_KEY", "");
  if (!users.supabase_url.empty() && !identity::supabase_origin(users.supabase_url)) {
    settings.blame("SUPABASE_URL",
                   "https://PROJECT.supabase.co, or another https URL without user and query; "
                   "plain http for loopback hosts only");
  }
  if (!users.jwt_secret.empty() && users.jwt_secret.size() < identity::shared_secret_bytes_min) {
    settings.blame("SUPABASE_JWT_SECRET", "the project's JWT secret: at least 32 bytes");
  }
  if (!users.service_role_key.empty() && users.service_role_key.size() < 16) {
    settings.blame("SUPABASE_SERVICE_ROLE_KEY", "at least 16 characters");
  }
  if (!runs_engine) return;
  if (!users.many()) {
    if (users.service_role_key.empty()) return;
    return settings.blame("SUPABASE_SERVICE_ROLE_KEY",
                          "the operator's key of multi-user mode: set SUPABASE_URL or "
                          "SUPABASE_JWT_SECRET too, or HMT_ADMIN_TOKEN instead");
  }
  if (users.service_role_key.empty()) {
    settings.blame(
        "SUPABASE_SERVICE_ROLE_KEY",
        "the operator's key, at least 16 characters; it is required with SUPABASE_URL or "
        "SUPABASE_JWT_SECRET, or nobody could start and stop the engine");
  }
  if (!config.database_path.empty()) {
    settings.blame("HMT_DATABASE_URL",
                   "postgresql://USER:PASSWORD@HOST:PORT/DATABASE: many users (SUPABASE_URL, "
                   "SUPABASE_JWT_SECRET) need a database that keeps their rows apart");
  }
}

void read_limits(Settings& settings, Config& config) {
  // An account's limits are the broker's; only a broker on this machine, which is a simulator, may
  // be given others.
  const bool simulator = config.kite.rest.is_loopback();
  const std::int64_t loose = 1'000'000;
  const oms::RateRule broker;
  config.rate.per_second = static_cast<int>(
      settings.integer("HMT_ORDERS_PER_SECOND", broker.per_second, 1, simulator ? loose : 10));
  config.rate.per_minute = static_cast<int>(
      settings.integer("HMT_ORDERS_PER_MINUTE", broker.per_minute, 1, simulator ? loose : 400));
  config.rate.per_day = static_cast<int>(
      settings.integer("HMT_ORDERS_PER_DAY", broker.per_day, 1, simulator ? loose : 5000));
  const std::int64_t least = simulator ? 100 : 180'000;
  config.absence.window = settings.milliseconds("HMT_ABSENCE_WINDOW_MS", 180'000, least, 3'600'000);
  config.absence.spacing = config.absence.window / 6;
  config.lease_lasts =
      settings.milliseconds("HMT_LEASE_MS", 10'000, simulator ? 500 : 5000, 60'000);
}

// Of the environment alone, so that no file keeps it, and never where an order costs money.
void read_faults(const Environment& environment, Settings& settings, Config& config) {
  config.faults = environment("HMT_FAULTS").value_or("");
  if (!config.faults.empty() && !config.kite.rest.is_loopback()) {
    settings.blame("HMT_FAULTS", "nothing: only a proof beside a simulated broker sets it");
  }
}

void require_kite(Settings& settings, const Config& config) {
  const auto& kite = config.kite;
  if (config.users.many()) {
    // Market data may run over a user's connection.
    if (kite.api_key.empty() == kite.access_token.empty()) return;
    const auto* missing = kite.api_key.empty() ? "KITE_API_KEY" : "KITE_ACCESS_TOKEN";
    return settings.blame(missing, "both KITE_API_KEY and KITE_ACCESS_TOKEN, or neither");
  }
  if (kite.api_key.empty()) {
    settings.blame("KITE_API_KEY", "the api key of your Kite Connect app; it is required");
  }
  if (kite.access_token.empty() && kite.api_secret.empty()) {
    settings.blame(
        "KITE_ACCESS_TOKEN",
        "today's access token of your Kite login; it is required, unless KITE_API_SECRET "
        "is set and you log in through hmt");
  }
}

void read_kite(Settings& settings, Config& config, bool runs_engine) {
  auto& kite = config.kite;
  kite.api_key = settings.text("KITE_API_KEY", "");
  kite.api_secret = settings.text("KITE_API_SECRET", "");
  kite.access_token = settings.text("KITE_ACCESS_TOKEN", "");
  kite.rest = settings.origin("KITE_API_URL", "https://api.kite.trade");
  kite.ticker = settings.origin("KITE_TICKER_URL", "wss://ws.kite.trade");
  static const std::string login_page = "https://kite.zerodha.com/connect/login";
  settings.origin("KITE_LOGIN_URL", login_page);
  kite.login_page = settings.text("KITE_LOGIN_URL", login_page);
  if (runs_engine) require_kite(settings, config);
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (!value || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

std::vector<std::string> process_environment_names() {
  std::vector<std::string> names;
  for (char** entry = ::environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

std::vector<Wrong> mistyped(const std::vector<std::string>& names) {
  constexpr std::size_t slips_max = 2;
  std::vector<Wrong> out;
  for (const auto& name : names) {
    if (!name.starts_with("HMT_") || known_settings().contains(name)) continue;
    const auto meant = std::ranges::find_if(known_settings(), [&](const auto& known) {
      return slips_between(name, known) <= slips_max;
    });
    if (meant == known_settings().end()) continue;
    out.push_back({name, "nothing: it is not a setting of hmt; " + *meant + " is"});
  }
  return out;
}

Read read_config(const Environment& environment, const std::optional<std::string>& file,
                 bool runs_engine) {
  Settings settings(environment, file);
  Read read;
  auto& config = read.config;
  config.engine_enabled = settings.flag("HMT_ENGINE_ENABLED", true);
  config.max_retries = static_cast<int>(settings.integer("HMT_MAX_RETRIES", 2, 0, 10));
  config.retry_backoff = settings.milliseconds("HMT_RETRY_BACKOFF_MS", 1000, 1, 60'000);
  config.health_interval =
      settings.milliseconds("HMT_HEALTH_CHECK_INTERVAL_MS", 30'000, 100, 3'600'000);
  config.reconnect_delay = settings.milliseconds("HMT_RECONNECT_DELAY_MS", 5000, 10, 60'000);
  read_database(settings, config);
  config.listen = settings.text("HMT_LISTEN", "127.0.0.1:8080");
  config.admin_token = settings.text("HMT_ADMIN_TOKEN", "");
  if (!config.admin_token.empty() && config.admin_token.size() < 16) {
    settings.blame("HMT_ADMIN_TOKEN", "at least 16 characters");
  }
  config.secret_key = settings.text("HMT_SECRET_KEY", "");
  config.secret_key_before = settings.text("HMT_SECRET_KEY_BEFORE", "");
  if (!config.secret_key_before.empty() && !read_secret_key(config.secret_key_before)) {
    settings.blame("HMT_SECRET_KEY_BEFORE", "32 bytes in base64: what HMT_SECRET_KEY was");
  }
  config.sessions = settings.text("HMT_SESSIONS", "india");
  config.log_format = settings.one_of("HMT_LOG_FORMAT", "", {"", "json", "text"});
  const auto level =
      settings.one_of("HMT_LOG_LEVEL", "info", {"debug", "info", "warning", "error"});
  config.log_level = level == "debug"     ? agent::Level::debug
                     : level == "warning" ? agent::Level::warning
                     : level == "error"   ? agent::Level::error
                                          : agent::Level::info;
  read_public_hosts(settings, config);
  read_users(settings, config, runs_engine);
  read_password_sign_in(settings, config, runs_engine);
  read_kite(settings, config, runs_engine);
  read_limits(settings, config);
  read_faults(environment, settings, config);
  read.wrong = settings.take_wrong();
  return read;
}

std::string why_others_may_listen(std::string_view listen) {
  const auto host = api::host_name(listen);
  if (host == "localhost" || host == "[::1]" || host.starts_with("127.")) return {};
  return "other machines reach " + std::string(listen) +
         ", and it speaks plain HTTP: tokens and passwords can be read on the way";
}

std::vector<std::string> secrets_of(const Config& config) {
  // A very short password is not hidden by itself: it would tear holes into every other word.
  constexpr std::size_t password_hidden_from = 6;
  std::vector<std::string> out = {config.admin_token,      config.secret_key,
                                  config.kite.api_secret,  config.kite.access_token,
                                  config.users.jwt_secret, config.users.service_role_key,
                                  config.database_url};
  const auto password = password_of(config.database_url);
  if (password.size() >= password_hidden_from) {
    out.emplace_back(password);
    if (auto decoded = net::percent_decode(password, false)) out.push_back(std::move(*decoded));
  }
  std::erase_if(out, [](const std::string& secret) { return secret.empty(); });
  return out;
}

}  // namespace hmt::app
