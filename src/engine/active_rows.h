#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/dense_table.h"
#include "model/trigger.h"

// The active rows, with their groups and expiries: what the engine knows of a trigger until it
// fires. There may be millions, so a row is packed into two cache lines, and whole again when asked
// for. What does not fit, such as the words about an earlier order of the trigger, is kept beside.
namespace hmt::engine {

// Values that many rows share, each kept once for as long as one of them has it.
template <class Value, class Hash>
class SharedValues {
 public:
  using Number = std::uint32_t;

  Number take(const Value& value) {
    auto number = table_.find(value);
    if (number == Table::none) number = table_.insert({value, 0});
    ++table_[number].uses;
    return number;
  }
  void give_back(Number number) {
    if (--table_[number].uses == 0) table_.erase(number);
  }
  const Value& operator[](Number number) const { return table_[number].value; }

 private:
  struct Shared {
    Value value;
    std::uint32_t uses = 0;
  };
  struct ByValue {
    static const Value& key_of(const Shared& shared) { return shared.value; }
    static std::size_t hash(const Value& value) { return Hash{}(value); }
  };
  using Table = base::DenseTable<Shared, ByValue>;
  Table table_;
};

class ActiveRows {
 public:
  using Number = std::uint32_t;  // of a row, from `put` to `erase`
  static constexpr Number none = base::ProbeIndex::none;

  Number find(model::TriggerId id) const { return rows_.find(id); }
  // The one whose tags carry these bits; `none` when there is none. Looks at every row.
  Number find_by_tag_bits(std::uint64_t bits) const;

  // REQUIRES: none has its id.
  Number put(const model::Trigger& trigger);
  void erase(Number row);

  // REQUIRES: `into` is new.
  void read(Number row, model::Trigger& into) const;
  model::Trigger whole(Number row) const {
    model::Trigger trigger;
    read(row, trigger);
    return trigger;
  }
  model::TriggerId id(Number row) const { return rows_[row].id; }
  std::int64_t version(Number row) const;
  std::int32_t fire_no(Number row) const;
  model::InstrumentToken token(Number row) const { return rows_[row].token; }
  std::uint64_t tag_bits(Number row) const { return rows_[row].tag_bits; }
  std::optional<model::GroupId> group(Number row) const;
  bool is_expired(Number row, base::Instant at) const {
    return rows_[row].expires && rows_[row].expires_at <= at;
  }

  // The first to expire; of several at one instant, the one that was put first.
  std::optional<base::Instant> next_expiry() const;
  Number next_to_expire() const { return expiries_.begin()->second; }  // REQUIRES: one expires

  void win(model::GroupId group, model::TriggerId winner);
  void forget_winner(model::GroupId group);
  std::optional<model::TriggerId> winner_of(model::GroupId group) const;
  bool is_group_won(Number row) const {
    return rows_[row].grouped && groups_[rows_[row].group].winner.has_value();
  }
  // Calls `use(row)` for each row of the group, in the order in which they were put. `use` puts and
  // erases none.
  template <class Use>
  void each_member(model::GroupId group, const Use& use) const {
    const auto known = groups_.find(group);
    if (known == none) return;
    for (auto row = groups_[known].first; row != none; row = rows_[row].next_of_group) use(row);
  }

  // Calls `use(row)` for each row, in no order.
  template <class Use>
  void each(const Use& use) const {
    rows_.each(use);
  }

 private:
  struct Owner {
    model::UserId user;
    model::ConnectionId connection;
    bool operator==(const Owner&) const = default;
  };
  struct OwnerHash {
    std::size_t operator()(const Owner& owner) const {
      return base::hash_of(owner.user.uuid) * 31 + base::hash_of(owner.connection.uuid);
    }
  };
  // A leg's places are 0 and 1.
  struct Row {
    model::TriggerId id;
    std::uint64_t tag_bits = 0;
    std::uint64_t sequence = 0;  // of being put
    base::Instant created_at{};
    base::Instant updated_at{};
    base::Instant expires_at{};
    std::array<base::Price, 2> trigger_price;
    std::array<base::Price, 2> order_price;
    std::array<std::int32_t, 2> quantity{};
    std::int32_t version = 0;
    std::int32_t fire_no = 0;
    model::InstrumentToken token = 0;
    SharedValues<Owner, OwnerHash>::Number owner = 0;
    SharedValues<std::string, std::hash<std::string>>::Number symbol = 0;
    Number group = none;
    Number next_of_group = none;
    model::Exchange exchange : 3 = model::Exchange::nse;
    model::Condition condition : 1 = model::Condition::single;
    model::Side side : 1 = model::Side::buy;
    model::OnUnknown on_unknown : 1 = model::OnUnknown::park;
    bool has_direction : 1 = false;
    model::Direction direction : 1 = model::Direction::rising;
    bool has_purpose : 1 = false;
    model::Purpose purpose : 1 = model::Purpose::entry;
    model::Product product_1 : 2 = model::Product::cnc;
    model::Product product_2 : 2 = model::Product::cnc;
    model::LegState state_1 : 2 = model::LegState::armed;
    model::LegState state_2 : 2 = model::LegState::armed;
    bool is_limit_1 : 1 = false;
    bool is_limit_2 : 1 = false;
    bool has_leg_2 : 1 = false;
    bool grouped : 1 = false;
    bool expires : 1 = false;
    bool unusual : 1 = false;  // does not fit: it stands whole in `unusual_`
  };
  static_assert(sizeof(Row) == 128);
  struct Group {
    model::GroupId id;
    Number first = none;
    Number last = none;
    std::optional<model::TriggerId> winner;
  };
  struct ById {
    static auto key_of(const auto& thing) { return thing.id; }
    static std::size_t hash(const auto& id) { return base::hash_of(id.uuid); }
  };

  Row packed(const model::Trigger& trigger);
  void unpack(const Row& row, model::Trigger& trigger) const;
  void join(model::GroupId group, Number row);
  void leave(Number row);
  Number group_numbered(model::GroupId group);
  void drop_if_idle(Number group);

  base::DenseTable<Row, ById> rows_;
  std::uint64_t next_sequence_ = 0;
  SharedValues<Owner, OwnerHash> owners_;
  SharedValues<std::string, std::hash<std::string>> symbols_;
  std::map<Number, model::Trigger> unusual_;
  base::DenseTable<Group, ById> groups_;  // with a member, or a winner
  std::map<std::pair<base::Instant, std::uint64_t>, Number> expiries_;  // with the row's sequence
};

}  // namespace hmt::engine
