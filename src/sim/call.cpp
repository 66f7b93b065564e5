#include "sim/call.h"

#include <algorithm>

#include "sim/json.h"

namespace hmt::sim {

const std::string* Fields::find(std::string_view name) const {
  for (const auto& [key, value] : all_) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string Fields::text(std::string_view name) const {
  const std::string* found = find(name);
  return found ? *found : std::string();
}

std::vector<std::string> Fields::every(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : all_) {
    if (key == name) out.push_back(value);
  }
  return out;
}

Answer<std::string> Fields::required(std::string_view name) const {
  std::string found = text(name);
  if (found.empty()) return refuse("Missing or empty field `" + std::string(name) + "`");
  return found;
}

net::HttpResponse json_reply(int status, std::string body) {
  return {
      .status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

net::HttpResponse success(std::string_view data) {
  JsonWriter out;
  out.begin_object().key("status").string("success").key("data").raw(data).end_object();
  return json_reply(200, out.take());
}

net::HttpResponse failure(const Refusal& refusal) {
  JsonWriter out;
  out.begin_object().key("status").string("error");
  out.key("message").string(refusal.message);
  out.key("data").raw(refusal.data.empty() ? "null" : refusal.data);
  out.key("error_type").string(refusal.error_type).end_object();
  return json_reply(refusal.http_status, out.take());
}

net::HttpResponse html_error(int status) {
  const std::string title = std::to_string(status) + " Bad Gateway";
  return {.status = status,
          .headers = {{"Content-Type", "text/html"}},
          .body = "<html><head><title>" + title + "</title></head><body><h1>" + title +
                  "</h1></body></html>\n"};
}

net::HttpResponse reply(const Answer<std::string>& data) {
  return data ? success(*data) : failure(data.error());
}

net::HttpResponse no_answer() {
  return {.status = 0, .headers = {}, .body = {}};
}

Refusal not_found() {
  return {404, "GeneralException", "Route not found"};
}

Refusal wrong_method() {
  return {405, "GeneralException", "Method not allowed"};
}

}  // namespace hmt::sim
