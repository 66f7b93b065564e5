#include "runtime/connection_desk.h"

#include <utility>

#include "agent/log.h"
#include "store/rules.h"

namespace hmt::runtime {
namespace {

using base::ErrorKind;
using model::BrokerConnection;

template <class T>
std::shared_ptr<Done<T>> shared(Done<T> done) {
  return std::make_shared<Done<T>>(std::move(done));
}

std::unexpected<base::Error> too_many_wait() {
  return base::fail(ErrorKind::unavailable,
                    "Too many changes wait to be written: try again shortly");
}

}  // namespace

ConnectionDesk::ConnectionDesk(Common common, BrokerDoor& door, Accounts& accounts,
                               std::function<void()> told)
    : common_(common), door_(door), accounts_(accounts), told_(std::move(told)) {}

template <class T>
void ConnectionDesk::say(const Answer<T>& answer, base::Result<T> result) {
  common_.schedulers.answers.post(
      [answer, result = std::move(result)]() mutable { (*answer)(std::move(result)); });
}

void ConnectionDesk::find(model::ConnectionId id, const store::Actor& actor, Found then) {
  auto& orders = common_.schedulers.orders;
  const bool single = !common_.settings.many_users;
  const bool taken =
      common_.commits.command([id, actor, then, single, &orders](store::Writer& writer) {
        auto row = writer.reader()->connection(id, actor);
        // The operator's own is there without a row, until a session is kept for it.
        const bool own = single && id == model::ConnectionId{} && !actor.user;
        if (!row && row.error().kind == ErrorKind::not_found && own) {
          row = BrokerConnection{};
          row->name = "default";
        }
        orders.post([then, row = std::move(row)]() mutable { then(std::move(row)); });
      });
  if (!taken) orders.post([then] { then(too_many_wait()); });
}

void ConnectionDesk::put(BrokerConnection row, std::optional<std::int64_t> version,
                         std::string event, store::Actor actor, Answer<BrokerConnection> answer) {
  auto& orders = common_.schedulers.orders;
  const auto now = orders.now();
  const bool taken = common_.commits.command(
      [this, row = std::move(row), version, event = std::move(event), actor = std::move(actor),
       answer, now, &orders, alive = std::weak_ptr(alive_)](store::Writer& writer) {
        auto put = writer.put_connection(row, version, event, actor, now);
        orders.post([this, id = row.id, alive, answer, put = std::move(put)]() mutable {
          if (!alive.expired()) was_put(id, answer, std::move(put));
        });
      });
  if (!taken) say<BrokerConnection>(answer, too_many_wait());
}

base::Result<void> ConnectionDesk::apply(BrokerConnection& row,
                                         const ConnectionChange& change) const {
  if (change.name) row.name = *change.name;
  if (change.enabled) row.enabled = *change.enabled;
  const bool keys = change.api_key || change.api_secret;
  if (keys && row.id == model::ConnectionId{}) {
    return base::fail(ErrorKind::refused,
                      "The keys of the default connection are set by KITE_API_KEY and "
                      "KITE_API_SECRET");
  }
  if (change.api_key) row.api_key = door_.seal(row, "api_key", *change.api_key);
  if (change.api_secret) row.api_secret = door_.seal(row, "api_secret", *change.api_secret);
  if (keys) {  // a session belongs to the app that it was made with
    row.access_token.clear();
    row.session_expires_at.reset();
  }
  return {};
}

void ConnectionDesk::add(model::ConnectionId id, ConnectionChange change, store::Actor actor,
                         Done<BrokerConnection> done) {
  auto answer = shared(std::move(done));
  common_.schedulers.orders.post([this, id, change = std::move(change), actor = std::move(actor),
                                  answer, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    BrokerConnection row;
    row.id = id;
    row.user_id = actor.user.value_or(model::UserId{});  // sealed for its owner
    if (auto applied = apply(row, change); !applied) {
      say<BrokerConnection>(answer, std::unexpected(applied.error()));
      return;
    }
    put(std::move(row), {}, "connection_added", actor, answer);
  });
}

void ConnectionDesk::change(model::ConnectionId id, std::optional<std::int64_t> version,
                            ConnectionChange change, store::Actor actor,
                            Done<BrokerConnection> done) {
  auto answer = shared(std::move(done));
  find(id, actor,
       [this, version, change = std::move(change), actor, answer,
        alive = std::weak_ptr(alive_)](base::Result<BrokerConnection> row) {
         if (alive.expired()) return;
         if (row) {
           if (auto applied = apply(*row, change); !applied) row = std::unexpected(applied.error());
         }
         if (!row) {
           say(answer, std::move(row));
           return;
         }
         const auto at = version.value_or(row->version);
         const auto known = row->created_at == base::Instant{} ? std::nullopt : std::optional(at);
         put(std::move(*row), known, "connection_changed", actor, answer);
       });
}

void ConnectionDesk::remove(model::ConnectionId id, store::Actor actor,
                            Done<model::ConnectionId> done) {
  auto answer = shared(std::move(done));
  auto& orders = common_.schedulers.orders;
  const bool taken =
      common_.commits.command([this, id, actor = std::move(actor), answer, &orders,
                               alive = std::weak_ptr(alive_)](store::Writer& writer) {
        auto removed = writer.remove_connection(id, actor, orders.now());
        orders.post([this, id, answer, removed, alive] {
          if (alive.expired()) return;
          if (!removed) {
            read_again_if_unknown(id, removed.error(), true);
            say<model::ConnectionId>(answer, std::unexpected(removed.error()));
            return;
          }
          accounts_.row_removed(id);
          told_();
          say<model::ConnectionId>(answer, id);
        });
      });
  if (!taken) say<model::ConnectionId>(answer, too_many_wait());
}

void ConnectionDesk::login_url(model::ConnectionId id, std::string state, store::Actor actor,
                               Done<std::string> done) {
  auto answer = shared(std::move(done));
  find(id, actor,
       [this, state = std::move(state), answer,
        alive = std::weak_ptr(alive_)](base::Result<BrokerConnection> row) {
         if (alive.expired()) return;
         say(answer, row ? door_.login_url(*row, state)
                         : base::Result<std::string>(std::unexpected(row.error())));
       });
}

void ConnectionDesk::log_in(model::ConnectionId id, agent::Secret request_token, store::Actor actor,
                            Done<BrokerConnection> done) {
  auto answer = shared(std::move(done));
  find(id, actor,
       [this, request_token = std::move(request_token), actor, answer,
        alive = std::weak_ptr(alive_)](base::Result<BrokerConnection> row) {
         if (alive.expired()) return;
         if (!row) {
           say(answer, std::move(row));
           return;
         }
         exchange(*row, std::string(request_token.reveal()), actor, answer);
       });
}

// On a gateway of its own: a login that fails leaves the session that is in use alone.
void ConnectionDesk::exchange(const BrokerConnection& row, const std::string& request_token,
                              const store::Actor& actor, const Answer<BrokerConnection>& answer) {
  auto opened = door_.open(row);
  if (!opened) {
    say<BrokerConnection>(answer, std::unexpected(opened.error()));
    return;
  }
  auto gateway = std::shared_ptr<broker::OrderGateway>(std::move(*opened));
  gateway->exchange_token(
      request_token, [this, gateway, row, actor, answer,
                      alive = std::weak_ptr(alive_)](base::Result<broker::Session> session) {
        if (alive.expired()) return;
        // It may go only after its own callback has returned.
        common_.schedulers.orders.post([gateway] {});
        if (!session) {
          say<BrokerConnection>(answer, std::unexpected(session.error()));
          return;
        }
        session_came(row, session->user_id, agent::Secret(std::move(session->access_token)), actor,
                     answer);
      });
}

void ConnectionDesk::use_access_token(model::ConnectionId id, agent::Secret access_token,
                                      store::Actor actor, Done<BrokerConnection> done) {
  auto answer = shared(std::move(done));
  find(id, actor,
       [this, access_token = std::move(access_token), actor, answer,
        alive = std::weak_ptr(alive_)](base::Result<BrokerConnection> row) {
         if (alive.expired()) return;
         if (!row) {
           say(answer, std::move(row));
           return;
         }
         ask_whose(*row, access_token, actor, answer);
       });
}

void ConnectionDesk::ask_whose(const BrokerConnection& row, agent::Secret token,
                               const store::Actor& actor, const Answer<BrokerConnection>& answer) {
  auto opened = door_.open(row);
  if (!opened) {
    say<BrokerConnection>(answer, std::unexpected(opened.error()));
    return;
  }
  auto gateway = std::shared_ptr<broker::OrderGateway>(std::move(*opened));
  gateway->use_session(std::string(token.reveal()));
  gateway->profile([this, gateway, row, token = std::move(token), actor, answer,
                    alive = std::weak_ptr(alive_)](base::Result<broker::Account> account) {
    if (alive.expired()) return;
    common_.schedulers.orders.post([gateway] {});
    if (!account) {
      say<BrokerConnection>(answer, std::unexpected(account.error()));
      return;
    }
    session_came(row, account->user_id, token, actor, answer);
  });
}

namespace {

// On the commit thread: the account is tied first, so that a login of somebody else's changes
// nothing; then the session alone is put into the row as it stands now.
base::Result<BrokerConnection> keep_session(store::Writer& writer, const BrokerConnection& seen,
                                            const BrokerConnection& session,
                                            const std::string& venue, const store::Actor& actor,
                                            base::Instant now) {
  auto row = writer.reader()->connection(seen.id, actor);
  const bool is_new = !row && row.error().kind == ErrorKind::not_found &&
                      seen.id == model::ConnectionId{} && !actor.user;
  if (is_new) row = seen;
  if (!row) return row;
  if (row->api_key != seen.api_key || row->api_secret != seen.api_secret) {
    return base::fail(ErrorKind::conflict,
                      "The keys of the connection were changed meanwhile: log in again", "version");
  }
  if (auto bound = writer.bind_account(row->id, venue, session.account, now); !bound) {
    return std::unexpected(bound.error());
  }
  row->account = session.account;
  row->access_token = session.access_token;
  row->session_expires_at = session.session_expires_at;
  const auto version = is_new ? std::nullopt : std::optional(row->version);
  return writer.put_connection(*row, version, "session_renewed", actor, now);
}

}  // namespace

void ConnectionDesk::session_came(const BrokerConnection& row, const std::string& account,
                                  const agent::Secret& token, const store::Actor& actor,
                                  const Answer<BrokerConnection>& answer) {
  auto& orders = common_.schedulers.orders;
  auto session = row;
  session.account = account;
  session.access_token = door_.seal(row, "access_token", token);
  session.session_expires_at = door_.session_end(orders.now());
  const bool taken = common_.commits.command(
      [this, row, session = std::move(session), actor, answer, &orders,
       venue = common_.settings.venue, alive = std::weak_ptr(alive_)](store::Writer& writer) {
        auto put = keep_session(writer, row, session, venue, actor, orders.now());
        orders.post([this, id = row.id, answer, put = std::move(put), alive]() mutable {
          if (!alive.expired()) was_put(id, answer, std::move(put));
        });
      });
  if (!taken) say<BrokerConnection>(answer, too_many_wait());
}

void ConnectionDesk::was_put(model::ConnectionId id, const Answer<BrokerConnection>& answer,
                             base::Result<BrokerConnection> put) {
  if (put) {
    accounts_.row_changed(*put);
    told_();
  } else {
    read_again_if_unknown(id, put.error(), false);
  }
  say(answer, std::move(put));
}

// The change may be on record, and nobody else tells this process of what it wrote itself: until it
// is read, an account that its owner has switched off would go on.
void ConnectionDesk::read_again_if_unknown(model::ConnectionId id, const base::Error& error,
                                           bool removing) {
  if (!store::may_have_happened(error)) return;
  if (unknown_.try_emplace(id, removing).second) read_again(id);
}

void ConnectionDesk::read_again(model::ConnectionId id) {
  auto& orders = common_.schedulers.orders;
  const auto later = [this, id, &orders, alive = std::weak_ptr(alive_)] {
    orders.after(std::chrono::seconds(1), [this, id, alive] {
      if (!alive.expired()) read_again(id);
    });
  };
  const bool taken = common_.commits.command(
      [this, id, &orders, later, alive = std::weak_ptr(alive_)](store::Writer& writer) {
        auto row = writer.reader()->connection(id, store::Actor{});
        orders.post([this, id, later, row = std::move(row), alive] {
          if (alive.expired()) return;
          if (!row && row.error().kind == ErrorKind::unavailable) return later();
          was_read_again(id, row);
        });
      });
  if (!taken) later();
}

void ConnectionDesk::was_read_again(model::ConnectionId id,
                                    const base::Result<BrokerConnection>& row) {
  const bool removing = unknown_.extract(id).mapped();
  if (row) {
    accounts_.row_changed(*row);
  } else if (row.error().kind != ErrorKind::not_found) {
    agent::log_error("connection_not_read",
                     {{"connection", id.text()}, {"why", row.error().message}});
  } else if (removing || common_.settings.many_users) {
    accounts_.row_removed(id);  // else the operator's own, which is there without a row
  }
  told_();
}

void ConnectionDesk::forget_session(const BrokerConnection& row) {
  if (row.access_token.empty()) return;
  auto ended = row;
  ended.access_token.clear();
  ended.session_expires_at.reset();
  store::Actor actor;
  actor.name = "engine";
  put(std::move(ended), row.version, "session_ended", actor,
      shared(Done<BrokerConnection>([](base::Result<BrokerConnection>) {})));
}

}  // namespace hmt::runtime
