// LangfuseReader reads traces back from a Langfuse server through its public API (v2 observations
// and v3 scores, the routes that current servers keep).
#pragma once

#include <string>
#include <vector>

#include "samples/rag_pipeline/server_reader.h"

namespace rag {

class LangfuseReader final : public ServerReader {
 public:
  LangfuseReader(std::string url, std::string public_key, std::string secret_key);

  const char* name() const noexcept override { return "Langfuse"; }
  RunRecords read_trace(const std::string& trace_id) const override;

 private:
  template <class Record, class Convert>
  void read_pages(const std::string& path, std::vector<Record>& records, Convert convert) const;

  std::string url_;
  std::string public_key_;
  std::string secret_key_;
};

}  // namespace rag
