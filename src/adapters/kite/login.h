#pragma once
#include <string>
#include <string_view>

#include "base/time.h"

// The broker's daily login (kite-protocol 1.2, 1.4). Pure.
namespace hmt::kite {

// Where a person logs in. The broker sends the browser back to the app's registered address with
// `request_token`, `status` and, unchanged, `state`.
std::string login_url(std::string_view login_page, std::string_view api_key,
                      std::string_view state);

// When a session that began at `login` is over: the next 06:00 of India. The broker's flush of
// tokens may come up to an hour and a half later; nobody should count on it.
base::Instant session_end(base::Instant login);

}  // namespace hmt::kite
