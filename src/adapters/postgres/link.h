#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fault/step.h"
#include "postgres/fields.h"
#include "postgres/settings.h"

struct pg_conn;
struct pg_result;

// One session of libpq, used without blocking: every wait has a deadline, and what has not been
// answered by then ends the link. Thread rule: one thread.
namespace hmt::postgres {

// The columns of one row, taken from left to right, whether they came as text or as binary values.
// What does not parse leaves a zero value and a `problem`.
class Columns {
 public:
  Columns(const pg_result* result, int row) : result_(result), row_(row) {}

  bool is_null() const;  // the next column
  void skip() { ++next_; }
  std::int64_t integer();
  bool flag();
  std::string text();  // NULL is empty
  base::Price price();
  std::optional<base::Price> optional_price();
  base::Instant instant();  // as text: a count of microseconds since 1970
  std::optional<base::Instant> optional_instant();

  template <class Identifier>
  Identifier id() {
    return Identifier{uuid()};
  }

  template <class Identifier>
  std::optional<Identifier> optional_id() {
    if (is_null()) return skip(), std::nullopt;
    return id<Identifier>();
  }

  // The value that `from` finds for the column's text.
  template <class From>
  auto word(From from) {
    const auto found = from(peek());
    if (!found) blame("an unknown word");
    ++next_;
    return found.value_or(typename decltype(from(std::string_view{}))::value_type{});
  }

  template <class From>
  decltype(std::declval<From>()(std::string_view{})) optional_word(From from) {
    if (is_null()) return skip(), std::nullopt;
    return word(from);
  }

  // The first column that could not be read, and why; empty: none.
  const std::string& problem() const { return problem_; }

 private:
  std::string_view peek() const;
  bool is_binary() const;
  base::Uuid uuid();
  void blame(std::string_view why);

  const pg_result* result_;
  int row_;
  int next_ = 0;
  std::string problem_;
};

// The answer to one statement.
class Rows {
 public:
  Rows() = default;
  explicit Rows(pg_result* result) : result_(result) {}

  int size() const;  // 0 as well when there was no answer
  bool empty() const { return size() == 0; }
  Columns row(int index) const { return {result_.get(), index}; }
  Columns front() const { return row(0); }
  bool answered() const { return result_ != nullptr; }
  std::string tag() const;  // "COMMIT", "UPDATE 3"; empty: no answer

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

enum class Format : std::uint8_t { text, binary };

struct Command {
  std::string sql;
  Fields values;
  Format answer = Format::text;
};

// What came of commands that were sent together.
struct Answers {
  std::vector<Rows> rows;            // one for each command; empty from the first failure on
  std::optional<base::Error> error;  // the first
  bool heard = false;                // every answer was read: what happened is known
};

class Link {
 public:
  // Errors: unavailable; refused by name (no such role, database or password) also is.
  static base::Result<std::unique_ptr<Link>> open(const Settings& settings,
                                                  Clock::time_point deadline);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Sends all in one go and waits for the answers; a statement that fails ends those that follow.
  // Statements are prepared at their first use.
  Answers exchange(std::span<const Command> commands, Clock::time_point deadline,
                   fault::Step step = {});
  // The halves of it: the next may be asked before what has come is read. One at a time.
  void ask(std::span<const Command> commands, Clock::time_point deadline, fault::Step step = {});
  Answers hear(Clock::time_point deadline);
  // Statements without parameters or answers, as a script.
  base::Result<void> script(const std::string& sql, Clock::time_point deadline);

  bool usable();  // no: open another; also when the server has hung up meanwhile
  bool is_in_transaction() const;
  // The database's last WARNING since it was asked for; empty: none.
  std::string take_warning();

 private:
  explicit Link(const Settings& settings) : settings_(settings) {}
  base::Result<void> connect(Clock::time_point deadline);
  bool send(std::span<const Command> commands);
  bool send_one(const Command& command);
  bool flush(Clock::time_point deadline);
  bool wait(short events, Clock::time_point deadline);
  pg_result* next(Clock::time_point deadline);
  Rows answer(Clock::time_point deadline, std::optional<base::Error>& error);
  base::Error lost(const std::string& why);
  base::Error error_of(const pg_result* result);

  const Settings& settings_;
  pg_conn* handle_ = nullptr;
  std::map<std::string, std::string, std::less<>> names_;  // of prepared statements
  std::size_t named_ = 0;
  std::vector<std::string> asked_;  // for each command: its text, if it was prepared with it
  std::string warning_;
  bool broken_ = false;   // nothing more will be heard
  bool retired_ = false;  // works, and is not to be used again
};

}  // namespace hmt::postgres
