#pragma once
#include <string>

#include "base/result.h"

namespace hmt::sqlite {

// An open-file-description lock on a file: held by one holder of the whole machine, dropped by the
// kernel when the process ends, however it ends.
class FileLock {
 public:
  // Errors: refused (held by another), unavailable.
  static base::Result<FileLock> take(const std::string& path);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace hmt::sqlite
