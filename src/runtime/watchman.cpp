#include "runtime/watchman.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/log.h"

namespace hmt::runtime {
namespace {

// Of the lease's time: renewed after 30 %, and not relied on after 60 %.
constexpr base::Duration part(base::Duration whole, int percent) {
  return whole / 100 * percent;
}

constexpr std::size_t absorbed_at_once = 1000;  // of each kind: claims wait meanwhile

template <class T>
std::vector<T> take_some(std::vector<T>& from) {
  const auto count = std::min(from.size(), absorbed_at_once);
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<T> out(from.begin(), end);
  from.erase(from.begin(), end);
  return out;
}

template <class T>
void merge(std::vector<T>& into, const std::vector<T>& from) {
  into.insert(into.end(), from.begin(), from.end());
  std::ranges::sort(into);
  into.erase(std::unique(into.begin(), into.end()), into.end());
}

}  // namespace

Watchman::Watchman(agent::Scheduler& scheduler, store::Writer& writer, CommitQueue& commits,
                   WatchObserver& observer, const RuntimeSettings& settings)
    : scheduler_(scheduler),
      writer_(writer),
      commits_(commits),
      observer_(observer),
      period_(settings.follow_period),
      compare_period_(settings.compare_period),
      many_(settings.many_users),
      lasts_(writer.lease_lasts()) {}

Watchman::~Watchman() {
  scheduler_.cancel(timer_);
}

bool Watchman::lease_is_fresh() const {
  return !lasts_ || scheduler_.steady().count() < fresh_until_.load();
}

base::Duration Watchman::fresh_for() const {
  return lasts_ ? part(*lasts_, 60) : base::Duration(0);
}

std::string Watchman::why_nothing_may_leave() const {
  if (stopped_.load()) return "The engine was stopped";
  if (!lease_is_fresh()) {
    return "The lease could not be renewed in time: another engine may have taken over";
  }
  return {};
}

void Watchman::launch() {
  if (!is_shared()) return;
  scheduler_.post([this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    reader_ = writer_.reader();
    look();
  });
}

void Watchman::keep(std::int64_t epoch, base::Duration taken_at, std::function<void()> following) {
  if (!is_shared()) {
    following();
    return;
  }
  scheduler_.post([this, epoch, taken_at, following = std::move(following),
                   alive = std::weak_ptr(alive_)]() mutable {
    if (alive.expired()) return;
    epoch_ = epoch;
    renewed_at_ = taken_at;
    following_ = std::move(following);
    follower_ = writer_.follower();
    pending_ = {};
    tell_works("absorbing", true, {});
    compare_at_ = scheduler_.steady() + compare_period_;
    follow();
  });
}

void Watchman::stand_by() {
  if (!is_shared()) return;
  fresh_until_ = 0;
  scheduler_.post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) epoch_ = 0;
  });
}

void Watchman::end(std::function<void()> ended) {
  if (!is_shared()) {
    ended();
    return;
  }
  scheduler_.post([this, ended = std::move(ended), alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    ended_ = true;
    follower_.reset();
    reader_.reset();
    scheduler_.cancel(timer_);
    ended();
  });
}

void Watchman::look_later() {
  scheduler_.cancel(timer_);
  timer_ = scheduler_.after(period_, [this] {
    timer_ = 0;
    look();
  });
}

void Watchman::look() {
  if (ended_) return;
  look_later();
  if (epoch_ == 0) {
    watch_others();
    return;
  }
  renew();
  if (epoch_ != 0) follow();
  if (epoch_ != 0) compare_when_due();
}

// Half of what is left must do for a renewal that is slow.
void Watchman::renew() {
  const auto now = scheduler_.steady();
  if (now - renewed_at_ < part(*lasts_, 30)) return;
  const auto renewed = follower_->renew_lease(epoch_);
  if (renewed) {
    renewed_at_ = now;
    tell_works("renewing", true, {});
    return;
  }
  if (renewed.error().kind == base::ErrorKind::refused) {
    observer_.on_lease_lost(std::exchange(epoch_, 0), renewed.error().message);
    return;
  }
  tell_works("renewing", false, renewed.error().message);
}

// Freshness is only what both were told: a lease that was renewed by a process that has not looked
// at the switch since would let it send after a stop that another process has confirmed.
void Watchman::follow() {
  const auto asked_at = scheduler_.steady();
  auto foreign = follower_->changes();
  if (!foreign) {
    tell_works("following", false, foreign.error().message);
    return;
  }
  tell_works("following", true, {});
  stopped_ = foreign->now.stopped;
  followed_at_ = asked_at;
  fresh_until_ = (std::min(renewed_at_, followed_at_) + fresh_for()).count();
  if (following_) {
    // What came before is in the records that are read after this; but a start that was written
    // meanwhile has nobody else to tell the one who stopped on the strength of an older look.
    std::exchange(following_, {})();
    switch_set_ = foreign->set;
    if (!stopped_) observer_.on_switch(foreign->now);
    return;
  }
  if (std::exchange(switch_set_, foreign->set) != foreign->set) observer_.on_switch(foreign->now);
  if (foreign->missed) compare_soon_ = true;
  merge_in(*foreign);
  absorb();
}

