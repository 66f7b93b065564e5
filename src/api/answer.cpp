#include "api/answer.h"

#include <utility>

#include "api/json_writer.h"

namespace hmt::api {
namespace {

using base::Error;
using base::ErrorKind;

struct Meaning {
  int status;
  std::string_view code;
};

Meaning meaning_of_conflict(const Error& error) {
  if (error.field == "version") return {412, "version_mismatch"};
  if (error.field == "status") return {409, "not_active"};
  if (error.field == "Idempotency-Key") return {422, "idempotency_key_reused"};
  return {409, "conflict"};
}

Meaning meaning_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::invalid:
      return {400, "invalid"};
    case ErrorKind::not_found:
      return {404, "not_found"};
    case ErrorKind::conflict:
      return meaning_of_conflict(error);
    case ErrorKind::refused:
      return {409, "refused"};
    case ErrorKind::unavailable:
      return {503, "unavailable"};
    case ErrorKind::exhausted:
      return {429, "limit_reached"};
    case ErrorKind::corrupt:
      return {500, "corrupt"};
    case ErrorKind::unsupported:
      return {400, "unsupported"};
  }
  std::unreachable();
}

}  // namespace

net::HttpResponse json_answer(int status, std::string body) {
  return {status,
          {{"Content-Type", "application/json; charset=utf-8"},
           {"Cache-Control", "no-store"},
           {"X-Content-Type-Options", "nosniff"},
           {"Referrer-Policy", "no-referrer"},
           {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}},
          std::move(body)};
}

std::string error_json(std::string_view code, std::string_view message, std::string_view field) {
  ObjectWriter error;
  error.text("code", code).text("message", message).text_or_null("field", field);
  return ObjectWriter().raw("error", error.done()).done();
}

net::HttpResponse error_answer(int status, std::string_view code, std::string_view message,
                               std::string_view field) {
  auto answer = json_answer(status, error_json(code, message, field));
  if (status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"hmt\"");
  if (status == 503) answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

net::HttpResponse error_answer(const Error& error) {
  const auto meaning = meaning_of(error);
  return error_answer(meaning.status, meaning.code, error.message, error.field);
}

}  // namespace hmt::api
