#include "api/pages.h"

#include <initializer_list>

#include "api/secret.h"
#include "net/gzip.h"

namespace hmt::api {
namespace {

using net::HttpRequest;
using net::HttpResponse;

constexpr std::size_t nonce_digits = 32;  // 128 random bits
constexpr std::string_view files_of_a_build = "/assets/";

// These are never a screen's address, so that a mistyped one is told and not answered with a page.
bool is_programs(std::string_view path) {
  for (const std::string_view root : {"/api", "/functions", "/metrics", "/gtt"}) {
    if (path == root) return true;
    if (path.starts_with(root) && path[root.size()] == '/') return true;
  }
  return false;
}

void add_security_headers(net::Headers& headers, const std::string& policy) {
  headers.emplace_back("Content-Security-Policy", policy);
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  headers.emplace_back("Referrer-Policy", "no-referrer");
  headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  headers.emplace_back("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
}

std::string document_policy(const std::string& nonce, const std::string& connect_to) {
  return "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-" + nonce +
         "'; img-src 'self'; font-src 'self'; connect-src 'self'" +
         (connect_to.empty() ? "" : " " + connect_to) +
         "; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
}

std::string replaced(std::string text, std::string_view mark, std::string_view with) {
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + with.size())) {
    text.replace(at, mark.size(), with);
  }
  return text;
}

// Never kept: each copy has its own nonce, and names the files of this build.
HttpResponse document_answer(const ui::Pages& pages, const std::string& connect_to) {
  const auto& document = pages.document();
  const auto nonce = random_token().substr(0, nonce_digits);
  HttpResponse answer{200, {{"Content-Type", std::string(document.media_type)}}, {}};
  answer.headers.emplace_back("Cache-Control", "no-store");
  add_security_headers(answer.headers, document_policy(nonce, connect_to));
  answer.body = replaced(replaced(std::string(document.plain), ui::nonce_mark, nonce),
                         ui::build_mark, pages.build);
  return answer;
}

bool names_tag(std::string_view if_none_match, std::string_view tag) {
  return if_none_match == "*" || if_none_match.find(tag) != std::string_view::npos;
}

HttpResponse file_answer(const ui::Asset& file, const HttpRequest& request) {
  const bool packed =
      !file.gzip.empty() && net::accepts_gzip(net::header(request.headers, "Accept-Encoding"));
  const auto tag = "\"" + std::string(file.digest) + (packed ? "-gz\"" : "\"");
  HttpResponse answer{200, {{"Content-Type", std::string(file.media_type)}}, {}};
  // A file of a build has its digest in its name: another content has another name.
  answer.headers.emplace_back("Cache-Control", file.path.starts_with(files_of_a_build)
                                                   ? "public, max-age=31536000, immutable"
                                                   : "no-cache");
  answer.headers.emplace_back("ETag", tag);
  if (!file.gzip.empty()) answer.headers.emplace_back("Vary", "Accept-Encoding");
  add_security_headers(answer.headers, "default-src 'none'; frame-ancestors 'none'");
  if (names_tag(net::header(request.headers, "If-None-Match"), tag)) {
    answer.status = 304;
    return answer;
  }
  if (packed) answer.headers.emplace_back("Content-Encoding", "gzip");
  answer.body = packed ? file.gzip : file.plain;
  return answer;
}

HttpResponse no_file() {
  HttpResponse answer{404, {{"Content-Type", "text/plain; charset=utf-8"}}, {}};
  answer.headers.emplace_back("Cache-Control", "no-store");
  add_security_headers(answer.headers, "default-src 'none'; frame-ancestors 'none'");
  answer.body = "This file is of another build: load the page again.\n";
  return answer;
}

}  // namespace

std::optional<HttpResponse> answer_page(const ui::Pages& pages, const HttpRequest& request,
                                        const std::string& connect_to) {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  const std::string_view target = request.target;
  const auto path = target.substr(0, target.find('?'));
  if (is_programs(path)) return std::nullopt;
  const auto* file = pages.find(path);
  if (file && path != ui::document_path) return file_answer(*file, request);
  if (path.starts_with(files_of_a_build)) return no_file();
  return document_answer(pages, connect_to);
}

}  // namespace hmt::api
