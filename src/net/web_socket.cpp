#include "net/web_socket.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <utility>

#include "net/frame_by_frame.h"
#include "net/http_wire.h"
#include "net/loop_core.h"
#include "net/stream.h"
#include "net/web_socket_core.h"

namespace hmt::net {
namespace {

namespace websocket = boost::beast::websocket;
namespace http = boost::beast::http;

constexpr int closed_without_code = 1006;
constexpr int try_again_later = 1013;
constexpr int not_utf8 = 1007;
constexpr int reads_of_a_turn_max = 16;
constexpr std::size_t reason_bytes_max = 123;  // RFC 6455, 5.5
// A peer that answers no ping for this long is gone (servers only: browsers vanish silently).
constexpr auto silence_max = std::chrono::seconds(60);

// Cut between characters, since the peer checks that it is UTF-8.
websocket::reason_string reason_that_fits(std::string_view text) {
  auto size = std::min(text.size(), reason_bytes_max);
  while (size < text.size() && size > 0 && (text[size] & 0xC0) == 0x80) --size;
  return {text.data(), size};
}

// Beast checks each frame that has bytes, and so misses a message that ends within a character
// before a last frame without any.
bool ends_within_a_character(std::string_view text) {
  std::size_t back = 0;
  while (back < 3 && back < text.size() && (text[text.size() - 1 - back] & 0xC0) == 0x80) ++back;
  if (back == text.size()) return false;
  const auto lead = static_cast<unsigned char>(text[text.size() - 1 - back]);
  const std::size_t follow = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  return back < follow;
}

struct Message {
  bool is_text = false;
  std::string bytes;
};

}  // namespace

struct WebSocket::State : std::enable_shared_from_this<State> {
  State(Loop& a_loop, std::shared_ptr<Stream> a_stream, FrameByFrame::Role role,
        WebSocketHandlers some_handlers, WebSocketOptions some_options);

  void connect(const Origin& origin, std::string target, Headers headers);
  void accept(const HttpRequest& request);
  void send(Message message);
  void close(int code, std::string_view reason);
  void drop();

  void arm_watchdog();
  void handshake(const std::string& host, const std::string& target, const Headers& headers);
  void on_handshake(ErrorCode error);
  void read();
  FrameByFrame::Front take_messages();
  void read_by_beast();
  void on_more(ErrorCode error);
  void on_read(ErrorCode error);
  void reading_failed(ErrorCode error);
  void deliver();
  void write();
  void on_written(ErrorCode error);
  void write_close();
  void fail(std::string reason);
  void end(WebSocketClosed closed);
  void end_after(std::string reason);
  bool accepts_messages() const { return open && !ended && !closing && !dropped; }

