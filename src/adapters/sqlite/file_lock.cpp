#include "sqlite/file_lock.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace hmt::sqlite {

using base::ErrorKind;
using base::fail;

base::Result<FileLock> FileLock::take(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail(ErrorKind::unavailable, "cannot open " + path + ": " + std::strerror(errno));
  }
  FileLock lock(descriptor);
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(descriptor, F_OFD_SETLK, &whole) == 0) return lock;
  if (errno == EAGAIN || errno == EACCES) {
    return fail(ErrorKind::refused,
                "another engine holds the data (" + path + "): stop it, or use another file");
  }
  return fail(ErrorKind::unavailable, "cannot lock " + path + ": " + std::strerror(errno));
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace hmt::sqlite
