#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "postgres/connection.h"

namespace hmt::postgres {

// The sessions that readers share. Each transaction on one checks at its start that nothing of the
// former has stayed behind. Thread rule: any thread. Limits: `size` sessions; who finds none waits
// two seconds and is `unavailable` then.
class Pool {
 public:
  Pool(Settings settings, Limits limits, std::size_t size)
      : settings_(std::move(settings)), limits_(limits), size_(size) {}

  // Given back when it goes out of scope.
  class Loan {
   public:
    Loan(Pool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Loan(Loan&&) = default;
    Loan& operator=(Loan&&) = delete;
    ~Loan();
    Connection& operator*() { return *connection_; }
    Connection* operator->() { return connection_.get(); }

   private:
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  base::Result<Loan> take();

 private:
  void put(std::unique_ptr<Connection> connection);

  const Settings settings_;
  const Limits limits_;
  const std::size_t size_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t made_ = 0;
};

}  // namespace hmt::postgres
