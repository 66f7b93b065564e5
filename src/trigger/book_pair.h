#pragma once
#include <string>
#include <vector>

#include "trigger/book.h"
#include "trigger/naive_book.h"

// For tests: the fast and the naive book, driven alike and asked alike.
namespace hmt::trigger {

class BookPair {
 public:
  // Each returns where the books differ; empty: nowhere.
  std::string arm(const model::Trigger& trigger) {
    if (fast_.arm(trigger) != naive_.arm(trigger)) return "arm answers differently";
    return difference(trigger.id, trigger.instrument_token);
  }

  std::string disarm(model::TriggerId id) {
    if (fast_.disarm(id) != naive_.disarm(id)) return "disarm answers differently";
    return difference(id, 0);
  }

  std::string tick(model::InstrumentToken token, model::WirePrice last) {
    fast_hits_.clear();
    naive_hits_.clear();
    fast_.take_hits(token, last, fast_hits_);
    naive_.take_hits(token, last, naive_hits_);
    if (fast_hits_ != naive_hits_) {
      return "a price fires " + list(fast_hits_) + " in the fast book and " + list(naive_hits_) +
             " in the naive one";
    }
    return difference(fast_hits_.empty() ? model::TriggerId{} : fast_hits_.front().id, token);
  }

  std::size_t size() const { return fast_.size(); }
  std::size_t last_hits() const { return fast_hits_.size(); }

 private:
  std::string difference(model::TriggerId id, model::InstrumentToken token) {
    if (fast_.size() != naive_.size()) return "the sizes differ";
    if (fast_.is_armed(id) != naive_.is_armed(id)) return "one book holds " + id.text();
    if (fast_.armed_on(token) != naive_.armed_on(token)) return "armed_on differs";
    if (++steps_ % 16 == 0 && fast_.instruments() != naive_.instruments()) {
      return "the instruments differ";
    }
    return {};
  }

  static std::string list(const std::vector<Hit>& hits) {
    std::string text = "[";
    for (const auto& hit : hits) {
      text += hit.id.text() + " leg " + (hit.leg == model::LegNumber::one ? "1 " : "2 ");
    }
    return text + "]";
  }

  Book fast_;
  NaiveBook naive_;
  unsigned steps_ = 0;
  std::vector<Hit> fast_hits_;
  std::vector<Hit> naive_hits_;
};

}  // namespace hmt::trigger
