#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/test_fuzz.h"
#include "net/test_pair.h"
#include "net/web_socket_core.h"

// Whatever a client sends after the handshake, through the server's own WebSocket: the messages are
// those that a second, slow reader of RFC 6455 sees before the first fault, and no others.
namespace {

using namespace hmt;
using namespace hmt::net;
using base::test::require;

constexpr std::size_t message_bytes_max = 300;

struct Message {
  bool is_text = false;
  std::string bytes;
  bool operator==(const Message&) const = default;
};

struct Frame {
  bool last = false;
  unsigned kind = 0;
  std::string payload;
};

std::uint64_t number(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char byte : bytes) out = out << 8 | static_cast<std::uint8_t>(byte);
  return out;
}

// Takes a frame off the front; nothing where it is not whole, or not as a client's must be.
std::optional<Frame> take_frame(std::string_view& rest) {
  if (rest.size() < 2) return std::nullopt;
  const auto first = number(rest.substr(0, 1));
  const auto second = number(rest.substr(1, 1));
  const std::size_t wide = (second & 127) == 126 ? 2 : (second & 127) == 127 ? 8 : 0;
  if ((first & 0x70) != 0 || (second & 128) == 0 || rest.size() < 2 + wide + 4) return std::nullopt;
  const auto length = wide == 0 ? second & 127 : number(rest.substr(2, wide));
  if (wide == 2 && length < 126) return std::nullopt;
  if (wide == 8 && length < 65536) return std::nullopt;
  const auto mask = rest.substr(2 + wide, 4);
  if (rest.size() - 6 - wide < length) return std::nullopt;
  Frame frame{(first & 128) != 0, static_cast<unsigned>(first & 15),
              std::string(rest.substr(6 + wide, length))};
  for (std::size_t i = 0; i < length; ++i) {
    frame.payload[i] = static_cast<char>(frame.payload[i] ^ mask[i % 4]);
  }
  rest.remove_prefix(6 + wide + length);
  return frame;
}

// As the table of RFC 3629 has it.
bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto lead = number(text.substr(0, 1));
    const std::size_t count = lead < 0x80   ? 1
                              : lead < 0xC2 ? 0
                              : lead < 0xE0 ? 2
                              : lead < 0xF0 ? 3
                              : lead < 0xF5 ? 4
                                            : 0;
    if (count == 0 || text.size() < count) return false;
    for (std::size_t i = 1; i < count; ++i) {
      if ((number(text.substr(i, 1)) & 0xC0) != 0x80) return false;
    }
    const auto pair = number(text.substr(0, std::min<std::size_t>(count, 2)));
    if (count == 3 && (pair < 0xE0A0 || (pair >= 0xEDA0 && pair < 0xEE00))) return false;
    if (count == 4 && (pair < 0xF090 || pair >= 0xF490)) return false;
    text.remove_prefix(count);
  }
  return true;
}

std::vector<Message> naive_messages(std::string_view rest) {
  std::vector<Message> out;
  std::optional<Message> open;
  while (const auto frame = take_frame(rest)) {
    if (frame->kind == 9 || frame->kind == 10) {
      if (!frame->last || frame->payload.size() > 125) break;
      continue;
    }
    if (frame->kind > 2 || (frame->kind == 0) != open.has_value()) break;
    if (!open) open = Message{frame->kind == 1, {}};
    open->bytes += frame->payload;
    if (open->bytes.size() > message_bytes_max) break;
    if (!frame->last) continue;
    if (open->is_text && !is_utf8(open->bytes)) break;
    out.push_back(std::move(*open));
    open.reset();
  }
  return out;
}

HttpRequest upgrade() {
  return {"GET",
          "/",
          {{"Host", "x"},
           {"Connection", "Upgrade"},
           {"Upgrade", "websocket"},
           {"Sec-WebSocket-Version", "13"},
           {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}},
          {}};
}

std::vector<Message> messages(std::string_view bytes, std::size_t step) {
  std::vector<Message> out;
  int closed = 0;
  Loop loop;
  test::Pair pair(loop);
  asio::ip::tcp::socket socket(loop.core().io);
  pair.become(socket);
  auto stream = std::make_shared<Stream>(std::move(socket));
  WebSocketHandlers handlers;
  handlers.on_text = [&](std::string_view text) { out.push_back({true, std::string(text)}); };
  handlers.on_binary = [&](std::span<const std::uint8_t> bytes_of) {
    out.push_back({false, std::string(bytes_of.begin(), bytes_of.end())});
  };
  handlers.on_closed = [&](const WebSocketClosed&) { ++closed; };
  WebSocketOptions options;
  options.message_bytes_max = message_bytes_max;
  auto web_socket = accept_on_stream(loop, stream, upgrade(), std::move(handlers), options, [] {});
  pair.say(bytes, step);
  require(closed == 1, "a connection does not end once");
  require(!web_socket.is_open(), "a connection is open whose peer has left");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, text] = base::test::choose(data, size);
  if (text.size() > 16384) return 0;
  const auto expected = naive_messages(text);
  require(messages(text, text.size()) == expected, "two readers see other messages");
  require(messages(text, choice % 16 * 4 + 1u) == expected,
          "cut elsewhere, the messages are others");
  return 0;
}
