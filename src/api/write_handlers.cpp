#include <utility>

#include "api/commands.h"
#include "api/instruments.h"
#include "api/own_connection.h"
#include "api/routes.h"
#include "api/secret.h"
#include "api/views.h"
#include "api/writes.h"

namespace hmt::api {
namespace {

using base::ErrorKind;
using base::Result;

Result<std::optional<store::Idempotency>> idempotency_of(const Call& call) {
  const auto key = idempotency_key(call);
  if (!key) return std::unexpected(key.error());
  if (!*key) return std::nullopt;
  const auto& request = call.incoming.request;
  const auto hash = sha256_hex(request.method + '\n' + request.target + '\n' +
                               std::string(call.header("If-Match")) + '\n' + request.body);
  return store::Idempotency{**key, hash, stored_trigger_json};
}

net::HttpResponse trigger_answer(int status, const model::Trigger& trigger,
                                 const runtime::Watch& watch) {
  auto answer = json_answer(status, trigger_json(trigger, watch));
  answer.headers.emplace_back("ETag", "\"" + std::to_string(trigger.version) + "\"");
  if (status == 201)
    answer.headers.emplace_back("Location", "/api/v1/triggers/" + trigger.id.text());
  return answer;
}

// The first answer again. What the engine knows of the trigger is as of now.
net::HttpResponse replayed_answer(Service& service, int status, const std::string& kept,
                                  const store::Actor& actor) {
  const auto row = read_json(kept);
  const auto* id = row ? row->find("id") : nullptr;
  const auto* version = row ? row->find("version") : nullptr;
  if (!id || !version) return error_answer(500, "corrupt", "the kept answer cannot be read");
  runtime::Watch watch;
  if (const auto parsed = model::TriggerId::parse(id->text)) {
    const auto now = service.reader->trigger(*parsed, actor);
    if (now) watch = service.desk.watch(*now);
  }
  auto answer = json_answer(status, trigger_json(kept, watch));
  answer.headers.emplace_back("ETag", "\"" + version->text + "\"");
  answer.headers.emplace_back("Idempotency-Replayed", "true");
  if (status == 201) answer.headers.emplace_back("Location", "/api/v1/triggers/" + id->text);
  return answer;
}

runtime::Done<store::Written> answer_with(Service& service, int status, store::Actor actor,
                                          net::Responder responder) {
  return [weak = service.weak_from_this(), status, actor = std::move(actor),
          responder = std::move(responder)](Result<store::Written> written) mutable {
    const auto alive = weak.lock();
    if (!alive) return;
    if (!written) return responder.send(error_answer(written.error()));
    if (written->replayed) {
      return responder.send(replayed_answer(*alive, status, *written->replayed, actor));
    }
    responder.send(trigger_answer(status, written->trigger, alive->desk.watch(written->trigger)));
  };
}

// What every write has: its key, and the answer when it has been given before.
OrAnswer<std::optional<store::Idempotency>> begin_write(Service& service, const Call& call,
                                                        int status) {
  if (auto ok = call.query_is_only({}); !ok) return stop_with(ok.error());
  auto idempotency = idempotency_of(call);
  if (!idempotency) return stop_with(idempotency.error());
  if (*idempotency) {
    const auto kept = service.reader->kept_answer((*idempotency)->key, (*idempotency)->request_hash,
                                                  call.actor());
    if (!kept) return stop_with(kept.error());
    if (*kept) return std::unexpected(replayed_answer(service, status, **kept, call.actor()));
  }
  return std::move(*idempotency);
}

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

OrAnswer<Draft> draft_creation(Service& service, const Call& call) {
  const auto body = read_body(call);
  if (!body) return std::unexpected(body.error());
  const auto catalogue = instruments_of_today(service.desk);
  if (!catalogue) return stop_with(catalogue.error());
  const auto now = service.loop.now();
  auto draft = draft_new(*body, **catalogue, now);
  if (!draft) return stop_with(draft.error());
  if (auto ok = choose_connection(service, call, *body, draft->trigger); !ok) {
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

OrAnswer<Draft> draft_change(Service& service, const Call& call) {
  const auto id = call.trigger_id();
  if (!id) return stop_with(id.error());
  const auto body = read_body(call);
  if (!body) return std::unexpected(body.error());
  const auto version = version_of_edit(call, *body);
  if (!version) return std::unexpected(version.error());
  const auto current = service.reader->trigger(*id, call.actor());
  if (!current) return stop_with(current.error());
  if (current->status != model::TriggerStatus::active) {
    return stop_with({ErrorKind::conflict,
                      "the trigger is " + std::string(word(current->status)) +
                          ": only an active one can be changed",
                      "status"});
  }
  if (current->version != *version) {
    return stop_with({ErrorKind::conflict,
                      "the trigger has changed since it was read: it is at version " +
                          std::to_string(current->version),
                      "version"});
  }
  const auto catalogue = instruments_of_today(service.desk);
  if (!catalogue) return stop_with(catalogue.error());
  auto draft = draft_edit(*body, *current, **catalogue, service.loop.now());
  if (!draft) return stop_with(draft.error());
  if (auto crossed = refuse_crossed(service.desk, *draft, &*current)) {
    return std::unexpected(std::move(*crossed));
  }
  draft->version = *version;
  return std::move(*draft);
}

}  // namespace

void create_trigger(Service& service, Call call, net::Responder responder) {
  if (!call.identity->owns_rows) {
    return responder.send(error_answer(403, "forbidden",
                                       "the operator of many users owns no triggers: sign in as "
                                       "the user whose it shall be"));
  }
  auto idempotency = begin_write(service, call, 201);
  if (!idempotency) return responder.send(std::move(idempotency.error()));
  auto draft = draft_creation(service, call);
  if (!draft) return responder.send(std::move(draft.error()));
  service.desk.create(std::move(draft->trigger), call.actor(), std::move(*idempotency),
                      answer_with(service, 201, call.actor(), std::move(responder)));
}

void edit_trigger(Service& service, Call call, net::Responder responder) {
  auto idempotency = begin_write(service, call, 200);
  if (!idempotency) return responder.send(std::move(idempotency.error()));
  auto draft = draft_change(service, call);
  if (!draft) return responder.send(std::move(draft.error()));
  service.desk.edit(std::move(draft->trigger), *draft->version, call.actor(),
                    std::move(*idempotency),
                    answer_with(service, 200, call.actor(), std::move(responder)));
}

void cancel_trigger(Service& service, Call call, net::Responder responder) {
  auto idempotency = begin_write(service, call, 200);
  if (!idempotency) return responder.send(std::move(idempotency.error()));
  const auto id = call.trigger_id();
  if (!id) return responder.send(error_answer(id.error()));
  const auto version = if_match(call);
  if (!version) return responder.send(error_answer(version.error()));
  service.desk.cancel(*id, *version, call.actor(), std::move(*idempotency),
                      answer_with(service, 200, call.actor(), std::move(responder)));
}

}  // namespace hmt::api
