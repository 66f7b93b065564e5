#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/attempt.h"
#include "postgres/fields.h"
#include "postgres/link.h"
#include "store/recovery.h"

// Rows to values and back. What SQL must name, it names from here.
namespace hmt::postgres {

// The columns that the read_… functions expect, in their order.
extern const std::string trigger_columns;         // of hmt_gtt_orders, `number` first
extern const std::string binary_trigger_columns;  // the same, where binary values are asked for
extern const std::string attempt_columns;         // of hmt_order_attempts
extern const std::string audit_columns;           // of hmt_audit, `number` first
extern const std::string connection_columns;      // of broker_connections, without the sealed ones
extern const std::string sealed_columns;

using store::TriggerRow;

// Into a row that is new.
store::ReadRow read_trigger(Columns in, model::Trigger& row);
TriggerRow read_trigger(Columns in);
model::Attempt read_attempt(Columns in, std::string& problem);
store::AuditRow read_audit(Columns in);
model::BrokerConnection read_connection(Columns& in);
void read_sealed(Columns& in, model::BrokerConnection& out);

// A nil id of the model is NULL in the table.
template <class Identifier>
std::optional<Identifier> or_null(const Identifier& id) {
  if (id.uuid.is_nil()) return std::nullopt;
  return id;
}
std::optional<std::string_view> or_null(std::string_view text);
inline std::optional<std::string_view> or_null(const std::string& text) {
  return or_null(std::string_view(text));
}

// The columns of each kind of write: their names with their types, and a row's values in the same
// order.
struct Shape {
  std::vector<std::string> names;
  std::vector<std::string> types;

  int count() const { return static_cast<int>(names.size()); }
  std::string list() const;                 // "a, b"
  std::string assignments() const;          // "b = u.b": all but the first
  std::string arrays(int first = 1) const;  // "$1::text[], $2::bigint[]"
  std::string values(int first = 1) const;  // "$1::text, $2::bigint"
};

extern const Shape user_shape;     // id first; what a user may write
extern const Shape engine_shape;   // id first; what the engine writes of a row that it has read
extern const Shape attempt_shape;  // tag first
extern const Shape audit_shape;
extern const Shape connection_shape;

Fields user_fields(const model::Trigger& row);
Fields engine_fields(const model::Trigger& row);
Fields attempt_fields(const model::Attempt& attempt);
Fields audit_fields(const model::AuditEntry& entry);
Fields connection_fields(const model::BrokerConnection& connection);

// As the table will hold it: instants have microseconds.
void as_kept(model::Trigger& row);

}  // namespace hmt::postgres
