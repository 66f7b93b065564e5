#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"

// What `hmt` does, one function a command. Each returns the exit code: 0 done, 1 failed, 2 wrong
// configuration.
namespace hmt::app {

struct CommonOptions {
  std::optional<std::string> config_file;
  std::optional<std::string> log_level;
};

struct SimOptions {
  std::string listen = "127.0.0.1:8765";
  std::uint64_t seed = 1;
  std::size_t instruments = 0;
  std::string script;  // a file of "<seconds> <EXCHANGE:SYMBOL> <price>" lines
  bool still = false;  // prices move only by script and control endpoint
  std::string api_key = "simkey";
  std::string api_secret = "simsecret";
  std::string access_token = "simtoken";
  int orders_per_second = 10;
  int orders_per_minute = 400;
  int orders_per_day = 5000;
  int price_interval_ms = 250;
  std::vector<std::string> accounts;  // more of them: "KEY:SECRET:USER_ID[:ACCESS_TOKEN]"
};

int serve(const CommonOptions& options);
int demo(const CommonOptions& options);
int simulate(const CommonOptions& options, const SimOptions& sim);
int migrate(const CommonOptions& options);
int doctor(const CommonOptions& options);
int show_version();
int list_faults();

// Shared by the commands: the configuration, or nothing after every wrong setting was told on
// stderr.
std::optional<Config> load_config(const CommonOptions& options, const Environment& environment,
                                  bool runs_engine);
void start_log(const Config& config);

}  // namespace hmt::app
