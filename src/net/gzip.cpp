#include "net/gzip.h"

#include <zlib.h>

#include "base/ensure.h"

namespace hmt::net {
namespace {

// A page of a thousand rows takes some milliseconds at the lowest level, and is a tenth of its
// size.
constexpr int level = Z_BEST_SPEED;
constexpr int gzip_window = 15 + 16;
constexpr int memory_level = 8;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_zero_weight(std::string_view parameters) {
  const auto at = parameters.find("q=");
  if (at == std::string_view::npos) return false;
  const auto weight = trimmed(parameters.substr(at + 2));
  return weight.find_first_not_of("0.") == std::string_view::npos;
}

bool is_text(std::string_view media_type) {
  return media_type.starts_with("application/json") || media_type.starts_with("text/");
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    const auto comma = accept_encoding.find(',');
    const auto item = accept_encoding.substr(0, comma);
    accept_encoding.remove_prefix(comma == std::string_view::npos ? accept_encoding.size()
                                                                  : comma + 1);
    const auto semicolon = item.find(';');
    const auto name = trimmed(item.substr(0, semicolon));
    const bool refused =
        semicolon != std::string_view::npos && is_zero_weight(item.substr(semicolon));
    if (name == "gzip" || name == "x-gzip") return !refused;
    if (name == "*") any = !refused;
  }
  return any;
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  base::ensure(deflateInit2(&stream, level, Z_DEFLATED, gzip_window, memory_level,
                            Z_DEFAULT_STRATEGY) == Z_OK,
               "zlib takes its own settings");
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const auto ended = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  base::ensure(ended == Z_STREAM_END, "deflateBound is enough");
  return out;
}

void compress_for(std::string_view accept_encoding, std::size_t bytes_min, HttpResponse& response) {
  if (response.body.size() < bytes_min || !is_text(header(response.headers, "Content-Type")) ||
      !header(response.headers, "Content-Encoding").empty()) {
    return;
  }
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!accepts_gzip(accept_encoding)) return;
  response.body = gzip(response.body);
  response.headers.emplace_back("Content-Encoding", "gzip");
}

}  // namespace hmt::net
