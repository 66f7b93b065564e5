#pragma once
#include <string>

#include "sim/call.h"
#include "sim/orders.h"

namespace hmt::sim {

// The form fields of a placement and of a modification (kite-protocol 3.2). Unknown fields are
// passed over. Errors: InputException naming the field.
Answer<PlaceRequest> read_placement(const std::string& variety, const Fields& form);
Answer<ModifyRequest> read_modification(const Fields& form);

}  // namespace hmt::sim
