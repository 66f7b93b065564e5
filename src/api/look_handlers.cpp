#include <limits>

#include "api/fields.h"
#include "api/instruments.h"
#include "api/json_writer.h"
#include "api/routes.h"
#include "api/views.h"
#include "api/why.h"

// What people look at beside the rows: why, how fast, and past prices.
namespace hmt::api {
namespace {

using base::Result;

constexpr std::size_t events_max = 1000;  // of one trigger; more are in the trail

// Errors: as the reader's.
Result<Why> read_why(Service& service, const Call& call) {
  const auto id = call.trigger_id();
  if (!id) return std::unexpected(id.error());
  auto trigger = service.reader->trigger(*id, call.actor());
  if (!trigger) return std::unexpected(trigger.error());
  auto attempts = service.reader->attempts(*id, call.actor());
  if (!attempts) return std::unexpected(attempts.error());
  store::AuditFilter filter;
  filter.trigger = *id;
  filter.limit = events_max;
  auto events = service.reader->audit(filter, call.actor());
  if (!events) return std::unexpected(events.error());
  Why why{std::move(*trigger), {}, std::move(*attempts), std::move(*events), {}};
  why.watch = service.desk.watch(why.trigger);
  return why;
}

std::int64_t microseconds(base::Duration duration) {
  return duration / std::chrono::microseconds(1);
}

// The tag names somebody's order: it is the operator's to see.
std::string stage_json(runtime::Stage stage, const runtime::StageTimes& times, bool with_tag) {
  ArrayWriter buckets;
  for (const auto& bucket : times.buckets) {
    ArrayWriter entry;
    entry.add(std::to_string(microseconds(bucket.from)));
    entry.add(std::to_string(microseconds(bucket.until)));
    buckets.add(entry.add(std::to_string(bucket.count)).done());
  }
  ObjectWriter out;
  out.text("stage", word(stage)).number("count", times.count);
  out.number("p50_us", microseconds(times.p50)).number("p90_us", microseconds(times.p90));
  out.number("p99_us", microseconds(times.p99)).number("p999_us", microseconds(times.p999));
  out.number("max_us", microseconds(times.max));
  out.text_or_null("max_tag", with_tag ? times.max_tag : "");
  return out.raw("buckets", buckets.done()).done();
}

std::string performance_json(const runtime::Performance& performance, bool with_tags) {
  ArrayWriter stages;
  for (std::size_t stage = 0; stage < runtime::stages; ++stage) {
    stages.add(
        stage_json(static_cast<runtime::Stage>(stage), performance.of_stage.at(stage), with_tags));
  }
  ArrayWriter minutes;
  for (const auto& minute : performance.minutes) {
    ObjectWriter entry;
    entry.instant("at", minute.at).number("ticks", minute.ticks).number("fires", minute.fires);
    minutes.add(entry.number("feed_losses", minute.feed_losses).done());
  }
  ObjectWriter out;
  out.instant("since", performance.since).raw("stages", stages.done());
  return out.raw("minutes", minutes.done()).done();
}

struct IntervalWord {
  std::string_view word;
  model::Interval interval;
  base::Duration span_max;
};

constexpr auto one_day = std::chrono::hours(24);
constexpr IntervalWord intervals[] = {{"minute", model::Interval::minute, 60 * one_day},
                                      {"5minute", model::Interval::five_minutes, 100 * one_day},
                                      {"15minute", model::Interval::fifteen_minutes, 200 * one_day},
                                      {"day", model::Interval::day, 2000 * one_day}};

struct CandleRequest {
  const model::Instrument* instrument = nullptr;
  std::shared_ptr<const model::Catalogue> catalogue;  // holds it
  IntervalWord interval;
  base::Instant from{};
  base::Instant until{};
};

Result<base::Instant> moment(const Call& call, std::string_view name, base::Instant otherwise) {
  const auto* text = call.query_value(name);
  if (!text) return otherwise;
  const auto at = base::parse_rfc3339(*text);
  if (at) return *at;
  return base::invalid(std::string(name),
                       std::string(name) + " is a time such as 2026-11-23T03:45:00Z");
}

Result<IntervalWord> interval_of(const Call& call) {
  const auto* text = call.query_value("interval");
  for (const auto& known : intervals) {
    if (!text || *text == known.word) return known;
  }
  return base::invalid("interval", "interval is minute, 5minute, 15minute or day");
}

Result<const model::Instrument*> instrument_of(const Call& call,
                                               const model::Catalogue& catalogue) {
  const auto token =
      whole_number(call.parameters.front(), 1, std::numeric_limits<model::InstrumentToken>::max());
  const auto* found = token ? catalogue.find(static_cast<model::InstrumentToken>(*token)) : nullptr;
  if (found) return found;
  return base::fail(base::ErrorKind::not_found, "the day's list has no instrument with this token");
}

Result<CandleRequest> candle_request(Service& service, const Call& call) {
  if (auto ok = call.query_is_only({"interval", "from", "to"}); !ok) {
    return std::unexpected(ok.error());
  }
  CandleRequest out;
  auto catalogue = instruments_of_today(service.desk);
  if (!catalogue) return std::unexpected(catalogue.error());
  out.catalogue = *catalogue;
  const auto instrument = instrument_of(call, *out.catalogue);
  if (!instrument) return std::unexpected(instrument.error());
  out.instrument = *instrument;
  const auto interval = interval_of(call);
  if (!interval) return std::unexpected(interval.error());
  out.interval = *interval;
  const auto until = moment(call, "to", service.loop.now());
  if (!until) return std::unexpected(until.error());
  const auto from = moment(call, "from", *until - one_day);
  if (!from) return std::unexpected(from.error());
  if (*from >= *until || *until - *from > interval->span_max) {
    return base::invalid("from", "from is before to, by at most " +
                                     std::to_string(interval->span_max / one_day) + " days");
  }
  out.from = *from;
  out.until = *until;
  return out;
}

std::string candles_json(const CandleRequest& request, const runtime::Candles& candles) {
  ArrayWriter list;
  for (const auto& candle : candles.candles) {
    ArrayWriter entry;
    entry.add(std::to_string(epoch_milliseconds(candle.start)));
    for (const auto price : {candle.open, candle.high, candle.low, candle.close}) {
      entry.add(price.text());
    }
    list.add(entry.add(candle.volume ? std::to_string(*candle.volume) : "null").done());
  }
  ObjectWriter out;
  out.number("instrument_token", request.instrument->token);
  out.text("interval", request.interval.word);
  out.text("source", candles.source == runtime::CandleSource::broker ? "broker" : "ticks");
  out.text_or_null("why_not_broker", candles.why_not_broker);
  return out.raw("candles", list.done()).done();
}

}  // namespace

void explain_trigger(Service& service, Call call, net::Responder responder) {
  auto why = read_why(service, call);
  if (!why) return responder.send(error_answer(why.error()));
  const auto trigger = why->trigger;
  service.desk.approach(trigger, [why = std::move(*why), responder = std::move(responder)](
                                     Result<runtime::Approach> approach) mutable {
    if (!approach) return responder.send(error_answer(approach.error()));
    why.approach = std::move(*approach);
    responder.send(json_answer(200, why_json(why)));
  });
}

net::HttpResponse show_performance(Service& service, const Call& call) {
  if (auto ok = call.query_is_only({"minutes"}); !ok) return error_answer(ok.error());
  const auto minutes = call.query_number("minutes", 60, 1, 1440);
  if (!minutes) return error_answer(minutes.error());
  const auto performance = service.desk.performance(static_cast<int>(*minutes));
  return json_answer(200, performance_json(performance, call.identity->is_operator()));
}

void show_candles(Service& service, Call call, net::Responder responder) {
  auto request = candle_request(service, call);
  if (!request) return responder.send(error_answer(request.error()));
  const auto token = request->instrument->token;
  service.desk.candles(
      token, request->interval.interval, request->from, request->until, call.actor(),
      [request = *request,
       responder = std::move(responder)](Result<runtime::Candles> candles) mutable {
        if (!candles) return responder.send(error_answer(candles.error()));
        responder.send(json_answer(200, candles_json(request, *candles)));
      });
}

}  // namespace hmt::api
