#pragma once
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>

#include "net/http_client.h"
#include "net/http_link.h"

// For the .cpp files of this room only.
namespace hmt::net {

// One request and its answer. Ends once; how far the request got is known at every moment.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  // Gets the link back when it may carry another request; null when it may not.
  using Released =
      std::move_only_function<void(const std::shared_ptr<Exchange>&, std::shared_ptr<Link>)>;

  Exchange(Loop& loop, std::string wire, bool to_head, const ClientOptions& options, HttpDone done);

  void start_clock();
  // Runs the last check and writes. REQUIRES: the link is usable.
  void send_on(std::shared_ptr<Link> link);
  void fail(std::string why);
  bool is_over() const { return over_; }

  std::move_only_function<bool()> last_check;
  Released released;
  bool once = false;
  fault::Step step;
  bool held_link = false;  // of the kept ones; set by the client

 private:
  void write();
  void on_written(ErrorCode error, std::size_t count);
  void on_bytes(ErrorCode error);
  void on_end();
  bool feed();
  void renew_parser();
  void answered();
  void end(HttpOutcome outcome, std::shared_ptr<Link> reusable);

  Loop& loop_;
  std::string wire_;
  bool to_head_;
  ClientOptions options_;
  HttpDone done_;
  asio::steady_timer deadline_;
  std::shared_ptr<Link> link_;
  std::optional<boost::beast::http::response_parser<boost::beast::http::string_body>> parser_;
  std::size_t written_ = 0;
  int interim_answers_ = 0;
  bool writing_began_ = false;
  bool over_ = false;
  base::Instant sent_at_{};
};

}  // namespace hmt::net
