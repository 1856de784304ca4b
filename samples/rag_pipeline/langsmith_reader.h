// LangSmithReader reads traces back from a LangSmith server: runs by POST /runs/query, feedback by
// GET /feedback. A trace has the same 16 bytes for an id there, written as a UUID.
#pragma once

#include <string>

#include "samples/rag_pipeline/server_reader.h"

namespace rag {

class LangSmithReader final : public ServerReader {
 public:
  LangSmithReader(std::string endpoint, std::string api_key);

  const char* name() const noexcept override { return "LangSmith"; }
  RunRecords read_trace(const std::string& trace_id) const override;
  /// LangSmith knows runs by their UUIDs, has fewer types, and counts what was cached among the
  /// input.
  RunRecords as_kept(RunRecords logged) const override;

 private:
  HttpCall call(const std::string& path) const;
  void read_runs(const std::string& trace_id, RunRecords& records) const;
  void read_feedback(const std::string& run_id, RunRecords& records) const;

  std::string endpoint_;
  std::string api_key_;
};

}  // namespace rag
