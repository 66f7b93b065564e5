#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "model/attempt.h"
#include "sqlite/connection.h"
#include "store/recovery.h"

// Rows to values and back.
namespace hmt::sqlite {

// The columns that the read_… functions expect, in their order.
extern const std::string trigger_columns;     // of hmt_gtt_orders, `number` first
extern const std::string attempt_columns;     // of hmt_order_attempts
extern const std::string audit_columns;       // of hmt_audit, `number` first
extern const std::string connection_columns;  // of broker_connections

using store::TriggerRow;

// The row that the statement stands on, into one that is new.
store::ReadRow read_trigger(const Statement& statement, model::Trigger& row);
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
