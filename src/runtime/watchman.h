#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/scheduler.h"
#include "runtime/commit_queue.h"
#include "runtime/market_agent.h"
#include "runtime/settings.h"
#include "store/store.h"

// Where several processes may write one database: keeps the lease, and brings in what others wrote.
// Each change is heard of in the table's own order of commits; a full compare of engine and table
// stands behind it, so that nothing can stay lost. Where nobody else can write it has nothing to
// do. Thread rule: its scheduler's thread, which may wait for the database; what gates and screens
// ask, any thread.
namespace hmt::runtime {

class WatchObserver {
 public:
  virtual ~WatchObserver() = default;
  virtual void on_foreign(store::Changed changed) = 0;  // on the commit thread
  virtual void on_lease_lost(std::int64_t epoch, const std::string& why) = 0;
  virtual void on_switch(const store::Switch& now) = 0;  // set by somebody else, or by us
  virtual void on_following(bool works, const std::string& why) = 0;
  virtual void on_events_elsewhere(std::int64_t last_event) = 0;  // while another holds the lease
  // Answers on any thread with what the engines hold.
  virtual void ask_held(std::function<void(MarketAgent::HeldRows)> done) = 0;
};

class Watchman {
 public:
  Watchman(agent::Scheduler& scheduler, store::Writer& writer, CommitQueue& commits,
           WatchObserver& observer, const RuntimeSettings& settings);
  ~Watchman();

  // Another process may write: there is a lease to keep and something to follow.
  bool is_shared() const { return lasts_.has_value(); }
  // Whether the lease was renewed so lately that nobody else can have taken it, and the switch
  // looked at as lately.
  bool lease_is_fresh() const;
  // How long that holds without another look.
  base::Duration fresh_for() const;
  // Gates ask right before the first byte; empty: it may leave.
  std::string why_nothing_may_leave() const;

  void launch();
  // Follows from this moment on, and keeps the lease that was taken at `taken_at` (steady).
  // `following` runs once changes from now on cannot be missed. Any thread.
  void keep(std::int64_t epoch, base::Duration taken_at, std::function<void()> following);
  void stand_by();  // any thread: the lease is another's
  // A write of this process's own of which nobody knows whether it happened: the row is looked at,
  // as one that somebody else wrote. Any thread.
  void read_again(model::TriggerId id);
  // Any thread; nothing is renewed or followed once `ended` has run.
  void end(std::function<void()> ended);

 private:
  void look();
  void look_later();
  void follow();
  void merge_in(const store::Foreign& foreign);
  void absorb();
  void absorbed(const store::Foreign& batch, const base::Result<void>& done);
  void renew();
  void compare_when_due();
  struct Compare;
  void compare_page(std::shared_ptr<Compare> compare);
  void compared(Compare& compare);
  void watch_others();
  void tell_works(const char* part, bool works, const std::string& why);

  agent::Scheduler& scheduler_;
  store::Writer& writer_;
  CommitQueue& commits_;
  WatchObserver& observer_;
  const base::Duration period_;
  const base::Duration compare_period_;
  const bool many_;
  const std::optional<base::Duration> lasts_;
  std::atomic<std::int64_t> fresh_until_ = 0;  // steady, in nanoseconds
  std::atomic<bool> stopped_ = false;          // the switch, as last looked at

  std::unique_ptr<store::Follower> follower_;
  std::unique_ptr<store::Reader> reader_;
  std::int64_t epoch_ = 0;  // 0: standing by
  std::function<void()> following_;
  base::Duration renewed_at_{};   // of the asking: the answer may have been long on its way
  base::Duration followed_at_{};  // the same
  store::Foreign pending_;
  bool absorbing_ = false;
  std::set<std::string> broken_;  // parts that fail: "renewing", "following", "absorbing"
  std::string switch_set_;        // store::Foreign::set, as last seen
  bool comparing_ = false;
  bool compare_soon_ = false;
  std::vector<store::Held> differing_;  // as the compare before found it
  base::Duration compare_at_{};
  std::int64_t told_event_ = 0;
  agent::TimerId timer_ = 0;
  bool ended_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hmt::runtime
