#pragma once
#include <memory>

#include "api/auth.h"
#include "app/config.h"
#include "base/result.h"
#include "identity/users.h"
#include "net/loop.h"

// Multi-user mode: `identity` says whose token it is, and `api` what they may do. Neither knows the
// other.
namespace hmt::app {

// REQUIRES: users.many(). Errors: invalid (field SUPABASE_URL).
base::Result<std::unique_ptr<identity::Users>> open_users(net::Loop& loop, const Users& users);

// The sign-in of the API; `who` outlives it.
std::unique_ptr<api::Authenticator> sign_in_of(identity::Users& who, const Users& users);

}  // namespace hmt::app
