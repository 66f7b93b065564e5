#include <memory>
#include <optional>

#include "base/test_fuzz.h"
#include "net/http_exchange.h"
#include "net/naive_http.h"
#include "net/test_pair.h"

// Whatever a server answers, through the client's own exchange: it ends once, says that bytes have
// left, is whole only where a second reader sees the same whole answer, and matters not how it was
// cut on its way.
namespace {

using namespace hmt;
using namespace hmt::net;
using base::test::require;

struct Asked {
  int ends = 0;
  HttpOutcome outcome;
  bool reusable = false;
};

ClientOptions options_of(std::uint8_t choice) {
  ClientOptions options;
  if ((choice & 2) != 0) options.body_bytes_max = 64;
  return options;
}

Asked ask(std::string_view bytes, std::size_t step, std::uint8_t choice) {
  Asked asked;
  Loop loop;
  test::Pair pair(loop);
  auto link = std::make_shared<Link>(loop, base::Duration{});
  pair.become(link->stream->socket());
  const bool to_head = (choice & 1) != 0;
  auto exchange = std::make_shared<Exchange>(loop, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", to_head,
                                             options_of(choice), [&asked](HttpOutcome outcome) {
                                               ++asked.ends;
                                               asked.outcome = std::move(outcome);
                                             });
  exchange->released = [&asked](const auto&, const std::shared_ptr<Link>& reusable) {
    asked.reusable = reusable != nullptr;
    if (reusable) reusable->close();
  };
  exchange->send_on(std::move(link));
  pair.say(bytes, step);
  return asked;
}

// Interim answers lead to the one that counts.
std::optional<test::NaiveMessage> naive_answer(std::string_view bytes, bool to_head) {
  std::size_t at = 0;
  for (;;) {
    const auto line = bytes.substr(at, 13);
    const auto code = line.size() == 13 ? line.substr(9, 3) : std::string_view();
    const bool interim = code.starts_with('1');
    const bool bare = interim || to_head || code == "204" || code == "304";
    auto message = test::NaiveReader(bytes, at).message(bare, true);
    if (!message || !interim) return message;
    at = message->end;
  }
}

void hold_against_naive(const Asked& asked, std::string_view bytes, std::uint8_t choice) {
  const auto& response = asked.outcome.response;
  const auto naive = naive_answer(bytes, (choice & 1) != 0);
  require(naive.has_value(), "an answer was taken that another reader does not see");
  require(naive->first_line.size() >= 12, "an answer without a status was taken");
  require(naive->first_line.substr(9, 3) == std::to_string(response.status), "two statuses");
  require(test::comparable(naive->headers) == test::comparable(response.headers), "two heads");
  require(naive->body == response.body, "an answer has two bodies");
  require(response.body.size() <= options_of(choice).body_bytes_max, "a body larger than allowed");
  require(!asked.reusable || naive->end == bytes.size(), "a connection is used again out of step");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, text] = base::test::choose(data, size);
  if (text.size() > 16384) return 0;
  const auto whole = ask(text, text.size(), choice);
  require(whole.ends == 1, "a request does not end once");
  require(whole.outcome.reach != Reach::not_sent, "what was sent is told as not sent");
  if (whole.outcome.reach == Reach::answered) hold_against_naive(whole, text, choice);
  const auto cut = ask(text, choice / 4 % 16 * 4 + 1u, choice);
  require(cut.ends == 1, "a request does not end once");
  require(whole.outcome.reach == cut.outcome.reach, "cut elsewhere, the outcome is another");
  require(whole.outcome.response.status == cut.outcome.response.status &&
              whole.outcome.response.headers == cut.outcome.response.headers &&
              whole.outcome.response.body == cut.outcome.response.body,
          "cut elsewhere, the answer is another");
  return 0;
}
