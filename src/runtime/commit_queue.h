#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "model/record.h"
#include "runtime/telemetry.h"
#include "store/store.h"

// The one way to durable truth: a queue that one thread drains, as many neighbours as it can in one
// flush: claims and records in their order, and between two of people's commands all claims and
// records that have come. However much people write, no fire waits for more than one of them.
//
// Claims and records are never dropped: while the database is away the head is tried again (50 ms,
// doubling to 2 s) and the observer told. One that the database refuses for good would hold up all
// behind it: it is set aside with an alarm in the trail (`record_refused`), a claim as stale, and
// of a record `refused` runs in place of `done`, for nothing that it stands for is durable.
// Commands of people fail at once then. Thread rule: any thread may add; `run` belongs to the
// commit thread, and so do all callbacks. Limits: `commands_max` commands wait at the most, more
// are refused; claims and records are bounded by the triggers that are armed.
namespace hmt::runtime {

class CommitObserver {
 public:
  virtual ~CommitObserver() = default;
  virtual void on_committed(
      store::Changed changed) = 0;  // after each flush, before its own `done`s
  virtual void on_store_away(const std::string& why) = 0;
  virtual void on_store_back() = 0;
  // The lease of this epoch has passed on: nothing made under it is written any more.
  virtual void on_fenced(std::int64_t epoch) = 0;
};

class CommitQueue {
 public:
  CommitQueue(store::Writer& writer, CommitObserver& observer, std::size_t commands_max = 10'000);

  void claim(model::Claim claim, std::move_only_function<void(model::ClaimVerdict)> done);
  using Refused = std::move_only_function<void(const std::string& why)>;
  void record(model::Record record, std::move_only_function<void()> done = {},
              Refused refused = {});
  // False: too many wait. It may overtake claims and records that cannot be written now, and those
  // that come later overtake it.
  using Job = std::move_only_function<void(store::Writer&)>;
  bool command(Job job) { return add_command({std::move(job), std::nullopt}); }
  // What sets or reads the engine's switch: in its own order ahead of all other commands, and there
  // is always room for it. A stop does not wait for what people write.
  bool command_of_switch(Job job) { return add_command({std::move(job), std::nullopt, true}); }
  // The same for what must see all of an account that was added before it under that lease.
  struct Turn {
    model::ConnectionId account;
    std::int64_t epoch = 0;
  };
  bool command_in_turn(Turn turn, Job job) { return add_command({std::move(job), turn}); }

  // While one lives nothing is taken from the queue, and then all at once: what belongs together
  // shares a flush, however early its first claim comes. For as long as a frame of prices takes.
  // (What waits for a database that is away takes along what has come by its next try.)
  class Together {
   public:
    explicit Together(CommitQueue& queue);
    ~Together();
    Together(const Together&) = delete;
    Together& operator=(const Together&) = delete;

   private:
    CommitQueue& queue_;
  };

  // What is recorded from here on is written under this lease or not at all.
  void use_epoch(std::int64_t epoch);
  std::int64_t epoch() const;  // any thread

  void run();  // until `stop`, and what was added before it
  // In place of `run`, on the caller's thread and without waiting: for tests and the simulated
  // world. False: the database is away, and the head waits for the next call.
  bool run_pending();
  void stop();               // any thread
  std::size_t size() const;  // any thread

 private:
  struct ClaimItem {
    model::Claim claim;
    std::move_only_function<void(model::ClaimVerdict)> done;
    bool held = false;  // its row was, when it was last tried: it is tried alone
  };
  struct RecordItem {
    std::int64_t epoch = 0;  // when it was made: a command that overtakes it may renew the lease
    model::Record record;
    std::move_only_function<void()> done;
    Refused refused;
  };
  struct CommandItem {
    Job job;
    std::optional<Turn> turn;
    bool is_of_switch = false;
  };
  using Item = std::variant<ClaimItem, RecordItem, CommandItem>;

  bool add_command(CommandItem command);
  static bool waits_for(const Item& command, const Item& earlier);
  void add(Item item);
  void put(Item item);    // under the mutex, as is
  bool has_work() const;  // this
  bool take_all();        // waits for items; false: stopped and empty
  void take_incoming();   // under the mutex
  void take_what_came();  // without waiting
  bool drain();           // false: the database is away
  bool wait_for_store();  // false: we are ending; start-up recovers what is left
  bool commit_claims();
  std::vector<model::Claim> take_claims();
  void give_back(std::vector<model::Claim> claims);
  bool commit_records();
  bool claims_failed(const base::Error& error, std::vector<model::Claim> claims);
  bool records_failed(const base::Error& error, std::int64_t epoch,
                      const std::vector<model::Record>& records);
  bool wait_behind_others();
  bool singly(std::size_t count);  // whether the batch was of several, and is taken apart now
  bool tell_refused(const base::Error& error, base::Instant at, const model::Attempt* attempt,
                    const std::vector<model::AuditEntry>& audit);
  void store_failed(const base::Error& error);
  void store_works();
  void fail_commands();
  void tell_time(std::chrono::steady_clock::time_point started) const;

  store::Writer& writer_;
  CommitObserver& observer_;
  const std::size_t commands_max_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> incoming_;
  std::size_t commands_waiting_ = 0;
  std::int64_t epoch_ = 0;
  bool stopping_ = false;
  int holds_ = 0;  // of Together

  std::deque<Item> taken_;      // the commit thread's own
  std::size_t one_by_one_ = 0;  // to commit singly: one of them is refused
  std::size_t held_ = 0;        // claims that were found held, and none has been won since
  base::Duration patience_{};
  bool held_back_ = false;  // nothing is left but held claims, and what must see them
  bool away_ = false;
  agent::Histogram commit_seconds_ = commit_seconds();
};

}  // namespace hmt::runtime
