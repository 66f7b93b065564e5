#include "identity/base64url.h"

#include <gtest/gtest.h>

#include "identity/test_tokens.h"

namespace hmt::identity {
namespace {

TEST(Base64Url, EveryLengthComesBackAsItWent) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64url_decode(test::base64url(bytes)), bytes);
    bytes.push_back(static_cast<char>(i * 37));
  }
}

TEST(Base64Url, KnownTexts) {
  EXPECT_EQ(base64url_decode(""), "");
  EXPECT_EQ(base64url_decode("Zg"), "f");
  EXPECT_EQ(base64url_decode("Zm8"), "fo");
  EXPECT_EQ(base64url_decode("Zm9v"), "foo");
  EXPECT_EQ(base64url_decode("-_-_"), "\xFB\xFF\xBF");
}

TEST(Base64Url, OneMeaningHasOneText) {
  for (const std::string_view text :
       {"Zg==", "Zm8=", "Zm9v=", "Zh", "Zm9", "Z", "A", "Zm9vA", "Zm9vAAAAA", "Zm9vZ", "Zm+v",
        "Zm/v", "Zm 9v", " Zm9v", "Zm9v\n", "Zm9\xC3", "Zm.v", "=", "Zm9v Zg"}) {
    EXPECT_FALSE(base64url_decode(text)) << text;
  }
  EXPECT_FALSE(base64url_decode(std::string_view("Zm\0v", 4)));
}

}  // namespace
}  // namespace hmt::identity
