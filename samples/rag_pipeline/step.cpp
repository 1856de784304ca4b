#include "samples/rag_pipeline/step.h"

#include <llmtrace/observation.h>
#include <llmtrace/propagation.h>

#include <utility>

namespace rag {
namespace {

constexpr std::size_t kUuidLength = 36;

// LangSmith knows a run by its whole UUID. It ends the path that a request made by the observation
// would carry; without a LangSmith client there is no such header.
std::string run_id_of(const llmtrace::ObservationHandle& observation) {
  for (const llmtrace::HttpHeader& header : llmtrace::inject(observation)) {
    if (header.name != "langsmith-trace" || header.value.size() < kUuidLength) continue;
    return header.value.substr(header.value.size() - kUuidLength);
  }
  return {};
}

}  // namespace

Step::Step(Journal& journal, std::string name, std::string type) : journal_(journal) {
  const auto current = llmtrace::current_observation();
  record_.id = current.id();
  record_.run_id = run_id_of(current);
  record_.trace_id = current.trace_id();
  if (!journal.open_ids_.empty()) record_.parent_id = journal.open_ids_.back();
  record_.name = std::move(name);
  record_.type = std::move(type);
  record_.user_id = journal.facts_.user_id;
  record_.session_id = journal.facts_.session_id;
  record_.trace_name = journal.facts_.name;
  record_.tags = journal.facts_.tags;
  journal.open_ids_.push_back(record_.id);
}

Step::~Step() {
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start_;
  record_.milliseconds = taken.count();
  journal_.open_ids_.pop_back();
  if (!record_.id.empty()) journal_.log_.write(record_);
}

void Step::fail(const std::string& reason) {
  record_.level = "ERROR";
  record_.status_message = reason;
}

}  // namespace rag
