#include "api/pages.h"

#include "api/test_server.h"

namespace hmt::api::test {
namespace {

using namespace std::string_view_literals;

constexpr ui::Asset files[] = {
    {"/assets/app-1.js", "text/javascript; charset=utf-8", "d1", "app()", "packed"},
    {"/index.html", "text/html; charset=utf-8", "d2",
     "<html><meta nonce=\"__CSP_NONCE__\" content=\"__UI_BUILD__\"></html>", ""},
    {"/theme.js", "text/javascript; charset=utf-8", "d3", "theme()", ""}};
constexpr ui::Pages pages{files, "b1"};

class PagesApi : public ServerTest {
 protected:
  PagesApi() {
    auto with = config();
    with.pages = &pages;
    restart(std::move(with));
  }
  Answer fetch(const std::string& path, net::Headers headers = {}) {
    if (path.starts_with("/api/") && headers.empty()) return ask("GET", path, {});
    // The document of the API describes no file and no packed body.
    auto response = answer_to("GET", path, std::move(headers));
    Answer out{response.status, std::move(response.headers), std::move(response.body), {}};
    EXPECT_EQ(out.header("X-Content-Type-Options"), "nosniff") << path;
    if (auto read = read_json(out.text)) out.body = std::move(*read);
    return out;
  }
};

TEST_F(PagesApi, EveryAddressOfTheScreensGetsTheDocument) {
  for (const auto* path :
       {"/", "/triggers", "/triggers/7?show=active", "/index.html", "/apis", "/no/such/place"}) {
    const auto page = fetch(path);
    EXPECT_EQ(page.status, 200) << path;
    EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8") << path;
    EXPECT_EQ(page.header("Cache-Control"), "no-store") << path;
    EXPECT_NE(page.text.find("content=\"b1\""), std::string::npos) << page.text;
  }
}

TEST_F(PagesApi, AProgramsAddressIsNeverAScreens) {
  for (const auto* path : {"/api", "/api/v1/trigers", "/functions/v1", "/metrics/x"}) {
    const auto answer = fetch(path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.code(), "not_found") << path;
  }
  EXPECT_EQ(fetch("/gtt").at("error_type"), "InputException");
  EXPECT_EQ(ask("POST", "/", {}).status, 405);
}

TEST_F(PagesApi, EachCopyOfTheDocumentHasANonceOfItsOwnInHeaderAndPage) {
  const auto nonce_of = [this] {
    const auto page = fetch("/");
    const auto at = page.text.find("nonce=\"") + 7;
    const auto nonce = page.text.substr(at, page.text.find('"', at) - at);
    EXPECT_EQ(nonce.size(), 32U);
    EXPECT_NE(page.header("Content-Security-Policy").find("'nonce-" + nonce + "'"),
              std::string::npos);
    return nonce;
  };
  EXPECT_NE(nonce_of(), nonce_of());
}

TEST_F(PagesApi, ThePolicyAllowsNothingInlineAndNothingFromElsewhere) {
  const auto page = fetch("/");
  const auto policy = page.header("Content-Security-Policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self'; ")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(policy.find("http"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(page.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page.header("Referrer-Policy"), "no-referrer");
  EXPECT_EQ(page.header("Cross-Origin-Opener-Policy"), "same-origin");
}

TEST_F(PagesApi, WhereAPasswordIsChangedForATokenTheScreensMayTalkThereToo) {
  auto with = config();
  with.pages = &pages;
  with.password = {"https://p.supabase.co/auth/v1", "anon-key", "https://p.supabase.co"};
  restart(std::move(with));
  EXPECT_NE(fetch("/")
                .header("Content-Security-Policy")
                .find("connect-src 'self' https://p.supabase.co;"),
            std::string::npos);
  const auto sign_in = fetch("/api/v1/sign-in");
  EXPECT_EQ(sign_in.at("password.url"), "https://p.supabase.co/auth/v1");
  EXPECT_EQ(sign_in.at("password.key"), "anon-key");
}

TEST_F(PagesApi, AFileOfABuildIsKeptForEverAndAnotherIsAskedForAgain) {
  const auto app = fetch("/assets/app-1.js");
  EXPECT_EQ(app.text, "app()");
  EXPECT_EQ(app.header("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(app.header("Vary"), "Accept-Encoding");
  const auto theme = fetch("/theme.js");
  EXPECT_EQ(theme.header("Cache-Control"), "no-cache");
  EXPECT_EQ(theme.header("ETag"), "\"d3\"");
  const auto same = fetch("/theme.js", {{"If-None-Match", "W/\"x\", \"d3\""}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.text, "");
  EXPECT_EQ(fetch("/theme.js", {{"If-None-Match", "\"d4\""}}).status, 200);
}

TEST_F(PagesApi, AFileOfAnotherBuildIsNotThere) {
  const auto gone = fetch("/assets/app-0.js");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.header("Cache-Control"), "no-store");
}

// As one answers it, without a socket: a client that takes gzip does not unpack it here.
TEST(PageAnswer, TheEncodingsAreFilesOfTheirOwn) {
  net::HttpRequest request{"GET", "/assets/app-1.js", {{"Accept-Encoding", "br, gzip"}}, {}};
  const auto packed = answer_page(pages, request, "");
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->body, "packed");
  EXPECT_EQ(net::header(packed->headers, "Content-Encoding"), "gzip");
  EXPECT_EQ(net::header(packed->headers, "ETag"), "\"d1-gz\"");
  request.headers.clear();
  const auto plain = answer_page(pages, request, "");
  EXPECT_EQ(plain->body, "app()");
  EXPECT_EQ(net::header(plain->headers, "ETag"), "\"d1\"");
  request.target = "/theme.js";
  request.headers = {{"Accept-Encoding", "gzip"}};
  EXPECT_EQ(answer_page(pages, request, "")->body, "theme()") << "it was not worth packing";
}

TEST_F(PagesApi, HeadDescribesAndSendsNothing) {
  const auto head =
      raw("HEAD /assets/app-1.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_NE(head.find("200 OK"), std::string::npos);
  EXPECT_NE(head.find("Content-Length: 5"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST_F(PagesApi, TheSignInPageIsToldHowAndNothingElse) {
  desk.standing_.status = runtime::EngineStatus::degraded;
  desk.standing_.reasons = {"a reason that only the signed in may read"};
  const auto told = fetch("/api/v1/sign-in");
  EXPECT_EQ(told.at("mode"), "token");
  EXPECT_EQ(told.at("ui"), "b1");
  EXPECT_EQ(told.at("status"), "degraded");
  EXPECT_EQ(told.at("password"), "null");
  EXPECT_EQ(told.text.find("a reason"), std::string::npos);
}

TEST_F(PagesApi, AStrangeHostGetsNoPage) {
  const auto refused = raw("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 403")) << refused;
}

TEST_F(PagesApi, LargeAnswersAreCompressedForThoseWhoTakeIt) {
  const auto plain = fetch("/api/v1/openapi.json");
  const auto packed = fetch("/api/v1/openapi.json", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
  EXPECT_LT(packed.text.size(), plain.text.size() / 4);
  EXPECT_EQ(fetch("/api/v1/sign-in", {{"Accept-Encoding", "gzip"}}).header("Content-Encoding"), "")
      << "a small one is not worth it";
}

}  // namespace
}  // namespace hmt::api::test
