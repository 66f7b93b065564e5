#include "ui/pages.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace hmt::ui {
namespace {

constexpr Asset files[] = {{"/assets/app-1.js", "text/javascript", "d1", "app()", ""},
                           {"/index.html", "text/html", "d2", "<html>", ""},
                           {"/theme.js", "text/javascript", "d3", "theme()", ""}};

TEST(Pages, AFileIsFoundByItsWholePath) {
  const Pages pages{files, "b1"};
  EXPECT_EQ(pages.find("/theme.js")->plain, "theme()");
  EXPECT_EQ(pages.find("/theme"), nullptr);
  EXPECT_EQ(pages.find("/assets/"), nullptr);
  EXPECT_EQ(pages.find(""), nullptr);
  EXPECT_EQ(pages.find("/zzz"), nullptr);
  EXPECT_EQ(pages.document().digest, "d2");
}

// What the packer wrote, when this build has screens.
TEST(Pages, TheBuiltInOnesAreSortedAndHoldTheDocumentWithItsMarks) {
  const auto* pages = built_in();
  ASSERT_EQ(pages != nullptr, HMT_HAS_SCREENS) << "as the build was told";
  if (!pages) return;
  EXPECT_TRUE(std::ranges::is_sorted(pages->assets, {}, &Asset::path));
  EXPECT_EQ(pages->build.size(), 12U);
  const auto document = pages->document().plain;
  EXPECT_NE(document.find(nonce_mark), std::string_view::npos);
  EXPECT_NE(document.find(build_mark), std::string_view::npos);
  EXPECT_EQ(document.find("<script>"), std::string_view::npos) << "an inline script";
  for (const auto& asset : pages->assets) {
    EXPECT_FALSE(asset.plain.empty()) << asset.path;
    if (!asset.gzip.empty()) {
      EXPECT_LT(asset.gzip.size(), asset.plain.size()) << asset.path;
      EXPECT_EQ(asset.gzip.substr(0, 2), "\x1f\x8b") << asset.path;
    }
  }
}

}  // namespace
}  // namespace hmt::ui
