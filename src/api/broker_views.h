#pragma once
#include <string>
#include <string_view>

#include "runtime/desk.h"

namespace hmt::api {

// "none": nobody has logged in, or not since the keys changed; "expired": the day of the login is
// over; "live".
std::string_view session_word(const model::BrokerConnection& connection, base::Instant now);

// A connection as people see it: whether a secret is there and never which, sealed or not.
std::string broker_json(const model::BrokerConnection& connection,
                        const runtime::ConnectionStanding& standing, base::Instant now);

}  // namespace hmt::api
