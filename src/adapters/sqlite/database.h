#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/store.h"

// The store in one SQLite file.
namespace hmt::sqlite {

struct Options {
  bool quick_check = true;  // read the whole file once at opening, to find damage before trading
  // 0: no bound. In pages of 4096 bytes; a full file answers `unavailable`.
  std::int64_t max_pages = 0;
  // Called once, on the writer's thread, when a flush has failed: nothing more is written before
  // the file is opened anew. Whoever holds it should end, for a fresh process knows what is there.
  std::function<void(const std::string& why)> on_lost{};
};

// An open file, held by this process alone until it goes out of scope.
class Database {
 public:
  virtual ~Database() = default;
  virtual store::Writer& writer() = 0;
  virtual std::int64_t schema_version() const = 0;
};

// Opens the file at `path`, made with mode 0600 if absent, and migrates it. Errors: refused
// (another engine holds it), corrupt (not a database, or damaged), unsupported (its schema is newer
// than this program, or it is another program's), unavailable.
base::Result<std::unique_ptr<Database>> open_database(const std::string& path,
                                                      const Options& options = {});

// For processes that only look. Opens at its first use.
std::unique_ptr<store::Reader> open_reader(const std::string& path);

}  // namespace hmt::sqlite
