#include "api/gtt_answers.h"

#include <utility>

#include "api/json_value.h"
#include "api/json_writer.h"

namespace hmt::api {
namespace {

struct Kind {
  int status;
  std::string_view error_type;
};

// Kite knows fewer statuses than we do: what is the request's fault is 400, whatever it is.
Kind kind_of(int status) {
  switch (status) {
    case 401:
      return {403, "TokenException"};
    case 403:
      return {403, "PermissionException"};
    case 404:
      return {404, "InputException"};
    case 429:
      return {429, "NetworkException"};
    case 503:
      return {503, "NetworkException"};
    case 405:
    case 500:
      return {status, "GeneralException"};
    default:
      return {400, "InputException"};
  }
}

std::string replaced(std::string text, std::string_view word, const std::string& with) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + with.size())) {
    text.replace(at, word.size(), with);
  }
  return text;
}

// Our columns by the names that a Kite client has sent.
std::string with_kites_names(std::string message, bool target_first) {
  for (const std::string leg : {"1", "2"}) {
    const auto at = (leg == "1") == target_first ? "[1]" : "[0]";
    const auto order = std::string("orders") + at;
    message =
        replaced(std::move(message), "trigger_price_" + leg, std::string("trigger_values") + at);
    message = replaced(std::move(message), "order_price_" + leg, order + ".price");
    message = replaced(std::move(message), "product_type_" + leg, order + ".product");
    message = replaced(std::move(message), "quantity_" + leg, order + ".quantity");
  }
  return replaced(std::move(message), "trading_symbol", "tradingsymbol");
}

// Where Kite has words of its own for it, these: programs look for them.
std::string words_of(std::string_view code, std::string message, bool target_first) {
  if (code == "unauthorized") return "Incorrect `api_key` or `access_token`.";
  if (code == "already_crossed") return "Trigger already met.";
  return with_kites_names(std::move(message), target_first);
}

std::string text_at(const JsonValue* object, std::string_view name) {
  const auto* member = object ? object->find(name) : nullptr;
  return member ? member->text : std::string();
}

}  // namespace

bool is_kites(std::string_view path) {
  return path == "/gtt" || path.starts_with("/gtt/");
}

net::HttpResponse gtt_answer(std::string_view data) {
  return json_answer(200, ObjectWriter().text("status", "success").raw("data", data).done());
}

net::HttpResponse trigger_id_answer(std::int64_t number) {
  return gtt_answer(ObjectWriter().number("trigger_id", number).done());
}

net::HttpResponse in_kites_words(const net::HttpResponse& refusal, bool target_first) {
  const auto body = read_json(refusal.body);
  const auto* error = body ? body->find("error") : nullptr;
  const auto kind = kind_of(refusal.status);
  ObjectWriter out;
  out.text("status", "error");
  out.text("message", words_of(text_at(error, "code"), text_at(error, "message"), target_first));
  auto answer =
      json_answer(kind.status, out.null("data").text("error_type", kind.error_type).done());
  for (const std::string name : {"Allow", "Retry-After"}) {
    const auto value = net::header(refusal.headers, name);
    if (!value.empty()) answer.headers.emplace_back(name, value);
  }
  return answer;
}

net::HttpResponse in_kites_words(const base::Error& error) {
  return in_kites_words(error_answer(error));
}

}  // namespace hmt::api
