#include "vault/vault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "vault/rows.h"

namespace hmt::vault {
namespace {

using base::ErrorKind;
using testing::HasSubstr;
using testing::Not;

SecretKey key_of(std::uint8_t n) {
  SecretKey out{};
  out.fill(n);
  return out;
}

model::BrokerConnection annas() {
  model::BrokerConnection out;
  out.id = *model::ConnectionId::parse("c0000000-0000-4000-8000-000000000001");
  out.user_id = *model::UserId::parse("a0000000-0000-4000-8000-000000000001");
  return out;
}

const agent::Secret secret("kx7-api-secret-of-anna");

class VaultTest : public testing::Test {
 protected:
  std::string words(std::string_view text, const Place& at) const {
    const auto opened = vault.open(text, at);
    if (opened) return "it opened";
    EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
    EXPECT_THAT(opened.error().message, Not(HasSubstr(std::string(secret.reveal()))));
    if (text.size() > 20) {
      EXPECT_EQ(opened.error().message.find(text.substr(0, 20)), std::string::npos);
    }
    return opened.error().message;
  }

  Vault vault{key_of(1)};
  Place place = place_of(annas(), Field::api_secret);
  std::string sealed = vault.seal(secret, place);
};

TEST_F(VaultTest, WhatIsSealedOpensAtItsPlace) {
  const auto opened = vault.open(sealed, place);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->reveal(), secret.reveal());
}

TEST_F(VaultTest, ASealedTextIsPrintableAndShowsNothingOfTheSecret) {
  EXPECT_TRUE(sealed.starts_with("v1."));
  EXPECT_EQ(sealed.find_first_not_of(
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", 0),
            std::string::npos);
  const auto plain = secret.reveal();
  for (std::size_t at = 0; at + 4 <= plain.size(); ++at) {
    EXPECT_EQ(sealed.find(plain.substr(at, 4)), std::string::npos);
  }
}

TEST_F(VaultTest, TheSameSecretIsNeverSealedToTheSameText) {
  std::set<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.insert(vault.seal(secret, place));
  EXPECT_EQ(texts.size(), 100U);
}

TEST_F(VaultTest, TheLengthTellsLittle) {
  std::set<std::size_t> lengths;
  for (std::size_t size = 0; size < 64; ++size) {
    lengths.insert(vault.seal(agent::Secret(std::string(size, 'x')), place).size());
  }
  EXPECT_EQ(lengths.size(), 1U);
  EXPECT_GT(vault.seal(agent::Secret(std::string(64, 'x')), place).size(), *lengths.begin());
}

TEST_F(VaultTest, SecretsOfEveryLengthComeBackWhole) {
  for (const std::size_t size : {0UL, 1UL, 15UL, 16UL, 63UL, 64UL, 65UL, Vault::secret_bytes_max}) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(i * 7);
    const auto opened = vault.open(vault.seal(agent::Secret(text), place), place);
    ASSERT_TRUE(opened) << size;
    EXPECT_EQ(opened->reveal(), text) << size;
  }
}

TEST_F(VaultTest, ASecretThatIsCopiedToAnotherRowUserOrFieldDoesNotOpen) {
  auto other_row = place;
  other_row.connection = *model::ConnectionId::parse("c0000000-0000-4000-8000-000000000002");
  auto other_user = place;
  other_user.user = *model::UserId::parse("b0000000-0000-4000-8000-000000000002");
  auto other_field = place;
  other_field.field = "access_token";
  auto other_table = place;
  other_table.table = "broker_connection";
  for (const auto& elsewhere : {other_row, other_user, other_field, other_table}) {
    EXPECT_THAT(words(sealed, elsewhere), HasSubstr("sealed for another row, user or field"));
    EXPECT_THAT(words(sealed, elsewhere), HasSubstr(elsewhere.connection.text()));
  }
}

// Neighbouring parts must not run into each other: written one after the other, these two are one
// text.
TEST_F(VaultTest, APlaceThatIsCutOtherwiseIsAnotherPlace) {
  const auto third = *model::ConnectionId::parse("c0000000-0000-4000-8000-000000000003");
  const Place first{"t", place.user, place.connection, third.text() + "f"};
  const Place second{"t" + place.user.text(), model::UserId{place.connection.uuid}, third, "f"};
  EXPECT_NE(words(vault.seal(secret, first), second), "it opened");
}

TEST_F(VaultTest, NoChangeOfASingleCharacterIsTaken) {
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (const char other : std::string_view("AaZz09-_.=+/ \n\0\xFF", 16)) {
      auto changed = sealed;
      changed[at] = other;
      if (changed != sealed) EXPECT_NE(words(changed, place), "it opened") << at << other;
    }
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = sealed;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      EXPECT_NE(words(changed, place), "it opened") << at << " bit " << bit;
    }
  }
}

