#include "app/config.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hmt::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Settings = std::map<std::string, std::string>;

const Settings one_user = {{"KITE_API_KEY", "key"}, {"KITE_ACCESS_TOKEN", "access-token"}};
const Settings many_users = {
    {"SUPABASE_URL", "https://project.supabase.co"},
    {"SUPABASE_SERVICE_ROLE_KEY", "service-role-key-0123456789"},
    {"HMT_DATABASE_URL", "postgresql://hmt:pass-word-123@db.project.supabase.co:5432/postgres"}};

// `changes` replace, add, or (empty) remove.
Read read(Settings settings, const Settings& changes = {}, bool runs_engine = true) {
  for (const auto& [name, value] : changes) settings[name] = value;
  std::erase_if(settings, [](const auto& setting) { return setting.second.empty(); });
  return read_config(
      [&](const std::string& name) {
        const auto found = settings.find(name);
        return found == settings.end() ? std::nullopt : std::optional(found->second);
      },
      std::nullopt, runs_engine);
}
std::vector<std::string> wrong(Settings settings, const Settings& changes = {},
                               bool runs_engine = true) {
  std::vector<std::string> out;
  for (const auto& each : read(std::move(settings), changes, runs_engine).wrong) {
    out.push_back(each.setting);
  }
  return out;
}

TEST(Config, OneUserNeedsNothingOfSupabase) {
  const auto config = read(one_user);
  EXPECT_THAT(config.wrong, IsEmpty());
  EXPECT_FALSE(config.config.users.many());
  EXPECT_EQ(config.config.database_path, "hmt.db");
  EXPECT_EQ(config.config.database_url, "");
}

TEST(Config, ASlipInANameIsToldWithTheSettingThatWasMeant) {
  const auto told = [](const std::string& name) {
    const auto wrong = mistyped({name});
    return wrong.empty() ? "taken for another's" : wrong.front().message;
  };
  const std::string not_ours = "taken for another's";
  EXPECT_THAT(told("HMT_ENGINE_ENABLE"), HasSubstr("HMT_ENGINE_ENABLED is"));
  EXPECT_THAT(told("HMT_ENIGNE_ENABLED"), HasSubstr("HMT_ENGINE_ENABLED is"));
  EXPECT_THAT(told("HMT_DATABSE_URL"), HasSubstr("HMT_DATABASE_URL is"));
  EXPECT_THAT(told("HMT_PUBLIC_HOST"), HasSubstr("HMT_PUBLIC_HOSTS is"));
  EXPECT_EQ(told("HMT_ENGINE_ENABLED"), not_ours) << "it is a setting";
  EXPECT_EQ(told("HMT_PORT_8080_TCP"), not_ours) << "of Kubernetes, beside a service named hmt";
  EXPECT_EQ(told("HMT_FAULTS"), not_ours);
  EXPECT_EQ(told("KITE_APP_KEY"), not_ours);
  EXPECT_EQ(told("PATH"), not_ours);
}

TEST(Config, AUrlOrASecretMakesItManyUsers) {
  const auto by_url = read(many_users);
  EXPECT_THAT(by_url.wrong, IsEmpty());
  EXPECT_TRUE(by_url.config.users.many());
  EXPECT_EQ(by_url.config.users.supabase_url, "https://project.supabase.co");
  EXPECT_EQ(by_url.config.database_url, many_users.at("HMT_DATABASE_URL"));
  EXPECT_EQ(by_url.config.database_path, "");
  const auto by_secret =
      read(many_users, {{"SUPABASE_URL", ""}, {"SUPABASE_JWT_SECRET", std::string(32, 's')}});
  EXPECT_THAT(by_secret.wrong, IsEmpty());
  EXPECT_TRUE(by_secret.config.users.many());
}

TEST(Config, TheIssuerIsReachedOverHttps) {
  for (const std::string good : {"https://project.supabase.co/", "http://127.0.0.1:54321",
                                 "http://localhost:54321", "https://gateway.example/supabase"}) {
    EXPECT_THAT(wrong(many_users, {{"SUPABASE_URL", good}}), IsEmpty()) << good;
  }
  for (const std::string bad :
       {"project.supabase.co", "http://project.supabase.co", "ws://127.0.0.1",
        "https://user:pass@project.supabase.co", "https://", "x"}) {
    EXPECT_THAT(wrong(many_users, {{"SUPABASE_URL", bad}}), ElementsAre("SUPABASE_URL")) << bad;
  }
}

TEST(Config, TheSecretHas32BytesAndTheOperatorsKey16Characters) {
  EXPECT_THAT(wrong(many_users, {{"SUPABASE_JWT_SECRET", std::string(32, 's')}}), IsEmpty());
  EXPECT_THAT(wrong(many_users, {{"SUPABASE_JWT_SECRET", std::string(31, 's')}}),
              ElementsAre("SUPABASE_JWT_SECRET"));
  EXPECT_THAT(wrong(many_users, {{"SUPABASE_SERVICE_ROLE_KEY", std::string(16, 'k')}}), IsEmpty());
  EXPECT_THAT(wrong(many_users, {{"SUPABASE_SERVICE_ROLE_KEY", std::string(15, 'k')}}),
              ElementsAre("SUPABASE_SERVICE_ROLE_KEY"));
}

