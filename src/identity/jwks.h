#pragma once
#include <functional>
#include <memory>
#include <string>

#include "agent/scheduler.h"
#include "identity/key_set.h"
#include "net/http.h"
#include "net/loop.h"

// The issuer's keys, fetched ahead of need, so that no request ever waits for them.
namespace hmt::identity {

using JwksDone = std::move_only_function<void(base::Result<std::string>)>;
// Asks once and calls back once, never within the call. Dropped: calls back no more.
using FetchJwks = std::move_only_function<void(JwksDone)>;

// `<origin>/auth/v1/.well-known/jwks.json`, over one client of its own: no redirects, no proxy, 64
// KB at most. Errors that it gives: unavailable.
FetchJwks fetch_jwks_over(net::Loop& loop, const net::Origin& origin,
                          base::Duration patience = std::chrono::seconds(5));

// Thread rule: the scheduler's thread.
class JwksSource {
 public:
  static constexpr base::Duration good_for = std::chrono::minutes(10);
  static constexpr base::Duration refresh_after = std::chrono::minutes(9);
  // Instead of none, when the issuer cannot be asked.
  static constexpr base::Duration good_for_at_worst = std::chrono::hours(1);
  static constexpr base::Duration retry_without_keys = std::chrono::seconds(5);
  // Whatever strangers send, the issuer is asked no more often.
  static constexpr base::Duration look_up_pause = std::chrono::seconds(30);
  static constexpr base::Duration absent_for = std::chrono::minutes(5);
  static constexpr std::size_t absent_max = 256;  // past it the one known for longest goes

  JwksSource(agent::Scheduler& scheduler, FetchJwks fetch);
  ~JwksSource();

  void start();  // fetches, and fetches again, until it goes

  // Null while there are none that may be trusted.
  std::shared_ptr<const KeySet> keys() const;

  // For a key that `keys` does not hold: looks it up if that may be done now, in the background.
  // What to answer meanwhile: unavailable (it is being looked up: ask again), refused (there is no
  // such key).
  base::Error look_up(const std::string& key_id);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hmt::identity
