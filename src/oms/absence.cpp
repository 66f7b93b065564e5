#include "oms/absence.h"

namespace hmt::oms {

AbsenceProof::AbsenceProof(AbsenceRule rule, base::Instant last_byte_at)
    : rule_(rule), last_byte_at_(last_byte_at) {}

void AbsenceProof::add_reading(base::Instant started_at) {
  if (started_at <= last_byte_at_) return;  // the order may have arrived after it
  if (readings_ > 0 && started_at - last_counted_ < rule_.spacing) return;
  last_counted_ = started_at;
  ++readings_;
  if (started_at - last_byte_at_ > rule_.window) after_window_ = true;
}

void AbsenceProof::clock_stepped(base::Duration by) {
  last_byte_at_ += by;
  last_counted_ += by;
}

bool AbsenceProof::shown() const {
  const bool begun = last_byte_at_ != base::Instant{};
  return begun && readings_ >= rule_.readings_min && after_window_;
}

}  // namespace hmt::oms
