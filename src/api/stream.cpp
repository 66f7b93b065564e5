#include "api/stream.h"

#include <algorithm>
#include <limits>
#include <ranges>
#include <utility>

#include "api/answer.h"
#include "api/fields.h"
#include "api/json_value.h"
#include "api/json_writer.h"
#include "api/secret.h"
#include "api/stream_frames.h"
#include "api/views.h"

namespace hmt::api {
namespace {

constexpr auto tick_period = std::chrono::milliseconds(50);
constexpr std::uint64_t ticks_per_second = 20;
// Above the first no more prices are sent, above the second no more events: they wait until the
// listener has taken what it was sent.
constexpr std::size_t queued_for_prices_max = 256 << 10;
constexpr std::size_t queued_for_events_max = 1 << 20;
constexpr int stalled_seconds_max = 10;
constexpr int frames_per_second_max = 20;
constexpr int farewell_seconds = 5;  // for a close frame to be answered

}  // namespace

struct StreamHub::Stream {
  StreamId id = 0;
  Identity identity;
  net::WebSocket socket;
  bool is_open = false;
  std::optional<int> seconds_since_end;  // a close frame is on its way

  std::int64_t seen = 0;  // events up to this number were sent or are not wanted
  bool waiting = false;   // more events are there than its queue may hold
  bool resuming = false;  // says so when it has caught up
  bool wants_triggers = true;
  bool wants_orders = true;
  bool wants_stats = true;
  std::vector<model::InstrumentToken> tokens;
  std::map<model::InstrumentToken, runtime::LivePrice> sent;

  std::optional<store::TriggerCounts> own;  // of a user's stream, as of event `counted_at`
  std::int64_t counted_at = 0;

  int frames_this_second = 0;
  int seconds_stalled = 0;
  std::size_t queued_before = 0;

