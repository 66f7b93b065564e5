#include "model/instrument.h"

#include <algorithm>
#include <limits>

namespace hmt::model {
namespace {

std::int64_t raw_per_wire_unit(Segment segment) {
  return Price::one_rupee / wire_units_per_rupee(segment);
}

WirePrice clamp_to_wire(std::int64_t value) {
  return static_cast<WirePrice>(
      std::clamp<std::int64_t>(value, 0, std::numeric_limits<WirePrice>::max()));
}

}  // namespace

std::optional<Segment> segment_of(InstrumentToken token) {
  const auto byte = token & 0xFF;
  if (byte < 1 || byte > 9) return std::nullopt;
  return static_cast<Segment>(byte);
}

std::uint32_t wire_units_per_rupee(Segment segment) {
  if (segment == Segment::cds) return 10'000'000;
  if (segment == Segment::bcd) return 10'000;
  return 100;
}

Price price_from_wire(WirePrice wire, Segment segment) {
  return Price::from_raw(wire * raw_per_wire_unit(segment));
}

WirePrice wire_at_or_above(Price price, Segment segment) {
  const auto unit = raw_per_wire_unit(segment);
  return clamp_to_wire(price.raw() <= 0 ? 0 : (price.raw() + unit - 1) / unit);
}

WirePrice wire_at_or_below(Price price, Segment segment) {
  return clamp_to_wire(price.raw() / raw_per_wire_unit(segment));
}

}  // namespace hmt::model
