#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "agent/secret.h"
#include "base/id.h"
#include "base/time.h"
#include "identity/key_set.h"
#include "identity/token.h"

// Is this token one of our issuer's users, now? A function of its arguments alone.
namespace hmt::identity {

// What a token has to say. `role` is the only one that is taken: keys of a project (`anon`,
// `service_role`) are tokens too, and nobody's.
struct Policy {
  std::string issuer;  // exactly; empty: whoever holds the shared secret may issue
  std::string audience = "authenticated";
  std::string role = "authenticated";
  base::Duration leeway = std::chrono::seconds(30);  // between the issuer's clock and ours
  // Nothing takes a token back before it ends. Supabase gives an hour, and a week at the most.
  base::Duration lifetime_max = std::chrono::days(7);
};

// A public key verifies its own algorithm and can never be used as the secret of another.
struct Keys {
  std::shared_ptr<const KeySet> published;  // null: none, or not there yet
  agent::Secret shared;                     // of HS256; empty: none
};

struct Claims {
  base::Uuid subject;  // never nil
  base::Instant expires_at;
};

// The signature first: before it holds, nothing of the claims is read. Errors: refused; not_found
// when it is the key that is not known, so that everything else about the token is still open.
base::Result<Claims> verify(const Token& token, const Keys& keys, const Policy& policy,
                            base::Instant now);
base::Result<Claims> verify(std::string_view token, const Keys& keys, const Policy& policy,
                            base::Instant now);

}  // namespace hmt::identity
