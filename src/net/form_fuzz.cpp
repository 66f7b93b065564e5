#include <optional>
#include <string>

#include "base/test_fuzz.h"
#include "net/gzip.h"
#include "net/http.h"

// Queries, forms, percent-encoding, URLs and Accept-Encoding: what is read is written and read
// again as itself, and a second reader sees the same.
namespace {

using namespace hmt::net;
using hmt::base::test::require;

std::optional<std::string> naive_decode(std::string text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    const auto digits = text.substr(at + 1, 2);
    if (digits.size() < 2 ||
        digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
      return std::nullopt;
    }
    out += static_cast<char>(std::stoi(digits, nullptr, 16));
    at += 2;
  }
  return out;
}

void fuzz_percent(std::string_view text) {
  const auto back = percent_decode(percent_encode(text), true);
  require(back && *back == text, "not what was encoded");
  const auto read = percent_decode(text, false);
  const auto expected = naive_decode(std::string(text));
  require(read.has_value() == expected.has_value(), "a text is decoded by one reader alone");
  require(!read || *read == *expected, "a text is decoded to two");
}

void fuzz_form(std::string_view text) {
  const auto fields = parse_form(text);
  if (!fields) return;
  const auto again = parse_form(to_form(*fields));
  require(again && *again == *fields, "a form is read again as another");
}

void fuzz_origin(std::string_view text) {
  const auto origin = parse_origin(text);
  if (!origin) return;
  require(origin->port != 0 && !origin->host.empty(), "an origin without host or port");
  require(origin->tls || origin->is_loopback(), "prices would travel in the clear");
  const bool is_ipv6 = origin->host.contains(':');
  const auto host = is_ipv6 ? '[' + origin->host + ']' : origin->host;
  const auto url = std::string(origin->tls ? "wss://" : "ws://") + host + ':' +
                   std::to_string(origin->port) + origin->path;
  const auto again = parse_origin(url);
  require(again && again->tls == origin->tls && again->host == origin->host &&
              again->port == origin->port && again->path == origin->path,
          "an origin is read again as another");
}

void fuzz_encoding(std::string_view text) {
  const bool named = text.find_first_of("gG*xX") != std::string_view::npos;
  require(!accepts_gzip(text) || named, "gzip was accepted by nobody");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, text] = hmt::base::test::choose(data, size);
  switch (choice % 4) {
    case 0:
      fuzz_percent(text);
      break;
    case 1:
      fuzz_form(text);
      break;
    case 2:
      fuzz_origin(text);
      break;
    default:
      fuzz_encoding(text);
  }
  return 0;
}
