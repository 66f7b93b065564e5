#include <memory>
#include <vector>

#include "base/test_fuzz.h"
#include "net/http_session.h"
#include "net/naive_http.h"
#include "net/test_pair.h"

// Whatever a stranger sends to the server, through its own sessions: a second reader sees the same
// requests, and it matters not how the bytes were cut on their way. So no two readers in a row can
// disagree about where a request ends.
namespace {

using namespace hmt;
using namespace hmt::net;
using base::test::require;

constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";

struct Owner final : SessionOwner {
  void handle(Incoming incoming, Responder responder) override {
    HttpResponse response{200, {}, incoming.request.body};
    seen.push_back(std::move(incoming.request));
    responder.send(std::move(response));
  }
  HttpResponse refusal(int status) override {
    refused = status;
    return {status, {}, {}};
  }
  void forget(const std::shared_ptr<Session>&) override { forgotten = true; }

  std::vector<HttpRequest> seen;
  int refused = 0;
  bool forgotten = false;
};

ServerLimits limits_of(std::uint8_t choice) {
  ServerLimits limits;
  if ((choice & 1) != 0) limits.header_bytes_max = 128;
  if ((choice & 2) != 0) limits.body_bytes_max = 64;
  return limits;
}

struct Served {
  std::shared_ptr<Owner> owner = std::make_shared<Owner>();
  std::string answers;
};

Served serve(std::string_view bytes, std::size_t step, const ServerLimits& limits) {
  Loop loop;
  Served out;
  {
    test::Pair pair(loop);
    asio::ip::tcp::socket socket(loop.core().io);
    pair.become(socket);
    const auto session =
        std::make_shared<Session>(loop, limits, std::move(socket), "127.0.0.1", out.owner);
    session->start({});
    pair.say(bytes, step);
    out.answers = pair.heard();
    require(out.owner->forgotten, "a connection is kept whose peer has left");
  }
  for (auto at = out.answers.find(interim); at != std::string::npos; at = out.answers.find(interim))
    out.answers.erase(at, interim.size());
  return out;
}

void hold_against_naive(const Owner& owner, std::string_view bytes, const ServerLimits& limits) {
  std::size_t at = 0;
  for (const auto& request : owner.seen) {
    at = std::min(bytes.find_first_not_of("\r\n", at), bytes.size());
    const auto naive = test::NaiveReader(bytes, at).message(false, false);
    require(naive.has_value(), "a request was taken that another reader does not see");
    require(naive->first_line.starts_with(request.method + ' ' + request.target + " HTTP/1."),
            "a request asks for two things");
    require(test::comparable(naive->headers) == test::comparable(request.headers),
            "a request has two heads");
    require(naive->body == request.body, "a request has two bodies");
    require(request.body.size() <= limits.body_bytes_max, "a body is larger than allowed");
    at = naive->end;
  }
}

bool begins_alike(std::string_view a, std::string_view b) {
  const auto refusal = [](std::string_view text) { return text.rfind("HTTP/1.1 4"); };
  return a.substr(0, refusal(a)) == b.substr(0, refusal(b));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, text] = base::test::choose(data, size);
  if (text.size() > 16384) return 0;
  const auto limits = limits_of(choice);
  const auto whole = serve(text, text.size(), limits);
  hold_against_naive(*whole.owner, text, limits);
  const auto cut = serve(text, choice / 4 % 16 * 4 + 1u, limits);
  require(whole.owner->seen.size() == cut.owner->seen.size(), "cut elsewhere, more is asked");
  // What is refused may be so sooner, or by silence when its peer leaves.
  const bool ends_well = whole.owner->refused == 0 && cut.owner->refused == 0;
  require(ends_well ? whole.answers == cut.answers : begins_alike(whole.answers, cut.answers),
          "cut elsewhere, the answers are others");
  return 0;
}
