#include "oms/order_state.h"

#include <algorithm>
#include <array>

namespace hmt::oms {
namespace {

using model::Attempt;
using model::BrokerOrder;

struct Status {
  std::string_view word;
  Phase phase;
  int rank;
};

// A modification leaves an order where it was, so its states rank below those that it returns to.
constexpr auto statuses = std::to_array<Status>({
    {"", Phase::working, 0},
    {"UNKNOWN", Phase::working, 0},  // our own word: no news yet
    {"PUT ORDER REQ RECEIVED", Phase::working, 10},
    {"AMO REQ RECEIVED", Phase::working, 12},
    {"MODIFY AMO REQ RECEIVED", Phase::working, 14},
    {"VALIDATION PENDING", Phase::working, 30},
    {"OPEN PENDING", Phase::working, 40},
    {"MODIFY VALIDATION PENDING", Phase::working, 50},
    {"MODIFY PENDING", Phase::working, 52},
    {"MODIFIED", Phase::working, 54},
    {"TRIGGER PENDING", Phase::working, 60},
    {"OPEN", Phase::working, 70},
    {"CANCEL PENDING", Phase::working, 80},
    {"CANCELLED AMO", Phase::cancelled, 100},
    {"CANCELLED", Phase::cancelled, 101},
    {"REJECTED", Phase::rejected, 102},
    {"COMPLETE", Phase::complete, 103},
});
constexpr int unknown_rank = 20;

const Status* find_status(std::string_view word) {
  const auto found = std::ranges::find(statuses, word, &Status::word);
  return found == statuses.end() ? nullptr : &*found;
}

// Two words of one rank have an order as well, so that the sequence of the news cannot matter.
bool is_further(std::string_view status, std::string_view than) {
  const int rank = rank_of(status);
  const int rank_than = rank_of(than);
  if (rank == 0) return false;
  return rank != rank_than ? rank > rank_than : status > than;
}

// Two reports of one state may word its reason differently: the longer one, and of two as long the
// later in the alphabet, whichever came first.
bool says_more(std::string_view message, std::string_view than) {
  if (message.size() != than.size()) return message.size() > than.size();
  return message > than;
}

void merge_status(Attempt& attempt, const BrokerOrder& news) {
  if (is_further(news.status, attempt.order_status)) {
    attempt.order_status = news.status;
    attempt.message = news.status_message;
  } else if (news.status == attempt.order_status && rank_of(news.status) > 0 &&
             says_more(news.status_message, attempt.message)) {
    attempt.message = news.status_message;
  }
}

// The average belongs to the fill that it was told with.
void merge_fill(Attempt& attempt, const BrokerOrder& news) {
  if (news.filled_quantity <= 0 || news.filled_quantity < attempt.filled_quantity) return;
  const bool more = news.filled_quantity > attempt.filled_quantity;
  attempt.filled_quantity = news.filled_quantity;
  attempt.average_price =
      more ? news.average_price : std::max(attempt.average_price, news.average_price);
}

void replace(Attempt& attempt, const BrokerOrder& news) {
  attempt.order_status = news.status;
  attempt.message = news.status_message;
  attempt.filled_quantity = news.filled_quantity;
  attempt.average_price = news.average_price;
}

// The final word and the fills have to agree: a final state with fewer fills than were seen, or
// more fills in passing than the final state admits.
bool fills_disagree(const Attempt& attempt, const BrokerOrder& news) {
  const bool known_is_final = is_terminal(phase_of(attempt.order_status));
  const bool news_is_final = is_terminal(phase_of(news.status));
  if (news_is_final && news.filled_quantity < attempt.filled_quantity) return true;
  return known_is_final && news.filled_quantity > attempt.filled_quantity;
}

bool final_states_disagree(const Attempt& attempt, const BrokerOrder& news) {
  const auto known = phase_of(attempt.order_status);
  const auto told = phase_of(news.status);
  return is_terminal(known) && is_terminal(told) && known != told;
}

// Most of what a reading of the order book brings: orders that ended long ago.
bool says_nothing_new(const Attempt& attempt, const BrokerOrder& news) {
  return attempt.filled_quantity == news.filled_quantity &&
         attempt.average_price == news.average_price && attempt.order_id == news.order_id &&
         attempt.order_status == news.status && attempt.message == news.status_message;
}

}  // namespace

Phase phase_of(std::string_view status) {
  const auto* known = find_status(status);
  return known ? known->phase : Phase::working;
}

int rank_of(std::string_view status) {
  const auto* known = find_status(status);
  return known ? known->rank : unknown_rank;
}

Merged merge(Attempt& attempt, const BrokerOrder& news, model::OrderSource source) {
  const bool another_order =
      !attempt.order_id.empty() && !news.order_id.empty() && attempt.order_id != news.order_id;
  if (another_order) return {.changed = false, .contradiction = true};

  if (says_nothing_new(attempt, news)) return {};
  const Attempt before = attempt;
  Merged merged;
  if (attempt.order_id.empty()) attempt.order_id = news.order_id;
  if (final_states_disagree(attempt, news)) {
    merged.contradiction = true;
    const bool more_was_filled = news.filled_quantity > attempt.filled_quantity;
    if (source == model::OrderSource::book && more_was_filled) replace(attempt, news);
  } else {
    merged.contradiction = fills_disagree(attempt, news);
    merge_status(attempt, news);
    merge_fill(attempt, news);
  }
  merged.changed = attempt != before;
  return merged;
}

}  // namespace hmt::oms
