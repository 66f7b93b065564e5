#include "net/http_exchange.h"

#include <utility>

#include "net/last_chunk.h"
#include "net/loop_core.h"

namespace hmt::net {
namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t header_bytes_max = 64 << 10;
constexpr int interim_answers_max = 8;

// Answers that only announce another one; 101 is not followed by one.
bool is_interim(unsigned status) {
  return status / 100 == 1 && status != 101;
}

bool may_be_reused(const http::response_parser<http::string_body>& parser, const Link& link) {
  return parser.keep_alive() && !parser.need_eof() && link.received.empty() &&
         !link.stream->is_closed();
}

}  // namespace

Exchange::Exchange(Loop& loop, std::string wire, bool to_head, const ClientOptions& options,
                   HttpDone done)
    : loop_(loop),
      wire_(std::move(wire)),
      to_head_(to_head),
      options_(options),
      done_(std::move(done)),
      deadline_(loop.core().io) {}

void Exchange::start_clock() {
  deadline_.expires_after(options_.total_timeout);
  deadline_.async_wait([weak = weak_from_this()](ErrorCode error) {
    const auto self = weak.lock();
    if (!error && self) self->fail("no answer in time");
  });
}

void Exchange::send_on(std::shared_ptr<Link> link) {
  const auto self = shared_from_this();
  step.asked();
  if (last_check && !last_check()) {
    // The link has carried nothing: it stays what it was. In a turn of its own: who asks may ask
    // still.
    return loop_.post([self, link = std::move(link)]() mutable {
      if (self->over_) return link->close();
      self->end({Reach::not_sent, {}, "the last check before sending said no", {}},
                std::move(link));
    });
  }
  if (over_) return link->close();
  link_ = std::move(link);
  link_->on_bytes = [self](ErrorCode error) { self->on_bytes(error); };
  renew_parser();
  writing_began_ = true;
  step.before();
  write();
  link_->start_reading();
}

void Exchange::write() {
  sent_at_ = loop_.now();
  link_->stream->async_write_some(
      asio::const_buffer(wire_.data() + written_, wire_.size() - written_),
      [self = shared_from_this()](ErrorCode error, std::size_t count) {
        if (!self->over_) self->on_written(error, count);
      });
}

void Exchange::on_written(ErrorCode error, std::size_t count) {
  // The reading side may still hold an answer that explains the failure; it ends by itself.
  if (error) return;
  written_ += count;
  sent_at_ = loop_.now();
  if (written_ < wire_.size()) return write();
  step.sent();
}

void Exchange::on_bytes(ErrorCode error) {
  if (over_ || !feed()) return;
  if (parser_->is_done() && !is_interim(parser_->get().result_int())) return answered();
  if (!error) return;
  if (error == asio::error::eof) return on_end();
  fail("the connection broke: " + error.message());
}

// The server has said all that it will.
void Exchange::on_end() {
  if (!parser_->got_some() || parser_->is_done()) {
    return fail("the connection was closed without an answer");
  }
  ErrorCode incomplete;
  parser_->put_eof(incomplete);
  if (!incomplete && parser_->is_done()) return answered();
  fail("the connection was closed within the answer");
}

// Gives the parser what has arrived. False: the exchange is over.
bool Exchange::feed() {
  auto& received = link_->received;
  while (!received.empty()) {
    if (parser_->is_done()) {
      if (!is_interim(parser_->get().result_int())) return true;
      if (++interim_answers_ > interim_answers_max) {
        fail("the answer never becomes final");
        return false;
      }
      renew_parser();
    }
    if (is_short_of_a_last_chunk(*parser_, received.size())) break;
    ErrorCode error;
    const auto taken = parser_->put(asio::buffer(received), error);
    received.erase(0, taken);
    if (error == http::error::need_more) break;
    if (error) {
      fail(error == http::error::body_limit ? "the answer is larger than is allowed"
                                            : "the answer is not HTTP: " + error.message());
      return false;
    }
  }
  return true;
}

void Exchange::renew_parser() {
  parser_.emplace();
  parser_->eager(true);
  parser_->skip(to_head_);
  parser_->header_limit(header_bytes_max);
  parser_->body_limit(options_.body_bytes_max);
}

void Exchange::answered() {
  step.after();
  const auto status = parser_->get().result_int();
  if (status == 101) return fail("the answer changes the protocol, which was not asked for");
  if (status < 100) return fail("the answer is not HTTP: it has no such status");
  HttpOutcome outcome{Reach::answered, {}, {}, sent_at_};
  outcome.response.status = static_cast<int>(status);
  for (const auto& line : parser_->get()) {
    outcome.response.headers.emplace_back(std::string(line.name_string()),
                                          std::string(line.value()));
  }
  outcome.response.body = std::move(parser_->get().body());
  auto link = std::exchange(link_, nullptr);
  link->on_bytes = nullptr;
  if (once || written_ < wire_.size() || !may_be_reused(*parser_, *link)) {
    link->close();
    link = nullptr;
  }
  end(std::move(outcome), std::move(link));
}

void Exchange::fail(std::string why) {
  if (over_) return;
  HttpOutcome outcome{Reach::not_sent, {}, std::move(why), {}};
  if (writing_began_) {
    outcome.reach = Reach::broken;
    outcome.sent_at = last_byte_left(link_->stream->socket(), sent_at_, loop_.now());
    // What the kernel still holds must not leave after we said when the last byte could have.
    link_->reset();
    link_ = nullptr;
  }
  end(std::move(outcome), nullptr);
}

void Exchange::end(HttpOutcome outcome, std::shared_ptr<Link> reusable) {
  if (std::exchange(over_, true)) return;
  const auto self = shared_from_this();
  deadline_.cancel();
  if (released) std::exchange(released, nullptr)(self, std::move(reusable));
  std::exchange(done_, nullptr)(std::move(outcome));
}

}  // namespace hmt::net
