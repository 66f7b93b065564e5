#pragma once
#include <optional>

#include "agent/secret.h"
#include "api/json_value.h"
#include "base/result.h"
#include "runtime/desk.h"

// What people send about broker connections, read strictly: each error names its field, and none
// repeats a secret.
namespace hmt::api {

// A new connection. Errors: invalid.
base::Result<runtime::ConnectionChange> connection_new(const JsonValue& body);

// What is left out stays. `version` may be in the body; it is not read here. Errors: invalid.
base::Result<runtime::ConnectionChange> connection_edit(const JsonValue& body);

// One of the two. Errors: invalid.
struct SessionGiven {
  std::optional<agent::Secret> request_token;
  std::optional<agent::Secret> access_token;
};
base::Result<SessionGiven> session_given(const JsonValue& body);

}  // namespace hmt::api
