#pragma once
#include <string>
#include <string_view>

#include "net/http.h"

// Answers in fewer bytes, for those who take them.
namespace hmt::net {

// Whether an Accept-Encoding allows gzip (RFC 9110, 12.5.3): named, or covered by "*", and not with
// q=0.
bool accepts_gzip(std::string_view accept_encoding);

// The same text always gives the same bytes.
std::string gzip(std::string_view text);

// Compresses the body and says so, if the request allows it and it is text of at least `bytes_min`
// bytes that is not compressed already. Answers that could have been compressed say
// `Vary: Accept-Encoding` either way.
void compress_for(std::string_view accept_encoding, std::size_t bytes_min, HttpResponse& response);

}  // namespace hmt::net
