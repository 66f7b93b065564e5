// A disk that goes wrong under SQLite, for proof/crash_disk.py: a library for LD_PRELOAD that
// stands between the program and what it does to its database files (*.db, *.db-wal, *.db-journal).
//
//   HMT_DISK=count:PATH       adds a letter to PATH for each write (w), flush (f) and cut (w)
//   HMT_DISK=broken:K         the K-th of them fails with EIO
//   HMT_DISK=unflushed:K      the K-th flush fails with EIO
//   HMT_DISK=full:K:MARKER    from the K-th on writes fail with ENOSPC, while MARKER is there
//   HMT_DISK=lose:FOLDER      keeps in FOLDER what has not been flushed, as it was and as it is
//   HMT_SYNCHRONOUS=NORMAL    what the program asks SQLite for is replaced by this
//
// What "lose" keeps is, for each file, FOLDER/<name>: one entry after another, each a head of four
// 64-bit numbers (offset, size of the file before, old bytes, new bytes) and then those bytes. A
// flush empties it. Names that were given by a rename and not flushed with their folder are lines
// of FOLDER/renamed.
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <mutex>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

struct sqlite3;

namespace {

constexpr int files_max = 1024;

enum class Trouble : std::uint8_t { none, count, broken, unflushed, full, lose };

struct Plan {
  Trouble trouble = Trouble::none;
  long at = 0;
  std::string path;
};

std::mutex turn;
std::string names[files_max];  // of the open database files by descriptor; empty: another file
long writes = 0;
long flushes = 0;

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

Plan read_plan() {
  const char* said = std::getenv("HMT_DISK");
  const std::string text = said ? said : "";
  const auto rest = [&](const char* word) -> const char* {
    const auto size = std::strlen(word);
    return text.compare(0, size, word) == 0 ? text.c_str() + size : nullptr;
  };
  if (const auto* path = rest("count:")) return {Trouble::count, 0, path};
  if (const auto* number = rest("broken:")) return {Trouble::broken, std::atol(number), {}};
  if (const auto* number = rest("unflushed:")) return {Trouble::unflushed, std::atol(number), {}};
  if (const auto* folder = rest("lose:")) return {Trouble::lose, 0, folder};
  if (const auto* number = rest("full:")) {
    return {Trouble::full, std::atol(number), std::strchr(number, ':') + 1};
  }
  return {};
}

const Plan& plan() {
  static const Plan read = read_plan();
  return read;
}

bool is_ours(const std::string& name) {
  for (const auto* end : {".db", ".db-wal", ".db-journal"}) {
    const auto size = std::strlen(end);
    if (name.size() > size && name.compare(name.size() - size, size, end) == 0) return true;
  }
  return false;
}

void opened(int file, const char* path) {
  if (file < 0 || file >= files_max) return;
  const std::scoped_lock lock(turn);
  names[file] = is_ours(path) ? path : "";
}

int open_by(const char* function, const char* path, int flags, va_list more) {
  const int file = real<decltype(::open)>(function)(path, flags, va_arg(more, mode_t));
  opened(file, path);
  return file;
}

std::string name_of(int file) {
  if (file < 0 || file >= files_max) return {};
  const std::scoped_lock lock(turn);
  return names[file];
}

void say(const std::string& line) {
  [[maybe_unused]] const auto size = real<decltype(::write)>("write")(2, line.data(), line.size());
}

void add_to(const std::string& path, const std::string& bytes) {
  const int file =
      real<decltype(::open)>("open")(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  [[maybe_unused]] const auto size =
      real<decltype(::write)>("write")(file, bytes.data(), bytes.size());
  real<decltype(::close)>("close")(file);
}

// The error number that this write, flush or cut of a database file fails with; 0: none.
int failure(bool is_write, bool is_flush = false) {
  const auto& what = plan();
  if (what.trouble == Trouble::none || what.trouble == Trouble::lose) return 0;
  const std::scoped_lock lock(turn);
  ++writes;
  if (is_flush) ++flushes;
  if (what.trouble == Trouble::count) add_to(what.path, is_flush ? "f" : "w");
  const bool this_flush = what.trouble == Trouble::unflushed && is_flush && flushes == what.at;
  if (this_flush || (what.trouble == Trouble::broken && writes == what.at)) {
    say("the disk has failed\n");
    return EIO;
  }
  const bool full = what.trouble == Trouble::full && is_write && writes >= what.at &&
                    ::access(what.path.c_str(), F_OK) == 0;
  if (full) say("the disk is full\n");
  return full ? ENOSPC : 0;
}

// ---- what a loss of power would lose

std::string kept_of(const std::string& name) {
  return plan().path + "/" + name.substr(name.rfind('/') + 1);
}

std::string bytes_at(int file, std::int64_t offset, std::size_t size) {
  std::string out(size, '\0');
  const auto read = real<decltype(::pread)>("pread")(file, out.data(), size, offset);
  out.resize(read < 0 ? 0 : static_cast<std::size_t>(read));
  return out;
}

void keep(int file, const std::string& name, std::int64_t offset, std::size_t replaced,
          const std::string& by) {
  struct stat info{};
  ::fstat(file, &info);
  const auto old = bytes_at(file, offset, replaced);
  const std::uint64_t head[] = {static_cast<std::uint64_t>(offset),
                                static_cast<std::uint64_t>(info.st_size), old.size(), by.size()};
  std::string entry(reinterpret_cast<const char*>(head), sizeof head);
  add_to(kept_of(name), entry + old + by);
}

void flushed(int file, const std::string& name) {
  struct stat info{};
  if (::fstat(file, &info) == 0 && S_ISDIR(info.st_mode)) {
    ::unlink((plan().path + "/renamed").c_str());
  } else if (!name.empty()) {
    ::unlink(kept_of(name).c_str());
  }
}

int flush(int file, const char* function) {
  const auto name = name_of(file);
  if (!name.empty()) {
    if (const int error = failure(false, true)) return errno = error, -1;
  }
  // Only a loss of power tells a flush from none, and "lose" plays that.
  if (plan().trouble == Trouble::lose) return flushed(file, name), 0;
  return real<int(int)>(function)(file);
}

int cut(int file, std::int64_t size, const char* function) {
  const auto name = name_of(file);
  if (!name.empty()) {
    if (const int error = failure(false)) return errno = error, -1;
    struct stat info{};
    const bool is_shorter = ::fstat(file, &info) == 0 && size < info.st_size;
    if (plan().trouble == Trouble::lose && is_shorter) {
      keep(file, name, size, static_cast<std::size_t>(info.st_size - size), {});
    }
  }
  return real<int(int, off_t)>(function)(file, size);
}

ssize_t write_at(int file, const void* bytes, std::size_t size, std::int64_t offset,
                 const char* function) {
  const auto name = name_of(file);
  if (!name.empty()) {
    if (const int error = failure(true)) return errno = error, -1;
    if (plan().trouble == Trouble::lose) {
      keep(file, name, offset, size, std::string(static_cast<const char*>(bytes), size));
    }
  }
  return real<ssize_t(int, const void*, std::size_t, off_t)>(function)(file, bytes, size, offset);
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int file = open_by("open", path, flags, more);
  va_end(more);
  return file;
}

int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const int file = open_by("open64", path, flags, more);
  va_end(more);
  return file;
}

int close(int file) {
  if (file >= 0 && file < files_max) {
    const std::scoped_lock lock(turn);
    names[file].clear();
  }
  return real<decltype(::close)>("close")(file);
}

ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
  return write_at(file, bytes, size, offset, "pwrite");
}

