#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "api/broker_commands.h"
#include "api/commands.h"
#include "api/routes.h"
#include "api/test_desk.h"
#include "api/test_document.h"

namespace hmt::api {
namespace {

using test::Document;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c | 32);
  return out;
}

TEST(OpenApi, EveryRouteIsInTheDocumentAndEveryPathOfTheDocumentIsARoute) {
  std::set<std::string> told;
  for (const auto& path : Document::get().at({"paths"})->members) {
    for (const auto& operation : path.members) told.insert(operation.name + " " + path.name);
  }
  std::set<std::string> answered;
  for (const auto& route : routes()) {
    answered.insert(lower(route.method) + " " + std::string(route.pattern));
  }
  EXPECT_EQ(told, answered);
}

TEST(OpenApi, TheSignInOfEveryRouteIsTheDocuments) {
  for (const auto& route : routes()) {
    const auto& document = Document::get();
    const auto* security = document.at({"paths", route.pattern, lower(route.method), "security"});
    if (!security) security = document.at({"security"});
    std::set<std::string> ways;
    for (const auto& way : security->items) {
      ways.insert(way.members.empty() ? "none" : way.members.front().name);
    }
    std::set<std::string> expected = {"bearer"};
    if (route.access == Access::open) expected = {};
    if (route.access == Access::optional) expected = {"none", "bearer"};
    if (route.access == Access::stream) expected = {"bearer", "ticket"};
    if (route.access == Access::kite) expected = {"kite"};
    EXPECT_EQ(ways, expected) << route.pattern;
  }
}

TEST(OpenApi, OperationsHaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const auto& path : Document::get().at({"paths"})->members) {
    for (const auto& operation : path.members) {
      EXPECT_TRUE(names.insert(operation.find("operationId")->text).second) << path.name;
    }
  }
}

// A word is in the vocabulary exactly when the document lists it.
template <class Enum>
void expect_words(std::string_view schema, std::string_view property, Enum last) {
  std::vector<std::string> told;
  for (const auto& word : Document::get()
                              .at({"components", "schemas", schema, "properties", property, "enum"})
                              ->items) {
    if (!word.is(JsonValue::Kind::null)) told.push_back(word.text);
  }
  std::vector<std::string> known;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    known.emplace_back(word(static_cast<Enum>(i)));
  }
  EXPECT_THAT(told, testing::UnorderedElementsAreArray(known)) << property;
}

TEST(OpenApi, TheWordsAreTheModels) {
  expect_words("Trigger", "exchange", model::Exchange::mcx);
  expect_words("Trigger", "transaction_type", model::Side::sell);
  expect_words("Trigger", "product_type_1", model::Product::mtf);
  expect_words("Trigger", "product_type_2", model::Product::mtf);
  expect_words("Trigger", "condition_type", model::Condition::two_leg);
  expect_words("Trigger", "direction", model::Direction::falling);
  expect_words("Trigger", "on_unknown", model::OnUnknown::retry);
  expect_words("Trigger", "purpose", model::Purpose::exit);
  expect_words("Trigger", "status", model::TriggerStatus::needs_attention);
  expect_words("Trigger", "leg_1_state", model::LegState::dropped);
  expect_words("Attempt", "state", model::AttemptState::absent);
  expect_words("Attempt", "order_type", model::OrderType::stop_market);
  expect_words("AuditRow", "severity", model::Severity::alarm);
  expect_words("Health", "status", runtime::EngineStatus::degraded);
}

// What a body may hold is tried member by member: one that the document does not list is unknown.
TEST(OpenApi, TheFieldsOfBodiesAreThoseThatAreRead) {
  const auto catalogue = test::small_catalogue();
  std::set<std::string> names = {"id", "status", "user_id", "version", "tag", "color"};
  for (const std::string_view schema : {"Trigger", "NewTrigger", "TriggerChange"}) {
    const auto* all = Document::get().at({"components", "schemas", schema, "properties"});
    for (const auto& property : all->members) names.insert(property.name);
  }
  model::Trigger current;
  for (const auto& name : names) {
    JsonValue object{.kind = JsonValue::Kind::object};
    object.members.push_back({.kind = JsonValue::Kind::array, .name = name});
    const auto is_read = [](const base::Result<Draft>& draft) {
      return draft.error().message.find("must be") != std::string::npos ||
             draft.error().message.find("one of") != std::string::npos;
    };
    const auto* creates =
        Document::get().at({"components", "schemas", "NewTrigger", "properties", name});
    const auto* edits =
        Document::get().at({"components", "schemas", "TriggerChange", "properties", name});
    EXPECT_EQ(is_read(draft_new(object, *catalogue, {})), creates != nullptr) << name;
    EXPECT_EQ(is_read(draft_edit(object, current, *catalogue, {})), edits != nullptr) << name;
  }
}

// The same for broker connections, whose documents are closed.
TEST(OpenApi, TheFieldsOfBrokerBodiesAreThoseThatAreRead) {
  std::set<std::string> names = {"id", "user_id", "color"};
  for (const std::string_view schema : {"Broker", "NewBroker", "BrokerChange", "BrokerSession"}) {
    const auto* all = Document::get().at({"components", "schemas", schema, "properties"});
    for (const auto& property : all->members) names.insert(property.name);
  }
  const auto is_told = [](std::string_view schema, const std::string& name) {
    return Document::get().at({"components", "schemas", schema, "properties", name}) != nullptr;
  };
  const auto is_read = [](const auto& result) {
    return result || result.error().message != "there is no such field";
  };
  for (const auto& name : names) {
    JsonValue object{.kind = JsonValue::Kind::object};
    object.members.push_back({.kind = JsonValue::Kind::array, .name = name});
    EXPECT_EQ(is_read(connection_new(object)), is_told("NewBroker", name)) << name;
    EXPECT_EQ(is_read(connection_edit(object)), is_told("BrokerChange", name)) << name;
    EXPECT_EQ(is_read(session_given(object)), is_told("BrokerSession", name)) << name;
  }
}

TEST(Routes, PatternsMatchWholePathsOnly) {
  std::vector<std::string> found;
  EXPECT_TRUE(matches("/a/{id}", "/a/7", found));
  EXPECT_EQ(found, std::vector<std::string>{"7"});
  EXPECT_TRUE(matches("/a/{id}/b", "/a/x%2F/b", found));
  for (const std::string_view path : {"/a", "/a/", "/a/7/", "/a/7/b", "/A/7", "a/7", "/a//7", ""}) {
    EXPECT_FALSE(matches("/a/{id}", path, found)) << path;
  }
  EXPECT_TRUE(matches("/", "/", found));
  EXPECT_FALSE(matches("/", "//", found));
}

}  // namespace
}  // namespace hmt::api
