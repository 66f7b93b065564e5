#include "api/trigger_drafts.h"

#include <utility>

#include "api/instruments.h"
#include "api/own_connection.h"
#include "api/secret.h"

namespace hmt::api {
namespace {

using base::ErrorKind;

// A level that lies behind the last price would fire at once: that has to be wanted.
std::optional<net::HttpResponse> refuse_crossed(const runtime::Desk& desk, const Draft& draft,
                                                const model::Trigger* before) {
  if (draft.fire_if_crossed) return std::nullopt;
  const auto live = desk.last_price(draft.trigger.instrument_token);
  if (!live || !live->fresh) return std::nullopt;
  const auto field = crossed_field(draft.trigger, before, live->last);
  if (!field) return std::nullopt;
  return error_answer(409, "already_crossed",
                      "the last price " + live->last.text() + " has reached " + *field +
                          " already, so it would fire at once: move it, or say "
                          "\"fire_if_crossed\": true",
                      *field);
}

}  // namespace

OrAnswer<Draft> draft_creation(Service& service, const Call& call, const JsonValue& body) {
  if (!call.identity->owns_rows) {
    return std::unexpected(error_answer(403, "forbidden",
                                        "the operator of many users owns no triggers: sign in as "
                                        "the user whose it shall be"));
  }
  const auto catalogue = instruments_of_today(service.desk);
  if (!catalogue) return stop_with(catalogue.error());
  const auto now = service.loop.now();
  auto draft = draft_new(body, **catalogue, now);
  if (!draft) return stop_with(draft.error());
  if (auto ok = choose_connection(service, call, body, draft->trigger); !ok) {
    return stop_with(ok.error());
  }
  if (auto crossed = refuse_crossed(service.desk, *draft, nullptr)) {
    return std::unexpected(std::move(*crossed));
  }
  auto& trigger = draft->trigger;
  trigger.id = {random_uuid()};
  trigger.user_id = call.identity->owner();
  trigger.created_at = trigger.updated_at = now;
  return std::move(*draft);
}

OrAnswer<Draft> draft_change(Service& service, const Call& call, model::TriggerId id,
                             std::int64_t version, const JsonValue& body) {
  const auto current = service.reader->trigger(id, call.actor());
  if (!current) return stop_with(current.error());
  if (current->status != model::TriggerStatus::active) {
    return stop_with({ErrorKind::conflict,
                      "the trigger is " + std::string(word(current->status)) +
                          ": only an active one can be changed",
                      "status"});
  }
  if (current->version != version) {
    return stop_with({ErrorKind::conflict,
                      "the trigger has changed since it was read: it is at version " +
                          std::to_string(current->version),
                      "version"});
  }
  const auto catalogue = instruments_of_today(service.desk);
  if (!catalogue) return stop_with(catalogue.error());
  auto draft = draft_edit(body, *current, **catalogue, service.loop.now());
  if (!draft) return stop_with(draft.error());
  if (auto crossed = refuse_crossed(service.desk, *draft, &*current)) {
    return std::unexpected(std::move(*crossed));
  }
  draft->version = version;
  return std::move(*draft);
}

}  // namespace hmt::api
