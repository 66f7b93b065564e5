#pragma once
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "agent/secret.h"
#include "base/time.h"
#include "net/http.h"
#include "store/store.h"

// Who is asking. Everything past this door goes by the Identity and never sees a credential.
namespace hmt::api {

struct Identity {
  store::Actor actor;
  std::optional<base::Instant> expires_at;  // none: as long as the engine runs
  // May make rows. The operator among many users may not: a row of theirs would be nobody's.
  bool owns_rows = true;

  bool is_operator() const { return !actor.user; }
  bool has_ended(base::Instant now) const { return expires_at && *expires_at <= now; }
  // The owner of rows that this identity makes: the nil UUID in single-user mode.
  model::UserId owner() const { return actor.user.value_or(model::UserId{}); }
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Never waits. Errors: not_found (no credential was brought), refused (a credential that does not
  // hold), unavailable (whether it holds is being found out: ask again).
  virtual base::Result<Identity> authenticate(const net::Headers& headers) = 0;
};

// Single-user mode: whoever brings the admin token is the operator.
class AdminToken final : public Authenticator {
 public:
  // REQUIRES: a token that is not empty.
  explicit AdminToken(std::string token);
  base::Result<Identity> authenticate(const net::Headers& headers) override;

 private:
  std::string token_;
};

struct SignedIn {
  model::UserId user;
  base::Instant expires_at;
};

// Whose token it is. Errors: refused, unavailable, as of an Authenticator.
using CheckUserToken = std::function<base::Result<SignedIn>(std::string_view token)>;

// Multi-user mode: whoever brings a user's token is that user, until it ends; whoever brings the
// operator's key is the operator, who starts, stops and sees everything, and owns nothing.
class UserTokens final : public Authenticator {
 public:
  // REQUIRES: a key that is not empty.
  UserTokens(CheckUserToken check, agent::Secret operator_key);
  base::Result<Identity> authenticate(const net::Headers& headers) override;

 private:
  CheckUserToken check_;
  agent::Secret operator_key_;
};

// The token of `Authorization: Bearer TOKEN`; nothing when there is no such header.
std::optional<std::string_view> bearer(const net::Headers& headers);

// What a Kite client signs in with: `Authorization: token API_KEY:TOKEN`. The token is the one that
// everybody signs in with; the api_key says whose it is, and is no secret.
struct KiteSignIn {
  std::string_view api_key;
  std::string_view token;
};
std::optional<KiteSignIn> kite_sign_in(const net::Headers& headers);
// The api_key of a user is their id; that of the operator is "hmt".
std::string kite_api_key(const std::optional<model::UserId>& user);

// Tells a peer that has brought wrong credentials too often to wait. It never keeps right ones out:
// all programs of a machine share its address, and any of them, a web page included, could lock the
// operator and the kill switch away. That a token cannot be guessed is its length's doing (256
// random bits when generated, 16 characters at the least). Stream tickets are not counted at all.
class LockOut {
 public:
  static constexpr std::size_t failures_max = 10;
  static constexpr base::Duration window = std::chrono::seconds(60);
  static constexpr std::size_t peers_max = 1024;  // past it the one quiet for longest is forgotten

  void failed(const std::string& peer, base::Duration now);
  // How long from now; nothing when it is not locked out.
  std::optional<base::Duration> locked_for(const std::string& peer, base::Duration now);

 private:
  void forget_quietest();
  std::map<std::string, std::deque<base::Duration>> failures_;
};

// Browsers cannot set headers on a WebSocket, and a token does not belong into a URL: a ticket is
// good for one connection, soon.
class StreamTickets {
 public:
  static constexpr base::Duration lifetime = std::chrono::seconds(30);
  static constexpr std::size_t outstanding_max = 256;  // past it the oldest is forgotten

  std::string issue(Identity identity, base::Duration now);
  std::optional<Identity> redeem(std::string_view ticket, base::Duration now);

 private:
  struct Ticket {
    std::string digest;
    Identity identity;
    base::Duration until{};
  };
  std::deque<Ticket> tickets_;  // oldest first
};

}  // namespace hmt::api
