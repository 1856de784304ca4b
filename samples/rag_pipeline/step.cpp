#include "samples/rag_pipeline/step.h"

#include <llmtrace/observation.h>

#include <utility>

namespace rag {

Step::Step(Journal& journal, std::string name, std::string type) : journal_(journal) {
  const auto current = llmtrace::current_observation();
  record_.id = current.id();
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
