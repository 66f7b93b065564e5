#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "api/answer.h"

// Kite's envelope, by which its clients tell answers from errors, and errors apart
// (kite.trade/docs/connect/v3/response-structure, …/exceptions).
namespace hmt::api {

// Whether a path is one of those that Kite's clients know.
bool is_kites(std::string_view path);

net::HttpResponse gtt_answer(std::string_view data);
// {"trigger_id": …}: what Kite answers to every write.
net::HttpResponse trigger_id_answer(std::int64_t number);

// What one of our doors has refused, in Kite's envelope, with its status and its kind of error.
// `target_first`: the trigger's first value is our second leg's (gtt_form.h).
net::HttpResponse in_kites_words(const net::HttpResponse& refusal, bool target_first = false);
net::HttpResponse in_kites_words(const base::Error& error);

}  // namespace hmt::api
