#pragma once
#include "api/service.h"

namespace hmt::api {

// The broker connection that a user's new trigger fires through: the one that the body names, which
// has to be the user's own, or the only one that they have. In single-user mode the operator's
// own, unless another is named. Errors: invalid, naming broker_connection_id; as the reader's.
base::Result<void> choose_connection(Service& service, const Call& call, const JsonValue& body,
                                     model::Trigger& trigger);

}  // namespace hmt::api
