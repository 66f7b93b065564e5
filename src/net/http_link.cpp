#include "net/http_link.h"

#include <utility>

#include "net/loop_core.h"

namespace hmt::net {

Link::Link(Loop& loop, base::Duration opened_at)
    : stream(std::make_shared<Stream>(asio::ip::tcp::socket(loop.core().io))), since(opened_at) {}

void Link::start_reading() {
  if (reading_ || stream->is_closed()) return;
  reading_ = true;
  stream->async_read_some(asio::buffer(chunk_),
                          [self = shared_from_this()](ErrorCode error, std::size_t count) {
                            self->reading_ = false;
                            if (self->stream->is_closed()) return;
                            self->received.append(self->chunk_.data(), count);
                            self->tell(error);
                            if (!error) self->start_reading();
                          });
}

void Link::tell(ErrorCode error) {
  // Out of the member while it runs: it may close the link or hand it to somebody else.
  auto handler = std::exchange(on_bytes, nullptr);
  if (handler) handler(error);
  if (!on_bytes && !stream->is_closed()) on_bytes = std::move(handler);
}

void Link::close() {
  stream->close();
  on_bytes = nullptr;
}

void Link::reset() {
  stream->reset();
  on_bytes = nullptr;
}

bool Link::is_usable() {
  return received.empty() && stream->is_quiet_and_open();
}

}  // namespace hmt::net
