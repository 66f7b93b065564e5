#include "net/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace hmt::net {
namespace {

std::string gunzip(const std::string& packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

HttpResponse json(std::string body) {
  return {200, {{"Content-Type", "application/json; charset=utf-8"}}, std::move(body)};
}

TEST(Gzip, ComesBackWhole) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += std::to_string(i * 7919 % 1000) + ",";
  const auto packed = gzip(text);
  EXPECT_LT(packed.size(), text.size() / 2);
  EXPECT_EQ(gunzip(packed), text);
  EXPECT_EQ(gzip(text), packed);
  EXPECT_EQ(gunzip(gzip("")), "");
}

TEST(Gzip, IsSentToThoseWhoTakeIt) {
  const std::pair<std::string_view, bool> cases[] = {{"gzip", true},
                                                     {"gzip, deflate, br", true},
                                                     {"br, gzip;q=0.5", true},
                                                     {"*", true},
                                                     {"br;q=1, *;q=0.1", true},
                                                     {"x-gzip", true},
                                                     {"", false},
                                                     {"br", false},
                                                     {"gzip;q=0", false},
                                                     {"gzip; q=0.000", false},
                                                     {"*;q=0", false},
                                                     {"identity", false},
                                                     {"gzip;q=0, *", false},
                                                     {"gzipped", false}};
  for (const auto& [header, takes] : cases) EXPECT_EQ(accepts_gzip(header), takes) << header;
}

TEST(Gzip, LargeTextAloneIsCompressed) {
  const std::string large(2000, 'a');
  auto answer = json(large);
  compress_for("gzip", 1024, answer);
  EXPECT_EQ(header(answer.headers, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(answer.headers, "Vary"), "Accept-Encoding");
  EXPECT_EQ(gunzip(answer.body), large);

  auto plain = json(large);
  compress_for("br", 1024, plain);
  EXPECT_EQ(plain.body, large);
  EXPECT_EQ(header(plain.headers, "Content-Encoding"), "");
  EXPECT_EQ(header(plain.headers, "Vary"), "Accept-Encoding");

  auto small = json("{}");
  compress_for("gzip", 1024, small);
  EXPECT_EQ(small.body, "{}");

  HttpResponse font{200, {{"Content-Type", "font/woff2"}}, large};
  compress_for("gzip", 1024, font);
  EXPECT_EQ(font.body, large);

  HttpResponse packed{200, {{"Content-Type", "text/css"}, {"Content-Encoding", "gzip"}}, large};
  compress_for("gzip", 1024, packed);
  EXPECT_EQ(packed.body, large);
}

}  // namespace
}  // namespace hmt::net
