#include "net/http_client.h"

#include <algorithm>
#include <deque>
#include <unordered_set>
#include <utility>

#include "net/http_exchange.h"
#include "net/http_link.h"
#include "net/http_wire.h"
#include "net/loop_core.h"

namespace hmt::net {
namespace {

// Requests that wait for one of the kept connections, or are under way. More is refused.
constexpr std::size_t outstanding_max = 1024;
// Between attempts to open a spare connection to a server that does not keep one.
constexpr base::Duration spare_pause_min = std::chrono::seconds(1);
constexpr base::Duration spare_pause_max = std::chrono::seconds(30);
constexpr base::Duration spare_age_fair = std::chrono::seconds(5);

using LinkReady = std::move_only_function<void(std::shared_ptr<Link>, std::string)>;

}  // namespace

struct HttpClient::State : std::enable_shared_from_this<State> {
  State(Loop& a_loop, Origin an_origin, ClientOptions some_options)
      : loop(a_loop),
        origin(std::move(an_origin)),
        options(std::move(some_options)),
        host(host_header(origin)),
        spare_timer(a_loop.core().io) {}

  void begin(HttpRequest request, bool once, std::move_only_function<bool()> last_check,
             HttpDone done);
  void open(LinkReady ready);

  void start_kept(const std::shared_ptr<Exchange>& exchange);
  void open_kept(const std::shared_ptr<Exchange>& exchange);
  void kept_is_gone();
  void release_kept(std::shared_ptr<Link> link);
  std::shared_ptr<Link> take_kept();

  bool send_on_spare(const std::shared_ptr<Exchange>& exchange);
  void start_once(const std::shared_ptr<Exchange>& exchange);
  std::shared_ptr<Link> take_spare();
  void keep_spare(const std::shared_ptr<Link>& link);
  void lose_spare(const std::shared_ptr<Link>& link);
  void fill_spares();
  void fill_spares_after(base::Duration pause);
  void drop_old_spares();

  void shut_down();

