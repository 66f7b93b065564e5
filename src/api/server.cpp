#include "api/server.h"

#include <utility>

#include "api/service.h"
#include "net/http_server.h"

namespace hmt::api {
namespace {

constexpr std::size_t gzip_from_bytes = 1024;

// Of requests that no handler answers: unreadable, too large or too slow.
net::HttpResponse refusal_of_request(int status) {
  switch (status) {
    case 408:
      return error_answer(408, "request_timeout", "the request did not arrive in time");
    case 413:
      return error_answer(413, "body_too_large", "a body is at most 64 KB");
    case 431:
      return error_answer(431, "headers_too_large", "headers are at most 16 KB in 100 lines");
    case 500:
      return error_answer(500, "internal", "the request was not answered: see the log");
    default:
      return error_answer(status, "malformed_request", "this is not an HTTP request");
  }
}

}  // namespace

struct Server::State {
  State(net::Loop& loop, runtime::Desk& desk, std::unique_ptr<store::Reader> reader,
        ApiConfig config)
      : service(std::make_shared<Service>(loop, desk, std::move(reader), std::move(config))),
        http(loop,
             net::ServerLimits{.connections_max = service->config.connections_max,
                               .gzip_from_bytes = gzip_from_bytes},
             [service = service](net::Incoming incoming, net::Responder responder) {
               service->take(std::move(incoming), std::move(responder));
             }) {}

  std::shared_ptr<Service> service;
  net::HttpServer http;
};

Server::Server(net::Loop& loop, runtime::Desk& desk, std::unique_ptr<store::Reader> reader,
               ApiConfig config)
    : state_(std::make_unique<State>(loop, desk, std::move(reader), std::move(config))) {
  state_->http.refuse_with(refusal_of_request);
  desk.on_events([streams = std::weak_ptr(state_->service->streams)](std::int64_t number) {
    if (const auto hub = streams.lock()) hub->heard(number);
  });
}

Server::~Server() {
  close_all();
}

base::Result<std::string> Server::listen(const std::string& address) {
  // "All addresses" is no name that anybody may ask for.
  const auto name = host_name(address);
  if (name != "0.0.0.0" && name != "[::]") state_->service->door.hosts.emplace_back(name);
  return state_->http.listen(address);
}

void Server::stop_accepting() {
  state_->http.stop_accepting();
}

void Server::close_all() {
  state_->service->streams->close_all();
  state_->http.close_all();
}

}  // namespace hmt::api
