#pragma once
#include <memory>

#include "net/stream.h"
#include "net/web_socket.h"

namespace hmt::net {

// The server's side of a handshake, on a stream whose request was read already. `gone` runs once,
// after `on_closed`.
WebSocket accept_on_stream(Loop& loop, std::shared_ptr<Stream> stream, const HttpRequest& request,
                           WebSocketHandlers handlers, WebSocketOptions options,
                           std::move_only_function<void()> gone);

}  // namespace hmt::net
