#include "app/config.h"

#include <charconv>
#include <cstdlib>
#include <set>
#include <toml++/toml.h>

#include "app/keys.h"

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
    try {
      for (const auto& [key, value] : toml::parse(text)) {
        const std::string name(key.str());
        if (!known_settings().contains(name)) {
          blame(name, "it is not a setting of hmt");
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
    } catch (const toml::parse_error& error) {
      blame("--config", "a TOML file: " + std::string(error.description()) + " in line " +
                            std::to_string(error.source().begin.line));
    }
  }

  const Environment& environment_;
  std::map<std::string, std::string> file_;
  std::vector<Wrong> wrong_;
};

std::string database_path(Settings& settings) {
  const auto url = settings.text("HMT_DATABASE_URL", "sqlite:hmt.db");
  constexpr std::string_view sqlite = "sqlite:";
  if (url.starts_with(sqlite) && url.size() > sqlite.size()) return url.substr(sqlite.size());
  settings.blame("HMT_DATABASE_URL", "sqlite:PATH (PostgreSQL is not part of this version)");
  return {};
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
}

void read_kite(Settings& settings, Config& config, bool needs_broker) {
  auto& kite = config.kite;
  kite.api_key = settings.text("KITE_API_KEY", "");
  kite.api_secret = settings.text("KITE_API_SECRET", "");
  kite.access_token = settings.text("KITE_ACCESS_TOKEN", "");
  kite.rest = settings.origin("KITE_API_URL", "https://api.kite.trade");
  kite.ticker = settings.origin("KITE_TICKER_URL", "wss://ws.kite.trade");
  static const std::string login_page = "https://kite.zerodha.com/connect/login";
  settings.origin("KITE_LOGIN_URL", login_page);
  kite.login_page = settings.text("KITE_LOGIN_URL", login_page);
  if (!needs_broker) return;
  if (kite.api_key.empty())
    settings.blame("KITE_API_KEY", "the api key of your Kite Connect app; it is required");
  if (kite.access_token.empty()) {
    settings.blame("KITE_ACCESS_TOKEN", "today's access token of your Kite login; it is required");
  }
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (!value || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

Read read_config(const Environment& environment, const std::optional<std::string>& file,
                 bool needs_broker) {
  Settings settings(environment, file);
  Read read;
  auto& config = read.config;
  config.engine_enabled = settings.flag("HMT_ENGINE_ENABLED", true);
  config.max_retries = static_cast<int>(settings.integer("HMT_MAX_RETRIES", 2, 0, 10));
  config.retry_backoff = settings.milliseconds("HMT_RETRY_BACKOFF_MS", 1000, 1, 60'000);
  config.health_interval =
      settings.milliseconds("HMT_HEALTH_CHECK_INTERVAL_MS", 30'000, 100, 3'600'000);
  config.reconnect_delay = settings.milliseconds("HMT_RECONNECT_DELAY_MS", 5000, 10, 60'000);
  config.database_path = database_path(settings);
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
  for (const auto* name : {"SUPABASE_URL", "SUPABASE_JWT_SECRET", "SUPABASE_SERVICE_ROLE_KEY"}) {
    if (settings.find(name))
      settings.blame(name, "nothing: multi-user mode is not part of this version");
  }
  read_kite(settings, config, needs_broker);
  read_limits(settings, config);
  read.wrong = settings.take_wrong();
  return read;
}

}  // namespace hmt::app
