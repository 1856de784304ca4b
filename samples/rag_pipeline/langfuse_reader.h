// LangfuseReader reads traces back from a Langfuse server through its public API (v2 observations
// and v3 scores, the routes that current servers keep).
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "samples/rag_pipeline/records.h"

namespace rag {

/// The server does not know the route: it is older than the v2 and v3 reads.
class RouteMissing : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class LangfuseReader {
 public:
  LangfuseReader(std::string url, std::string public_key, std::string secret_key);

  /// All observations and scores of a trace. A 429 or a 5xx is answered by what was read so far:
  /// ask again later. Throws RouteMissing on a 404, std::runtime_error when the server cannot be
  /// reached, refuses, or answers no JSON.
  RunRecords read_trace(const std::string& trace_id) const;

  /// Reads the traces of `expected` until all its ids are there, or the time is over; what is there
  /// then is returned.
  RunRecords wait_for(const RunRecords& expected, std::chrono::milliseconds timeout) const;

 private:
  template <class Record, class Convert>
  void read_pages(const std::string& path, std::vector<Record>& records, Convert convert) const;

  std::string url_;
  std::string public_key_;
  std::string secret_key_;
};

}  // namespace rag
