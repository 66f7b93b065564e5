#include "api/writes.h"

#include <algorithm>
#include <limits>

#include "api/fields.h"
#include "api/secret.h"
#include "api/views.h"

namespace hmt::api {
namespace {

using base::ErrorKind;
using base::Result;

bool says_json(std::string_view content_type) {
  const auto type = content_type.substr(0, content_type.find(';'));
  static constexpr std::string_view json = "application/json";
  const auto trimmed = type.substr(0, type.find_last_not_of(' ') + 1);
  return std::ranges::equal(trimmed, json, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b;
  });
}

}  // namespace

OrAnswer<JsonValue> read_body(const Call& call) {
  if (!says_json(call.header("Content-Type"))) {
    return std::unexpected(error_answer(415, "unsupported_media_type",
                                        "send the body as Content-Type: application/json"));
  }
  auto body = read_json(call.incoming.request.body);
  if (!body) return stop_with(body.error());
  return std::move(*body);
}

// The version in an If-Match header: "7" with or without its quotes. Nothing without the header.
Result<std::optional<std::int64_t>> if_match(const Call& call) {
  auto text = call.header("If-Match");
  if (text.empty()) return std::nullopt;
  if (text.size() > 2 && text.starts_with('"') && text.ends_with('"')) {
    text = text.substr(1, text.size() - 2);
  }
  const auto version = whole_number(text, 1, std::numeric_limits<std::int64_t>::max());
  if (!version) {
    return base::invalid("If-Match", "If-Match is the version that was read, such as \"7\"");
  }
  return version;
}

// The version that an edit was read at: of the header, or of the body.
OrAnswer<std::int64_t> version_of_edit(const Call& call, const JsonValue& body) {
  const auto header = if_match(call);
  if (!header) return stop_with(header.error());
  std::optional<std::int64_t> version = *header;
  if (const auto* member = body.find("version")) {
    std::optional<std::int64_t> in_body;
    if (auto read = FieldValue{member->name, *member}.version(in_body); !read) {
      return stop_with(read.error());
    }
    if (version && version != in_body) {
      return stop_with({ErrorKind::invalid, "If-Match and version disagree", "version"});
    }
    version = in_body;
  }
  if (version) return *version;
  return std::unexpected(error_answer(
      428, "precondition_required",
      "say which version is edited: If-Match: \"VERSION\", as ETag and version gave it",
      "If-Match"));
}

std::optional<net::HttpResponse> refuse_body(const Call& call) {
  if (call.incoming.request.body.empty() || call.incoming.request.body == "{}") {
    return std::nullopt;
  }
  return error_answer(400, "invalid", "this request takes no body");
}

Result<TriggerWrite> begin_trigger_write(Service& service, const Call& call) {
  const auto key = idempotency_key(call);
  if (!key) return std::unexpected(key.error());
  if (!*key) return TriggerWrite{};
  const auto& request = call.incoming.request;
  const auto hash = sha256_hex(request.method + '\n' + request.target + '\n' +
                               std::string(call.header("If-Match")) + '\n' + request.body);
  auto kept = service.reader->kept_answer(**key, hash, call.actor());
  if (!kept) return std::unexpected(kept.error());
  return TriggerWrite{store::Idempotency{**key, hash, stored_trigger_json}, std::move(*kept)};
}

Result<std::optional<std::string>> idempotency_key(const Call& call) {
  const auto key = call.header("Idempotency-Key");
  if (key.empty()) return std::nullopt;
  const bool printable = std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; });
  if (key.size() > 255 || !printable) {
    return base::invalid("Idempotency-Key",
                         "Idempotency-Key is 1 to 255 printable ASCII characters, without spaces");
  }
  return std::string(key);
}

}  // namespace hmt::api
