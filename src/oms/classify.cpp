#include "oms/classify.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/ensure.h"

namespace hmt::oms {
namespace {

using model::PlaceAnswer;
using model::Transport;
using Words = std::span<const std::string_view>;

// Texts that say "nobody knows", at whatever status: the broker placed orders that it answered so.
// Phrases are lower case. "Check the orderbook for open orders", one word, belongs to a plain
// margin refusal.
constexpr auto timed_out =
    std::to_array<std::string_view>({"timed out", "timed-out", "timedout", "time out", "time-out",
                                     "timeout", "timing out", "check the order book"});

// The registered address: some answers give it another type than PermissionException.
constexpr auto address_refused =
    std::to_array<std::string_view>({"allowed to place orders for this app", "no ips configured"});

constexpr auto too_many = std::to_array<std::string_view>(
    {"maximum allowed order requests exceeded", "too many requests"});

// OrderException is otherwise not final: these texts are checks that come before any order is made,
// or refusals that the same order would meet again (kite-protocol 4.2).
constexpr auto known_final = std::to_array<std::string_view>({
    "tick size",
    "circuit limit",
    "circuit price",
    "within the daily range",
    "price protection range",
    "market protection",
    "trigger price for stoploss",
    "after market order",
    "amo order",
    "markets are not open",
    "market is closed",
    "are allowed only till",
    "freeze quantity",
    "freeze limit",
    "freeze limits",
    "lot size",
    "lot sizes",
    "insufficient funds",
    "margin exceeds",
    "insufficient holding",
    "insufficient holdings",
});

constexpr auto session_types =
    std::to_array<std::string_view>({"TokenException", "PermissionException", "TwoFAException"});
constexpr auto account_types = std::to_array<std::string_view>({"UserException"});
constexpr auto refusal_types =
    std::to_array<std::string_view>({"InputException", "MarginException", "HoldingException"});
constexpr auto order_types = std::to_array<std::string_view>({"OrderException"});
constexpr auto network_types = std::to_array<std::string_view>({"NetworkException"});

enum class Envelope : std::uint8_t { any, whole, with_order_id };

// Every field has to hold; an empty list of words holds for all.
struct Row {
  Transport transport;
  int status_from;
  int status_to;
  Envelope envelope;
  Words types;
  Words phrases;
  Verdict verdict;
  bool cool_down;
  std::string_view why;
};

constexpr auto not_sent = Transport::not_sent;
constexpr auto broken = Transport::broken;
constexpr auto answered = Transport::answered;
using enum Envelope;
using enum Verdict;

// clang-format off
constexpr auto table = std::to_array<Row>({
  {not_sent, 0, 999, any, {}, {}, not_placed, false, "no byte of the request left"},
  {broken, 0, 999, any, {}, {}, unknown, false, "bytes may have left and no whole answer came"},
  {answered, 200, 200, with_order_id, {}, {}, placed, false, "200 with an order id"},
  {answered, 429, 429, any, {}, timed_out, unknown, true, "429 whose text says that it timed out"},
  {answered, 0, 999, any, {}, timed_out, unknown, false, "the text says that it timed out"},
  {answered, 0, 399, any, {}, {}, unknown, false, "neither an order id nor a refusal"},
  {answered, 429, 429, whole, {}, {}, not_placed, true, "429 in the broker's own words"},
  {answered, 429, 429, any, {}, {}, unknown, true, "429 that is not the broker's own answer"},
  {answered, 400, 403, whole, network_types, too_many, not_placed, true, "order rate exceeded"},
  {answered, 400, 403, whole, session_types, {}, blocked, false, "session or permission"},
  {answered, 400, 403, whole, {}, address_refused, blocked, false, "address not registered"},
  {answered, 400, 403, whole, account_types, {}, refused, false, "the account may not"},
  {answered, 400, 400, whole, refusal_types, {}, refused, false, "input, margin or holding"},
  {answered, 400, 400, whole, order_types, known_final, refused, false, "a refusal known as final"},
  {answered, 404, 405, any, {}, {}, refused, false, "no such route or method"},
  {answered, 410, 410, any, {}, {}, refused, false, "the route is gone"},
  {answered, 413, 413, any, {}, {}, refused, false, "the request is too large"},
  {answered, 415, 415, any, {}, {}, refused, false, "the request's type is not understood"},
  {answered, 500, 599, any, {}, {}, unknown, false, "the broker failed on the way"},
});
// clang-format on

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

// Whether `phrase`, which is lower case, stands in `text` as whole words, whatever the case there.
bool says(std::string_view text, std::string_view phrase) {
  const auto same = [](char in_text, char in_phrase) { return lower(in_text) == in_phrase; };
  for (std::size_t from = 0; from + phrase.size() <= text.size(); ++from) {
    if (!std::ranges::equal(text.substr(from, phrase.size()), phrase, same)) continue;
    const auto end = from + phrase.size();
    const bool starts = from == 0 || !is_letter(text[from - 1]);
    const bool ends = end == text.size() || !is_letter(text[end]);
    if (starts && ends) return true;
  }
  return false;
}

bool holds(const Row& row, const PlaceAnswer& answer) {
  if (row.transport != answer.transport) return false;
  if (answer.http_status < row.status_from || answer.http_status > row.status_to) return false;
  if (row.envelope != any && !answer.well_formed) return false;
  if (row.envelope == with_order_id && answer.order_id.empty()) return false;
  if (!row.types.empty() && std::ranges::find(row.types, answer.error_type) == row.types.end()) {
    return false;
  }
  return row.phrases.empty() || std::ranges::any_of(row.phrases, [&](std::string_view phrase) {
           return says(answer.message, phrase);
         });
}

}  // namespace

std::string_view word(Verdict verdict) {
  constexpr auto words =
      std::to_array<std::string_view>({"placed", "refused", "not_placed", "blocked", "unknown"});
  const auto index = static_cast<std::size_t>(verdict);
  base::ensure(index < words.size(), "a verdict is one of its own values");
  return words[index];
}

Classified classify(const PlaceAnswer& answer) {
  const auto row =
      std::ranges::find_if(table, [&](const Row& each) { return holds(each, answer); });
  if (row == table.end()) return {unknown, false, "no rule knows this answer"};
  return {row->verdict, row->cool_down, row->why};
}

}  // namespace hmt::oms
