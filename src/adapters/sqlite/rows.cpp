#include "sqlite/rows.h"

#include "store/detail.h"

namespace hmt::sqlite {
namespace {

using model::Leg;
using model::LegNumber;
using model::OrderTag;
using model::Trigger;

// An empty text of the model is NULL in the table.
std::optional<std::string_view> or_null(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return text;
}

template <class Enum>
std::optional<std::string_view> word_or_null(const std::optional<Enum>& value) {
  if (!value) return std::nullopt;
  return word(*value);
}

std::string_view leg_word(LegNumber leg) {
  return leg == LegNumber::one ? "1" : "2";
}

std::optional<LegNumber> leg_from_word(std::string_view text) {
  if (text == "1") return LegNumber::one;
  if (text == "2") return LegNumber::two;
  return std::nullopt;
}

std::optional<base::TradingDate> date_from_text(std::string_view text) {
  const auto midnight = base::parse_rfc3339(std::string(text) + "T00:00:00Z");
  if (!midnight) return std::nullopt;
  return base::TradingDate{static_cast<std::int32_t>(
      std::chrono::floor<std::chrono::days>(*midnight).time_since_epoch().count())};
}

Leg read_leg(Columns& in) {
  Leg leg;
  leg.product = in.word(model::from_word<model::Product>);
  leg.trigger_price = in.price();
  leg.order_price = in.optional_price();
  leg.quantity = in.integer();
  leg.state = in.word(model::from_word<model::LegState>);
  return leg;
}

constexpr int leg_column_count = 5;

void bind_leg(Statement& out, const Leg& leg) {
  out.bind(word(leg.product), leg.trigger_price, leg.order_price, leg.quantity, word(leg.state));
}

void bind_user_columns(Statement& out, const Trigger& row) {
  out.bind(row.broker_connection_id, row.parent_id, std::string_view(row.trading_symbol),
           word(row.exchange), static_cast<std::int64_t>(row.instrument_token), word(row.condition),
           word(row.side), word_or_null(row.direction), word(row.on_unknown),
           word_or_null(row.purpose));
  bind_leg(out, row.leg_1);
  if (row.leg_2) {
    bind_leg(out, *row.leg_2);
  } else {
    out.bind(std::nullopt, std::nullopt, std::nullopt, std::nullopt, word(model::LegState::armed));
  }
  out.bind(or_null(row.error_message), row.version, row.updated_at, row.expires_at);
}

const std::string user_columns =
    "broker_connection_id, parent_id, trading_symbol, exchange, instrument_token, condition_type, "
    "transaction_type, direction, on_unknown, purpose, "
    "product_type_1, trigger_price_1, order_price_1, quantity_1, leg_1_state, "
    "product_type_2, trigger_price_2, order_price_2, quantity_2, leg_2_state, "
    "error_message, version, updated_at, expires_at";

const std::string user_marks = "?,?,?,?,?,?,?,?,?,?, ?,?,?,?,?, ?,?,?,?,?, ?,?,?,?";

const std::string attempt_values =
    "trigger_id, user_id, broker_connection_id, fire_no, attempt_no, leg, lease_epoch, "
    "trading_date, exchange, trading_symbol, transaction_type, order_type, product_type, quantity, "
    "price, market_protection, seen_price, seen_exchange_time, seen_trade_time, seen_connection, "
    "seen_at, seen_after_gap, rule, state, order_id, order_status, message, filled_quantity, "
    "average_price, created_at, forwarded_at, answered_at";

const std::string attempt_marks =
    "?,?,?,?,?,?,?, ?,?,?,?,?,?,?, ?,?,?,?,?,?, ?,?,?,?,?,?,?,?, ?,?,?,?";

// "a, b" as "excluded.a, excluded.b".
std::string as_excluded(const std::string& columns) {
  std::string out = "excluded.";
  for (const char c : columns) {
    out.push_back(c);
    if (c == ' ') out += "excluded.";
  }
  return out;
}

void bind_evidence(Statement& out, const model::Evidence& evidence) {
  out.bind(evidence.last_price, static_cast<std::int64_t>(evidence.exchange_time),
           static_cast<std::int64_t>(evidence.last_trade_time),
           static_cast<std::int64_t>(evidence.connection_epoch), evidence.received_at,
           static_cast<std::int64_t>(evidence.after_gap), std::string_view(evidence.rule));
}

model::Evidence read_evidence(Columns& in) {
  model::Evidence evidence;
  evidence.last_price = in.price();
  evidence.exchange_time = static_cast<std::uint32_t>(in.integer());
  evidence.last_trade_time = static_cast<std::uint32_t>(in.integer());
  evidence.connection_epoch = static_cast<std::uint32_t>(in.integer());
  evidence.received_at = in.instant();
  evidence.after_gap = in.integer() != 0;
  evidence.rule = in.text();
  return evidence;
}

model::OrderRequest read_request(Columns& in) {
  model::OrderRequest request;
  request.exchange = in.word(model::from_word<model::Exchange>);
  request.trading_symbol = in.text();
  request.side = in.word(model::from_word<model::Side>);
  request.type = in.word(model::from_word<model::OrderType>);
  request.product = in.word(model::from_word<model::Product>);
  request.quantity = in.integer();
  request.price = in.optional_price();
  request.market_protection = in.integer() != 0;
  return request;
}

model::Severity severity_from(std::string_view text) {
  if (text == "alarm") return model::Severity::alarm;
  return text == "warning" ? model::Severity::warning : model::Severity::info;
}

}  // namespace

const std::string trigger_columns =
    "number, id, user_id, " + user_columns +
    ", status, triggered_at, triggered_leg, triggered_price, order_id, order_status, "
    "filled_quantity, average_price, fire_no, created_at";

const std::string attempt_columns = "tag, " + attempt_values;

const std::string audit_columns =
    "number, at, event, severity, actor, user_id, trigger_id, tag, detail";

const std::string connection_columns =
    "id, user_id, broker, name, account, sealed_api_key, sealed_api_secret, sealed_access_token, "
    "session_expires_at, enabled, version, created_at, updated_at";

store::ReadRow read_trigger(const Statement& statement, Trigger& row) {
  auto in = statement.columns();
  store::ReadRow out;
  out.number = in.integer();
  row.id = in.id<model::TriggerId>();
  row.user_id = in.id<model::UserId>();
  row.broker_connection_id = in.id<model::ConnectionId>();
  row.parent_id = in.optional_id<model::GroupId>();
  row.trading_symbol = in.text();
  row.exchange = in.word(model::from_word<model::Exchange>);
  row.instrument_token = static_cast<model::InstrumentToken>(in.integer());
  row.condition = in.word(model::from_word<model::Condition>);
  row.side = in.word(model::from_word<model::Side>);
  row.direction = in.optional_word(model::from_word<model::Direction>);
  row.on_unknown = in.word(model::from_word<model::OnUnknown>);
  row.purpose = in.optional_word(model::from_word<model::Purpose>);
  row.leg_1 = read_leg(in);
  if (row.condition == model::Condition::two_leg) {
    row.leg_2 = read_leg(in);
  } else {
    for (int i = 0; i < leg_column_count; ++i) in.skip();
  }
  row.error_message = in.text();
  row.version = in.integer();
  row.updated_at = in.instant();
  row.expires_at = in.optional_instant();
  row.status = in.word(model::from_word<model::TriggerStatus>);
  row.triggered_at = in.optional_instant();
  row.triggered_leg = in.optional_word(leg_from_word);
  row.triggered_price = in.optional_price();
  row.order_id = in.text();
  row.order_status = in.text();
  row.filled_quantity = in.integer();
  row.average_price = in.optional_price();
  row.fire_no = static_cast<std::int32_t>(in.integer());
  row.created_at = in.instant();
  if (in.problem().empty()) return out;
  out.problem = in.problem();
  auto again = statement.columns();
  again.skip();
  out.name = again.text();
  return out;
}

TriggerRow read_trigger(const Statement& statement) {
  TriggerRow out;
  static_cast<store::ReadRow&>(out) = read_trigger(statement, out.trigger);
  return out;
}

model::Attempt read_attempt(const Statement& statement, std::string& problem) {
  auto in = statement.columns();
  model::Attempt out;
  out.tag = in.word(OrderTag::from_text);
  out.trigger_id = in.id<model::TriggerId>();
  out.user_id = in.id<model::UserId>();
  out.connection_id = in.id<model::ConnectionId>();
  out.fire_no = static_cast<std::int32_t>(in.integer());
  out.attempt_no = static_cast<std::int32_t>(in.integer());
  out.leg = in.word(leg_from_word);
  out.lease_epoch = in.integer();
  out.trading_date = in.word(date_from_text);
  out.request = read_request(in);
  out.request.tag = out.tag;
  out.evidence = read_evidence(in);
  out.state = in.word(model::attempt_state_from_word);
  out.order_id = in.text();
  out.order_status = in.text();
  out.message = in.text();
  out.filled_quantity = in.integer();
  out.average_price = in.optional_price();
  out.created_at = in.instant();
  out.forwarded_at = in.optional_instant();
  out.answered_at = in.optional_instant();
  problem = in.problem();
  return out;
}

store::AuditRow read_audit(const Statement& statement) {
  auto in = statement.columns();
  store::AuditRow out;
  out.number = in.integer();
  out.entry.at = in.instant();
  out.entry.event = in.text();
  out.entry.severity = severity_from(in.text());
  out.entry.actor = in.text();
  out.entry.user_id = in.optional_id<model::UserId>();
  out.entry.trigger_id = in.optional_id<model::TriggerId>();
  out.entry.tag = OrderTag::from_text(in.text()).value_or(OrderTag());
  out.entry.detail = store::read_detail(in.text());
  return out;
}

model::BrokerConnection read_connection(const Statement& statement) {
  auto in = statement.columns();
  model::BrokerConnection out;
  out.id = in.id<model::ConnectionId>();
  out.user_id = in.id<model::UserId>();
  out.broker = in.text();
  out.name = in.text();
  out.account = in.text();
  out.api_key = in.text();
  out.api_secret = in.text();
  out.access_token = in.text();
  out.session_expires_at = in.optional_instant();
  out.enabled = in.integer() != 0;
  out.version = in.integer();
  out.created_at = in.instant();
  out.updated_at = in.instant();
  return out;
}

void insert_trigger(Connection& connection, const Trigger& row) {
  static const std::string sql = "INSERT INTO hmt_gtt_orders (id, user_id, created_at, " +
                                 user_columns + ") VALUES (?,?,?, " + user_marks + ")";
  auto out = connection.statement(sql);
  out.bind(row.id, row.user_id, row.created_at);
  bind_user_columns(out, row);
  out.run();
}

void write_user_columns(Connection& connection, const Trigger& row) {
  static const std::string sql =
      "UPDATE hmt_gtt_orders SET (" + user_columns + ") = (" + user_marks + ") WHERE id = ?";
  auto out = connection.statement(sql);
  bind_user_columns(out, row);
  out.bind(row.id).run();
}

void write_engine_columns(Connection& connection, const Trigger& row) {
  auto out = connection.statement(
      "UPDATE hmt_gtt_orders SET leg_1_state = ?, leg_2_state = ?, status = ?, triggered_at = ?, "
      "triggered_leg = ?, triggered_price = ?, order_id = ?, order_status = ?, "
      "filled_quantity = ?, average_price = ?, error_message = ?, version = ?, fire_no = ?, "
      "updated_at = ? WHERE id = ?");
  std::optional<std::string_view> leg;
  if (row.triggered_leg) leg = leg_word(*row.triggered_leg);
  out.bind(word(row.leg_1.state), word(row.leg_2 ? row.leg_2->state : model::LegState::armed),
           word(row.status), row.triggered_at, leg, row.triggered_price, or_null(row.order_id),
           or_null(row.order_status), row.filled_quantity, row.average_price,
           or_null(row.error_message), row.version, static_cast<std::int64_t>(row.fire_no),
           row.updated_at, row.id);
  out.run();
}

void write_attempt(Connection& connection, const model::Attempt& attempt) {
  static const std::string sql = "INSERT INTO hmt_order_attempts (tag, " + attempt_values +
                                 ") VALUES (?, " + attempt_marks +
                                 ") ON CONFLICT (tag) DO UPDATE SET (" + attempt_values + ") = (" +
                                 as_excluded(attempt_values) + ")";
  auto out = connection.statement(sql);
  const auto& request = attempt.request;
  out.bind(std::string_view(attempt.tag), attempt.trigger_id, attempt.user_id,
           attempt.connection_id, static_cast<std::int64_t>(attempt.fire_no),
           static_cast<std::int64_t>(attempt.attempt_no), leg_word(attempt.leg),
           attempt.lease_epoch, std::string_view(attempt.trading_date.text()),
           word(request.exchange), std::string_view(request.trading_symbol), word(request.side),
           word(request.type), word(request.product), request.quantity, request.price,
           static_cast<std::int64_t>(request.market_protection));
  bind_evidence(out, attempt.evidence);
  out.bind(word(attempt.state), or_null(attempt.order_id), or_null(attempt.order_status),
           or_null(attempt.message), attempt.filled_quantity, attempt.average_price,
           attempt.created_at, attempt.forwarded_at, attempt.answered_at);
  out.run();
}

void write_connection(Connection& connection, const model::BrokerConnection& row) {
  static const std::string values =
      "user_id, broker, name, account, sealed_api_key, sealed_api_secret, sealed_access_token, "
      "session_expires_at, enabled, version, created_at, updated_at";
  static const std::string marks = "?,?,?,?,?,?,?,?,?,?,?,?";
  static const std::string sql = "INSERT INTO broker_connections (id, " + values + ") VALUES (?, " +
                                 marks + ") ON CONFLICT (id) DO UPDATE SET (" + values + ") = (" +
                                 marks + ")";
  auto out = connection.statement(sql);
  const auto bind_values = [&] {
    out.bind(row.user_id, std::string_view(row.broker), std::string_view(row.name),
             std::string_view(row.account), or_null(row.api_key), or_null(row.api_secret),
             or_null(row.access_token), row.session_expires_at,
             static_cast<std::int64_t>(row.enabled), row.version, row.created_at, row.updated_at);
  };
  out.bind(row.id);
  bind_values();
  bind_values();
  out.run();
}

std::int64_t insert_audit(Connection& connection, const model::AuditEntry& entry) {
  auto out = connection.statement(
      "INSERT INTO hmt_audit (at, event, severity, actor, user_id, trigger_id, tag, detail) "
      "VALUES (?,?,?,?,?,?,?,?)");
  out.bind(entry.at, std::string_view(entry.event), word(entry.severity),
           std::string_view(entry.actor), entry.user_id, entry.trigger_id, or_null(entry.tag),
           std::string_view(store::detail_text(entry.detail)));
  out.run();
  return connection.has_failed() ? 0 : connection.last_number();
}

}  // namespace hmt::sqlite
