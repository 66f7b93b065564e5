#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/json_value.h"
#include "base/result.h"
#include "base/time.h"
#include "model/instrument.h"
#include "model/trigger.h"

// A GTT as Kite's clients send it, put into our own words, which the doors of /api/v1 then judge
// like anybody's. What HMT cannot do exactly as asked is refused here: nothing is done nearly.
namespace hmt::api {

using Form = std::vector<std::pair<std::string, std::string>>;

struct Gtt {
  std::string exchange;
  std::string tradingsymbol;
  std::optional<JsonValue> instrument_token;
  JsonValue terms;  // the rest, as creations and edits of /api/v1/triggers take it
  std::optional<model::Direction> direction;  // of a single
  // Kite puts the lower value first, and our first leg is the stop-loss: to a BUY the upper one.
  bool target_first = false;
};

// `trigger_id`: the path's, which some clients repeat in the body; empty: none.
// Errors: invalid, with Kite's name of what is wrong in `field`.
base::Result<Gtt> read_gtt(const Form& form, std::string_view trigger_id);

JsonValue creation_of(const Gtt& gtt);
// Errors: invalid (it is of another instrument, or would turn a single round).
base::Result<JsonValue> change_of(const Gtt& gtt, const model::Trigger& current);

// Kite keeps a GTT for a year, and not past the day on which its contract expires.
base::Instant gtt_expiry(const model::Instrument* instrument, base::Instant now);

}  // namespace hmt::api
