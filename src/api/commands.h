#pragma once
#include <optional>
#include <string>

#include "api/json_value.h"
#include "base/result.h"
#include "model/catalogue.h"
#include "model/trigger.h"

// Request bodies that become triggers. Nothing unknown, misspelt or doubtful gets through: each
// error names its field.
namespace hmt::api {

struct Draft {
  model::Trigger trigger;
  bool fire_if_crossed = false;         // the level may lie behind the last price already
  std::optional<std::int64_t> version;  // of an edit: the one it was read at, when the body says
};

// A new trigger: id, user_id, created_at and updated_at are the caller's to fill.
// Errors: invalid, with the column in `field`.
base::Result<Draft> draft_new(const JsonValue& body, const model::Catalogue& catalogue,
                              base::Instant now);

// `current` with the changes of the body; a failed leg that it changes is armed again. Errors:
// invalid; refused, when no leg would be armed.
base::Result<Draft> draft_edit(const JsonValue& body, const model::Trigger& current,
                               const model::Catalogue& catalogue, base::Instant now);

// An armed leg whose level the last price has reached already, by its column's name. With `before`,
// legs that are armed as they were are not asked about.
std::optional<std::string> crossed_field(const model::Trigger& trigger,
                                         const model::Trigger* before, model::Price last_price);

}  // namespace hmt::api
