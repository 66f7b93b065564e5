#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/loop.h"

// One WebSocket connection, of either side. Thread rule: its loop's thread; no callback runs inside
// a call of ours.
namespace hmt::net {

enum class WebSocketEnd : std::uint8_t {
  refused,  // the handshake was answered with another status than 101: `http_status` says which
  failed,   // no connection: address, TCP, TLS or a broken handshake
  closed,   // it was open, and is not any more
};

struct WebSocketClosed {
  WebSocketEnd end = WebSocketEnd::closed;
  int http_status = 0;  // refused only
  int close_code = 0;   // closed only; 1006 when the peer sent none
  std::string reason;   // in words; never a URL with its query
};

struct WebSocketHandlers {
  std::move_only_function<void()> on_open;
  std::move_only_function<void(std::string_view)> on_text;
  std::move_only_function<void(std::span<const std::uint8_t>)> on_binary;  // valid during the call
  std::move_only_function<void(WebSocketClosed)> on_closed;                // once, last
};

struct WebSocketOptions {
  base::Duration handshake_timeout = std::chrono::seconds(7);
  std::size_t message_bytes_max = 4 << 20;
  std::size_t queued_bytes_max =
      8 << 20;  // of what we send; past it the connection is closed with 1013
  std::string ca_file = {};
};

// Writes are queued in order. A handle may outlive its connection: then it does nothing.
class WebSocket {
 public:
  struct State;
  WebSocket() = default;
  explicit WebSocket(std::shared_ptr<State> state) : state_(std::move(state)) {}

  void send_text(std::string text);
  void send_binary(std::vector<std::uint8_t> bytes);
  void close(int code = 1000, std::string_view reason = {});  // polite; then on_closed
  void drop();  // at once, no close frame; on_closed still follows
  bool is_open() const;
  std::size_t queued_bytes() const;

 private:
  std::shared_ptr<State> state_;
};

// `target` is path and query. Never logged: it carries a token.
WebSocket connect_web_socket(Loop& loop, const Origin& origin, std::string target, Headers headers,
                             WebSocketHandlers handlers, WebSocketOptions options);

}  // namespace hmt::net
