#pragma once
#include "api/commands.h"
#include "api/writes.h"

// What a person asks of a trigger, judged by the instruments, the price and the rows of now: the
// one way in, whatever words the client speaks.
namespace hmt::api {

// A new trigger of the caller's, complete. The body is in our words.
OrAnswer<Draft> draft_creation(Service& service, const Call& call, const JsonValue& body);

// The trigger as it would be after the change; it has to stand at `version`.
OrAnswer<Draft> draft_change(Service& service, const Call& call, model::TriggerId id,
                             std::int64_t version, const JsonValue& body);

}  // namespace hmt::api
