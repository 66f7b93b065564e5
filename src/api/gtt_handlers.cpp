#include <limits>
#include <utility>

#include "api/fields.h"
#include "api/gtt_answers.h"
#include "api/gtt_form.h"
#include "api/gtt_views.h"
#include "api/instruments.h"
#include "api/json_writer.h"
#include "api/routes.h"
#include "api/trigger_drafts.h"
#include "store/rules.h"

// Kite's GTT routes: the doors of /api/v1/triggers, for clients that speak Kite's words.
namespace hmt::api {
namespace {

using base::ErrorKind;
using base::Result;

constexpr base::Duration shown_after_the_end = std::chrono::days(7);  // as Kite does
constexpr std::size_t list_max = 1000;                                // the largest page

// ---- what is asked

// The number in the path. No number is like one that nobody has.
Result<std::int64_t> number_in(const Call& call) {
  const auto number =
      whole_number(call.parameters.front(), 1, std::numeric_limits<std::int64_t>::max());
  if (number) return *number;
  return base::fail(ErrorKind::not_found, "there is no such trigger");
}

// Some clients repeat the number of the path in the query.
Result<void> check_query(const Call& call) {
  if (auto ok = call.query_is_only({"trigger_id"}); !ok) return ok;
  const auto* number = call.query_value("trigger_id");
  const bool same = !number || (!call.parameters.empty() && *number == call.parameters.front());
  if (same) return {};
  return base::invalid("trigger_id", "`trigger_id` is another than the address's");
}

struct Asked {
  std::int64_t number = 0;
  model::TriggerId id;
};

Result<Asked> trigger_asked_for(Service& service, const Call& call) {
  if (auto ok = check_query(call); !ok) return std::unexpected(ok.error());
  const auto number = number_in(call);
  if (!number) return std::unexpected(number.error());
  const auto id = service.reader->numbered(*number, call.actor());
  if (!id) return std::unexpected(id.error());
  return Asked{*number, *id};
}

Result<Gtt> gtt_in(const Call& call) {
  const auto type = call.header("Content-Type");
  if (!type.starts_with("application/x-www-form-urlencoded")) {
    return base::invalid("", "send the body as Content-Type: application/x-www-form-urlencoded");
  }
  const auto form = net::parse_form(call.incoming.request.body);
  if (!form) return std::unexpected(form.error());
  return read_gtt(*form, call.parameters.empty() ? "" : call.parameters.front());
}

// ---- what is shown

// Besides people, only a group whose other member has fired ends a trigger.
Result<bool> was_taken_by_group(Service& service, const Call& call, const model::Trigger& trigger) {
  if (trigger.status != model::TriggerStatus::cancelled || !trigger.parent_id) return false;
  store::AuditFilter filter;
  filter.trigger = trigger.id;
  filter.before = std::numeric_limits<std::int64_t>::max();
  const auto trail = service.reader->audit(filter, call.actor());
  if (!trail) return std::unexpected(trail.error());
  for (const auto& row : *trail) {
    if (row.entry.event == "cancelled") return row.entry.actor == "engine";
  }
  return false;
}

Result<std::string> shown(Service& service, const Call& call, std::int64_t number,
                          const model::Trigger& trigger) {
  const auto taken = was_taken_by_group(service, call, trigger);
  if (!taken) return std::unexpected(taken.error());
  GttView view{number, trigger, {}, service.desk.watch(trigger).last_price, *taken};
  if (trigger.fire_no > 0) {
    auto attempts = service.reader->attempts(trigger.id, call.actor());
    if (!attempts) return std::unexpected(attempts.error());
    view.attempts = std::move(*attempts);
  }
  return gtt_json(view);
}

Result<std::string> all_shown(Service& service, const Call& call) {
  if (auto ok = call.query_is_only({}); !ok) return std::unexpected(ok.error());
  store::ListFilter filter;
  filter.open_or_since = service.loop.now() - shown_after_the_end;
  filter.limit = list_max;
  const auto page = service.reader->triggers(filter, call.actor());
  if (!page) return std::unexpected(page.error());
  if (!page->next_cursor.empty()) {
    return base::invalid("", "these are more than " + std::to_string(list_max) +
                                 " triggers, and this list has no pages: read /api/v1/triggers");
  }
  ArrayWriter out;
  for (std::size_t i = 0; i < page->triggers.size(); ++i) {
    const auto gtt = shown(service, call, page->numbers[i], page->triggers[i]);
    if (!gtt) return std::unexpected(gtt.error());
    out.add(*gtt);
  }
  return out.done();
}

// ---- what is written

net::HttpResponse number_answer(Service& service, model::TriggerId id, const store::Actor& actor) {
  // After a creation alone: who modifies or deletes has told the number.
  const auto number = service.reader->number_of(id, actor);
  if (number) return trigger_id_answer(*number);
  if (number.error().kind != ErrorKind::unavailable) return in_kites_words(number.error());
  return in_kites_words({ErrorKind::unavailable,
                         "the trigger is placed, and its number cannot be read at this moment: "
                         "look for it in GET /gtt/triggers before you place another"});
}

// The first answer again: the trigger that was written then.
net::HttpResponse replayed_answer(Service& service, const std::string& kept,
                                  const store::Actor& actor, std::optional<std::int64_t> number) {
  if (number) return trigger_id_answer(*number);
  const auto row = read_json(kept);
  const auto* id = row ? row->find("id") : nullptr;
  const auto parsed = id ? model::TriggerId::parse(id->text) : base::fail(ErrorKind::corrupt, "");
  if (parsed) return number_answer(service, *parsed, actor);
  return in_kites_words({ErrorKind::corrupt, "the kept answer cannot be read"});
}

// `number`: the trigger's, where it is known.
runtime::Done<store::Written> answer_with_number(Service& service, store::Actor actor,
                                                 std::optional<std::int64_t> number,
                                                 net::Responder responder) {
  return [weak = service.weak_from_this(), actor = std::move(actor), number,
          responder = std::move(responder)](Result<store::Written> written) mutable {
    const auto alive = weak.lock();
    if (!alive) return;
    if (!written) return responder.send(in_kites_words(written.error()));
    if (written->replayed) {
      return responder.send(replayed_answer(*alive, *written->replayed, actor, number));
    }
    if (number) return responder.send(trigger_id_answer(*number));
    responder.send(number_answer(*alive, written->trigger.id, actor));
  };
}

// The key of the write, or the answer when it has been given before.
OrAnswer<std::optional<store::Idempotency>> begin(Service& service, const Call& call,
                                                  std::optional<std::int64_t> number = {}) {
  auto begun = begin_trigger_write(service, call);
  if (!begun) return std::unexpected(in_kites_words(begun.error()));
  if (!begun->kept) return std::move(begun->key);
  return std::unexpected(replayed_answer(service, *begun->kept, call.actor(), number));
}

OrAnswer<Draft> new_gtt(Service& service, const Call& call) {
  const auto gtt = gtt_in(call);
  if (!gtt) return std::unexpected(in_kites_words(gtt.error()));
  auto draft = draft_creation(service, call, creation_of(*gtt));
  if (!draft) return std::unexpected(in_kites_words(draft.error(), gtt->target_first));
  auto& trigger = draft->trigger;
  const auto catalogue = instruments_of_today(service.desk);
  const auto* instrument =
      catalogue ? (*catalogue)->find(trigger.exchange, trigger.trading_symbol) : nullptr;
  trigger.expires_at = gtt_expiry(instrument, trigger.created_at);
  return draft;
}

// To Kite a modification puts all of it in place anew; to us a leg whose order was refused stays
// failed until something of it changes.
Result<void> check_replaces(const model::Trigger& current, const model::Trigger& edited) {
  for (const auto number : {model::LegNumber::one, model::LegNumber::two}) {
    if (number == model::LegNumber::two && (!current.leg_2 || !edited.leg_2)) continue;
    const auto& before = current.leg(number);
    if (before.state != model::LegState::failed || !store::same_order(before, edited.leg(number)))
      continue;
    return base::invalid("orders",
                         "the order at " + before.trigger_price.text() +
                             " was refused, and stays so while it is the same: change a value of "
                             "it, or delete the trigger and place another");
  }
  return {};
}

// Kite's modification names no version: it is of the trigger as it stands now.
OrAnswer<Draft> modified_gtt(Service& service, const Call& call, const Asked& asked) {
  const auto gtt = gtt_in(call);
  if (!gtt) return std::unexpected(in_kites_words(gtt.error()));
  const auto current = service.reader->trigger(asked.id, call.actor());
  if (!current) return std::unexpected(in_kites_words(current.error()));
  const auto body = change_of(*gtt, *current);
  if (!body) return std::unexpected(in_kites_words(body.error()));
  auto draft = draft_change(service, call, asked.id, current->version, *body);
  if (!draft) return std::unexpected(in_kites_words(draft.error(), gtt->target_first));
  if (auto whole = check_replaces(*current, draft->trigger); !whole) {
    return std::unexpected(in_kites_words(whole.error()));
  }
  return draft;
}

}  // namespace

net::HttpResponse list_gtts(Service& service, const Call& call) {
  const auto list = all_shown(service, call);
  return list ? gtt_answer(*list) : in_kites_words(list.error());
}

net::HttpResponse show_gtt(Service& service, const Call& call) {
  const auto asked = trigger_asked_for(service, call);
  if (!asked) return in_kites_words(asked.error());
  const auto trigger = service.reader->trigger(asked->id, call.actor());
  if (!trigger) return in_kites_words(trigger.error());
  const auto gtt = shown(service, call, asked->number, *trigger);
  return gtt ? gtt_answer(*gtt) : in_kites_words(gtt.error());
}

void place_gtt(Service& service, Call call, net::Responder responder) {
  if (auto ok = call.query_is_only({}); !ok) return responder.send(in_kites_words(ok.error()));
  auto idempotency = begin(service, call);
  if (!idempotency) return responder.send(std::move(idempotency.error()));
  auto draft = new_gtt(service, call);
  if (!draft) return responder.send(std::move(draft.error()));
  service.desk.create(std::move(draft->trigger), call.actor(), std::move(*idempotency),
                      answer_with_number(service, call.actor(), {}, std::move(responder)));
}

void modify_gtt(Service& service, Call call, net::Responder responder) {
  const auto asked = trigger_asked_for(service, call);
  if (!asked) return responder.send(in_kites_words(asked.error()));
  auto idempotency = begin(service, call, asked->number);
  if (!idempotency) return responder.send(std::move(idempotency.error()));
  auto draft = modified_gtt(service, call, *asked);
  if (!draft) return responder.send(std::move(draft.error()));
  service.desk.edit(std::move(draft->trigger), *draft->version, call.actor(),
                    std::move(*idempotency),
                    answer_with_number(service, call.actor(), asked->number, std::move(responder)));
}

void delete_gtt(Service& service, Call call, net::Responder responder) {
  const auto asked = trigger_asked_for(service, call);
  if (!asked) return responder.send(in_kites_words(asked.error()));
  auto idempotency = begin(service, call, asked->number);
  if (!idempotency) return responder.send(std::move(idempotency.error()));
  service.desk.cancel(
      asked->id, {}, call.actor(), std::move(*idempotency),
      answer_with_number(service, call.actor(), asked->number, std::move(responder)));
}

}  // namespace hmt::api
