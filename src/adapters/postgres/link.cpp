#include "postgres/link.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <libpq-fe.h>
#include <poll.h>

#include "store/store.h"

namespace hmt::postgres {
namespace {

using base::Error;
using base::ErrorKind;
using base::fail;
using base::Result;

std::string_view detail(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text ? text : "";
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

// What is not known to be for good is `unavailable`: it is tried again, and nothing is dropped.
ErrorKind kind_of(std::string_view state, std::string_view column) {
  const auto group = state.substr(0, 2);
  if (state == "23514" && column == "parent_id") return ErrorKind::conflict;
  if (state == "23503" && column == "status") return ErrorKind::conflict;
  if (state == "55000") return ErrorKind::conflict;
  if (state == "22012") return ErrorKind::unavailable;  // our own checks divide by zero
  if (group == "22" || group == "23") return ErrorKind::invalid;
  if (state == "42501") return ErrorKind::refused;
  if (state == "XX001" || state == "XX002") return ErrorKind::corrupt;
  return ErrorKind::unavailable;
}

// Without the values of the row: they may be another user's.
std::string words_of(const PGresult* result, std::string_view state) {
  const auto constraint = std::string(detail(result, PG_DIAG_CONSTRAINT_NAME));
  if (state.substr(0, 2) == "23" && !constraint.empty()) {
    return "the table refuses the row: " + constraint;
  }
  if (state == "22012") return "the database is not as it should be: a check of a write failed";
  if (state == "55P03") return "a row is held by another transaction";
  auto out = std::string(detail(result, PG_DIAG_MESSAGE_PRIMARY));
  if (out.empty()) out = first_line(PQresultErrorMessage(result));
  if (const auto hint = detail(result, PG_DIAG_MESSAGE_HINT); !hint.empty()) {
    out += " (" + std::string(hint) + ")";
  }
  return out;
}

// ---- binary values: most significant byte first

std::int64_t binary_integer(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
  const auto unused = 64 - 8 * static_cast<int>(std::min<std::size_t>(bytes.size(), 8));
  return static_cast<std::int64_t>(out << unused) >> unused;
}

constexpr auto price_max = base::Price::from_rupees(base::Price::rupees_max);

constexpr base::Instant binary_epoch{std::chrono::sys_days{std::chrono::year_month_day{
    std::chrono::year(2000), std::chrono::January, std::chrono::day(1)}}};

// A digit of base 10000 whose place is `power` of it, in ten-millionths; nothing: finer or larger.
std::optional<std::int64_t> ten_millionths(std::int64_t digit, std::int64_t power) {
  static constexpr std::array<std::int64_t, 4> units = {1'000, 10'000'000, 100'000'000'000,
                                                        1'000'000'000'000'000};
  if (digit == 0) return 0;
  if (power == -2 && digit % 10 == 0) return digit / 10;
  if (power < -1 || power > 2 || (power == 2 && digit > 1)) return std::nullopt;
  return digit * units[static_cast<std::size_t>(power + 1)];
}

// A numeric is four numbers of 16 bits and its digits: how many of these, the power of the first,
// the sign, how many decimals are shown.
Result<base::Price> binary_price(std::string_view bytes) {
  const auto part = [&](std::size_t index) { return binary_integer(bytes.substr(2 * index, 2)); };
  const auto wrong = [] { return fail(ErrorKind::invalid, "not a price"); };
  if (bytes.size() < 8 || part(2) != 0) return wrong();
  const auto digits = bytes.size() / 2 - 4;
  std::int64_t raw = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const auto more = ten_millionths(part(4 + i), part(1) - static_cast<std::int64_t>(i));
    if (!more || *more > price_max.raw() - raw) return wrong();
    raw += *more;
  }
  return base::Price::from_raw(raw);
}

}  // namespace

// ---- columns

bool Columns::is_null() const {
  return PQgetisnull(result_, row_, next_) != 0;
}

std::string_view Columns::peek() const {
  const char* text = PQgetvalue(result_, row_, next_);
  if (!text) return {};
  return {text, static_cast<std::size_t>(PQgetlength(result_, row_, next_))};
}

void Columns::blame(std::string_view why) {
  if (!problem_.empty()) return;
  const char* name = PQfname(result_, next_);
  problem_ = std::string(name ? name : "?") + " is '" +
             (is_binary() ? "?" : std::string(peek().substr(0, 60))) + "': " + std::string(why);
}

bool Columns::is_binary() const {
  return PQfformat(result_, next_) != 0;
}

base::Uuid Columns::uuid() {
  const auto bytes = peek();
  base::Uuid out;
  if (is_binary() && bytes.size() == out.bytes.size()) {
    std::ranges::copy(bytes, out.bytes.begin());
  } else if (auto parsed = base::Uuid::parse(bytes); parsed) {
    out = *parsed;
  } else {
    blame(parsed.error().message);
  }
  ++next_;
  return out;
}

std::int64_t Columns::integer() {
  const auto text = peek();
  if (is_binary()) {
    ++next_;
    return text.empty() ? 0 : binary_integer(text);
  }
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (!text.empty() && (error != std::errc{} || end != text.data() + text.size())) {
    blame("not a whole number");
  }
  ++next_;
  return out;
}

bool Columns::flag() {
  const bool out = peek() == "t";
  ++next_;
  return out;
}

std::string Columns::text() {
  std::string out(peek());
  ++next_;
  return out;
}

base::Price Columns::price() {
  const auto parsed = is_binary() ? binary_price(peek()) : base::Price::parse(peek());
  if (!parsed) blame(parsed.error().message);
  ++next_;
  return parsed.value_or(base::Price{});
}

std::optional<base::Price> Columns::optional_price() {
  if (is_null()) return skip(), std::nullopt;
  return price();
}

base::Instant Columns::instant() {
  const auto from = is_binary() ? binary_epoch : base::Instant{};
  return from + std::chrono::microseconds(integer());
}

std::optional<base::Instant> Columns::optional_instant() {
  if (is_null()) return skip(), std::nullopt;
  return instant();
}

// ---- rows

void Rows::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

int Rows::size() const {
  return result_ ? PQntuples(result_.get()) : 0;
}

std::string Rows::tag() const {
  return result_ ? PQcmdStatus(result_.get()) : "";
}

// ---- opening

Result<std::unique_ptr<Link>> Link::open(const Settings& settings, Clock::time_point deadline) {
  std::unique_ptr<Link> out(new Link(settings));
  if (auto done = out->connect(deadline); !done) return std::unexpected(done.error());
  return out;
}

Link::~Link() {
  PQfinish(handle_);
}

Result<void> Link::connect(Clock::time_point deadline) {
  const auto values = settings_.resolved(deadline);
  if (!values) return std::unexpected(values.error());
  std::vector<const char*> names;
  std::vector<const char*> texts;
  for (const auto& [name, text] : *values) {
    names.push_back(name.c_str());
    texts.push_back(text.c_str());
  }
  names.push_back(nullptr);
  texts.push_back(nullptr);
  handle_ = PQconnectStartParams(names.data(), texts.data(), 0);
  if (!handle_) return fail(ErrorKind::unavailable, "out of memory");
  auto state = PQstatus(handle_) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) {
      return std::unexpected(lost("cannot reach " + settings_.place()));
    }
    if (!wait(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline)) {
      return fail(ErrorKind::unavailable, settings_.place() + " does not answer");
    }
    state = PQconnectPoll(handle_);
  }
  const auto note = [](void* self, const PGresult* result) {
    if (detail(result, PG_DIAG_SEVERITY_NONLOCALIZED) != "WARNING") return;
    static_cast<Link*>(self)->warning_ = detail(result, PG_DIAG_MESSAGE_PRIMARY);
  };
  PQsetNoticeReceiver(handle_, note, this);
  if (PQsetnonblocking(handle_, 1) != 0 || PQenterPipelineMode(handle_) == 0) {
    return std::unexpected(lost("the connection to " + settings_.place() + " is not usable"));
  }
  return {};
}

