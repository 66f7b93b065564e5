#pragma once
#include <span>
#include <string_view>

// The screens, as the web build made them: files by path, ready to be sent. Pure data; how they are
// served is the API's to decide.
namespace hmt::ui {

struct Asset {
  std::string_view path;        // "/assets/index-B1x.js"
  std::string_view media_type;  // with its charset
  std::string_view digest;      // of the plain bytes; for the ETag
  std::string_view plain;
  std::string_view gzip;  // empty: compressing does not pay
};

struct Pages {
  std::span<const Asset> assets;  // sorted by path
  std::string_view build;         // names this build of the pages; another build has another one

  const Asset* find(std::string_view path) const;
  // The document that every address of the screens gets. REQUIRES: assets that hold it.
  const Asset& document() const;
};

inline constexpr std::string_view document_path = "/index.html";
// Stand in the document for what is known only when it is sent.
inline constexpr std::string_view nonce_mark = "__CSP_NONCE__";
inline constexpr std::string_view build_mark = "__UI_BUILD__";

// Null: this program was built without screens.
const Pages* built_in();

}  // namespace hmt::ui
