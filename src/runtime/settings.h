#pragma once
#include <functional>
#include <memory>
#include <string>

#include "agent/scheduler.h"
#include "agent/secret.h"
#include "broker/gateway.h"
#include "engine/engine.h"
#include "feed/feed.h"
#include "gate/gate.h"
#include "model/calendar.h"
#include "model/connection.h"
#include "runtime/desk.h"

// What the composition root gives the runtime.
namespace hmt::runtime {

struct Schedulers {
  agent::Scheduler& market;
  agent::Scheduler& orders;
  agent::Scheduler& answers;  // where the desk's answers run
  agent::Scheduler& watch;    // may wait for the database: the lease, and what others write
};

struct RuntimeSettings {
  engine::Settings engine;  // lease_epoch and account are filled in by start-up
  gate::Settings gate;
  Configured configured;
  model::Calendar calendar;
  std::string holder;  // who holds the lease, for people; unique among processes
  base::Duration health_period = std::chrono::seconds(30);
  // What cannot be reached may be back any moment, and until then nothing is watched.
  base::Duration start_retry = std::chrono::milliseconds(250);  // doubles to one of these
  base::Duration database_retry_max = std::chrono::seconds(2);  // nobody minds the question
  base::Duration start_retry_max = std::chrono::seconds(10);    // of the broker
  base::Duration refused_retry_max = std::chrono::minutes(1);   // where a login is needed, and told
  std::string venue;  // "kite" or "simulator": the records are tied to it and to the account
  // Each trigger fires through the connection that it names, if that is its owner's. Otherwise
  // there is one connection, the operator's, and it serves all.
  bool many_users = false;
  bool own_prices =
      true;  // the ticker has a session of its own; else a user's connection lends one
  base::Duration follow_period = std::chrono::milliseconds(100);
  base::Duration compare_period = std::chrono::seconds(30);
  base::Duration counts_period = std::chrono::milliseconds(200);  // what screens show is as old
};

// How rows of broker_connections become sessions with a broker, and back. Seals are opened and made
// behind this door only.
struct BrokerDoor {
  // Built on the orders' loop; it already uses the row's session. Errors: corrupt (a seal that does
  // not open), refused (no api key).
  std::function<base::Result<std::unique_ptr<broker::OrderGateway>>(const model::BrokerConnection&)>
      open;
  // The row's access token in the clear; empty: no session. Errors: corrupt.
  std::function<base::Result<agent::Secret>(const model::BrokerConnection&)> session;
  // `field` is the member's name: "api_key", "api_secret", "access_token".
  std::function<std::string(const model::BrokerConnection&, const std::string& field,
                            const agent::Secret&)>
      seal;
  // Seals anew what a former key has sealed; whether the row has changed. Errors: corrupt.
  std::function<base::Result<bool>(model::BrokerConnection&)> renew;
  std::function<base::Result<std::string>(const model::BrokerConnection&, const std::string& state)>
      login_url;
  // When a session that begins at this moment ends.
  std::function<base::Instant(base::Instant)> session_end;
  // The ticker uses this connection's session from its next attempt on. Any thread.
  std::function<void(const model::BrokerConnection&)> use_for_prices;
};

using MakeFeed = std::function<std::unique_ptr<feed::Feed>(feed::FeedObserver&)>;

}  // namespace hmt::runtime
