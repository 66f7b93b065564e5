#include "feed/connection.h"

#include "base/ensure.h"

namespace hmt::feed {

Connection::Connection(std::size_t index, agent::Scheduler& scheduler,
                       const broker::MakeStream& make_stream, ConnectionRules rules,
                       std::uint64_t seed, ConnectionOwner& owner)
    : index_(index),
      scheduler_(scheduler),
      make_stream_(make_stream),
      rules_(rules),
      owner_(owner),
      backoff_(rules.backoff, seed) {}

Connection::~Connection() {
  halt();
}

void Connection::start() {
  if (state_ == State::open || state_ == State::connecting) return;
  state_ = State::waiting;
  set_timer({}, &Connection::connect);
}

base::Duration Connection::retry(bool was_open, broker::StreamEnd end) {
  const auto now = scheduler_.steady();
  // A server that accepts and drops at once must not be hammered.
  const bool was_quick = last_quick_retry_ && now - *last_quick_retry_ < rules_.silence_max;
  base::Duration wait{};
  if (was_open && end == broker::StreamEnd::lost && !was_quick) {
    backoff_.reset();
    last_quick_retry_ = now;
  } else {
    wait = backoff_.next();
  }
  state_ = State::waiting;
  set_timer(wait, &Connection::connect);
  return wait;
}

void Connection::halt() {
  scheduler_.cancel(timer_);
  retire();
  state_ = State::idle;
}

void Connection::hold() {
  if (state_ != State::open) halt();
}

void Connection::give_up(std::string_view reason) {
  base::ensure(is_open(), "only an open connection is given up");
  drop(reason);
}

void Connection::subscribe(std::span<const model::InstrumentToken> tokens) {
  base::ensure(is_open(), "only an open connection subscribes");
  if (!tokens.empty()) stream_->subscribe(tokens);
}

void Connection::unsubscribe(std::span<const model::InstrumentToken> tokens) {
  base::ensure(is_open(), "only an open connection unsubscribes");
  if (!tokens.empty()) stream_->unsubscribe(tokens);
}

bool Connection::is_heard() const {
  return is_open() && scheduler_.steady() - last_frame_ < rules_.silence_max;
}

void Connection::connect() {
  retired_.reset();
  state_ = State::connecting;
  set_timer(rules_.connect_time_max, &Connection::give_up_connecting);
  stream_ = make_stream_(*this);
  stream_->open();
}

void Connection::give_up_connecting() {
  drop("no answer while connecting");
}

void Connection::check_silence() {
  const auto silence = scheduler_.steady() - last_frame_;
  if (silence >= rules_.silence_max) {
    mute_ = true;
    drop("silent: no frame, not even a heartbeat");
  } else {
    set_timer(rules_.silence_max - silence, &Connection::check_silence);
  }
}

void Connection::drop(std::string_view reason) {
  if (stream_) stream_->close();
  on_closed(broker::StreamEnd::lost, reason);
}

void Connection::retire() {
  if (!stream_) return;
  stream_->close();
  retired_ = std::move(stream_);
}

void Connection::set_timer(base::Duration delay, void (Connection::*what)()) {
  scheduler_.cancel(timer_);
  timer_ = scheduler_.after(delay, [this, what] { (this->*what)(); });
}

void Connection::on_open() {
  state_ = State::open;
  last_frame_ = scheduler_.steady();
  set_timer(rules_.silence_max, &Connection::check_silence);
  owner_.connection_opened(*this);
}

void Connection::on_heartbeat() {
  last_frame_ = scheduler_.steady();
  mute_ = false;
  owner_.connection_frame(*this);
}

void Connection::on_ticks(std::span<model::Tick> ticks) {
  last_frame_ = scheduler_.steady();
  mute_ = false;
  owner_.connection_ticks(*this, ticks);
}

void Connection::on_order(const model::BrokerOrder& order) {
  owner_.connection_order(order);
}

void Connection::on_notice(std::string_view kind, std::string_view text) {
  owner_.connection_notice(kind, text);
}

void Connection::on_malformed(std::size_t count) {
  owner_.connection_malformed(count);
}

void Connection::on_closed(broker::StreamEnd end, std::string_view reason) {
  const bool was_open = is_open();
  scheduler_.cancel(timer_);
  state_ = State::idle;
  if (stream_) retired_ = std::move(stream_);
  owner_.connection_closed(*this, was_open, end, reason);
}

}  // namespace hmt::feed