  Loop& loop;
  std::shared_ptr<Stream> stream;
  FrameByFrame frames;
  websocket::stream<FrameByFrame&, false> socket;
  WebSocketHandlers handlers;
  WebSocketOptions options;
  std::move_only_function<void()> gone;
  asio::steady_timer watchdog;
  websocket::response_type response;
  http::request<http::empty_body> request;
  boost::beast::flat_buffer incoming;
  std::deque<Message> queue;
  std::size_t queued = 0;
  websocket::close_reason goodbye;
  bool open = false;
  bool writing = false;
  bool closing = false;         // asked to close; the close frame follows what is queued
  bool saying_goodbye = false;  // the close frame is on its way
  bool dropped = false;
  bool ended = false;
};

WebSocket::State::State(Loop& a_loop, std::shared_ptr<Stream> a_stream, FrameByFrame::Role role,
                        WebSocketHandlers some_handlers, WebSocketOptions some_options)
    : loop(a_loop),
      stream(std::move(a_stream)),
      frames(*stream, role),
      socket(frames),
      handlers(std::move(some_handlers)),
      options(std::move(some_options)),
      watchdog(a_loop.core().io) {
  socket.read_message_max(options.message_bytes_max);
  socket.auto_fragment(false);
}

// Bounds what depends on the peer: the way to an open connection, and the way out of it.
void WebSocket::State::arm_watchdog() {
  watchdog.expires_after(options.handshake_timeout);
  watchdog.async_wait([weak = weak_from_this()](ErrorCode error) {
    const auto self = weak.lock();
    if (error || !self) return;
    if (self->open) return self->end_after("the peer did not close in time");
    self->fail("no connection in time");
  });
}

void WebSocket::State::connect(const Origin& origin, std::string target, Headers headers) {
  arm_watchdog();
  open_stream(loop, stream, origin, options.ca_file,
              [self = shared_from_this(), host = host_header(origin), path = std::move(target),
               extra = std::move(headers)](std::string failure) {
                if (self->ended) return;
                if (!failure.empty()) return self->fail(std::move(failure));
                self->handshake(host, path, extra);
              });
}

void WebSocket::State::handshake(const std::string& host, const std::string& target,
                                 const Headers& headers) {
  websocket::stream_base::timeout none{websocket::stream_base::none(),
                                       websocket::stream_base::none(), false};
  socket.set_option(none);
  socket.set_option(websocket::stream_base::decorator([headers](websocket::request_type& sent) {
    for (const auto& [name, value] : headers) sent.set(name, value);
  }));
  socket.async_handshake(response, host, target, [self = shared_from_this()](ErrorCode error) {
    self->on_handshake(error);
  });
}

void WebSocket::State::accept(const HttpRequest& from) {
  arm_watchdog();
  request.method_string(from.method);
  request.target(from.target);
  request.version(11);
  for (const auto& [name, value] : from.headers) request.insert(name, value);
  websocket::stream_base::timeout patience{websocket::stream_base::none(), silence_max, true};
  socket.set_option(patience);
  socket.async_accept(request,
                      [self = shared_from_this()](ErrorCode error) { self->on_handshake(error); });
}

void WebSocket::State::on_handshake(ErrorCode error) {
  if (ended) return;
  if (error == websocket::error::upgrade_declined) {
    return end({WebSocketEnd::refused, static_cast<int>(response.result_int()), 0,
                "the handshake was refused"});
  }
  if (error) return fail("the WebSocket handshake failed: " + error.message());
  open = true;
  frames.begin_frames();
  watchdog.cancel();
  if (handlers.on_open) handlers.on_open();
  if (ended) return;
  read();
  write();
}

void WebSocket::State::read() {
  if (!frames.has_short_way()) return read_by_beast();
  // A burst is read in one turn of the loop, but does not keep others from theirs.
  for (int reads = 0;; ++reads) {
    const auto front = take_messages();
    if (ended || saying_goodbye) return;
    if (front == FrameByFrame::Front::something_else) return read_by_beast();
    if (writing || reads == reads_of_a_turn_max || !frames.get_now()) break;
  }
  frames.get_more([self = shared_from_this()](ErrorCode error) { self->on_more(error); });
}

// Those that wait whole at the front; then what stands there.
FrameByFrame::Front WebSocket::State::take_messages() {
  auto front = frames.front(options.message_bytes_max);
  while (front == FrameByFrame::Front::message) {
    if (accepts_messages() && handlers.on_binary) handlers.on_binary(frames.message());
    if (ended || saying_goodbye) break;
    frames.take_message();
    front = frames.front(options.message_bytes_max);
  }
  return front;
}

void WebSocket::State::on_more(ErrorCode error) {
  if (ended) return;
  if (error) return reading_failed(error);
  if (!saying_goodbye) read();
}

void WebSocket::State::read_by_beast() {
  socket.async_read(incoming, [self = shared_from_this()](ErrorCode error, std::size_t) {
    self->on_read(error);
  });
}

void WebSocket::State::on_read(ErrorCode error) {
  if (ended) return;
  if (error) return reading_failed(error);
  if (accepts_messages()) deliver();
  if (ended) return;
  incoming.consume(incoming.size());
  // Our own close reads on, to the peer's: beside it a reading that meets a broken frame would wait
  // for it, and it for the reading, until the watchdog ends both.
  if (!saying_goodbye) read();
}

void WebSocket::State::reading_failed(ErrorCode error) {
  // Our own close took the reading over; it ends the connection, or the watchdog does.
  if (closing && error == asio::error::operation_aborted) return;
  if (error == websocket::error::closed) return end_after("the peer closed the connection");
  end_after(error.message());
}

void WebSocket::State::deliver() {
  const auto data = incoming.cdata();
  if (socket.got_text()) {
    const std::string_view text(static_cast<const char*>(data.data()), data.size());
    if (ends_within_a_character(text)) return close(not_utf8, "a text that is not UTF-8");
    if (handlers.on_text) handlers.on_text(text);
  } else if (handlers.on_binary) {
    handlers.on_binary({static_cast<const std::uint8_t*>(data.data()), data.size()});
  }
}

void WebSocket::State::send(Message message) {
  if (ended || closing || dropped) return;
  if (queued + message.bytes.size() > options.queued_bytes_max) {
    // The message in hand is the socket's until it is written.
    const std::size_t kept = writing ? 1 : 0;
    while (queue.size() > kept) {
      queued -= queue.back().bytes.size();
      queue.pop_back();
    }
    return close(try_again_later, "reads too slowly");
  }
  queued += message.bytes.size();
  queue.push_back(std::move(message));
  write();
}

void WebSocket::State::write() {
  if (!open || writing || ended) return;
  if (queue.empty()) {
    if (closing) write_close();
    return;
  }
  writing = true;
  socket.text(queue.front().is_text);
  socket.async_write(
      asio::buffer(queue.front().bytes),
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_written(error); });
}

