#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/price.h"
#include "base/time.h"

// Everything that one simulated broker can be told before it starts.
namespace hmt::sim {

using base::Price;
using namespace std::chrono_literals;

struct AccountConfig {
  std::string user_id = "SIM001";
  std::string user_name = "Simulated Trader";
  std::string api_key = "simkey";
  std::string api_secret = "simsecret";
  std::string access_token = "simtoken";  // empty: none until somebody logs in
  std::string redirect_url;               // where the login page sends the browser; empty: nowhere
  Price cash = Price::from_rupees(10'000'000);
};

// Kite-protocol 4.3. 0: no limit.
struct RateLimits {
  std::size_t orders_per_second = 10;  // place, modify and cancel together
  std::size_t orders_per_minute = 400;
  std::size_t orders_per_day = 5000;  // placements only
  std::size_t quotes_per_second = 1;
  std::size_t candles_per_second = 3;
  std::size_t others_per_second = 10;
};

// One line of a price script: at `after` since the start, the instrument trades at `price`.
struct ScriptedPrice {
  base::Duration after{};
  std::string instrument;  // "NSE:INFY"
  Price price;
};

struct ExchangeRules {
  base::Duration acceptance_delay = 40ms;  // PUT ORDER REQ RECEIVED … OPEN
  base::Duration fill_delay = 40ms;        // marketable … filled
  std::int64_t fill_quantity_max = 0;      // of one trade: smaller than the order makes partial
                                           // fills; 0: whole
  bool auto_fill = true;              // false: orders rest until the control endpoint fills them
  bool market_open = true;            // false: orders are refused with the AMO text
  bool check_holdings = false;        // true: a CNC sale needs bought shares
  bool check_margin_at_once = false;  // true: 400 MarginException; false: REJECTED afterwards
  bool require_market_protection = true;
  std::int64_t equity_quantity_max = 100'000;
  int modifications_max = 25;
};

struct SimConfig {
  std::uint64_t seed = 1;
  std::vector<AccountConfig> accounts;    // empty: one of the default
  std::size_t generated_instruments = 0;  // 0: the hand-made list; else that many rows in all
  bool moving_prices = true;              // seeded random processes
  std::uint32_t moves_per_hundred = 60;   // chance of an instrument to trade in an interval
  base::Duration price_interval = 250ms;  // of the processes and of the conflated frames
  std::vector<ScriptedPrice> script;
  ExchangeRules exchange;
  RateLimits limits;
  base::Duration latency{};  // before each REST answer
  base::Duration heartbeat = 1s;
  std::size_t sockets_per_key = 3;
  std::size_t tokens_per_socket = 3000;
};

}  // namespace hmt::sim