  bool is_live() const { return is_open && !seconds_since_end; }
};

StreamHub::StreamHub(net::Loop& loop, runtime::Desk& desk, store::Reader& reader, std::string build,
                     std::string ui_build)
    : loop_(loop),
      desk_(desk),
      reader_(reader),
      build_(std::move(build)),
      ui_build_(std::move(ui_build)) {}

StreamHub::~StreamHub() = default;

base::Result<void> StreamHub::room_for(const Identity& identity) const {
  const auto of_user = std::ranges::count_if(streams_, [&](const auto& stream) {
    return stream.second->identity.actor.user == identity.actor.user;
  });
  const bool has_five =
      !identity.is_operator() && static_cast<std::size_t>(of_user) >= streams_per_user_max;
  if (has_five || streams_.size() >= streams_max) {
    return base::fail(base::ErrorKind::exhausted,
                      "too many live streams are open: close one, 5 for each user are the most");
  }
  return {};
}

base::Result<void> StreamHub::open(net::Responder responder, Identity identity,
                                   std::optional<std::int64_t> resume_after) {
  const auto last = reader_.last_event();
  if (!last) return std::unexpected(last.error());
  heard_ = std::max(heard_, *last);
  auto stream = std::make_unique<Stream>();
  stream->id = ++last_id_;
  stream->identity = std::move(identity);
  stream->seen = resume_after.value_or(heard_);
  stream->resuming = resume_after.has_value();
  auto& kept = *streams_.emplace(stream->id, std::move(stream)).first->second;
  net::WebSocketOptions options;
  options.message_bytes_max = 16 << 10;
  kept.socket = responder.accept_web_socket(handlers_for(kept.id), options);
  start_ticking();
  return {};
}

net::WebSocketHandlers StreamHub::handlers_for(StreamId id) {
  const auto weak = weak_from_this();
  net::WebSocketHandlers handlers;
  handlers.on_open = [weak, id] {
    if (const auto hub = weak.lock()) hub->opened(id);
  };
  handlers.on_text = [weak, id](std::string_view text) {
    if (const auto hub = weak.lock()) hub->said(id, text);
  };
  handlers.on_binary = [weak, id](std::span<const std::uint8_t>) {
    const auto hub = weak.lock();
    if (!hub) return;
    const auto found = hub->streams_.find(id);
    if (found != hub->streams_.end()) hub->end(*found->second, 1003, "frames are JSON text");
  };
  handlers.on_closed = [weak, id](const net::WebSocketClosed&) {
    if (const auto hub = weak.lock()) hub->closed(id);
  };
  return handlers;
}

void StreamHub::opened(StreamId id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  auto& stream = *found->second;
  stream.is_open = true;
  stream.socket.send_text(hello_frame(build_, ui_build_, random_token().substr(0, 16), stream.seen,
                                      loop_.now(), view_of(stream)));
  pump(stream);
  pages_.clear();
}

void StreamHub::closed(StreamId id) {
  desk_.want_prices(id, {});
  streams_.erase(id);
}

void StreamHub::said(StreamId id, std::string_view text) {
  const auto found = streams_.find(id);
  if (found == streams_.end() || !found->second->is_live()) return;
  auto& stream = *found->second;
  if (++stream.frames_this_second > frames_per_second_max) {
    return end(stream, 1008, "too many frames in one second");
  }
  const auto frame = read_json(text, {.depth = 4});
  if (!frame) return complain(stream, frame.error().message, frame.error().field);
  const auto* type = frame->find("t");
  if (type && type->text == "sub") return subscribe(stream, *frame);
  if (type && type->text == "resume") return resume(stream, *frame);
  complain(stream, "a frame is {\"t\":\"sub\",…} or {\"t\":\"resume\",…}", "t");
}

void StreamHub::subscribe(Stream& stream, const JsonValue& frame) {
  const auto wanted = read_subscription(frame, tokens_max);
  if (!wanted) return complain(stream, wanted.error().message, wanted.error().field);
  if (wanted->channels) {
    stream.wants_triggers = wanted->channels->triggers;
    stream.wants_orders = wanted->channels->orders;
    stream.wants_stats = wanted->channels->stats;
  }
  if (!wanted->tokens) return;
  stream.tokens = *wanted->tokens;
  stream.sent.clear();
  desk_.want_prices(stream.id, stream.tokens);
}

void StreamHub::resume(Stream& stream, const JsonValue& frame) {
  const auto* seq = frame.find("seq");
  const bool readable = seq && seq->is(JsonValue::Kind::number);
  const auto after = readable ? whole_number(seq->text, 0, std::numeric_limits<std::int64_t>::max())
                              : std::optional<std::int64_t>{};
  if (!after) return complain(stream, "seq is the number of the last event that was seen", "seq");
  stream.seen = *after;
  stream.resuming = true;
  pump(stream);
  pages_.clear();
}

void StreamHub::complain(Stream& stream, std::string_view message, std::string_view field) {
  ObjectWriter out;
  out.text("t", "error").members_of(error_json("invalid", message, field));
  stream.socket.send_text(out.done());
}

void StreamHub::end(Stream& stream, int code, std::string_view why) {
  if (stream.seconds_since_end) return;
  stream.seconds_since_end = 0;
  stream.socket.close(code, why);
}

void StreamHub::close_all() {
  for (const auto& stream : streams_ | std::views::values) {
    end(*stream, 1001, "the engine is going away");
  }
}

void StreamHub::heard(std::int64_t number) {
  heard_ = std::max(heard_, number);
  if (pump_posted_ || streams_.empty()) return;
  pump_posted_ = true;
  loop_.post([weak = weak_from_this()] {
    const auto hub = weak.lock();
    if (!hub) return;
    hub->pump_posted_ = false;
    hub->pump_all(false);
  });
}

void StreamHub::pump_all(bool only_waiting) {
  for (const auto& stream : streams_ | std::views::values) {
    if (!only_waiting || stream->waiting) pump(*stream);
  }
  pages_.clear();
}

// At the moment that it ends, not at the next look: what happens after it is told to nobody.
void StreamHub::end_with_its_sign_in(Stream& stream) {
  if (stream.identity.has_ended(loop_.now())) end(stream, close_sign_in_again, "sign in again");
}

// Sends what the stream has not seen yet, as far as its queue allows.
void StreamHub::pump(Stream& stream) {
  if (stream.is_live()) end_with_its_sign_in(stream);
  if (!stream.is_live()) return;
  if (stream.seen > heard_ || heard_ - stream.seen > events_behind_max) {
    return end(stream, close_read_afresh, "read afresh: these events are not kept for the stream");
  }
  stream.waiting = false;
  while (stream.seen < heard_) {
    stream.waiting = stream.socket.queued_bytes() > queued_for_events_max;
    if (stream.waiting) return;
    const auto* page = page_after(stream);
    if (!page) return;
    for (const auto& event : page->events) {
      if (stream.wants_triggers && !event.trigger.empty()) stream.socket.send_text(event.trigger);
      if (stream.wants_orders && !event.order.empty()) stream.socket.send_text(event.order);
      if (!event.other.empty()) stream.socket.send_text(event.other);
      stream.seen = event.number;
    }
    if (page->last) stream.seen = std::max(stream.seen, heard_);
  }
  if (std::exchange(stream.resuming, false)) {
    stream.socket.send_text(resumed_frame(stream.seen));
  }
  heard_ = std::max(heard_, stream.seen);
}

// Null when the store cannot be read now: every second it is tried again.
const EventPage* StreamHub::page_after(const Stream& stream) {
  const auto& actor = stream.identity.actor;
  const std::pair key(actor.user ? actor.user->text() : std::string(), stream.seen);
  if (const auto known = pages_.find(key); known != pages_.end()) return &known->second;
  auto page = read_events(reader_, desk_, actor, stream.seen);
  if (!page) return nullptr;
  return &pages_.emplace(key, std::move(*page)).first->second;
}

void StreamHub::start_ticking() {
  if (std::exchange(ticking_, true)) return;
  loop_.after(tick_period, [weak = weak_from_this()] {
    if (const auto hub = weak.lock()) hub->tick();
  });
}

void StreamHub::tick() {
  ticking_ = false;
  if (streams_.empty()) return;
  for (const auto& stream : streams_ | std::views::values) end_with_its_sign_in(*stream);
  send_prices();
  if (++ticks_ % ticks_per_second == 0) {
    every_second();
  } else {
    pump_all(true);
  }
  start_ticking();
}

// A user's counts are read again only when something has happened since.
EngineView StreamHub::view_of(Stream& stream) {
  const auto& actor = stream.identity.actor;
  if (!actor.user) return {desk_.standing()};
  if (!stream.own || stream.counted_at != heard_) {
    stream.own = engine_view(desk_, reader_, actor).own;
    stream.counted_at = heard_;
  }
  return {desk_.standing_of(*actor.user), false, stream.own};
}

void StreamHub::every_second() {
  pump_all(false);
  const auto stats = stat_frame({desk_.standing()});
  const auto heartbeat = heartbeat_frame(loop_.now());
  for (const auto& stream : streams_ | std::views::values) {
    watch_health(*stream);
    if (!stream->is_live() || stream->socket.queued_bytes() > queued_for_prices_max) continue;
    if (stream->wants_stats) {
      const bool all = stream->identity.is_operator();
      stream->socket.send_text(all ? stats : stat_frame(view_of(*stream)));
    }
    stream->socket.send_text(heartbeat);
  }
}

// Who does not read or does not answer a close goes.
void StreamHub::watch_health(Stream& stream) {
  stream.frames_this_second = 0;
  if (stream.seconds_since_end) {
    if (++*stream.seconds_since_end > farewell_seconds) stream.socket.drop();
    return;
  }
  const auto queued = stream.socket.queued_bytes();
  const bool stalls = queued > queued_for_prices_max && queued >= stream.queued_before;
  stream.seconds_stalled = stalls ? stream.seconds_stalled + 1 : 0;
  stream.queued_before = queued;
  if (stream.seconds_stalled > stalled_seconds_max) {
    end(stream, close_read_afresh, "read afresh: this connection is too slow");
  }
}

void StreamHub::send_prices() {
  for (const auto& stream : streams_ | std::views::values) {
    if (stream->is_live() && !stream->tokens.empty()) send_prices(*stream);
  }
}

void StreamHub::send_prices(Stream& stream) {
  if (stream.socket.queued_bytes() > queued_for_prices_max) return;
  std::vector<runtime::LivePrice> changed;
  for (const auto token : stream.tokens) {
    const auto price = desk_.last_price(token);
    if (!price) continue;
    auto [known, is_new] = stream.sent.try_emplace(token, *price);
    if (!is_new && known->second == *price) continue;
    known->second = *price;
    changed.push_back(*price);
  }
  if (!changed.empty()) stream.socket.send_text(price_frame(changed));
}

}  // namespace hmt::api
