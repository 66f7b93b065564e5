#include "kite/login.h"

#include "net/http.h"

namespace hmt::kite {

std::string login_url(std::string_view login_page, std::string_view api_key,
                      std::string_view state) {
  // The parameters of the way back are one parameter here, so they are encoded a second time.
  const auto way_back = net::to_form({{"state", std::string(state)}});
  std::string out(login_page);
  out += out.find('?') == std::string::npos ? '?' : '&';
  return out + net::to_form(
                   {{"v", "3"}, {"api_key", std::string(api_key)}, {"redirect_params", way_back}});
}

base::Instant session_end(base::Instant login) {
  static constexpr base::Duration day = std::chrono::hours(24);
  static constexpr base::Duration over = std::chrono::hours(6);
  const auto since_midnight = base::time_of_day_ist(login);
  const auto midnight = login - since_midnight;
  return midnight + over + (since_midnight < over ? base::Duration{} : day);
}

}  // namespace hmt::kite
