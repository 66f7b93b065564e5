#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/secret.h"
#include "model/candle.h"
#include "model/catalogue.h"
#include "model/tick.h"
#include "store/store.h"

// What people may ask of the running engine: the door that the API knocks at. Calls may come from
// any thread; each `done` runs on the thread of the scheduler that the desk was given for its
// answers (the API's loop).
namespace hmt::runtime {

enum class EngineStatus : std::uint8_t { stopped, starting, running, degraded };
enum class FeedStatus : std::uint8_t { disconnected, connecting, connected };
std::string_view word(EngineStatus);
std::string_view word(FeedStatus);

// Where things stand now. Cheap to ask for.
struct Standing {
  EngineStatus status = EngineStatus::starting;
  std::vector<std::string>
      reasons;  // why not running, one sentence each with the remedy; empty when running
  FeedStatus feed = FeedStatus::disconnected;
  std::int64_t active_triggers = 0;
  std::int64_t subscribed_instruments = 0;
  std::int64_t processed_ticks = 0;
  std::int64_t triggered_orders = 0;
  std::int64_t failed_orders = 0;
  std::int64_t queued_orders = 0;   // fires that wait for the account's rate limit
  std::int64_t unknown_orders = 0;  // being looked up
  std::int64_t uptime_seconds = 0;
  std::optional<base::Instant> last_tick_time;
  std::int64_t lease_epoch = 0;
  // Running or degraded, and no reason of the engine's own keeps all triggers from being watched.
  bool watches = false;
  std::vector<model::Exchange> open;  // in whose session it is now
};

// Whether one trigger is watched at this moment, and if not, why not (design 4, rule 9).
struct Watch {
  bool monitored = false;
  std::string why_not;  // empty when monitored
  std::optional<model::Price> last_price;
  std::optional<base::Instant> last_price_at;
};

struct Configured {
  bool enabled = true;
  int max_retries = 2;
  std::int64_t retry_backoff_ms = 1000;
  bool simulated = false;  // the broker is a simulator: screens say so
};

struct LivePrice {
  model::InstrumentToken token = 0;
  model::Price last;
  base::Instant at{};  // when it came; of one that is not fresh, the exchange's time
  bool fresh = true;   // what is not shows people something, and judges nothing
  bool operator==(const LivePrice&) const = default;
};

// Whether the triggers of a broker connection can fire, and if not, why not.
struct ConnectionStanding {
  bool live = false;
  std::string why_not;  // empty when live
};

struct PriceAt {
  model::Price price;
  base::Instant at{};
};

// A packet that could fire nothing, and why.
struct Unfresh {
  model::Price price;
  base::Instant received_at{};
  model::Freshness because = model::Freshness::no_time;
};

// Nobody saw the prices in between.
struct Gap {
  base::Instant from{};
  base::Instant until{};
};

// How near an armed trigger came to firing since its last change, as far as this process saw it.
struct Approach {
  std::optional<base::Instant> observed_since;  // none: no fresh price was seen
  std::optional<PriceAt> leg_1;                 // the fresh price nearest to the level
  std::optional<PriceAt> leg_2;
  std::optional<Unfresh> unfresh;  // the last one
  std::vector<Gap> gaps;           // oldest first
};

enum class CandleSource : std::uint8_t { broker, ticks };

struct Candles {
  CandleSource source = CandleSource::ticks;
  std::string why_not_broker;          // empty when they are the broker's
  std::vector<model::Candle> candles;  // oldest first
};

// The way of a fire, cut where it passes from one hand to the next.
enum class Stage : std::uint8_t {
  tick_to_decision,
  decision_to_durable,
  durable_to_sent,  // until the last byte of the order was written
  sent_to_answered,
  tick_to_answered,
};
inline constexpr std::size_t stages = 5;
std::string_view word(Stage);

// How often a stage took how long. A figure is the upper end of its bucket: at most 6.25 % too
// much.
struct StageTimes {
  struct Bucket {
    base::Duration from{};
    base::Duration until{};
    std::int64_t count = 0;
  };
  std::int64_t count = 0;
  base::Duration p50{}, p90{}, p99{}, p999{}, max{};
  model::OrderTag max_tag;      // empty: none
  std::vector<Bucket> buckets;  // those that are not empty, shortest first
};

struct MinuteOfWork {
  base::Instant at{};
  std::int64_t ticks = 0;
  std::int64_t fires = 0;
  std::int64_t feed_losses = 0;
};

struct Performance {
  std::array<StageTimes, stages> of_stage;
  std::vector<MinuteOfWork> minutes;  // oldest first, without holes
  base::Instant since{};              // when this process began to measure
};

// What a person sets of a connection; nothing: as it was.
struct ConnectionChange {
  std::optional<std::string> name;
  std::optional<bool> enabled;
  std::optional<agent::Secret> api_key;
  std::optional<agent::Secret> api_secret;
};

template <class T>
using Done = std::move_only_function<void(base::Result<T>)>;

class Desk {
 public:
  virtual ~Desk() = default;

