#pragma once
#include <filesystem>
#include <stdlib.h>
#include <string>

namespace hmt::sqlite {

// A folder for one test, gone with it.
class TestFolder {
 public:
  TestFolder() {
    auto name = (std::filesystem::temp_directory_path() / "hmt-sqlite-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string file(const std::string& name = "hmt.db") const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace hmt::sqlite
