// ServerReader reads traces back from a server, until all that is expected is there.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>

#include "samples/rag_pipeline/http_call.h"
#include "samples/rag_pipeline/records.h"

namespace rag {

/// The server does not know the route: it is older than what is read here.
class RouteMissing : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class ServerReader {
 public:
  virtual ~ServerReader() = default;

  /// The server's name, for a person.
  virtual const char* name() const noexcept = 0;
  /// All observations and scores of a trace. A 429 or a 5xx is answered by what was read so far:
  /// ask again later. Throws RouteMissing on a 404, std::runtime_error when the server cannot be
  /// reached, refuses, or answers no JSON.
  virtual RunRecords read_trace(const std::string& trace_id) const = 0;
  /// What the log's records look like when this server has kept them.
  virtual RunRecords as_kept(RunRecords logged) const { return logged; }

  /// Reads the traces of `expected` until all its ids are there, or the time is over; what is there
  /// then is returned.
  RunRecords wait_for(const RunRecords& expected, std::chrono::milliseconds timeout) const;

 protected:
  /// The answer to `call`; an empty body when the server asks to come again later.
  static std::string ask(const HttpCall& call);
};

}  // namespace rag