ssize_t pwrite64(int file, const void* bytes, std::size_t size, off64_t offset) {
  return write_at(file, bytes, size, offset, "pwrite64");
}

int fdatasync(int file) {
  return flush(file, "fdatasync");
}

int fsync(int file) {
  return flush(file, "fsync");
}

int ftruncate(int file, off_t size) noexcept {
  return cut(file, size, "ftruncate");
}

int ftruncate64(int file, off64_t size) noexcept {
  return cut(file, size, "ftruncate64");
}

int unlink(const char* path) noexcept {
  if (plan().trouble == Trouble::lose && is_ours(path)) {
    real<decltype(::unlink)>("unlink")(kept_of(path).c_str());
  }
  return real<decltype(::unlink)>("unlink")(path);
}

int rename(const char* from, const char* to) noexcept {
  const int done = real<decltype(::rename)>("rename")(from, to);
  if (done == 0 && plan().trouble == Trouble::lose)
    add_to(plan().path + "/renamed", std::string(to) + "\n");
  return done;
}

int sqlite3_exec(sqlite3* handle, const char* sql, int (*row)(void*, int, char**, char**), void* to,
                 char** error) {
  const char* said = std::getenv("HMT_SYNCHRONOUS");
  const std::string other = "PRAGMA synchronous = " + std::string(said ? said : "");
  if (said && std::strcmp(sql, "PRAGMA synchronous = FULL") == 0) {
    say("SQLite is told: " + other + "\n");
    sql = other.c_str();
  }
  return real<decltype(sqlite3_exec)>("sqlite3_exec")(handle, sql, row, to, error);
}
}