  Loop& loop;
  Origin origin;
  ClientOptions options;
  std::string host;
  std::unordered_set<std::shared_ptr<Exchange>> outstanding;
  std::unordered_set<std::shared_ptr<Link>> opening;
  std::vector<std::shared_ptr<Link>> kept;  // idle ones
  std::size_t kept_total = 0;               // idle, busy and opening
  std::deque<std::shared_ptr<Exchange>> waiting;
  std::vector<std::shared_ptr<Link>> spares;  // the oldest first
  std::size_t spares_opening = 0;
  bool spares_wanted = false;
  base::Duration spare_pause = spare_pause_min;
  asio::steady_timer spare_timer;
  bool shut = false;
};

void HttpClient::State::begin(HttpRequest request, bool once,
                              std::move_only_function<bool()> last_check, HttpDone done) {
  const auto refuse = [&](std::string why) {
    loop.post([done = std::move(done), why = std::move(why)]() mutable {
      done({Reach::not_sent, {}, std::move(why), {}});
    });
  };
  if (shut) return refuse("the client was shut down");
  if (outstanding.size() >= outstanding_max) return refuse("too many requests are under way");
  if (!is_sendable(request.target, request.headers) || !is_sendable("/", {{request.method, ""}})) {
    return refuse("the target or a header has a character that it may not");
  }
  auto wire =
      request_on_wire(request, origin.path, host, once ? AfterAnswer::close : AfterAnswer::keep);
  auto exchange = std::make_shared<Exchange>(loop, std::move(wire), request.method == "HEAD",
                                             options, std::move(done));
  exchange->once = once;
  exchange->step = request.step;
  exchange->last_check = std::move(last_check);
  exchange->released = [self = shared_from_this()](const std::shared_ptr<Exchange>& over,
                                                   std::shared_ptr<Link> link) {
    self->outstanding.erase(over);
    if (over->once && link) return self->keep_spare(link);
    if (over->held_link) self->release_kept(std::move(link));
  };
  outstanding.insert(exchange);
  exchange->start_clock();
  if (once && send_on_spare(exchange)) return;
  loop.post([self = shared_from_this(), exchange] {
    if (exchange->is_over()) return;
    if (exchange->once) return self->start_once(exchange);
    self->start_kept(exchange);
  });
}

void HttpClient::State::open(LinkReady ready) {
  auto link = std::make_shared<Link>(loop, loop.steady());
  opening.insert(link);
  auto timeout = std::make_shared<asio::steady_timer>(loop.core().io, options.connect_timeout);
  auto timed_out = std::make_shared<bool>(false);
  timeout->async_wait([link, timed_out](ErrorCode error) {
    if (error) return;
    *timed_out = true;
    link->close();
  });
  open_stream(loop, link->stream, origin, options.ca_file,
              [self = shared_from_this(), link, timeout, timed_out,
               ready = std::move(ready)](std::string failure) mutable {
                timeout->cancel();
                self->opening.erase(link);
                if (*timed_out) failure = "cannot connect in time";
                if (failure.empty() && !link->is_usable())
                  failure = "closed as soon as it was open";
                if (!failure.empty()) link->close();
                ready(failure.empty() ? link : nullptr, std::move(failure));
              });
}

void HttpClient::State::start_kept(const std::shared_ptr<Exchange>& exchange) {
  if (auto link = take_kept()) {
    exchange->held_link = true;
    return exchange->send_on(std::move(link));
  }
  if (kept_total < options.connections_max) return open_kept(exchange);
  waiting.push_back(exchange);
}

void HttpClient::State::open_kept(const std::shared_ptr<Exchange>& exchange) {
  ++kept_total;
  open([self = shared_from_this(), exchange](std::shared_ptr<Link> link, std::string failure) {
    if (self->shut) return;
    if (!link) {
      exchange->fail(std::move(failure));
      return self->kept_is_gone();
    }
    if (exchange->is_over()) return self->release_kept(std::move(link));
    exchange->held_link = true;
    exchange->send_on(std::move(link));
  });
}

void HttpClient::State::kept_is_gone() {
  --kept_total;
  while (!waiting.empty() && kept_total < options.connections_max) {
    const auto next = std::move(waiting.front());
    waiting.pop_front();
    if (!next->is_over()) open_kept(next);
  }
}

// Null: the connection ended with its exchange.
void HttpClient::State::release_kept(std::shared_ptr<Link> link) {
  if (shut) {
    if (link) link->close();
    return;
  }
  if (!link) return kept_is_gone();
  link->since = loop.steady();
  link->on_bytes = [weak = weak_from_this(), raw = link.get()](ErrorCode) {
    const auto self = weak.lock();
    if (!self) return;
    raw->close();
    std::erase_if(self->kept, [raw](const auto& idle) { return idle.get() == raw; });
    self->kept_is_gone();
  };
  link->start_reading();
  kept.push_back(std::move(link));
  // In a turn of its own: the one who waits may be started from within a callback of another.
  loop.post([self = shared_from_this()] {
    while (!self->waiting.empty() && !self->kept.empty()) {
      const auto next = std::move(self->waiting.front());
      self->waiting.pop_front();
      if (!next->is_over()) self->start_kept(next);
    }
  });
}

std::shared_ptr<Link> HttpClient::State::take_kept() {
  while (!kept.empty()) {
    const auto link = std::move(kept.back());
    kept.pop_back();
    if (link->is_usable() && loop.steady() - link->since <= options.spare_age_max) return link;
    link->close();
    kept_is_gone();
  }
  return nullptr;
}

bool HttpClient::State::send_on_spare(const std::shared_ptr<Exchange>& exchange) {
  auto spare = take_spare();
  if (!spare) return false;
  spare_pause = spare_pause_min;
  exchange->send_on(std::move(spare));
  fill_spares_after({});
  return true;
}

void HttpClient::State::start_once(const std::shared_ptr<Exchange>& exchange) {
  if (send_on_spare(exchange)) return;
  open([self = shared_from_this(), exchange](std::shared_ptr<Link> link, std::string failure) {
    if (self->shut) return;
    if (!link) return exchange->fail(std::move(failure));
    if (exchange->is_over()) return self->keep_spare(link);
    exchange->send_on(std::move(link));
  });
}

std::shared_ptr<Link> HttpClient::State::take_spare() {
  while (!spares.empty()) {
    const auto link = std::move(spares.front());
    spares.erase(spares.begin());
    if (link->is_usable() && loop.steady() - link->since <= options.spare_age_max) return link;
    link->close();
  }
  return nullptr;
}

void HttpClient::State::keep_spare(const std::shared_ptr<Link>& link) {
  if (shut || !spares_wanted || spares.size() >= options.spare_connections || !link->is_usable()) {
    return link->close();
  }
  link->on_bytes = [weak = weak_from_this(), raw = link.get()](ErrorCode) {
    const auto self = weak.lock();
    if (self) self->lose_spare(raw->shared_from_this());
  };
  link->start_reading();
  spares.push_back(link);
}

// The server closed it, or spoke before it was asked.
void HttpClient::State::lose_spare(const std::shared_ptr<Link>& link) {
  link->close();
  std::erase(spares, link);
  if (loop.steady() - link->since >= spare_age_fair) spare_pause = spare_pause_min;
  fill_spares_after(spare_pause);
  spare_pause = std::min(spare_pause * 2, spare_pause_max);
}

void HttpClient::State::fill_spares() {
  if (shut || !spares_wanted) return;
  drop_old_spares();
  while (spares.size() + spares_opening < options.spare_connections) {
    ++spares_opening;
    open([self = shared_from_this()](const std::shared_ptr<Link>& link, const std::string&) {
      --self->spares_opening;
      if (self->shut) return;
      if (link) {
        self->keep_spare(link);
        return self->fill_spares_after(self->options.spare_age_max);
      }
      self->fill_spares_after(self->spare_pause);
      self->spare_pause = std::min(self->spare_pause * 2, spare_pause_max);
    });
  }
}

void HttpClient::State::drop_old_spares() {
  std::erase_if(spares, [this](const auto& link) {
    const bool old = loop.steady() - link->since >= options.spare_age_max;
    if (old) link->close();
    return old;
  });
}

void HttpClient::State::fill_spares_after(base::Duration pause) {
  if (shut || !spares_wanted) return;
  const auto due = std::chrono::steady_clock::now() + pause;
  // A timer that is due sooner stays: filling sets the next one.
  if (spare_timer.expiry() > std::chrono::steady_clock::now() && spare_timer.expiry() <= due)
    return;
  spare_timer.expires_at(due);
  spare_timer.async_wait([weak = weak_from_this()](ErrorCode error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->fill_spares();
    self->fill_spares_after(self->options.spare_age_max);
  });
}

void HttpClient::State::shut_down() {
  shut = true;
  spare_timer.cancel();
  for (const auto& link : opening) link->close();
  for (const auto& link : spares) link->close();
  for (const auto& link : kept) link->close();
  const auto unfinished = std::exchange(outstanding, {});
  for (const auto& exchange : unfinished) exchange->fail("the client was shut down");
  waiting.clear();
  kept.clear();
  spares.clear();
}

HttpClient::HttpClient(Loop& loop, Origin origin, ClientOptions options)
    : state_(std::make_shared<State>(loop, std::move(origin), std::move(options))) {}

HttpClient::~HttpClient() {
  state_->shut_down();
}

void HttpClient::get(HttpRequest request, HttpDone done) {
  state_->begin(std::move(request), false, {}, std::move(done));
}

void HttpClient::send_once(HttpRequest request, std::move_only_function<bool()> last_check,
                           HttpDone done) {
  state_->begin(std::move(request), true, std::move(last_check), std::move(done));
}

void HttpClient::keep_spares_warm() {
  state_->spares_wanted = true;
  state_->fill_spares();
}

}  // namespace hmt::net
