#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "store/store.h"

// The store in memory, for tests and for the deterministic simulation: no thread, no clock, no
// randomness; iteration is in the order of insertion. It keeps the whole contract, and answers
// wrongly on request.
namespace hmt::store {

class MemoryStore {
 public:
  MemoryStore();
  ~MemoryStore();
  MemoryStore(const MemoryStore&) = delete;
  MemoryStore& operator=(const MemoryStore&) = delete;

  // Several may be had: rival engines on one store. They share what is stored, and may outlive this
  // object.
  std::unique_ptr<Writer> writer();
  std::unique_ptr<Reader> reader();

  // The next `count` writes fail `unavailable`, and nothing of them happens.
  void fail_next_writes(int count);
  // The next `count` writes happen, and are answered `unavailable` with "commit unknown" in the
  // message: the answer to the commit was lost. (A write that the rules refuse is refused as ever.)
  // Comes after the failing ones, when both are asked for.
  void lose_next_answers(int count);
  int writes() const;  // asked for so far, failed ones included

  // From now on it is as a database that several processes share, with a clock of its own: a lease
  // lasts so long, a rival is refused meanwhile, and writers have followers.
  void share(base::Duration lease_lasts, std::function<Instant()> clock);
  // What happens from here on is not told to followers, as if they had missed it.
  void keep_quiet(bool quiet);
  // What followers have not been told yet they are not told any more, but that they missed it.
  void drop_untold();
  // While held, no lease can be renewed (`unavailable`); all else goes on.
  void hold_leases(bool held);
  // Somebody's transaction holds the rows: no record is written, whatever else is.
  void hold_rows(bool held);

  // As a hand on the table would: the row appears or is replaced, and its version is one higher
  // than that of the row before; nothing is checked. An audit row says so.
  void put_by_hand(model::Trigger row, Instant now);
  void delete_by_hand(model::TriggerId id, Instant now);

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace hmt::store