bool Link::usable() {
  if (broken_ || retired_ || PQstatus(handle_) != CONNECTION_OK) return false;
  // Nothing is asked, so what can be read is a farewell, or so rare that a new session may as well
  // be opened.
  pollfd one{PQsocket(handle_), POLLIN, 0};
  return ::poll(&one, 1, 0) == 0;
}

bool Link::is_in_transaction() const {
  const auto state = PQtransactionStatus(handle_);
  return state == PQTRANS_INTRANS || state == PQTRANS_INERROR;
}

std::string Link::take_warning() {
  return std::exchange(warning_, {});
}

// ---- sending

bool Link::send_one(const Command& command) {
  auto known = names_.find(command.sql);
  if (known == names_.end()) {
    const auto name = "s" + std::to_string(++named_);
    if (PQsendPrepare(handle_, name.c_str(), command.sql.c_str(), 0, nullptr) == 0) return false;
    known = names_.emplace(command.sql, name).first;
    asked_.push_back(command.sql);
  } else {
    asked_.emplace_back();
  }
  std::vector<const char*> values;
  for (const auto& each : command.values.list()) values.push_back(each ? each->c_str() : nullptr);
  return PQsendQueryPrepared(handle_, known->second.c_str(), static_cast<int>(values.size()),
                             values.data(), nullptr, nullptr,
                             command.answer == Format::binary ? 1 : 0) != 0;
}

