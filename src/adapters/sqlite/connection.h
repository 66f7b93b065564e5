#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/id.h"
#include "base/price.h"
#include "base/result.h"
#include "base/time.h"
#include "fault/step.h"

struct sqlite3;
struct sqlite3_stmt;

// A thin layer over SQLite's C API. The first failure inside a transaction sticks: everything after
// it does nothing, and commit() reports it and rolls back. So nothing that was read or written
// around a failure can be acted on. Thread rule: one thread for each connection.
namespace hmt::sqlite {

enum class Access : std::uint8_t {
  write,  // the one connection that writes and checkpoints
  read,   // never writes, never checkpoints
};

class Connection;

// The columns of the row that a statement stands on, taken from left to right. Texts that do not
// parse leave a zero value and a `problem`.
class Columns {
 public:
  explicit Columns(sqlite3_stmt* statement) : statement_(statement) {}

  void skip() { peeked_.reset(), ++next_; }
  std::int64_t integer();
  std::string text();  // NULL is empty
  base::Price price();
  std::optional<base::Price> optional_price();
  base::Instant instant();
  std::optional<base::Instant> optional_instant();

  template <class Identifier>
  Identifier id() {
    const auto parsed = Identifier::parse(peek());
    if (!parsed) blame(parsed.error().message);
    skip();
    return parsed.value_or(Identifier{});
  }

  template <class Identifier>
  std::optional<Identifier> optional_id() {
    if (!peek().data()) return skip(), std::nullopt;
    return id<Identifier>();
  }

  // The value that `from` finds for the column's text.
  template <class From>
  auto word(From from) {
    const auto found = from(peek());
    if (!found) blame("an unknown word");
    skip();
    return found.value_or(typename decltype(from(std::string_view{}))::value_type{});
  }

  template <class From>
  decltype(std::declval<From>()(std::string_view{})) optional_word(From from) {
    if (!peek().data()) return skip(), std::nullopt;
    return word(from);
  }

  // The first column that could not be read, and why; empty: none.
  const std::string& problem() const { return problem_; }

 private:
  // The next column's text; of NULL none, not even an empty one.
  std::string_view peek() {
    if (!peeked_) peeked_ = look();
    return *peeked_;
  }
  std::string_view look() const;
  void blame(std::string_view why);

  sqlite3_stmt* statement_;
  int next_ = 0;
  std::optional<std::string_view> peeked_;
  std::string problem_;
};

// A use of a prepared statement; given back when it goes out of scope.
class Statement {
 public:
  // `texts`: room for what is bound, until the statement is given back.
  Statement(Connection& connection, sqlite3_stmt* statement, std::span<char> texts)
      : connection_(&connection), statement_(statement), texts_(texts) {}
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Parameters from left to right; may be called again for those that follow.
  template <class... Values>
  Statement& bind(const Values&... values) {
    (put(values), ...);
    return *this;
  }

  bool step();  // whether there is a row; none after a failure
  void run();   // to the end
  Columns columns() const { return Columns(statement_); }

 private:
  void put(std::int64_t value);
  void put(std::string_view text);
  void put(std::nullopt_t);
  void put(base::Price price) { put(std::string_view(price.text())); }
  void put(base::Instant at) { put(std::string_view(base::to_rfc3339_nanos(at))); }
  template <class Tag>
  void put(const base::Id<Tag>& id) {
    put(std::string_view(id.text()));
  }
  template <class Value>
  void put(const std::optional<Value>& value) {
    value ? put(*value) : put(std::nullopt);
  }
  void check(int code);

  Connection* connection_;
  sqlite3_stmt* statement_;
  std::span<char> texts_;  // what is left of it
  int next_ = 1;
};

class Connection {
 public:
  // Errors: unavailable (cannot be opened), corrupt (not a database, or damaged).
  static base::Result<std::unique_ptr<Connection>> open(const std::string& path, Access access);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Prepared once, then kept. Not two uses of one text at a time.
  Statement statement(std::string_view sql);
  void script(std::string_view sql);  // statements without parameters or answers

  static constexpr int cache_of_bursts = 65'536;  // a burst finds its pages, and spills none
  static constexpr int cache_of_a_walk = 1'024;   // who reads all once wants none of it again
  void use_cache(int kibibytes);

  // A migration may edit the schema's own table; nobody else.
  void let_schema_be_edited(bool may);

  const std::string& path() const { return path_; }
  bool has_failed() const { return failure_.has_value(); }
  // Notes the failure of `code`, if it is one and the first.
  void check(int code);
  void blame(base::Error error);
  base::Result<void> outcome() const;
  std::int64_t last_number() const;  // of the row that was inserted last
  // Carries the log over into the file if it is long.
  void shorten_log();
  // Called once, when a flush has failed and nothing more will be written.
  void on_lost(std::function<void(const std::string& why)> told) { on_lost_ = std::move(told); }

 private:
  friend class Transaction;
  Connection(sqlite3* handle, std::string path);
  base::Result<void> set_up(Access access);
  void keep_log_short();
  void checkpoint();

  struct Prepared {
    sqlite3_stmt* handle = nullptr;
    std::unique_ptr<char[]> texts;
  };
  // Statements differ at their ends; to hash the whole of each would take longer than to find it.
  struct HashOfEnd {
    using is_transparent = void;
    std::size_t operator()(std::string_view sql) const {
      return std::hash<std::string_view>()(
                 sql.substr(sql.size() - std::min<std::size_t>(sql.size(), 24))) ^
             sql.size();
    }
  };

  sqlite3* handle_;
  std::string path_;
  std::unordered_map<std::string, Prepared, HashOfEnd, std::equal_to<>> statements_;
  int log_pages_ = 0;
  std::optional<base::Error> failure_;
  std::function<void(const std::string& why)> on_lost_;
  bool lost_ = false;  // a flush failed: what is on disk is not known until the file is opened anew
};

// Rolled back unless committed.
class Transaction {
 public:
  enum class Kind : std::uint8_t { read, write };
  Transaction(Connection& connection, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Errors: the first failure of the transaction; nothing of it is kept. unavailable with a message
  // that begins "commit unknown" when the flush failed.
  base::Result<void> commit(fault::Step step = {});

 private:
  void roll_back();

  Connection& connection_;
  bool done_ = false;
};

}  // namespace hmt::sqlite
