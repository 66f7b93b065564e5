#include <chrono>
#include <cstdio>
#include <future>
#include <random>
#include <thread>
#include <unistd.h>

#include "agent/log.h"
#include "app/build.h"
#include "app/commands.h"
#include "app/signals.h"
#include "app/sim_thread.h"
#include "app/station.h"

namespace hmt::app {
namespace {

using model::Exchange;
using model::Price;
using model::Side;

// The story that the demo's market tells: RELIANCE falls through a stop-loss, SBIN climbs to a
// target; INFY and NIFTY futures go on.
sim::SimConfig demo_market() {
  sim::SimConfig config;
  config.seed = 20261122;
  config.script = {{std::chrono::seconds(9), "NSE:RELIANCE", Price::from_paise(139'400)},
                   {std::chrono::seconds(12), "NSE:RELIANCE", Price::from_paise(138'900)},
                   {std::chrono::seconds(24), "NSE:SBIN", Price::from_paise(82'200)}};
  return config;
}

struct Seeded {
  const char* symbol;
  Side side;
  std::int64_t stop_paise;
  std::int64_t target_paise;  // 0: single
  std::int64_t quantity;
};

constexpr Seeded seeded[] = {{"RELIANCE", Side::sell, 139'000, 145'000, 10},
                             {"SBIN", Side::sell, 79'000, 82'000, 50},
                             {"INFY", Side::sell, 150'000, 164'000, 20},
                             {"TCS", Side::buy, 325'000, 0, 5}};

model::TriggerId random_id() {
  std::random_device device;
  std::array<std::uint8_t, 16> bytes{};
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(device());
  return {base::Uuid::from_random(bytes)};
}

model::Trigger trigger_of(const Seeded& seed, const model::Instrument& instrument) {
  const auto leg = [&](std::int64_t paise) {
    // A limit a little past the trigger, so that the order fills although the price goes on moving.
    const std::int64_t give = seed.side == Side::sell ? -200 : 200;
    model::Leg out;
    out.trigger_price = Price::from_paise(paise);
    out.order_price = Price::from_paise(paise + give);
    out.quantity = seed.quantity;
    return out;
  };
  model::Trigger trigger;
  trigger.id = random_id();
  trigger.trading_symbol = instrument.trading_symbol;
  trigger.exchange = instrument.exchange;
  trigger.instrument_token = instrument.token;
  trigger.side = seed.side;
  trigger.leg_1 = leg(seed.stop_paise);
  if (seed.target_paise != 0) {
    trigger.condition = model::Condition::two_leg;
    trigger.leg_2 = leg(seed.target_paise);
  }
  return trigger;
}

bool wait_until_running(runtime::Desk& desk) {
  for (int i = 0; i < 200; ++i) {
    if (desk.standing().status == runtime::EngineStatus::running) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

void seed_triggers(runtime::Desk& desk) {
  const auto catalogue = desk.catalogue();
  for (const auto& seed : seeded) {
    const auto* instrument = catalogue->find(Exchange::nse, seed.symbol);
    if (!instrument) continue;
    std::promise<void> done;
    store::Actor actor;
    actor.name = "demo";
    desk.create(trigger_of(seed, *instrument), actor, std::nullopt,
                [&done](base::Result<store::Written> written) {
                  if (!written)
                    agent::log_warning("not_seeded", {{"why", written.error().message}});
                  done.set_value();
                });
    done.get_future().wait();
  }
}

Environment demo_environment(const std::string& broker) {
  return [broker,
          outer = process_environment()](const std::string& name) -> std::optional<std::string> {
    if (name == "KITE_API_URL") return "http://" + broker;
    if (name == "KITE_TICKER_URL") return "ws://" + broker;
    if (name == "KITE_API_KEY") return "simkey";
    if (name == "KITE_API_SECRET") return "simsecret";
    if (name == "KITE_ACCESS_TOKEN") return "simtoken";
    if (name == "HMT_SESSIONS") return "always";
    if (name == "HMT_LISTEN" || name == "HMT_ADMIN_TOKEN" || name == "HMT_LOG_FORMAT")
      return outer(name);
    if (name == "HMT_DATABASE_URL") return outer(name).value_or("sqlite:hmt-demo.db");
    return std::nullopt;
  };
}

// On a terminal the link signs in by itself. A fragment reaches no server; but where the output is
// kept, the token does not belong into it.
std::string link_of(const Station& station) {
  auto link = "http://" + station.address() + "/";
  if (::isatty(STDOUT_FILENO) == 1) link += "#token=" + net::percent_encode(station.token());
  return link;
}

void tell_how(const Station& station) {
  const auto& path = station.token_path();
  const auto token = path.empty() ? std::string("$HMT_ADMIN_TOKEN") : "$(cat " + path + ")";
  std::printf(
      "\n  HMT demo: simulated broker, engine and screens. A stop-loss on RELIANCE fires within "
      "half a "
      "minute.\n\n"
      "    open      %s\n"
      "    sign in   with the token in %s\n"
      "    watch     curl -s -H \"Authorization: Bearer %s\" http://%s/api/v1/triggers\n"
      "    end       Ctrl-C\n\n",
      link_of(station).c_str(), path.empty() ? "HMT_ADMIN_TOKEN" : path.c_str(), token.c_str(),
      station.address().c_str());
  std::fflush(stdout);
}

}  // namespace

int demo(const CommonOptions& options) {
  block_signals();
  const auto sim = SimThread::start(demo_market(), "127.0.0.1:0");
  if (!sim) {
    std::fprintf(stderr, "hmt demo: %s\n", sim.error().message.c_str());
    return 1;
  }
  const auto config = load_config(options, demo_environment((*sim)->address()), true);
  if (!config) return 2;
  start_log(*config);
  auto station = Station::open(*config);
  if (!station) {
    agent::log_stop();
    std::fprintf(stderr, "hmt demo: %s\n", station.error().message.c_str());
    return 1;
  }
  (*station)->on_end(raise_end);
  (*station)->run();
  agent::log_info("listening", {{"address", (*station)->address()}, {"version", version()}});
  tell_how(**station);
  if (wait_until_running((*station)->desk())) seed_triggers((*station)->desk());
  wait_for_signal();
  let_signals_kill();
  agent::log_info("draining");
  (*station)->drain();
  const bool broke_off = (*station)->broke_off();
  station->reset();
  agent::log_info("ended");
  agent::log_stop();
  return broke_off ? 1 : 0;
}

}  // namespace hmt::app
