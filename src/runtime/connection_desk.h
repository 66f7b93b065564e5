#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "runtime/accounts.h"
#include "runtime/commit_queue.h"

// What people do with broker connections: add, change, remove, and log in each day. Any thread;
// answers come on the answers' scheduler. What is changed here is used at once by `accounts`.
namespace hmt::runtime {

class ConnectionDesk {
 public:
  ConnectionDesk(Common common, BrokerDoor& door, Accounts& accounts,
                 std::function<void()> told);  // something was written to the audit

  void add(model::ConnectionId id, ConnectionChange change, store::Actor actor,
           Done<model::BrokerConnection> done);
  void change(model::ConnectionId id, std::optional<std::int64_t> version, ConnectionChange change,
              store::Actor actor, Done<model::BrokerConnection> done);
  void remove(model::ConnectionId id, store::Actor actor, Done<model::ConnectionId> done);
  void login_url(model::ConnectionId id, std::string state, store::Actor actor,
                 Done<std::string> done);
  void log_in(model::ConnectionId id, agent::Secret request_token, store::Actor actor,
              Done<model::BrokerConnection> done);
  void use_access_token(model::ConnectionId id, agent::Secret access_token, store::Actor actor,
                        Done<model::BrokerConnection> done);
  // The stored session has ended: its token is not kept any longer.
  void forget_session(const model::BrokerConnection& row);

 private:
  template <class T>
  using Answer = std::shared_ptr<Done<T>>;
  using Found = std::function<void(base::Result<model::BrokerConnection>)>;

  template <class T>
  void say(const Answer<T>& answer, base::Result<T> result);
  // `then` runs on the orders' thread.
  void find(model::ConnectionId id, const store::Actor& actor, Found then);
  void put(model::BrokerConnection row, std::optional<std::int64_t> version, std::string event,
           store::Actor actor, Answer<model::BrokerConnection> answer);
  base::Result<void> apply(model::BrokerConnection& row, const ConnectionChange& change) const;
  void exchange(const model::BrokerConnection& row, const std::string& request_token,
                const store::Actor& actor, const Answer<model::BrokerConnection>& answer);
  void ask_whose(const model::BrokerConnection& row, agent::Secret token, const store::Actor& actor,
                 const Answer<model::BrokerConnection>& answer);
  void read_again_if_unknown(model::ConnectionId id, const base::Error& error, bool removing);
  void read_again(model::ConnectionId id);
  void was_read_again(model::ConnectionId id, const base::Result<model::BrokerConnection>& row);
  void was_put(model::ConnectionId id, const Answer<model::BrokerConnection>& answer,
               base::Result<model::BrokerConnection> put);
  void session_came(const model::BrokerConnection& row, const std::string& account,
                    const agent::Secret& token, const store::Actor& actor,
                    const Answer<model::BrokerConnection>& answer);

  Common common_;
  BrokerDoor& door_;
  Accounts& accounts_;
  std::function<void()> told_;
  std::map<model::ConnectionId, bool> unknown_;  // being read again; whether it was to be removed
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hmt::runtime
