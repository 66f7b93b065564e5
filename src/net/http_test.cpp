#include "net/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hmt::net {
namespace {

using testing::HasSubstr;

TEST(Origin, IsReadFromAUrl) {
  const auto plain = parse_origin("https://api.kite.trade").value();
  EXPECT_TRUE(plain.tls);
  EXPECT_EQ(plain.host, "api.kite.trade");
  EXPECT_EQ(plain.port, 443);
  EXPECT_EQ(plain.path, "");

  const auto full = parse_origin("WSS://ws.kite.trade:8443/oms/").value();
  EXPECT_TRUE(full.tls);
  EXPECT_EQ(full.port, 8443);
  EXPECT_EQ(full.path, "/oms");

  const auto ipv6 = parse_origin("http://[::1]:9000").value();
  EXPECT_EQ(ipv6.host, "::1");
  EXPECT_EQ(ipv6.port, 9000);
  EXPECT_EQ(parse_origin("ws://localhost").value().port, 80);
}

TEST(Origin, GoesInTheClearOnlyWithinThisMachine) {
  for (const auto* url : {"http://127.0.0.1:1", "ws://127.9.8.7", "http://LOCALHOST:80/x",
                          "http://[::1]", "https://example.com", "wss://10.0.0.1"}) {
    EXPECT_TRUE(parse_origin(url)) << url;
  }
  for (const auto* url :
       {"http://example.com", "ws://10.0.0.1", "http://0.0.0.0", "http://127.0.0.1.example.com",
        "http://localhost.example.com", "http://127.1", "http://128.0.0.1", "http://[::2]"}) {
    const auto origin = parse_origin(url);
    ASSERT_FALSE(origin) << url;
    EXPECT_THAT(origin.error().message, HasSubstr("https or wss is required")) << url;
  }
}

TEST(Origin, RefusesWhatIsNotPlainlyAUrl) {
  for (const auto* url :
       {"", "api.kite.trade", "ftp://x", "https://", "https:///x", "https://u:p@x",
        "https://x?token=1", "https://x/#f", "https://x:0", "https://x:65536",
        "https://x:", "https://x:8a", "https://a b", "https://x/a b", "https://[::1",
        "https://[::1]x", "https://x\\y", "https://a:1:2", "https://x/\r\nHost: y"}) {
    EXPECT_FALSE(parse_origin(url)) << url;
  }
}

TEST(Header, IsFoundInAnyCase) {
  const Headers headers{{"Content-Type", "a"}, {"content-type", "b"}};
  EXPECT_EQ(header(headers, "CONTENT-TYPE"), "a");
  EXPECT_EQ(header(headers, "content"), "");
}

TEST(Percent, EncodesAndDecodes) {
  EXPECT_EQ(percent_encode("NSE:NIFTY 50&a=b~._-é"), "NSE%3ANIFTY%2050%26a%3Db~._-%C3%A9");
  EXPECT_EQ(percent_decode("NSE%3aNIFTY%2050+x", false).value(), "NSE:NIFTY 50+x");
  EXPECT_EQ(percent_decode("a+b", true).value(), "a b");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode(all), true).value(), all);
  for (const auto* wrong : {"%", "%4", "%4g", "%g4", "a%", "%-1"}) {
    EXPECT_FALSE(percent_decode(wrong, false)) << wrong;
  }
}

TEST(Form, IsReadAndWrittenInOrder) {
  const std::vector<std::pair<std::string, std::string>> fields{
      {"tradingsymbol", "M&M"}, {"quantity", "1"}, {"tag", ""}, {"quantity", "2"}};
  EXPECT_EQ(to_form(fields), "tradingsymbol=M%26M&quantity=1&tag=&quantity=2");
  EXPECT_EQ(parse_form(to_form(fields)).value(), fields);
  EXPECT_EQ(parse_form("a&&b=c=d+e").value(),
            (std::vector<std::pair<std::string, std::string>>{{"a", ""}, {"b", "c=d e"}}));
  EXPECT_TRUE(parse_form("").value().empty());
  EXPECT_FALSE(parse_form("a=%"));
}

}  // namespace
}  // namespace hmt::net
