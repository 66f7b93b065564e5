#pragma once
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

// Databases for tests, on the server that HMT_TEST_POSTGRES names with a superuser's URL:
// tools/with_postgres.py gives one.
namespace hmt::postgres {

inline std::string server_url() {
  const char* url = std::getenv("HMT_TEST_POSTGRES");
  if (url) return url;
  ADD_FAILURE() << "HMT_TEST_POSTGRES is not set: tools/with_postgres.py -- COMMAND sets it";
  std::exit(1);
}

// `url` with another database, and with another user if one is given.
inline std::string url_of(const std::string& url, const std::string& database,
                          const std::string& user = "") {
  const auto path = url.find('/', url.find("//") + 2);
  const auto query = url.find('?', path);
  auto out = url.substr(0, path) + "/" + database;
  if (query != std::string::npos) out += url.substr(query);
  if (!user.empty()) {
    const auto at = out.find('@');
    out = "postgresql://" + user + out.substr(at);
  }
  return out;
}

// `url` by way of another port of this machine; without TLS, so that messages can be told apart.
inline std::string url_by(const std::string& url, std::uint16_t port) {
  const auto host = url.find('@') + 1;
  const auto path = url.find('/', host);
  const auto query = url.find('?', path);
  return url.substr(0, host) + "127.0.0.1:" + std::to_string(port) +
         url.substr(path, query == std::string::npos ? query : query - path) + "?sslmode=disable";
}

inline std::uint16_t port_of(const std::string& url) {
  const auto colon = url.find(':', url.find('@'));
  return static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1)));
}

// A session as psql's: any SQL, its rows as text. What goes wrong comes back as "error: …", and a
// warning as "warning: …".
class Psql {
 public:
  explicit Psql(const std::string& url) : handle_(PQconnectdb(url.c_str())) {
    EXPECT_EQ(PQstatus(handle_), CONNECTION_OK) << PQerrorMessage(handle_);
    PQsetNoticeReceiver(
        handle_,
        [](void* self, const PGresult* result) {
          if (std::string(PQresultErrorField(result, PG_DIAG_SEVERITY)) == "WARNING") {
            static_cast<Psql*>(self)->answer_ +=
                std::string("warning: ") + PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) +
                "\n";
          }
        },
        this);
  }
  ~Psql() { PQfinish(handle_); }
  Psql(const Psql&) = delete;
  Psql& operator=(const Psql&) = delete;

  std::string sql(const std::string& text) {
    answer_.clear();
    PQsendQuery(handle_, text.c_str());
    while (auto* result = PQgetResult(handle_)) {
      for (int row = 0; row < PQntuples(result); ++row) {
        for (int column = 0; column < PQnfields(result); ++column) {
          answer_ += column == 0 ? "" : "|";
          answer_ += PQgetisnull(result, row, column) ? "NULL" : PQgetvalue(result, row, column);
        }
        answer_ += "\n";
      }
      if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
        const char* words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        answer_ += std::string("error: ") + (words ? words : PQerrorMessage(handle_)) + "\n";
      }
      tag_ = PQcmdStatus(result);
      PQclear(result);
    }
    return answer_;
  }
  // Of the last statement: "UPDATE 3".
  const std::string& tag() const { return tag_; }

 private:
  PGconn* handle_;
  std::string answer_;
  std::string tag_;
};

// A database of its own, gone with it.
class TestDatabase {
 public:
  TestDatabase() {
    static std::atomic<int> count = 0;
    name_ = "hmt_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    EXPECT_EQ(Psql(server_url()).sql("CREATE DATABASE " + name_), "");
  }
  ~TestDatabase() {
    session_.reset();
    Psql(server_url()).sql("DROP DATABASE " + name_ + " WITH (FORCE)");
  }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const std::string& name() const { return name_; }
  std::string url(const std::string& user = "") const { return url_of(server_url(), name_, user); }
  // As the superuser, in one session.
  std::string sql(const std::string& text) {
    if (!session_) session_ = std::make_unique<Psql>(url());
    const auto answer = session_->sql(text);
    session_->sql("RESET ALL; RESET ROLE");
    return answer;
  }

 private:
  std::string name_;
  std::unique_ptr<Psql> session_;
};

}  // namespace hmt::postgres
