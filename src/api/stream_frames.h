#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/json_value.h"
#include "api/views.h"
#include "runtime/desk.h"

// The frames of the stream that carry no number, and what clients say (README, "Stream").
namespace hmt::api {

std::string hello_frame(std::string_view build, std::string_view ui_build,
                        std::string_view stream_id, std::int64_t seen, base::Instant now,
                        const EngineView& engine);
std::string stat_frame(const EngineView& engine);
std::string heartbeat_frame(base::Instant now);
std::string resumed_frame(std::int64_t seen);

// {"t":"px","d":[[token, last price in ten-thousandths of a rupee, epoch ms], …]}; a price finer
// than that keeps its decimals.
std::string price_frame(const std::vector<runtime::LivePrice>& prices);

struct Channels {
  bool triggers = false;
  bool orders = false;
  bool stats = false;
};

struct Subscription {
  std::optional<std::vector<model::InstrumentToken>> tokens;  // none: as before
  std::optional<Channels> channels;                           // none: as before
};

// Errors: invalid, naming "px", "ch" or what the frame does not know.
base::Result<Subscription> read_subscription(const JsonValue& frame, std::size_t tokens_max);

}  // namespace hmt::api
