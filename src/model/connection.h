#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "model/trigger.h"

namespace hmt::model {

// One row of broker_connections: a user's account at a broker. The secrets are sealed, as printable
// text; a row never holds one in the clear. The nil id is the operator's own connection of
// single-user mode.
struct BrokerConnection {
  ConnectionId id;
  UserId user_id;
  std::string broker = "kite";
  std::string name;     // the user's own word for it
  std::string account;  // the broker's user id; empty until the first login

  std::string api_key;       // sealed
  std::string api_secret;    // sealed; empty: none
  std::string access_token;  // sealed; empty: no session yet
  std::optional<base::Instant> session_expires_at;
  bool enabled = true;  // off: its triggers are not watched, and say so

  std::int64_t version = 1;  // grows with every change
  base::Instant created_at{};
  base::Instant updated_at{};

  bool operator==(const BrokerConnection&) const = default;
};

}  // namespace hmt::model