  // Writes; see store::Writer for their errors. What they make is armed, re-armed or disarmed
  // before `done` runs or soon after. unavailable: the queue of commands is full, or the database
  // is away.
  virtual void create(model::Trigger trigger, store::Actor actor,
                      std::optional<store::Idempotency> idempotency, Done<store::Written> done) = 0;
  virtual void edit(model::Trigger edited, std::int64_t version, store::Actor actor,
                    std::optional<store::Idempotency> idempotency, Done<store::Written> done) = 0;
  virtual void cancel(model::TriggerId id, std::optional<std::int64_t> version, store::Actor actor,
                      std::optional<store::Idempotency> idempotency, Done<store::Written> done) = 0;

  // When stop's `done` has run, no order leaves until start. Errors of start: refused (switched off
  // by configuration).
  virtual void start(store::Actor actor, Done<std::string> done) = 0;
  virtual void stop(store::Actor actor, Done<std::string> done) = 0;

  // Broker connections; see store::Writer for the errors. What they answer holds no readable
  // secret.
  virtual void add_connection(model::ConnectionId id, ConnectionChange change, store::Actor actor,
                              Done<model::BrokerConnection> done) = 0;
  virtual void change_connection(model::ConnectionId id, std::optional<std::int64_t> version,
                                 ConnectionChange change, store::Actor actor,
                                 Done<model::BrokerConnection> done) = 0;
  virtual void remove_connection(model::ConnectionId id, store::Actor actor,
                                 Done<model::ConnectionId> done) = 0;
  // The broker's login page of this connection; it sends people back with `state`. Errors:
  // not_found, refused (the connection has no api key).
  virtual void login_url(model::ConnectionId id, std::string state, store::Actor actor,
                         Done<std::string> done) = 0;
  // Ends the daily login: the request token becomes a session, which is kept sealed and used at
  // once. Errors: not_found; refused (the broker does not take it, or it is of another account).
  virtual void log_in(model::ConnectionId id, agent::Secret request_token, store::Actor actor,
                      Done<model::BrokerConnection> done) = 0;
  // The same with an access token that was made elsewhere; the broker is asked whose it is.
  virtual void use_access_token(model::ConnectionId id, agent::Secret access_token,
                                store::Actor actor, Done<model::BrokerConnection> done) = 0;
  virtual ConnectionStanding connection_standing(model::ConnectionId id) const = 0;

  // Of the whole engine; as far as it concerns one user: the engine's own reasons, and those of
  // their broker connections.
  virtual Standing standing() const = 0;
  virtual Standing standing_of(model::UserId user) const = 0;
  virtual Watch watch(const model::Trigger& trigger) const = 0;
  virtual Configured configured() const = 0;
  virtual std::shared_ptr<const model::Catalogue> catalogue() const = 0;

  // Wants live prices of these instruments besides the armed ones', until the next call of the same
  // `who`; an empty list ends it. At most 500 for each `who` and 2,000 for all; more are cut off.
  virtual void want_prices(std::uint64_t who, std::vector<model::InstrumentToken> tokens) = 0;
  virtual std::optional<LivePrice> last_price(model::InstrumentToken token) const = 0;

  virtual void approach(const model::Trigger& trigger, Done<Approach> done) = 0;
  // The broker's own where the actor has a live connection and it has them; else made of what this
  // process saw. Never an error: what is not there is told in `why_not_broker`.
  virtual void candles(model::InstrumentToken token, model::Interval interval, base::Instant from,
                       base::Instant until, store::Actor actor, Done<Candles> done) = 0;
  // Of the last `minutes`, at most a day.
  virtual Performance performance(int minutes) const = 0;

  // Runs `heard` on the answers' scheduler after a commit that wrote audit rows, with the highest
  // number; calls may be merged.
  virtual void on_events(std::function<void(std::int64_t)> heard) = 0;
};

}  // namespace hmt::runtime