TEST(Config, ManyUsersNeedAnOperatorAndADatabaseThatKeepsThemApart) {
  EXPECT_THAT(wrong(many_users, {{"SUPABASE_SERVICE_ROLE_KEY", ""}}),
              ElementsAre("SUPABASE_SERVICE_ROLE_KEY"));
  for (const std::string database : {"", "sqlite:hmt.db"}) {
    EXPECT_THAT(wrong(many_users, {{"HMT_DATABASE_URL", database}}),
                ElementsAre("HMT_DATABASE_URL"));
  }
  EXPECT_THAT(wrong({{"SUPABASE_JWT_SECRET", std::string(40, 's')}}),
              UnorderedElementsAre("SUPABASE_SERVICE_ROLE_KEY", "HMT_DATABASE_URL"));
}

TEST(Config, AnOperatorsKeyAloneIsAMistakeWorthTelling) {
  EXPECT_THAT(wrong(one_user, {{"SUPABASE_SERVICE_ROLE_KEY", std::string(16, 'k')}}),
              ElementsAre("SUPABASE_SERVICE_ROLE_KEY"));
}

TEST(Config, CommandsThatRunNoEngineAskForNothingThatTheyDoNotUse) {
  EXPECT_THAT(wrong({}, {}, false), IsEmpty());
  EXPECT_THAT(wrong({{"SUPABASE_URL", "https://project.supabase.co"}}, {}, false), IsEmpty());
  EXPECT_THAT(wrong({{"SUPABASE_URL", "x"}}, {}, false), ElementsAre("SUPABASE_URL"));
}

TEST(Config, ADatabaseIsAFileOrAHost) {
  for (const std::string good :
       {"postgresql://localhost", "postgres://u@h/d", "postgresql://u:p@127.0.0.1:5432/d",
        "postgresql://[::1]:5432/d", "postgresql://u:p%40x@h/d?sslmode=require", "sqlite:a.db",
        "postgresql://postgres.ref:p@aws-0-region.pooler.supabase.com:5432/postgres"}) {
    EXPECT_THAT(wrong(one_user, {{"HMT_DATABASE_URL", good}}), IsEmpty()) << good;
  }
  for (const std::string bad :
       {"sqlite:", "hmt.db", "postgresql://", "postgresql:///d", "postgresql://u:p@/d",
        "postgresql://:5432/d", "postgresql:h/d", "mysql://h/d", "postgresql://[]/d"}) {
    EXPECT_THAT(wrong(one_user, {{"HMT_DATABASE_URL", bad}}), ElementsAre("HMT_DATABASE_URL"))
        << bad;
  }
}

TEST(Config, OneUserBringsASessionOrLogsInThroughTheProgram) {
  EXPECT_THAT(wrong({}), UnorderedElementsAre("KITE_API_KEY", "KITE_ACCESS_TOKEN"));
  EXPECT_THAT(wrong(one_user, {{"KITE_ACCESS_TOKEN", ""}}), ElementsAre("KITE_ACCESS_TOKEN"));
  EXPECT_THAT(wrong(one_user, {{"KITE_ACCESS_TOKEN", ""}, {"KITE_API_SECRET", "secret"}}),
              IsEmpty());
  EXPECT_THAT(wrong(one_user, {{"KITE_API_KEY", ""}, {"KITE_API_SECRET", "secret"}}),
              ElementsAre("KITE_API_KEY"));
}

TEST(Config, AmongManyUsersASessionForPricesIsWholeOrNotThere) {
  EXPECT_THAT(wrong(many_users, one_user), IsEmpty());
  EXPECT_THAT(wrong(many_users, {{"KITE_API_KEY", "key"}}), ElementsAre("KITE_ACCESS_TOKEN"));
  EXPECT_THAT(wrong(many_users, {{"KITE_ACCESS_TOKEN", "t"}}), ElementsAre("KITE_API_KEY"));
}

TEST(Config, PublicHostsAreNamesAsBrowsersSayThem) {
  const auto config = read(
      one_user, {{"HMT_PUBLIC_HOSTS", "HMT.example.com, hmt.example.com:8443,[2001:db8::1]:443"}});
  EXPECT_THAT(config.wrong, IsEmpty());
  EXPECT_THAT(config.config.public_hosts,
              ElementsAre("hmt.example.com", "hmt.example.com:8443", "[2001:db8::1]:443"));
  for (const auto* wrong_host :
       {"https://hmt.example.com", "hmt.example.com/", "*.example.com", "a b@c", "host:", "host:x",
        "host:123456", ".example.com", "a,,b", "[::1", "user@host"}) {
    EXPECT_THAT(wrong(one_user, {{"HMT_PUBLIC_HOSTS", wrong_host}}),
                ElementsAre("HMT_PUBLIC_HOSTS"))
        << wrong_host;
  }
}