void WebSocket::State::on_written(ErrorCode error) {
  if (ended) return;
  // Aborted: the connection is closing, and the reading side knows with which code.
  if (error == asio::error::operation_aborted) return;
  if (error) return end_after(error.message());
  writing = false;
  queued -= queue.front().bytes.size();
  queue.pop_front();
  write();
}

void WebSocket::State::close(int code, std::string_view reason) {
  if (ended || closing || dropped) return;
  if (!open) return drop();
  closing = true;
  goodbye.code = static_cast<std::uint16_t>(code);
  goodbye.reason = reason_that_fits(reason);
  arm_watchdog();
  write();
}

void WebSocket::State::write_close() {
  writing = true;
  saying_goodbye = true;
  socket.async_close(goodbye,
                     [self = shared_from_this()](ErrorCode) { self->end_after("closed by us"); });
}

void WebSocket::State::drop() {
  if (ended || dropped) return;
  dropped = true;
  stream->close();
  loop.post([self = shared_from_this()] { self->end_after("dropped by us"); });
}

void WebSocket::State::fail(std::string reason) {
  end({WebSocketEnd::failed, 0, 0, std::move(reason)});
}

void WebSocket::State::end_after(std::string reason) {
  if (!open) return fail(std::move(reason));
  const auto code = static_cast<int>(socket.reason().code);
  if (code != 0 && !socket.reason().reason.empty()) {
    reason += ": ";
    reason += std::string_view(socket.reason().reason.data(), socket.reason().reason.size());
  }
  end({WebSocketEnd::closed, 0, code == 0 ? closed_without_code : code, std::move(reason)});
}

void WebSocket::State::end(WebSocketClosed closed) {
  if (std::exchange(ended, true)) return;
  open = false;
  watchdog.cancel();
  stream->close();
  queue.clear();
  queued = 0;
  // Handlers may hold a handle to this very connection: let go of them.
  auto last = std::move(handlers);
  auto then = std::move(gone);
  if (last.on_closed) last.on_closed(std::move(closed));
  if (then) then();
}

void WebSocket::send_text(std::string text) {
  if (state_) state_->send({true, std::move(text)});
}

void WebSocket::send_binary(std::vector<std::uint8_t> bytes) {
  if (state_) state_->send({false, std::string(bytes.begin(), bytes.end())});
}

void WebSocket::close(int code, std::string_view reason) {
  if (state_) state_->close(code, reason);
}

void WebSocket::drop() {
  if (state_) state_->drop();
}

bool WebSocket::is_open() const {
  return state_ && state_->accepts_messages();
}

std::size_t WebSocket::queued_bytes() const {
  return state_ ? state_->queued : 0;
}

WebSocket connect_web_socket(Loop& loop, const Origin& origin, std::string target, Headers headers,
                             WebSocketHandlers handlers, WebSocketOptions options) {
  auto stream = std::make_shared<Stream>(asio::ip::tcp::socket(loop.core().io));
  auto state = std::make_shared<WebSocket::State>(
      loop, std::move(stream), FrameByFrame::Role::client, std::move(handlers), std::move(options));
  auto full_target = origin.path + target;
  if (is_sendable(full_target, headers)) {
    state->connect(origin, std::move(full_target), std::move(headers));
  } else {
    loop.post([state] { state->fail("the target or a header has a character that it may not"); });
  }
  return WebSocket(std::move(state));
}

WebSocket accept_on_stream(Loop& loop, std::shared_ptr<Stream> stream, const HttpRequest& request,
                           WebSocketHandlers handlers, WebSocketOptions options,
                           std::move_only_function<void()> gone) {
  auto state = std::make_shared<WebSocket::State>(
      loop, std::move(stream), FrameByFrame::Role::server, std::move(handlers), std::move(options));
  state->gone = std::move(gone);
  state->accept(request);
  return WebSocket(std::move(state));
}

}  // namespace hmt::net
