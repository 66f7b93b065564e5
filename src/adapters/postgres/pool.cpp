#include "postgres/pool.h"

namespace hmt::postgres {

constexpr auto patience = std::chrono::seconds(2);

Pool::Loan::~Loan() {
  if (connection_) pool_->put(std::move(connection_));
}

base::Result<Pool::Loan> Pool::take() {
  std::unique_lock lock(mutex_);
  if (!given_back_.wait_for(lock, patience, [&] { return !idle_.empty() || made_ < size_; })) {
    return base::fail(base::ErrorKind::unavailable, "all connections to the database are busy");
  }
  if (idle_.empty()) {
    ++made_;
    return Loan(*this, std::make_unique<Connection>(settings_, Role::engine, limits_));
  }
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return Loan(*this, std::move(connection));
}

void Pool::put(std::unique_ptr<Connection> connection) {
  connection->leave();
  const std::scoped_lock lock(mutex_);
  idle_.push_back(std::move(connection));
  given_back_.notify_one();
}

}  // namespace hmt::postgres
