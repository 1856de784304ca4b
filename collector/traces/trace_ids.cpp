#include "collector/traces/trace_ids.h"

#include <algorithm>

#include "collector/identifier.h"
#include "collector/langsmith/uuid.h"
#include "common/src/environment.h"

namespace llmtrace::collector {

std::string trace_id_of(std::string_view id) {
  auto uuid = read_uuid(id);
  if (!uuid) {
    std::string digits = lower_case(std::string(id));
    return is_lower_hex(digits, 32) ? digits : std::string(id);
  }
  uuid->erase(std::remove(uuid->begin(), uuid->end(), '-'), uuid->end());
  return *uuid;
}

std::string node_id_of_run(std::string_view run_id) {
  constexpr std::size_t kSpanDigits = 16;
  const std::string digits = trace_id_of(run_id);
  return digits.size() == run_id.size() ? digits : digits.substr(digits.size() - kSpanDigits);
}

std::string uuid_of_trace(std::string_view trace_id) {
  std::string uuid(trace_id);
  if (!is_lower_hex(trace_id, 32)) return uuid;
  for (const std::size_t at : {20U, 16U, 12U, 8U}) uuid.insert(at, 1, '-');
  return uuid;
}

}  // namespace llmtrace::collector
