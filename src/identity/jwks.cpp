#include "identity/jwks.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "agent/log.h"
#include "net/http_client.h"

namespace hmt::identity {
namespace {

using base::Duration;
using base::ErrorKind;

constexpr std::size_t awaited_max = 64;  // names that a running fetch is to tell of

base::Result<std::string> body_of(net::HttpOutcome outcome) {
  if (outcome.reach != net::Reach::answered) {
    return base::fail(ErrorKind::unavailable, outcome.error);
  }
  if (outcome.response.status != 200) {
    return base::fail(ErrorKind::unavailable, "the issuer of users' tokens answers " +
                                                  std::to_string(outcome.response.status));
  }
  return std::move(outcome.response.body);
}

}  // namespace

FetchJwks fetch_jwks_over(net::Loop& loop, const net::Origin& origin, Duration patience) {
  net::ClientOptions options;
  options.total_timeout = patience;
  options.body_bytes_max = KeySet::bytes_max;
  options.connections_max = 1;
  auto client = std::make_unique<net::HttpClient>(loop, origin, std::move(options));
  return [client = std::move(client)](JwksDone done) {
    net::HttpRequest request;
    request.target = "/auth/v1/.well-known/jwks.json";
    request.headers = {{"Accept", "application/json"}};
    client->get(std::move(request), [done = std::move(done)](net::HttpOutcome outcome) mutable {
      done(body_of(std::move(outcome)));
    });
  };
}

struct JwksSource::State : std::enable_shared_from_this<State> {
  State(agent::Scheduler& on, FetchJwks how) : scheduler(on), fetch(std::move(how)) {}

  void ask();
  void heard(base::Result<std::string> body);
  void take(KeySet set);
  void ask_again_after(Duration pause);
  bool may_ask(Duration pause) const;
  bool is_usable() const;
  void remember_absent(const std::string& key_id);

  agent::Scheduler& scheduler;
  FetchJwks fetch;
  std::shared_ptr<const KeySet> set;
  Duration fetched_at{};  // the set; this and what follows on the steady clock
  std::optional<Duration> asked_at;
  bool asking = false;
  bool failed = false;  // the last time that it was asked
  agent::TimerId timer = 0;
  std::set<std::string> awaited;
  std::map<std::string, Duration> absent;  // until when a name is known to be nobody's
};

// Single flight: whoever asks meanwhile gets what this one brings.
void JwksSource::State::ask() {
  asking = true;
  asked_at = scheduler.steady();
  fetch([weak = weak_from_this()](base::Result<std::string> body) {
    if (const auto self = weak.lock()) self->heard(std::move(body));
  });
}

void JwksSource::State::heard(base::Result<std::string> body) {
  asking = false;
  auto read = body ? KeySet::read(*body) : std::unexpected(std::move(body).error());
  failed = !read;
  if (read) {
    take(std::move(*read));
    return ask_again_after(refresh_after);
  }
  awaited.clear();
  agent::log_warning("jwks_failed", {{"why", read.error().message}, {"usable", is_usable()}});
  ask_again_after(is_usable() ? look_up_pause : retry_without_keys);
}

void JwksSource::State::take(KeySet fresh) {
  if (!set || set->size() != fresh.size()) {
    agent::log_info("jwks", {{"keys", static_cast<long long>(fresh.size())}});
  }
  set = std::make_shared<const KeySet>(std::move(fresh));
  fetched_at = scheduler.steady();
  for (const auto& key_id : std::exchange(awaited, {})) {
    if (!set->find(key_id)) remember_absent(key_id);
  }
}

void JwksSource::State::ask_again_after(Duration pause) {
  scheduler.cancel(timer);
  timer = scheduler.after(pause, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && !self->asking) self->ask();
  });
}

bool JwksSource::State::may_ask(Duration pause) const {
  return !asking && (!asked_at || scheduler.steady() - *asked_at >= pause);
}

bool JwksSource::State::is_usable() const {
  if (!set) return false;
  const auto age = scheduler.steady() - fetched_at;
  return age < good_for || (failed && age < good_for_at_worst);
}

void JwksSource::State::remember_absent(const std::string& key_id) {
  if (absent.size() >= absent_max) {
    absent.erase(
        std::ranges::min_element(absent, {}, [](const auto& each) { return each.second; }));
  }
  absent[key_id] = scheduler.steady() + absent_for;
}

JwksSource::JwksSource(agent::Scheduler& scheduler, FetchJwks fetch)
    : state_(std::make_shared<State>(scheduler, std::move(fetch))) {}

JwksSource::~JwksSource() {
  state_->scheduler.cancel(state_->timer);
}

void JwksSource::start() {
  if (!state_->asking) state_->ask();
}

std::shared_ptr<const KeySet> JwksSource::keys() const {
  return state_->is_usable() ? state_->set : nullptr;
}

base::Error JwksSource::look_up(const std::string& key_id) {
  auto& state = *state_;
  const base::Error wait{ErrorKind::unavailable,
                         "the keys of users' tokens are being fetched: ask again"};
  const base::Error nobodys{ErrorKind::refused,
                            "the token is signed with a key that its issuer does not have"};
  if (!state.is_usable()) {
    if (state.may_ask(retry_without_keys)) state.ask();
    return wait;
  }
  const auto known = state.absent.find(key_id);
  if (known != state.absent.end()) {
    if (state.scheduler.steady() < known->second) return nobodys;
    state.absent.erase(known);
  }
  if (state.may_ask(look_up_pause)) state.ask();
  if (!state.asking) return state.failed ? wait : nobodys;  // asked moments ago
  if (state.awaited.size() < awaited_max) state.awaited.insert(key_id);
  return wait;
}

}  // namespace hmt::identity
