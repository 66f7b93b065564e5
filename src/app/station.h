#pragma once
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "app/config.h"
#include "base/result.h"
#include "runtime/desk.h"

// A running engine with its API: the composition root. It owns the threads (market, orders,
// commits, API) and everything on them.
namespace hmt::app {

class Station {
 public:
  // Opens the database, makes the keys, binds the API's address. Nothing runs yet. Errors: as their
  // parts; `field` names the setting.
  static base::Result<std::unique_ptr<Station>> open(const Config& config);
  ~Station();

  const std::string& address() const;     // of the API, with its port
  const std::string& token_path() const;  // empty: the token was configured
  const std::string& token() const;       // of single-user mode
  runtime::Desk& desk();

  void run();              // starts the threads
  void drain();            // orderly end within 10 s; the database is closed then
  bool broke_off() const;  // it could not go on by itself
  // Called then, on any thread: another engine took the lease, or the records cannot be written
  // before a restart.
  void on_end(std::function<void()> ended);

 private:
  struct Parts;
  explicit Station(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace hmt::app
