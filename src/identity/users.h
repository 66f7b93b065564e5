#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/secret.h"
#include "base/result.h"
#include "identity/jwks.h"
#include "identity/verify.h"
#include "net/http.h"

// The users of a Supabase project, or of any issuer that speaks as it does: whose token is this?
namespace hmt::identity {

// https://PROJECT.supabase.co; plain http for loopback hosts only. Errors: invalid.
base::Result<net::Origin> supabase_origin(std::string_view url);

struct Issuer {
  std::string url;  // of the project: its keys are fetched, its issuer is the only one; or empty
  agent::Secret secret;  // of tokens signed with HS256; or empty
};

// Thread rule: the loop's thread.
class Users {
 public:
  // Errors: invalid (the url).
  static base::Result<std::unique_ptr<Users>> open(net::Loop& loop, Issuer issuer);

  // For tests: its parts, put together. `keys` may be null.
  Users(agent::Scheduler& scheduler, Policy policy, agent::Secret secret,
        std::unique_ptr<JwksSource> keys);

  void start();  // fetches the issuer's keys, before the first token needs them

  // Never waits. Errors: refused (no user's, or no longer); unavailable (the keys are being
  // fetched: ask again).
  base::Result<Claims> check(std::string_view token);

 private:
  agent::Scheduler& scheduler_;
  Policy policy_;
  Keys keys_;
  std::unique_ptr<JwksSource> source_;
};

}  // namespace hmt::identity