TEST_F(VaultTest, WhatIsCutOrGrownIsNotTaken) {
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_THAT(words(sealed.substr(0, size), place), HasSubstr("is damaged")) << size;
  }
  for (const std::string more : {"A", "AAAA", "=", " ", "\n"}) {
    EXPECT_THAT(words(sealed + more, place), HasSubstr("is damaged"));
    EXPECT_THAT(words(more + sealed, place), HasSubstr("is damaged"));
  }
  EXPECT_THAT(words("v1." + std::string(100'000, 'A'), place), HasSubstr("is damaged"));
  // As short as a head, and shorter.
  for (std::size_t size = 0; size < 100; ++size) {
    EXPECT_THAT(words("v1." + std::string(size, 'A'), place), HasSubstr("is damaged")) << size;
  }
}

TEST_F(VaultTest, AnotherVersionOfTheFormIsNotTaken) {
  for (const std::string version : {"v2.", "v0.", "V1.", "v1", "v11.", ""}) {
    EXPECT_THAT(words(version + sealed.substr(3), place), HasSubstr("is damaged")) << version;
  }
}

TEST_F(VaultTest, DamageSaysSoAndAskForAnotherKeySaysWhich) {
  auto changed = sealed;
  changed[sealed.size() - 40] = changed[sealed.size() - 40] == 'A' ? 'B' : 'A';
  EXPECT_THAT(words(changed, place), HasSubstr("its bytes are not those that were sealed"));
  const auto foreign = Vault(key_of(2)).seal(secret, place);
  EXPECT_THAT(words(foreign, place), HasSubstr("HMT_SECRET_KEY_BEFORE"));
  EXPECT_THAT(words(foreign, place), HasSubstr("api_secret of broker connection c0000000-"));
}

TEST_F(VaultTest, AfterARotationTheFormerKeyOpensAndTheCurrentOneSeals) {
  const SecretKey former[] = {key_of(9), key_of(1)};
  const Vault rotated(key_of(2), former);
  ASSERT_TRUE(rotated.open(sealed, place));
  EXPECT_EQ(rotated.open(sealed, place)->reveal(), secret.reveal());
  EXPECT_TRUE(vault.is_current(sealed));
  EXPECT_FALSE(rotated.is_current(sealed));
  const auto anew = rotated.seal(secret, place);
  EXPECT_TRUE(rotated.is_current(anew));
  EXPECT_FALSE(vault.open(anew, place)) << "the former key is out of use";
  EXPECT_TRUE(Vault(key_of(2)).open(anew, place));
  EXPECT_FALSE(rotated.is_current("v1."));
  EXPECT_FALSE(rotated.is_current(""));
}

// Each bit of HMT_SECRET_KEY counts.
TEST_F(VaultTest, AKeyThatDiffersInOneBitIsAnotherKey) {
  for (std::size_t byte = 0; byte < 32; ++byte) {
    auto other = key_of(1);
    other[byte] ^= 0x80;
    EXPECT_FALSE(Vault(other).open(sealed, place)) << byte;
  }
}

TEST_F(VaultTest, AVaultCanBeMoved) {
  const Vault moved = std::move(vault);
  EXPECT_TRUE(moved.open(sealed, place));
}

TEST(VaultRows, ARowKeepsEachSecretInItsColumn) {
  const Vault vault(key_of(1));
  auto row = annas();
  put(vault, row, Field::api_key, agent::Secret("key"));
  put(vault, row, Field::access_token, agent::Secret("token"));
  EXPECT_EQ(get(vault, row, Field::api_key)->reveal(), "key");
  EXPECT_EQ(get(vault, row, Field::access_token)->reveal(), "token");
  EXPECT_TRUE(get(vault, row, Field::api_secret)->empty());
  std::swap(row.api_key, row.access_token);
  EXPECT_FALSE(get(vault, row, Field::api_key));
  EXPECT_FALSE(get(vault, row, Field::access_token));
  put(vault, row, Field::access_token, {});
  EXPECT_EQ(row.access_token, "");
}

TEST(VaultRows, ARowIsSealedAnewOnlyWhereAFormerKeySealedIt) {
  const Vault before(key_of(1));
  const SecretKey former[] = {key_of(1)};
  const Vault after(key_of(2), former);
  auto row = annas();
  put(before, row, Field::api_key, agent::Secret("key"));
  put(before, row, Field::api_secret, agent::Secret("secret"));
  put(after, row, Field::access_token, agent::Secret("token"));
  const auto token = row.access_token;
  EXPECT_EQ(renew(after, row), true);
  EXPECT_TRUE(after.is_current(row.api_key) && after.is_current(row.api_secret));
  EXPECT_EQ(get(Vault(key_of(2)), row, Field::api_secret)->reveal(), "secret");
  EXPECT_EQ(row.access_token, token);
  const auto renewed = row;
  EXPECT_EQ(renew(after, row), false);
  EXPECT_EQ(row, renewed);
}

TEST(VaultRows, ARowWithOneSecretThatDoesNotOpenIsLeftAsItWas) {
  const SecretKey former[] = {key_of(1)};
  const Vault after(key_of(2), former);
  auto row = annas();
  put(Vault(key_of(1)), row, Field::api_key, agent::Secret("key"));
  put(Vault(key_of(7)), row, Field::api_secret, agent::Secret("secret"));
  const auto as_it_was = row;
  const auto renewed = renew(after, row);
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().field, "api_secret");
  EXPECT_EQ(row, as_it_was);
}

}  // namespace
}  // namespace hmt::vault
