#include <limits>

#include "api/fields.h"
#include "api/instruments.h"
#include "api/json_writer.h"
#include "api/routes.h"
#include "api/views.h"

namespace hmt::api {
namespace {

using base::Result;

std::string attempts_json(std::string_view name, const std::vector<model::Attempt>& attempts) {
  ArrayWriter list;
  for (const auto& attempt : attempts) list.add(attempt_json(attempt));
  return ObjectWriter().raw(name, list.done()).done();
}

Result<store::ListFilter> list_filter(const Call& call) {
  if (auto ok = call.query_is_only({"status", "instrument_token", "limit", "cursor"}); !ok) {
    return std::unexpected(ok.error());
  }
  store::ListFilter filter;
  if (const auto* status = call.query_value("status")) {
    filter.status = model::from_word<model::TriggerStatus>(*status);
    if (!filter.status) {
      return base::invalid("status",
                           "status is active, firing, triggered, failed, cancelled, expired or "
                           "needs_attention");
    }
  }
  if (call.query_value("instrument_token")) {
    const auto token = call.query_number("instrument_token", 0, 1,
                                         std::numeric_limits<model::InstrumentToken>::max());
    if (!token) return std::unexpected(token.error());
    filter.instrument_token = static_cast<model::InstrumentToken>(*token);
  }
  const auto limit = call.query_number("limit", 100, 1, 1000);
  if (!limit) return std::unexpected(limit.error());
  filter.limit = static_cast<std::size_t>(*limit);
  if (const auto* cursor = call.query_value("cursor")) filter.cursor = *cursor;
  return filter;
}

Result<store::AuditFilter> audit_filter(const Call& call) {
  if (auto ok = call.query_is_only({"trigger_id", "after", "before", "limit"}); !ok) {
    return std::unexpected(ok.error());
  }
  constexpr auto number_max = std::numeric_limits<std::int64_t>::max();
  store::AuditFilter filter;
  if (const auto* id = call.query_value("trigger_id")) {
    const auto parsed = model::TriggerId::parse(*id);
    if (!parsed) return base::invalid("trigger_id", parsed.error().message);
    filter.trigger = *parsed;
  }
  const auto after = call.query_number("after", 0, 0, number_max);
  const auto before = call.query_number("before", 0, 1, number_max);
  const auto limit = call.query_number("limit", 100, 1, 1000);
  for (const auto* number : {&after, &before, &limit}) {
    if (!*number) return std::unexpected(number->error());
  }
  if (call.query_value("after") && call.query_value("before")) {
    return base::invalid("before", "give after (oldest first) or before (newest first), not both");
  }
  filter.after = *after;
  if (call.query_value("before")) filter.before = *before;
  filter.limit = static_cast<std::size_t>(*limit);
  return filter;
}

Result<std::vector<const model::Instrument*>> matching(const model::Catalogue& catalogue,
                                                       const Call& call) {
  if (auto ok = call.query_is_only({"q", "instrument_token", "limit"}); !ok) {
    return std::unexpected(ok.error());
  }
  const auto limit = call.query_number("limit", 20, 1, 100);
  if (!limit) return std::unexpected(limit.error());
  if (call.query_value("instrument_token")) {
    const auto token = call.query_number("instrument_token", 0, 1,
                                         std::numeric_limits<model::InstrumentToken>::max());
    if (!token) return std::unexpected(token.error());
    const auto* found = catalogue.find(static_cast<model::InstrumentToken>(*token));
    return found ? std::vector{found} : std::vector<const model::Instrument*>{};
  }
  const auto* words = call.query_value("q");
  if (!words || words->empty() || words->size() > 100) {
    return base::invalid("q", "q is 1 to 100 characters to search for, such as NSE:INFY");
  }
  return catalogue.search(*words, static_cast<std::size_t>(*limit));
}

}  // namespace

net::HttpResponse list_triggers(Service& service, const Call& call) {
  const auto filter = list_filter(call);
  if (!filter) return error_answer(filter.error());
  const auto page = service.reader->triggers(*filter, call.actor());
  if (!page) return error_answer(page.error());
  ArrayWriter list;
  for (const auto& trigger : page->triggers) {
    list.add(trigger_json(trigger, service.desk.watch(trigger)));
  }
  ObjectWriter out;
  out.raw("triggers", list.done()).text_or_null("next_cursor", page->next_cursor);
  return json_answer(200, out.done());
}

net::HttpResponse show_trigger(Service& service, const Call& call) {
  const auto id = call.trigger_id();
  if (!id) return error_answer(id.error());
  const auto trigger = service.reader->trigger(*id, call.actor());
  if (!trigger) return error_answer(trigger.error());
  auto answer = json_answer(200, trigger_json(*trigger, service.desk.watch(*trigger)));
  answer.headers.emplace_back("ETag", "\"" + std::to_string(trigger->version) + "\"");
  return answer;
}

net::HttpResponse list_attempts(Service& service, const Call& call) {
  const auto id = call.trigger_id();
  if (!id) return error_answer(id.error());
  // Whether it is the caller's to see is the trigger's matter.
  const auto trigger = service.reader->trigger(*id, call.actor());
  if (!trigger) return error_answer(trigger.error());
  const auto attempts = service.reader->attempts(*id, call.actor());
  if (!attempts) return error_answer(attempts.error());
  return json_answer(200, attempts_json("attempts", *attempts));
}

net::HttpResponse list_orders(Service& service, const Call& call) {
  if (auto ok = call.query_is_only({"limit"}); !ok) return error_answer(ok.error());
  const auto limit = call.query_number("limit", 100, 1, 1000);
  if (!limit) return error_answer(limit.error());
  const auto orders =
      service.reader->recent_attempts(static_cast<std::size_t>(*limit), call.actor());
  if (!orders) return error_answer(orders.error());
  return json_answer(200, attempts_json("orders", *orders));
}

net::HttpResponse list_audit(Service& service, const Call& call) {
  const auto filter = audit_filter(call);
  if (!filter) return error_answer(filter.error());
  const auto rows = service.reader->audit(*filter, call.actor());
  if (!rows) return error_answer(rows.error());
  ArrayWriter list;
  for (const auto& row : *rows) list.add(audit_json(row));
  ObjectWriter out;
  out.raw("audit", list.done());
  const bool full = rows->size() == filter->limit;
  full ? out.number("next", rows->back().number) : out.null("next");
  return json_answer(200, out.done());
}

net::HttpResponse search_instruments(Service& service, const Call& call) {
  const auto catalogue = instruments_of_today(service.desk);
  if (!catalogue) return error_answer(catalogue.error());
  const auto found = matching(**catalogue, call);
  if (!found) return error_answer(found.error());
  ArrayWriter list;
  for (const auto* instrument : *found) {
    list.add(instrument_json(*instrument, service.desk.last_price(instrument->token)));
  }
  return json_answer(200, ObjectWriter().raw("instruments", list.done()).done());
}

}  // namespace hmt::api
