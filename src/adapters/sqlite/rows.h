#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "model/attempt.h"
#include "sqlite/connection.h"
#include "store/store.h"

// Rows to values and back.
namespace hmt::sqlite {

// The columns that the read_… functions expect, in their order.
extern const std::string trigger_columns;     // of hmt_gtt_orders, `number` first
extern const std::string attempt_columns;     // of hmt_order_attempts
extern const std::string audit_columns;       // of hmt_audit, `number` first
extern const std::string connection_columns;  // of broker_connections

struct TriggerRow {
  std::int64_t number = 0;
  model::Trigger trigger;
  std::string problem;  // empty: the row can be read
  std::string name;     // of one that cannot: its id as the table has it
};

TriggerRow read_trigger(const Statement& statement);
model::Attempt read_attempt(const Statement& statement, std::string& problem);
store::AuditRow read_audit(const Statement& statement);
model::BrokerConnection read_connection(const Statement& statement);

void insert_trigger(Connection& connection, const model::Trigger& row);
void write_user_columns(Connection& connection, const model::Trigger& row);
void write_engine_columns(Connection& connection, const model::Trigger& row);
// Inserted, or replaced by tag.
void write_attempt(Connection& connection, const model::Attempt& attempt);
// Inserted, or replaced by id.
void write_connection(Connection& connection, const model::BrokerConnection& row);
// The number of the new row.
std::int64_t insert_audit(Connection& connection, const model::AuditEntry& entry);

}  // namespace hmt::sqlite
