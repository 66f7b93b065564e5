#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.h"
#include "sim/broker.h"
#include "sim/refusal.h"

namespace hmt::sim {

// Decoded fields of a query or a form body, in their order.
class Fields {
 public:
  Fields() = default;
  explicit Fields(std::vector<std::pair<std::string, std::string>> all) : all_(std::move(all)) {}

  const std::string* find(std::string_view name) const;  // the first; null: absent
  std::string text(std::string_view name) const;         // absent: empty
  std::vector<std::string> every(std::string_view name) const;
  // Errors: InputException naming the field, when it is absent or empty.
  Answer<std::string> required(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

// One REST request, taken apart.
struct Call {
  Broker& broker;
  std::string method;
  std::vector<std::string> path;  // decoded segments
  Fields query;
  Fields form;
  std::string body;
  Account* account = nullptr;  // set once authorised
};

net::HttpResponse json_reply(int status, std::string body);
net::HttpResponse success(std::string_view data);  // data: JSON
net::HttpResponse failure(const Refusal& refusal);
net::HttpResponse html_error(int status);  // as a gateway in front of the broker answers
net::HttpResponse reply(const Answer<std::string>& data);
net::HttpResponse no_answer();  // status 0: the request is left hanging
Refusal not_found();
Refusal wrong_method();

// Routes, by their first segment. Each answers everything under it.
net::HttpResponse session_route(Call& call);    // session/token, without authorisation
net::HttpResponse login_page(Call& call);       // connect/login and connect/finish
net::HttpResponse user_route(Call& call);       // user/…
net::HttpResponse orders_route(Call& call);     // orders and trades; but no placement
net::HttpResponse market_route(Call& call);     // instruments and quote
net::HttpResponse portfolio_route(Call& call);  // portfolio/…

}  // namespace hmt::sim
