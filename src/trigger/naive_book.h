#pragma once
#include <vector>

#include "trigger/book.h"

// The slow and obvious book: every armed trigger is looked at on every price, by the words of
// contract 5 in exact decimals. It is the oracle that the fast book, and whole sessions, are
// compared with; so it shares no code with the fast book.
namespace hmt::trigger {

class NaiveBook {
 public:
  Book::Armed arm(const model::Trigger& trigger);
  Book::Disarmed disarm(model::TriggerId id);
  bool is_armed(model::TriggerId id) const;
  void take_hits(model::InstrumentToken token, model::WirePrice last, std::vector<Hit>& out);
  std::size_t armed_on(model::InstrumentToken token) const;
  std::size_t size() const { return armed_.size(); }
  std::vector<model::InstrumentToken> instruments() const;

 private:
  std::vector<model::Trigger> armed_;  // in the order of arming
};

}  // namespace hmt::trigger
