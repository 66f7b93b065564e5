#include <cstdio>
#include <fstream>
#include <sstream>

#include "agent/log.h"
#include "app/commands.h"
#include "app/signals.h"
#include "app/sim_thread.h"
#include "sim/accounts.h"
#include "sim/prices.h"

namespace hmt::app {
namespace {

base::Result<sim::SimConfig> sim_config(const SimOptions& options) {
  sim::SimConfig config;
  config.seed = options.seed;
  config.generated_instruments = options.instruments;
  config.moving_prices = !options.still;
  config.price_interval = std::chrono::milliseconds(options.price_interval_ms);
  config.limits.orders_per_second = static_cast<std::size_t>(options.orders_per_second);
  config.limits.orders_per_minute = static_cast<std::size_t>(options.orders_per_minute);
  config.limits.orders_per_day = static_cast<std::size_t>(options.orders_per_day);
  sim::AccountConfig account;
  account.api_key = options.api_key;
  account.api_secret = options.api_secret;
  account.access_token = options.access_token;
  config.accounts.push_back(account);
  for (const std::string& text : options.accounts) {
    auto more = sim::parse_account(text);
    if (!more) return base::invalid("--account", more.error().message);
    for (const auto& other : config.accounts) {
      if (other.api_key != more->api_key) continue;
      return base::invalid("--account", "`" + more->api_key + "` is given twice");
    }
    config.accounts.push_back(std::move(*more));
  }
  if (options.script.empty()) return config;
  std::ifstream file(options.script);
  if (!file) return base::invalid("--script", "cannot read " + options.script);
  std::ostringstream text;
  text << file.rdbuf();
  auto script = sim::parse_price_script(text.str());
  if (!script) return base::invalid("--script", script.error().message);
  config.script = std::move(*script);
  return config;
}

}  // namespace

int simulate(const CommonOptions& options, const SimOptions& sim_options) {
  const auto config = load_config(options, process_environment(), false);
  if (!config) return 2;
  auto settings = sim_config(sim_options);
  if (!settings) {
    std::fprintf(stderr, "hmt sim: %s: %s\n", settings.error().field.c_str(),
                 settings.error().message.c_str());
    return 2;
  }
  block_signals();
  start_log(*config);
  const auto sim = SimThread::start(std::move(*settings), sim_options.listen);
  if (!sim) {
    agent::log_stop();
    std::fprintf(stderr, "hmt sim: --listen: %s\n", sim.error().message.c_str());
    return sim.error().kind == base::ErrorKind::invalid ? 2 : 1;
  }
  agent::log_info("listening", {{"address", (*sim)->address()},
                                {"api_key", sim_options.api_key},
                                {"rest", "http://" + (*sim)->address()},
                                {"ticker", "ws://" + (*sim)->address()}});
  wait_for_signal();
  agent::log_stop();
  return 0;
}

}  // namespace hmt::app
