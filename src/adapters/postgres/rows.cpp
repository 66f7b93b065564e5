#include "postgres/rows.h"

#include <utility>

#include "store/detail.h"

namespace hmt::postgres {
namespace {

using model::Leg;
using model::LegNumber;
using model::OrderTag;
using model::Trigger;

constexpr std::string_view nil = "'00000000-0000-0000-0000-000000000000'";

std::string or_nil(std::string_view column) {
  return "coalesce(" + std::string(column) + ", " + std::string(nil) + ")";
}

// Exactly, as a whole number.
std::string instant_of(std::string_view column) {
  return "(extract(epoch FROM " + std::string(column) + ") * 1000000)::bigint AS " +
         std::string(column);
}

// With no more zeros than there are digits.
std::string price_of(std::string_view column) {
  return "trim_scale(" + std::string(column) + ") AS " + std::string(column);
}

std::string as_it_is(std::string_view column) {
  return std::string(column);
}

using Expression = std::string (*)(std::string_view column);

std::string leg_columns(const std::string& n, Expression price) {
  return "product_type_" + n + ", " + price("trigger_price_" + n) + ", " +
         price("order_price_" + n) + ", quantity_" + n + ", leg_" + n + "_state";
}

std::string columns_of_triggers(Expression instant, Expression price) {
  return "number, id, " + or_nil("user_id") + ", " + or_nil("broker_connection_id") +
         ", parent_id, trading_symbol, exchange, instrument_token, condition_type, "
         "transaction_type, direction, on_unknown, purpose, " +
         leg_columns("1", price) + ", " + leg_columns("2", price) + ", error_message, version, " +
         instant("updated_at") + ", " + instant("expires_at") + ", status, " +
         instant("triggered_at") + ", triggered_leg, " + price("triggered_price") +
         ", order_id, order_status, filled_quantity, " + price("average_price") + ", fire_no, " +
         instant("created_at");
}

template <class Enum>
std::optional<std::string_view> word_or_null(const std::optional<Enum>& value) {
  if (!value) return std::nullopt;
  return word(*value);
}

std::string_view leg_word(LegNumber leg) {
  return leg == LegNumber::one ? "1" : "2";
}

std::optional<std::string_view> leg_word_or_null(const std::optional<LegNumber>& leg) {
  if (!leg) return std::nullopt;
  return leg_word(*leg);
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

model::Severity severity_from(std::string_view text) {
  if (text == "alarm") return model::Severity::alarm;
  return text == "warning" ? model::Severity::warning : model::Severity::info;
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

model::Evidence read_evidence(Columns& in) {
  model::Evidence evidence;
  evidence.last_price = in.price();
  evidence.exchange_time = static_cast<std::uint32_t>(in.integer());
  evidence.last_trade_time = static_cast<std::uint32_t>(in.integer());
  evidence.connection_epoch = static_cast<std::uint32_t>(in.integer());
  evidence.received_at = in.instant();
  evidence.after_gap = in.flag();
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
  request.market_protection = in.flag();
  return request;
}

Shape shape_of(std::initializer_list<std::pair<std::string_view, std::string_view>> columns) {
  Shape out;
  for (const auto& [name, type] : columns) {
    out.names.emplace_back(name);
    out.types.emplace_back(type);
  }
  return out;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

std::string marks(const std::vector<std::string>& types, int first, std::string_view suffix) {
  std::vector<std::string> parts;
  for (const auto& type : types) {
    parts.push_back("$" + std::to_string(first++) + "::" + type + std::string(suffix));
  }
  return joined(parts);
}

void add_leg(Fields& out, const Leg& leg) {
  out.add(word(leg.product), leg.trigger_price, leg.order_price, leg.quantity);
}

}  // namespace

std::optional<std::string_view> or_null(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return text;
}

std::string Shape::list() const {
  return joined(names);
}

std::string Shape::assignments() const {
  std::vector<std::string> parts;
  for (const auto& name : names) parts.push_back(name + " = u." + name);
  parts.erase(parts.begin());
  return joined(parts);
}

std::string Shape::arrays(int first) const {
  return marks(types, first, "[]");
}

std::string Shape::values(int first) const {
  return marks(types, first, "");
}

// ---- what is read

const std::string trigger_columns = columns_of_triggers(instant_of, price_of);

const std::string binary_trigger_columns = columns_of_triggers(as_it_is, as_it_is);

const std::string attempt_columns =
    "tag, trigger_id, " + or_nil("user_id") + ", " + or_nil("broker_connection_id") +
    ", fire_no, attempt_no, leg, lease_epoch, trading_date, exchange, trading_symbol, "
    "transaction_type, order_type, product_type, quantity, " +
    price_of("price") + ", market_protection, " + price_of("seen_price") +
    ", seen_exchange_time, seen_trade_time, seen_connection, " + instant_of("seen_at") +
    ", seen_after_gap, rule, state, order_id, order_status, message, filled_quantity, " +
    price_of("average_price") + ", " + instant_of("created_at") + ", " +
    instant_of("forwarded_at") + ", " + instant_of("answered_at");

const std::string audit_columns =
    "number, " + instant_of("at") + ", event, severity, actor, user_id, trigger_id, tag, detail";

const std::string connection_columns = "id, " + or_nil("user_id") + ", broker, name, account, " +
                                       instant_of("session_expires_at") + ", enabled, version, " +
                                       instant_of("created_at") + ", " + instant_of("updated_at");

const std::string sealed_columns = "sealed_api_key, sealed_api_secret, sealed_access_token";

store::ReadRow read_trigger(Columns in, Trigger& row) {
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
  out.problem = in.problem();
  return out;
}

TriggerRow read_trigger(Columns in) {
  TriggerRow out;
  static_cast<store::ReadRow&>(out) = read_trigger(std::move(in), out.trigger);
  return out;
}

model::Attempt read_attempt(Columns in, std::string& problem) {
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

store::AuditRow read_audit(Columns in) {
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

model::BrokerConnection read_connection(Columns& in) {
  model::BrokerConnection out;
  out.id = in.id<model::ConnectionId>();
  out.user_id = in.id<model::UserId>();
  out.broker = in.text();
  out.name = in.text();
  out.account = in.text();
  out.session_expires_at = in.optional_instant();
  out.enabled = in.flag();
  out.version = in.integer();
  out.created_at = in.instant();
  out.updated_at = in.instant();
  return out;
}

void read_sealed(Columns& in, model::BrokerConnection& out) {
  out.api_key = in.text();
  out.api_secret = in.text();
  out.access_token = in.text();
}

// ---- what is written

const Shape user_shape = shape_of({{"id", "uuid"},
                                   {"broker_connection_id", "uuid"},
                                   {"parent_id", "uuid"},
                                   {"trading_symbol", "text"},
                                   {"exchange", "text"},
                                   {"instrument_token", "bigint"},
                                   {"condition_type", "text"},
                                   {"transaction_type", "text"},
                                   {"direction", "text"},
                                   {"on_unknown", "text"},
                                   {"purpose", "text"},
                                   {"expires_at", "timestamptz"},
                                   {"product_type_1", "text"},
                                   {"trigger_price_1", "numeric"},
                                   {"order_price_1", "numeric"},
                                   {"quantity_1", "bigint"},
                                   {"product_type_2", "text"},
                                   {"trigger_price_2", "numeric"},
                                   {"order_price_2", "numeric"},
                                   {"quantity_2", "bigint"}});

Fields user_fields(const Trigger& row) {
  Fields out(row.id, or_null(row.broker_connection_id), row.parent_id, row.trading_symbol,
             word(row.exchange), row.instrument_token, word(row.condition), word(row.side),
             word_or_null(row.direction), word(row.on_unknown), word_or_null(row.purpose),
             row.expires_at);
  add_leg(out, row.leg_1);
  if (row.leg_2) {
    add_leg(out, *row.leg_2);
  } else {
    out.add(std::nullopt, std::nullopt, std::nullopt, std::nullopt);
  }
  return out;
}

const Shape engine_shape = shape_of({{"id", "uuid"},
                                     {"leg_1_state", "text"},
                                     {"leg_2_state", "text"},
                                     {"status", "text"},
                                     {"triggered_at", "timestamptz"},
                                     {"triggered_leg", "text"},
                                     {"triggered_price", "numeric"},
                                     {"order_id", "text"},
                                     {"order_status", "text"},
                                     {"filled_quantity", "bigint"},
                                     {"average_price", "numeric"},
                                     {"error_message", "text"},
                                     {"version", "bigint"},
                                     {"fire_no", "int"},
                                     {"created_at", "timestamptz"},
                                     {"updated_at", "timestamptz"}});

Fields engine_fields(const Trigger& row) {
  return Fields(
      row.id, word(row.leg_1.state), word(row.leg_2 ? row.leg_2->state : model::LegState::armed),
      word(row.status), row.triggered_at, leg_word_or_null(row.triggered_leg), row.triggered_price,
      or_null(row.order_id), or_null(row.order_status), row.filled_quantity, row.average_price,
      or_null(row.error_message), row.version, row.fire_no, row.created_at, row.updated_at);
}

const Shape attempt_shape = shape_of({{"tag", "text"},
                                      {"trigger_id", "uuid"},
                                      {"user_id", "uuid"},
                                      {"fire_no", "int"},
                                      {"attempt_no", "int"},
                                      {"broker_connection_id", "uuid"},
                                      {"leg", "text"},
                                      {"lease_epoch", "bigint"},
                                      {"trading_date", "date"},
                                      {"exchange", "text"},
                                      {"trading_symbol", "text"},
                                      {"transaction_type", "text"},
                                      {"order_type", "text"},
                                      {"product_type", "text"},
                                      {"quantity", "bigint"},
                                      {"price", "numeric"},
                                      {"market_protection", "boolean"},
                                      {"seen_price", "numeric"},
                                      {"seen_exchange_time", "bigint"},
                                      {"seen_trade_time", "bigint"},
                                      {"seen_connection", "bigint"},
                                      {"seen_at", "timestamptz"},
                                      {"seen_after_gap", "boolean"},
                                      {"rule", "text"},
                                      {"state", "text"},
                                      {"order_id", "text"},
                                      {"order_status", "text"},
                                      {"message", "text"},
                                      {"filled_quantity", "bigint"},
                                      {"average_price", "numeric"},
                                      {"created_at", "timestamptz"},
                                      {"forwarded_at", "timestamptz"},
                                      {"answered_at", "timestamptz"}});

Fields attempt_fields(const model::Attempt& attempt) {
  const auto& request = attempt.request;
  const auto& seen = attempt.evidence;
  return Fields(attempt.tag, attempt.trigger_id, or_null(attempt.user_id), attempt.fire_no,
                attempt.attempt_no, or_null(attempt.connection_id), leg_word(attempt.leg),
                attempt.lease_epoch, attempt.trading_date, word(request.exchange),
                request.trading_symbol, word(request.side), word(request.type),
                word(request.product), request.quantity, request.price, request.market_protection,
                seen.last_price, seen.exchange_time, seen.last_trade_time, seen.connection_epoch,
                seen.received_at, seen.after_gap, seen.rule, word(attempt.state),
                or_null(attempt.order_id), or_null(attempt.order_status), or_null(attempt.message),
                attempt.filled_quantity, attempt.average_price, attempt.created_at,
                attempt.forwarded_at, attempt.answered_at);
}

const Shape audit_shape = shape_of({{"at", "timestamptz"},
                                    {"event", "text"},
                                    {"severity", "text"},
                                    {"actor", "text"},
                                    {"user_id", "uuid"},
                                    {"trigger_id", "uuid"},
                                    {"tag", "text"},
                                    {"detail", "json"}});

Fields audit_fields(const model::AuditEntry& entry) {
  return Fields(entry.at, entry.event, word(entry.severity), entry.actor, entry.user_id,
                entry.trigger_id, or_null(std::string_view(entry.tag)),
                store::detail_text(entry.detail));
}

const Shape connection_shape = shape_of({{"id", "uuid"},
                                         {"user_id", "uuid"},
                                         {"broker", "text"},
                                         {"name", "text"},
                                         {"account", "text"},
                                         {"sealed_api_key", "text"},
                                         {"sealed_api_secret", "text"},
                                         {"sealed_access_token", "text"},
                                         {"session_expires_at", "timestamptz"},
                                         {"enabled", "boolean"},
                                         {"version", "bigint"},
                                         {"created_at", "timestamptz"},
                                         {"updated_at", "timestamptz"}});

Fields connection_fields(const model::BrokerConnection& row) {
  return Fields(row.id, or_null(row.user_id), row.broker, row.name, row.account,
                or_null(row.api_key), or_null(row.api_secret), or_null(row.access_token),
                row.session_expires_at, row.enabled, row.version, row.created_at, row.updated_at);
}

void as_kept(Trigger& row) {
  for (auto* at : {&row.created_at, &row.updated_at}) *at = to_microseconds(*at);
  for (auto* at : {&row.triggered_at, &row.expires_at}) {
    if (*at) *at = to_microseconds(**at);
  }
}

}  // namespace hmt::postgres
