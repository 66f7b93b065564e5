#pragma once
#include <memory>
#include <string>
#include <vector>

#include "broker/gateway.h"
#include "kite/config.h"
#include "net/http_client.h"

namespace hmt::kite {

// Orders and questions by REST (kite-protocol 1, 3, 4, 6). Errors of the questions: refused (a dead
// session has `field` "access_token"), exhausted (429), unavailable (5xx, network), not_found,
// corrupt (an answer that is not the broker's). Thread rule: the loop's thread. Limits: those of
// net::HttpClient, which ends what is outstanding when this is destroyed.
class RestGateway final : public broker::OrderGateway {
 public:
  RestGateway(net::Loop& loop, KiteConfig config, std::shared_ptr<AccessToken> token);
  ~RestGateway() override;

  // LIMIT and MARKET; other types are never sent.
  void place(const model::OrderRequest& request, std::move_only_function<bool()> last_check,
             broker::PlaceDone done) override;
  void cancel(const std::string& order_id, broker::Done<std::string> done) override;

  void order_book(broker::Done<std::vector<model::BrokerOrder>> done) override;
  void order_history(const std::string& order_id,
                     broker::Done<std::vector<model::BrokerOrder>> done) override;
  void trades(broker::Done<std::vector<broker::Trade>> done) override;
  void profile(broker::Done<broker::Account> done) override;
  void margins(broker::Done<broker::Margins> done) override;
  // In requests of at most 500, one a second. Instruments that the broker does not know are absent.
  void quotes(const std::vector<std::string>& instruments,
              broker::Done<std::vector<broker::Quote>> done) override;
  void history(model::InstrumentToken token, model::Interval interval, base::Instant from,
               base::Instant until, broker::Done<std::vector<model::Candle>> done) override;
  void instruments(broker::Done<std::vector<model::Instrument>> done) override;

  void exchange_token(const std::string& request_token,
                      broker::Done<broker::Session> done) override;
  void use_session(const std::string& access_token) override;
  void warm_up() override;

 private:
  using BodyDone = std::move_only_function<void(base::Result<std::string>)>;
  struct QuoteRun;

  net::HttpRequest request_of(std::string method, std::string target) const;
  // A question. One that breaks off at once is asked a second time: the server may have closed a
  // kept connection just then.
  void ask(std::string target, fault::Step step, bool may_repeat, BodyDone done);
  template <class T>
  void ask_and_read(std::string target, fault::Step step, base::Result<T> (*read)(std::string_view),
                    broker::Done<T> done);
  void ask_next_quotes(std::shared_ptr<QuoteRun> run);

  net::Loop& loop_;
  KiteConfig config_;
  std::shared_ptr<AccessToken> token_;
  // Gone when this is being destroyed: the last callbacks must not ask anew.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  net::HttpClient orders_;
  net::HttpClient questions_;
};

}  // namespace hmt::kite