TEST(Config, APasswordSignInNeedsItsPublishableKeyAndManyUsers) {
  const Settings sign_in = {{"HMT_SIGN_IN_URL", "https://project.supabase.co/auth/v1/"},
                            {"HMT_SIGN_IN_KEY", "sb_publishable_abc"}};
  const auto config = read(many_users, sign_in);
  EXPECT_THAT(config.wrong, IsEmpty());
  EXPECT_EQ(config.config.users.sign_in_url, "https://project.supabase.co/auth/v1");
  EXPECT_THAT(wrong(many_users, {{"HMT_SIGN_IN_URL", "https://project.supabase.co/auth/v1"}}),
              ElementsAre("HMT_SIGN_IN_KEY"));
  EXPECT_THAT(wrong(many_users, {{"HMT_SIGN_IN_KEY", "sb_publishable_abc"}}),
              ElementsAre("HMT_SIGN_IN_URL"));
  EXPECT_THAT(wrong(one_user, sign_in), ElementsAre("HMT_SIGN_IN_URL"));
  auto secret = sign_in;
  secret["HMT_SIGN_IN_KEY"] = "sb_secret_abc";
  EXPECT_THAT(wrong(many_users, secret), ElementsAre("HMT_SIGN_IN_KEY"));
  auto plain = sign_in;
  plain["HMT_SIGN_IN_URL"] = "http://project.supabase.co/auth/v1";
  EXPECT_THAT(wrong(many_users, plain), ElementsAre("HMT_SIGN_IN_URL"));
}

TEST(Config, FaultsAreOrderedBesideASimulatedBrokerAloneAndByTheEnvironmentAlone) {
  const Settings faults = {{"HMT_FAULTS", "claim.before:1:kill"}};
  EXPECT_THAT(wrong(one_user, faults), ElementsAre("HMT_FAULTS"));
  auto simulated = faults;
  simulated["KITE_API_URL"] = "http://127.0.0.1:8765";
  const auto config = read(one_user, simulated);
  EXPECT_THAT(config.wrong, IsEmpty());
  EXPECT_EQ(config.config.faults, "claim.before:1:kill");
  const auto nothing = [](const std::string&) { return std::nullopt; };
  const auto by_file = read_config(nothing, "HMT_FAULTS = \"claim.before:1:kill\"\n", false);
  EXPECT_EQ(by_file.config.faults, "");
  EXPECT_FALSE(by_file.wrong.empty());
}

TEST(Config, NoMessageRepeatsAValue) {
  const Settings canaries = {{"SUPABASE_URL", "canary"},
                             {"SUPABASE_JWT_SECRET", "canary"},
                             {"SUPABASE_SERVICE_ROLE_KEY", "canary"},
                             {"HMT_ADMIN_TOKEN", "canary"},
                             {"HMT_DATABASE_URL", "postgresql://u:canary@/d"}};
  const auto told = read(canaries).wrong;
  EXPECT_GE(told.size(), 5U);
  for (const auto& each : told) {
    EXPECT_EQ(each.message.find("canary"), std::string::npos) << each.setting;
  }
}

TEST(Config, AnAddressThatOtherMachinesReachIsWarnedAbout) {
  for (const auto* own : {"127.0.0.1:8080", "127.0.0.2:1", "localhost:8080", "[::1]:8080"}) {
    EXPECT_EQ(why_others_may_listen(own), "") << own;
  }
  for (const auto* open : {"0.0.0.0:8080", "[::]:8080", "192.168.1.5:8080", "hmt.lan:8080"}) {
    EXPECT_THAT(why_others_may_listen(open), testing::HasSubstr("plain HTTP")) << open;
  }
}

TEST(Config, EverythingSecretIsNamedForTheLog) {
  auto settings = many_users;
  settings.insert(one_user.begin(), one_user.end());
  settings["SUPABASE_JWT_SECRET"] = std::string(32, 's');
  settings["KITE_API_SECRET"] = "api-secret";
  settings["HMT_ADMIN_TOKEN"] = "admin-token-0123456789";
  settings["HMT_SECRET_KEY"] = "c2VjcmV0";
  settings["HMT_DATABASE_URL"] = "postgresql://hmt:pass%40word-1@db.example/postgres";
  const auto hidden = secrets_of(read(settings).config);
  for (const std::string secret :
       {"api-secret", "access-token", "admin-token-0123456789", "c2VjcmV0", "pass%40word-1",
        "pass@word-1", "service-role-key-0123456789", "ssssssssssssssssssssssssssssssss"}) {
    EXPECT_THAT(hidden, Contains(secret));
  }
  EXPECT_THAT(hidden, Contains(settings.at("HMT_DATABASE_URL")));
  EXPECT_THAT(secrets_of(read({}).config), IsEmpty()) << "an empty secret would hide every gap";
  const auto open =
      secrets_of(read(many_users, {{"HMT_DATABASE_URL", "postgresql://a:b@h/d"}}).config);
  EXPECT_EQ(std::ranges::count(open, "b"), 0);
}

}  // namespace
}  // namespace hmt::app
