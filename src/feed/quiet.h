#pragma once
#include <optional>

#include "base/time.h"

// Whether a connection brings heartbeats alone, though its tokens' session is open. Pure. The
// broker answers each subscription with the price that it knows, so that a new connection tells at
// once what the former one kept to itself; and one that is only quiet, as with a single instrument
// that nobody trades, tells little else.
namespace hmt::feed {

struct QuietRules {
  base::Duration patience = std::chrono::seconds(60);
  // While new connections bring what the broker knows and no more, each waits twice as long.
  base::Duration patience_max = std::chrono::minutes(8);
  // How long a subscription may wait for what the broker knows.
  base::Duration answer_max = std::chrono::seconds(10);
};

// Of one connection, and of those that were made in its place. All times are of the steady clock.
class Quiet {
 public:
  void opened(base::Duration now);
  void nothing_to_come(base::Duration now);  // none of its tokens' sessions is open
  // `answers`: it is the first since the subscription, so the broker may have known it long since.
  void packet(bool answers, base::Duration now);

  base::Duration waits(base::Duration now) const { return now - waits_from_; }
  bool is_too_long(base::Duration now, const QuietRules& rules) const;
  void given_up(const QuietRules& rules);
  // For how long no packet has come, when one that was made anew for that brought none either.
  std::optional<base::Duration> lasts(base::Duration now, const QuietRules& rules) const;

 private:
  base::Duration patience(const QuietRules& rules) const;

  std::optional<base::Duration> since_;  // the last packet; or there was none to come until then
  base::Duration waits_from_{};          // on this connection
  bool brought_ = false;                 // this connection, anything
  int given_up_ = 0;                     // how often, and no packet since
  int doubled_ = 0;
};

}  // namespace hmt::feed
