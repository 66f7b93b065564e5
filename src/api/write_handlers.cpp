#include <utility>

#include "api/routes.h"
#include "api/trigger_drafts.h"
#include "api/views.h"

namespace hmt::api {
namespace {

using base::ErrorKind;
using base::Result;

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

// The key of the write, or the answer when it has been given before.
OrAnswer<std::optional<store::Idempotency>> begin(Service& service, const Call& call, int status) {
  if (auto ok = call.query_is_only({}); !ok) return stop_with(ok.error());
  auto begun = begin_trigger_write(service, call);
  if (!begun) return stop_with(begun.error());
  if (!begun->kept) return std::move(begun->key);
  return std::unexpected(replayed_answer(service, status, *begun->kept, call.actor()));
}

OrAnswer<Draft> new_trigger(Service& service, const Call& call) {
  const auto body = read_body(call);
  if (!body) return std::unexpected(body.error());
  return draft_creation(service, call, *body);
}

OrAnswer<Draft> changed_trigger(Service& service, const Call& call) {
  const auto id = call.trigger_id();
  if (!id) return stop_with(id.error());
  const auto body = read_body(call);
  if (!body) return std::unexpected(body.error());
  const auto version = version_of_edit(call, *body);
  if (!version) return std::unexpected(version.error());
  return draft_change(service, call, *id, *version, *body);
}

}  // namespace

void create_trigger(Service& service, Call call, net::Responder responder) {
  auto idempotency = begin(service, call, 201);
  if (!idempotency) return responder.send(std::move(idempotency.error()));
  auto draft = new_trigger(service, call);
  if (!draft) return responder.send(std::move(draft.error()));
  service.desk.create(std::move(draft->trigger), call.actor(), std::move(*idempotency),
                      answer_with(service, 201, call.actor(), std::move(responder)));
}

void edit_trigger(Service& service, Call call, net::Responder responder) {
  auto idempotency = begin(service, call, 200);
  if (!idempotency) return responder.send(std::move(idempotency.error()));
  auto draft = changed_trigger(service, call);
  if (!draft) return responder.send(std::move(draft.error()));
  service.desk.edit(std::move(draft->trigger), *draft->version, call.actor(),
                    std::move(*idempotency),
                    answer_with(service, 200, call.actor(), std::move(responder)));
}

void cancel_trigger(Service& service, Call call, net::Responder responder) {
  auto idempotency = begin(service, call, 200);
  if (!idempotency) return responder.send(std::move(idempotency.error()));
  const auto id = call.trigger_id();
  if (!id) return responder.send(error_answer(id.error()));
  const auto version = if_match(call);
  if (!version) return responder.send(error_answer(version.error()));
  service.desk.cancel(*id, *version, call.actor(), std::move(*idempotency),
                      answer_with(service, 200, call.actor(), std::move(responder)));
}

}  // namespace hmt::api
