#include <CLI/CLI.hpp>

#include "app/commands.h"

namespace {

void add_sim_options(CLI::App& sim, hmt::app::SimOptions& options) {
  sim.add_option("--listen", options.listen, "address of REST and ticker; port 0 picks a free one");
  sim.add_option("--seed", options.seed, "of the price processes");
  sim.add_option("--instruments", options.instruments,
                 "how many to make up besides the built-in ones");
  sim.add_option("--script", options.script, "file of lines: SECONDS EXCHANGE:SYMBOL PRICE");
  sim.add_flag("--still", options.still, "prices move only by script and by the control endpoint");
  sim.add_option("--api-key", options.api_key);
  sim.add_option("--api-secret", options.api_secret);
  sim.add_option("--access-token", options.access_token);
  sim.add_option("--orders-per-second", options.orders_per_second, "0: no limit");
  sim.add_option("--orders-per-minute", options.orders_per_minute, "0: no limit");
  sim.add_option("--orders-per-day", options.orders_per_day, "0: no limit");
  sim.add_option("--price-interval-ms", options.price_interval_ms);
  sim.add_option("--account", options.accounts,
                 "one more account, KEY:SECRET:USER_ID[:ACCESS_TOKEN]; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

int run(int argc, char** argv) {
  CLI::App hmt(
      "HMT: watches live prices and places an order the moment a trigger's condition is met");
  hmt.require_subcommand(1);
  hmt::app::CommonOptions common;
  hmt::app::SimOptions sim_options;
  auto* demo =
      hmt.add_subcommand("demo", "everything with no account: simulated broker, engine, API");
  auto* serve = hmt.add_subcommand("serve", "the engine and its API, from the configuration");
  auto* sim = hmt.add_subcommand("sim", "the simulated Kite broker alone");
  auto* migrate = hmt.add_subcommand("migrate", "applies pending schema migrations");
  auto* doctor =
      hmt.add_subcommand("doctor", "checks configuration, database, broker, clock and feed");
  auto* faults = hmt.add_subcommand("faults", "the points of HMT_FAULTS, for proofs")->group("");
  auto* version = hmt.add_subcommand("version", "version, commit, build type");
  for (auto* command : {demo, serve, sim, migrate, doctor, version}) {
    command->add_option("--config", common.config_file, "TOML file; the environment wins over it");
    command->add_option("--log-level", common.log_level, "debug, info, warning or error");
  }
  add_sim_options(*sim, sim_options);
  try {
    hmt.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return hmt.exit(error) == 0 ? 0 : 2;
  }
  if (*demo) return hmt::app::demo(common);
  if (*serve) return hmt::app::serve(common);
  if (*sim) return hmt::app::simulate(common, sim_options);
  if (*migrate) return hmt::app::migrate(common);
  if (*doctor) return hmt::app::doctor(common);
  if (*faults) return hmt::app::list_faults();
  return hmt::app::show_version();
}

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv);
}
