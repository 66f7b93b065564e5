#include "kite/stream.h"

#include <algorithm>

#include "base/ensure.h"
#include "fault/step.h"
#include "kite/text.h"
#include "kite/wire.h"
#include "net/web_socket.h"

namespace hmt::kite {
namespace {

constexpr std::size_t tokens_per_frame = 500;
constexpr fault::Step connecting = "ticker";

broker::StreamEnd end_of(const net::WebSocketClosed& closed) {
  if (closed.end != net::WebSocketEnd::refused) return broker::StreamEnd::lost;
  if (closed.http_status == 403 || closed.http_status == 401) {
    return broker::StreamEnd::session_refused;
  }
  return closed.http_status == 429 ? broker::StreamEnd::too_many : broker::StreamEnd::lost;
}

std::string reason_of(const net::WebSocketClosed& closed) {
  if (closed.end != net::WebSocketEnd::refused) return closed.reason;
  return "the ticker answered HTTP " + std::to_string(closed.http_status);
}

}  // namespace

// One connection. The socket's handlers share it, so that it outlives a stream that is closed or
// destroyed in the middle of a call; closed, it has no observer any more.
struct TickerStream::Line {
  Line(net::Loop& a_loop, broker::StreamObserver& an_observer)
      : loop(a_loop), observer(&an_observer) {}

  void on_binary(std::span<const std::uint8_t> frame);
  void on_text(std::string_view frame);
  void on_closed(const net::WebSocketClosed& closed);

  net::Loop& loop;
  broker::StreamObserver* observer;
  net::WebSocket socket;
  std::vector<model::Tick> ticks;
};

void TickerStream::Line::on_binary(std::span<const std::uint8_t> frame) {
  if (observer) observer->on_heartbeat();
  const auto report = decode_frame(frame, loop.now(), ticks);
  if (observer && !ticks.empty()) observer->on_ticks(ticks);
  const auto malformed = report.skipped + (report.truncated ? 1 : 0);
  if (observer && malformed > 0) observer->on_malformed(malformed);
}

// No heartbeat: on a slow way order updates alone would keep a connection that shows no prices. The
// broker's own heartbeat is binary, and comes every second beside whatever else there is.
void TickerStream::Line::on_text(std::string_view text) {
  const auto frame = read_text_frame(text);
  if (!observer) return;
  switch (frame.kind) {
    case TextKind::order:
      return observer->on_order(frame.order);
    case TextKind::message:
      return observer->on_notice("message", frame.text);
    case TextKind::error:
      return observer->on_notice("error", frame.text);
    case TextKind::unknown:
      return;
    case TextKind::malformed:
      return observer->on_malformed(1);
  }
}

void TickerStream::Line::on_closed(const net::WebSocketClosed& closed) {
  auto* const told = std::exchange(observer, nullptr);
  if (told) told->on_closed(end_of(closed), reason_of(closed));
}

TickerStream::TickerStream(net::Loop& loop, const KiteConfig& config,
                           std::shared_ptr<AccessToken> token, broker::StreamObserver& observer)
    : loop_(loop), config_(config), token_(std::move(token)), observer_(observer) {}

TickerStream::~TickerStream() {
  close();
}

void TickerStream::open() {
  base::ensure(!line_ || !line_->observer, "a stream is opened when it is not open");
  line_ = std::make_shared<Line>(loop_, observer_);
  net::WebSocketHandlers handlers;
  handlers.on_open = [line = line_] {
    connecting.after();
    if (line->observer) line->observer->on_open();
  };
  handlers.on_text = [line = line_](std::string_view text) { line->on_text(text); };
  handlers.on_binary = [line = line_](std::span<const std::uint8_t> frame) {
    line->on_binary(frame);
  };
  handlers.on_closed = [line = line_](const net::WebSocketClosed& closed) {
    line->on_closed(closed);
  };
  net::WebSocketOptions options;
  options.handshake_timeout = config_.handshake_timeout;
  options.ca_file = config_.ca_file;
  auto target = "/?api_key=" + net::percent_encode(token_->api_key_or(config_.api_key)) +
                "&access_token=" + net::percent_encode(token_->get());
  connecting.before();
  line_->socket =
      net::connect_web_socket(loop_, config_.ticker, std::move(target), {{"X-Kite-Version", "3"}},
                              std::move(handlers), std::move(options));
}

void TickerStream::close() {
  if (!line_) return;
  line_->observer = nullptr;
  line_->socket.drop();
  line_->socket = {};  // the socket's handlers hold the line: no circle
  line_.reset();
}

void TickerStream::subscribe(std::span<const model::InstrumentToken> tokens) {
  base::ensure(line_ != nullptr, "only an open stream subscribes");
  for (; !tokens.empty(); tokens = tokens.subspan(std::min(tokens.size(), tokens_per_frame))) {
    const auto part = tokens.first(std::min(tokens.size(), tokens_per_frame));
    line_->socket.send_text(subscribe_frame(part));
    line_->socket.send_text(full_mode_frame(part));
  }
}

void TickerStream::unsubscribe(std::span<const model::InstrumentToken> tokens) {
  base::ensure(line_ != nullptr, "only an open stream unsubscribes");
  for (; !tokens.empty(); tokens = tokens.subspan(std::min(tokens.size(), tokens_per_frame))) {
    line_->socket.send_text(
        unsubscribe_frame(tokens.first(std::min(tokens.size(), tokens_per_frame))));
  }
}

}  // namespace hmt::kite
