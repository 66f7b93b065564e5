#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

// How every answer looks: its headers, and the one shape of an error.
namespace hmt::api {

net::HttpResponse json_answer(int status, std::string body);

// {"error":{"code":…,"message":…,"field":…|null}}; an empty field is null.
std::string error_json(std::string_view code, std::string_view message,
                       std::string_view field = {});
net::HttpResponse error_answer(int status, std::string_view code, std::string_view message,
                               std::string_view field = {});

// What an error of the rooms below means over HTTP (README, "Errors").
net::HttpResponse error_answer(const base::Error& error);

}  // namespace hmt::api
