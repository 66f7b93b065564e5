#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/store.h"

// What is alike in every backend's recovery: which rows can be watched or looked after, in which
// order they are told, and what is said of those that cannot.
namespace hmt::store {

// A row as a backend read it.
struct ReadRow {
  std::int64_t number = 0;  // of insertion
  std::string problem;      // empty: it can be read
  std::string name;         // of one that cannot, where its id is no id: as the table has it
};
struct TriggerRow : ReadRow {
  model::Trigger trigger;
};

// Tells the rows of a recovery in parts, oldest first. Active ones come to it as they are read, by
// number, each into the place where it is told from: there may be a million.
class RecoveryParts {
 public:
  static constexpr std::size_t rows_of_part = 256;

  // `first`: all but the triggers. `others`: the open rows that are not active, by number. `take`
  // outlives this.
  RecoveryParts(Recovery first, std::vector<TriggerRow> others, const TakePart& take);

  // Where the next active row is read into; then `add` says what came of it.
  model::Trigger& place() { return part_.triggers.emplace_back(); }
  void add(const ReadRow& read);
  // No more will come.
  void finish();

 private:
  void add_others_before(std::int64_t number);
  void keep_if_sound(const ReadRow& read);
  void hand_on();
  void name_orphans();

  const TakePart& take_;
  std::vector<TriggerRow> others_;
  std::vector<TriggerRow>::iterator next_;
  std::vector<model::Attempt> open_;
  std::set<model::TriggerId> missed_;  // the triggers of `open_` that were not told yet
  Recovery part_;
};

// All parts in one. Errors: as Reader::recovery.
Result<Recovery> whole_recovery(Reader& reader, base::TradingDate since,
                                std::optional<model::ConnectionId> only = {});

}  // namespace hmt::store