// A gap in following is closed by a full compare, whatever the cursor remembers.
void Watchman::tell_works(const char* which, bool works, const std::string& why) {
  const bool before = broken_.empty();
  const bool moved = works ? broken_.erase(which) != 0 : broken_.insert(which).second;
  if (!moved) return;
  if (works) compare_soon_ = true;
  agent::log_warning(works ? "database_watched_again" : "database_not_watched",
                     {{"part", which}, {"why", why}});
  if (before != broken_.empty()) observer_.on_following(broken_.empty(), why);
}

void Watchman::merge_in(const store::Foreign& foreign) {
  merge(pending_.triggers, foreign.triggers);
  merge(pending_.connections, foreign.connections);
  pending_.untold = pending_.untold || foreign.untold;
}

void Watchman::read_again(model::TriggerId id) {
  if (!is_shared()) return;
  scheduler_.post([this, id, alive = std::weak_ptr(alive_)] {
    if (alive.expired() || ended_ || epoch_ == 0) return;
    store::Foreign own;
    own.triggers.push_back(id);
    merge_in(own);
    absorb();
  });
}

// Bit by bit: claims go in between, and no statement takes as long as somebody's changes are many.
void Watchman::absorb() {
  if (absorbing_ || ended_ || epoch_ == 0 || pending_.empty()) return;
  auto batch = std::make_shared<store::Foreign>();
  batch->connections = take_some(pending_.connections);
  batch->triggers = take_some(pending_.triggers);
  batch->untold = std::exchange(pending_.untold, false);
  absorbing_ =
      commits_.command([this, batch, alive = std::weak_ptr(alive_)](store::Writer& writer) {
        auto changed = writer.absorb(*batch);
        base::Result<void> done;
        if (changed) {
          observer_.on_foreign(std::move(*changed));
        } else {
          done = std::unexpected(changed.error());
        }
        scheduler_.post([this, batch, done, alive] {
          if (!alive.expired()) absorbed(*batch, done);
        });
      });
  if (!absorbing_) merge_in(*batch);  // the next look tries again
}

void Watchman::absorbed(const store::Foreign& batch, const base::Result<void>& done) {
  absorbing_ = false;
  if (!done) merge_in(batch);  // the next look tries again
  if (epoch_ == 0) return;
  tell_works("absorbing", done.has_value(), done ? std::string() : done.error().message);
  if (done) absorb();
}

// ---- the full compare

struct Watchman::Compare {
  MarketAgent::HeldRows held;
  std::vector<store::Held> rows;
  base::Duration took{};
};

void Watchman::compare_when_due() {
  const auto now = scheduler_.steady();
  if (comparing_ || (now < compare_at_ && !compare_soon_)) return;
  comparing_ = true;
  compare_soon_ = false;
  observer_.ask_held([this, alive = std::weak_ptr(alive_)](MarketAgent::HeldRows held) {
    if (alive.expired()) return;
    auto compare = std::make_shared<Compare>();
    compare->held = std::move(held);
    scheduler_.post([this, alive, compare] {
      if (!alive.expired()) compare_page(compare);
    });
  });
}

// A page at a turn: the lease is renewed in between, however large the table is.
void Watchman::compare_page(std::shared_ptr<Compare> compare) {
  constexpr std::size_t page_rows = 5000;
  if (ended_ || epoch_ == 0) {
    comparing_ = false;
    return;
  }
  const auto started = scheduler_.steady();
  auto& rows = compare->rows;
  const auto after = rows.empty() ? std::nullopt : std::optional(rows.back().id);
  const auto page = reader_->active_rows(after, page_rows);
  compare->took += scheduler_.steady() - started;
  if (!page) {
    comparing_ = false;
    compare_soon_ = true;
    return;
  }
  rows.insert(rows.end(), page->begin(), page->end());
  if (page->size() < page_rows) {
    compared(*compare);
    return;
  }
  scheduler_.post([this, compare, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) compare_page(compare);
  });
}

// A row that is on its way between the two looks different and is merely read once more.
void Watchman::compared(Compare& compare) {
  comparing_ = false;
  auto& [held, rows, took] = compare;
  // A large table is compared less often, so that comparing never is what a database is busy with.
  compare_at_ = scheduler_.steady() + std::max<base::Duration>(compare_period_, took * 100);
  std::erase_if(rows, [&](const auto& row) {
    return !held.accounts.contains(many_ ? row.connection : model::ConnectionId{});
  });
  for (auto* side : {&held.rows, &rows}) {
    for (auto& row : *side) row.connection = {};  // whose engine holds it is not the question
    std::ranges::sort(*side);
  }
  std::vector<store::Held> differing;
  std::ranges::set_symmetric_difference(held.rows, rows, std::back_inserter(differing));
  // What a reading did not mend, another will not.
  if (differing == std::exchange(differing_, differing) || differing.empty()) return;
  agent::log_info("compare_differs", {{"rows", static_cast<long long>(differing.size())}});
  store::Foreign foreign;
  for (const auto& row : differing) foreign.triggers.push_back(row.id);
  merge_in(foreign);
  absorb();
}

// Standing by: what the holder does is told to whoever watches a screen here.
void Watchman::watch_others() {
  const auto last = reader_->last_event();
  if (!last) return;
  if (*last > std::exchange(told_event_, *last)) observer_.on_events_elsewhere(*last);
}

}  // namespace hmt::runtime
