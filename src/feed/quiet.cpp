#include "feed/quiet.h"

#include <algorithm>

namespace hmt::feed {

void Quiet::opened(base::Duration now) {
  waits_from_ = now;
  brought_ = false;
  if (!since_) since_ = now;
}

void Quiet::nothing_to_come(base::Duration now) {
  since_ = waits_from_ = now;
  given_up_ = 0;
}

void Quiet::packet(bool answers, base::Duration now) {
  since_ = waits_from_ = now;
  brought_ = true;
  given_up_ = 0;
  if (!answers) doubled_ = 0;
}

base::Duration Quiet::patience(const QuietRules& rules) const {
  return brought_ ? std::min(rules.patience * (1 << doubled_), rules.patience_max) : rules.patience;
}

bool Quiet::is_too_long(base::Duration now, const QuietRules& rules) const {
  return waits(now) >= patience(rules);
}

void Quiet::given_up(const QuietRules& rules) {
  if (brought_ && rules.patience * (1 << doubled_) < rules.patience_max) ++doubled_;
  ++given_up_;
}

std::optional<base::Duration> Quiet::lasts(base::Duration now, const QuietRules& rules) const {
  const bool is_unanswered = given_up_ == 1 && waits(now) >= rules.answer_max;
  if (given_up_ < 2 && !is_unanswered) return std::nullopt;
  return now - since_.value_or(now);
}

}  // namespace hmt::feed
