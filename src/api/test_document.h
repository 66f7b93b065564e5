#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "api/json_value.h"
#include "api/openapi.h"
#include "api/routes.h"
#include "base/ensure.h"
#include "base/id.h"
#include "base/time.h"

// For tests: openapi.json as the judge of answers.
namespace hmt::api::test {

class Document {
 public:
  static const Document& get() {
    static const Document document;
    return document;
  }

  const JsonValue& root() const { return root_; }

  // A member at the end of a path of names.
  const JsonValue* at(std::initializer_list<std::string_view> names) const {
    const JsonValue* here = &root_;
    for (const auto name : names) here = here ? here->find(name) : nullptr;
    return here;
  }

  // What is wrong with an answer: empty when the document tells of it, every member of it and no
  // member less.
  std::vector<std::string> complaints(const std::string& method, std::string_view target,
                                      int status, const JsonValue* body) const {
    const auto path = target.substr(0, target.find('?'));
    const auto code = std::to_string(status);
    const JsonValue* response = nullptr;
    bool path_known = false;
    for (const auto& item : at({"paths"})->members) {
      std::vector<std::string> parameters;
      if (!matches(item.name, path, parameters)) continue;
      path_known = true;
      std::string lower = method;
      std::ranges::transform(lower, lower.begin(),
                             [](char c) { return static_cast<char>(c | 32); });
      const auto* operation = item.find(lower);
      if (operation) response = resolve(operation->find("responses")->find(code));
    }
    static const std::vector<std::string> of_every_path = {"403", "405", "408",
                                                           "413", "431", "500"};
    const bool general =
        !path_known || std::ranges::find(of_every_path, code) != of_every_path.end();
    const auto* refusal = path.starts_with("/gtt") ? "kite_400" : "400";
    if (!response && general) response = resolve(at({"components", "responses", refusal}));
    if (!response) return {method + " " + std::string(path) + " answers an untold " + code};
    const auto* content = response->find("content");
    const auto* json = content ? content->find("application/json") : nullptr;
    std::vector<std::string> out;
    if (json) body ? check(*json->find("schema"), *body, "$", out) : out.push_back("not JSON");
    return out;
  }

 private:
  Document() {
    auto read = read_json(openapi_json());
    base::ensure(read.has_value(), "openapi.json is JSON");
    root_ = std::move(*read);
  }

  const JsonValue* resolve(const JsonValue* value) const {
    if (!value) return nullptr;
    const auto* reference = value->find("$ref");
    if (!reference) return value;
    const JsonValue* here = &root_;
    std::string_view rest = std::string_view(reference->text).substr(2);
    while (here && !rest.empty()) {
      const auto name = rest.substr(0, rest.find('/'));
      here = here->find(name);
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    }
    base::ensure(here != nullptr, "a reference leads somewhere");
    return here;
  }

  static bool is_type(std::string_view type, const JsonValue& value) {
    using Kind = JsonValue::Kind;
    if (type == "null") return value.is(Kind::null);
    if (type == "boolean") return value.is(Kind::boolean);
    if (type == "string") return value.is(Kind::string);
    if (type == "array") return value.is(Kind::array);
    if (type == "object") return value.is(Kind::object);
    if (!value.is(Kind::number)) return false;
    return type == "number" || value.text.find_first_of(".eE") == std::string::npos;
  }

  static bool is_of_types(const JsonValue& types, const JsonValue& value) {
    if (types.is(JsonValue::Kind::string)) return is_type(types.text, value);
    return std::ranges::any_of(types.items,
                               [&](const JsonValue& type) { return is_type(type.text, value); });
  }

  static bool is_of_format(std::string_view format, const std::string& text) {
    if (format == "uuid") return base::Uuid::parse(text).has_value();
    if (format == "date-time") return base::parse_rfc3339(text).has_value();
    return format == "date" && text.size() == 10;
  }

  void check(const JsonValue& given, const JsonValue& value, const std::string& where,
             std::vector<std::string>& out) const {
    const auto& schema = *resolve(&given);
    const auto* type = schema.find("type");
    if (type && !is_of_types(*type, value)) return out.push_back(where + " is of another type");
    const auto* words = schema.find("enum");
    if (words && std::ranges::none_of(words->items, [&](const JsonValue& word) {
          return word.kind == value.kind && word.text == value.text;
        })) {
      out.push_back(where + " is none of the words: " + value.text);
    }
    const auto* format = schema.find("format");
    if (format && value.is(JsonValue::Kind::string) && !is_of_format(format->text, value.text)) {
      out.push_back(where + " is no " + format->text + ": " + value.text);
    }
    const auto* items = schema.find("items");
    for (const auto& item : value.items) {
      if (items) check(*items, item, where + "[]", out);
    }
    check_members(schema, value, where, out);
  }

  void check_members(const JsonValue& schema, const JsonValue& value, const std::string& where,
                     std::vector<std::string>& out) const {
    if (value.is(JsonValue::Kind::null)) return;  // whether it may be is its type's matter
    if (const auto* required = schema.find("required")) {
      for (const auto& name : required->items) {
        if (!value.find(name.text)) out.push_back(where + "." + name.text + " is missing");
      }
    }
    const auto* properties = schema.find("properties");
    if (!properties) return;
    for (const auto& member : value.members) {
      const auto* property = properties->find(member.name);
      if (!property) {
        out.push_back(where + "." + member.name + " is not told of");
      } else {
        check(*property, member, where + "." + member.name, out);
      }
    }
  }

  JsonValue root_;
};

}  // namespace hmt::api::test
