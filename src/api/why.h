#pragma once
#include <string>
#include <vector>

#include "runtime/desk.h"
#include "store/store.h"

// Why a trigger fired, or why it did not: all that is known of it, in one answer.
namespace hmt::api {

struct Why {
  model::Trigger trigger;
  runtime::Watch watch;
  std::vector<model::Attempt> attempts;  // oldest first
  std::vector<store::AuditRow> events;   // oldest first
  runtime::Approach approach;            // of an armed trigger
};

// One sentence, and nothing in it that is not known.
std::string why_summary(const Why& why);
std::string why_json(const Why& why);

}  // namespace hmt::api
