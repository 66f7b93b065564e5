#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "broker/gateway.h"
#include "net/http.h"

// The bodies of the broker's REST replies (kite-protocol 1.3, 3, 4, 6). Pure; any body is safe.
namespace hmt::kite {

struct Envelope {
  bool whole = false;    // one complete JSON object whose status is "success" or "error"
  bool success = false;  // status "success"
  std::string error_type;
  std::string message;
  std::string order_id;  // data.order_id of a success
};

Envelope read_envelope(std::string_view body);

// Whether the head announces JSON that is not compressed: only then may a body be the broker's.
bool announces_json(const net::HttpResponse& response);

// Nothing when the reply is a success; else what it means. Errors: refused (400s; a dead session,
// with `field` "access_token"), not_found (404), exhausted (429), unavailable (5xx, the 400 that
// says "timed out"), corrupt (not the broker's JSON).
base::Result<void> check_reply(const net::HttpResponse& response);

// As the broker's addresses of historical candles name it (kite-protocol 6).
std::string_view interval_word(model::Interval interval);

// Each takes the body of a success. Errors: corrupt.
// A book with a row that cannot be read is corrupt as a whole: that row might be the one looked
// for.
base::Result<std::vector<model::BrokerOrder>> read_orders(std::string_view body);
base::Result<std::vector<broker::Trade>> read_trades(std::string_view body);
base::Result<broker::Account> read_profile(std::string_view body);
base::Result<broker::Margins> read_margins(std::string_view body);
base::Result<std::vector<broker::Quote>> read_quotes(std::string_view body);
base::Result<std::vector<model::Candle>> read_candles(std::string_view body);
base::Result<broker::Session> read_session(std::string_view body);

}  // namespace hmt::kite