bool Link::send(std::span<const Command> commands) {
  for (const auto& command : commands) {
    if (!send_one(command)) return false;
  }
  return PQpipelineSync(handle_) != 0;
}

bool Link::wait(short events, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd one{PQsocket(handle_), events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

// What the database says meanwhile is read: it may not listen before it has spoken.
bool Link::flush(Clock::time_point deadline) {
  while (true) {
    const int left = PQflush(handle_);
    if (left <= 0) return left == 0;
    if (!wait(POLLIN | POLLOUT, deadline)) return false;
    if (PQconsumeInput(handle_) == 0) return false;
  }
}

// ---- answers

pg_result* Link::next(Clock::time_point deadline) {
  while (PQisBusy(handle_) != 0) {
    if (!wait(POLLIN, deadline) || PQconsumeInput(handle_) == 0) {
      broken_ = true;
      return nullptr;
    }
  }
  return PQgetResult(handle_);
}

// The answer to one statement, and the empty result behind it.
Rows Link::answer(Clock::time_point deadline, std::optional<Error>& error) {
  Rows out;
  while (auto* result = next(deadline)) {
    const auto status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      out = Rows(result);
      continue;
    }
    if (status != PGRES_PIPELINE_ABORTED && !error) error = error_of(result);
    PQclear(result);
    if (PQstatus(handle_) != CONNECTION_OK) {
      broken_ = true;
      return {};
    }
  }
  return out;
}

Error Link::lost(const std::string& why) {
  broken_ = true;
  const auto said = first_line(settings_.without_secrets(PQerrorMessage(handle_)));
  return {ErrorKind::unavailable, said.empty() ? why : why + ": " + said};
}

Error Link::error_of(const pg_result* result) {
  const auto state = detail(result, PG_DIAG_SQLSTATE);
  const auto column = detail(result, PG_DIAG_COLUMN_NAME);
  // A server that has become read-only is not the one to write to: look for another. To BEGIN …
  // READ WRITE a standby says that it is not able to; whatever else that is said of, a new session
  // does no harm.
  if (state == "25006" || state == "0A000") retired_ = true;
  return {kind_of(state, column), settings_.without_secrets(words_of(result, state)),
          state == "55P03" ? store::held_row : std::string(column)};
}

void Link::ask(std::span<const Command> commands, Clock::time_point deadline, fault::Step step) {
  asked_.clear();
  if (!send(commands) || !flush(deadline)) broken_ = true;
  asked_.resize(commands.size());
  step.sent();
}

Answers Link::hear(Clock::time_point deadline) {
  Answers out;
  const auto asked = std::exchange(asked_, {});
  out.rows.resize(asked.size());
  for (std::size_t i = 0; i < asked.size() && !broken_; ++i) {
    if (!asked[i].empty() && !answer(deadline, out.error).answered()) names_.erase(asked[i]);
    if (!broken_) out.rows[i] = answer(deadline, out.error);
  }
  if (!broken_) {
    auto* sync = next(deadline);
    out.heard = PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
    broken_ |= !out.heard;
    PQclear(sync);
  }
  if (broken_ && !out.error)
    out.error = lost("the connection to " + settings_.place() + " was lost");
  return out;
}

Answers Link::exchange(std::span<const Command> commands, Clock::time_point deadline,
                       fault::Step step) {
  ask(commands, deadline, step);
  return hear(deadline);
}

Result<void> Link::script(const std::string& sql, Clock::time_point deadline) {
  std::optional<Error> error;
  if (PQexitPipelineMode(handle_) == 0 || PQsendQuery(handle_, sql.c_str()) == 0 ||
      !flush(deadline)) {
    broken_ = true;
  }
  while (auto* result = broken_ ? nullptr : next(deadline)) {
    const auto status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && !error) error = error_of(result);
    PQclear(result);
  }
  if (!broken_ && PQenterPipelineMode(handle_) == 0) broken_ = true;
  if (broken_ && !error) error = lost("the connection to " + settings_.place() + " was lost");
  if (error) return std::unexpected(*error);
  return {};
}

}  // namespace hmt::postgres
