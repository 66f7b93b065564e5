#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/log.h"
#include "base/result.h"
#include "base/time.h"
#include "net/http.h"
#include "oms/absence.h"
#include "oms/rate.h"

// The configuration of contract 2: environment first, then the TOML file (same names), then the
// default. Every setting that is wrong is told at once, by name, with what it accepts.
namespace hmt::app {

struct KiteAccount {
  std::string api_key;
  std::string api_secret;
  std::string access_token;
  net::Origin rest;
  net::Origin ticker;
  std::string login_page;  // where people log in
};

// Who may sign in besides the one with the admin token: users of an issuer of JWTs.
struct Users {
  std::string
      supabase_url;        // the issuer, whose keys are fetched; empty: tokens of jwt_secret alone
  std::string jwt_secret;  // of tokens signed with HS256; empty: none are taken
  std::string service_role_key;  // the operator's
  std::string sign_in_url;       // where the screens change a password for a token; empty: nowhere
  std::string sign_in_key;       // the publishable key for it

  // Multi-user mode.
  bool many() const { return !supabase_url.empty() || !jwt_secret.empty(); }
};

struct Config {
  bool engine_enabled = true;
  int max_retries = 2;
  base::Duration retry_backoff{};
  base::Duration health_interval{};
  base::Duration reconnect_delay{};
  std::string database_path;     // of sqlite:PATH; empty: `database_url`
  base::Duration lease_lasts{};  // of several engines on one database
  std::string database_url;  // postgresql://…, as it was given: it holds a password, never print it
  std::string listen;
  std::vector<std::string> public_hosts;  // "hmt.example.com" or with a port, as browsers say it
  std::string admin_token;                // empty: generated beside the database
  std::string secret_key;         // base64 of 32 bytes; empty: generated beside the database
  std::string secret_key_before;  // what broker secrets may be sealed with still; empty: nothing
  KiteAccount kite;
  Users users;
  std::string sessions;    // "india", "always" or a file
  std::string log_format;  // "json", "text" or empty: by the terminal
  agent::Level log_level = agent::Level::info;
  oms::RateRule rate;
  oms::AbsenceRule absence;
  std::string faults;  // of a proof: what fault::arm is told; empty: nothing
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

struct Wrong {
  std::string setting;
  std::string message;  // what it accepts
};

struct Read {
  Config config;
  std::vector<Wrong> wrong;  // empty: `config` holds
};

// `file` is the text of a TOML file. `runs_engine`: what an engine cannot run without is required,
// and settings must go together.
Read read_config(const Environment& environment, const std::optional<std::string>& file,
                 bool runs_engine);

// Names of the environment that are no settings and were meant to be: the engine would run without
// what somebody thinks they said. Others that begin with HMT_ are not ours, such as Kubernetes'.
std::vector<Wrong> mistyped(const std::vector<std::string>& names);
std::vector<std::string> process_environment_names();

// Of HMT_LISTEN: what the API says there is plain HTTP. Empty: only this machine hears it.
std::string why_others_may_listen(std::string_view listen);

// What a log line must never show.
std::vector<std::string> secrets_of(const Config& config);

}  // namespace hmt::app
