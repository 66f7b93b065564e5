#include "app/keys.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault/step.h"

namespace hmt::app {
namespace {

using base::ErrorKind;
using base::Result;

std::unexpected<base::Error> cannot(const std::string& what, const std::string& path) {
  return base::fail(ErrorKind::unavailable, what + " " + path + ": " + std::strerror(errno));
}

// Nothing when there is no such file.
Result<std::optional<std::string>> read_private(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    if (errno == ENOENT) return std::nullopt;
    return cannot("Cannot read", path);
  }
  struct stat info{};
  const bool is_private = ::fstat(file, &info) == 0 && (info.st_mode & 077) == 0;
  char text[512];
  const auto size = ::read(file, text, sizeof text);
  ::close(file);
  if (!is_private) {
    return base::fail(ErrorKind::refused,
                      path + " can be read by others: chmod 600 it, or remove it");
  }
  if (size < 0) return cannot("Cannot read", path);
  std::string out(text, static_cast<std::size_t>(size));
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return out;
}

// A file's new name is kept by its folder: without this a loss of power takes the file itself.
bool flush_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  const bool flushed = ::fsync(file) == 0;
  ::close(file);
  return flushed;
}

// Whole or not at all: a crash in between leaves no half-written secret behind.
Result<void> write_private(const std::string& path, const std::string& text) {
  constexpr fault::Step step = "secret";
  const auto draft = path + ".new";
  step.before();
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return cannot("Cannot make", path);
  const auto line = text + "\n";
  const auto written = ::write(file, line.data(), line.size());
  const bool kept = written == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
  ::close(file);
  if (!kept || ::rename(draft.c_str(), path.c_str()) != 0 || !flush_folder_of(path)) {
    return cannot("Cannot write", path);
  }
  step.after();
  return {};
}

std::string random_base64(std::size_t bytes, int variant) {
  std::string random(bytes, '\0');
  randombytes_buf(random.data(), random.size());
  std::string out(sodium_base64_encoded_len(bytes, variant), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(random.data()),
                    random.size(), variant);
  out.resize(std::strlen(out.c_str()));
  return out;
}

// The text in the file, made by `make` when there is none.
template <class Make>
Result<std::pair<std::string, bool>> keep(const std::string& path, Make make) {
  auto kept = read_private(path);
  if (!kept) return std::unexpected(kept.error());
  if (*kept && !(*kept)->empty()) return std::pair(**kept, false);
  auto text = make();
  if (auto written = write_private(path, text); !written) return std::unexpected(written.error());
  return std::pair(std::move(text), true);
}

}  // namespace

Result<AdminTokenFile> admin_token(const std::string& configured,
                                   const std::string& database_path) {
  if (!configured.empty()) return AdminTokenFile{configured, {}, false};
  const auto path = database_path + ".token";
  auto kept =
      keep(path, [] { return random_base64(32, sodium_base64_VARIANT_URLSAFE_NO_PADDING); });
  if (!kept) return std::unexpected(kept.error());
  return AdminTokenFile{kept->first, path, kept->second};
}

Result<std::array<std::uint8_t, 32>> secret_key(const std::string& configured,
                                                const std::string& database_path, bool is_used) {
  auto text = configured;
  if (text.empty()) {
    const auto path = database_path + ".key";
    if (is_used && ::access(path.c_str(), F_OK) != 0) {
      return base::fail(ErrorKind::refused,
                        path + " is missing, and orders of " + database_path +
                            " are recognised by it alone: restore it, or set HMT_SECRET_KEY");
    }
    auto kept = keep(database_path + ".key",
                     [] { return random_base64(32, sodium_base64_VARIANT_ORIGINAL); });
    if (!kept) return std::unexpected(kept.error());
    text = kept->first;
  }
  return read_secret_key(text);
}

Result<std::array<std::uint8_t, 32>> read_secret_key(const std::string& text) {
  std::array<std::uint8_t, 32> key{};
  std::size_t size = 0;
  const bool read = sodium_base642bin(key.data(), key.size(), text.data(), text.size(), nullptr,
                                      &size, nullptr, sodium_base64_VARIANT_ORIGINAL) == 0;
  if (!read || size != key.size()) return base::invalid("HMT_SECRET_KEY", "32 bytes in base64");
  return key;
}

// A key of its own for tags, so that what is seen at the broker says nothing about sealed secrets.
oms::TagKey tag_key(const std::array<std::uint8_t, 32>& secret) {
  oms::TagKey key;
  crypto_kdf_derive_from_key(key.bytes.data(), key.bytes.size(), 1, "hmt-tags", secret.data());
  return key;
}

}  // namespace hmt::app
