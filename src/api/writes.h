#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "api/json_value.h"
#include "api/service.h"

// What every write reads of its request: body, version and key.
namespace hmt::api {

// An answer that stops the request where it is.
template <class T>
using OrAnswer = std::expected<T, net::HttpResponse>;

inline std::unexpected<net::HttpResponse> stop_with(const base::Error& error) {
  return std::unexpected(error_answer(error));
}

OrAnswer<JsonValue> read_body(const Call& call);

// The version in an If-Match header: "7" with or without its quotes. Nothing without the header.
base::Result<std::optional<std::int64_t>> if_match(const Call& call);
// The version that an edit was read at: of the header, or of the body. 428 without either.
OrAnswer<std::int64_t> version_of_edit(const Call& call, const JsonValue& body);

// Of a request that takes no body; an empty object does no harm.
std::optional<net::HttpResponse> refuse_body(const Call& call);

// What a write of a trigger begins with: its key, and the row that the first answer told of, when
// this is a repetition. Errors: invalid; conflict (the key was used for another request).
struct TriggerWrite {
  std::optional<store::Idempotency> key;
  std::optional<std::string> kept;
};
base::Result<TriggerWrite> begin_trigger_write(Service& service, const Call& call);

// Nothing without the header. Errors: invalid.
base::Result<std::optional<std::string>> idempotency_key(const Call& call);

}  // namespace hmt::api
