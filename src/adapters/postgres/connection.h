#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postgres/link.h"
#include "postgres/settings.h"
#include "store/store.h"

// A session that is opened when it is needed and again when it was lost, and transactions on it.
// The first failure inside a transaction sticks: everything after it does nothing, and commit()
// reports it. So nothing that was read or written around a failure can be acted on. A WARNING is a
// failure. Thread rule: one thread for each connection.
namespace hmt::postgres {

enum class Role : std::uint8_t {
  engine,  // hmt_engine, from the first statement on
  owner,   // the URL's own: migrations only
};

struct Limits {
  base::Duration connect = std::chrono::seconds(2);
  base::Duration answer = std::chrono::seconds(5);  // of one exchange, however the network behaves
  base::Duration statement = std::chrono::seconds(2);
  base::Duration lock = std::chrono::milliseconds(500);
  base::Duration idle = std::chrono::seconds(5);  // how long the server lets a transaction wait
};

class Connection {
 public:
  Connection(Settings settings, Role role, Limits limits = {})
      : settings_(std::move(settings)), role_(role), limits_(limits) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Opens the session if there is none. Errors: unavailable.
  base::Result<void> ready();
  void close() { link_.reset(); }
  // Forgets the answers, and closes the session if a transaction was left open on it.
  void leave();

  // Adds a statement to what is sent next, and says where its answer will be.
  std::size_t queue(std::string sql, Fields values = {});
  // Sends what was queued and waits: one round trip.
  void exchange();
  // queue and exchange.
  const Rows& ask(std::string sql, Fields values = {});
  // The rows of a cursor that this transaction has declared, as binary values, so many at a time:
  // the server gets the next ready while `each` reads.
  void fetch(const std::string& cursor, const std::function<void(const Rows&)>& each);
  // A statement by itself, outside of transactions; its answer is rows(0).
  base::Result<void> once(std::string sql, Fields values = {}, fault::Step step = {});
  // The answer to a statement of this transaction; empty after a failure.
  const Rows& rows(std::size_t at) const;

  // From here to the transaction's end, or to act_as_engine: what the user may see and do, and
  // nothing more.
  void act_as(model::UserId user);
  void act_as_engine();

  // This transaction may take as long: it reads much.
  void take_time(base::Duration within);

  bool has_failed() const { return failure_.has_value(); }
  void blame(base::Error error);
  base::Result<void> outcome() const;

  // A script, as a migration is.
  base::Result<void> script(const std::string& sql, base::Duration within);
  const Settings& settings() const { return settings_; }

 private:
  friend class Transaction;
  base::Result<void> set_up();
  void start();
  bool send(fault::Step step = {});  // whether every answer was read
  void take_failure(Answers& answers);
  Clock::time_point deadline(base::Duration within) const { return Clock::now() + within; }

  Settings settings_;
  Role role_;
  Limits limits_;
  std::unique_ptr<Link> link_;
  bool is_user_ = false;     // the present transaction has acted as one
  base::Duration within_{};  // of the present transaction's exchanges
  std::vector<Command> queued_;
  std::vector<Rows> answers_;
  std::optional<base::Error> failure_;
};

// Rolled back unless committed.
class Transaction {
 public:
  enum class Kind : std::uint8_t {
    write,
    read,      // each statement sees the last commit
    snapshot,  // all statements see one commit
  };
  Transaction(Connection& connection, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Sends what is queued and the COMMIT in one round trip. Errors: the first failure of the
  // transaction; nothing of it is kept. unavailable with a message that begins "commit unknown"
  // when the answer to the COMMIT was not heard.
  base::Result<void> commit(fault::Step step = {});

 private:
  void roll_back();

  Connection& connection_;
  bool done_ = false;
};

}  // namespace hmt::postgres
