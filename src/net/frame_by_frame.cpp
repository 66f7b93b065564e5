#include "net/frame_by_frame.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

namespace hmt::net {
namespace {

constexpr std::size_t room_bytes = 1 << 16;  // four records of TLS
constexpr std::string_view head_ends = "\r\n\r\n";
constexpr unsigned whole_binary = 0x82;  // the last of its message, kind 2, nothing reserved
constexpr unsigned masked = 0x80;

std::size_t number(std::span<const std::uint8_t> bytes) {
  std::size_t out = 0;
  for (const auto byte : bytes) out = out << 8 | byte;
  return out;
}

}  // namespace

std::optional<FrameByFrame::Header> FrameByFrame::header() const {
  const auto bytes = waiting();
  if (bytes.size() < 2) return std::nullopt;
  const std::size_t short_length = bytes[1] & 127U;
  const std::size_t wide = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  const bool is_masked = (bytes[1] & masked) != 0;
  Header out;
  out.bytes = 2 + wide + (is_masked ? 4 : 0);
  if (bytes.size() < out.bytes) return std::nullopt;
  out.payload_bytes = wide == 0 ? short_length : number(bytes.subspan(2, wide));
  const bool is_shortest = wide == 0 || out.payload_bytes > (wide == 2 ? 125U : 0xFFFFU);
  out.is_whole_binary = bytes[0] == whole_binary && !is_masked && is_shortest;
  return out;
}

FrameByFrame::Front FrameByFrame::front(std::size_t message_bytes_max) const {
  // Beast is on its way through the handshake or a frame.
  if (!frames_began_ || left_of_frame_ > 0) return Front::something_else;
  if (begin_ != end_ && buffer_[begin_] != whole_binary) return Front::something_else;
  const auto known = header();
  if (!known) return Front::part_of_message;
  if (!known->is_whole_binary || known->payload_bytes > message_bytes_max) {
    return Front::something_else;
  }
  return waiting().size() - known->bytes < known->payload_bytes ? Front::part_of_message
                                                                : Front::message;
}

std::span<const std::uint8_t> FrameByFrame::message() const {
  const auto known = header();
  return waiting().subspan(known->bytes, known->payload_bytes);
}

void FrameByFrame::take_message() {
  const auto known = header();
  begin_ += known->bytes + known->payload_bytes;
}

// How many bytes Beast has got; nothing: more must come first.
std::optional<std::size_t> FrameByFrame::give_to_beast(asio::mutable_buffer into) {
  if (into.size() == 0) return 0;
  auto* const to = static_cast<std::uint8_t*>(into.data());
  const auto most = std::min(into.size(), waiting().size());
  const auto given = frames_began_ ? give_of_frame(to, most) : give_of_answer(to, most);
  begin_ += given;
  return given > 0 ? std::optional(given) : std::nullopt;
}

// Beast asks for what stands behind the head only where that is the body of a refusal.
std::size_t FrameByFrame::give_of_answer(std::uint8_t* into, std::size_t most) {
  if (head_matched_ == head_ends.size()) {
    std::ranges::copy(waiting().first(most), into);
    return most;
  }
  std::size_t given = 0;
  while (given < most && head_matched_ < head_ends.size()) {
    const auto byte = waiting()[given];
    const bool goes_on = byte == static_cast<std::uint8_t>(head_ends[head_matched_]);
    const bool begins = byte == static_cast<std::uint8_t>(head_ends.front());
    head_matched_ = goes_on ? head_matched_ + 1 : begins ? 1 : 0;
    into[given++] = byte;
  }
  return given;
}

std::size_t FrameByFrame::give_of_frame(std::uint8_t* into, std::size_t most) {
  if (left_of_frame_ == 0) {
    const auto known = header();
    if (!known) return 0;
    const auto longest = std::numeric_limits<std::size_t>::max() - known->bytes;
    left_of_frame_ = known->bytes + std::min(known->payload_bytes, longest);
  }
  const auto given = std::min(left_of_frame_, most);
  std::memcpy(into, waiting().data(), given);
  left_of_frame_ -= given;
  return given;
}

void FrameByFrame::read_some(asio::mutable_buffer into, Handler handler) {
  if (const auto given = give_to_beast(into)) {
    return asio::post(get_executor(), [given = *given, handler = std::move(handler)]() mutable {
      handler(ErrorCode(), given);
    });
  }
  Reader reader{into, std::move(handler)};
  if (const auto under_way = getting_.lock()) {
    under_way->reader = std::move(reader);
    return;
  }
  get(std::make_shared<Getting>(std::move(reader), nullptr));
}

bool FrameByFrame::get_now() {
  make_room();
  const auto count = stream_.read_now(asio::buffer(buffer_) + end_);
  end_ += count;
  return count > 0;
}

void FrameByFrame::get_more(std::move_only_function<void(ErrorCode)> done) {
  get(std::make_shared<Getting>(std::nullopt, std::move(done)));
}

void FrameByFrame::get(std::shared_ptr<Getting> getting) {
  getting_ = getting;
  make_room();
  const auto room = asio::buffer(buffer_) + end_;
  stream_.async_read_some(room,
                          [this, getting = std::move(getting)](ErrorCode error, std::size_t count) {
                            getting_.reset();
                            end_ += count;
                            got(error, *getting);
                          });
}

void FrameByFrame::got(ErrorCode error, Getting& getting) {
  if (!getting.reader) return getting.done(error);
  auto reader = std::move(*getting.reader);
  if (error) return reader.handler(error, 0);
  if (const auto given = give_to_beast(reader.into)) return reader.handler({}, *given);
  get(std::make_shared<Getting>(std::move(reader), nullptr));
}

// The front moves to the beginning. A message that fills all of it, and it is none that is too
// long, gets twice the room.
void FrameByFrame::make_room() {
  if (buffer_.empty()) buffer_.resize(room_bytes);
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
}

}  // namespace hmt::net
